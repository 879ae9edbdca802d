#include "script/replies.h"

#include <strings.h>

#include "net/server.h"
#include "script/request_log.h"
#include "wire/json.h"

#define MAX_REPLY_BODY ((size_t)16 * 1024 * 1024)
#define CREATED_AT     "2026-01-01T00:00:00.000Z"
#define RUN_ID         "run_scripted00000000000000001"

static const struct cs_extra_header *extra_of(const struct cs_answer *answer, const char *name)
{
    const struct cs_extra_header *extra = answer->headers;
    while (extra && strcasecmp(extra->name, name) != 0) {
        extra = extra->next;
    }
    return extra;
}

/* A header of ours, unless the script replaces it or leaves it out. */
static void put_default(struct cs_buf *out, const struct cs_answer *answer, const char *name,
                        const char *value)
{
    if (!extra_of(answer, name)) {
        cs_response_header(out, name, "%s", value);
    }
}

static void put_extras(struct cs_buf *out, const struct cs_answer *answer)
{
    for (const struct cs_extra_header *extra = answer->headers; extra; extra = extra->next) {
        if (extra->value) {
            cs_response_header(out, extra->name, "%s", extra->value);
        }
    }
}

/* "key":<what the create request said>, or a stand-in. */
static void put_echo(struct cs_buf *out, struct cs_view request, const char *key,
                     const char *otherwise)
{
    struct cs_view value;
    if (cs_json_check(request, NULL) != CS_OK ||
        cs_json_get(request, cs_view_str(key), &value) != CS_OK) {
        value = cs_view_str(otherwise);
    }
    cs_buf_printf(out, "\"%s\":", key);
    cs_buf_add(out, value);
    cs_buf_char(out, ',');
}

/* All fields that a client may insist on (SES-02, CAP-89). */
static void put_session(struct cs_buf *out, int status, const struct cs_reply_facts *facts)
{
    struct cs_view request = facts->request->body;
    cs_buf_str(out, "{\"id\":\"" CS_SCRIPT_SESSION_ID "\",");
    struct cs_buf external = CS_BUF(MAX_REPLY_BODY);
    if (facts->session) {
        cs_buf_char(&external, '"');
        cs_json_escape(&external, cs_view_str(facts->session));
        cs_buf_char(&external, '"');
    } else {
        cs_buf_str(&external, "null");
    }
    cs_buf_char(&external, '\0');
    put_echo(out, request, "externalId", external.ptr ? external.ptr : "null");
    cs_buf_free(&external);
    put_echo(out, request, "type", "\"chat.agent\"");
    put_echo(out, request, "taskIdentifier", "\"scripted-agent\"");
    put_echo(out, request, "triggerConfig", "{\"basePayload\":{}}");
    put_echo(out, request, "tags", "[]");
    put_echo(out, request, "metadata", "null");
    put_echo(out, request, "expiresAt", "null");
    cs_buf_str(out, "\"currentRunId\":\"" RUN_ID "\",\"runId\":\"" RUN_ID "\","
                    "\"closedAt\":null,\"closedReason\":null,"
                    "\"createdAt\":\"" CREATED_AT "\",\"updatedAt\":\"" CREATED_AT "\",");
    cs_buf_str(out, "\"publicAccessToken\":\"");
    cs_json_escape(out, cs_view_str(facts->token ? facts->token : ""));
    cs_buf_printf(out, "\",\"isCached\":%s}", status == 200 ? "true" : "false");
}

static bool is_about_session(enum cs_target target)
{
    return target == CS_TARGET_CREATE || target == CS_TARGET_RETRIEVE ||
           target == CS_TARGET_UPDATE || target == CS_TARGET_CLOSE;
}

static void put_body(struct cs_buf *out, const struct cs_answer *answer,
                     const struct cs_reply_facts *facts)
{
    if (answer->has_body) {
        cs_buf_add(out, answer->body);
    } else if (answer->status == 204) {
        return;
    } else if (answer->status >= 300) {
        cs_buf_printf(out, "{\"error\":\"%s\"}", cs_status_reason(answer->status));
    } else if (is_about_session(facts->request->target)) {
        put_session(out, answer->status, facts);
    } else if (facts->request->target == CS_TARGET_LIST) {
        cs_buf_str(out, "{\"data\":[");
        put_session(out, answer->status, facts);
        cs_buf_str(out, "],\"pagination\":{}}");
    } else if (facts->request->target == CS_TARGET_PUT) {
        cs_buf_str(out, "{\"version\":\"v2\"}");
    } else if (facts->has_seq) {
        cs_buf_printf(out, "{\"ok\":true,\"seq\":%llu}", (unsigned long long)facts->seq);
    } else {
        cs_buf_str(out, "{\"ok\":true}");
    }
}

/* Event streams never say `connection: close`: some clients then take a reset for a clean end. */
static void put_stream_head(struct cs_buf *out, const struct cs_answer *answer)
{
    put_default(out, answer, "Content-Type", "text/event-stream");
    put_default(out, answer, "X-Stream-Version", "v2");
    put_default(out, answer, "Cache-Control", "no-cache, no-transform");
    put_default(out, answer, "Transfer-Encoding", "chunked");
    put_extras(out, answer);
    cs_response_end_head(out);
}

void cs_reply_build(struct cs_buf *out, const struct cs_answer *answer,
                    const struct cs_reply_facts *facts)
{
    if (answer->status == 0) {
        return;
    }
    cs_response_status(out, answer->status);
    if (answer->is_stream) {
        put_stream_head(out, answer);
        return;
    }
    struct cs_buf body = CS_BUF(MAX_REPLY_BODY);
    put_body(&body, answer, facts);
    put_default(out, answer, "Content-Type", "application/json");
    if (answer->status != 204 && !extra_of(answer, "Content-Length")) {
        cs_response_header(out, "Content-Length", "%zu", body.len);
    }
    /* A kept connection that we close while the client reuses it would be a failure of our making,
     * so unary answers end theirs. */
    put_default(out, answer, "Connection", "close");
    put_extras(out, answer);
    cs_response_end_head(out);
    cs_buf_add(out, cs_buf_view(&body));
    cs_buf_free(&body);
}
