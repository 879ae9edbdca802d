/* Create, retrieve and PATCH. */
#include <stdlib.h>

#include "endpoint/http/later.h"
#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/http/schema.h"
#include "wire/json.h"

static void answer_broken(struct cs_call *call)
{
    cs_answer_refusal(call, 500, "Something went wrong");
}

/* TOK-29 to TOK-31: type-level write on sessions, or write on the very task. */
static bool may_create(const struct cs_call *call, const struct cs_session_input *input)
{
    struct cs_view id = cs_view_str(input->task);
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_view key = cs_view_str(input->external_id ? input->external_id : "");
    return !policy->check_create_scope || cs_auth_allows(call, "write", "sessions", NULL, 0) ||
           (policy->create_by_task && cs_auth_allows(call, "write", "tasks", &id, 1)) ||
           (policy->create_by_session && cs_auth_allows(call, "write", "sessions", &key, 1));
}

/* A token with more scopes than that of the body. */
static void add_jwt_header(struct cs_call *call, const struct cs_session *session)
{
    struct cs_buf token = CS_BUF(CS_TOKEN_MAX_LEN);
    if (cs_token_for_session(call->endpoint, session, session->run, &token) == CS_OK) {
        cs_answer_header(call, "x-trigger-jwt", "%.*s", CS_VIEW_ARG(cs_buf_view(&token)));
    }
    cs_buf_free(&token);
}

static void answer_created(struct cs_call *call, struct cs_session *session, bool cached,
                           const char *run_id)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf token = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_buf text = CS_BUF((size_t)8 * 1024 * 1024);
    int64_t issued_s =
        cs_endpoint_now(call->endpoint) / 1000 - (cached ? policy->cached_token_age_s : 0);
    if (cs_token_issued_at(call->endpoint, session, NULL, issued_s, &token) != CS_OK) {
        cs_buf_free(&token);
        answer_broken(call);
        return;
    }
    if (policy->create_jwt_header) {
        add_jwt_header(call, session);
    }
    cs_buf_char(&text, '{');
    cs_session_members(call->endpoint, session, true, &text);
    cs_buf_printf(&text, ",\"runId\":\"%s\"", run_id);
    cs_buf_printf(&text, ",\"publicAccessToken\":\"%.*s\"", CS_VIEW_ARG(cs_buf_view(&token)));
    bool shown = cached ? policy->cached_says_cached != 0 : policy->fresh_says_cached != 0;
    cs_buf_printf(&text, ",\"isCached\":%s%s}", shown ? "true" : "false",
                  policy->create_says_pending ? ",\"pendingVersion\":true" : "");
    cs_buf_free(&token);
    cs_answer_buf(call, (int)(cached ? policy->cached_status : policy->create_status), &text);
}

static bool refuse_pin(struct cs_call *call, const struct cs_session *session)
{
    if (cs_run_pin_is_missing(call->endpoint, session)) {
        cs_answer_error(call, 422, "lockToVersion names a version that is not deployed");
        return true;
    }
    return false;
}

/* Answers for what may not go on. */
static bool refuse_over(struct cs_call *call, const struct cs_session *session)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (session->closed_ms != CS_NO_TIME && policy->closed_create_status != 200) {
        cs_answer_error(call, (int)policy->closed_create_status,
                        "Session is closed; use a different externalId to create a new session");
        return true;
    }
    if (cs_session_expired(session, cs_endpoint_now(call->endpoint)) &&
        policy->expired_create_status != 200) {
        cs_answer_error(call, (int)policy->expired_create_status,
                        "Session is expired; use a different externalId to create a new session");
        return true;
    }
    return false;
}

static bool is_over(const struct cs_call *call, const struct cs_session *session)
{
    return session->closed_ms != CS_NO_TIME ||
           cs_session_expired(session, cs_endpoint_now(call->endpoint));
}

static struct cs_session *find_existing(struct cs_call *call, const struct cs_session_input *input)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_session *session = NULL;
    if (input->external_id && policy->create_is_idempotent) {
        session = cs_session_find(call->endpoint, call->auth.environment,
                                  cs_view_str(input->external_id));
    } else if (!input->external_id && policy->anonymous_is_shared) {
        session = TAILQ_LAST(&call->endpoint->sessions, cs_session_list);
        while (session && (session->external_id || session->environment != call->auth.environment ||
                           strcmp(session->task, input->task) != 0)) {
            session = TAILQ_PREV(session, cs_session_list, link);
        }
    }
    bool other_task = session && strcmp(session->task, input->task) != 0;
    return other_task && policy->key_includes_task ? NULL : session;
}

/* On the cached path only the trigger config is written through, and that before it is asked
 * whether the session may go on (SES-11, SES-17). */
static void create_cached(struct cs_call *call, struct cs_session *session,
                          struct cs_session_input *input)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (policy->cached_updates_config &&
        (policy->refused_updates_config || !is_over(call, session))) {
        cs_session_take_config(session, input);
        session->updated_ms = cs_endpoint_now(call->endpoint);
    }
    if (policy->cached_updates_rest) {
        cs_session_take_rest(session, input);
    }
    bool refused = refuse_over(call, session);
    if (policy->reopen_on_create) {
        session->closed_ms = CS_NO_TIME;
    }
    if (refused) {
        return;
    }
    struct cs_run *run = session->run;
    if (!run || policy->cached_starts_run || (cs_run_terminal(run) && policy->recreate_after_end)) {
        if (refuse_pin(call, session)) {
            return;
        }
        run = cs_run_start(call->endpoint, session, run);
    }
    if (run && policy->cached_rewrites_live_payload) {
        free(run->payload);
        run->payload = cs_run_payload(call->endpoint, session, NULL);
    }
    struct cs_view message;
    if (policy->cached_delivers_message &&
        cs_member(cs_view_str(session->base_payload), "message", &message)) {
        cs_session_put_input(call->endpoint, session, message, NULL, NULL);
    }
    if (!run || !run->payload) {
        answer_broken(call);
        return;
    }
    answer_created(call, session, true, run->id);
}

static void create_fresh(struct cs_call *call, struct cs_session_input *input)
{
    struct cs_endpoint *endpoint = call->endpoint;
    if (!endpoint->policy.expired_create_keeps_row && input->expires_ms != CS_NO_TIME &&
        input->expires_ms <= cs_endpoint_now(endpoint)) {
        cs_answer_error(call, (int)endpoint->policy.expired_create_status, "Session is expired");
        return;
    }
    struct cs_session *session = cs_session_add(endpoint, call->auth.environment, input);
    if (!session) {
        answer_broken(call);
        return;
    }
    if (refuse_over(call, session) || refuse_pin(call, session)) {
        return; /* the row stays (SES-19, SES-34) */
    }
    struct cs_run *run = cs_run_start(endpoint, session, NULL);
    if (!run) {
        answer_broken(call);
        return;
    }
    answer_created(call, session, false, run->id);
}

/* False after having answered. */
static bool read_input(struct cs_call *call, struct cs_session_input *ret_input)
{
    struct cs_refusal refusal;
    if (!cs_session_input_read(&call->endpoint->policy, cs_buf_view(&call->json), ret_input,
                               &refusal)) {
        bool of_database = refusal.status == 500; /* ERR-21 */
        cs_answer_refusal(
            call, of_database ? (int)call->endpoint->policy.bad_text_status : refusal.status,
            refusal.text);
        return false;
    }
    return true;
}

/* `session`: the one that is there already, or NULL. The body is read once more, since with
 * create_race_ms time has passed since the first reading. */
static void create(struct cs_call *call, struct cs_session *session)
{
    struct cs_session_input input = {0};
    if (!read_input(call, &input)) {
        return;
    }
    if (session) {
        create_cached(call, session, &input);
    } else {
        create_fresh(call, &input);
    }
    cs_session_input_free(&input);
}

void cs_route_session_create(struct cs_call *call)
{
    struct cs_session_input input = {0};
    if (!read_input(call, &input)) {
        return;
    }
    bool may = may_create(call, &input);
    struct cs_session *session = may ? find_existing(call, &input) : NULL;
    cs_session_input_free(&input);
    if (may) {
        cs_call_later(call, call->endpoint->policy.create_race_ms, create, session);
    } else {
        cs_answer_forbidden(call);
    }
}

void cs_route_session_retrieve(struct cs_call *call)
{
    cs_answer_session(call, 200, call->session);
}

/* ---- PATCH (SES-41 to SES-43) ---- */

struct patch {
    char *tags;
    char *metadata;
    bool has_metadata; /* with metadata NULL: cleared */
};

static bool external_id_changes(const struct cs_session *session, struct cs_view value,
                                struct cs_refusal *refusal)
{
    if (cs_is_null(value)) {
        return session->external_id != NULL;
    }
    char *text = NULL;
    bool differs = cs_schema_string(value, "externalId", 1, 256, true, &text, refusal) &&
                   (!session->external_id || strcmp(text, session->external_id) != 0);
    if (text && cs_is_friendly_id(cs_view_str(text))) {
        differs = cs_refuse(refusal, 400, "externalId: must not start with 'session_'");
    }
    free(text);
    return differs;
}

static bool read_patch(const struct cs_call *call, struct patch *patch, struct cs_refusal *refusal)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_view json = cs_buf_view(&call->json);
    struct cs_view value;
    if (!cs_is_object(json)) {
        return cs_refuse(refusal, 400, "body: expected an object");
    }
    /* what depends on the row is asked once there is one */
    if (call->session && policy->patch_over_status != 200 && is_over(call, call->session)) {
        return cs_refuse(refusal, (int)policy->patch_over_status, "Session is over");
    }
    if (cs_member(json, "tags", &value) &&
        !cs_schema_strings(value, "tags", (size_t)policy->tags_max, (size_t)policy->tag_len_max,
                           &patch->tags, refusal)) {
        return false;
    }
    patch->has_metadata = cs_member(json, "metadata", &value);
    if (patch->has_metadata && !cs_is_null(value) &&
        !cs_schema_object(value, "metadata", &patch->metadata, refusal)) {
        return false;
    }
    if (call->session && cs_member(json, "externalId", &value) &&
        external_id_changes(call->session, value, refusal) &&
        policy->patch_external_id_status != 200) {
        return cs_refuse(refusal, (int)policy->patch_external_id_status,
                         "externalId cannot be changed after the session was created");
    }
    return refusal->status == 0;
}

static void apply_patch(struct cs_call *call, struct patch *patch)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_session *session = call->session;
    if (!policy->patch_applies) {
        return;
    }
    if (patch->tags) {
        char *old = session->tags;
        session->tags = patch->tags;
        patch->tags = old;
    }
    if (patch->has_metadata || !policy->patch_keeps_omitted) {
        char *old = session->metadata;
        session->metadata = patch->metadata;
        patch->metadata = old;
    }
    session->updated_ms = cs_endpoint_now(call->endpoint);
}

bool cs_check_session_patch(struct cs_call *call)
{
    struct patch patch = {0};
    struct cs_refusal refusal = {0};
    bool ok = read_patch(call, &patch, &refusal);
    free(patch.tags);
    free(patch.metadata);
    if (!ok) {
        cs_answer_refusal(call, refusal.status, refusal.text);
    }
    return ok;
}

void cs_route_session_patch(struct cs_call *call)
{
    struct patch patch = {0};
    struct cs_refusal refusal = {0};
    if (read_patch(call, &patch, &refusal)) {
        apply_patch(call, &patch);
        cs_answer_session(call, 200, call->session);
    } else {
        cs_answer_refusal(call, refusal.status, refusal.text);
    }
    free(patch.tags);
    free(patch.metadata);
}
