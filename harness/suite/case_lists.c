#include "suite/case.h"

bool cs_case_lists(const struct cs_case *test, const char *requirement)
{
    size_t len = strlen(requirement);
    for (const char *at = test->requirements; (at = strstr(at, requirement)); at += len) {
        bool starts = at == test->requirements || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}
