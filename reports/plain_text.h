/* Text of a peer, made safe to be looked at, character by character. The runner makes what it keeps
 * readable already; a report that was read from a file may hold anything.
 */
#ifndef CHATSPEC_REPORTS_PLAIN_TEXT_H
#define CHATSPEC_REPORTS_PLAIN_TEXT_H

#include "wire/bytes.h"

#define CS_PLAIN_STEP_MAX 12 /* bytes that one step gives at most */

/* Takes the next character off `rest` (not empty) and gives what stands for it: itself, or
 * \xNN for a control character and broken UTF-8, \u{NNNN} for what turns the direction of text
 * around or cannot be seen. '\n' stays. */
size_t cs_plain_step(struct cs_view *rest, char ret_step[CS_PLAIN_STEP_MAX]);

/* Appends all of it, with `newline` in the place of each newline, cut after about `max` bytes of
 * output with a note. */
void cs_plain_text(struct cs_view text, const char *newline, size_t max, struct cs_buf *out);

#endif
