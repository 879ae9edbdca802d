/* The records of a stream in the notation. Only for the files of this folder. */
#ifndef CHATSPEC_SCRIPT_NOTATION_RECORD_H
#define CHATSPEC_SCRIPT_NOTATION_RECORD_H

#include "script/lex.h"
#include "script/render.h"

#define CS_NOTATION_MAX_STREAM ((size_t)128 * 1024 * 1024)

/* What of a batch was read so far; the caller frees `items`. */
struct cs_record_list {
    struct cs_lex *lex;
    struct cs_render_record *items;
    size_t n;
    size_t cap;
};

/* Adds one record, or with MANY several, if there is one here; *ret_found tells. */
CS_MUST_USE enum cs_err cs_notation_record(struct cs_record_list *list, bool *ret_found);
/* [ record; record; ... ]: one batch. The opening bracket was read. */
CS_MUST_USE enum cs_err cs_notation_batch(struct cs_record_list *list);
/* Whether nothing more of an item stands here. */
bool cs_notation_item_ends(struct cs_lex *lex);

#endif
