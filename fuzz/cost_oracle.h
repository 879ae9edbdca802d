/* The paths whose work must grow no faster than their input, and how much each byte may cost. */
#ifndef CHATSPEC_FUZZ_COST_ORACLE_H
#define CHATSPEC_FUZZ_COST_ORACLE_H

#include "fuzz/fuzz.h"
#include "fuzz/work.h"
#include "wire/append.h"
#include "wire/json.h"
#include "wire/reader.h"
#include "wire/utf8.h"

/* Runs over `text` in pieces of `piece` bytes. */
typedef void (*fuzz_cost_path)(struct cs_view text, size_t piece);

static inline void fuzz_cost_sse(struct cs_view text, size_t piece)
{
    struct cs_sse *sse = cs_sse_new(0);
    struct cs_sse_event event;

    FUZZ_CHECK(sse != NULL);
    while (text.len > 0) {
        struct cs_view part = fuzz_take(&text, piece);

        while (cs_sse_next(sse, &part, &event, NULL) == CS_STEP_EVENT) {
        }
    }
    cs_sse_free(sse);
}

static inline void fuzz_cost_reader(struct cs_view text, size_t piece)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;

    FUZZ_CHECK(reader != NULL);
    while (text.len > 0) {
        struct cs_view part = fuzz_take(&text, piece);

        while (cs_reader_next(reader, &part, &event, NULL) == CS_STEP_EVENT) {
        }
    }
    cs_reader_free(reader);
}

static inline void fuzz_cost_batch(struct cs_view text, size_t piece)
{
    const struct cs_batch_limits limits = {
        .max_records = SIZE_MAX, .max_headers = SIZE_MAX, .lenient = piece % 2};
    struct cs_batch_store store = {0};
    struct cs_batch batch;

    (void)(cs_batch_decode(text, &limits, &store, &batch, NULL) == CS_OK);
    cs_batch_store_free(&store);
}

static inline void fuzz_cost_json(struct cs_view text, size_t piece)
{
    struct cs_view value;

    (void)piece;
    (void)(cs_json_check(text, NULL) == CS_OK);
    (void)(cs_json_get(text, CS_VIEW("a"), &value) == CS_OK);
}

static inline void fuzz_cost_append(struct cs_view text, size_t piece)
{
    struct cs_buf decoded = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf envelope = CS_BUF(FUZZ_BUF_MAX);
    struct cs_utf8 utf8 = {0};

    while (text.len > 0) {
        cs_utf8_feed(&utf8, fuzz_take(&text, piece), &decoded);
    }
    cs_utf8_finish(&utf8, &decoded);
    cs_append_wrap(&envelope, cs_buf_view(&decoded), CS_VIEW("part"));
    cs_buf_free(&decoded);
    cs_buf_free(&envelope);
}

struct fuzz_cost {
    const char *name;
    fuzz_cost_path path;
    /* At most so many steps for a byte, and for a piece: what all of corpus/ and a fuzzer came to,
     * and some more. What is not linear passes any number once the input is long. */
    uint64_t a_byte;
    uint64_t a_piece;
};

/* Steps that the length does not change. */
#define FUZZ_COST_BASE ((uint64_t)4000)

static const struct fuzz_cost fuzz_costs[] = {
    {"sse", fuzz_cost_sse, 70, 70},       {"reader", fuzz_cost_reader, 100, 80},
    {"batch", fuzz_cost_batch, 45, 0},    {"json", fuzz_cost_json, 40, 0},
    {"append", fuzz_cost_append, 80, 60},
};

#define FUZZ_N_COSTS (sizeof(fuzz_costs) / sizeof(fuzz_costs[0]))

static inline void fuzz_cost_check(const struct fuzz_cost *cost, struct cs_view text, size_t piece)
{
    uint64_t n_pieces = text.len / piece + 1;
    uint64_t ceiling = FUZZ_COST_BASE + cost->a_byte * text.len + cost->a_piece * n_pieces;
    uint64_t start = fuzz_work();
    uint64_t work;

    cost->path(text, piece);
    work = fuzz_work() - start;
    if (work > ceiling) {
        (void)fprintf(stderr, "%s: %llu steps for %zu bytes in %llu pieces; the ceiling is %llu\n",
                      cost->name, (unsigned long long)work, text.len, (unsigned long long)n_pieces,
                      (unsigned long long)ceiling);
    }
    FUZZ_CHECK(work <= ceiling);
    FUZZ_CHECK(work > 0); /* the counter is awake */
}

#endif
