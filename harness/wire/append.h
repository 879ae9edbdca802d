/* The write path: the envelope that a server puts around an append, and what it weighs. */
#ifndef CHATSPEC_WIRE_APPEND_H
#define CHATSPEC_WIRE_APPEND_H

#include "wire/record.h"

#define CS_RECORD_MAX_METERED ((size_t)1048576) /* LIM-04, LIM-25 */
#define CS_BATCH_MAX_RECORDS  ((size_t)1000)    /* LIM-25 */

/* Metered size of a record: 8 + 2 per header + header bytes + body bytes (LIM-26).
 * SIZE_MAX on overflow. */
size_t cs_record_metered(const struct cs_header *headers, size_t n_headers, size_t body_len);

/* Appends the envelope {"data":"<escaped body>","id":"<escaped part id>"} (APP-05). `body` must be
 * valid UTF-8: run it through utf8.h first, as the server's text decoding does (APP-09). */
void cs_append_wrap(struct cs_buf *out, struct cs_view body, struct cs_view part_id);
/* Metered size of that record without building it; SIZE_MAX on overflow. */
size_t cs_append_metered(struct cs_view body, struct cs_view part_id);

/* The 8 bytes of a trim command's body: big-endian first seq_num to keep (REC-14). */
void cs_trim_encode(uint64_t first_kept, char ret_body[8]);
CS_MUST_USE enum cs_err cs_trim_decode(struct cs_view body, uint64_t *ret_first_kept);

#endif
