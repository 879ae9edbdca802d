#include "conformance/endpoint/kit_internal.h"

#include <stdlib.h>

#include "conformance/endpoint/cases.h"

static unsigned offers(const void *opaque)
{
    const struct cs_endpoint_env *env = opaque;
    unsigned bits = CS_NEEDS_LONG;
    if (env->secret_key) {
        bits |= CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM;
    }
    if (env->secret_key && env->can_mint) {
        bits |= CS_NEEDS_MINT;
    }
    if (env->secret_key && env->other_secret_key) {
        bits |= CS_NEEDS_TWO_ENVIRONMENTS;
    }
    if (env->secret_key && env->agent_task) {
        bits |= CS_NEEDS_RUN;
    }
    if (env->secret_key && env->has_runs_api) {
        bits |= CS_NEEDS_RUNS_API;
    }
    return bits;
}

static void set_up(struct cs_case_run *run)
{
    struct ep *ep = calloc(1, sizeof *ep);
    if (!ep || !(ep->http = cs_http_new())) {
        free(ep);
        cs_case_error(run, "out of memory");
    }
    ep->run = run;
    ep->env = cs_case_env(run);
    if (ep->env->secret_key) {
        cs_case_secret(run, cs_view_str(ep->env->secret_key));
    }
    if (ep->env->other_secret_key) {
        cs_case_secret(run, cs_view_str(ep->env->other_secret_key));
    }
    cs_case_set_subject(run, ep);
}

static void tear_down(struct cs_case_run *run)
{
    struct ep *ep = cs_case_subject(run);
    if (!ep) {
        return;
    }
    while (ep->owned) {
        struct ep_owned *owned = ep->owned;
        ep->owned = owned->next;
        owned->release(owned->object);
        free(owned);
    }
    cs_http_free(ep->http);
    free(ep);
}

/* Any HTTP answer at all shows that somebody is there; what it says is for the cases. */
static enum cs_err probe(const void *opaque, struct cs_diag *diag)
{
    const struct cs_endpoint_env *env = opaque;
    struct cs_http *http = cs_http_new();
    if (!http) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    struct cs_http_request request = {
        .method = "OPTIONS", .url = env->url, .connect_timeout_ms = env->patience_ms};
    struct cs_exchange *exchange = cs_http_start(http, &request);
    enum cs_err err =
        exchange ? cs_exchange_wait_head(exchange, env->patience_ms) : CS_ERR_NO_MEMORY;
    if (err) {
        const char *why = exchange ? cs_exchange_error(exchange) : "";
        cs_fail(diag, err, 0, "%s: %s", env->url,
                err == CS_ERR_TIMEOUT ? "no answer in time"
                : *why                ? why
                                      : cs_err_name(err));
    }
    cs_exchange_free(exchange);
    cs_http_free(http);
    return err;
}

static const struct cs_case *const groups[] = {
    endpoint_session_cases,
    endpoint_token_cases,
    endpoint_append_cases,
    endpoint_limit_cases,
    endpoint_out_cases,
    endpoint_record_cases,
    endpoint_resume_cases,
    endpoint_close_cases,
    endpoint_error_cases,
    endpoint_channel_cases,
    endpoint_run_cases,
    endpoint_input_cases,
    endpoint_list_cases,
    endpoint_snapshot_cases,
    endpoint_out_form_cases,
    endpoint_observed_append_cases,
    endpoint_observed_out_cases,
    endpoint_observed_record_cases,
    endpoint_observed_resume_cases,
    endpoint_observed_channel_cases,
};

const struct cs_role cs_endpoint_role = {
    .name = "endpoint",
    .groups = groups,
    .n_groups = sizeof groups / sizeof groups[0],
    .offers = offers,
    .set_up = set_up,
    .tear_down = tear_down,
    .probe = probe,
};
