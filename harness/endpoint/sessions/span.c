#include "endpoint/sessions/span.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool cs_span_read(const char *text, int64_t *ret_s)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {
        {"s", 1},
        {"sec", 1},
        {"secs", 1},
        {"second", 1},
        {"seconds", 1},
        {"m", 60},
        {"min", 60},
        {"mins", 60},
        {"minute", 60},
        {"minutes", 60},
        {"h", 3600},
        {"hr", 3600},
        {"hrs", 3600},
        {"hour", 3600},
        {"hours", 3600},
        {"d", 86400},
        {"day", 86400},
        {"days", 86400},
        {"w", 604800},
        {"week", 604800},
        {"weeks", 604800},
        {"y", 31557600},
        {"yr", 31557600},
        {"year", 31557600},
        {"years", 31557600},
    };
    char *end;
    double count = strtod(text, &end);
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (end != text && strcmp(end, units[i].unit) == 0 && count > -1e9 && count < 1e9) {
            *ret_s = (int64_t)(count * (double)units[i].seconds);
            return true;
        }
    }
    return false;
}
