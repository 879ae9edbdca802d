#include "cli/violation_option.h"

#include <stdlib.h>

#include "cli/options.h"
#include "client/violations.h"
#include "conformance/agent/violations.h"
#include "endpoint/policy/violations.h"
#include "suite/nearest.h"

int cs_unknown_violation(const char *id, bool of_clients_too)
{
    size_t n = 0;
    while (cs_violations[n].id) {
        n++;
    }
    size_t n_clients = 0;
    while (of_clients_too && cs_client_violations[n_clients].fault) {
        n_clients++;
    }
    size_t n_agents = 0;
    while (of_clients_too && cs_agent_violations[n_agents].fault) {
        n_agents++;
    }
    const char **ids = calloc(n + n_clients + n_agents + 1, sizeof *ids);
    const char *nearest[CS_NEAREST_MAX] = {0};
    struct cs_buf names = CS_BUF(1024);
    for (size_t i = 0; ids && i < n; i++) {
        ids[i] = cs_violations[i].id;
    }
    for (size_t i = 0; ids && i < n_clients; i++) {
        ids[n++] = cs_client_violations[i].fault;
    }
    for (size_t i = 0; ids && i < n_agents; i++) {
        ids[n++] = cs_agent_violations[i].fault;
    }
    size_t found = ids ? cs_nearest(ids, n, id, nearest) : 0;
    for (size_t i = 0; i < found; i++) {
        cs_buf_printf(&names, "%s%s", i == 0 ? "; nearest: " : ", ", nearest[i]);
    }
    char *text = cs_buf_take(&names);
    int status = cs_say(CS_EXIT_USAGE,
                        "--violate %s: no such violation%s; all of them: "
                        "chatspec list violations",
                        id, text ? text : "");
    free(text);
    free(ids);
    return status;
}
