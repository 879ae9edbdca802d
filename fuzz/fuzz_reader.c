/* The read path: any split gives the same protocol events, the cursor is the highest number handed
 * out, and what the headers mark as control or command never comes as data.
 * Input: 4 bytes of cuts, 3 of limits (event times 16, records, headers; 0: default), stream. */
#include "fuzz/reader_oracle.h"
#include "fuzz/split.h"

struct reading {
    struct cs_reader *reader;
    size_t next_index;
    uint64_t highest;
    bool failed;
};

static void open_reader(void *state, const void *config)
{
    struct reading *reading = state;

    reading->reader = cs_reader_new(config);
    FUZZ_CHECK(reading->reader != NULL);
}

static void take_event(struct reading *reading, const struct cs_event *event, struct cs_buf *log)
{
    uint64_t cursor = 0;

    fuzz_event_log(event, log);
    FUZZ_CHECK((event->type == CS_EVENT_MALFORMED) == (event->fault.code != CS_OK));
    if (event->type == CS_EVENT_RECORD) {
        FUZZ_CHECK(event->index == reading->next_index++);
        fuzz_record_check(&event->record, event->sse->data);
        reading->highest =
            event->record.seq_num > reading->highest ? event->record.seq_num : reading->highest;
        FUZZ_CHECK(cs_reader_cursor(reading->reader, &cursor) && cursor == reading->highest);
        return;
    }
    FUZZ_CHECK(reading->next_index ==
               (event->type == CS_EVENT_BATCH_END ? event->batch->n_records : 0));
    reading->next_index = 0;
}

static void read_piece(void *state, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = state;
    struct cs_event event;
    struct cs_diag diag = {0};

    while (cs_reader_next(reading->reader, &piece, &event, &diag) == CS_STEP_EVENT) {
        take_event(reading, &event, log);
    }
    if (diag.code != CS_OK && !reading->failed) {
        cs_buf_printf(log, "%s@%llu", cs_err_name(diag.code), (unsigned long long)diag.offset);
    }
    reading->failed = diag.code != CS_OK;
}

static void close_reader(void *state, struct cs_buf *log)
{
    struct reading *reading = state;
    uint64_t cursor;

    cs_buf_printf(log, "caught up %d, left %llu", cs_reader_caught_up(reading->reader),
                  reading->failed ? 0ULL : (unsigned long long)cs_reader_finish(reading->reader));
    cs_reader_set_cursor(reading->reader, 7); /* as one that was stored */
    FUZZ_CHECK(cs_reader_cursor(reading->reader, &cursor) && cursor == 7);
    cs_reader_free(reading->reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_split split = {sizeof(struct reading), open_reader, read_piece,
                                            close_reader};
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    struct cs_reader_limits limits = {.max_event = fuzz_number(&input) * 16};

    limits.batch.max_records = fuzz_number(&input);
    limits.batch.max_headers = fuzz_number(&input);
    fuzz_split(&split, &limits, cuts, input);
    return 0;
}
