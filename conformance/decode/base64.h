/* Bytes in a line of JSON: base64 with padding. */
#ifndef CHATSPEC_DECODE_BASE64_H
#define CHATSPEC_DECODE_BASE64_H

#include "wire/bytes.h"

void cs_base64_add(struct cs_buf *out, struct cs_view bytes);
/* False when `text` is no base64, or there is no room. */
bool cs_base64_read(struct cs_view text, struct cs_buf *out);

#endif
