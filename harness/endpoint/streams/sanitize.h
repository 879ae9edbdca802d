/* What the append route takes out of a body before it stores it. */
#ifndef CHATSPEC_ENDPOINT_SANITIZE_H
#define CHATSPEC_ENDPOINT_SANITIZE_H

#include "wire/bytes.h"

/* When `body` is JSON whose payload.actionSource is "webhook", writes it to `out` without that
 * member, serialised afresh, and returns true; else leaves `out` alone and returns false: the body
 * is stored as it is (APP-10). A name counts however it is spelled in JSON (APP-11), unless
 * `literal_only`, which looks for the plain text first. `body` is valid UTF-8. */
bool cs_sanitize_input(struct cs_view body, bool literal_only, struct cs_buf *out);

#endif
