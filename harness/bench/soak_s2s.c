/* `out` as the agents of an SDK write it: append sessions over HTTP/2, opened with what the
 * platform hands out for the channel. An answer that is lost does not tell how many batches were
 * stored, so each names the sequence number that it must get: sent again, it is stored once. */
#include "bench/soak.h"

#include <stdio.h>

#include "net/http_request.h"
#include "s2.pb-c.h"
#include "wire/json.h"
#include "wire/s2s.h"

#define HEADERS_MAX 2u /* of a record here */
#define TRIES_MAX   6u
#define FRAMES_MAX  ((size_t)65536)

void soak_writer_free(struct soak_writer *writer)
{
    cs_buf_free(&writer->url);
    cs_buf_free(&writer->token);
    cs_buf_free(&writer->basin);
}

static bool copy_header(struct cs_exchange *exchange, const char *name, const char *before,
                        struct cs_buf *out)
{
    const char *value = cs_exchange_header(exchange, name);
    cs_buf_str(out, before);
    cs_buf_str(out, value ? value : "");
    return value != NULL;
}

bool soak_writer_open(struct soak *soak, const char *session, struct soak_writer *writer)
{
    char path[256];
    *writer =
        (struct soak_writer){.url = CS_BUF(1024), .token = CS_BUF(8192), .basin = CS_BUF(256)};
    snprintf(path, sizeof path, "/realtime/v1/sessions/%s/out", session);
    struct cs_exchange *exchange = soak_ask(soak, "PUT", path, NULL, (struct cs_view){0}, true);
    bool good =
        exchange && cs_exchange_wait_end(exchange, SOAK_WAIT_MS) == CS_OK &&
        copy_header(exchange, "X-S2-Endpoint", "", &writer->url) &&
        copy_header(exchange, "X-S2-Access-Token", "Authorization: Bearer ", &writer->token) &&
        copy_header(exchange, "X-S2-Basin", "S2-Basin: ", &writer->basin);
    if (good) {
        const char *name = cs_exchange_header(exchange, "X-S2-Stream-Name");
        cs_buf_str(&writer->url, "/streams/");
        cs_percent_encode(cs_view_str(name), &writer->url);
        cs_buf_str(&writer->url, "/records");
    }
    cs_exchange_free(exchange);
    cs_buf_char(&writer->url, '\0');
    cs_buf_char(&writer->token, '\0');
    cs_buf_char(&writer->basin, '\0');
    return good && !cs_buf_error(&writer->url) && !cs_buf_error(&writer->token) &&
           !cs_buf_error(&writer->basin);
}

static ProtobufCBinaryData binary(struct cs_view view)
{
    return (ProtobufCBinaryData){.len = view.len, .data = (uint8_t *)(uintptr_t)view.ptr};
}

/* A batch of one record, in a frame. */
static void put_frame(struct cs_buf *out, const struct cs_record *record, uint64_t seq_num)
{
    S2__Header headers[HEADERS_MAX];
    S2__Header *header_list[HEADERS_MAX];
    S2__AppendRecord appended = S2__APPEND_RECORD__INIT;
    S2__AppendRecord *list[] = {&appended};
    S2__AppendInput input = S2__APPEND_INPUT__INIT;
    for (size_t i = 0; i < record->n_headers && i < HEADERS_MAX; i++) {
        s2__header__init(&headers[i]);
        headers[i].has_name = headers[i].has_value = true;
        headers[i].name = binary(record->headers[i].name);
        headers[i].value = binary(record->headers[i].value);
        header_list[appended.n_headers++] = &headers[i];
    }
    appended.headers = header_list;
    appended.has_body = true;
    appended.body = binary(record->body);
    input.records = list;
    input.n_records = 1;
    input.has_match_seq_num = true;
    input.match_seq_num = seq_num;
    uint8_t text[1024];
    size_t len = s2__append_input__get_packed_size(&input);
    if (len <= sizeof text) {
        s2__append_input__pack(&input, text);
        cs_s2s_put(out, 0, cs_view_of((const char *)text, len));
    } else {
        out->failed = CS_ERR_LIMIT;
    }
}

/* What is known to be stored after an answer: acknowledgements, or that the first batch would have
 * got another number, since it and more are there already. */
static size_t stored_by(struct soak *soak, struct cs_view answer, uint64_t first, size_t *ret_acks)
{
    struct cs_s2s_reader reader = {.from_server = true};
    struct cs_s2s_frame frame;
    size_t stored = 0;
    enum cs_s2s_step step;
    while ((step = cs_s2s_read(&reader, &answer, &frame, NULL)) == CS_S2S_FRAME) {
        struct cs_view text;
        uint64_t next = 0;
        if (frame.status == 0) {
            stored++;
            ++*ret_acks;
        } else if (frame.status == 412 &&
                   cs_json_get(frame.payload, CS_VIEW("seq_num_mismatch"), &text) == CS_OK &&
                   cs_view_u64(text, &next) == CS_OK && next >= first) {
            stored = (size_t)(next - first);
        } else if (frame.status != 503) {
            soak_wrong(soak, "an append session ended in %d", frame.status);
        }
    }
    if (step == CS_S2S_BAD) {
        soak_wrong(soak, "an append session's answer is no frames");
    }
    cs_s2s_reader_free(&reader);
    return stored;
}

bool soak_writer_append(struct soak *soak, struct soak_writer *writer,
                        const struct cs_record *records, size_t n)
{
    const char *const lines[] = {writer->token.ptr, writer->basin.ptr, "Content-Type: s2s/proto"};
    struct cs_buf frames = CS_BUF(FRAMES_MAX);
    size_t done = 0;
    for (unsigned i = 0; i < TRIES_MAX && done < n; i++) {
        cs_buf_clear(&frames);
        for (size_t at = done; at < n; at++) {
            put_frame(&frames, &records[at], writer->n_written + at);
        }
        const struct cs_http_request request = {.method = "POST",
                                                .url = writer->url.ptr,
                                                .headers = lines,
                                                .n_headers = 3,
                                                .body = cs_buf_view(&frames),
                                                .has_body = true,
                                                .http2 = true};
        struct cs_exchange *exchange =
            cs_buf_error(&frames) == CS_OK ? cs_http_start(soak->http, &request) : NULL;
        if (exchange) {
            bool ended = cs_exchange_wait_end(exchange, SOAK_WAIT_MS) == CS_OK;
            size_t acks = 0;
            done += stored_by(soak, cs_exchange_body(exchange), writer->n_written + done, &acks);
            soak->counts.s2s_acks += acks;
            soak->counts.s2s_again += !ended || done < n;
        }
        cs_exchange_free(exchange);
    }
    cs_buf_free(&frames);
    writer->n_written += n;
    return done == n;
}
