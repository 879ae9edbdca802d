/* SNP: presigned snapshot URLs, and the transcript that is read out of a snapshot (CHN-29). */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

static const struct ep_answer *presign(struct ep *ep, const char *method, const char *id,
                                       const char *auth)
{
    const struct ep_answer *answer =
        ep_do(ep, .method = method, .path = ep_api(ep, id, "/snapshot-url"), .auth = auth);
    if (answer->status == 500) {
        cs_case_skip(ep_run(ep), "this server has no object store: snapshot-url answers 500");
    }
    return answer;
}

static void for_reading(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_expect(ep, presign(ep, "GET", session->key, session->token), 200);
    cs_case_check(run, !strncmp(ep_get_text(ep, answer, "presignedUrl"), "http", 4),
                  "presignedUrl is no URL");
}

static void for_writing(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_expect(ep, presign(ep, "PUT", session->key, session->token), 200);
    cs_case_check(run, !strncmp(ep_get_text(ep, answer, "presignedUrl"), "http", 4),
                  "presignedUrl is no URL");
}

static void object_key(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->id, session->external_id};
    const char *key = ep_text(ep, "/sessions/%s/snapshot.json", session->id);
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer = ep_need(ep, presign(ep, "GET", forms[i], session->token));
        const char *url = ep_need_text(ep, answer, "presignedUrl");
        cs_case_check(run, strstr(url, key), "by %s the URL %s does not name %s", forms[i], url,
                      key);
    }
}

static void scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    ep_expect(ep, presign(ep, "GET", session->key, other->token), 403);
    const char *reader =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key)));
    ep_expect(ep, presign(ep, "PUT", session->key, reader), 403);
    ep_granted(ep, presign(ep, "GET", session->key, reader));
}

static const struct ep_answer *transcript(struct ep *ep, const struct ep_session *session,
                                          const char *query, const char *auth)
{
    return ep_do(ep, .path = ep_api(ep, session->id, ep_text(ep, "/transcript%s", query)),
                 .auth = auth);
}

/* A snapshot of three messages, put where the agent would put it. */
static void put_snapshot(struct ep *ep, const struct ep_session *session)
{
    static const char messages[] = "{\"id\":\"m1\",\"role\":\"user\",\"parts\":[]},"
                                   "{\"id\":\"m2\",\"role\":\"assistant\",\"parts\":[]},"
                                   "{\"id\":\"m3\",\"role\":\"user\",\"parts\":[]}";
    const struct ep_answer *answer = ep_need(ep, presign(ep, "PUT", session->id, session->token));
    ep_need(ep, ep_do(ep, .method = "PUT", .path = ep_need_text(ep, answer, "presignedUrl"),
                      .body = ep_text(ep, "{\"version\":1,\"messages\":[%s]}", messages)));
}

static void transcript_pages(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const struct ep_answer *empty = ep_expect(ep, transcript(ep, session, "", key), 200);
    cs_case_check(run, cJSON_IsArray(ep_get(empty, "messages")),
                  "the transcript has no array \"messages\"");
    put_snapshot(ep, session);
    const cJSON *all = ep_get(ep_need(ep, transcript(ep, session, "", key)), "messages");
    if (cJSON_GetArraySize(all) != 3) {
        cs_case_error(run, "a snapshot of 3 messages is a transcript of %d",
                      cJSON_GetArraySize(all));
    }
    const struct ep_answer *page = ep_expect(ep, transcript(ep, session, "?limit=2", key), 200);
    const cJSON *latest = ep_get(page, "messages");
    cs_case_check(run, cJSON_GetArraySize(latest) == 2, "limit=2 gives %d messages",
                  cJSON_GetArraySize(latest));
    for (int i = 0; i < 2; i++) {
        cs_case_check(
            run, cJSON_Compare(cJSON_GetArrayItem(latest, i), cJSON_GetArrayItem(all, i + 1), true),
            "limit=2 does not give the two latest messages in their order");
    }
    const struct ep_answer *refused = transcript(ep, session, "", session->token);
    cs_case_check(run, refused->status / 100 == 4, "a session's token read the transcript: %d",
                  refused->status);
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_snapshot_cases[] = {
    {"endpoint/snapshot/for-reading", "A session's token gets a URL to read its snapshot", "SNP-01",
     CS_MUST, SK, 0, for_reading},
    {"endpoint/snapshot/for-writing", "A session's token gets a URL to write its snapshot",
     "SNP-02", CS_MUST, SK, 0, for_writing},
    {"endpoint/snapshot/object-key", "The object is named by the friendly id", "SNP-03", CS_MUST,
     SK, 0, object_key},
    {"endpoint/snapshot/scoped", "Foreign and read-only tokens get no URL to write", "SNP-05",
     CS_MUST, SK | CS_NEEDS_SCOPES, 0, scoped},
    {"endpoint/snapshot/transcript", "A secret key reads the latest messages of a transcript",
     "CHN-29", CS_MUST, SK, 0, transcript_pages},
    {0},
};
