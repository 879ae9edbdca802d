/* Takes secrets out of what is shown, and makes bytes readable.
 *
 * Always replaced: values after "Bearer ", the signature part of anything shaped like a JWT (header
 * and payload stay: they say what the token was good for and open nothing), environment keys such
 * as tr_dev_abc, the signature in a presigned URL. Beyond those, the strings that a case
 * registered.
 */
#ifndef CHATSPEC_SUITE_REDACT_H
#define CHATSPEC_SUITE_REDACT_H

#include "wire/bytes.h"

/* Longest registered secret that is looked for in full; of a longer one the first part counts. */
#define CS_REDACT_MAX_SECRET ((size_t)4096)

struct cs_secrets {
    char **items; /* NUL-terminated copies */
    size_t n;
};

/* Registers a copy. Secrets under 4 bytes are not taken: they would blank half of a text. Errors:
 * CS_ERR_NO_MEMORY, CS_ERR_LIMIT (more than 64 of them). */
CS_MUST_USE enum cs_err cs_secrets_add(struct cs_secrets *secrets, struct cs_view secret);
void cs_secrets_free(struct cs_secrets *secrets);

/* Appends `bytes` to `out` with secrets replaced by placeholders in square brackets. `secrets` may
 * be NULL. */
void cs_redact(const struct cs_secrets *secrets, struct cs_view bytes, struct cs_buf *out);

enum cs_text_kind {
    CS_TEXT_BYTES, /* bytes from the wire: a backslash is escaped too, so that they can be told */
    CS_TEXT_PROSE  /* a message, in which bytes were escaped already */
};

/* Appends `bytes` as text for people: valid UTF-8 and newlines stay, "\r" and "\t" are written as
 * escapes, other control characters (those of C1 too) and broken UTF-8 as \xNN, so that nothing a
 * peer sends can steer a terminal. */
void cs_readable(enum cs_text_kind kind, struct cs_view bytes, struct cs_buf *out);

/* Both of the above for at most about the first `max` bytes: the text is cut to `max` bytes at a
 * character's edge, *ret_left_out (may be NULL) says how much was cut. The caller frees the text.
 * NULL when out of memory. */
char *cs_safe_text(const struct cs_secrets *secrets, enum cs_text_kind kind, struct cs_view bytes,
                   size_t max, uint64_t *ret_left_out);

#endif
