/* Versions of SDK packages: "4.5.16". What follows a '-' or '+' (a prerelease, a build) is passed
 * over: a prerelease is taken for the release that it becomes. */
#ifndef CHATSPEC_WIRE_VERSION_H
#define CHATSPEC_WIRE_VERSION_H

#include "wire/bytes.h"

struct cs_version {
    uint32_t major;
    uint32_t minor;
    uint32_t patch;
};

/* Reads MAJOR.MINOR.PATCH. Errors: CS_ERR_SYNTAX, CS_ERR_RANGE (a part over 9 digits). */
CS_MUST_USE enum cs_err cs_version_parse(const char *text, struct cs_version *ret_version);
/* Below, at or above 0 as `a` is older than, the same as or newer than `b`. */
int cs_version_compare(struct cs_version a, struct cs_version b);

#endif
