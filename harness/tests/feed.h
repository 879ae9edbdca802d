/* Bytes in every split: the helper of all tests that feed a reader.
 *
 * A reader under test is described by three functions that write what they saw, as text, into a
 * log. feed_check runs it over one input (1) whole, (2) byte by byte, (3) cut in two at every
 * position, (4) cut at random with a fixed seed, and asks for the same log each time. So a log
 * must only hold what may not depend on the split: events and stream offsets, no piece sizes.
 *
 * Each piece is handed over so that it ends exactly where an inaccessible page begins: reading one
 * byte too many crashes. After the call the piece is overwritten: a view that was kept past its
 * life shows as a wrong log. Include after the cmocka headers:
 *
 *     static void *open_it(void *ctx) { return cs_thing_new(); }
 *     static void piece(void *thing, struct cs_view bytes, struct cs_buf *log) { ... }
 *     static void close_it(void *thing, struct cs_buf *log) { ...; cs_thing_free(thing); }
 *     static const struct feed thing = {open_it, piece, close_it, NULL};
 *
 *     feed_check(&thing, CS_VIEW("data: x\n\n"), "event \"x\"\n");
 */
#ifndef CHATSPEC_TESTS_FEED_H
#define CHATSPEC_TESTS_FEED_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/bytes.h"

#define FEED_SEED        ((uint64_t)0x63686174)
#define FEED_RANDOM_RUNS 24
/* Every cut of n bytes costs n runs over n bytes: longer inputs are cut at this many places. */
#define FEED_MAX_CUTS 1500
#define FEED_LOG_MAX  ((size_t)64 * 1024 * 1024)

struct feed {
    void *(*open)(void *ctx); /* a fresh reader; must not be NULL */
    /* One piece; it is gone when this returns. Called with an empty piece now and then. */
    void (*piece)(void *reader, struct cs_view piece, struct cs_buf *log);
    void (*close)(void *reader, struct cs_buf *log); /* end of the input; frees the reader */
    void *ctx;
};

/* Memory whose last byte stands right before a page that cannot be touched. */
struct feed_guard {
    char *map;
    size_t usable;
    size_t page;
};

static inline struct feed_guard feed_guard_new(size_t max_len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct feed_guard guard = {.page = page, .usable = (max_len / page + 1) * page};

    guard.map =
        mmap(NULL, guard.usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guard.map != MAP_FAILED);
    assert_int_equal(mprotect(guard.map + guard.usable, page, PROT_NONE), 0);
    return guard;
}

static inline void feed_guard_free(struct feed_guard *guard)
{
    assert_int_equal(munmap(guard->map, guard->usable + guard->page), 0);
}

/* A copy of `bytes` (at most max_len of them) that ends at the guard page. */
static inline struct cs_view feed_guarded(const struct feed_guard *guard, struct cs_view bytes)
{
    char *at = guard->map + guard->usable - bytes.len;

    if (bytes.len > 0) {
        memcpy(at, bytes.ptr, bytes.len);
    }
    return cs_view_of(at, bytes.len);
}

/* How to cut: pieces of `step` bytes (0: no cut), or a single cut, or at random. */
struct feed_plan {
    const char *name;
    size_t step;
    size_t cut;      /* used when > 0 */
    uint64_t random; /* state of the generator; used when > 0 */
};

/* xorshift64: small, seeded, the same on every machine. */
static inline uint64_t feed_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline size_t feed_next_len(struct feed_plan *plan, size_t pos, size_t left)
{
    size_t len = left;

    if (plan->random) {
        uint64_t r = feed_random(&plan->random);
        /* Mostly short pieces, some empty ones, now and then a long one. */
        len = (size_t)(r >> 8) % ((r & 7) == 0 ? left + 1 : 9);
    } else if (plan->cut) {
        len = pos < plan->cut ? plan->cut - pos : left;
    } else if (plan->step) {
        len = plan->step;
    }
    return len < left ? len : left;
}

static inline void feed_run(const struct feed *feed, struct cs_view input,
                            const struct feed_guard *guard, struct feed_plan plan,
                            struct cs_buf *log)
{
    void *reader = feed->open(feed->ctx);

    assert_non_null(reader);
    for (size_t pos = 0; pos < input.len;) {
        size_t len = feed_next_len(&plan, pos, input.len - pos);
        struct cs_view piece = feed_guarded(guard, cs_view_of(input.ptr + pos, len));

        feed->piece(reader, piece, log);
        memset(guard->map + guard->usable - len, 0xa5, len);
        pos += len;
    }
    feed->close(reader, log);
    assert_int_equal(cs_buf_error(log), CS_OK);
}

static inline void feed_same(struct cs_view wanted, struct cs_view got, struct feed_plan plan)
{
    struct cs_buf text = CS_BUF(4096);
    size_t at = 0;
    size_t from;
    char *shown;

    if (cs_view_eq(wanted, got)) {
        return;
    }
    while (at < wanted.len && at < got.len && wanted.ptr[at] == got.ptr[at]) {
        at++;
    }
    from = at > 60 ? at - 60 : 0;
    cs_buf_printf(&text, "%s (step %zu, cut %zu, seed %llu): logs differ at byte %zu\n  wanted: ",
                  plan.name, plan.step, plan.cut, (unsigned long long)plan.random, at);
    cs_buf_escaped(&text, cs_view_of(wanted.ptr + from, wanted.len - from), 200);
    cs_buf_str(&text, "\n  got:    ");
    cs_buf_escaped(&text, cs_view_of(got.ptr + from, got.len - from), 200);
    shown = cs_buf_take(&text);
    print_error("%s\n", shown ? shown : "(no memory for the difference)");
    free(shown);
    fail();
}

static inline void feed_again(const struct feed *feed, struct cs_view input,
                              const struct feed_guard *guard, struct feed_plan plan,
                              const struct cs_buf *wanted, struct cs_buf *log)
{
    cs_buf_clear(log);
    feed_run(feed, input, guard, plan, log);
    feed_same(cs_buf_view(wanted), cs_buf_view(log), plan);
}

/* Feeds `input` in every way; all logs must equal the first one and, unless it is NULL, `expected`.
 */
static inline void feed_check(const struct feed *feed, struct cs_view input, const char *expected)
{
    struct feed_guard guard = feed_guard_new(input.len);
    struct feed_plan whole = {.name = "whole"};
    struct cs_buf wanted = CS_BUF(FEED_LOG_MAX);
    struct cs_buf log = CS_BUF(FEED_LOG_MAX);
    size_t stride = input.len / FEED_MAX_CUTS + 1;
    uint64_t seed = FEED_SEED;

    feed_run(feed, input, &guard, whole, &wanted);
    if (expected) {
        feed_same(cs_view_str(expected), cs_buf_view(&wanted), whole);
    }
    feed_again(feed, input, &guard, (struct feed_plan){.name = "byte by byte", .step = 1}, &wanted,
               &log);
    for (size_t cut = 1; cut < input.len; cut += stride) {
        feed_again(feed, input, &guard, (struct feed_plan){.name = "in two", .cut = cut}, &wanted,
                   &log);
    }
    for (int i = 0; i < FEED_RANDOM_RUNS; i++) {
        feed_again(feed, input, &guard,
                   (struct feed_plan){.name = "at random", .random = feed_random(&seed)}, &wanted,
                   &log);
    }
    cs_buf_free(&wanted);
    cs_buf_free(&log);
    feed_guard_free(&guard);
}

#endif
