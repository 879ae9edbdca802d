/* The body of a direct append to the stream store: JSON (s2_input.c, CHN-09) or protobuf
 * (s2_input_proto.c). */
#ifndef CHATSPEC_ENDPOINT_S2_INPUT_H
#define CHATSPEC_ENDPOINT_S2_INPUT_H

#include "endpoint/store/store.h"

/* A decoded batch; everything in `append` lives as long as this. A zeroed struct is empty. */
struct cs_s2_input {
    struct cs_store_append append;
    struct cs_record *records;
    size_t records_cap;
    struct cs_header *headers;
    size_t headers_cap;
    size_t n_headers;
    struct cs_buf text; /* all strings, decoded */
    void *message;      /* of a protobuf body: what the views point into */
    bool bad_base64;    /* a string is not base64: the JSON is good, the batch is not legal */
};

void cs_s2_input_free(struct cs_s2_input *input);

/* Decodes `body` into a zeroed *input. Names, values and bodies are base64 when `base64`. Batches
 * over the store's record limit decode (and are refused by the store); how many records and headers
 * there can be is bounded by the length of the body. Errors: CS_ERR_SYNTAX, CS_ERR_TYPE,
 * CS_ERR_MISSING, CS_ERR_RANGE, CS_ERR_LIMIT, CS_ERR_NO_MEMORY. Free the input in any case. */
CS_MUST_USE enum cs_err cs_s2_input_decode(struct cs_view body, bool base64,
                                           struct cs_s2_input *input, struct cs_diag *diag);

/* The same from a protobuf AppendInput. Errors: CS_ERR_SYNTAX, CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_s2_input_decode_proto(struct cs_view body, struct cs_s2_input *input,
                                                 struct cs_diag *diag);

#endif
