#include "conformance/endpoint/kit_internal.h"

#include <stdlib.h>

/* ---- paths and bodies ---- */

const char *ep_api(struct ep *ep, const char *id, const char *rest)
{
    return ep_text(ep, "/api/v1/sessions/%s%s", ep_encode(ep, id), rest);
}

const char *ep_realtime(struct ep *ep, const char *id, const char *rest)
{
    return ep_text(ep, "/realtime/v1/sessions/%s/%s", ep_encode(ep, id), rest);
}

static const char *quoted(struct ep *ep, const char *text)
{
    struct cs_buf out = CS_BUF((size_t)4 * 1024 * 1024);
    cs_buf_char(&out, '"');
    cs_json_escape(&out, cs_view_str(text));
    cs_buf_char(&out, '"');
    return ep_own(ep, cs_buf_take(&out), free);
}

static const char *create_body(struct ep *ep, const char *task, const char *external_id,
                               const char *extra)
{
    const char *id = external_id ? quoted(ep, external_id) : NULL;
    return ep_text(
        ep,
        "{\"type\":\"chat.agent\",\"taskIdentifier\":%s,%s%s%s"
        "\"triggerConfig\":{\"basePayload\":{\"chatId\":%s,\"trigger\":\"preload\"}}%s%s}",
        quoted(ep, task), id ? "\"externalId\":" : "", id ? id : "", id ? "," : "",
        id ? id : "\"chat\"", extra ? "," : "", extra ? extra : "");
}

const char *ep_create_body(struct ep *ep, const char *external_id, const char *extra)
{
    return create_body(ep, ep->env->task, external_id, extra);
}

const char *ep_message(struct ep *ep, const struct ep_session *session, const char *text)
{
    return ep_text(
        ep,
        "{\"kind\":\"message\",\"payload\":{\"message\":{\"id\":\"%s\",\"role\":\"user\","
        "\"parts\":[{\"type\":\"text\",\"text\":%s}]},\"chatId\":%s,"
        "\"trigger\":\"submit-message\"}}",
        ep_unique(ep, "u"), quoted(ep, text), quoted(ep, session->key));
}

/* ---- sessions ---- */

const struct ep_answer *ep_post_session(struct ep *ep, const char *body)
{
    return ep_do(ep, .path = "/api/v1/sessions", .auth = ep->env->secret_key, .body = body);
}

const struct ep_session *ep_session_from(struct ep *ep, const struct ep_answer *created)
{
    struct ep_session *session = ep_alloc(ep, sizeof *session);
    session->created = ep_need(ep, created);
    session->id = ep_need_text(ep, created, "id");
    session->run_id = ep_need_text(ep, created, "runId");
    session->token = ep_need_text(ep, created, "publicAccessToken");
    session->external_id = cJSON_GetStringValue(ep_get(created, "externalId"));
    session->key = session->external_id ? session->external_id : session->id;
    return session;
}

const struct ep_session *ep_session_with(struct ep *ep, const char *external_id, const char *extra)
{
    return ep_session_from(ep, ep_post_session(ep, ep_create_body(ep, external_id, extra)));
}

const struct ep_session *ep_session(struct ep *ep)
{
    return ep_session_with(ep, ep_unique(ep, "chat"), NULL);
}

const struct ep_session *ep_agent_session(struct ep *ep)
{
    const char *body = create_body(ep, ep->env->agent_task, ep_unique(ep, "chat"), NULL);
    return ep_session_from(ep, ep_post_session(ep, body));
}

const struct ep_session *ep_task_session(struct ep *ep, const char *task)
{
    return ep_session_from(ep,
                           ep_post_session(ep, create_body(ep, task, ep_unique(ep, "chat"), NULL)));
}

const char *ep_own_task(struct ep *ep)
{
    return ep_text(ep, "%s-%s", ep->env->task, ep_unique(ep, "task"));
}

static void await_row(struct ep *ep, const char *id)
{
    for (int64_t until = cs_now_ms() + ep_lag(ep); cs_now_ms() < until;) {
        if (ep_do(ep, .path = ep_api(ep, id, ""), .auth = ep->env->secret_key)->status != 404) {
            return;
        }
        ep_pause(ep, 100);
    }
    cs_case_error(ep->run, "the row of %s cannot be read", id);
}

/* A create that has expired is refused and leaves its row all the same (SES-19); on a server where
 * it does not, the session is made before it expires. */
const char *ep_expired_session(struct ep *ep)
{
    const char *id = ep_unique(ep, "chat");
    ep_post_session(ep, ep_create_body(ep, id, "\"expiresAt\":\"2020-01-01T00:00:00.000Z\""));
    if (ep_do(ep, .path = ep_api(ep, id, ""), .auth = ep->env->secret_key)->status != 404) {
        return id;
    }
    int64_t at = cs_wall_ms() + 500;
    const char *extra = ep_text(ep, "\"expiresAt\":%lld", (long long)at);
    const struct ep_answer *answer = ep_post_session(ep, ep_create_body(ep, id, extra));
    if (answer->status == 409) {
        await_row(ep, id); /* it is there, and reads did not know of it yet (SES-52) */
        return id;
    }
    ep_need(ep, answer);
    while (cs_wall_ms() <= at) {
        ep_pause(ep, at - cs_wall_ms() + 1);
    }
    return id;
}

const struct ep_session *ep_unstorable_session(struct ep *ep)
{
    enum {
        MAX_UNITS = 256
    };
    struct cs_buf id = CS_BUF((size_t)4096);
    cs_buf_str(&id, ep_unique(ep, "long"));
    for (size_t units = id.len; units < MAX_UNITS; units++) {
        cs_buf_str(&id, "\xe2\x82\xac"); /* one unit, three bytes */
    }
    return ep_session_with(ep, ep_own(ep, cs_buf_take(&id), free), NULL);
}

const struct ep_answer *ep_close(struct ep *ep, const struct ep_session *session, const char *body)
{
    return ep_do(ep, .path = ep_api(ep, session->id, "/close"), .auth = ep->env->secret_key,
                 .body = body);
}

const struct ep_answer *ep_item(struct ep *ep, const struct ep_session *session)
{
    return ep_need(ep, ep_do(ep, .path = ep_api(ep, session->id, ""), .auth = ep->env->secret_key));
}

const char *ep_current_run(struct ep *ep, const struct ep_session *session)
{
    const char *run_id = cJSON_GetStringValue(ep_get(ep_item(ep, session), "currentRunId"));
    if (!run_id) {
        cs_case_error(ep->run, "the session has no currentRunId");
    }
    return run_id;
}

/* ---- runs ---- */

const char *ep_swap_run(struct ep *ep, const struct ep_session *session)
{
    const char *body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"upgrade\"}",
                               ep_current_run(ep, session));
    const struct ep_answer *answer =
        ep_need(ep, ep_do(ep, .path = ep_api(ep, session->key, "/end-and-continue"),
                          .auth = session->token, .body = body));
    return ep_need_text(ep, answer, "runId");
}

const struct ep_answer *ep_run_item(struct ep *ep, const char *run_id)
{
    return ep_need(
        ep, ep_do(ep, .path = ep_text(ep, "/api/v3/runs/%s", run_id), .auth = ep->env->secret_key));
}

void ep_cancel_run(struct ep *ep, const char *run_id)
{
    ep_need(ep, ep_do(ep, .path = ep_text(ep, "/api/v2/runs/%s/cancel", run_id),
                      .auth = ep->env->secret_key, .body = "{}"));
    /* a run may take a moment to end: its status is asked for until it says so */
    for (int64_t until = cs_now_ms() + ep->env->patience_ms; cs_now_ms() < until;) {
        const char *status = cJSON_GetStringValue(ep_get(ep_run_item(ep, run_id), "status"));
        if (status && strcmp(status, "CANCELED") == 0) {
            return;
        }
        cs_http_pump(ep->http, 100);
    }
    cs_case_error(ep->run, "the run did not end after being cancelled");
}

const cJSON *ep_runs_of(struct ep *ep, const char *task)
{
    const char *path =
        ep_text(ep, "/api/v1/runs?filter%%5BtaskIdentifier%%5D=%s", ep_encode(ep, task));
    return ep_get(ep_need(ep, ep_do(ep, .path = path, .auth = ep->env->secret_key)), "data");
}

const struct ep_answer *ep_continue(struct ep *ep, const struct ep_session *session,
                                    const char *run_id)
{
    return ep_do(ep, .path = ep_api(ep, session->key, "/end-and-continue"), .auth = session->token,
                 .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"upgrade\"}", run_id));
}

/* ---- the list ---- */

const struct ep_answer *ep_list(struct ep *ep, const char *query)
{
    return ep_do(ep, .path = ep_text(ep, "/api/v1/sessions%s%s", *query ? "?" : "", query),
                 .auth = ep->env->secret_key);
}

const cJSON *ep_list_until(struct ep *ep, const char *query, int n)
{
    int64_t until = cs_now_ms() + ep->env->patience_ms;
    for (;;) {
        const cJSON *data = ep_get(ep_need(ep, ep_list(ep, query)), "data");
        if (cJSON_GetArraySize(data) == n || cs_now_ms() >= until) {
            return data;
        }
        ep_pause(ep, 200);
    }
}

/* ---- appends and drains ---- */

const struct ep_answer *ep_append(struct ep *ep, const struct ep_session *session,
                                  const char *part_id, const char *body)
{
    const char *part = part_id ? ep_text(ep, "X-Part-Id: %s", part_id) : NULL;
    return ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = session->token,
                 .body = body, .headers = EP_HEADERS(part));
}

void ep_append_need(struct ep *ep, const struct ep_session *session, const char *body)
{
    ep_need(ep, ep_append(ep, session, NULL, body));
}

const cJSON *ep_drain(struct ep *ep, const struct ep_session *session, const char *io)
{
    const char *path = ep_realtime(ep, session->key, ep_text(ep, "%s/records", io));
    const struct ep_answer *answer = ep_need(ep, ep_do(ep, .path = path, .auth = session->token));
    const cJSON *records = ep_get(answer, "records");
    if (!cJSON_IsArray(records)) {
        cs_case_error(ep->run, "the drain of .%s has no array \"records\"", io);
    }
    return records;
}

int ep_drain_count(struct ep *ep, const struct ep_session *session, const char *io)
{
    return cJSON_GetArraySize(ep_drain(ep, session, io));
}

/* ---- tokens ---- */

static void token_release(void *object)
{
    cs_token_free(object);
    free(object);
}

const struct cs_token *ep_decode(struct ep *ep, const char *text)
{
    struct cs_token *token = ep_own(ep, calloc(1, sizeof *token), token_release);
    struct cs_diag diag;
    if (cs_token_decode(cs_view_str(text), token, &diag)) {
        cs_case_fail(ep->run, "the token is not a JWT: %s", diag.text);
    }
    return token;
}

bool ep_has_scope(const struct cs_token *token, const char *scope)
{
    for (size_t i = 0; i < token->n_scopes; i++) {
        if (!strcmp(token->scopes[i], scope)) {
            return true;
        }
    }
    return false;
}

struct cs_token_claims ep_claims(struct ep *ep, const struct ep_session *session,
                                 const char *const *scopes)
{
    const struct cs_token *own = ep_decode(ep, session->token);
    size_t n = 0;
    while (scopes && scopes[n]) {
        n++;
    }
    return CS_TOKEN_CLAIMS(own->sub, scopes, n, cs_wall_ms() / 1000);
}

const char *ep_sign(struct ep *ep, const struct cs_token_claims *claims, const char *key)
{
    struct cs_buf out = CS_BUF(CS_TOKEN_MAX_LEN);
    if (cs_token_mint(claims, cs_view_str(key), &out)) {
        cs_case_error(ep->run, "could not sign a token");
    }
    return ep_own(ep, cs_buf_take(&out), free);
}

/* From the server itself (TOK-41). */
static const char *ask_for_token(struct ep *ep, const char *const *scopes)
{
    const char *list = "";
    for (size_t i = 0; scopes[i]; i++) {
        list = ep_text(ep, "%s%s%s", list, i ? "," : "", quoted(ep, scopes[i]));
    }
    const struct ep_answer *answer =
        ep_do(ep, .path = "/api/v1/auth/public-tokens", .auth = ep->env->secret_key,
              .body = ep_text(ep, "{\"scopes\":[%s]}", list));
    if (answer->status == 403) {
        cs_case_skip(ep->run, "the server hands out no token with the scopes %s", list);
    }
    return ep_need_text(ep, ep_need(ep, answer), "token");
}

const char *ep_mint(struct ep *ep, const struct ep_session *session, const char *const *scopes)
{
    if (!ep->env->can_mint) {
        return ask_for_token(ep, scopes);
    }
    struct cs_token_claims claims = ep_claims(ep, session, scopes);
    return ep_sign(ep, &claims, ep->env->secret_key);
}
