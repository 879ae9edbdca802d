/* The decision points of the reference endpoint, as plain numbers.
 *
 * Every place where the endpoint could do otherwise reads a field of this struct. A version profile
 * and a violation are both nothing but overrides of fields, so there is no `if (version)` and no
 * `if (violating)` in the routes. Booleans are 0 and 1, statuses HTTP statuses, sizes bytes, times
 * ms unless the field says otherwise.
 *
 * To add one: a line here (streams and appends: in policy_stream.h), its use in one route, and a
 * row in violations.c (violations_stream.inc).
 */
#ifndef CHATSPEC_ENDPOINT_POLICY_H
#define CHATSPEC_ENDPOINT_POLICY_H

#include <stdint.h>

#include "endpoint/policy_stream.h"

/* X(field, default, what it decides) */
#define CS_POLICY_FIELDS(X)                                                                        \
    CS_POLICY_STREAM_FIELDS(X)                                                                     \
    X(append_body_limit, 1048576, "largest append body by Content-Length (LIM-01)")

struct cs_policy {
#define CS_POLICY_FIELD(name, value, text) int64_t name;
    CS_POLICY_FIELDS(CS_POLICY_FIELD)
#undef CS_POLICY_FIELD
};

/* All defaults: the newest documented behaviour. */
struct cs_policy cs_policy_default(void);

#endif
