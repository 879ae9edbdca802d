/* UTF-8 as a JavaScript TextDecoder reads it: a leading byte order mark dropped, each maximal
 * invalid sequence replaced by one U+FFFD, incremental over any split of the input.
 */
#ifndef CHATSPEC_WIRE_UTF8_H
#define CHATSPEC_WIRE_UTF8_H

#include "wire/bytes.h"

/* A zeroed struct is a decoder at the start of its input. */
struct cs_utf8 {
    unsigned char pending[4]; /* a started sequence that the input so far does not complete */
    uint8_t n_pending;
    bool started;      /* the first character was seen: a byte order mark is text from now on */
    uint64_t replaced; /* how many U+FFFD were put in */
};

/* Decodes `bytes` and appends the text to `out`. */
void cs_utf8_feed(struct cs_utf8 *utf8, struct cs_view bytes, struct cs_buf *out);
/* End of input: an incomplete sequence becomes one U+FFFD. */
void cs_utf8_finish(struct cs_utf8 *utf8, struct cs_buf *out);

/* Length of the valid sequence at the start of `text`; 0 when there is none. */
size_t cs_utf8_sequence(struct cs_view text);
/* Length of the longest valid UTF-8 prefix; equal to view.len when all of it is valid. */
size_t cs_utf8_valid_prefix(struct cs_view text);
/* Passes over valid sequences of two bytes and more; returns the first byte that is ASCII, or
 * begins none, or `end`. */
const char *cs_utf8_skip_wide(const char *p, const char *end);
/* Number of UTF-16 code units of valid UTF-8 text: what JavaScript calls its length (SES-23). */
size_t cs_utf8_utf16_len(struct cs_view text);
/* Writes one code point and returns its length. Surrogates, and what is over U+10FFFF, become
 * U+FFFD.
 */
size_t cs_utf8_encode(uint32_t code_point, char ret_bytes[4]);
/* Appends one code point, as cs_utf8_encode writes it. */
void cs_utf8_put(struct cs_buf *out, uint32_t code_point);

#endif
