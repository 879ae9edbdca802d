/* How a session is shown (SES-02, SES-05). */
#include <inttypes.h>

#include "endpoint/http/schema.h"

static void add_text(struct cs_buf *out, const char *name, const char *text)
{
    cs_buf_printf(out, "\"%s\":", name);
    if (text) {
        cs_json_text(out, cs_view_str(text));
    } else {
        cs_buf_str(out, "null");
    }
    cs_buf_char(out, ',');
}

static void add_raw(struct cs_buf *out, const char *name, const char *json)
{
    cs_buf_printf(out, "\"%s\":%s,", name, json ? json : "null");
}

static void add_time(bool as_iso, struct cs_buf *out, const char *name, int64_t time_ms)
{
    cs_buf_printf(out, "\"%s\":", name);
    if (as_iso) {
        cs_json_time(out, time_ms);
    } else {
        cs_buf_printf(out, "%" PRId64, time_ms);
    }
    cs_buf_char(out, ',');
}

void cs_session_members(const struct cs_endpoint *endpoint, const struct cs_session *session,
                        bool with_config, struct cs_buf *out)
{
    const struct cs_policy *policy = &endpoint->policy;
    add_text(out, "id", session->id);
    if (session->external_id || policy->show_null_external_id) {
        add_text(out, "externalId", session->external_id);
    }
    if (policy->show_type) {
        add_text(out, "type", session->type);
    }
    add_text(out, "taskIdentifier", session->task);
    if (with_config) {
        add_raw(out, "triggerConfig", session->trigger_config);
    }
    add_text(out, "currentRunId", session->run ? session->run->id : NULL);
    add_raw(out, "tags", session->tags);
    add_raw(out, "metadata", session->metadata);
    add_time(true, out, "closedAt", session->closed_ms);
    add_raw(out, "closedReason", session->closed_reason);
    add_time(true, out, "expiresAt", session->expires_ms);
    add_time(policy->times_as_iso, out, "createdAt", session->created_ms);
    add_time(policy->times_as_iso, out, "updatedAt", session->updated_ms);
    if (cs_buf_error(out) == CS_OK) {
        out->len--; /* the last comma */
    }
}

void cs_answer_session(struct cs_call *call, int status, const struct cs_session *session)
{
    struct cs_buf text = CS_BUF((size_t)8 * 1024 * 1024);
    cs_buf_char(&text, '{');
    cs_session_members(call->endpoint, session, call->endpoint->policy.retrieve_shows_config != 0,
                       &text);
    cs_buf_char(&text, '}');
    cs_answer_buf(call, status, &text);
}
