/* Runs a tool of the system to its end and keeps what it said. Only for the files of this folder.
 */
#ifndef CHATSPEC_CONFORMANCE_PEERS_TOOL_H
#define CHATSPEC_CONFORMANCE_PEERS_TOOL_H

#include "wire/bytes.h"

struct cs_tool_run {
    int status;        /* as from waitpid */
    struct cs_buf out; /* each cut to 1 MiB */
    struct cs_buf err;
};

/* argv[0] is looked up in PATH; `directory` NULL: ours. *run is zeroed first; free it in any case.
 * Errors: CS_ERR_MISSING (no such program), CS_ERR_IO, CS_ERR_TIMEOUT (it was killed with all that
 * it had started), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_tool_run(const char *const *argv, const char *directory,
                                    int64_t timeout_ms, struct cs_tool_run *run,
                                    struct cs_diag *diag);
void cs_tool_free(struct cs_tool_run *run);
bool cs_tool_succeeded(const struct cs_tool_run *run);

#endif
