/* Append sessions: any split of the bytes gives the same frames, a frame that is written is read as
 * it was, and a batch holds only what its message has.
 * Input: 4 bytes of cuts, 1 of who sent the frames (1: a server), then the bytes of the session. */
#include "fuzz/fuzz.h"
#include "fuzz/split.h"
#include "s2.pb-c.h"
#include "wire/s2_message.h"
#include "wire/s2s.h"

struct config {
    bool from_server;
};

struct reading {
    struct cs_s2s_reader reader;
    bool over;
};

static void open_reader(void *state, const void *config)
{
    struct reading *reading = state;

    reading->reader.from_server = ((const struct config *)config)->from_server;
}

/* FNV-1a; what lies in a frame is compared, not shown. */
static uint64_t hash(struct cs_view text)
{
    uint64_t value = 0xcbf29ce484222325u;

    for (size_t i = 0; i < text.len; i++) {
        value = (value ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    }
    return value;
}

/* A frame of a length that can be written is read back by a fresh reader, whole. */
static void check_written(const struct cs_s2s_frame *frame)
{
    struct cs_buf out = CS_BUF(FUZZ_BUF_MAX);
    struct cs_s2s_reader reader = {.from_server = true};
    struct cs_s2s_frame again;

    if (frame->flag & CS_S2S_TERMINAL) {
        cs_s2s_put_terminal(&out, frame->status, frame->payload);
    } else {
        cs_s2s_put(&out, frame->flag, frame->payload);
    }
    struct cs_view text = cs_buf_view(&out);

    FUZZ_CHECK(cs_buf_error(&out) == CS_OK);
    FUZZ_CHECK(cs_s2s_read(&reader, &text, &again, NULL) == CS_S2S_FRAME && text.len == 0);
    FUZZ_CHECK(again.status == frame->status && cs_view_eq(again.payload, frame->payload));
    FUZZ_CHECK(cs_s2s_at_boundary(&reader));
    cs_s2s_reader_free(&reader);
    cs_buf_free(&out);
}

static void check_position(const S2__StreamPosition *position, struct cs_position expected)
{
    FUZZ_CHECK(position && position->seq_num == expected.seq_num);
    FUZZ_CHECK(position->timestamp == (uint64_t)expected.timestamp);
}

/* An acknowledgement says what it was told, whatever the numbers are. */
static void check_ack(uint64_t number)
{
    const struct cs_position start = {number, (int64_t)(number >> 1)};
    const struct cs_position end = {number >> 7, 0};
    struct cs_buf out = CS_BUF(FUZZ_BUF_MAX);

    cs_s2_put_ack(&out, start, end, (struct cs_position){0});
    S2__AppendAck *ack = s2__append_ack__unpack(NULL, out.len, (const uint8_t *)out.ptr);

    FUZZ_CHECK(ack != NULL);
    check_position(ack->start, start);
    check_position(ack->end, end);
    check_position(ack->tail, (struct cs_position){0});
    s2__append_ack__free_unpacked(ack, NULL);
    cs_buf_free(&out);
}

/* No record is longer than the message it came in, and its kind is that of its headers. */
static void read_batch(struct cs_view payload, struct cs_buf *log)
{
    struct cs_s2_message batch = {0};
    struct cs_diag diag;
    enum cs_err err = cs_s2_message_decode(payload, &batch, &diag);
    size_t total = 0;

    fuzz_add_number(log, 'b', (uint64_t)err);
    for (size_t i = 0; i < batch.n_records; i++) {
        const struct cs_record *record = &batch.records[i];

        FUZZ_CHECK(record->kind == cs_record_kind_of(record->headers, record->n_headers));
        total += record->body.len;
        fuzz_add_number(log, 'r', hash(record->body));
        for (size_t h = 0; h < record->n_headers; h++) {
            total += record->headers[h].name.len + record->headers[h].value.len;
            fuzz_add_number(log, 'h', hash(record->headers[h].value));
        }
    }
    FUZZ_CHECK(total <= payload.len);
    FUZZ_CHECK(err == CS_OK || batch.n_records == 0);
    cs_s2_message_free(&batch);
}

static void read_piece(void *state, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = state;
    enum cs_s2s_step step = CS_S2S_FRAME;

    while (!reading->over && step != CS_S2S_MORE) {
        struct cs_s2s_frame frame;
        struct cs_diag diag;

        step = cs_s2s_read(&reading->reader, &piece, &frame, &diag);
        if (step == CS_S2S_FRAME) {
            FUZZ_CHECK(frame.payload.len < CS_S2S_LENGTH_MAX);
            FUZZ_CHECK(reading->reader.from_server || !(frame.flag & CS_S2S_TERMINAL));
            fuzz_add_number(log, 'f', frame.flag);
            fuzz_add_number(log, 's', (uint64_t)frame.status);
            fuzz_add_number(log, 'p', hash(frame.payload));
            check_written(&frame);
            check_ack(hash(frame.payload));
            read_batch(frame.payload, log);
        } else if (step == CS_S2S_BAD) {
            fuzz_add_number(log, 'x', diag.offset);
            reading->over = true;
        }
    }
}

static void close_reader(void *state, struct cs_buf *log)
{
    struct reading *reading = state;

    cs_buf_printf(log, " boundary %d", !reading->over && cs_s2s_at_boundary(&reading->reader));
    cs_s2s_reader_free(&reading->reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_split split = {sizeof(struct reading), open_reader, read_piece,
                                            close_reader};
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    struct config config = {.from_server = fuzz_number(&input) & 1};

    fuzz_split(&split, &config, cuts, input);
    return 0;
}
