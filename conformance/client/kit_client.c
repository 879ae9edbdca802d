/* What a case can have the client do, and waiting for what it does. */
#include <stdlib.h>

#include "conformance/client/kit_internal.h"

/* ---- commands ---- */

static cJSON *command(struct ck *ck, const char *name)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddStringToObject(object, "command", name) ||
        !cJSON_AddStringToObject(object, "chat", ck->chat)) {
        cJSON_Delete(object);
        ck_no_memory(ck);
    }
    return object;
}

/* Adds a member given as JSON text of our own; nothing when it is NULL. */
static void add_json(struct ck *ck, cJSON *object, const char *name, const char *json)
{
    if (!json) {
        return;
    }
    cJSON *value = cJSON_Parse(json);
    if (!value || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        cJSON_Delete(object);
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", json);
    }
}

static bool answered(struct ck *ck, const void *arg)
{
    int id = *(const int *)arg;
    return ck_event(ck, id, "ok", 0) || ck_event(ck, id, "fail", 0) ||
           ck_event(ck, id, "unsupported", 0);
}

static const cJSON *error_of(const cJSON *event)
{
    return cJSON_GetObjectItemCaseSensitive(event, "error");
}

static const char *message_of(const cJSON *event)
{
    const char *message =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error_of(event), "message"));
    return message ? message : "no reason given";
}

/* Commands that hello does not list are never sent, so this is a broken promise. */
static void refuse_unsupported(struct ck *ck, int id)
{
    const cJSON *event = ck_event(ck, id, "unsupported", 0);
    if (event) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "command"));
        cs_case_fail(ck->run, "the adapter claims the command \"%s\" and does not support it",
                     name ? name : "?");
    }
}

/* The `ok` of a command. */
static const cJSON *need_ok(struct ck *ck, int id, const char *name)
{
    ck->adapter_owes = strcmp(name, "open") == 0 || strcmp(name, "session") == 0;
    ck_wait(ck, answered, &id, "answer the command \"%s\"", name);
    ck->adapter_owes = false;
    refuse_unsupported(ck, id);
    const cJSON *failed = ck_event(ck, id, "fail", 0);
    if (failed) {
        cs_case_fail(ck->run, "the client refused to %s: %s", name, message_of(failed));
    }
    return ck_event(ck, id, "ok", 0);
}

void ck_open_with(struct ck *ck, const char *options_json, bool starter)
{
    cJSON *open = command(ck, "open");
    add_json(ck, open, "options", options_json);
    if (!cJSON_AddStringToObject(open, "task", "scripted-agent") ||
        !cJSON_AddBoolToObject(open, "starter", starter) ||
        !cJSON_AddStringToObject(
            open, "baseUrl",
            ck_text(ck, "%s%s", cs_scripted_url(ck->server), ck->base ? ck->base : ""))) {
        cJSON_Delete(open);
        ck_no_memory(ck);
    }
    (void)need_ok(ck, ck_command(ck, open), "open");
}

void ck_open(struct ck *ck, const char *sessions)
{
    ck_open_with(ck, sessions ? ck_text(ck, "{\"sessions\":%s}", sessions) : "{}", true);
}

int ck_send_messages(struct ck *ck, const char *messages)
{
    cJSON *send = command(ck, "send");
    add_json(ck, send, "messages", messages);
    return ck_command(ck, send);
}

static const char *one_message(struct ck *ck, const char *text)
{
    return ck_text(ck,
                   "[{\"id\":\"u-%s\",\"role\":\"user\","
                   "\"parts\":[{\"type\":\"text\",\"text\":\"%s\"}]}]",
                   text, text);
}

int ck_send(struct ck *ck, const char *text)
{
    return ck_send_messages(ck, one_message(ck, text));
}

int ck_send_with(struct ck *ck, const char *text, const char *members)
{
    cJSON *send = command(ck, "send");
    add_json(ck, send, "messages", one_message(ck, text));
    cJSON *more = cJSON_Parse(members);
    while (more && more->child) {
        cJSON *member = cJSON_DetachItemViaPointer(more, more->child);
        cJSON_AddItemToObject(send, member->string, member);
    }
    cJSON_Delete(more);
    return ck_command(ck, send);
}

int ck_regenerate(struct ck *ck, const char *messages)
{
    cJSON *regenerate = command(ck, "regenerate");
    add_json(ck, regenerate, "messages", messages);
    return ck_command(ck, regenerate);
}

int ck_action_with(struct ck *ck, const char *action_json, const char *metadata)
{
    cJSON *action = command(ck, "action");
    add_json(ck, action, "action", action_json);
    add_json(ck, action, "metadata", metadata);
    return ck_command(ck, action);
}

int ck_action(struct ck *ck, const char *action_json)
{
    return ck_action_with(ck, action_json, NULL);
}

int ck_reconnect(struct ck *ck)
{
    return ck_command(ck, command(ck, "reconnect"));
}

void ck_stop(struct ck *ck)
{
    (void)need_ok(ck, ck_command(ck, command(ck, "stop")), "stop");
}

const char *ck_try_stop(struct ck *ck)
{
    int id = ck_command(ck, command(ck, "stop"));
    ck_wait(ck, answered, &id, "answer the command \"stop\"");
    refuse_unsupported(ck, id);
    const cJSON *ok = ck_event(ck, id, "ok", 0);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ok, "value");
    if (!ok) {
        return "an error";
    }
    return cJSON_IsBool(value) ? (cJSON_IsTrue(value) ? "true" : "false") : "nothing";
}

void ck_abort(struct ck *ck, int stream)
{
    cJSON *abort = command(ck, "abort");
    if (!cJSON_AddNumberToObject(abort, "target", stream)) {
        cJSON_Delete(abort);
        ck_no_memory(ck);
    }
    (void)need_ok(ck, ck_command(ck, abort), "abort");
}

const cJSON *ck_session(struct ck *ck)
{
    const cJSON *ok = need_ok(ck, ck_command(ck, command(ck, "session")), "session");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ok, "value");
    return cJSON_IsObject(value) ? value : NULL;
}

const cJSON *ck_value(struct ck *ck, int id, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(need_ok(ck, id, name), "value");
}

const char *ck_outcome(struct ck *ck, int id)
{
    ck_wait(ck, answered, &id, "answer a command");
    const cJSON *failed = ck_event(ck, id, "fail", 0);
    if (failed) {
        return ck_text(ck, "an error: %s", ck_error_text(ck, error_of(failed)));
    }
    /* A version may lack what the members ask for; then the answer says so. */
    const cJSON *event = ck_event(ck, id, "unsupported", 0);
    const char *what = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "what"));
    if (what) {
        cs_case_skip(ck->run, "this client does not offer the command with its \"%s\"", what);
    }
    refuse_unsupported(ck, id);
    const cJSON *ok = ck_event(ck, id, "ok", 0);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ok, "value");
    return value ? ck_print(ck, value) : "nothing";
}

/* ---- waiting ---- */

int64_t ck_now(const struct ck *ck)
{
    return cs_scripted_now(ck->server);
}

struct request_wait {
    enum cs_target target;
    uint64_t number;
};

static bool has_come(struct ck *ck, const void *arg)
{
    const struct request_wait *wait = arg;
    return cs_scripted_count_of(ck->server, wait->target) >= wait->number;
}

const struct cs_logged *ck_wait_request(struct ck *ck, enum cs_target target, uint64_t number)
{
    struct request_wait wait = {target, number};
    ck_wait(ck, has_come, &wait, "make the request %s#%llu", cs_target_name(target),
            (unsigned long long)number);
    return cs_scripted_find(ck->server, target, number);
}

static bool is_gone(struct ck *ck, const void *arg)
{
    (void)ck;
    return ((const struct cs_logged *)arg)->gone_ms >= 0;
}

void ck_wait_gone(struct ck *ck, const struct cs_logged *request)
{
    ck_wait(ck, is_gone, request, "close the connection of %s#%llu",
            cs_target_name(request->target), (unsigned long long)request->number);
}

struct chunk_wait {
    int stream;
    size_t n;
};

static const cJSON *failure_of(const struct ck *ck, int stream)
{
    const cJSON *failed = ck_event(ck, stream, "fail", 0);
    return failed ? failed : ck_event(ck, stream, "error", 0);
}

static bool is_over(struct ck *ck, int stream)
{
    return ck_event(ck, stream, "end", 0) || failure_of(ck, stream) ||
           ck_event(ck, stream, "unsupported", 0);
}

static bool has_chunks_or_is_over(struct ck *ck, const void *arg)
{
    const struct chunk_wait *wait = arg;
    return ck_event(ck, wait->stream, "chunk", wait->n - 1) || is_over(ck, wait->stream);
}

void ck_wait_chunks(struct ck *ck, int stream, size_t n)
{
    struct chunk_wait wait = {stream, n};
    ck_wait(ck, has_chunks_or_is_over, &wait, "deliver %zu chunks", n);
    if (!ck_event(ck, stream, "chunk", n - 1)) {
        const cJSON *failed = failure_of(ck, stream);
        cs_case_fail(ck->run, "the turn %s before %zu chunks were delivered%s%s",
                     failed ? "failed" : "ended", n, failed ? ": " : "",
                     failed ? message_of(failed) : "");
    }
}

static bool stream_is_over(struct ck *ck, const void *arg)
{
    return is_over(ck, *(const int *)arg);
}

bool ck_wait_over(struct ck *ck, int stream)
{
    ck_wait(ck, stream_is_over, &stream, "end the turn");
    refuse_unsupported(ck, stream);
    return !failure_of(ck, stream);
}

void ck_wait_end(struct ck *ck, int stream)
{
    if (!ck_wait_over(ck, stream)) {
        cs_case_fail(ck->run, "the turn failed: %s", message_of(failure_of(ck, stream)));
    }
}

struct over_or_request {
    int stream;
    struct request_wait request;
};

static bool over_or_come(struct ck *ck, const void *arg)
{
    const struct over_or_request *wait = arg;
    return is_over(ck, wait->stream) || has_come(ck, &wait->request);
}

bool ck_wait_over_or_request(struct ck *ck, int stream, enum cs_target target, uint64_t number)
{
    struct over_or_request wait = {stream, {target, number}};
    ck_wait(ck, over_or_come, &wait, "end the turn or make another request");
    return is_over(ck, stream);
}

bool ck_is_over(struct ck *ck, int stream)
{
    return is_over(ck, stream);
}

const cJSON *ck_wait_error(struct ck *ck, int stream)
{
    ck_wait(ck, stream_is_over, &stream, "tell its caller of the failure");
    refuse_unsupported(ck, stream);
    const cJSON *failed = failure_of(ck, stream);
    if (!failed) {
        cs_case_fail(ck->run, "the client reported success where it should have failed");
    }
    return error_of(failed);
}

bool ck_wait_stream(struct ck *ck, int command_id)
{
    const cJSON *ok = need_ok(ck, command_id, "reconnect");
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(ok, "stream"));
}
