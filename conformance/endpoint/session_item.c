/* SES: retrieve and update. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

static void retrieve_by_both_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const struct ep_answer *one =
        ep_expect(ep, ep_do(ep, .path = ep_api(ep, session->id, ""), .auth = key), 200);
    const struct ep_answer *two =
        ep_expect(ep, ep_do(ep, .path = ep_api(ep, session->external_id, ""), .auth = key), 200);
    cs_case_check(run, cJSON_Compare(one->json, two->json, true),
                  "the two id forms answer different items");
    const char *current = ep_need_text(ep, session->created, "currentRunId");
    cs_case_check(run, !strcmp(ep_get_text(ep, one, "currentRunId"), current),
                  "currentRunId is not the created run");
    cs_case_check(run, cJSON_IsObject(ep_get(one, "triggerConfig.basePayload")),
                  "the item has no triggerConfig.basePayload");
}

static void retrieve_unknown(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *key = ep_env(ep)->secret_key;
    const char *unknown = ep_unique(ep, "nobody");
    ep_expect(ep, ep_do(ep, .path = ep_api(ep, unknown, ""), .auth = key), 404);
    ep_expect(ep,
              ep_do(ep, .path = ep_api(ep, "session_000000000000000000000nope", ""), .auth = key),
              404);
    ep_session_with(ep, unknown, NULL);
    ep_accept(ep, ep_do(ep, .path = ep_api(ep, unknown, ""), .auth = key));
}

static void environment_scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *other_key = ep_env(ep)->other_secret_key;
    const char *forms[] = {session->id, session->external_id};
    /* what an unknown session is answered with is another case's question (SES-39) */
    const char *nobody = ep_api(ep, ep_unique(ep, "nobody"), "");
    int unknown = ep_do(ep, .path = nobody, .auth = other_key)->status;
    for (size_t i = 0; i < 2; i++) {
        const char *path = ep_api(ep, forms[i], "");
        ep_need(ep, ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key));
        const struct ep_answer *answer = ep_do(ep, .path = path, .auth = other_key);
        cs_case_check(run, answer->status / 100 != 2, "another environment's key retrieved it");
        ep_expect(ep, answer, unknown);
    }
}

static const struct ep_answer *patch(struct ep *ep, const char *path, const char *body)
{
    const struct ep_answer *answer =
        ep_do(ep, .method = "PATCH", .path = path, .auth = ep_env(ep)->secret_key, .body = body);
    return ep_expect(ep, ep_allowed(ep, answer), 200);
}

/* null or left out: which of the two is another case's question (SES-05) */
static bool is_unset(const cJSON *value)
{
    return !value || cJSON_IsNull(value);
}

static void patch_replaces(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session =
        ep_session_with(ep, ep_unique(ep, "chat"), "\"tags\":[\"a\"],\"metadata\":{\"k\":1}");
    const char *path = ep_api(ep, session->id, "");
    const struct ep_answer *answer = patch(ep, path, "{\"tags\":[\"b\"]}");
    const cJSON *tag = cJSON_GetArrayItem(ep_get(answer, "tags"), 0);
    cs_case_check(run, cJSON_IsString(tag) && !strcmp(tag->valuestring, "b"),
                  "PATCH did not replace tags");
    cs_case_check(run, cJSON_IsNumber(ep_get(answer, "metadata.k")),
                  "PATCH of tags touched metadata");
    patch(ep, path, "{\"metadata\":null}");
    answer = patch(ep, path, "{}");
    cs_case_check(run, is_unset(ep_get(answer, "metadata")), "PATCH did not clear metadata");
    answer = ep_need(ep, ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key));
    cs_case_check(run, is_unset(ep_get(answer, "metadata")), "the patch was not kept");
}

static void external_id_is_fixed(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->id, "");
    const char *key = ep_env(ep)->secret_key;
    const char *bad[] = {"{\"externalId\":null}",
                         ep_text(ep, "{\"externalId\":\"%s\"}", ep_unique(ep, "other"))};
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = "PATCH", .path = path, .auth = key, .body = bad[i]);
        ep_expect(ep, ep_allowed(ep, answer), 422);
    }
    const char *same = ep_text(ep, "{\"externalId\":\"%s\"}", session->external_id);
    ep_accept(ep, ep_do(ep, .method = "PATCH", .path = path, .auth = key, .body = same));
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_session_item_cases[] = {
    {"endpoint/session/retrieve-by-both-forms", "Retrieve works by friendly id and externalId",
     "SES-38", CS_MUST, SK, 0, retrieve_by_both_forms},
    {"endpoint/session/retrieve-unknown", "Retrieving an unknown session is 404", "SES-39", CS_MUST,
     SK, 0, retrieve_unknown},
    {"endpoint/session/environment-scoped", "Another environment's session is not found", "SES-40",
     CS_MUST, SK | CS_NEEDS_TWO_ENVIRONMENTS, 0, environment_scoped},
    {"endpoint/session/patch-replaces", "PATCH replaces what it names and leaves the rest",
     "SES-41", CS_MUST, SK, 0, patch_replaces},
    {"endpoint/session/external-id-is-fixed", "PATCH cannot change externalId", "SES-42", CS_MUST,
     SK, 0, external_id_is_fixed},
    {0},
};
