/* What a client's caller gets of a record: the content of its envelope, and each part once. */
#ifndef CHATSPEC_DECODE_PARTS_H
#define CHATSPEC_DECODE_PARTS_H

#include "wire/bytes.h"

/* The part ids that were seen, in the order of their first coming. */
struct cs_part_ids {
    struct cs_buf *ids; /* canonical texts */
    size_t n;
    size_t capacity;
};

void cs_part_ids_free(struct cs_part_ids *seen);

enum cs_part {
    CS_PART_NEW,
    CS_PART_AGAIN,    /* its id came before */
    CS_PART_TOO_DEEP, /* for our scanner: what others make of it is not known */
    CS_PART_NO_MEMORY
};

/* Takes a record's body apart. `data` gets the content of its envelope, canonical; nothing when the
 * body is no JSON object, or has no data. Ids are compared as JavaScript's Set does; what is false
 * in JavaScript is no id. */
enum cs_part cs_part_take(struct cs_part_ids *seen, struct cs_view body, struct cs_buf *data);

/* Appends a JSON text in the one form that all texts of the same value have: no white space,
 * members by name (the last of duplicates), numbers as doubles, which know no -0 and no infinity
 * here, since JSON.stringify writes neither. Errors: CS_ERR_SYNTAX, CS_ERR_LIMIT (depth),
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_json_canonical(struct cs_view text, struct cs_buf *out);

#endif
