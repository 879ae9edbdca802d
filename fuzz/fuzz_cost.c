/* Linear cost: whatever comes, and however often it is repeated, the steps that a path takes stay
 * under a ceiling for each byte and each piece.
 * Input: 1 byte of the path (0: framing, 1: reader, 2: batch, 3: JSON, 4: append), 1 of how often
 * the middle comes (31: until the text is long), 1 of the length of pieces (0: whole), 1 of the
 * length of what stands before the middle and 1 of what stands after it, then the text: front,
 * middle, back.
 */
#include "fuzz/cost_oracle.h"

/* A short text shows what one byte may cost, and a run over it is quick; what is not linear shows
 * in a long one, of which one in 32 is enough. */
#define SHORT_TEXT ((size_t)1024)
#define LONG_TEXT  ((size_t)64 * 1024)
#define FOR_LONG   31u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    const struct fuzz_cost *cost = &fuzz_costs[fuzz_number(&input) % FUZZ_N_COSTS];
    size_t times = fuzz_number(&input);
    size_t max = times == FOR_LONG ? LONG_TEXT : SHORT_TEXT;
    size_t piece = fuzz_number(&input);
    size_t front = fuzz_number(&input);
    size_t back = fuzz_number(&input);
    struct cs_view middle;

    cs_buf_add(&text, fuzz_take(&input, front));
    back = back < input.len ? back : input.len;
    middle = fuzz_take(&input, input.len - back);
    times = times == FOR_LONG ? LONG_TEXT : times + 1;
    for (size_t i = 0; i < times && text.len + middle.len <= max && middle.len > 0; i++) {
        cs_buf_add(&text, middle);
    }
    cs_buf_add(&text, input);
    FUZZ_CHECK(cs_buf_error(&text) == CS_OK);
    fuzz_cost_check(cost, cs_buf_view(&text), piece > 0 ? piece : text.len + 1);
    cs_buf_free(&text);
    return 0;
}
