/* Memory that runs out: whichever allocation fails, the failure is told, nothing stays behind, and
 * a second try on the same state gives what an undisturbed one gives.
 * Input: 1 byte of the path (0: framing, 1: reader, 2: batch, 3: token, 4: mint, 5: append, 6: a
 * report's line), 1 of the length of pieces (0: whole; odd: batches are read leniently; over 15:
 * events without a limit), the text. */
#include "fuzz/memory_oracle.h"

/* No more allocations of one input than these fail, one after the other. */
#define FAILURES_MAX 400

struct outcome {
    enum cs_err first; /* of the try that an allocation may fail in */
    uint64_t digest;   /* of the last try */
    uint64_t n;        /* allocations of the first */
};

/* Runs a path with its allocation number `fail_at` failing (0: none), and when that made it fail,
 * once more. */
static struct outcome run(fuzz_memory_path path, size_t piece, struct cs_view text,
                          uint64_t fail_at)
{
    struct fuzz_memory_state state = {
        .piece = piece, .out = CS_BUF(FUZZ_BUF_MAX), .text = CS_BUF(FUZZ_BUF_MAX)};
    struct outcome outcome;

    fuzz_memory_restart();
    fuzz_memory.fail_at = fail_at;
    outcome.first = path(&state, text);
    outcome.n = fuzz_memory.n;
    if (outcome.first == CS_ERR_NO_MEMORY) {
        state.digest = 0;
        FUZZ_CHECK(path(&state, text) != CS_ERR_NO_MEMORY);
    }
    outcome.digest = state.digest;
    cs_sse_free(state.sse);
    cs_reader_free(state.reader);
    cs_batch_store_free(&state.store);
    cs_buf_free(&state.out);
    cs_buf_free(&state.text);
    FUZZ_CHECK(fuzz_memory.held == 0);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    fuzz_memory_path path = fuzz_memory_paths[fuzz_number(&input) % FUZZ_N_MEMORY_PATHS];
    size_t piece = fuzz_number(&input);
    struct outcome whole = run(path, piece, input, 0);

    FUZZ_CHECK(whole.first != CS_ERR_NO_MEMORY);
    for (uint64_t fail_at = 1; fail_at <= whole.n && fail_at <= FAILURES_MAX; fail_at++) {
        struct outcome again = run(path, piece, input, fail_at);

        FUZZ_CHECK(again.first == CS_ERR_NO_MEMORY && again.n >= fail_at);
        FUZZ_CHECK(again.digest == whole.digest);
    }
    return 0;
}
