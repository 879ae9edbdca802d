/* What both halves of the notation's parser share: a cursor over the text, and memory that is
 * freed as a whole. Only for the files of this folder.
 */
#ifndef CHATSPEC_SCRIPT_LEX_H
#define CHATSPEC_SCRIPT_LEX_H

#include "script/notation.h"
#include "script/arena.h"

struct cs_lex {
    struct cs_view text;
    size_t pos;
    struct cs_arena *arena;
    struct cs_diag *diag;
};

/* Fails at the cursor. */
enum cs_err cs_lex_fail(const struct cs_lex *lex, enum cs_err code, const char *fmt, ...)
    CS_PRINTF(3, 4);

/* Spaces, tabs and, when `lines`, line ends and comments from '#' at the start of a line. */
void cs_lex_space(struct cs_lex *lex, bool lines);
/* The next byte, or '\0' at the end of the text. */
char cs_lex_peek(const struct cs_lex *lex);
/* True, and past it, when the text goes on with `token`. */
bool cs_lex_take(struct cs_lex *lex, const char *token);
/* As cs_lex_take, but only if no letter or digit follows. */
bool cs_lex_take_word(struct cs_lex *lex, const char *word);
CS_MUST_USE enum cs_err cs_lex_expect(struct cs_lex *lex, const char *token);
/* Bytes up to the next space or one of `; | { } [ ] ( ) , = "`; possibly none. */
struct cs_view cs_lex_word(struct cs_lex *lex);
CS_MUST_USE enum cs_err cs_lex_u64(struct cs_lex *lex, uint64_t *ret_value);
/* One JSON value, as it stands. */
CS_MUST_USE enum cs_err cs_lex_json(struct cs_lex *lex, struct cs_view *ret_text);
/* A word, or the value of a JSON string for what a word cannot hold. Lives in the arena. */
CS_MUST_USE enum cs_err cs_lex_value(struct cs_lex *lex, struct cs_view *ret_value);
/* `app#2`, `out#1`, `create#1`, or the name of a gate. */
CS_MUST_USE enum cs_err cs_lex_await(struct cs_lex *lex, struct cs_await *ret_await);

/* The inside of OUT{...}: the cursor is after the opening brace and ends after the closing one. */
CS_MUST_USE enum cs_err cs_notation_stream(struct cs_lex *lex, struct cs_answer *answer);

#endif
