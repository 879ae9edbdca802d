/* A bare subscription: the reader below a client, with every part of the stream as it comes. Where
 * an adapter drives no such client, the case is skipped. */
#include "conformance/client/kit_subscription.h"

#include "conformance/client/kit_internal.h"

static const char kind_name[] = "subscription";

/* A subscription belongs to no chat. */
#define NO_CHAT "\"chat\":null"

static const cJSON *obeyed(struct ck *ck, const char *name, const char *members)
{
    return ck_value(ck, ck_begin(ck, name, members), name);
}

/* A command of subscriptions alone. */
static const cJSON *obeyed_by_kind(struct ck *ck, const char *name)
{
    ck_need_command(ck, kind_name, name);
    return obeyed(ck, name, "{" NO_CHAT "}");
}

void ck_sub_open(struct ck *ck, const char *options_json)
{
    ck_need_command(ck, kind_name, "read");
    (void)obeyed(ck, "open",
                 ck_text(ck,
                         "{" NO_CHAT ",\"kind\":\"%s\",\"options\":%s,"
                         "\"url\":\"%s/realtime/v1/sessions/%s/out\","
                         "\"headers\":{\"Authorization\":\"Bearer %s\"}}",
                         kind_name, options_json, cs_scripted_url(ck->server), ck->chat,
                         ck_token(ck, "P1")));
}

int ck_sub_read(struct ck *ck)
{
    return ck_begin(ck, "read", "{" NO_CHAT "}");
}

int ck_sub_read_paused(struct ck *ck)
{
    ck_need_command(ck, kind_name, "read");
    return ck_begin(ck, "read", "{" NO_CHAT ",\"paused\":true}");
}

void ck_sub_retry_now(struct ck *ck)
{
    (void)obeyed_by_kind(ck, "retry-now");
}

void ck_sub_force_reconnect(struct ck *ck)
{
    (void)obeyed_by_kind(ck, "force-reconnect");
}

const char *ck_sub_settled(struct ck *ck)
{
    const cJSON *settled =
        cJSON_GetObjectItemCaseSensitive(obeyed_by_kind(ck, "status"), "settled");
    return cJSON_IsBool(settled) ? (cJSON_IsTrue(settled) ? "true" : "false") : "not told";
}

void ck_sub_cancel(struct ck *ck, int stream)
{
    (void)obeyed(ck, "cancel", ck_text(ck, "{" NO_CHAT ",\"target\":%d}", stream));
}

void ck_sub_resume(struct ck *ck, int stream)
{
    (void)obeyed(ck, "resume", ck_text(ck, "{" NO_CHAT ",\"target\":%d}", stream));
}

void ck_sub_close(struct ck *ck)
{
    (void)obeyed(ck, "close", NULL);
}

void ck_sub_seed_cursor(struct ck *ck, const char *cursor)
{
    (void)obeyed(ck, "seed-cursor", ck_text(ck, "{\"cursor\":\"%s\"}", cursor));
}

void ck_sub_heavy(struct ck *ck)
{
    ck->heavy = true;
}

double ck_sub_memory(struct ck *ck)
{
    const cJSON *value = obeyed(ck, "memory", "{" NO_CHAT "}");
    if (!cJSON_IsNumber(value)) {
        cs_case_fail(ck->run, "the adapter does not tell the memory as a number");
    }
    return value->valuedouble;
}

/* ---- what came ---- */

const cJSON *ck_sub_next_chunk(const struct ck *ck, int stream, size_t *at)
{
    while (*at < ck->talk.n_events) {
        const cJSON *event = ck->talk.events[(*at)++];
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
