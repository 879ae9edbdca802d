/* SSE framing: any split gives the same events at the same offsets, and no event holds what the
 * standard's grammar cannot give.
 * Input: 4 bytes of cuts, 1 of the largest event (times 16; 0: the default), the stream. */
#include "fuzz/split.h"
#include "fuzz/sse_oracle.h"

struct reading {
    struct cs_sse *sse;
    uint64_t last_end;
    uint64_t fed;
    bool failed;
};

static void open_sse(void *reader, const void *config)
{
    struct reading *reading = reader;

    reading->sse = cs_sse_new(*(const size_t *)config);
    FUZZ_CHECK(reading->sse != NULL);
}

static void read_piece(void *reader, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = reader;
    struct cs_sse_event event;
    struct cs_diag diag = {0};

    reading->fed += piece.len;
    while (cs_sse_next(reading->sse, &piece, &event, &diag) == CS_STEP_EVENT) {
        FUZZ_CHECK(reading->last_end <= event.start);
        reading->last_end = event.end;
        fuzz_sse_event(&event, log);
    }
    FUZZ_CHECK(diag.code != CS_OK || (piece.len == 0 && !reading->failed));
    if (diag.code != CS_OK && !reading->failed) {
        cs_buf_printf(log, "%s@%llu", cs_err_name(diag.code), (unsigned long long)diag.offset);
    }
    reading->failed = diag.code != CS_OK;
    FUZZ_CHECK(reading->failed || cs_sse_offset(reading->sse) == reading->fed);
}

static void close_sse(void *reader, struct cs_buf *log)
{
    struct reading *reading = reader;

    cs_buf_printf(log, "\nleft %llu",
                  reading->failed ? 0ULL : (unsigned long long)cs_sse_finish(reading->sse));
    cs_sse_free(reading->sse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_split split = {sizeof(struct reading), open_sse, read_piece,
                                            close_sse};
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    size_t max_event = fuzz_number(&input) * 16;

    fuzz_split(&split, &max_event, cuts, input);
    return 0;
}
