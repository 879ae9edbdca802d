/* Forgets sessions that were closed long ago, so that an endpoint that runs for long stays as small
 * as what it is doing.
 *
 * They stand in one list in the order of their closing. One that is still needed when its time
 * comes goes back to the end of the list.
 */
#include "endpoint/sessions/objects.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/sessions/session.h"
#include "endpoint/streams/streams.h"

#define PER_CALL 4u /* a call creates one session at most, so this keeps up */

static bool forgets(const struct cs_endpoint *endpoint)
{
    return endpoint->forget_closed_ms > 0 && endpoint->stream_url == NULL;
}

static int64_t patience_ms(const struct cs_endpoint *endpoint)
{
    int64_t window_ms = endpoint->policy.dedupe_window_ms;
    return endpoint->forget_closed_ms > window_ms ? endpoint->forget_closed_ms : window_ms;
}

void cs_session_forget_later(struct cs_endpoint *endpoint, struct cs_session *session)
{
    if (forgets(endpoint)) {
        session->forget_ms = cs_endpoint_now(endpoint) + patience_ms(endpoint);
        TAILQ_INSERT_TAIL(&endpoint->closed, session, closed_link);
    }
}

static bool is_needed(const struct cs_session *session)
{
    const struct cs_run *run;
    TAILQ_FOREACH(run, &session->runs, session_link)
    {
        if (run->agent != NULL) {
            return true;
        }
    }
    return session->n_calls > 0 || session->has_channels;
}

static void forget_stream(struct cs_endpoint *endpoint, const struct cs_session *session,
                          enum cs_io io)
{
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_stream_name(session->environment, session->key, (struct cs_view){0}, io, &name);
    if (cs_buf_error(&name) == CS_OK && endpoint->store->ops->forget != NULL) {
        endpoint->store->ops->forget(endpoint->store, cs_buf_view(&name));
    }
    cs_buf_free(&name);
}

/* A snapshot lies under the id that its URL was asked for with. */
static void forget_snapshot(struct cs_endpoint *endpoint, const struct cs_session *session,
                            struct cs_view id)
{
    struct cs_buf path = CS_BUF(CS_STREAM_NAME_MAX);
    cs_snapshot_path(session, id, &path);
    if (cs_buf_error(&path) == CS_OK) {
        (void)cs_objects_remove(endpoint->objects, cs_buf_view(&path));
    }
    cs_buf_free(&path);
}

static void forget(struct cs_endpoint *endpoint, struct cs_session *session)
{
    struct cs_run *run;
    while ((run = TAILQ_FIRST(&session->runs)) != NULL) {
        cs_run_forget(endpoint, run);
    }
    forget_stream(endpoint, session, CS_IO_IN);
    forget_stream(endpoint, session, CS_IO_OUT);
    forget_snapshot(endpoint, session, session->key);
    forget_snapshot(endpoint, session, cs_view_str(session->id));
    cs_session_remove(endpoint, session);
}

void cs_sessions_forget(struct cs_endpoint *endpoint)
{
    for (unsigned i = 0; i < PER_CALL; i++) {
        struct cs_session *session = TAILQ_FIRST(&endpoint->closed);
        if (session == NULL || cs_endpoint_now(endpoint) < session->forget_ms) {
            return;
        }
        TAILQ_REMOVE(&endpoint->closed, session, closed_link);
        if (is_needed(session)) {
            cs_session_forget_later(endpoint, session);
        } else {
            forget(endpoint, session);
        }
    }
}
