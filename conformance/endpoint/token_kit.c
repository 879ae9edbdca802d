#include "conformance/endpoint/token_kit.h"

#include <stdlib.h>

#include "conformance/endpoint/kit_internal.h"

void token_subscribes(struct ep *ep, const char *id, const char *token, const char *what)
{
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, id, "out"), token, NULL);
    cs_case_check(ep_run(ep), sub->status != 401 && sub->status != 403,
                  "%s: subscribing answered %d, expected 200", what, sub->status);
    if (sub->status != 200) {
        cs_case_error(ep_run(ep), "%s: subscribing answered %d", what, sub->status);
    }
    ep_unsubscribe(sub);
}

void token_refused(struct ep *ep, const struct ep_session *session, const char *token, int status,
                   const char *what)
{
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), token, NULL);
    cs_case_check(ep_run(ep), sub->status == status, "%s: subscribing answered %d, expected %d",
                  what, sub->status, status);
    ep_unsubscribe(sub);
    int before = ep_drain_count(ep, session, "in");
    const struct ep_answer *answer = token_append(ep, session, token);
    cs_case_check(ep_run(ep), answer->status == status, "%s: appending answered %d, expected %d",
                  what, answer->status, status);
    cs_case_check(ep_run(ep), ep_drain_count(ep, session, "in") == before,
                  "%s: the refused append left a record", what);
}

void token_accepted(struct ep *ep, const struct ep_session *session, const char *token,
                    const char *what)
{
    token_subscribes(ep, session->key, token, what);
    ep_granted(ep, token_append(ep, session, token));
}

const struct ep_answer *token_append(struct ep *ep, const struct ep_session *session,
                                     const char *token)
{
    return ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = token,
                 .body = EP_STOP);
}

const struct ep_answer *token_drain(struct ep *ep, const struct ep_session *session,
                                    const char *token)
{
    return ep_do(ep, .path = ep_realtime(ep, session->key, "in/records"), .auth = token);
}

const char *token_handing_over(struct ep *ep, const struct ep_session *session)
{
    return ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"test\"}", session->run_id);
}

/* ---- tokens that nobody handed out ---- */

const char *const *token_scopes(struct ep *ep, const struct ep_session *session)
{
    const char **scopes = ep_alloc(ep, 3 * sizeof *scopes);
    scopes[0] = ep_text(ep, "read:sessions:%s", session->key);
    scopes[1] = ep_text(ep, "write:sessions:%s", session->key);
    return scopes;
}

static const char *member(struct ep *ep, const char *name, const char *value, const char *good)
{
    value = value ? value : good;
    return *value ? ep_text(ep, "\"%s\":%s,", name, value) : "";
}

/* Keys made by ep_unique, and environment ids, need no escaping. */
const char *token_payload(struct ep *ep, const struct ep_session *session,
                          const struct token_payload *changes)
{
    const struct cs_token *own = ep_decode(ep, session->token);
    const char *sub = ep_text(ep, "\"%s\"", own->sub ? own->sub : "");
    const char *scopes =
        ep_text(ep, "[\"read:sessions:%s\",\"write:sessions:%s\"]", session->key, session->key);
    long long now_s = (long long)(cs_wall_ms() / 1000);
    return ep_text(ep,
                   "{%s%s%s\"iss\":\"" CS_TOKEN_ISSUER "\",\"aud\":\"" CS_TOKEN_AUDIENCE
                   "\",\"iat\":%lld,\"exp\":%lld}",
                   member(ep, "sub", changes->sub, sub), member(ep, "pub", changes->pub, "true"),
                   member(ep, "scopes", changes->scopes, scopes), now_s, now_s + CS_TOKEN_LIFE_S);
}

const char *token_forge(struct ep *ep, const char *header, const char *payload,
                        enum cs_token_alg alg)
{
    struct cs_buf out = CS_BUF(CS_TOKEN_MAX_LEN);
    if (cs_token_forge(cs_view_str(header), cs_view_str(payload), alg,
                       cs_view_str(ep_env(ep)->secret_key), &out)) {
        cs_case_error(ep_run(ep), "could not forge a token");
    }
    return ep_own(ep, cs_buf_take(&out), free);
}
