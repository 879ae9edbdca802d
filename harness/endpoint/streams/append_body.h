/* From the body of an append to the body of its record (APP-05 to APP-12). */
#ifndef CHATSPEC_ENDPOINT_APPEND_BODY_H
#define CHATSPEC_ENDPOINT_APPEND_BODY_H

#include "endpoint/policy/policy.h"
#include "wire/bytes.h"

/* Decodes the bytes that came as a browser would (APP-09). */
void cs_append_decode(struct cs_view bytes, struct cs_buf *out);
/* Latin-1, which is what header values are in a Fetch Headers object, as UTF-8. */
void cs_append_decode_header(struct cs_view bytes, struct cs_buf *out);
/* Puts the envelope around the text. */
void cs_append_envelope(const struct cs_policy *policy, struct cs_view text, struct cs_view part_id,
                        struct cs_buf *out);
/* What the policy lets count for the record's size (LIM-04, LIM-07). */
size_t cs_append_weight(const struct cs_policy *policy, struct cs_view text,
                        struct cs_view part_id);

#endif
