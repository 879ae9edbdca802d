/* SNP rows that a server may meet or not: what it does is recorded. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define NO_STORE "Failed to generate presigned URL"

static const struct ep_answer *presign(struct ep *ep, const char *method, const char *id,
                                       const char *auth)
{
    return ep_do(ep, .method = method, .path = ep_api(ep, id, "/snapshot-url"), .auth = auth);
}

/* The URL; without an object store there is nothing to see. */
static const char *need_url(struct ep *ep, const struct ep_session *session, const char *method)
{
    const struct ep_answer *answer = presign(ep, method, session->key, session->token);
    if (answer->status == 500) {
        cs_case_skip(ep_run(ep), "this server has no object store: snapshot-url answers 500");
    }
    return ep_need_text(ep, ep_need(ep, answer), "presignedUrl");
}

static void url_life(struct cs_case_run *run)
{
    static const char name[] = "X-Amz-Expires=";
    struct ep *ep = ep_of(run);
    const char *url = need_url(ep, ep_session(ep), "GET");
    const char *at = strstr(url, name);
    const char *life = at ? at + sizeof name - 1 : "not told";
    cs_case_observe_as(run, "expires_s", "300", "%.*s", (int)strcspn(life, "&"), life);
}

static void unknown_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *nobody = ep_unique(ep, "nobody");
    const char *key = ep_env(ep)->secret_key;
    cs_case_observe_as(run, "get", "404 Not found", "%s",
                       ep_said(ep, presign(ep, "GET", nobody, key)));
    cs_case_observe_as(run, "put", "404 Resource not found", "%s",
                       ep_said(ep, presign(ep, "PUT", nobody, key)));
    cs_case_observe_as(run, "put_by_another_token", "403", "%d",
                       presign(ep, "PUT", nobody, ep_session(ep)->token)->status);
}

static void object_store(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = presign(ep, "GET", session->key, session->token);
    if (answer->status != 500) {
        ep_need(ep, answer);
        cs_case_observe_as(run, "object_store", "there is one", "there is one");
        return;
    }
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    bool says_so = error && !strncmp(error, NO_STORE, sizeof NO_STORE - 1);
    cs_case_observe_as(run, "object_store", "there is one", "none: 500 %s",
                       says_so ? NO_STORE : "with another error");
}

/* The agent's two forms need an agent; that any form comes back as it was put, and that none is a
 * 404 of the store, does not. */
static void stored_forms(struct cs_case_run *run)
{
    static const char *const forms[] = {"{\"version\":1,\"messages\":[]}",
                                        "{\"version\":2,\"messages\":[]}",
                                        "{\"version\":2}\n{\"id\":\"m1\"}\n"};
    static const char *const names[] = {"version_1", "version_2", "lines"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *get = need_url(ep, session, "GET");
    const char *put = need_url(ep, session, "PUT");
    cs_case_observe_as(run, "nothing_stored", "404", "%d", ep_do(ep, .path = get)->status);
    for (size_t i = 0; i < 3; i++) {
        ep_need(ep, ep_do(ep, .method = "PUT", .path = put, .body = forms[i]));
        const struct ep_answer *answer = ep_do(ep, .path = get);
        cs_case_observe_as(run, names[i], "comes back", "%s",
                           cs_view_eq(answer->body, cs_view_str(forms[i])) ? "comes back"
                                                                           : "is changed");
    }
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_observed_snapshot_cases[] = {
    {"endpoint/snapshot/url-life", "A signed URL is valid for 300 s", "SNP-04", CS_OBSERVED, SK, 0,
     url_life},
    {"endpoint/snapshot/unknown-session", "What an unknown session is answered with", "SNP-06",
     CS_OBSERVED, SK, 0, unknown_session},
    {"endpoint/snapshot/object-store", "Without an object store the answer is 500", "SNP-07",
     CS_OBSERVED, SK, 0, object_store},
    {"endpoint/snapshot/stored-forms", "Any snapshot comes back, and none is the store's 404",
     "SNP-08", CS_MAY, SK, 0, stored_forms},
    {0},
};
