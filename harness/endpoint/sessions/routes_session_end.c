/* Close, and end-and-continue. */
#include <stdlib.h>

#include "endpoint/http/later.h"
#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/http/schema.h"
#include "endpoint/sessions/session_config.h"
#include "endpoint/streams/streams.h"
#include "endpoint/tap/told.h"
#include "wire/utf8.h"

/* A string member; true with *ret_text NULL when it is absent and may be. */
static bool read_text(struct cs_view json, const char *name, bool required, size_t max,
                      char **ret_text, struct cs_refusal *refusal)
{
    struct cs_view value;
    if (!cs_is_object(json)) {
        return cs_refuse(refusal, 400, "body: expected an object");
    }
    if (!cs_member(json, name, &value)) {
        return !required || cs_refuse(refusal, 400, "%s: required", name);
    }
    return cs_schema_string(value, name, 0, max, false, ret_text, refusal);
}

/* ---- close ---- */

static void set_reason(struct cs_session *session, const char *reason, int64_t max_len)
{
    struct cs_buf text = CS_BUF((size_t)16 * 1024);
    free(session->closed_reason);
    session->closed_reason = NULL;
    if (reason) {
        struct cs_view kept = cs_view_str(reason);
        if (cs_utf8_utf16_len(kept) > (uint64_t)max_len) {
            kept.len = cs_utf8_valid_prefix(cs_view_of(reason, (size_t)max_len));
        }
        cs_json_text(&text, kept);
        session->closed_reason = cs_buf_take(&text);
    }
    cs_buf_free(&text);
}

/* Closes; `done` is called once the record of it on `in` is stored or lost, or at once when there
 * is none. */
static void close_row(struct cs_endpoint *endpoint, struct cs_session *session, const char *reason,
                      const char *calling_run, void (*done)(void *ctx), void *ctx)
{
    const struct cs_policy *policy = &endpoint->policy;
    bool open = session->closed_ms == CS_NO_TIME;
    session->closed_ms = session->updated_ms = cs_endpoint_now(endpoint);
    if (open) {
        cs_session_forget_later(endpoint, session);
    }
    set_reason(session, reason, policy->close_keeps_reason_len);
    bool by_own_run = calling_run && session->run && strcmp(session->run->id, calling_run) == 0;
    if (policy->close_cancels_run && session->run && !by_own_run) {
        cs_run_cancel(endpoint, session->run);
    }
    if (policy->close_cuts_streams) {
        cs_sse_cut(endpoint, session);
    }
    if (open && policy->close_writes_record && !(by_own_run && policy->close_honours_caller)) {
        cs_session_send_close(endpoint, session, done, ctx);
    } else {
        done(ctx);
    }
}

void cs_session_close(struct cs_endpoint *endpoint, struct cs_session *session, const char *reason,
                      const char *calling_run, void (*done)(void *ctx), void *ctx)
{
    if (session->closed_ms == CS_NO_TIME || endpoint->policy.close_again_overwrites) {
        close_row(endpoint, session, reason, calling_run, done, ctx);
    } else {
        done(ctx);
    }
}

/* The two texts of a close body; free both. */
static bool read_close(const struct cs_call *call, char **ret_reason, char **ret_calling_run,
                       struct cs_refusal *refusal)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_view json = cs_buf_view(&call->json);
    return read_text(json, "reason", false, (size_t)policy->close_reason_max, ret_reason,
                     refusal) &&
           read_text(json, "callingRunId", false, SIZE_MAX, ret_calling_run, refusal);
}

/* Judges a body by reading it. */
static bool check_body(struct cs_call *call,
                       bool (*read)(const struct cs_call *call, char **ret_reason,
                                    char **ret_calling_run, struct cs_refusal *refusal))
{
    struct cs_refusal refusal = {0};
    char *reason = NULL;
    char *calling_run = NULL;
    bool ok = read(call, &reason, &calling_run, &refusal);
    free(reason);
    free(calling_run);
    if (!ok) {
        cs_answer_refusal(call, refusal.status, refusal.text);
    }
    return ok;
}

bool cs_check_session_close(struct cs_call *call)
{
    return check_body(call, read_close);
}

/* A close that waits for its record: who reads `in` after the answer finds it there. */
struct closing {
    struct cs_call *call; /* NULL when the client left meanwhile */
};

static void on_gone(struct cs_call *call)
{
    ((struct closing *)call->user)->call = NULL;
}

static void answer_close(void *ctx)
{
    struct closing *closing = ctx;
    struct cs_call *call = closing->call;
    free(closing);
    if (!call) {
        return;
    }
    call->user = NULL;
    call->on_gone = NULL;
    struct cs_session shown = *call->session;
    if (!call->endpoint->policy.close_shows_closed) {
        shown.closed_ms = CS_NO_TIME;
    }
    cs_answer_session(call, 200, &shown);
}

/* `seen`: the session when it was open as the call came (close_race_ms), else NULL. */
static void close_session(struct cs_call *call, struct cs_session *seen)
{
    struct cs_refusal refusal = {0};
    char *reason = NULL;
    char *calling_run = NULL;
    struct closing *closing = calloc(1, sizeof *closing);
    if (!closing) {
        cs_answer_refusal(call, 500, "Something went wrong");
    } else if (read_close(call, &reason, &calling_run, &refusal)) {
        closing->call = call;
        call->user = closing;
        call->on_gone = on_gone;
        if (seen) {
            close_row(call->endpoint, seen, reason, calling_run, answer_close, closing);
        } else {
            cs_session_close(call->endpoint, call->session, reason, calling_run, answer_close,
                             closing);
        }
    } else {
        free(closing);
        cs_answer_refusal(call, refusal.status, refusal.text);
    }
    free(reason);
    free(calling_run);
}

void cs_route_session_close(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_session *session = call->session;
    if (policy->expired_close_status != 200 &&
        cs_session_expired(session, cs_endpoint_now(call->endpoint))) {
        cs_answer_error(call, (int)policy->expired_close_status, "Session is expired");
        return;
    }
    cs_call_later(call, policy->close_race_ms, close_session,
                  session->closed_ms == CS_NO_TIME ? session : NULL);
}

/* ---- end-and-continue (CON-10 to CON-15) ---- */

static bool refuse_over(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (call->session->closed_ms != CS_NO_TIME && policy->closed_continue_status != 200) {
        cs_answer_error(call, (int)policy->closed_continue_status,
                        "Cannot end-and-continue a closed session");
        return true;
    }
    if (cs_session_expired(call->session, cs_endpoint_now(call->endpoint))) {
        cs_answer_error(call, 400, "Cannot end-and-continue an expired session");
        return true;
    }
    return false;
}

static void answer_swap(struct cs_call *call, const char *run_id, bool swapped, bool pending)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "runId", run_id);
    cJSON_AddBoolToObject(json, "swapped", swapped);
    if (pending || call->endpoint->policy.continue_says_pending) {
        cJSON_AddBoolToObject(json, "pendingVersion", true);
    }
    cs_answer_json(call, 200, json);
}

/* What the platform was told to do wrong next (play.h); once. */
static struct cs_play_continue take_next(struct cs_endpoint *endpoint)
{
    struct cs_play_continue next = {0};
    if (endpoint->has_next_continue) {
        next = endpoint->next_continue;
        endpoint->has_next_continue = false;
    }
    return next;
}

/* An upgrade pins the session to the deployment that it names, or to none (AGT-VUP-05). What is no
 * deployment's id counts as none. */
static void follow_upgrade(struct cs_call *call, const char *reason)
{
    if (!reason || strcmp(reason, "upgrade") != 0 || !call->endpoint->policy.check_new_config) {
        return;
    }
    struct cs_view value;
    struct cs_refusal ignored = {0};
    char *target = NULL;
    if (cs_member(cs_buf_view(&call->json), "externalDeploymentId", &value)) {
        (void)cs_schema_string(value, "externalDeploymentId", 0, 128, true, &target, &ignored);
    }
    cs_session_repin(call->session, cs_view_str(target));
    free(target);
}

static void swap_run(struct cs_call *call, const char *calling_run, const char *reason)
{
    struct cs_endpoint *endpoint = call->endpoint;
    struct cs_session *session = call->session;
    struct cs_run *calling =
        cs_run_find(endpoint, call->auth.environment, cs_view_str(calling_run));
    if (!calling) {
        cs_answer_error(call, (int)endpoint->policy.continue_unknown_run_status,
                        "callingRunId not found in this environment");
        return;
    }
    struct cs_play_continue next = take_next(endpoint);
    if (next.status != 0) {
        cs_answer_error(call, next.status, "Failed to swap session run");
        return;
    }
    if (next.lost) {
        answer_swap(call, session->run ? session->run->id : calling->id, false, false);
        return;
    }
    bool wins = calling == session->run || !endpoint->policy.swap_checks_caller;
    if (!wins && session->run && !endpoint->policy.lost_swap_triggers) {
        answer_swap(call, session->run->id, false, false);
        return;
    }
    if (wins) {
        follow_upgrade(call, reason);
    }
    struct cs_run *run =
        cs_run_trigger(endpoint, session, endpoint->policy.continue_names_caller ? calling : NULL);
    if (!run) {
        cs_answer_error(call, 500, "Failed to swap session run");
        return;
    }
    /* The caller exits by itself once it has the answer; its run is not cancelled here. */
    if (wins && endpoint->policy.swap_makes_current) {
        cs_run_make_current(endpoint, run);
    } else {
        cs_tell_run(endpoint, run, false);
        cs_run_cancel(endpoint, run);
    }
    answer_swap(call, wins || !session->run ? run->id : session->run->id, wins,
                next.pending_version);
}

static bool read_continue(const struct cs_call *call, char **ret_reason, char **ret_calling_run,
                          struct cs_refusal *refusal)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_view json = cs_buf_view(&call->json);
    return read_text(json, "callingRunId", true, SIZE_MAX, ret_calling_run, refusal) &&
           read_text(json, "reason", policy->continue_needs_reason != 0,
                     (size_t)policy->continue_reason_max, ret_reason, refusal);
}

bool cs_check_session_continue(struct cs_call *call)
{
    return check_body(call, read_continue);
}

void cs_route_session_end_and_continue(struct cs_call *call)
{
    struct cs_refusal refusal = {0};
    char *calling_run = NULL;
    char *reason = NULL;
    if (!read_continue(call, &reason, &calling_run, &refusal)) {
        cs_answer_refusal(call, refusal.status, refusal.text);
    } else if (!refuse_over(call)) {
        swap_run(call, calling_run, reason);
    }
    free(calling_run);
    free(reason);
}
