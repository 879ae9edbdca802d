#include "conformance/peers/reference/head_start.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/reference/say.h"
#include "net/http_client.h"
#include "wire/sse.h"

struct hop {
    const struct head_start *start;
    struct cs_http *http;
    struct cs_exchange *made;
    int id;
    bool dropped;
    const char *token; /* lives in the exchange */
    char *cursor;      /* NULL: not told yet */
};

static void heed(void *ctx)
{
    struct hop *hop = ctx;
    if (!hop->dropped && hop->start->heed.waiting(hop->start->heed.ctx)) {
        hop->dropped = true;
        if (hop->made) {
            cs_exchange_cancel(hop->made);
        }
    }
}

/* ---- the request ---- */

static void copy_member(cJSON *to, const char *name, const cJSON *from)
{
    if (from) {
        cJSON_DeleteItemFromObjectCaseSensitive(to, name);
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(from, true));
    }
}

static char *body_of(const struct head_start *start, const cJSON *command)
{
    const cJSON *more = cJSON_GetObjectItemCaseSensitive(command, "body");
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(command, "messages");
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(start->opened, "options");
    cJSON *body = cJSON_IsObject(more) ? cJSON_Duplicate(more, true) : cJSON_CreateObject();
    copy_member(body, "headStartMessages", messages);
    if (start->policy->hop_last_only) {
        cJSON *list = cJSON_GetObjectItemCaseSensitive(body, "headStartMessages");
        while (cJSON_GetArraySize(list) > 1) {
            cJSON_DeleteItemFromArray(list, 0);
        }
    }
    copy_member(body, "chatId", cJSON_GetObjectItemCaseSensitive(command, "chat"));
    cJSON_AddStringToObject(body, "trigger", "submit-message");
    copy_member(body, "messageId", cJSON_GetObjectItemCaseSensitive(command, "messageId"));
    copy_member(body, "metadata", cJSON_GetObjectItemCaseSensitive(options, "clientData"));
    char *text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    if (!text) {
        out_of_memory();
    }
    return text;
}

static void post(struct hop *hop, const cJSON *command)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(hop->start->opened, "options");
    const char *const headers[] = {"Content-Type: application/json"};
    char *body = body_of(hop->start, command);
    struct cs_http_request request = {.method = "POST",
                                      .url = text_of(options, "headStart"),
                                      .headers = headers,
                                      .n_headers = 1,
                                      .body = cs_view_str(body),
                                      .has_body = true};
    hop->made = cs_http_start(hop->http, &request);
    cJSON_free(body);
    if (!hop->made) {
        out_of_memory();
    }
}

/* ---- the answer ---- */

/* What is known so far becomes the chat's state. */
static void publish(const struct hop *hop, bool streaming)
{
    const struct cs_chat_policy *policy = hop->start->policy;
    cJSON *state = cJSON_CreateObject();
    cJSON_AddBoolToObject(state, "isStreaming", streaming || !policy->hop_complete);
    if (policy->hop_token) {
        cJSON_AddStringToObject(state, "publicAccessToken", hop->token);
    }
    if (hop->cursor && policy->hop_cursor) {
        cJSON_AddStringToObject(state, "lastEventId", hop->cursor);
    }
    char *text = cJSON_PrintUnformatted(state);
    cJSON_Delete(state);
    if (!text || cs_chat_import(hop->start->chat, text) != CS_OK) {
        fputs("the head start's state is not taken\n", stderr);
    }
    cJSON_free(text);
}

static void on_frame(struct hop *hop, const struct cs_sse_event *frame)
{
    cJSON *chunk = cJSON_ParseWithLength(frame->data.ptr, frame->data.len);
    const char *type = text_of(chunk, "type");
    bool completes = type && strcmp(type, "trigger:turn-complete") == 0;
    bool tells = type && strcmp(type, "trigger:session-state") == 0;
    const char *cursor = tells ? text_of(chunk, "lastEventId") : NULL;
    if (cursor) {
        free(hop->cursor);
        hop->cursor = strdup(cursor);
    }
    if (completes) {
        publish(hop, false);
    }
    if (!chunk || ((completes || tells) && !hop->start->policy->hop_shows_frames)) {
        cJSON_Delete(chunk); /* [DONE], or a frame for the client itself */
        return;
    }
    cJSON *event = event_of("chunk", hop->id);
    cJSON_AddItemToObject(event, "chunk", chunk);
    say(event);
}

/* The fault hop_own_framing: frames end with an empty line of LF, and the rest of one is a single
 * line that begins with "data: ". */
static void split_by_hand(struct hop *hop, struct cs_view bytes, struct cs_buf *left)
{
    static const char name[] = "data: ";
    size_t end;
    cs_buf_add(left, bytes);
    while ((end = cs_view_find(cs_buf_view(left), CS_VIEW("\n\n"))) != SIZE_MAX) {
        struct cs_view frame = cs_view_of(left->ptr, end);
        if (cs_view_find(frame, CS_VIEW(name)) == 0) {
            const struct cs_sse_event event = {
                .data = cs_view_of(frame.ptr + sizeof name - 1, frame.len - (sizeof name - 1))};
            on_frame(hop, &event);
        }
        left->len -= end + 2;
        memmove(left->ptr, left->ptr + end + 2, left->len);
    }
}

/* CS_OK when the body ended cleanly. */
static enum cs_err read_frames(struct hop *hop)
{
    struct cs_buf left = CS_BUF((size_t)1024 * 1024);
    struct cs_sse *sse = cs_sse_new(0);
    struct cs_view bytes = {0};
    enum cs_err err;
    while ((err = cs_exchange_read(hop->made, hop->start->policy->silence_timeout_ms, &bytes)) ==
               CS_OK &&
           bytes.len > 0) {
        struct cs_sse_event frame;
        if (hop->start->policy->hop_own_framing) {
            split_by_hand(hop, bytes, &left);
            continue;
        }
        while (!hop->dropped && cs_sse_next(sse, &bytes, &frame, NULL) == CS_STEP_EVENT) {
            on_frame(hop, &frame);
        }
    }
    cs_sse_free(sse);
    cs_buf_free(&left);
    return err;
}

static void read_answer(struct hop *hop)
{
    enum cs_err err = cs_exchange_wait_head(hop->made, hop->start->policy->answer_timeout_ms);
    int status = err == CS_OK ? cs_exchange_status(hop->made) : 0;
    hop->token = cs_exchange_header(hop->made, "X-Trigger-Chat-Access-Token");
    if (hop->dropped) {
        return;
    }
    if (status != 200 || !hop->token) {
        say_error("fail", hop->id, "refused", "the head start brought no session", status);
        return;
    }
    say_stream(hop->id, true);
    publish(hop, true);
    err = read_frames(hop);
    if (hop->dropped) {
        return;
    }
    publish(hop, false);
    if (err == CS_OK) {
        say_plain("end", hop->id);
    } else {
        say_error("error", hop->id, "unreachable", "the answer was lost", 0);
    }
}

void head_start_send(const struct head_start *start, const cJSON *command, int id)
{
    struct hop hop = {.start = start, .http = cs_http_new(), .id = id};
    if (!hop.http) {
        out_of_memory();
    }
    if (start->policy->hop_starts_too) {
        (void)cs_chat_start(start->chat);
    }
    post(&hop, command);
    cs_http_watch(hop.http, STDIN_FILENO, heed, &hop);
    heed(&hop);
    read_answer(&hop);
    cs_exchange_free(hop.made);
    cs_http_free(hop.http);
    free(hop.cursor);
}
