#include <time.h>

#include "endpoint/http/schema.h"

/* `n` digits as a number; moves *at past them. */
static bool take_digits(const char **at, int n, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *at += n;
    *ret_value = value;
    return true;
}

static bool take(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool take_date(const char **at, struct tm *tm)
{
    int year;
    int month = 1;
    int day = 1;
    if (!take_digits(at, 4, &year)) {
        return false;
    }
    if (take(at, '-')) {
        if (!take_digits(at, 2, &month) || (take(at, '-') && !take_digits(at, 2, &day))) {
            return false;
        }
    }
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Fractions of any length count to the millisecond. */
static bool take_fraction(const char **at, int64_t *ret_ms)
{
    int64_t ms = 0;
    int n = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, n++) {
        if (n < 3) {
            ms = ms * 10 + (**at - '0');
        }
    }
    for (int i = n; i < 3; i++) {
        ms *= 10;
    }
    *ret_ms = ms;
    return n > 0;
}

static bool take_clock(const char **at, struct tm *tm, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (!take_digits(at, 2, &tm->tm_hour) || !take(at, ':') || !take_digits(at, 2, &tm->tm_min)) {
        return false;
    }
    if (take(at, ':')) {
        if (!take_digits(at, 2, &tm->tm_sec) || (take(at, '.') && !take_fraction(at, ret_ms))) {
            return false;
        }
    }
    return tm->tm_hour <= 24 && tm->tm_min <= 59 && tm->tm_sec <= 59 &&
           (tm->tm_hour < 24 || (tm->tm_min == 0 && tm->tm_sec == 0 && *ret_ms == 0));
}

static bool take_zone(const char **at, int *ret_minutes)
{
    int hours = 0;
    int minutes = 0;
    *ret_minutes = 0;
    if (**at == '\0' || take(at, 'Z')) {
        return true;
    }
    int sign = take(at, '-') ? -1 : take(at, '+') ? 1 : 0;
    if (sign == 0 || !take_digits(at, 2, &hours)) {
        return false;
    }
    (void)take(at, ':');
    if (!take_digits(at, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

bool cs_iso_time(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    int64_t ms = 0;
    int zone = 0;
    if (!take_date(&text, &tm)) {
        return false;
    }
    if ((take(&text, 'T') || take(&text, ' ')) &&
        (!take_clock(&text, &tm, &ms) || !take_zone(&text, &zone))) {
        return false;
    }
    if (*text != '\0') {
        return false;
    }
    *ret_ms = ((int64_t)timegm(&tm) - (int64_t)zone * 60) * 1000 + ms;
    return true;
}
