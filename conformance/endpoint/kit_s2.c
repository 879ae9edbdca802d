#include "conformance/endpoint/kit_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_HEADERS 16

const char *ep_s2_url(struct ep *ep)
{
    const struct cs_endpoint_env *env = ep->env;
    if (!env->s2_url && env->has_s2) {
        return ep_text(ep, "%s/v1", env->url);
    }
    return env->s2_url;
}

/* Made before it is used: not every basin makes streams on the first append or read. */
static void create(struct ep *ep, const char *name)
{
    const struct ep_answer *answer =
        ep_call(ep, &(struct ep_call){
                        .path = ep_text(ep, "%s/streams", ep_s2_url(ep)),
                        .auth = ep->env->s2_token,
                        .body = ep_text(ep, "{\"stream\":\"%s\"}", name),
                        .headers = EP_HEADERS(ep_text(ep, "S2-Basin: %s", ep->env->s2_basin)),
                    });
    ep_need(ep, answer);
}

const struct ep_stream *ep_s2_stream(struct ep *ep)
{
    if (!ep_s2_url(ep)) {
        return ep_stream(ep, ep_session(ep), "out");
    }
    /* a slash, as the names of session channels have */
    const char *name = ep_text(ep, "chatspec/%s", ep_unique(ep, "s2"));
    create(ep, name);
    struct ep_stream *stream = ep_alloc(ep, sizeof *stream);
    stream->url = ep_text(ep, "%s/streams/%s/records", ep_s2_url(ep), ep_encode(ep, name));
    stream->token = ep->env->s2_token;
    stream->basin = ep->env->s2_basin;
    return stream;
}

uint64_t ep_s2_append(struct ep *ep, const struct ep_stream *stream, const char *records)
{
    const char *body = ep_text(ep, "{\"records\":[%s]}", records);
    const struct ep_answer *answer = ep_need(ep, ep_stream_post(ep, stream, "raw", body));
    return (uint64_t)ep_get_int(ep, answer, "start.seq_num");
}

/* `headers` behind those that every call has. */
static const char *const *with_basin(struct ep *ep, const struct ep_stream *stream,
                                     const char *const *headers)
{
    const char **all = ep_alloc(ep, (MAX_HEADERS + 1) * sizeof *all);
    size_t n = 0;
    all[n++] = ep_text(ep, "S2-Basin: %s", stream->basin);
    for (const char *const *h = headers; h && *h && n < MAX_HEADERS; h++) {
        all[n++] = *h;
    }
    return all;
}

const struct ep_answer *ep_s2_get(struct ep *ep, const struct ep_stream *stream, const char *query,
                                  const char *const *headers)
{
    return ep_call(ep, &(struct ep_call){
                           .path = ep_text(ep, "%s%s", stream->url, query),
                           .auth = stream->token,
                           .headers = with_basin(ep, stream, headers),
                       });
}

struct ep_sub *ep_s2_subscribe(struct ep *ep, const struct ep_stream *stream, const char *query,
                               const char *const *headers)
{
    return ep_subscribe(ep, ep_text(ep, "%s%s", stream->url, query), stream->token,
                        with_basin(ep, stream, headers));
}

struct ep_sub *ep_s2_open(struct ep *ep, const struct ep_stream *stream, const char *query,
                          const char *const *headers)
{
    struct ep_sub *sub = ep_s2_subscribe(ep, stream, query, headers);
    if (sub->status != 200) {
        cs_case_error(ep->run, "reading %s answered %d", query, sub->status);
    }
    return sub;
}

struct ep_records ep_s2_read(struct ep *ep, const struct ep_stream *stream, const char *query,
                             const char *const *headers)
{
    struct ep_sub *sub = ep_s2_open(ep, stream, query, headers);
    struct ep_records records = ep_rest(sub);
    if (!sub->ended) {
        cs_case_error(ep->run, "reading %s did not end", query);
    }
    return records;
}

int ep_s2_count(struct ep *ep, const struct ep_answer *answer)
{
    const cJSON *records = ep_get(answer, "records");
    cs_case_check(ep->run, cJSON_IsArray(records), "the answer has no array \"records\"");
    return cJSON_GetArraySize(records);
}

int64_t ep_s2_first(struct ep *ep, const struct ep_answer *answer)
{
    if (ep_s2_count(ep, answer) == 0) {
        return -1;
    }
    const cJSON *record = cJSON_GetArrayItem(ep_get(answer, "records"), 0);
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(record, "seq_num");
    if (!cJSON_IsNumber(seq)) {
        cs_case_error(ep->run, "a record has no number in \"seq_num\"");
    }
    return (int64_t)seq->valuedouble;
}

bool ep_s2_named(const struct cs_event *event, const char *name)
{
    return cs_view_eq(event->sse->event, cs_view_str(name));
}

void ep_s2_edge(struct ep_sub *sub)
{
    int64_t until = cs_now_ms() + 2000;
    for (;;) {
        int64_t left = until - cs_now_ms();
        const struct cs_event *event = left > 0 ? ep_next(sub, left) : NULL;
        if (!event || ep_s2_named(event, "ping")) {
            return;
        }
    }
}

bool ep_s2_id(const struct cs_event *event, struct ep_s2_id *ret_id)
{
    char text[128];
    struct ep_s2_id id = {0};
    int used = 0;
    snprintf(text, sizeof text, "%.*s", CS_VIEW_ARG(event->sse->id));
    bool good = (event->sse->flags & CS_SSE_HAS_ID) &&
                /* NOLINTNEXTLINE(cert-err34-c): a number too large is a wrong one too */
                sscanf(text, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 "%n", &id.seq_num, &id.count,
                       &id.bytes, &used) == 3 &&
                text[used] == '\0';
    if (good) {
        *ret_id = id;
    }
    return good;
}
