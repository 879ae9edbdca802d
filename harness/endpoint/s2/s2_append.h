/* One append to a stream, in whatever form it came: a JSON or protobuf body, or a frame of an
 * append session (CHN-09 to CHN-13). The one place where faults of appends and of their
 * acknowledgements belong. */
#ifndef CHATSPEC_ENDPOINT_S2_APPEND_H
#define CHATSPEC_ENDPOINT_S2_APPEND_H

#include "endpoint/internal.h"
#include "endpoint/s2/s2_input.h"

enum cs_s2_form {
    CS_S2_JSON,   /* unary, application/json */
    CS_S2_PROTO,  /* unary, application/protobuf */
    CS_S2_SESSION /* a frame of an append session, s2s/proto */
};

/* "json", "proto" or "s2s". */
const char *cs_s2_form_name(enum cs_s2_form form);

/* Called once for each append, perhaps before cs_s2_append_start returns. With status 200 `text` is
 * the acknowledgement as the form encodes it, else the error's JSON. Whoever is called may take the
 * buffer; it is freed afterwards. */
typedef void cs_s2_answered(void *ctx, int status, struct cs_buf *text);

/* Why the batch cannot be appended, before the store is asked: a status and the JSON of the error
 * in `text`. 0 when it can be tried. */
int cs_s2_refusal(const struct cs_endpoint *endpoint, const struct cs_s2_input *input,
                  struct cs_buf *text);
/* Appends; the input is only needed during the call (policies may bend it). Answers to appends of
 * one stream come in their order. */
void cs_s2_append_start(struct cs_endpoint *endpoint, enum cs_s2_form form, struct cs_view name,
                        struct cs_s2_input *input, cs_s2_answered *answered, void *ctx);

#endif
