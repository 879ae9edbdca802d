/* The platform that the agent talks to: the reference endpoint, watched through its tap. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"
#include "net/http_client.h"
#include "endpoint/play.h"

#define MAX_SHOWN_HEAD ((size_t)256 * 1024)

/* ---- watching ---- */

static struct cs_view kept_view(struct ak *ak, struct cs_view text)
{
    char *copy = cs_arena_string(&ak->arena, text);
    ak->no_memory = ak->no_memory || !copy;
    return cs_view_of(copy ? copy : "", copy ? text.len : 0);
}

static void on_request(void *ctx, const struct cs_tap_request *told)
{
    struct ak *ak = ctx;
    struct ak_request *request = cs_arena_alloc(&ak->arena, sizeof *request);
    struct cs_header *headers = cs_arena_alloc(&ak->arena, (told->n_headers + 1) * sizeof *headers);
    if (!request || !headers) {
        ak->no_memory = true;
        return;
    }
    for (size_t i = 0; i < told->n_headers; i++) {
        headers[i] = (struct cs_header){kept_view(ak, told->headers[i].name),
                                        kept_view(ak, told->headers[i].value)};
    }
    *request = (struct ak_request){
        .number = told->number,
        .method = kept_view(ak, told->method).ptr,
        .path = kept_view(ak, told->target).ptr,
        .headers = headers,
        .n_headers = told->n_headers,
        .body = kept_view(ak, told->body),
        .at_ms = told->at_ms,
        .connection = told->connection,
    };
    ak_note_request(ak, request);
    if (!ak->talk.over) {
        char title[160];
        snprintf(title, sizeof title, "%.8s %.110s at %lld ms", request->method, request->path,
                 (long long)told->at_ms);
        struct cs_buf text = CS_BUF(told->body.len + MAX_SHOWN_HEAD);
        cs_tap_request_text(told, &text);
        cs_case_evidence(ak->run, "request", title, cs_buf_view(&text));
        cs_buf_free(&text);
    }
    cs_loop_stop(ak->loop);
}

static void show_answer(struct ak *ak, const struct ak_request *request)
{
    if (!ak->talk.over) {
        char title[160];
        char status[16] = "none";
        if (request->status != 0) {
            snprintf(status, sizeof status, "%d", request->status);
        }
        snprintf(title, sizeof title, "%s to %.8s %.110s", status, request->method, request->path);
        cs_case_evidence(ak->run, "response", title, CS_VIEW(""));
    }
}

static void on_answer(void *ctx, const struct cs_tap_answer *answer)
{
    struct ak *ak = ctx;
    for (size_t i = ak->requests.n; i > 0; i--) {
        struct ak_request *request = ((struct ak_request **)ak->requests.items)[i - 1];
        if (request->number == answer->number) {
            request->status = answer->status;
            show_answer(ak, request);
            break;
        }
    }
    cs_loop_stop(ak->loop);
}

static void show_record(struct ak *ak, const char *stream, const struct cs_record *record)
{
    struct cs_buf text = CS_BUF((size_t)64 * 1024);
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_printf(&text, "%.*s: %.*s\n", CS_VIEW_ARG(record->headers[i].name),
                      CS_VIEW_ARG(record->headers[i].value));
    }
    cs_buf_append(&text, record->body.ptr, record->body.len < 4096 ? record->body.len : 4096);
    char title[160];
    snprintf(title, sizeof title, "record %llu of %.120s", (unsigned long long)record->seq_num,
             stream);
    cs_case_evidence(ak->run, "event", title, cs_buf_view(&text));
    cs_buf_free(&text);
}

static void on_records(void *ctx, const struct cs_tap_records *told)
{
    struct ak *ak = ctx;
    const struct cs_tap_stream *stream = &told->stream;
    bool side = stream->channel.len > 0;
    struct cs_buf text = CS_BUF(4096);
    cs_buf_printf(&text, "%.*s%s%.*s/%s", CS_VIEW_ARG(stream->key), side ? "/channels/" : "",
                  CS_VIEW_ARG(stream->channel), stream->io == CS_IO_OUT ? "out" : "in");
    const char *name = kept_view(ak, cs_buf_view(&text)).ptr;
    cs_buf_free(&text);
    for (size_t i = 0; i < told->n_records; i++) {
        ak_note_record(ak, name, &told->records[i], told->at_ms, ak->seeding);
        if (!ak->talk.over) {
            show_record(ak, name, &told->records[i]);
        }
    }
    cs_loop_stop(ak->loop);
}

/* The chat's .in, and the stream that a case watches beside it. */
static void count_reader(struct ak *ak, const struct cs_tap_stream *stream, size_t change)
{
    const char *watched = ak->watched;
    const char *io = stream->io == CS_IO_OUT ? "/out" : "/in";
    if (stream->channel.len > 0) {
        return;
    }
    if (stream->io == CS_IO_IN && cs_view_eq(stream->key, cs_view_str(ak->chat))) {
        ak->n_readers += change;
    }
    if (watched && strlen(watched) == stream->key.len + strlen(io) &&
        strncmp(watched, stream->key.ptr, stream->key.len) == 0 &&
        strcmp(watched + stream->key.len, io) == 0) {
        ak->n_watching += change;
    }
}

static void on_subscribed(void *ctx, const struct cs_tap_reader *reader)
{
    struct ak *ak = ctx;
    count_reader(ak, &reader->stream, 1);
    cs_loop_stop(ak->loop);
}

static void on_unsubscribed(void *ctx, const struct cs_tap_reader *reader)
{
    struct ak *ak = ctx;
    count_reader(ak, &reader->stream, (size_t)-1);
    cs_loop_stop(ak->loop);
}

static void on_run(void *ctx, const struct cs_tap_run *run)
{
    struct ak *ak = ctx;
    struct ak_trigger *trigger = cs_arena_alloc(&ak->arena, sizeof *trigger);
    if (!trigger) {
        ak->no_memory = true;
        return;
    }
    *trigger = (struct ak_trigger){
        .run_id = kept_view(ak, cs_view_str(run->id)).ptr,
        .key = kept_view(ak, run->key).ptr,
        .task = kept_view(ak, cs_view_str(run->task ? run->task : "")).ptr,
        .payload = kept_view(ak, cs_view_str(run->payload ? run->payload : "{}")).ptr,
    };
    ak->no_memory = ak->no_memory || !ak_push(&ak->triggers, trigger, AK_MAX_REQUESTS);
    cs_loop_stop(ak->loop);
}

static void on_waitpoint(void *ctx, const struct cs_tap_waitpoint *told)
{
    struct ak *ak = ctx;
    struct ak_waitpoint *waitpoint = NULL;
    for (size_t i = 0; i < ak->waitpoints.n && !waitpoint; i++) {
        struct ak_waitpoint *one = ((struct ak_waitpoint **)ak->waitpoints.items)[i];
        waitpoint = strcmp(one->id, told->id) == 0 ? one : NULL;
    }
    if (!waitpoint) {
        waitpoint = cs_arena_alloc(&ak->arena, sizeof *waitpoint);
        if (!waitpoint || !ak_push(&ak->waitpoints, waitpoint, AK_MAX_REQUESTS)) {
            ak->no_memory = true;
            return;
        }
        waitpoint->id = kept_view(ak, cs_view_str(told->id)).ptr;
        waitpoint->run_id = kept_view(ak, cs_view_str(told->run_id)).ptr;
    }
    waitpoint->state = told->state;
    if (told->state == CS_WAITPOINT_DONE && !waitpoint->woken) {
        waitpoint->output = kept_view(ak, told->output).ptr;
        waitpoint->is_error = told->is_error;
        if (!ak->holds_wakes && !ak->talk.over) {
            ak_wake_worker(ak, waitpoint, waitpoint->output, waitpoint->is_error);
        }
    }
    cs_loop_stop(ak->loop);
}

/* ---- beginning and end ---- */

void ak_start_platform(struct ak *ak)
{
    ak->tap = (struct cs_tap){
        .ctx = ak,
        .on_request = on_request,
        .on_answer = on_answer,
        .on_records = on_records,
        .on_subscribed = on_subscribed,
        .on_unsubscribed = on_unsubscribed,
        .on_run = on_run,
        .on_waitpoint = on_waitpoint,
    };
    const struct cs_endpoint_config config = {.tap = &ak->tap, .no_agent = true, .quiet = true};
    struct cs_diag diag = {0};
    if (cs_endpoint_start(ak->loop, &config, &ak->platform, &diag) != CS_OK) {
        cs_case_error(ak->run, "the platform does not start: %s", diag.text);
    }
    ak->started_ms = cs_now_ms();
}

void ak_stop_platform(struct ak *ak)
{
    cs_endpoint_stop(ak->platform);
    ak->platform = NULL;
}

const char *ak_url(const struct ak *ak)
{
    return cs_endpoint_url(ak->platform);
}

int64_t ak_now(const struct ak *ak)
{
    return cs_now_ms() - ak->started_ms;
}

void ak_fault(struct ak *ak, const char *rule)
{
    struct cs_diag diag = {0};
    if (cs_endpoint_fault(ak->platform, rule, &diag) != CS_OK) {
        cs_case_error(ak->run, "the case's fault \"%s\" is wrong: %s", rule, diag.text);
    }
    cs_case_evidence(ak->run, "note", "the platform's fault", cs_view_str(rule));
}

/* ---- sessions ---- */

static void check(struct ak *ak, enum cs_err err, const char *what, const struct cs_diag *diag)
{
    if (err != CS_OK) {
        cs_case_error(ak->run, "%s cannot be made: %s %s", what, cs_err_name(err),
                      diag ? diag->text : "");
    }
}

static void need_session(struct ak *ak, const char *agent)
{
    if (ak->has_session) {
        return;
    }
    ak->has_session = true;
    struct cs_diag diag = {0};
    const char *body =
        ak_quotes(ak, ak_text(ak,
                              "{'type':'chat.agent','externalId':'%s','taskIdentifier':'%s',"
                              "'triggerConfig':{'basePayload':{'chatId':'%s'}}}",
                              ak->chat, agent, ak->chat));
    check(ak, cs_play_session(ak->platform, cs_view_str(body), NULL, &diag), "the session", &diag);
}

const char *ak_new_run(struct ak *ak, const char *agent)
{
    char id[CS_PLAY_ID_SIZE];
    need_session(ak, agent);
    check(ak, cs_play_run(ak->platform, ak->chat, NULL, id), "the run", NULL);
    return ak_text(ak, "%s", id);
}

void ak_set_session(struct ak *ak, const char *trigger_config)
{
    struct cs_diag diag = {0};
    need_session(ak, "plain");
    check(ak,
          cs_play_config(ak->platform, ak->chat, cs_view_str(ak_quotes(ak, trigger_config)), &diag),
          "the session's config", &diag);
}

void ak_mark_answers(struct ak *ak, const char *header, const char *value)
{
    check(ak, cs_play_header(ak->platform, header, value), "the header", NULL);
}

void ak_next_continue(struct ak *ak, int status, bool pending_version, bool lost)
{
    const struct cs_play_continue next = {
        .status = status, .pending_version = pending_version, .lost = lost};
    cs_play_next_continue(ak->platform, &next);
}

void ak_cut(struct ak *ak)
{
    check(ak, cs_play_cut(ak->platform, ak->chat), "the cut", NULL);
}

/* ---- records ---- */

uint64_t ak_append_to(struct ak *ak, const char *channel, const char *part_id, const char *text)
{
    const struct cs_play_place place = {ak->chat, channel, CS_IO_IN};
    uint64_t seq = 0;
    check(ak, cs_play_append(ak->platform, &place, cs_view_str(text), part_id, &seq), "the record",
          NULL);
    return seq;
}

uint64_t ak_append(struct ak *ak, const char *json)
{
    cJSON *value = ak_parse(ak, json);
    const char *text = ak_print(ak, value);
    cJSON_Delete(value);
    return ak_append_to(ak, NULL, NULL, text);
}

#define MAX_SEED_HEADERS 16

/* "name=value name=value" */
static size_t read_headers(struct ak *ak, const char *text, struct cs_header *headers)
{
    size_t n = 0;
    char *state = NULL;
    char *words = ak_keep(ak, cs_view_str(text));
    for (char *word = strtok_r(words, " ", &state); word && n < MAX_SEED_HEADERS;
         word = strtok_r(NULL, " ", &state)) {
        char *value = strchr(word, '=');
        if (!value) {
            cs_case_error(ak->run, "the case's own headers are wrong: %s", text);
        }
        *value = '\0';
        headers[n++] = (struct cs_header){cs_view_str(word), cs_view_str(value + 1)};
    }
    return n;
}

uint64_t ak_seed_records(struct ak *ak, bool out, const struct cs_record *record)
{
    const struct cs_play_place place = {ak->chat, NULL, out ? CS_IO_OUT : CS_IO_IN};
    uint64_t seq = 0;
    ak->seeding = true;
    enum cs_err err = cs_play_records(ak->platform, &place, record, 1, &seq);
    ak->seeding = false;
    check(ak, err, "the record", NULL);
    return seq;
}

uint64_t ak_seed_chunk(struct ak *ak, const char *chunk)
{
    cJSON *value = ak_parse(ak, chunk);
    const char *body =
        ak_text(ak, "{\"data\":%s,\"id\":\"seed%03zu\"}", ak_print(ak, value), ak->stored.n % 1000);
    cJSON_Delete(value);
    const struct cs_record record = {
        .body = cs_view_str(body), .has_body = true, .has_headers = true};
    return ak_seed_records(ak, true, &record);
}

uint64_t ak_seed_control(struct ak *ak, bool out, const char *text)
{
    struct cs_header headers[MAX_SEED_HEADERS];
    const struct cs_record record = {.headers = headers,
                                     .n_headers = read_headers(ak, text, headers),
                                     .kind = CS_RECORD_CONTROL,
                                     .has_body = true,
                                     .has_headers = true};
    return ak_seed_records(ak, out, &record);
}

/* ---- snapshots ---- */

void ak_seed_snapshot(struct ak *ak, const char *text)
{
    need_session(ak, "plain");
    check(ak, cs_play_snapshot_put(ak->platform, ak->chat, cs_view_str(text)), "the snapshot",
          NULL);
}

const char *ak_snapshot(struct ak *ak)
{
    struct cs_view bytes;
    return cs_play_snapshot_get(ak->platform, ak->chat, &bytes) == CS_OK ? ak_keep(ak, bytes)
                                                                         : NULL;
}

void ak_forget_snapshot(struct ak *ak)
{
    check(ak, cs_play_snapshot_remove(ak->platform, ak->chat), "the removal", NULL);
}
