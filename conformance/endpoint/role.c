#include "conformance/endpoint/kit_internal.h"

#include <stdlib.h>

#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/reach.h"

static unsigned offers(const void *opaque)
{
    const struct cs_endpoint_env *env = opaque;
    unsigned bits = CS_NEEDS_LONG;
    if (env->secret_key) {
        bits |= CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM;
    }
    if (env->s2_url || env->has_s2) {
        bits |= CS_NEEDS_S2 | CS_NEEDS_STREAM;
    }
    if (env->secret_key && env->can_mint) {
        bits |= CS_NEEDS_MINT;
    }
    if (env->secret_key && (env->can_mint || env->hands_out_tokens)) {
        bits |= CS_NEEDS_SCOPES;
    }
    if (env->secret_key && env->other_secret_key) {
        bits |= CS_NEEDS_TWO_ENVIRONMENTS;
    }
    if (env->secret_key && env->restricted_key) {
        bits |= CS_NEEDS_RESTRICTED_KEY;
    }
    if (env->secret_key && env->preview_key && env->branch) {
        bits |= CS_NEEDS_PREVIEW;
    }
    if (env->secret_key && env->agent_task) {
        bits |= CS_NEEDS_RUN;
    }
    if (env->secret_key && env->has_runs_api) {
        bits |= CS_NEEDS_RUNS_API;
    }
    return bits;
}

/* Cases of the store alone name it and no key; all others speak to a server too. */
static bool is_of_the_store(const struct cs_case *test)
{
    return (test->needs & CS_NEEDS_STREAM) && !(test->needs & CS_NEEDS_SECRET_KEY);
}

static void set_up(struct cs_case_run *run)
{
    const struct cs_endpoint_env *env = cs_case_env(run);
    if (!env->url && !is_of_the_store(cs_case_of(run))) {
        cs_case_skip(run, "needs a server (--url): only a stream store was given");
    }
    struct ep *ep = calloc(1, sizeof *ep);
    if (!ep || !(ep->http = cs_http_new())) {
        free(ep);
        cs_case_error(run, "out of memory");
    }
    ep->run = run;
    ep->env = env;
    const char *const secrets[] = {env->secret_key, env->other_secret_key, env->restricted_key,
                                   env->preview_key, env->s2_token};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (secrets[i]) {
            cs_case_secret(run, cs_view_str(secrets[i]));
        }
    }
    cs_case_set_subject(run, ep);
    ep_live_set_up(ep);
}

static void tear_down(struct cs_case_run *run)
{
    struct ep *ep = cs_case_subject(run);
    if (!ep) {
        return;
    }
    ep_live_tear_down(ep);
    while (ep->owned) {
        struct ep_owned *owned = ep->owned;
        ep->owned = owned->next;
        owned->release(owned->object);
        free(owned);
    }
    cs_http_free(ep->http);
    free(ep);
}

static const struct cs_case *const groups[] = {
    endpoint_session_cases,
    endpoint_session_item_cases,
    endpoint_token_cases,
    endpoint_token_scope_cases,
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
    endpoint_observed_session_cases,
    endpoint_observed_list_cases,
    endpoint_observed_run_cases,
    endpoint_observed_close_cases,
    endpoint_observed_snapshot_cases,
    endpoint_s2_batch_cases,
    endpoint_s2_ping_cases,
    endpoint_s2_wait_cases,
    endpoint_s2_read_cases,
    endpoint_s2_trim_cases,
    endpoint_s2_append_cases,
    endpoint_s2_limit_cases,
    endpoint_s2_error_cases,
    endpoint_forged_cases,
    endpoint_observed_token_cases,
    endpoint_observed_error_cases,
    endpoint_observed_limit_cases,
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
    .probe = ep_probe,
    .canary = ep_canary,
    .waits_for = ep_waits_for,
};
