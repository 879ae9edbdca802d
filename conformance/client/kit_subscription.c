/* A bare subscription: the reader below a client, with every part of the stream as it comes. Where
 * an adapter drives no such client, the case is skipped. */
#include "conformance/client/kit_subscription.h"

#include "conformance/client/kit_internal.h"

static const char kind_name[] = "subscription";

/* hello lists the commands of each kind apart, where there are several kinds. */
static bool offers(const struct ck *ck, const char *command)
{
    const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(ck->adapter->hello, "kinds");
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(kinds, kind_name))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, command) == 0) {
            return true;
        }
    }
    return false;
}

static void need_kind(struct ck *ck, const char *command)
{
    if (!offers(ck, command)) {
        cs_case_skip(ck->run, "the adapter does not offer the command \"%s\" of the kind \"%s\"",
                     command, kind_name);
    }
}

/* A command of that name and of these members (JSON). */
static int say(struct ck *ck, const char *name, const char *members)
{
    cJSON *command = cJSON_Parse(members);
    if (!command || !cJSON_AddStringToObject(command, "command", name)) {
        cJSON_Delete(command);
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", members);
    }
    return ck_command(ck, command);
}

static bool answered(struct ck *ck, const void *arg)
{
    int id = *(const int *)arg;
    return ck_event(ck, id, "ok", 0) || ck_event(ck, id, "fail", 0) ||
           ck_event(ck, id, "unsupported", 0);
}

static const cJSON *obeyed(struct ck *ck, const char *name, const char *members)
{
    int id = say(ck, name, members);
    ck_wait(ck, answered, &id, "answer the command \"%s\"", name);
    const cJSON *ok = ck_event(ck, id, "ok", 0);
    if (!ok) {
        cs_case_fail(ck->run, "the client refused to %s", name);
    }
    return cJSON_GetObjectItemCaseSensitive(ok, "value");
}

void ck_sub_open(struct ck *ck, const char *options_json)
{
    need_kind(ck, "read");
    (void)obeyed(ck, "open",
                 ck_text(ck,
                         "{\"kind\":\"%s\",\"options\":%s,"
                         "\"url\":\"%s/realtime/v1/sessions/%s/out\","
                         "\"headers\":{\"Authorization\":\"Bearer %s\"}}",
                         kind_name, options_json, cs_scripted_url(ck->server), ck->chat,
                         ck_token(ck, "P1")));
}

int ck_sub_read(struct ck *ck)
{
    return say(ck, "read", "{}");
}

int ck_sub_read_paused(struct ck *ck)
{
    need_kind(ck, "read");
    return say(ck, "read", "{\"paused\":true}");
}

void ck_sub_retry_now(struct ck *ck)
{
    need_kind(ck, "retry-now");
    (void)obeyed(ck, "retry-now", "{}");
}

void ck_sub_force_reconnect(struct ck *ck)
{
    need_kind(ck, "force-reconnect");
    (void)obeyed(ck, "force-reconnect", "{}");
}

const char *ck_sub_settled(struct ck *ck)
{
    need_kind(ck, "status");
    const cJSON *settled = cJSON_GetObjectItemCaseSensitive(obeyed(ck, "status", "{}"), "settled");
    return cJSON_IsBool(settled) ? (cJSON_IsTrue(settled) ? "true" : "false") : "not told";
}

void ck_sub_cancel(struct ck *ck, int stream)
{
    (void)obeyed(ck, "cancel", ck_text(ck, "{\"target\":%d}", stream));
}

void ck_sub_resume(struct ck *ck, int stream)
{
    (void)obeyed(ck, "resume", ck_text(ck, "{\"target\":%d}", stream));
}

void ck_sub_close(struct ck *ck)
{
    (void)obeyed(ck, "close", ck_text(ck, "{\"chat\":\"%s\"}", ck->chat));
}

void ck_sub_seed_cursor(struct ck *ck, const char *cursor)
{
    (void)obeyed(ck, "seed-cursor",
                 ck_text(ck, "{\"chat\":\"%s\",\"cursor\":\"%s\"}", ck->chat, cursor));
}

void ck_sub_heavy(struct ck *ck)
{
    ck->heavy = true;
}

double ck_sub_memory(struct ck *ck)
{
    const cJSON *value = obeyed(ck, "memory", "{}");
    if (!cJSON_IsNumber(value)) {
        cs_case_fail(ck->run, "the adapter does not tell the memory as a number");
    }
    return value->valuedouble;
}

/* ---- what came ---- */

const cJSON *ck_sub_next_chunk(const struct ck *ck, int stream, size_t *at)
{
    while (*at < ck->n_events) {
        const cJSON *event = ck->events[(*at)++];
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(event, "id");
        const cJSON *chunk = cJSON_GetObjectItemCaseSensitive(event, "chunk");
        if (chunk && cJSON_IsNumber(id) && id->valueint == stream) {
            return chunk;
        }
    }
    return NULL;
}

size_t ck_sub_count(const struct ck *ck, int stream)
{
    size_t n = 0;
    for (size_t at = 0; ck_sub_next_chunk(ck, stream, &at);) {
        n++;
    }
    return n;
}

const char *ck_sub_delta(const cJSON *chunk)
{
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(chunk, "chunk");
    const char *delta =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(inner ? inner : chunk, "delta"));
    return delta ? delta : "";
}

const char *ck_sub_deltas(struct ck *ck, int stream)
{
    struct cs_buf text = CS_BUF(CK_MAX_TEXT);
    const cJSON *chunk;
    for (size_t at = 0; (chunk = ck_sub_next_chunk(ck, stream, &at));) {
        cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", ck_sub_delta(chunk));
    }
    const char *kept = ck_keep(ck, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

static bool is_complete(struct ck *ck, const void *arg)
{
    (void)ck;
    return ((const struct cs_logged *)arg)->ended;
}

void ck_sub_wait_sent(struct ck *ck, const struct cs_logged *request)
{
    ck_wait(ck, is_complete, request, "take the whole answer to %s#%llu",
            cs_target_name(request->target), (unsigned long long)request->number);
}

struct event_wait {
    const char *type;
    size_t n;
};

static bool has_told(struct ck *ck, const void *arg)
{
    const struct event_wait *wait = arg;
    return ck_count_events(ck, wait->type) >= wait->n;
}

void ck_sub_wait_event(struct ck *ck, const char *type, size_t n)
{
    struct event_wait wait = {type, n};
    ck_wait(ck, has_told, &wait, "report %zu events \"%s\"", n, type);
}

int64_t ck_sub_wait_long(struct ck *ck, uint64_t number, int64_t limit_ms)
{
    while (!ck_settle_for(ck, CS_TARGET_OUT, number) && ck_now(ck) < limit_ms) {
        /* Longer than what is waited for elsewhere. */
    }
    const struct cs_logged *request = cs_scripted_find(ck->server, CS_TARGET_OUT, number);
    return request ? request->at_ms : -1;
}
