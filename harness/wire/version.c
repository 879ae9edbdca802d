#include "wire/version.h"

/* One part up to `end`; false when it is not a number of 1 to 9 digits. */
static enum cs_err read_part(const char **at, char end, uint32_t *ret_part)
{
    uint32_t part = 0;
    size_t n = strspn(*at, "0123456789");
    if (n == 0) {
        return CS_ERR_SYNTAX;
    }
    if (n > 9) {
        return CS_ERR_RANGE;
    }
    for (size_t i = 0; i < n; i++) {
        part = part * 10 + (uint32_t)((*at)[i] - '0');
    }
    *at += n;
    if (end != '\0' && *(*at)++ != end) {
        return CS_ERR_SYNTAX;
    }
    *ret_part = part;
    return CS_OK;
}

enum cs_err cs_version_parse(const char *text, struct cs_version *ret_version)
{
    struct cs_version version = {0};
    const char *at = text;
    enum cs_err err = read_part(&at, '.', &version.major);
    err = err == CS_OK ? read_part(&at, '.', &version.minor) : err;
    err = err == CS_OK ? read_part(&at, '\0', &version.patch) : err;
    if (err != CS_OK) {
        return err;
    }
    if (*at != '\0' && *at != '-' && *at != '+') {
        return CS_ERR_SYNTAX;
    }
    *ret_version = version;
    return CS_OK;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

int cs_version_compare(struct cs_version a, struct cs_version b)
{
    int order = compare(a.major, b.major);
    order = order != 0 ? order : compare(a.minor, b.minor);
    return order != 0 ? order : compare(a.patch, b.patch);
}
