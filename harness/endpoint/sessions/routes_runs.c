/* As much of the runs API as it takes to see and to end the runs behind sessions. */
#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"

static void add_bool(struct cs_buf *out, const char *name, bool value)
{
    cs_buf_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void add_time(struct cs_buf *out, const char *name, int64_t time_ms)
{
    if (time_ms != CS_NO_TIME) {
        cs_buf_printf(out, ",\"%s\":", name);
        cs_json_time(out, time_ms);
    }
}

static void add_run(struct cs_buf *out, const struct cs_run *run, bool full)
{
    enum cs_run_status status = run->status;
    cs_buf_printf(out, "{\"id\":\"%s\",\"status\":\"%s\",\"taskIdentifier\":", run->id,
                  cs_run_status_name(status));
    cs_json_text(out, cs_view_str(run->session->task));
    add_bool(out, "isQueued", status == CS_RUN_QUEUED);
    add_bool(out, "isExecuting", status == CS_RUN_EXECUTING);
    add_bool(out, "isWaiting", status == CS_RUN_WAITING);
    add_bool(out, "isCompleted", cs_run_terminal(run));
    add_bool(out, "isSuccess", status == CS_RUN_COMPLETED);
    add_bool(out, "isFailed", status == CS_RUN_FAILED);
    add_bool(out, "isCancelled", status == CS_RUN_CANCELED);
    add_bool(out, "isTest", false);
    add_time(out, "createdAt", run->created_ms);
    add_time(out, "updatedAt", run->updated_ms);
    add_time(out, "startedAt", run->started_ms);
    add_time(out, "finishedAt", run->finished_ms);
    cs_buf_str(out, ",\"tags\":[],\"costInCents\":0,\"baseCostInCents\":0,\"durationMs\":0");
    if (full) {
        cs_buf_printf(out,
                      ",\"depth\":0,\"triggerFunction\":\"trigger\",\"attemptCount\":%d,"
                      "\"relatedRuns\":{},\"payload\":%s}",
                      run->started_ms == CS_NO_TIME ? 0 : 1, run->payload);
    } else {
        const struct cs_environment *environment = run->session->environment;
        cs_buf_printf(out, ",\"env\":{\"id\":\"%s\",\"name\":\"%s\"}}", environment->id,
                      environment->slug);
    }
}

void cs_route_run_retrieve(struct cs_call *call)
{
    struct cs_run *run = cs_run_find(call->endpoint, call->auth.environment, call->id);
    bool hidden = run && run->session->n_runs == 1 && !cs_run_terminal(run) &&
                  !call->endpoint->policy.first_run_is_visible;
    if (!run || hidden) {
        cs_answer_header(call, "x-should-retry", "false");
        cs_answer_error(call, 404, "Not found");
        return;
    }
    if (!cs_auth_allows(call, "read", "runs", &call->id, 1)) {
        cs_answer_forbidden(call);
        return;
    }
    struct cs_buf text = CS_BUF((size_t)8 * 1024 * 1024);
    add_run(&text, run, true);
    cs_answer_buf(call, 200, &text);
}

void cs_route_run_cancel(struct cs_call *call)
{
    struct cs_run *run = cs_run_find(call->endpoint, call->auth.environment, call->id);
    if (!run) {
        cs_answer_error(call, 404, "Run not found");
        return;
    }
    cs_run_cancel(call->endpoint, run);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", run->id);
    cs_answer_json(call, 200, json);
}

/* Newest first, at most page[size] of them, by task and by status; no cursors. */
void cs_route_run_list(struct cs_call *call)
{
    struct cs_buf task = CS_BUF(1024);
    struct cs_buf status = CS_BUF(64);
    struct cs_buf size = CS_BUF(32);
    uint64_t left = 25;
    if (cs_call_query(call, "page[size]", &size) &&
        (cs_view_u64(cs_buf_view(&size), &left) != CS_OK || left < 1 || left > 100)) {
        left = 100;
    }
    bool by_task = cs_call_query(call, "filter[taskIdentifier]", &task);
    bool by_status = cs_call_query(call, "filter[status]", &status);
    struct cs_buf text = CS_BUF((size_t)64 * 1024 * 1024);
    cs_buf_str(&text, "{\"data\":[");
    struct cs_run *run;
    const char *comma = "";
    TAILQ_FOREACH_REVERSE(run, &call->endpoint->runs, cs_run_list, link)
    {
        bool fits = run->session->environment == call->auth.environment &&
                    (!by_task || cs_view_eq(cs_buf_view(&task), cs_view_str(run->session->task))) &&
                    (!by_status || cs_view_eq(cs_buf_view(&status),
                                              cs_view_str(cs_run_status_name(run->status))));
        if (fits && left-- > 0) {
            cs_buf_str(&text, comma);
            add_run(&text, run, false);
            comma = ",";
        }
        if (left == 0) {
            break;
        }
    }
    cs_buf_str(&text, "],\"pagination\":{}}");
    cs_buf_free(&task);
    cs_buf_free(&status);
    cs_buf_free(&size);
    cs_answer_buf(call, 200, &text);
}

/* A task that stands behind no session, such as a tool's: accepted under a fresh id. It is no run
 * of this endpoint, so nothing else of the runs API knows it: whoever plays the platform has the
 * body from the tap and runs it, or does not. */
void cs_route_task_trigger(struct cs_call *call)
{
    char id[sizeof("run_") + CS_ID_LEN];
    memcpy(id, "run_", sizeof("run_"));
    cs_random_id(call->endpoint, id + sizeof("run_") - 1, CS_ID_LEN);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", id);
    cs_answer_json(call, 200, json);
}
