/* CON rows that a server may meet or not: what it does is recorded. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define STOP "{\"kind\":\"stop\"}"

/* What became of the run that was current before. */
static const char *since(struct ep *ep, const struct ep_session *session, const char *before)
{
    return strcmp(ep_current_run(ep, session), before) ? "another run" : "the same run";
}

/* ---- which runs live ---- */

static void wait_completed(struct ep *ep, const char *run_id)
{
    for (int64_t until = cs_now_ms() + ep_env(ep)->patience_ms; cs_now_ms() < until;) {
        if (cJSON_IsTrue(ep_get(ep_run_item(ep, run_id), "isCompleted"))) {
            return;
        }
        ep_pause(ep, 20);
    }
    cs_case_error(ep_run(ep), "the agent's run did not end after a close");
}

/* One turn, after which the agent waits for the next message. */
static void take_turn(struct ep *ep, const struct ep_session *session)
{
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "pong"));
    while (!cs_view_eq(cs_record_control(ep_next_record(sub)), CS_VIEW("turn-complete"))) {
    }
    ep_unsubscribe(sub);
}

static void observe_agent_runs(struct ep *ep)
{
    const struct ep_session *session = ep_agent_session(ep);
    take_turn(ep, session);
    ep_append_need(ep, session, STOP);
    cs_case_observe_as(ep_run(ep), "waiting", "the same run", "%s",
                       since(ep, session, session->run_id));
    /* what a close from outside tells the agent, without the close: the run ends, the session does
     * not */
    ep_append_need(ep, session,
                   ep_text(ep,
                           "{\"kind\":\"message\",\"payload\":{\"chatId\":\"%s\","
                           "\"trigger\":\"close\"}}",
                           session->key));
    wait_completed(ep, session->run_id);
    ep_append_need(ep, session, STOP);
    cs_case_observe_as(ep_run(ep), "completed", "another run", "%s",
                       since(ep, session, session->run_id));
}

/* Waiting and completed runs take an agent: without one these facts are missing. */
static void reused_or_replaced(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    cs_case_observe_as(run, "queued", "the same run", "%s", since(ep, session, session->run_id));
    ep_cancel_run(ep, ep_current_run(ep, session));
    const char *ended = ep_current_run(ep, session);
    ep_append_need(ep, session, STOP);
    cs_case_observe_as(run, "canceled", "another run", "%s", since(ep, session, ended));
    if (ep_env(ep)->agent_task) {
        observe_agent_runs(ep);
    }
}

/* ---- payloads ---- */

static void first_payload(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body =
        ep_text(ep,
                "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"externalId\":\"%s\","
                "\"triggerConfig\":{\"basePayload\":{\"k\":\"v\"},\"idleTimeoutInSeconds\":77}}",
                ep_env(ep)->task, ep_unique(ep, "chat"));
    const struct ep_session *session = ep_session_from(ep, ep_post_session(ep, body));
    const struct ep_answer *item = ep_run_item(ep, session->run_id);
    const char *kept = cJSON_GetStringValue(ep_get(item, "payload.k"));
    const char *id = cJSON_GetStringValue(ep_get(item, "payload.sessionId"));
    const cJSON *idle = ep_get(item, "payload.idleTimeoutInSeconds");
    cs_case_observe_as(run, "basePayload", "kept", "%s",
                       kept && !strcmp(kept, "v") ? "kept" : "lost");
    cs_case_observe_as(run, "sessionId", "the session's id", "%s",
                       !id                        ? "absent"
                       : !strcmp(id, session->id) ? "the session's id"
                                                  : "another");
    cs_case_observe_as(run, "idleTimeoutInSeconds", "of the config", "%s",
                       !idle                                             ? "absent"
                       : cJSON_IsNumber(idle) && idle->valuedouble == 77 ? "of the config"
                                                                         : "another");
    cs_case_observe_as(run, "continuation", "absent", "%s",
                       ep_get(item, "payload.continuation") ? "present" : "absent");
}

/* ---- when the run is looked after ---- */

/* Ends the current run and returns its id. */
static const char *end_run(struct ep *ep, const struct ep_session *session)
{
    const char *run_id = ep_current_run(ep, session);
    ep_cancel_run(ep, run_id);
    return run_id;
}

static void other_appends(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *ended = end_run(ep, session);
    ep_need(ep, ep_append(ep, session, "part1", STOP));
    if (!strcmp(ep_current_run(ep, session), ended)) {
        cs_case_error(run, "not even a plain append starts a run");
    }
    ended = end_run(ep, session);
    ep_need(ep, ep_append(ep, session, "part1", STOP));
    cs_case_observe_as(run, "repeat", "another run", "%s", since(ep, session, ended));
    ended = end_run(ep, session);
    const char *out = ep_realtime(ep, session->key, "out/append");
    ep_need(ep, ep_do(ep, .path = out, .auth = ep_env(ep)->secret_key, .body = "{}"));
    cs_case_observe_as(run, "out", "another run", "%s", since(ep, session, ended));
}

/* ---- end-and-continue ---- */

/* The status of a run of that task that is neither of the two; NULL when there is none. */
static const char *third_run(struct ep *ep, const char *task, const char *one, const char *two)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, ep_runs_of(ep, task))
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
        if (id && strcmp(id, one) != 0 && strcmp(id, two) != 0) {
            const char *status = cJSON_GetStringValue(ep_get(ep_run_item(ep, id), "status"));
            return status ? status : "";
        }
    }
    return NULL;
}

static void lost_swap(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *task = ep_own_task(ep);
    const struct ep_session *session = ep_task_session(ep, task);
    const char *second =
        ep_need_text(ep, ep_need(ep, ep_continue(ep, session, session->run_id)), "runId");
    const struct ep_answer *lost = ep_need(ep, ep_continue(ep, session, session->run_id));
    if (!cJSON_IsFalse(ep_get(lost, "swapped"))) {
        cs_case_error(run, "the swap did not lose");
    }
    const char *status;
    int64_t until = cs_now_ms() + ep_env(ep)->patience_ms;
    while ((!(status = third_run(ep, task, session->run_id, second)) ||
            strcmp(status, "CANCELED") != 0) &&
           cs_now_ms() < until) {
        ep_pause(ep, 100);
    }
    cs_case_observe_as(run, "its_run", "CANCELED", "%s", status ? status : "none");
}

static const struct ep_answer *continue_by_key(struct ep *ep, const char *id, const char *run_id)
{
    return ep_do(ep, .path = ep_api(ep, id, "/end-and-continue"), .auth = ep_env(ep)->secret_key,
                 .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"x\"}", run_id));
}

static void continue_refused(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *open = ep_session(ep);
    const struct ep_session *closed = ep_session(ep);
    ep_need(ep, ep_close(ep, closed, "{}"));
    const struct {
        const char *name, *id, *run_id, *recorded;
    } rows[] = {
        {"unknown_run", open->id, "run_000000000000000000000nope",
         "404 callingRunId not found in this environment"},
        {"unknown_session", ep_unique(ep, "nobody"), open->run_id, "404 Resource not found"},
        {"closed", closed->id, closed->run_id, "400 Cannot end-and-continue a closed session"},
        {"expired", ep_expired_session(ep), open->run_id,
         "400 Cannot end-and-continue an expired session"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%s",
                           ep_said(ep, continue_by_key(ep, rows[i].id, rows[i].run_id)));
    }
}

static void continue_to_deployment(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_do(ep, .path = ep_api(ep, session->key, "/end-and-continue"), .auth = session->token,
              .body = ep_text(ep,
                              "{\"callingRunId\":\"%s\",\"reason\":\"upgrade\","
                              "\"externalDeploymentId\":\"chatspec\"}",
                              session->run_id));
    cs_case_observe_as(run, "externalDeploymentId", "200", "%d", answer->status);
    cs_case_observe_as(run, "pendingVersion", "absent", "%s",
                       !ep_get(answer, "pendingVersion")                ? "absent"
                       : cJSON_IsTrue(ep_get(answer, "pendingVersion")) ? "true"
                                                                        : "another value");
}

#define SK   CS_NEEDS_SECRET_KEY
#define RUNS (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
const struct cs_case endpoint_observed_run_cases[] = {
    {"endpoint/run/reused-or-replaced", "Live runs are used again, ended ones replaced", "CON-02",
     CS_OBSERVED, RUNS, 0, reused_or_replaced},
    {"endpoint/run/first-payload", "The first run's payload is basePayload and the session",
     "CON-06", CS_OBSERVED, RUNS, 0, first_payload},
    {"endpoint/run/other-appends", "Repeats and appends to .out look after the run too", "CON-09",
     CS_OBSERVED, RUNS, 0, other_appends},
    {"endpoint/run/lost-swap", "A swap that loses has triggered a run and cancelled it", "CON-12",
     CS_OBSERVED, RUNS, 0, lost_swap},
    {"endpoint/run/continue-refused", "What end-and-continue says when it cannot", "CON-13",
     CS_OBSERVED, SK, 0, continue_refused},
    {"endpoint/run/continue-to-deployment", "end-and-continue takes a deployment to go on in",
     "CON-16", CS_MAY, SK, 0, continue_to_deployment},
    {0},
};
