/* The decode vectors: streams and the events that they must give, as data (vectors.json). */
#ifndef CHATSPEC_DECODE_VECTORS_H
#define CHATSPEC_DECODE_VECTORS_H

#include "wire/bytes.h"

struct cs_vector {
    char id[96];
    struct cs_view title;        /* decoded */
    struct cs_view requirements; /* JSON: an array of ids */
    struct cs_view stream;
    struct cs_view events;  /* JSON, as adapters tell them */
    struct cs_view lenient; /* the same for a lenient parser where it differs; else empty */
    bool departs;           /* from the protocol: not for a parser that expects valid streams */
};

/* Calls `each` for every vector, whose views live for the call. Errors: CS_ERR_SYNTAX,
 * CS_ERR_MISSING with the vector's id in diag (the file is ours: a fault of this program). */
CS_MUST_USE enum cs_err cs_vectors_each(void (*each)(const struct cs_vector *vector, void *context),
                                        void *context, struct cs_diag *diag);

#endif
