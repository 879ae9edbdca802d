/* HTTP requests: any split gives the same, evidence is what was sent, bodies have one framing.
 * Input: 4 bytes of cuts, 2 of limits (head and body, times 32; 0: default), 1 of how bodies are
 * read (1: thrown away, 2: buffers released as well), then the connection's bytes. */
#include "fuzz/request_oracle.h"
#include "fuzz/split.h"

struct config {
    struct cs_request_limits limits;
    size_t mode;
    struct cs_view stream;
};

struct reading {
    const struct config *config;
    struct cs_request_reader *reader;
    size_t start; /* of the current request in the stream */
    size_t pos;   /* how far the stream went in */
    int refused;  /* the status, once it is over */
};

static void open_reader(void *state, const void *config)
{
    struct reading *reading = state;

    reading->config = config;
    reading->reader = cs_request_reader_new(&reading->config->limits);
    FUZZ_CHECK(reading->reader != NULL);
}

static struct cs_view sent(const struct reading *reading)
{
    return cs_view_of(reading->config->stream.ptr + reading->start, reading->pos - reading->start);
}

static void read_piece(void *state, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = state;
    enum cs_request_step step = CS_REQUEST_DONE;
    const struct cs_request *request;
    struct cs_diag diag;

    while (!reading->refused && step != CS_REQUEST_MORE) {
        size_t before = piece.len;

        step = cs_request_read(reading->reader, &piece, &request, &reading->refused, &diag);
        reading->pos += before - piece.len;
        if (step == CS_REQUEST_HEAD) {
            fuzz_request_head(request, sent(reading), log);
            fuzz_request_mode(reading->reader, reading->config->mode);
        } else if (step == CS_REQUEST_DONE) {
            fuzz_request_done(reading->reader, request, sent(reading), reading->config->mode, log);
            reading->start = reading->pos;
        } else if (step == CS_REQUEST_BAD) {
            fuzz_request_bad(reading->refused, diag.offset, sent(reading), log);
        }
    }
}

static void close_reader(void *state, struct cs_buf *log)
{
    struct reading *reading = state;

    cs_buf_printf(log, " idle %d", cs_request_reader_idle(reading->reader));
    cs_request_reader_free(reading->reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_split split = {sizeof(struct reading), open_reader, read_piece,
                                            close_reader};
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    struct config config = {.limits.max_head = fuzz_number(&input) * 32};

    config.limits.max_body = fuzz_number(&input) * 32;
    config.mode = fuzz_number(&input);
    config.stream = input;
    fuzz_split(&split, &config, cuts, input);
    return 0;
}
