/* Mutations that know what they change: a field, a header pair, a number, an escape, a line end, a
 * cut. Only for engines that take a custom mutator (libFuzzer); a target runs without them just as
 * well. mutate_engine.c is what an engine calls.
 *
 * All functions change the text in place and return false when there was nothing of the kind that
 * they look for, or no room: then the text is as it was.
 */
#ifndef CHATSPEC_FUZZ_MUTATE_H
#define CHATSPEC_FUZZ_MUTATE_H

#include <stdlib.h>

#include "wire/bytes.h"

struct fuzz_mutation {
    char *bytes;
    size_t len;
    size_t max;      /* never more bytes than this */
    uint64_t random; /* the same seed makes the same changes */
    bool keeps;      /* only changes that leave what can be decoded decodable */
    bool one_line;   /* the text is a data line: no line ends are put in */
};

bool fuzz_mutate_batch(struct fuzz_mutation *mutation);
bool fuzz_mutate_sse(struct fuzz_mutation *mutation);
/* Puts a record, or an event, of `other` into the text. */
bool fuzz_cross_batch(struct fuzz_mutation *mutation, struct cs_view other);
bool fuzz_cross_sse(struct fuzz_mutation *mutation, struct cs_view other);

/* A part of the text. */
struct fuzz_span {
    size_t at;
    size_t len;
};

/* A number below `n`, which is not 0 (splitmix64). */
static inline size_t fuzz_random(struct fuzz_mutation *mutation, size_t n)
{
    uint64_t z = mutation->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (size_t)((z ^ z >> 31) % n);
}

static inline struct cs_view fuzz_mutated(const struct fuzz_mutation *mutation)
{
    return cs_view_of(mutation->bytes, mutation->len);
}

static inline struct cs_view fuzz_part(const struct fuzz_mutation *mutation, struct fuzz_span span)
{
    return cs_view_of(mutation->bytes + span.at, span.len);
}

/* Puts `text`, which is no part of the text that is changed, in place of a span. */
static inline bool fuzz_put(struct fuzz_mutation *mutation, struct fuzz_span span,
                            struct cs_view text)
{
    size_t rest = mutation->len - span.at - span.len;
    char *at = mutation->bytes + span.at;

    if (text.len > span.len && text.len - span.len > mutation->max - mutation->len) {
        return false;
    }
    memmove(at + text.len, at + span.len, rest);
    if (text.len > 0) {
        memcpy(at, text.ptr, text.len);
    }
    mutation->len = span.at + text.len + rest;
    return true;
}

/* The same with a text that is a part of the changed one: it is copied first. */
static inline bool fuzz_put_copy(struct fuzz_mutation *mutation, struct fuzz_span span,
                                 struct cs_view text)
{
    struct cs_buf copy = CS_BUF((size_t)64 * 1024 * 1024);
    bool done;

    cs_buf_add(&copy, text);
    done = !cs_buf_error(&copy) && fuzz_put(mutation, span, cs_buf_view(&copy));
    cs_buf_free(&copy);
    return done;
}

/* Exchanges two spans, the first of which ends before the second begins. */
static inline bool fuzz_swap(struct fuzz_mutation *mutation, struct fuzz_span first,
                             struct fuzz_span second)
{
    struct cs_buf whole = CS_BUF((size_t)64 * 1024 * 1024);
    struct fuzz_span between = {first.at + first.len, second.at - first.at - first.len};
    bool done;

    cs_buf_add(&whole, fuzz_part(mutation, second));
    cs_buf_add(&whole, fuzz_part(mutation, between));
    cs_buf_add(&whole, fuzz_part(mutation, first));
    done = !cs_buf_error(&whole) &&
           fuzz_put(mutation, (struct fuzz_span){first.at, whole.len}, cs_buf_view(&whole));
    cs_buf_free(&whole);
    return done;
}

static inline bool fuzz_insert(struct fuzz_mutation *mutation, size_t at, struct cs_view text)
{
    return fuzz_put(mutation, (struct fuzz_span){at, 0}, text);
}

/* One of a table of texts. */
#define FUZZ_ONE_OF(mutation, table) \
    cs_view_str((table)[fuzz_random(mutation, sizeof(table) / sizeof((table)[0]))])

/* Cuts the text anywhere. */
static inline bool fuzz_cut(struct fuzz_mutation *mutation)
{
    if (mutation->len == 0) {
        return false;
    }
    mutation->len = fuzz_random(mutation, mutation->len);
    return true;
}

/* Runs one of these, or the next that finds something to change. The first `n_keeping` leave a text
 * that can be decoded decodable. */
static inline bool fuzz_mutate_by(struct fuzz_mutation *mutation,
                                  bool (*const table[])(struct fuzz_mutation *), size_t n,
                                  size_t n_keeping)
{
    size_t limit = mutation->keeps ? n_keeping : n;
    size_t first = fuzz_random(mutation, limit);

    for (size_t i = 0; i < limit; i++) {
        if (table[(first + i) % limit](mutation)) {
            return true;
        }
    }
    return false;
}

#endif
