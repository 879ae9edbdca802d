#include "cli/roles.h"

#include "conformance/agent/agent_role.h"
#include "conformance/client/client_role.h"
#include "conformance/decode/decode_role.h"
#include "conformance/endpoint/endpoint_role.h"

const struct cs_role *const cs_roles[] = {&cs_endpoint_role, &cs_client_role, &cs_agent_role,
                                          &cs_decode_role};
const size_t cs_n_roles = sizeof cs_roles / sizeof cs_roles[0];

const struct cs_case *cs_case_find(const char *id, const struct cs_role **ret_role)
{
    for (size_t r = 0; r < cs_n_roles; r++) {
        for (size_t g = 0; g < cs_roles[r]->n_groups; g++) {
            for (const struct cs_case *test = cs_roles[r]->groups[g]; test->id; test++) {
                if (strcmp(test->id, id) == 0) {
                    *ret_role = cs_roles[r];
                    return test;
                }
            }
        }
    }
    return NULL;
}

size_t cs_cases_of_requirement(const char *requirement,
                               void (*visit)(void *ctx, const struct cs_case *test), void *ctx)
{
    size_t n = 0;
    for (size_t r = 0; r < cs_n_roles; r++) {
        for (size_t g = 0; g < cs_roles[r]->n_groups; g++) {
            for (const struct cs_case *test = cs_roles[r]->groups[g]; test->id; test++) {
                if (cs_case_lists(test, requirement)) {
                    n++;
                    if (visit) {
                        visit(ctx, test);
                    }
                }
            }
        }
    }
    return n;
}
