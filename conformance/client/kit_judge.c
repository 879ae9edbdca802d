/* Judgements about what the client put on the wire and what it delivered. */
#include <stdlib.h>

#include "conformance/client/kit_internal.h"

static const char *request_name(struct ck *ck, const struct cs_logged *request)
{
    return ck_text(ck, "%s#%llu", cs_target_name(request->target),
                   (unsigned long long)request->number);
}

static uint64_t n_not_found(const struct ck *ck)
{
    uint64_t n = 0;
    for (size_t i = 0; i < cs_scripted_count(ck->server); i++) {
        const struct cs_logged *request = cs_scripted_request(ck->server, i);
        n += request->target == CS_TARGET_APP && request->status == 404;
    }
    return n;
}

void ck_expect_counts(struct ck *ck, uint64_t appends, uint64_t subscriptions)
{
    size_t unexpected = cs_scripted_unexpected(ck->server);
    for (size_t i = 0; unexpected > 0 && i < cs_scripted_count(ck->server); i++) {
        const struct cs_logged *request = cs_scripted_request(ck->server, i);
        if (request->unexpected) {
            cs_case_fail(ck->run, "the client made a request that it should not make: %.*s %.*s",
                         CS_VIEW_ARG(request->method), CS_VIEW_ARG(request->path));
        }
    }
    const struct {
        enum cs_target target;
        uint64_t expected;
        const char *what;
    } rows[] = {{CS_TARGET_APP, appends, "appends"},
                {CS_TARGET_OUT, subscriptions, "subscriptions to .out"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t actual = cs_scripted_count_of(ck->server, rows[i].target);
        if (actual != rows[i].expected) {
            cs_case_fail_diff(ck->run, ck_text(ck, "%llu", (unsigned long long)rows[i].expected),
                              ck_text(ck, "%llu", (unsigned long long)actual),
                              "the number of %s is not right", rows[i].what);
        }
    }
    /* One to begin with, and one for each append that found no session. */
    uint64_t creates = cs_scripted_count_of(ck->server, CS_TARGET_CREATE);
    if (creates > 1 + n_not_found(ck)) {
        cs_case_fail(ck->run, "the session was created %llu times", (unsigned long long)creates);
    }
}

void ck_expect_path(struct ck *ck, const struct cs_logged *request, const char *path)
{
    if (!cs_view_eq(request->path, cs_view_str(path))) {
        cs_case_fail_diff(ck->run, path, ck_keep(ck, request->path), "the path of %s is not right",
                          request_name(ck, request));
    }
}

const char *ck_need_header(struct ck *ck, const struct cs_logged *request, const char *name)
{
    const struct cs_header *header = cs_logged_header(request, name);
    if (!header) {
        cs_case_fail(ck->run, "%s carries no %s header", request_name(ck, request), name);
    }
    return ck_keep(ck, header->value);
}

void ck_expect_header(struct ck *ck, const struct cs_logged *request, const char *name,
                      const char *value)
{
    const struct cs_header *header = cs_logged_header(request, name);
    if (!value) {
        if (header) {
            cs_case_fail_diff(ck->run, "no such header", ck_keep(ck, header->value),
                              "%s must not carry %s", request_name(ck, request), name);
        }
        return;
    }
    const char *actual = ck_need_header(ck, request, name);
    if (strcmp(actual, value) != 0) {
        cs_case_fail_diff(ck->run, value, actual, "%s on %s is not right", name,
                          request_name(ck, request));
    }
}

void ck_expect_bearer(struct ck *ck, const struct cs_logged *request, const char *token_name)
{
    const char *actual = ck_need_header(ck, request, "Authorization");
    const char *expected = ck_token(ck, token_name);
    struct cs_view token = cs_view_str(actual);
    static const char scheme[] = "Bearer ";
    if (strncmp(actual, scheme, sizeof scheme - 1) != 0) {
        cs_case_fail_diff(ck->run, "Bearer <token>", actual, "Authorization on %s has no Bearer",
                          request_name(ck, request));
    }
    token = cs_view_of(token.ptr + sizeof scheme - 1, token.len - (sizeof scheme - 1));
    if (!cs_view_eq(token, cs_view_str(expected))) {
        const char *name = ck_token_name(ck, token);
        cs_case_fail(ck->run, "%s carries %s%s and not the token %s", request_name(ck, request),
                     name ? "the token " : "a token that it was never given", name ? name : "",
                     token_name);
    }
}

/* ---- bodies ---- */

const cJSON *ck_at_path(const cJSON *value, const char *path)
{
    while (value && *path) {
        size_t len = strcspn(path, ".");
        char key[64];
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        value = cJSON_GetObjectItemCaseSensitive(value, key);
        path += len + (path[len] == '.');
    }
    return value;
}

const char *ck_print(struct ck *ck, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    if (!text) {
        ck_no_memory(ck);
    }
    const char *kept = ck_keep(ck, cs_view_str(text));
    cJSON_free(text);
    return kept;
}

void ck_expect_body(struct ck *ck, const struct cs_logged *request, const char *path,
                    const char *json)
{
    cJSON *body = cJSON_ParseWithLength(request->body.ptr, request->body.len);
    if (!body) {
        cs_case_fail(ck->run, "the body of %s is not JSON", request_name(ck, request));
    }
    const cJSON *actual = ck_at_path(body, path);
    cJSON *expected = json ? cJSON_Parse(json) : NULL;
    if (json && !expected) {
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", json);
    }
    bool equal = expected ? actual && cJSON_Compare(actual, expected, true) : !actual;
    const char *shown = equal ? NULL : actual ? ck_print(ck, actual) : "nothing";
    cJSON_Delete(expected);
    cJSON_Delete(body);
    if (!equal) {
        cs_case_fail_diff(ck->run, json ? json : "nothing", shown,
                          "\"%s\" in the body of %s is not right", *path ? path : "everything",
                          request_name(ck, request));
    }
}

void ck_expect_never_sent(struct ck *ck, const char *text, const char *what)
{
    for (size_t i = 0; i < cs_scripted_count(ck->server); i++) {
        const struct cs_logged *request = cs_scripted_request(ck->server, i);
        if (cs_view_find(request->head, cs_view_str(text)) != SIZE_MAX ||
            cs_view_find(request->body, cs_view_str(text)) != SIZE_MAX) {
            cs_case_fail(ck->run, "%s holds %s", request_name(ck, request), what);
        }
    }
}

/* ---- what was delivered ---- */

/* The chunks as text: deltas by their text, anything else as JSON, if `all`. */
static const char *delivered(struct ck *ck, int stream, bool all)
{
    struct cs_buf text = CS_BUF(CK_MAX_TEXT);
    const cJSON *event;
    for (size_t n = 0; (event = ck_event(ck, stream, "chunk", n)); n++) {
        const cJSON *chunk = cJSON_GetObjectItemCaseSensitive(event, "chunk");
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        const char *delta = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "delta"));
        bool is_delta = type && delta && strcmp(type, "text-delta") == 0;
        if (!is_delta && !all) {
            continue;
        }
        if (text.len > 0) {
            cs_buf_char(&text, ' ');
        }
        cs_buf_str(&text, is_delta ? delta : chunk ? ck_print(ck, chunk) : "nothing");
    }
    const char *kept = ck_keep(ck, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

const char *ck_delivered(struct ck *ck, int stream)
{
    return delivered(ck, stream, true);
}

static void expect_delivered(struct ck *ck, const char *actual, const char *deltas)
{
    if (strcmp(actual, deltas) != 0) {
        cs_case_fail_diff(ck->run, deltas, actual, "what the client delivered is not right");
    }
}

void ck_expect_deltas(struct ck *ck, int stream, const char *deltas)
{
    expect_delivered(ck, delivered(ck, stream, true), deltas);
}

void ck_expect_texts(struct ck *ck, int stream, const char *deltas)
{
    expect_delivered(ck, delivered(ck, stream, false), deltas);
}

void ck_expect_chunk(struct ck *ck, int stream, size_t n, const char *json)
{
    const cJSON *event = ck_event(ck, stream, "chunk", n);
    const cJSON *chunk = cJSON_GetObjectItemCaseSensitive(event, "chunk");
    cJSON *expected = cJSON_Parse(json);
    bool equal = expected && chunk && cJSON_Compare(chunk, expected, true);
    cJSON_Delete(expected);
    if (!expected) {
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", json);
    }
    if (!equal) {
        cs_case_fail_diff(ck->run, json, chunk ? ck_print(ck, chunk) : "nothing",
                          "chunk %zu is not what was written", n + 1);
    }
}

struct ck *ck_one_turn(struct cs_case_run *run, unsigned seq, const char *items, const char *deltas)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,%u)\nout#1: OUT{%s}\n", seq, items);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, deltas);
    ck_expect_counts(ck, 1, 1);
    return ck;
}

struct ck *ck_resumed_turn(struct cs_case_run *run, const char *first, size_t n, const char *cursor,
                           const char *second, const char *deltas)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{%s}\nout#2: OUT{%s}\n", first, second);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, n);
    ck_release(ck, "seen");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, deltas);
    if (cursor) {
        ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID", cursor);
    }
    return ck;
}

void ck_expect_asks(struct ck *ck, const char *kind, unsigned n)
{
    bool start = strcmp(kind, "start") == 0;
    unsigned actual = ck->n_asks[start ? CK_ASK_START : CK_ASK_TOKEN];
    if (actual != n) {
        cs_case_fail_diff(ck->run, ck_text(ck, "%u", n), ck_text(ck, "%u", actual),
                          start ? "the number of sessions started is not right"
                                : "how often the client asked for a fresh token is not right");
    }
}
