/* The table of sessions. A closed session stays readable, until it is forgotten (forget.c). */
#include "endpoint/sessions/session.h"

#include <search.h>
#include <stdlib.h>

#include "endpoint/sessions/runs.h"

static int compare_views(struct cs_view a, struct cs_view b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* What the trees hold and what is looked for: a session, or a stand-in with these fields set. */
static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct cs_session *)a)->id, ((const struct cs_session *)b)->id);
}

static int compare_external_ids(const void *a, const void *b)
{
    const struct cs_session *left = a;
    const struct cs_session *right = b;
    if (left->environment != right->environment) {
        return left->environment < right->environment ? -1 : 1;
    }
    return compare_views(left->key, right->key);
}

bool cs_is_friendly_id(struct cs_view id)
{
    return cs_view_starts_with(id, CS_VIEW("session_"));
}

static struct cs_session *found(void *node)
{
    return node ? *(struct cs_session **)node : NULL;
}

struct cs_session *cs_session_find(const struct cs_endpoint *endpoint,
                                   const struct cs_environment *environment, struct cs_view id)
{
    struct cs_session wanted = {.environment = environment, .key = id};
    if (!cs_is_friendly_id(id)) {
        struct cs_session *session =
            found(tfind(&wanted, &endpoint->sessions_by_external_id, compare_external_ids));
        if (session || endpoint->policy.friendly_prefix) {
            return session;
        }
    }
    if (id.len == 0 || id.len >= sizeof wanted.id || memchr(id.ptr, '\0', id.len)) {
        return NULL;
    }
    memcpy(wanted.id, id.ptr, id.len);
    struct cs_session *session = found(tfind(&wanted, &endpoint->sessions_by_id, compare_ids));
    return session && session->environment == environment ? session : NULL;
}

bool cs_session_expired(const struct cs_session *session, int64_t now_ms)
{
    return session->expires_ms != CS_NO_TIME && session->expires_ms <= now_ms;
}

static void session_free(struct cs_session *session)
{
    free(session->external_id);
    free(session->type);
    free(session->task);
    free(session->trigger_config);
    free(session->base_payload);
    free(session->tags);
    free(session->metadata);
    free(session->closed_reason);
    free(session);
}

static void take_strings(struct cs_session *session, struct cs_session_input *input)
{
    session->external_id = input->external_id;
    session->type = input->type;
    session->task = input->task;
    session->trigger_config = input->trigger_config;
    session->base_payload = input->base_payload;
    session->tags = input->tags;
    session->metadata = input->metadata;
    session->expires_ms = input->expires_ms;
    *input = (struct cs_session_input){0};
}

struct cs_session *cs_session_add(struct cs_endpoint *endpoint,
                                  const struct cs_environment *environment,
                                  struct cs_session_input *input)
{
    struct cs_session *session =
        endpoint->n_sessions < CS_SESSIONS_MAX ? calloc(1, sizeof *session) : NULL;
    if (!session) {
        return NULL;
    }
    take_strings(session, input);
    memcpy(session->id, endpoint->policy.friendly_prefix ? "session_" : "chatrow_",
           sizeof("session_"));
    cs_random_id(endpoint, session->id + sizeof("session_") - 1,
                 (size_t)endpoint->policy.session_id_len);
    session->environment = environment;
    session->key = cs_view_str(session->external_id ? session->external_id : session->id);
    session->row = ++endpoint->last_row;
    session->created_ms = session->updated_ms = cs_endpoint_now(endpoint);
    session->closed_ms = CS_NO_TIME;
    TAILQ_INIT(&session->runs);
    if (!tsearch(session, &endpoint->sessions_by_id, compare_ids)) {
        session_free(session);
        return NULL;
    }
    if (session->external_id &&
        !tsearch(session, &endpoint->sessions_by_external_id, compare_external_ids)) {
        tdelete(session, &endpoint->sessions_by_id, compare_ids);
        session_free(session);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&endpoint->sessions, session, link);
    endpoint->n_sessions++;
    return session;
}

void cs_session_take_config(struct cs_session *session, struct cs_session_input *input)
{
    free(session->trigger_config);
    free(session->base_payload);
    session->trigger_config = input->trigger_config;
    session->base_payload = input->base_payload;
    input->trigger_config = NULL;
    input->base_payload = NULL;
}

void cs_session_take_rest(struct cs_session *session, struct cs_session_input *input)
{
    free(session->tags);
    free(session->metadata);
    session->tags = input->tags;
    session->metadata = input->metadata;
    session->expires_ms = input->expires_ms;
    input->tags = NULL;
    input->metadata = NULL;
}

void cs_session_remove(struct cs_endpoint *endpoint, struct cs_session *session)
{
    tdelete(session, &endpoint->sessions_by_id, compare_ids);
    if (session->external_id) {
        tdelete(session, &endpoint->sessions_by_external_id, compare_external_ids);
    }
    TAILQ_REMOVE(&endpoint->sessions, session, link);
    endpoint->n_sessions--;
    session_free(session);
}

static void leave(void *node)
{
    (void)node; /* the list owns the rows */
}

void cs_sessions_free(struct cs_endpoint *endpoint)
{
    tdestroy(endpoint->sessions_by_id, leave);
    tdestroy(endpoint->sessions_by_external_id, leave);
    struct cs_session *session;
    while ((session = TAILQ_FIRST(&endpoint->sessions))) {
        TAILQ_REMOVE(&endpoint->sessions, session, link);
        session_free(session);
    }
}

static bool is_over(const struct cs_policy *policy, const struct cs_run *run)
{
    return cs_run_terminal(run) &&
           (run->status != CS_RUN_COMPLETED || policy->completed_is_terminal);
}

/* As if this append had looked at the run before another one started the continuation. */
static bool misses_claim(const struct cs_endpoint *endpoint, const struct cs_session *session)
{
    int64_t race_ms = endpoint->policy.continuation_race_ms;
    return race_ms > 0 && session->n_runs > 1 &&
           cs_endpoint_now(endpoint) - session->run->created_ms < race_ms;
}

struct cs_run *cs_session_ensure_run(struct cs_endpoint *endpoint, struct cs_session *session)
{
    const struct cs_policy *policy = &endpoint->policy;
    bool alive = session->run && !is_over(policy, session->run);
    if (alive && policy->reuse_live_run && !misses_claim(endpoint, session)) {
        return session->run;
    }
    if (session->run && !alive && !policy->start_continuations) {
        return session->run;
    }
    return cs_run_start(endpoint, session, session->run);
}
