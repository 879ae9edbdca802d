/* One adapter process and what it said of itself: what a worker slot keeps between cases. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_H
#define CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_H

#include <cjson/cJSON.h>

#include "conformance/client/client_role.h"
#include "peer/process.h"

#define CS_ADAPTER_PROTOCOL 1

struct cs_adapter {
    struct cs_process *process;
    int64_t hello_by_ms; /* when it must have said hello */
    cJSON *hello;
};

/* Starts the process. Errors: those of cs_process_start. */
CS_MUST_USE enum cs_err cs_adapter_begin(const struct cs_client_env *env,
                                         struct cs_adapter **ret_adapter, struct cs_diag *diag);
/* The one that was started before, where that is still there and nobody took it, or a new one. Only
 * in the runner: a case's own process has a copy of all that the runner has. NULL with diag: as
 * cs_adapter_begin. */
struct cs_adapter *cs_adapter_take(const struct cs_client_env *env, struct cs_diag *diag);
/* Has it said hello? CS_ERR_TIMEOUT: not yet, and there is time left; look again when *ret_fd is
 * readable. Other errors, with diag: those of reading; CS_ERR_CLOSED when it ended or its time is
 * over; CS_ERR_SYNTAX and CS_ERR_TYPE when its first line is no hello of this protocol. */
CS_MUST_USE enum cs_err cs_adapter_greeted(struct cs_adapter *adapter, int *ret_fd,
                                           struct cs_diag *diag);
/* Waits for the hello; ends the adapter when none comes. Errors: as above. */
CS_MUST_USE enum cs_err cs_adapter_await(struct cs_adapter *adapter, struct cs_diag *diag);
/* Both, waiting for the hello. */
CS_MUST_USE enum cs_err cs_adapter_start(const struct cs_client_env *env,
                                         struct cs_adapter **ret_adapter, struct cs_diag *diag);
/* NULL is fine. */
void cs_adapter_end(struct cs_adapter *adapter);
bool cs_adapter_usable(struct cs_adapter *adapter);
/* Does hello list this command? */
bool cs_adapter_offers(const struct cs_adapter *adapter, const char *command);
/* A member of hello that is a string, or NULL. */
const char *cs_adapter_fact(const struct cs_adapter *adapter, const char *name);
/* A line that an adapter wrote, as JSON; NULL when it is none. Free with cJSON_Delete. What our
 * strings cannot hold, an escaped NUL and half a surrogate pair, becomes U+FFFD; *ret_n_replaced
 * counts these. */
cJSON *ck_parse_line(struct cs_view line, size_t *ret_n_replaced);
int64_t cs_client_patience(const struct cs_client_env *env);

#endif
