/* What a case's process printed: bounded, and read for what cmocka has to say. */
#ifndef CHATSPEC_SUITE_CAPTURED_H
#define CHATSPEC_SUITE_CAPTURED_H

#include "suite/redact.h"

/* A zeroed struct is empty. */
struct cs_captured {
    struct cs_buf bytes;
    uint64_t left_out; /* dropped from the middle */
};

/* Keeps the start, where a sanitizer says what it found, and the end, where a process says why it
 * stopped, 64 KiB in all. */
void cs_captured_add(struct cs_captured *captured, struct cs_view bytes);
void cs_captured_free(struct cs_captured *captured);

/* All of it as safe text but cmocka's own lines, which say nothing that a verdict does not; empty
 * when nothing is left. The caller frees it. NULL when out of memory. */
char *cs_captured_text(const struct cs_captured *captured, const struct cs_secrets *secrets,
                       uint64_t *ret_left_out);
/* The text of the first failed cmocka assertion, with its place. As above. */
char *cs_captured_assertion(const struct cs_captured *captured, const struct cs_secrets *secrets);

#endif
