/* The mutators themselves: the same seed makes the same change, none goes past the size it was
 * given, and those that should keep a text decodable do. Each text lies in a block of exactly its
 * size, so that AddressSanitizer sees a byte too far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/mutate.h"
#include "wire/reader.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

enum {
    N_SEEDS = 150,
    N_STEPS = 12,
    MAX_SIZE = 900,
    N_CONFIG = 5
};

#define BATCH                                                                                     \
    "{\"records\":[{\"seq_num\":1,\"timestamp\":2,\"headers\":[[\"trigger-control\",\"x\"],"      \
    "[\"a\",\"b\\n\"]],\"body\":\"\"}, {\"seq_num\":2,\"body\":\"\xe2\x82\xac\\ud83d\\ude00\"}]," \
    "\"tail\":{\"seq_num\":3,\"timestamp\":4}}"
#define STREAM                                              \
    "event: batch\r\nid: 0,1,2\r\ndata: " BATCH             \
    "\r\n\r\n: c\revent: ping\rdata: {\"timestamp\":1}\r\r" \
    "event:batch\ndata:{\"records\":[],\ndata: \"x\":1}\n\ndata: [DONE]\n\n"

static const char *const batches[] = {BATCH, "{\"records\":[]}",
                                      "{ \"records\" : [ {\"seq_num\":0} ] }"};
static const char *const streams[] = {STREAM, "\xef\xbb\xbf" STREAM, "data: [DONE]\n\n", ":\n\n"};

/* What the engine would do to bytes. */
static size_t n_fallbacks;
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    (void)max_size;
    n_fallbacks++;
    if (size > 0) {
        data[size / 2] ^= 1;
    }
    return size;
}

static bool batch_decodes(struct cs_view text)
{
    struct cs_batch_store store = {0};
    struct cs_batch batch;
    bool decodes = cs_batch_decode(text, NULL, &store, &batch, NULL) == CS_OK;

    cs_batch_store_free(&store);
    return decodes;
}

static bool stream_decodes(struct cs_view text)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    enum cs_step step;
    bool decodes = true;

    assert_non_null(reader);
    while ((step = cs_reader_next(reader, &text, &event, NULL)) == CS_STEP_EVENT) {
        decodes = decodes && event.type != CS_EVENT_MALFORMED;
    }
    decodes = decodes && step == CS_STEP_MORE && cs_reader_finish(reader) == 0;
    cs_reader_free(reader);
    return decodes;
}

struct kind {
    bool (*mutate)(struct fuzz_mutation *mutation);
    bool (*cross)(struct fuzz_mutation *mutation, struct cs_view other);
    bool (*decodes)(struct cs_view text);
    const char *const *texts;
    size_t n_texts;
};

static const struct kind kinds[] = {
    {fuzz_mutate_batch, fuzz_cross_batch, batch_decodes, batches,
     sizeof(batches) / sizeof(batches[0])},
    {fuzz_mutate_sse, fuzz_cross_sse, stream_decodes, streams,
     sizeof(streams) / sizeof(streams[0])},
};

/* Changes the text again and again; what is seen after each step is left to `seen`. */
static struct cs_buf run(const struct kind *kind, const char *text, uint64_t seed, size_t max,
                         bool keeps, size_t *n_changed)
{
    struct fuzz_mutation mutation = {
        .len = strlen(text), .max = max, .random = seed, .keeps = keeps, .bytes = malloc(max)};
    struct cs_buf log = CS_BUF((size_t)1 << 20);

    assert_non_null(mutation.bytes);
    memcpy(mutation.bytes, text, mutation.len);
    for (int i = 0; i < N_STEPS; i++) {
        *n_changed += i % 4 == 3 ? kind->cross(&mutation, cs_view_str(kind->texts[0]))
                                 : kind->mutate(&mutation);
        assert_true(mutation.len <= max);
        cs_buf_add(&log, fuzz_mutated(&mutation));
        if (keeps && !kind->decodes(fuzz_mutated(&mutation))) {
            cs_buf_clear(&log);
            cs_buf_escaped(&log, fuzz_mutated(&mutation), 2000);
            fail_msg("seed %llu step %d: %.*s", (unsigned long long)seed, i,
                     CS_VIEW_ARG(cs_buf_view(&log)));
        }
    }
    free(mutation.bytes);
    return log;
}

static void each(bool keeps)
{
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (size_t t = 0; t < kinds[k].n_texts; t++) {
            const char *text = kinds[k].texts[t];
            size_t n_changed = 0;

            assert_true(kinds[k].decodes(cs_view_str(text)));
            for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
                size_t max = seed % 3 == 0 ? strlen(text) : MAX_SIZE;
                struct cs_buf one = run(&kinds[k], text, seed, max, keeps, &n_changed);
                struct cs_buf again = run(&kinds[k], text, seed, max, keeps, &n_changed);

                assert_true(cs_view_eq(cs_buf_view(&one), cs_buf_view(&again)));
                cs_buf_free(&one);
                cs_buf_free(&again);
            }
            assert_true(n_changed > N_SEEDS);
        }
    }
}

static void test_what_keeps_keeps(void **state)
{
    (void)state;
    each(true);
}

static void test_the_rest_stays_within_its_size(void **state)
{
    (void)state;
    each(false);
}

static void test_breaking_breaks(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        size_t n_broken = 0;

        for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
            char text[MAX_SIZE];
            struct fuzz_mutation mutation = {
                .bytes = text, .len = strlen(kinds[k].texts[0]), .max = MAX_SIZE, .random = seed};

            memcpy(text, kinds[k].texts[0], mutation.len);
            (void)kinds[k].mutate(&mutation);
            n_broken += !kinds[k].decodes(fuzz_mutated(&mutation));
        }
        assert_true(n_broken > N_SEEDS / 20);
    }
}

/* The engine's side, on texts of all lengths and with no room at all. */
static void test_engine(void **state)
{
    static const char text[] = "abcd@" STREAM;
    size_t n_ours;

    (void)state;
    n_fallbacks = 0;
    for (unsigned seed = 0; seed < N_SEEDS; seed++) {
        size_t size = seed % 2 ? sizeof(text) - 1 : seed % sizeof(text);
        size_t max = size + (seed % 3 ? seed : 0);
        uint8_t *data = malloc(max + 1);
        uint8_t *out = malloc(max + 1);

        assert_non_null(data);
        assert_non_null(out);
        memcpy(data, text, size);
        assert_true(LLVMFuzzerCustomCrossOver(data, size, (const uint8_t *)text, sizeof(text) - 1,
                                              out, max, seed) <= max);
        assert_true(size < N_CONFIG || memcmp(out, text, N_CONFIG) == 0);
        assert_true(LLVMFuzzerCustomMutator(data, size, max, seed) <= max);
        free(data);
        free(out);
    }
    n_ours = N_SEEDS - n_fallbacks;
    assert_true(n_ours > N_SEEDS / 2 && n_fallbacks > N_SEEDS / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_keeps_keeps),
        cmocka_unit_test(test_the_rest_stays_within_its_size),
        cmocka_unit_test(test_breaking_breaks),
        cmocka_unit_test(test_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
