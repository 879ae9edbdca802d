#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "endpoint/sessions/objects.h"
#include "endpoint/http/ratelimit.h"
#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/sessions/session.h"
#include "endpoint/sessions/waitpoints.h"
#include "endpoint/store/store_s2.h"
#include "endpoint/store/store_watch.h"
#include "endpoint/tap/told.h"

/* Bodies with a limit of their own are refused by their Content-Length; this one bounds the rest,
 * which are chunked bodies and objects. */
#define MAX_BODY CS_OBJECT_MAX

static const struct cs_server_hooks hooks = {
    .on_head = cs_router_on_head,
    .on_request = cs_router_on_request,
    .on_bad_request = cs_router_on_bad_request,
    .on_drained = cs_router_on_drained,
    .on_close = cs_router_on_close,
    .on_other_protocol = cs_router_on_other_protocol,
    .on_raw = cs_router_on_raw,
};

static void apply_violations(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config)
{
    for (size_t i = 0; i < config->n_violations; i++) {
        const struct cs_violation *violation = config->violations[i];
        memcpy((char *)&endpoint->policy + violation->field, &violation->value,
               sizeof violation->value);
    }
}

static void set_numbers(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config)
{
    if (config->bucket_size > 0) {
        endpoint->policy.bucket_size = config->bucket_size;
        endpoint->policy.bucket_refill = config->bucket_size;
    }
    if (config->bucket_interval_ms > 0) {
        endpoint->policy.bucket_interval_ms = config->bucket_interval_ms;
    }
    endpoint->policy.replica_lag_ms = config->replica_lag_ms;
}

static enum cs_err add_environment(struct cs_endpoint *endpoint, const char *id, const char *slug,
                                   const char *secret_key)
{
    struct cs_environment *environment = &endpoint->environments[endpoint->n_environments];
    /* Fixed ids: a token minted for one start of the endpoint stays good for the next. */
    memcpy(environment->id, id, sizeof environment->id);
    environment->slug = slug;
    environment->secret_key = strdup(secret_key);
    if (!environment->secret_key) {
        return CS_ERR_NO_MEMORY;
    }
    endpoint->n_environments++;
    return CS_OK;
}

/* What the names of an environment's streams begin with. In memory it is the environment. A store
 * elsewhere outlives us and numbers on, so names there hold an organisation that is new with every
 * start, whatever the seed; the form is that of a self-hosted server (CHN-03). */
static enum cs_err name_streams(struct cs_endpoint *endpoint)
{
    char organisation[CS_ID_LEN + 1];
    uint64_t seed = endpoint->random;
    if (endpoint->stream_url != NULL &&
        getrandom(&endpoint->random, sizeof endpoint->random, 0) != sizeof endpoint->random) {
        return CS_ERR_IO;
    }
    cs_random_id(endpoint, organisation, CS_ID_LEN);
    endpoint->random = seed;
    for (size_t i = 0; i < endpoint->n_environments; i++) {
        struct cs_environment *environment = &endpoint->environments[i];
        if (endpoint->stream_url != NULL) {
            snprintf(environment->stream_root, sizeof environment->stream_root, "org/%s/env/%s/%s",
                     organisation, environment->slug, environment->id);
        } else {
            snprintf(environment->stream_root, sizeof environment->stream_root, "%s",
                     environment->id);
        }
    }
    return CS_OK;
}

static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text ? strdup(text) : NULL;
    return !text || *ret_copy;
}

static enum cs_err add_store(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config)
{
    if (!config->stream_url) {
        endpoint->store = cs_store_memory_new(endpoint->loop, endpoint->clock, endpoint->clock_ctx);
        return endpoint->store ? name_streams(endpoint) : CS_ERR_NO_MEMORY;
    }
    const struct cs_store_s2_config s2 = {
        .url = config->stream_url, .basin = config->stream_basin, .token = config->stream_token};
    if (!copy_text(config->stream_url, &endpoint->stream_url) ||
        !copy_text(config->stream_basin, &endpoint->stream_basin) ||
        !copy_text(config->stream_token, &endpoint->stream_token)) {
        return CS_ERR_NO_MEMORY;
    }
    endpoint->store = cs_store_s2_new(endpoint->loop, &s2);
    return endpoint->store ? name_streams(endpoint) : CS_ERR_NO_MEMORY;
}

/* Only with a tap is there somebody to tell. */
static enum cs_err watch_store(struct cs_endpoint *endpoint)
{
    if (!endpoint->tap) {
        return CS_OK;
    }
    struct cs_store *watch = cs_store_watch_new(endpoint->store, cs_told_stored, endpoint);
    if (!watch) {
        return CS_ERR_NO_MEMORY;
    }
    endpoint->store = watch;
    return CS_OK;
}

static enum cs_err add_parts(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config)
{
    const char *main_key = config->secret_key ? config->secret_key : CS_ENDPOINT_SECRET_KEY;
    const char *other_key =
        config->other_secret_key ? config->other_secret_key : CS_ENDPOINT_OTHER_SECRET_KEY;
    enum cs_err err = add_environment(endpoint, "chatspecenvironment000one", "dev", main_key);
    if (err == CS_OK) {
        err = add_environment(endpoint, "chatspecenvironment000two", "staging", other_key);
    }
    if (err == CS_OK) {
        err = add_environment(endpoint, "chatspecenvironment0three", "preview",
                              CS_ENDPOINT_PREVIEW_KEY);
    }
    if (err != CS_OK) {
        return err;
    }
    endpoint->environments[endpoint->n_environments - 1].branch = CS_ENDPOINT_BRANCH;
    endpoint->objects = cs_objects_new();
    endpoint->windows = cs_windows_new();
    err = add_store(endpoint, config);
    err = err == CS_OK ? watch_store(endpoint) : err;
    endpoint->streams = cs_streams_new(endpoint);
    bool complete = endpoint->objects && endpoint->windows && endpoint->store && endpoint->streams;
    return err == CS_OK && !complete ? CS_ERR_NO_MEMORY : err;
}

static enum cs_err add_faults(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config,
                              struct cs_diag *diag)
{
    endpoint->faults = cs_faults_new();
    enum cs_err err =
        endpoint->faults ? CS_OK : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for an endpoint");
    for (size_t i = 0; err == CS_OK && i < config->n_faults; i++) {
        err = cs_faults_add(endpoint->faults, cs_view_str(config->faults[i]), diag);
    }
    return err;
}

enum cs_err cs_endpoint_fault(struct cs_endpoint *endpoint, const char *rule, struct cs_diag *diag)
{
    return cs_faults_add(endpoint->faults, cs_view_str(rule), diag);
}

void cs_endpoint_clear_faults(struct cs_endpoint *endpoint)
{
    cs_faults_clear(endpoint->faults);
}

void cs_endpoint_scenario(struct cs_endpoint *endpoint, const struct cs_scenario *scenario)
{
    endpoint->scenario = scenario;
}

static enum cs_err listen_on(struct cs_endpoint *endpoint, const struct cs_endpoint_config *config,
                             struct cs_diag *diag)
{
    struct cs_server_config server = {
        .address = config->address,
        .port = config->port,
        .limits = {.max_body = MAX_BODY},
        .hooks = &hooks,
        .ctx = endpoint,
    };
    enum cs_err err = cs_server_start(endpoint->loop, &server, &endpoint->server, diag);
    if (err == CS_OK) {
        const char *address = config->address ? config->address : "127.0.0.1";
        bool is_v6 = strchr(address, ':') != NULL;
        snprintf(endpoint->url, sizeof endpoint->url, is_v6 ? "http://[%s]:%u" : "http://%s:%u",
                 address, cs_server_port(endpoint->server));
    }
    return err;
}

enum cs_err cs_endpoint_start(struct cs_loop *loop, const struct cs_endpoint_config *config,
                              struct cs_endpoint **ret_endpoint, struct cs_diag *diag)
{
    struct cs_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for an endpoint");
    }
    endpoint->loop = loop;
    endpoint->quiet = config->quiet;
    endpoint->policy = cs_policy_default();
    TAILQ_INIT(&endpoint->sessions);
    TAILQ_INIT(&endpoint->closed);
    endpoint->clock = config->clock;
    endpoint->clock_ctx = config->clock_ctx;
    endpoint->forget_closed_ms = config->forget_closed_ms;
    TAILQ_INIT(&endpoint->runs);
    TAILQ_INIT(&endpoint->waitpoints);
    endpoint->tap = config->tap;
    endpoint->no_agent = config->no_agent;
    endpoint->scenario = config->scenario;
    endpoint->started_ms = cs_loop_now(loop);
    if (config->profile && cs_policy_as_of(config->profile, &endpoint->policy) != CS_OK) {
        cs_endpoint_stop(endpoint);
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "'%.40s' is no version", config->profile);
    }
    set_numbers(endpoint, config);
    apply_violations(endpoint, config);
    endpoint->random = config->seed;
    if (config->seed == 0 &&
        getrandom(&endpoint->random, sizeof endpoint->random, 0) != sizeof endpoint->random) {
        cs_endpoint_stop(endpoint);
        return cs_fail(diag, CS_ERR_IO, 0, "getrandom: no random numbers");
    }
    enum cs_err err = add_parts(endpoint, config);
    err = err == CS_OK ? add_faults(endpoint, config, diag)
                       : cs_fail(diag, err, 0, "no memory for an endpoint");
    err = err == CS_OK ? listen_on(endpoint, config, diag) : err;
    if (err != CS_OK) {
        cs_endpoint_stop(endpoint);
        return err;
    }
    *ret_endpoint = endpoint;
    return CS_OK;
}

/* The server first: its connections let go of readers and calls. Then the store, which answers what
 * is still on its way to it: those who asked need runs, sessions and streams for that. */
void cs_endpoint_stop(struct cs_endpoint *endpoint)
{
    if (!endpoint) {
        return;
    }
    if (endpoint->server) {
        cs_server_stop(endpoint->server);
    }
    cs_waitpoints_free(endpoint);
    if (endpoint->store) {
        endpoint->store->ops->free(endpoint->store);
    }
    cs_runs_free(endpoint);
    cs_sessions_free(endpoint);
    cs_streams_free(endpoint->streams);
    cs_objects_free(endpoint->objects);
    cs_windows_free(endpoint->windows);
    cs_faults_free(endpoint->faults);
    for (size_t i = 0; i < CS_ENVIRONMENTS_MAX; i++) {
        free(endpoint->environments[i].secret_key);
    }
    free(endpoint->stream_url);
    free(endpoint->stream_basin);
    free(endpoint->stream_token);
    free(endpoint->marker);
    free(endpoint);
}

const char *cs_endpoint_url(const struct cs_endpoint *endpoint)
{
    return endpoint->url;
}
