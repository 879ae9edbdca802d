/* The platform of a client case: the reference endpoint, watched through its tap. */
#include "conformance/client/kit_platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "conformance/client/kit_internal.h"
#include "endpoint/endpoint.h"
#include "endpoint/play.h"

#define MAX_SHOWN_HEAD ((size_t)256 * 1024)

#define MAX_REQUESTS 1024
#define MAX_RECORDS  4096

struct ck_platform {
    struct ck *ck;
    struct cs_endpoint *endpoint;
    struct cs_tap tap;
    struct ck_platform_request requests[MAX_REQUESTS];
    size_t n_requests;
    struct ck_platform_record records[MAX_RECORDS];
    size_t n_records;
    size_t next_order;
    size_t n_readers; /* of the chat's .out, now */
    bool ours;        /* what is stored now is the case's own */
    bool full;        /* something could not be kept; told by who waits */
};

/* ---- watching: inside the loop, where nothing may leave by a jump ---- */

static struct cs_view kept(struct ck_platform *platform, struct cs_view text)
{
    char *copy = cs_arena_string(&platform->ck->arena, text);
    platform->full = platform->full || !copy;
    return cs_view_of(copy ? copy : "", copy ? text.len : 0);
}

static const struct cs_header *kept_headers(struct ck_platform *platform,
                                            const struct cs_header *headers, size_t n)
{
    struct cs_header *copies = cs_arena_alloc(&platform->ck->arena, (n + 1) * sizeof *copies);
    platform->full = platform->full || !copies;
    for (size_t i = 0; copies && i < n; i++) {
        copies[i] =
            (struct cs_header){kept(platform, headers[i].name), kept(platform, headers[i].value)};
    }
    return copies;
}

static void show(struct ck_platform *platform, const char *kind, const char *title,
                 struct cs_view bytes)
{
    if (!platform->ck->talk.over) {
        cs_case_evidence(platform->ck->run, kind, title, bytes);
    }
    cs_loop_stop(platform->ck->loop);
}

static void on_request(void *ctx, const struct cs_tap_request *told)
{
    struct ck_platform *platform = ctx;
    if (platform->n_requests == MAX_REQUESTS) {
        platform->full = true;
        return;
    }
    struct cs_buf form = CS_BUF(256);
    cs_buf_printf(&form, "%s%s%.*s", told->form, told->part.len > 0 ? "/" : "",
                  CS_VIEW_ARG(told->part));
    struct ck_platform_request *request = &platform->requests[platform->n_requests++];
    *request = (struct ck_platform_request){
        .form = kept(platform, cs_buf_view(&form)).ptr,
        .order = platform->next_order++,
        .number = told->number,
        .method = kept(platform, told->method).ptr,
        .path = kept(platform, told->target).ptr,
        .headers = kept_headers(platform, told->headers, told->n_headers),
        .n_headers = told->n_headers,
        .body = kept(platform, told->body),
    };
    cs_buf_free(&form);
    if (!request->headers) {
        request->n_headers = 0;
    }
    struct cs_buf text = CS_BUF(told->body.len + MAX_SHOWN_HEAD);
    cs_tap_request_text(told, &text);
    char title[160];
    snprintf(title, sizeof title, "%.8s %.140s", request->method, request->path);
    show(platform, "request", title, cs_buf_view(&text));
    cs_buf_free(&text);
}

static bool is_our_out(const struct ck_platform *platform, const struct cs_tap_stream *stream)
{
    return stream->io == CS_IO_OUT && stream->channel.len == 0 &&
           cs_view_eq(stream->key, cs_view_str(platform->ck->chat));
}

static void on_records(void *ctx, const struct cs_tap_records *told)
{
    struct ck_platform *platform = ctx;
    for (size_t i = 0; is_our_out(platform, &told->stream) && i < told->n_records; i++) {
        const struct cs_record *record = &told->records[i];
        if (platform->n_records == MAX_RECORDS) {
            platform->full = true;
            return;
        }
        const struct cs_header *headers =
            kept_headers(platform, record->headers, record->n_headers);
        platform->records[platform->n_records++] = (struct ck_platform_record){
            .order = platform->next_order++,
            .seq = record->seq_num,
            .kind = record->kind,
            .headers = headers,
            .n_headers = headers ? record->n_headers : 0,
            .body = kept(platform, record->body),
            .ours = platform->ours,
        };
        show(platform, "event", "a record of .out", record->body);
    }
}

static void on_reader(struct ck_platform *platform, const struct cs_tap_reader *reader, bool begins)
{
    if (is_our_out(platform, &reader->stream)) {
        platform->n_readers += begins ? 1 : (size_t)-1;
        cs_loop_stop(platform->ck->loop);
    }
}

static void on_subscribed(void *ctx, const struct cs_tap_reader *reader)
{
    on_reader(ctx, reader, true);
}

static void on_unsubscribed(void *ctx, const struct cs_tap_reader *reader)
{
    on_reader(ctx, reader, false);
}

/* ---- beginning and end ---- */

void ck_platform_start(struct ck *ck)
{
    struct ck_platform *platform = calloc(1, sizeof *platform);
    if (!platform) {
        ck_no_memory(ck);
    }
    ck->platform = platform;
    platform->ck = ck;
    platform->tap = (struct cs_tap){
        .ctx = platform,
        .on_request = on_request,
        .on_records = on_records,
        .on_subscribed = on_subscribed,
        .on_unsubscribed = on_unsubscribed,
    };
    const struct cs_endpoint_config config = {
        .tap = &platform->tap, .secret_key = ck_secret_key(), .no_agent = true, .quiet = true};
    struct cs_diag diag = {0};
    if (cs_endpoint_start(ck->loop, &config, &platform->endpoint, &diag) != CS_OK) {
        cs_case_error(ck->run, "the platform does not start: %s", diag.text);
    }
}

void ck_platform_end(struct ck_platform *platform)
{
    if (platform) {
        if (platform->endpoint) {
            cs_endpoint_stop(platform->endpoint);
        }
        free(platform);
    }
}

const char *ck_platform_url(const struct ck_platform *platform)
{
    return cs_endpoint_url(platform->endpoint);
}

static void check(struct ck *ck, enum cs_err err, const char *what, const struct cs_diag *diag)
{
    if (err != CS_OK) {
        cs_case_error(ck->run, "%s cannot be made: %s %s", what, cs_err_name(err),
                      diag ? diag->text : "");
    }
}

void ck_platform_open(struct ck *ck, const char *kind, const char *members)
{
    ck_platform_start(ck);
    struct cs_diag diag = {0};
    const char *body = ck_text(ck,
                               "{\"type\":\"chat.agent\",\"externalId\":\"%s\","
                               "\"taskIdentifier\":\"t\",\"triggerConfig\":{\"basePayload\":{}}}",
                               ck->chat);
    check(ck, cs_play_session(ck->platform->endpoint, cs_view_str(body), NULL, &diag),
          "the session", &diag);
    ck_open_kind(ck, kind, members);
}

void ck_platform_fault(struct ck *ck, const char *rule)
{
    struct cs_diag diag = {0};
    check(ck, cs_endpoint_fault(ck->platform->endpoint, rule, &diag), "the fault", &diag);
    cs_case_evidence(ck->run, "note", "the platform's fault", cs_view_str(rule));
}

void ck_platform_mark(struct ck *ck, const char *header, const char *value)
{
    check(ck, cs_play_header(ck->platform->endpoint, header, value), "the header", NULL);
}

/* ---- requests ---- */

static const struct ck_platform_request *find(const struct ck *ck, const char *form, size_t n)
{
    for (size_t i = 0; i < ck->platform->n_requests; i++) {
        const struct ck_platform_request *request = &ck->platform->requests[i];
        if (strcmp(request->form, form) == 0 && --n == 0) {
            return request;
        }
    }
    return NULL;
}

size_t ck_platform_count(const struct ck *ck, const char *form)
{
    size_t n = 0;
    while (find(ck, form, n + 1)) {
        n++;
    }
    return n;
}

struct nth {
    const char *form;
    size_t n;
};

static bool is_full(const struct ck *ck)
{
    return ck->platform->full;
}

static bool has_come(struct ck *ck, const void *arg)
{
    const struct nth *wait = arg;
    return is_full(ck) || find(ck, wait->form, wait->n);
}

static void need_room(struct ck *ck)
{
    if (is_full(ck)) {
        cs_case_error(ck->run, "the platform was told more than can be kept");
    }
}

const struct ck_platform_request *ck_platform_wait(struct ck *ck, const char *form, size_t n)
{
    const struct nth wait = {form, n};
    ck_wait(ck, has_come, &wait, "make the request %s#%zu", form, n);
    need_room(ck);
    return find(ck, form, n);
}

const char *ck_platform_header(struct ck *ck, const struct ck_platform_request *request,
                               const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        struct cs_view its = request->headers[i].name;
        if (its.len == strlen(name) && strncasecmp(its.ptr, name, its.len) == 0) {
            return ck_keep(ck, request->headers[i].value);
        }
    }
    return "none";
}

const char *ck_platform_body(struct ck *ck, const struct ck_platform_request *request,
                             const char *path)
{
    cJSON *body = cJSON_ParseWithLength(request->body.ptr, request->body.len);
    const char *text = body ? ck_member(ck, body, path) : "nothing";
    cJSON_Delete(body);
    return text;
}

/* ---- records ---- */

static const struct ck_platform_record *written(const struct ck *ck, size_t n)
{
    for (size_t i = 0; i < ck->platform->n_records; i++) {
        const struct ck_platform_record *record = &ck->platform->records[i];
        if (!record->ours && --n == 0) {
            return record;
        }
    }
    return NULL;
}

size_t ck_platform_written(const struct ck *ck)
{
    size_t n = 0;
    while (written(ck, n + 1)) {
        n++;
    }
    return n;
}

static bool is_written(struct ck *ck, const void *arg)
{
    return is_full(ck) || written(ck, *(const size_t *)arg);
}

const struct ck_platform_record *ck_platform_record(struct ck *ck, size_t n)
{
    ck_wait(ck, is_written, &n, "write %zu records to .out", n);
    need_room(ck);
    return written(ck, n);
}

const char *ck_platform_chunk(struct ck *ck, const struct ck_platform_record *record)
{
    cJSON *envelope = cJSON_ParseWithLength(record->body.ptr, record->body.len);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(envelope, "data");
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(envelope, "id"));
    const char *text = data && id ? ck_print(ck, data) : NULL;
    cJSON_Delete(envelope);
    if (!text) {
        cs_case_fail(ck->run, "record %llu of .out is no data record",
                     (unsigned long long)record->seq);
    }
    return text;
}

/* ---- the agent's part ---- */

static uint64_t put(struct ck *ck, const struct cs_record *record)
{
    const struct cs_play_place place = {ck->chat, NULL, CS_IO_OUT};
    uint64_t seq = 0;
    ck->platform->ours = true;
    enum cs_err err = cs_play_records(ck->platform->endpoint, &place, record, 1, &seq);
    ck->platform->ours = false;
    check(ck, err, "the record", NULL);
    return seq;
}

uint64_t ck_platform_put_chunk(struct ck *ck, const char *chunk)
{
    const char *body =
        ck_text(ck, "{\"data\":%s,\"id\":\"agent%02zu\"}", chunk, ck->platform->n_records % 100);
    const struct cs_record record = {
        .body = cs_view_str(body), .has_body = true, .has_headers = true};
    return put(ck, &record);
}

uint64_t ck_platform_put_control(struct ck *ck, const char *subtype)
{
    struct cs_header header = {CS_VIEW("trigger-control"), cs_view_str(subtype)};
    const struct cs_record record = {.headers = &header,
                                     .n_headers = 1,
                                     .kind = CS_RECORD_CONTROL,
                                     .has_body = true,
                                     .has_headers = true};
    return put(ck, &record);
}

static bool is_read(struct ck *ck, const void *arg)
{
    (void)arg;
    return ck->platform->n_readers > 0;
}

static bool is_left(struct ck *ck, const void *arg)
{
    (void)arg;
    return ck->platform->n_readers == 0;
}

void ck_platform_wait_reader(struct ck *ck)
{
    ck_wait(ck, is_read, NULL, "read .out");
}

void ck_platform_wait_no_reader(struct ck *ck)
{
    ck_wait(ck, is_left, NULL, "leave .out");
}
