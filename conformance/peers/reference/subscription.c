#include "conformance/peers/reference/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/reference/say.h"
#include "net/http_client.h"
#include "wire/reader.h"

#define MAX_HEADERS 16
#define MAX_HEADER  16384
#define MAX_EVENT   ((size_t)64 * 1024 * 1024)
#define MAX_RECORDS 100000

struct subscription {
    const struct cs_chat_policy *policy;
    struct heed heed;
    struct cs_http *http;
    cJSON *opened; /* the strings of a request live in it */
    cJSON *unread; /* events of a paused stream */
    struct cs_exchange *made;
    int id;
    bool paused;
    bool dropped;
    bool has_cursor;
    uint64_t cursor;
    int64_t delay_ms; /* before the next try */
};

static const cJSON *option(const struct subscription *subscription, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(subscription->opened, "options"), name);
}

static int64_t number(const struct subscription *subscription, const char *name, int64_t preset)
{
    const cJSON *item = option(subscription, name);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : preset;
}

/* ---- saying ---- */

/* An event of the stream: kept back while it is paused. */
static void tell(struct subscription *subscription, cJSON *event)
{
    if (subscription->dropped) {
        cJSON_Delete(event);
    } else if (subscription->paused) {
        cJSON_AddItemToArray(subscription->unread, event);
    } else {
        say(event);
    }
}

static void forget_unread(struct subscription *subscription)
{
    cJSON_Delete(subscription->unread);
    subscription->unread = cJSON_CreateArray();
    if (!subscription->unread) {
        out_of_memory();
    }
}

void subscription_resume(struct subscription *subscription, int id)
{
    cJSON *answer = event_of("ok", id);
    cJSON_AddBoolToObject(answer, "value", true);
    say(answer);
    subscription->paused = false;
    while (cJSON_GetArraySize(subscription->unread) > 0) {
        say(cJSON_DetachItemFromArray(subscription->unread, 0));
    }
}

/* The callback for refusals, which is told whether or not anybody reads the stream. */
static void tell_refused(const struct subscription *subscription)
{
    cJSON *event = cJSON_CreateObject();
    const char *client = text_of(subscription->opened, "client");
    if (!event) {
        out_of_memory();
    }
    cJSON_AddStringToObject(event, "event", "event");
    cJSON_AddStringToObject(event, "client", client ? client : "main");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(event, "content"), "type", "error");
    say(event);
}

/* ---- one connection ---- */

static void heed(void *ctx)
{
    struct subscription *subscription = ctx;
    if (!subscription->dropped && subscription->heed.waiting(subscription->heed.ctx)) {
        subscription->dropped = true;
        if (subscription->made) {
            cs_exchange_cancel(subscription->made);
        }
    }
}

CS_PRINTF(3, 4)
static void add_header(char lines[][MAX_HEADER], size_t *n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (*n < MAX_HEADERS) {
        vsnprintf(lines[(*n)++], MAX_HEADER, fmt, args);
    }
    va_end(args);
}

static void subscribe(struct subscription *subscription)
{
    static char lines[MAX_HEADERS][MAX_HEADER];
    const char *headers[MAX_HEADERS];
    size_t n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(subscription->opened, "headers"))
    {
        add_header(lines, &n, "%s: %s", item->string, cJSON_GetStringValue(item));
    }
    add_header(lines, &n, "Accept: text/event-stream");
    if (subscription->has_cursor) {
        add_header(lines, &n, "Last-Event-ID: %" PRIu64, subscription->cursor);
    }
    bool fixed = subscription->policy->fixed_timeout;
    if (fixed || option(subscription, "timeoutInSeconds")) {
        int64_t seconds = fixed ? 120 : number(subscription, "timeoutInSeconds", 0);
        add_header(lines, &n, "Timeout-Seconds: %" PRId64, seconds);
    }
    for (size_t i = 0; i < n; i++) {
        headers[i] = lines[i];
    }
    struct cs_http_request request = {
        .url = text_of(subscription->opened, "url"), .headers = headers, .n_headers = n};
    subscription->made = cs_http_start(subscription->http, &request);
    if (!subscription->made) {
        out_of_memory();
    }
}

static void deliver(struct subscription *subscription, const struct cs_event *got)
{
    const struct cs_record *record = &got->record;
    int64_t keeps = subscription->policy->batch_keeps;
    if (keeps > 0 && got->index >= (uint64_t)keeps) {
        return;
    }
    subscription->has_cursor = true;
    subscription->cursor = record->seq_num;
    subscription->delay_ms =
        number(subscription, "retryDelayMs", subscription->policy->backoff_first_ms);
    if (record->kind != CS_RECORD_DATA) {
        return;
    }
    cJSON *body = cJSON_ParseWithLength(record->body.ptr, record->body.len);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    if (data) {
        cJSON *event = event_of("chunk", subscription->id);
        cJSON *part = cJSON_AddObjectToObject(event, "chunk");
        cJSON_AddNumberToObject(part, "seq", (double)record->seq_num);
        cJSON_AddItemToObject(part, "chunk", data);
        tell(subscription, event);
    }
    cJSON_Delete(body);
}

/* CS_OK when the body ended cleanly. */
static enum cs_err read_body(struct subscription *subscription)
{
    int64_t max_event = subscription->policy->max_event_bytes;
    const struct cs_reader_limits limits = {.max_event =
                                                max_event > 0 ? (size_t)max_event : MAX_EVENT,
                                            .batch = {.lenient = true, .max_records = MAX_RECORDS}};
    struct cs_reader *reader = cs_reader_new(&limits);
    int64_t silence_ms =
        number(subscription, "stallTimeoutMs", subscription->policy->silence_timeout_ms);
    struct cs_view bytes = {0};
    enum cs_err err;
    enum cs_step step = CS_STEP_MORE;
    while (step != CS_STEP_ERROR &&
           (err = cs_exchange_read(subscription->made, silence_ms, &bytes)) == CS_OK &&
           bytes.len > 0) {
        struct cs_event event;
        while ((step = cs_reader_next(reader, &bytes, &event, NULL)) == CS_STEP_EVENT) {
            if (event.type == CS_EVENT_RECORD) {
                deliver(subscription, &event);
            }
        }
    }
    cs_reader_free(reader);
    return step == CS_STEP_ERROR ? CS_ERR_LIMIT : err;
}

/* A status that says no: what nobody has taken yet goes before the error (CRS-52). */
static void fail(struct subscription *subscription, int status)
{
    if (subscription->policy->lose_unread) {
        forget_unread(subscription);
    }
    tell(subscription,
         error_of("error", subscription->id, "refused", "the server refused it", status));
}

/* True when there is no more to come. */
static bool read_once(struct subscription *subscription)
{
    int64_t patience = subscription->policy->answer_timeout_ms;
    subscribe(subscription);
    enum cs_err err =
        cs_exchange_wait_head(subscription->made, number(subscription, "fetchTimeoutMs", patience));
    int status = err == CS_OK ? cs_exchange_status(subscription->made) : 0;
    bool over = false;
    if (status >= 400 && !subscription->dropped) {
        over = status < 500 && status != 408 && status != 429;
        if (over) {
            fail(subscription, status);
        }
        tell_refused(subscription);
    } else if (status == 200) {
        err = read_body(subscription);
        over = err == CS_OK || err == CS_ERR_LIMIT;
        if (over) {
            tell(subscription, err == CS_OK ? event_of("end", subscription->id)
                                            : error_of("error", subscription->id, "too large",
                                                       "an event is too large", 0));
        }
    }
    cs_exchange_free(subscription->made);
    subscription->made = NULL;
    return over;
}

void subscription_read(struct subscription *subscription, const cJSON *command, int id)
{
    const char *cursor = cJSON_GetStringValue(option(subscription, "lastEventId"));
    int64_t longest = number(subscription, "maxRetryDelayMs", subscription->policy->backoff_max_ms);
    subscription->id = id;
    subscription->paused = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "paused"));
    subscription->has_cursor = cursor != NULL;
    subscription->cursor = cursor ? strtoull(cursor, NULL, 10) : 0;
    subscription->delay_ms =
        number(subscription, "retryDelayMs", subscription->policy->backoff_first_ms);
    forget_unread(subscription);
    say_stream(id, true);
    cs_http_watch(subscription->http, STDIN_FILENO, heed, subscription);
    heed(subscription);
    while (!subscription->dropped && !read_once(subscription)) {
        int64_t until = cs_now_ms() + subscription->delay_ms;
        while (!subscription->dropped && cs_now_ms() < until) {
            cs_http_pump(subscription->http, until - cs_now_ms());
        }
        int64_t next = subscription->delay_ms * 2;
        subscription->delay_ms = next < longest ? next : longest;
    }
    cs_http_watch(subscription->http, -1, NULL, NULL);
}

/* ---- the client ---- */

struct subscription *subscription_open(const cJSON *command, const struct cs_chat_policy *policy,
                                       struct heed heed_commands, int id)
{
    if (!text_of(command, "url")) {
        say_refusal(id, "a subscription has a URL");
        return NULL;
    }
    struct subscription *subscription = calloc(1, sizeof *subscription);
    if (!subscription || !(subscription->http = cs_http_new())) {
        out_of_memory();
    }
    subscription->policy = policy;
    subscription->heed = heed_commands;
    subscription->opened = cJSON_Duplicate(command, true);
    forget_unread(subscription);
    say_plain("ok", id);
    return subscription;
}

void subscription_free(struct subscription *subscription)
{
    if (subscription) {
        cs_http_free(subscription->http);
        cJSON_Delete(subscription->opened);
        cJSON_Delete(subscription->unread);
        free(subscription);
    }
}
