#include "suite/case.h"

bool cs_ids_hold(const char *ids, const char *id)
{
    size_t len = strlen(id);
    for (const char *at = ids; (at = strstr(at, id)); at += len) {
        bool starts = at == ids || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

bool cs_case_lists(const struct cs_case *test, const char *requirement)
{
    return cs_ids_hold(test->requirements, requirement);
}
