/* Split invariance: a reader that gets its input in pieces must see what it sees of the whole.
 *
 * A target describes its reader by three functions that write what they saw, as text, into a log;
 * fuzz_split runs it over the whole input, and again over pieces, and wants the same log. So a log
 * holds only what may not depend on the split: events and stream offsets, no piece sizes.
 *
 * Each piece lies in a heap block of exactly its length that is freed after the call: under
 * AddressSanitizer a byte read too far, or a view kept for too long, is a report.
 */
#ifndef CHATSPEC_FUZZ_SPLIT_H
#define CHATSPEC_FUZZ_SPLIT_H

#include "fuzz/fuzz.h"

struct fuzz_split {
    size_t reader_size; /* of what the functions keep; zeroed before open */
    void (*open)(void *reader, const void *config);
    /* One piece; may be empty. */
    void (*piece)(void *reader, struct cs_view piece, struct cs_buf *log);
    void (*close)(void *reader, struct cs_buf *log); /* end of the input */
};

/* So many bytes at the front of an input give the lengths of its pieces, used in turn: the low five
 * bits are the length (0: an empty piece), the highest bit multiplies it by 256. */
enum {
    FUZZ_N_CUTS = 4
};

static inline size_t fuzz_piece_len(struct cs_view cuts, size_t n, size_t left)
{
    size_t any = 0;
    unsigned char cut;
    size_t len;

    for (size_t i = 0; i < cuts.len; i++) {
        any |= (unsigned char)cuts.ptr[i] & 0x1fu;
    }
    if (any == 0) {
        return left; /* only empty pieces would never come to an end */
    }
    cut = (unsigned char)cuts.ptr[n % cuts.len];
    len = (size_t)(cut & 0x1fu) << (cut & 0x80u ? 8 : 0);
    return len < left ? len : left;
}

static inline void fuzz_feed(const struct fuzz_split *split, const void *config,
                             struct cs_view cuts, struct cs_view input, struct cs_buf *log)
{
    void *reader = calloc(1, split->reader_size);

    FUZZ_CHECK(reader != NULL);
    split->open(reader, config);
    for (size_t n = 0; input.len > 0; n++) {
        struct cs_view piece = fuzz_take(&input, fuzz_piece_len(cuts, n, input.len));
        char *block = malloc(piece.len);

        FUZZ_CHECK(block != NULL || piece.len == 0);
        if (piece.len > 0) {
            memcpy(block, piece.ptr, piece.len);
        }
        split->piece(reader, cs_view_of(block, piece.len), log);
        free(block);
    }
    split->close(reader, log);
    free(reader);
    FUZZ_CHECK(cs_buf_error(log) == CS_OK);
}

/* Says where two logs differ, for whoever reads the report of the crash that follows. */
static inline void fuzz_show_difference(struct cs_view whole, struct cs_view pieces)
{
    struct cs_buf text = CS_BUF((size_t)4096);
    size_t at = 0;
    size_t from;

    while (at < whole.len && at < pieces.len && whole.ptr[at] == pieces.ptr[at]) {
        at++;
    }
    from = at > 60 ? at - 60 : 0;
    cs_buf_printf(&text, "logs differ at byte %zu\n  whole:  ", at);
    cs_buf_escaped(&text, cs_view_of(whole.ptr + from, whole.len - from), 200);
    cs_buf_str(&text, "\n  pieces: ");
    cs_buf_escaped(&text, cs_view_of(pieces.ptr + from, pieces.len - from), 200);
    (void)fprintf(stderr, "%.*s\n", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

static inline void fuzz_split(const struct fuzz_split *split, const void *config,
                              struct cs_view cuts, struct cs_view input)
{
    struct cs_buf whole = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf pieces = CS_BUF(FUZZ_BUF_MAX);
    bool same;

    fuzz_feed(split, config, CS_VIEW(""), input, &whole);
    fuzz_feed(split, config, cuts, input, &pieces);
    same = cs_view_eq(cs_buf_view(&whole), cs_buf_view(&pieces));
    if (!same) {
        fuzz_show_difference(cs_buf_view(&whole), cs_buf_view(&pieces));
    }
    FUZZ_CHECK(same);
    cs_buf_free(&whole);
    cs_buf_free(&pieces);
}

#endif
