/* One adapter process and what it said of itself: what a worker slot keeps between cases. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_H
#define CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_H

#include <cjson/cJSON.h>

#include "conformance/client/client_role.h"
#include "peer/process.h"

#define CS_ADAPTER_PROTOCOL 1

struct cs_adapter {
    struct cs_process *process;
    cJSON *hello;
};

/* Starts it and reads its hello. Errors: those of starting and reading; CS_ERR_SYNTAX and
 * CS_ERR_TYPE when the first line is no hello of this protocol, with what it was. */
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
