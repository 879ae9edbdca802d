/* Rows that come without a request: sessions, runs, snapshots. */
#include <stdlib.h>

#include "endpoint/sessions/objects.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/sessions/session_config.h"
#include "wire/json.h"

static struct cs_session *find_session(const struct cs_endpoint *endpoint, const char *id)
{
    return cs_session_find(endpoint, &endpoint->environments[0], cs_view_str(id));
}

static void give_id(const char *id, char *ret_id)
{
    if (ret_id) {
        memcpy(ret_id, id, strlen(id) + 1);
    }
}

enum cs_err cs_play_session(struct cs_endpoint *endpoint, struct cs_view body, char *ret_id,
                            struct cs_diag *diag)
{
    struct cs_session_input input = {0};
    struct cs_refusal refusal = {0};
    enum cs_err err = cs_json_check(body, diag);
    if (err != CS_OK) {
        return err;
    }
    if (!cs_session_input_read(&endpoint->policy, body, &input, &refusal)) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "%s", refusal.text);
    }
    if (input.external_id && find_session(endpoint, input.external_id)) {
        err = cs_fail(diag, CS_ERR_SYNTAX, 0, "externalId: there is such a session");
        cs_session_input_free(&input);
        return err;
    }
    const struct cs_session *session = cs_session_add(endpoint, &endpoint->environments[0], &input);
    if (!session) {
        cs_session_input_free(&input);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for a session");
    }
    give_id(session->id, ret_id);
    return CS_OK;
}

enum cs_err cs_play_run(struct cs_endpoint *endpoint, const char *session_id, const char *run_id,
                        char *ret_id)
{
    struct cs_session *session = find_session(endpoint, session_id);
    if (!session) {
        return CS_ERR_MISSING;
    }
    struct cs_view id = cs_view_str(run_id);
    if (run_id && (id.len >= sizeof(((struct cs_run *)0)->id) || id.len < sizeof("run_") ||
                   !cs_view_starts_with(id, CS_VIEW("run_")) ||
                   cs_run_find(endpoint, session->environment, id))) {
        return CS_ERR_RANGE;
    }
    struct cs_run *run = cs_run_trigger_as(endpoint, session, session->run, run_id);
    if (!run) {
        return CS_ERR_NO_MEMORY;
    }
    cs_run_make_current(endpoint, run);
    give_id(run->id, ret_id);
    return CS_OK;
}

enum cs_err cs_play_run_status(struct cs_endpoint *endpoint, const char *run_id,
                               enum cs_run_status status)
{
    struct cs_run *run = cs_run_find(endpoint, &endpoint->environments[0], cs_view_str(run_id));
    if (!run) {
        return CS_ERR_MISSING;
    }
    cs_run_set_status(endpoint, run, status);
    if (cs_run_terminal(run)) {
        cs_agent_on_run_ended(endpoint, run);
    }
    return CS_OK;
}

enum cs_err cs_play_config(struct cs_endpoint *endpoint, const char *session_id,
                           struct cs_view config, struct cs_diag *diag)
{
    struct cs_session *session = find_session(endpoint, session_id);
    if (!session) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "there is no such session");
    }
    enum cs_err err = cs_json_check(config, diag);
    struct cs_session_input input = {0};
    struct cs_refusal refusal = {0};
    if (err == CS_OK && cs_session_config_read(&endpoint->policy, config, &input.trigger_config,
                                               &input.base_payload, &refusal)) {
        cs_session_take_config(session, &input);
        session->updated_ms = cs_endpoint_now(endpoint);
    } else if (err == CS_OK) {
        err = cs_fail(diag, CS_ERR_SYNTAX, 0, "%s", refusal.text);
    }
    cs_session_input_free(&input);
    return err;
}

/* ---- snapshots ---- */

static enum cs_err snapshot_path(const struct cs_endpoint *endpoint, const char *session_id,
                                 struct cs_buf *path)
{
    const struct cs_session *session = find_session(endpoint, session_id);
    if (!session) {
        return CS_ERR_MISSING;
    }
    cs_snapshot_path(
        session, endpoint->policy.snapshot_by_friendly_id ? cs_view_str(session->id) : session->key,
        path);
    return cs_buf_error(path);
}

enum cs_err cs_play_snapshot_put(struct cs_endpoint *endpoint, const char *session,
                                 struct cs_view bytes)
{
    struct cs_buf path = CS_BUF((size_t)4096);
    enum cs_err err = snapshot_path(endpoint, session, &path);
    if (err == CS_OK) {
        err = cs_objects_put(endpoint->objects, cs_buf_view(&path), bytes);
    }
    cs_buf_free(&path);
    return err;
}

enum cs_err cs_play_snapshot_get(const struct cs_endpoint *endpoint, const char *session,
                                 struct cs_view *ret_bytes)
{
    struct cs_buf path = CS_BUF((size_t)4096);
    enum cs_err err = snapshot_path(endpoint, session, &path);
    if (err == CS_OK && !cs_objects_get(endpoint->objects, cs_buf_view(&path), ret_bytes)) {
        err = CS_ERR_MISSING;
    }
    cs_buf_free(&path);
    return err;
}

enum cs_err cs_play_snapshot_remove(struct cs_endpoint *endpoint, const char *session)
{
    struct cs_buf path = CS_BUF((size_t)4096);
    enum cs_err err = snapshot_path(endpoint, session, &path);
    if (err == CS_OK && !cs_objects_remove(endpoint->objects, cs_buf_view(&path))) {
        err = CS_ERR_MISSING;
    }
    cs_buf_free(&path);
    return err;
}
