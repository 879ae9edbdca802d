/* The query of a direct read: where it starts, what bounds it, how long it waits (STO-01 to
 * STO-06).
 */
#ifndef CHATSPEC_ENDPOINT_S2_QUERY_H
#define CHATSPEC_ENDPOINT_S2_QUERY_H

#include "wire/bytes.h"

enum cs_s2_param {
    CS_S2_SEQ_NUM,
    CS_S2_TIMESTAMP,
    CS_S2_TAIL_OFFSET,
    CS_S2_COUNT,
    CS_S2_BYTES,
    CS_S2_UNTIL,
    CS_S2_WAIT,
    CS_S2_CLAMP, /* 0 or 1 */
    CS_S2_N_PARAMS
};

struct cs_s2_query {
    bool has[CS_S2_N_PARAMS];
    uint64_t value[CS_S2_N_PARAMS]; /* 0 where there is none */
};

/* Errors: CS_ERR_SYNTAX for a value that cannot be read or a parameter that comes twice, with its
 * name in `diag`; unknown parameters are passed over. */
CS_MUST_USE enum cs_err cs_s2_query_read(struct cs_view text, struct cs_s2_query *ret_query,
                                         struct cs_diag *diag);

#endif
