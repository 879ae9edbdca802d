/* Base64 with padding, as S2-Format: base64 carries names, values and bodies. */
#ifndef CHATSPEC_ENDPOINT_BASE64_H
#define CHATSPEC_ENDPOINT_BASE64_H

#include "wire/bytes.h"

void cs_base64_encode(struct cs_buf *out, struct cs_view bytes);
/* Strict: padding must be there, white space must not, and bits that belong to no byte are zero.
 * Appends nothing on failure. Errors: CS_ERR_SYNTAX with *ret_why; CS_ERR_LIMIT, CS_ERR_NO_MEMORY
 * of the buffer. */
CS_MUST_USE enum cs_err cs_base64_decode(struct cs_view text, struct cs_buf *out,
                                         const char **ret_why);

#endif
