#include "endpoint/sessions/runs.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/http/schema.h"
#include "endpoint/tap/told.h"
#include "wire/json.h"

static int compare_runs(const void *a, const void *b)
{
    return strcmp(((const struct cs_run *)a)->id, ((const struct cs_run *)b)->id);
}

bool cs_run_terminal(const struct cs_run *run)
{
    return run->status >= CS_RUN_COMPLETED;
}

const char *cs_run_status_name(enum cs_run_status status)
{
    switch (status) {
    case CS_RUN_QUEUED:
        return "QUEUED";
    case CS_RUN_EXECUTING:
        return "EXECUTING";
    case CS_RUN_WAITING:
        return "WAITING";
    case CS_RUN_COMPLETED:
        return "COMPLETED";
    case CS_RUN_FAILED:
        return "FAILED";
    case CS_RUN_CANCELED:
        return "CANCELED";
    }
    return "QUEUED";
}

void cs_run_set_status(struct cs_endpoint *endpoint, struct cs_run *run, enum cs_run_status status)
{
    if (cs_run_terminal(run)) {
        return; /* a run ends once */
    }
    int64_t now = cs_endpoint_now(endpoint);
    run->status = status;
    run->updated_ms = now;
    if (status == CS_RUN_EXECUTING && run->started_ms == CS_NO_TIME) {
        run->started_ms = now;
    }
    if (cs_run_terminal(run)) {
        run->finished_ms = now;
    }
}

/* ---- the payload ---- */

struct merge {
    const struct cs_policy *policy;
    struct cs_buf *out;
    bool continuation;
    bool sets_idle;
};

static bool is_dropped(const struct merge *merge, struct cs_view raw_key)
{
    static const char *const first_run[] = {"message", "messages", "trigger"};
    static const char *const ours[] = {"sessionId", "continuation", "previousRunId"};
    struct cs_json_token key = {.type = CS_JSON_KEY, .raw = raw_key, .flags = CS_JSON_ESCAPED};
    for (size_t i = 0; i < 3; i++) {
        if (merge->continuation && merge->policy->continuation_drops_first_message &&
            cs_json_is(&key, cs_view_str(first_run[i]))) {
            return true;
        }
        if ((merge->continuation || i == 0) && cs_json_is(&key, cs_view_str(ours[i]))) {
            return true;
        }
    }
    return merge->sets_idle && cs_json_is(&key, CS_VIEW("idleTimeoutInSeconds"));
}

static bool copy_member(void *ctx, struct cs_view raw_key, struct cs_view value)
{
    struct merge *merge = ctx;
    bool kept = !merge->continuation || merge->policy->continuation_keeps_payload;
    if (kept && !is_dropped(merge, raw_key)) {
        cs_buf_char(merge->out, '"');
        cs_buf_add(merge->out, raw_key);
        cs_buf_str(merge->out, "\":");
        cs_buf_add(merge->out, value);
        cs_buf_char(merge->out, ',');
    }
    return true;
}

char *cs_run_payload(const struct cs_endpoint *endpoint, const struct cs_session *session,
                     const struct cs_run *previous)
{
    const struct cs_policy *policy = &endpoint->policy;
    struct cs_buf out = CS_BUF((size_t)1024 * 1024);
    struct cs_view idle;
    struct merge merge = {
        .policy = policy,
        .out = &out,
        .continuation = previous != NULL,
        .sets_idle = policy->payload_has_idle &&
                     cs_member(cs_view_str(session->trigger_config), "idleTimeoutInSeconds", &idle),
    };
    cs_buf_char(&out, '{');
    (void)cs_each_member(cs_view_str(session->base_payload), copy_member, &merge);
    if (previous && policy->continuation_flag) {
        cs_buf_str(&out, "\"continuation\":true,");
    }
    if (previous && policy->continuation_names_previous) {
        cs_buf_printf(&out, "\"previousRunId\":\"%s\",", previous->id);
    }
    if (merge.sets_idle) {
        cs_buf_printf(&out, "\"idleTimeoutInSeconds\":%.*s,", CS_VIEW_ARG(idle));
    }
    cs_buf_printf(&out, "\"sessionId\":\"%s\"}", session->id);
    return cs_buf_take(&out);
}

/* ---- life ---- */

static size_t skip_digits(struct cs_view text, size_t at)
{
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
        at++;
    }
    return at;
}

bool cs_run_pin_is_missing(const struct cs_endpoint *endpoint, const struct cs_session *session)
{
    struct cs_view pin;
    if (!endpoint->policy.check_version_pin ||
        !cs_member(cs_view_str(session->trigger_config), "lockToVersion", &pin)) {
        return false;
    }
    size_t dot = skip_digits(pin, 1); /* after the quote */
    size_t end = dot < pin.len ? skip_digits(pin, dot + 1) : dot;
    return dot != 9 || pin.ptr[dot] != '.' || end == dot + 1 || end + 1 != pin.len;
}

static void run_free(struct cs_run *run)
{
    free(run->payload);
    free(run);
}

struct cs_run *cs_run_trigger(struct cs_endpoint *endpoint, struct cs_session *session,
                              const struct cs_run *previous)
{
    return cs_run_trigger_as(endpoint, session, previous, NULL);
}

struct cs_run *cs_run_trigger_as(struct cs_endpoint *endpoint, struct cs_session *session,
                                 const struct cs_run *previous, const char *id)
{
    bool may = endpoint->n_runs < CS_RUNS_MAX && !cs_run_pin_is_missing(endpoint, session);
    struct cs_run *run = may ? calloc(1, sizeof *run) : NULL;
    if (!run) {
        return NULL;
    }
    if (id) {
        snprintf(run->id, sizeof run->id, "%s", id);
    } else {
        memcpy(run->id, endpoint->policy.run_prefix ? "run_" : "job_", sizeof("run_"));
        cs_random_id(endpoint, run->id + sizeof("run_") - 1, CS_ID_LEN);
    }
    run->session = session;
    run->status = CS_RUN_QUEUED;
    run->payload = cs_run_payload(endpoint, session, previous);
    run->created_ms = run->updated_ms = cs_endpoint_now(endpoint);
    run->started_ms = run->finished_ms = CS_NO_TIME;
    if (!run->payload || !tsearch(run, &endpoint->runs_by_id, compare_runs)) {
        run_free(run);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&endpoint->runs, run, link);
    TAILQ_INSERT_TAIL(&session->runs, run, session_link);
    endpoint->n_runs++;
    return run;
}

void cs_run_make_current(struct cs_endpoint *endpoint, struct cs_run *run)
{
    run->session->run = run;
    run->session->n_runs++;
    run->session->updated_ms = run->created_ms;
    cs_tell_run(endpoint, run, true);
    cs_agent_on_run_started(endpoint, run->session, run);
}

struct cs_run *cs_run_start(struct cs_endpoint *endpoint, struct cs_session *session,
                            const struct cs_run *previous)
{
    struct cs_run *run = cs_run_trigger(endpoint, session, previous);
    if (run) {
        cs_run_make_current(endpoint, run);
    }
    return run;
}

void cs_run_cancel(struct cs_endpoint *endpoint, struct cs_run *run)
{
    if (!cs_run_terminal(run)) {
        cs_run_set_status(endpoint, run, CS_RUN_CANCELED);
        cs_agent_on_run_ended(endpoint, run);
    }
}

struct cs_run *cs_run_find(const struct cs_endpoint *endpoint,
                           const struct cs_environment *environment, struct cs_view id)
{
    struct cs_run wanted = {0};
    if (id.len == 0 || id.len >= sizeof wanted.id || memchr(id.ptr, '\0', id.len)) {
        return NULL;
    }
    memcpy(wanted.id, id.ptr, id.len);
    void *node = tfind(&wanted, &endpoint->runs_by_id, compare_runs);
    struct cs_run *run = node ? *(struct cs_run **)node : NULL;
    return run && run->session->environment == environment ? run : NULL;
}

static void leave(void *node)
{
    (void)node; /* the list owns the runs */
}

void cs_run_forget(struct cs_endpoint *endpoint, struct cs_run *run)
{
    cs_agent_on_run_ended(endpoint, run);
    tdelete(run, &endpoint->runs_by_id, compare_runs);
    TAILQ_REMOVE(&endpoint->runs, run, link);
    TAILQ_REMOVE(&run->session->runs, run, session_link);
    endpoint->n_runs--;
    run_free(run);
}

void cs_runs_free(struct cs_endpoint *endpoint)
{
    tdestroy(endpoint->runs_by_id, leave);
    struct cs_run *run;
    while ((run = TAILQ_FIRST(&endpoint->runs))) {
        TAILQ_REMOVE(&endpoint->runs, run, link);
        cs_agent_on_run_ended(endpoint, run);
        run_free(run);
    }
}
