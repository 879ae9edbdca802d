/* The reader: framing, batches, records and envelopes, to one list of events. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/reader.h"
#include "bench/stream.h"
#include "wire/json.h"
#include "wire/reader.h"

#define WHOLE_BYTES   ((size_t)64 * 1000 * 1000)
#define SDK_BYTES     ((size_t)4 * 1000 * 1000)
#define BY_BYTE_BYTES ((size_t)8 * 1000 * 1000)
#define LEAST_EVENT   ((size_t)48) /* no record of a stream takes less */

/* ---- ours ---- */

static struct cs_bench_text take_text(struct cs_bench_events *events,
                                      const struct cs_json_token *token)
{
    size_t at = events->text.len;
    if (!(token->flags & CS_JSON_ESCAPED)) {
        return cs_bench_events_text(events, token->raw.ptr, token->raw.len);
    }
    cs_json_unescape(token->raw, &events->text);
    return (struct cs_bench_text){at, events->text.len - at};
}

/* The value that comes next: a string to `into`, unless that is NULL. */
static bool take_value(struct cs_json *json, struct cs_bench_events *events,
                       struct cs_bench_text *into)
{
    struct cs_json_token token;
    struct cs_view text;
    if (cs_json_next(json, &token, NULL) == CS_JSON_STRING && into) {
        *into = take_text(events, &token);
        return true;
    }
    return cs_json_value_text(json, &token, &text, NULL) == CS_OK;
}

/* The members of a chunk, which is the value of an envelope's `data`: in the order that they mostly
 * have, or in any. */
static void take_chunk(struct cs_view data, struct cs_bench_events *events,
                       struct cs_bench_event *event)
{
    struct cs_json json;
    struct cs_json_token token;
    bool good = true;
    cs_json_init_utf8(&json, data);
    cs_json_next(&json, &token, NULL);
    if (cs_json_pass_key(&json, CS_VIEW(",\"type\":"))) {
        good = take_value(&json, events, &event->type);
    }
    if (good && cs_json_pass_key(&json, CS_VIEW(",\"id\":"))) {
        good = take_value(&json, events, NULL);
    }
    if (good && cs_json_pass_key(&json, CS_VIEW(",\"delta\":"))) {
        good = take_value(&json, events, &event->delta);
    }
    while (good && cs_json_next(&json, &token, NULL) == CS_JSON_KEY) {
        bool is_type = cs_json_is(&token, CS_VIEW("type"));
        bool is_delta = cs_json_is(&token, CS_VIEW("delta"));
        good = take_value(&json, events, is_type ? &event->type : is_delta ? &event->delta : NULL);
    }
}

static bool take_record(const struct cs_record *record, struct cs_bench_events *events)
{
    struct cs_bench_event *event = cs_bench_events_add(events);
    struct cs_view data;
    struct cs_view id;
    if (!event) {
        return false;
    }
    event->seq_num = record->seq_num;
    event->timestamp = record->timestamp;
    event->n_headers = record->n_headers;
    if (record->body.len == 0) {
        return true;
    }
    if (cs_envelope_decode_utf8(record->body, &data, &id, NULL) != CS_OK) {
        return false;
    }
    event->id = cs_bench_events_text(events, id.ptr, id.len);
    take_chunk(data, events, event);
    return event->type.len > 0;
}

bool cs_bench_read_piece(struct cs_reader *reader, struct cs_view piece,
                         struct cs_bench_events *events)
{
    struct cs_event event;
    enum cs_step step;
    bool good = true;
    while (good && (step = cs_reader_next(reader, &piece, &event, NULL)) != CS_STEP_MORE) {
        good = step == CS_STEP_EVENT && event.type != CS_EVENT_MALFORMED;
        if (good && event.type == CS_EVENT_RECORD) {
            good = take_record(&event.record, events);
        }
    }
    return good;
}

static bool read_ours(struct cs_view stream, size_t piece, struct cs_bench_events *events)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    bool good = reader != NULL;
    for (size_t at = 0; good && at < stream.len; at += piece) {
        size_t left = stream.len - at;
        good = cs_bench_read_piece(reader, cs_view_of(stream.ptr + at, piece < left ? piece : left),
                                   events);
    }
    cs_reader_free(reader);
    return good;
}

static bool read_whole(struct cs_view stream, struct cs_bench_events *events)
{
    return read_ours(stream, stream.len, events);
}

static bool read_bytes(struct cs_view stream, struct cs_bench_events *events)
{
    return read_ours(stream, 1, events);
}

/* ---- sides ---- */

struct reading {
    struct cs_view stream;
    bool (*read)(struct cs_view stream, struct cs_bench_events *events);
    struct cs_bench_events *events;
    uint64_t digest; /* of what has to come out */
};

static enum cs_err read_once(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct reading *reading = ctx;
    cs_bench_events_clear(reading->events);
    double start = cs_bench_processor();
    bool good = reading->read(reading->stream, reading->events);
    *ret_figure = (double)reading->stream.len / 1e6 / (cs_bench_processor() - start);
    if (!good || cs_buf_error(&reading->events->text) != CS_OK) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "the stream was not read to its end");
    }
    if (cs_bench_events_digest(reading->events) != reading->digest) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "another list of events came out");
    }
    return CS_OK;
}

/* The stream in a file, for the reader of the SDK. */
struct sdk_reading {
    const char *home;
    const char *path;
    size_t len;
    size_t n_parts;
    size_t n_deltas; /* bytes */
};

static enum cs_err read_by_sdk(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct sdk_reading *reading = ctx;
    char command[3 * 4096];
    char line[512] = "";
    double seconds = 0;
    size_t parts = 0;
    size_t deltas = 0;
    snprintf(command, sizeof command, "%s/build/sdk/" CS_BENCH_SDK "/node_modules", reading->home);
    if (access(command, R_OK) != 0) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "SDK " CS_BENCH_SDK " is not installed");
    }
    snprintf(command, sizeof command,
             "node '%s/harness/bench/peers/reader_sdk.mjs' '%s/build/sdk/" CS_BENCH_SDK "' '%s'",
             reading->home, reading->home, reading->path);
    FILE *pipe = popen(command, "r");
    bool read = pipe && fgets(line, sizeof line, pipe);
    int status = pipe ? pclose(pipe) : -1;
    if (!read || status != 0 ||
        sscanf(line, "{\"seconds\":%lf,\"parts\":%zu,\"deltas\":%zu}", &seconds, &parts, &deltas) !=
            3) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "the SDK's reader does not run");
    }
    if (parts != reading->n_parts || deltas != reading->n_deltas) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "the SDK read %zu parts of %zu", parts,
                       reading->n_parts);
    }
    *ret_figure = (double)reading->len / 1e6 / seconds;
    return CS_OK;
}

/* ---- comparisons ---- */

static void against(struct cs_bench *bench, const struct cs_bench_spec *spec, struct cs_view stream,
                    struct cs_bench_events *events, const char *peer_name,
                    bool (*ours)(struct cs_view, struct cs_bench_events *),
                    bool (*peer)(struct cs_view, struct cs_bench_events *))
{
    cs_bench_events_clear(events);
    struct reading our_side = {.stream = stream, .read = ours, .events = events};
    if (read_whole(stream, events)) {
        our_side.digest = cs_bench_events_digest(events);
    }
    struct reading peer_side = our_side;
    peer_side.read = peer;
    (void)cs_bench_pair(bench, spec, &(struct cs_bench_side){"chatspec", read_once, &our_side},
                        &(struct cs_bench_side){peer_name, read_once, &peer_side});
}

static void against_sdk(struct cs_bench *bench, struct cs_view stream,
                        struct cs_bench_events *events)
{
    static const struct cs_bench_spec spec = {.name = "reader/sdk",
                                              .what = "text deltas, against the SDK's own reader",
                                              .unit = "MB/s",
                                              .want = 100,
                                              .gross = 20};
    char path[] = "/tmp/chatspec-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    bool written = file && fwrite(stream.ptr, 1, stream.len, file) == stream.len;
    written = file && fclose(file) == 0 && written;
    cs_bench_events_clear(events);
    struct reading ours = {.stream = stream, .read = read_whole, .events = events};
    struct sdk_reading sdk = {.home = cs_bench_home(bench), .path = path, .len = stream.len};
    if (read_whole(stream, events)) {
        ours.digest = cs_bench_events_digest(events);
        sdk.n_parts = events->n;
    }
    for (size_t i = 0; i < events->n; i++) {
        sdk.n_deltas += events->items[i].delta.len;
    }
    if (written) {
        (void)cs_bench_pair(bench, &spec, &(struct cs_bench_side){"chatspec", read_once, &ours},
                            &(struct cs_bench_side){"SDK " CS_BENCH_SDK, read_by_sdk, &sdk});
    } else {
        struct cs_diag diag = {0};
        cs_fail(&diag, CS_ERR_NO_MEMORY, 0, "the stream could not be written to a file");
        cs_bench_trouble(bench, spec.name, &diag);
    }
    if (fd >= 0) {
        unlink(path);
    }
}

static void compare(struct cs_bench *bench, struct cs_view stream, struct cs_bench_events *events)
{
    static const struct cs_bench_spec simdjson = {.name = "reader/simdjson",
                                                  .what = "text deltas, whole buffer",
                                                  .unit = "MB/s",
                                                  .want = 1,
                                                  .gross = 0.5};
    static const struct cs_bench_spec cjson = {.name = "reader/cjson",
                                               .what = "the same, against cJSON",
                                               .unit = "MB/s",
                                               .want = 4,
                                               .gross = 2};
    static const struct cs_bench_spec jansson = {
        .name = "reader/jansson", .what = "the same, against jansson", .unit = "MB/s"};
    static const struct cs_bench_spec by_byte = {.name = "reader/by-byte",
                                                 .what = "one byte at a time, against whole",
                                                 .unit = "MB/s",
                                                 .want = 0.1,
                                                 .gross = 0.05};
    char name[64];
    cs_bench_simdjson_name(name, sizeof name);
    against(bench, &simdjson, stream, events, name, read_whole, cs_bench_read_simdjson);
    against(bench, &cjson, stream, events, "cJSON", read_whole, cs_bench_read_cjson);
    against(bench, &jansson, stream, events, "jansson", read_whole, cs_bench_read_jansson);
    struct cs_view part = {stream.ptr, stream.len < BY_BYTE_BYTES ? stream.len : BY_BYTE_BYTES};
    against(bench, &by_byte, part, events, "whole buffer", read_bytes, read_whole);
    against_sdk(bench, cs_view_of(stream.ptr, stream.len < SDK_BYTES ? stream.len : SDK_BYTES),
                events);
}

static void run(struct cs_bench *bench)
{
    size_t len = cs_bench_is_short(bench) ? WHOLE_BYTES / 10 : WHOLE_BYTES;
    struct cs_buf stream = CS_BUF(len + ((size_t)1 << 20));
    struct cs_bench_events events = {.text = CS_BUF(len + ((size_t)1 << 20))};
    if (cs_bench_stream(&stream, len, cs_bench_seed(bench)) &&
        cs_bench_events_room(&events, len / LEAST_EVENT, len)) {
        compare(bench, cs_buf_view(&stream), &events);
        cs_bench_reader_length(bench, cs_buf_view(&stream), &events);
    } else {
        struct cs_diag diag = {0};
        cs_fail(&diag, CS_ERR_NO_MEMORY, 0, "out of memory");
        cs_bench_trouble(bench, "reader/stream", &diag);
    }
    cs_bench_events_free(&events);
    cs_buf_free(&stream);
}

const struct cs_bench_group cs_bench_reader = {
    .name = "reader", .title = "a subscription's bytes to one list of events", .run = run};
