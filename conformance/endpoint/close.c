/* CLS: closing a session. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define STOP "{\"kind\":\"stop\"}"

/* In which form a time is shown is another case's question (SES-05). */
static bool is_set(const cJSON *value)
{
    return value && !cJSON_IsNull(value);
}

static void plain_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = ep_expect(ep, ep_close(ep, session, "{}"), 200);
    cs_case_check(run, is_set(ep_get(answer, "closedAt")), "closedAt is not set");
    cs_case_check(run, cJSON_IsNull(ep_get(answer, "closedReason")), "closedReason is not null");
    cs_case_check(run, !strcmp(ep_need_text(ep, answer, "id"), session->id),
                  "the answer is another session's item");
}

static void reason_is_kept(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_close(ep, session, "{\"reason\":\"d\\u00f6ne \\\"quoted\\\" \xf0\x9f\x98\x80\"}");
    ep_need(ep, answer);
    const char *reason = ep_get_text(ep, answer, "closedReason");
    cs_case_check(run, !strcmp(reason, "d\xc3\xb6ne \"quoted\" \xf0\x9f\x98\x80"),
                  "closedReason came back as %s", reason);
}

static void first_close_wins(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *first = ep_need(ep, ep_close(ep, session, "{\"reason\":\"one\"}"));
    const struct ep_answer *again =
        ep_expect(ep, ep_close(ep, session, "{\"reason\":\"two\"}"), 200);
    static const char *const members[] = {"closedReason", "closedAt"};
    for (size_t i = 0; i < 2; i++) {
        if (!is_set(ep_get(first, members[i]))) {
            cs_case_error(run, "the first close did not set %s", members[i]);
        }
        cs_case_check(run,
                      cJSON_Compare(ep_get(first, members[i]), ep_get(again, members[i]), true),
                      "closing again changed %s", members[i]);
    }
}

static void concurrent_closes(struct cs_case_run *run)
{
    enum {
        N = 6
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_pending *pending[N];
    for (int i = 0; i < N; i++) {
        pending[i] = ep_begin(ep, &(struct ep_call){.path = ep_api(ep, session->id, "/close"),
                                                    .auth = ep_env(ep)->secret_key,
                                                    .body = ep_text(ep, "{\"reason\":\"%d\"}", i)});
    }
    static const char *const members[] = {"closedReason", "closedAt"};
    const struct ep_answer *first = NULL;
    for (int i = 0; i < N; i++) {
        const struct ep_answer *answer = ep_expect(ep, ep_end(ep, pending[i]), 200);
        first = first ? first : answer;
        for (size_t k = 0; k < 2; k++) {
            cs_case_check(
                run, cJSON_Compare(ep_get(first, members[k]), ep_get(answer, members[k]), true),
                "concurrent closes disagree about %s", members[k]);
        }
    }
}

static void body_is_optional(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_expect(ep,
              ep_do(ep, .method = "POST", .path = ep_api(ep, session->id, "/close"),
                    .auth = ep_env(ep)->secret_key, .headers = EP_HEADERS("Content-Length: 0")),
              200);
}

static void unknown(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *key = ep_env(ep)->secret_key;
    ep_expect(
        ep,
        ep_do(ep, .path = ep_api(ep, ep_unique(ep, "nobody"), "/close"), .auth = key, .body = "{}"),
        404);
    ep_expect(ep,
              ep_do(ep, .path = ep_api(ep, "session_000000000000000000000nope", "/close"),
                    .auth = key, .body = "{}"),
              404);
    ep_accept(ep, ep_close(ep, ep_session(ep), "{}"));
}

static void by_either_form(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *sessions[] = {ep_session(ep), ep_session(ep)};
    const char *ids[] = {sessions[0]->id, sessions[1]->external_id};
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer =
            ep_expect(ep,
                      ep_do(ep, .path = ep_api(ep, ids[i], "/close"),
                            .auth = ep_env(ep)->secret_key, .body = "{}"),
                      200);
        cs_case_check(run, !strcmp(ep_need_text(ep, answer, "id"), sessions[i]->id),
                      "closing %s closed another session", ids[i]);
    }
}

static void one_way(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const char *body = ep_create_body(ep, id, NULL);
    const struct ep_session *session = ep_session_with(ep, id, NULL);
    ep_need(ep, ep_close(ep, session, "{}"));
    ep_post_session(ep, body);
    ep_append(ep, session, NULL, STOP);
    ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->id, ""),
          .auth = ep_env(ep)->secret_key, .body = "{\"closedAt\":null,\"tags\":[]}");
    cs_case_check(run, is_set(ep_get(ep_item(ep, session), "closedAt")),
                  "the session was opened again");
}

static void reads_go_on(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    const char *out = ep_realtime(ep, session->key, "out/append");
    ep_need(ep, ep_do(ep, .path = out, .auth = ep_env(ep)->secret_key, .body = "{}"));
    ep_need(ep, ep_close(ep, session, "{}"));
    ep_expect(ep, ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token), 200);
    static const char *const channels[] = {"in", "out"};
    for (int i = 0; i < 2; i++) {
        const char *records = ep_text(ep, "%s/records", channels[i]);
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, session->key, records), .auth = session->token),
                  200);
        struct ep_sub *sub =
            ep_subscribe(ep, ep_realtime(ep, session->key, channels[i]), session->token, NULL);
        cs_case_check(run, sub->status == 200, "subscribing to .%s of a closed session answered %d",
                      channels[i], sub->status);
        ep_unsubscribe(sub);
    }
}

static void leaves_a_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    int before = ep_drain_count(ep, session, "in");
    ep_need(ep, ep_close(ep, session, "{}"));
    const cJSON *records = ep_drain(ep, session, "in");
    int n = cJSON_GetArraySize(records);
    cs_case_check(run, n == before + 1,
                  "before the close .in held %d records and after it %d, expected one more", before,
                  n);
    const cJSON *data =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(records, before), "data");
    cJSON *record = cJSON_Parse(cJSON_IsString(data) ? data->valuestring : "");
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(record, "kind");
    const cJSON *payload = cJSON_GetObjectItemCaseSensitive(record, "payload");
    const cJSON *trigger = cJSON_GetObjectItemCaseSensitive(payload, "trigger");
    cs_case_observe(run, "record_kind", "%s", cJSON_IsString(kind) ? kind->valuestring : "none");
    cs_case_observe(run, "record_trigger", "%s",
                    cJSON_IsString(trigger) ? trigger->valuestring : "none");
    cJSON_Delete(record);
}

static bool listed(struct ep *ep, const char *tag, const char *status)
{
    const char *path =
        ep_text(ep, "/api/v1/sessions?filter%%5Btags%%5D=%s&filter%%5Bstatus%%5D=%s", tag, status);
    const struct ep_answer *answer =
        ep_need(ep, ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key));
    return cJSON_GetArraySize(ep_get(answer, "data")) > 0;
}

static void lists_as_closed(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    const struct ep_session *session =
        ep_session_with(ep, ep_unique(ep, "chat"), ep_text(ep, "\"tags\":[\"%s\"]", tag));
    ep_need(ep, ep_close(ep, session, "{}"));
    /* listing is eventually consistent (SES-51): asked again until it shows, to a deadline */
    int64_t until = cs_now_ms() + ep_env(ep)->patience_ms;
    while (!listed(ep, tag, "CLOSED") || listed(ep, tag, "ACTIVE")) {
        cs_case_check(run, cs_now_ms() < until,
                      "the closed session does not list as CLOSED, or still lists as ACTIVE");
        ep_pause(ep, 200);
    }
}

static void needs_admin(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->id, session->external_id};
    for (int i = 0; i < 2; i++) {
        ep_expect(
            ep,
            ep_do(ep, .path = ep_api(ep, forms[i], "/close"), .auth = session->token, .body = "{}"),
            403);
    }
    cs_case_check(run, !is_set(ep_get(ep_item(ep, session), "closedAt")),
                  "a refused close closed the session");
    ep_accept(ep, ep_close(ep, session, "{}"));
}

/* A step on the way: the agent has done what it was told. */
static void need_closed(struct ep *ep, const struct ep_session *session)
{
    int64_t until = cs_now_ms() + 1000;
    while (!is_set(ep_get(ep_item(ep, session), "closedAt"))) {
        if (cs_now_ms() >= until) {
            cs_case_skip(ep_run(ep), "the agent does not close its session when told goodbye");
        }
        ep_pause(ep, 50);
    }
}

static bool closed_record_comes(struct ep_sub *sub)
{
    const struct cs_event *event;
    while ((event = ep_next(sub, 1000))) {
        if (event->type == CS_EVENT_RECORD &&
            cs_view_eq(cs_record_control(&event->record), CS_VIEW("session-closed"))) {
            return true;
        }
    }
    return false;
}

/* The scripted agent closes the session after a message that begins with "goodbye"; an agent of a
 * live server can be written to do so, and where it does not, there is nothing to judge. */
static void by_the_agent(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "goodbye"));
    const struct cs_record *record;
    do {
        record = ep_next_record(sub);
    } while (!cs_view_eq(cs_record_control(record), CS_VIEW("turn-complete")));
    /* whether the agent decided before its turn ended is its own affair (REC-09) */
    cs_case_observe(run, "turn_complete_says_so", "%s",
                    cs_record_header(record, "session-closed") ? "yes" : "no");
    need_closed(ep, session);
    cs_case_check(run, closed_record_comes(sub),
                  "the agent closed the session without a session-closed record");
    ep_unsubscribe(sub);
}

#define SK    CS_NEEDS_SECRET_KEY
#define AGENT (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUN)
const struct cs_case endpoint_close_cases[] = {
    {"endpoint/close/plain", "Close answers 200 with the closed item", "CLS-01", CS_MUST, SK, 0,
     plain_close},
    {"endpoint/close/reason-is-kept", "The reason is kept as it was given", "CLS-02", CS_MUST, SK,
     0, reason_is_kept},
    {"endpoint/close/first-wins", "Closing again changes nothing", "CLS-03", CS_MUST, SK, 0,
     first_close_wins},
    {"endpoint/close/concurrent", "Concurrent closes agree", "CLS-04", CS_MUST, SK, 0,
     concurrent_closes},
    {"endpoint/close/body-is-optional", "A close needs no body", "CLS-05", CS_SHOULD, SK, 0,
     body_is_optional},
    {"endpoint/close/unknown", "Closing an unknown session is 404", "CLS-06", CS_MUST, SK, 0,
     unknown},
    {"endpoint/close/by-either-form", "Close works by either id form", "CLS-07", CS_MUST, SK, 0,
     by_either_form},
    {"endpoint/close/one-way", "Nothing opens a closed session again", "CLS-09", CS_MUST, SK, 0,
     one_way},
    {"endpoint/close/reads-go-on", "A closed session can still be read", "CLS-10", CS_MUST, SK, 0,
     reads_go_on},
    {"endpoint/close/leaves-a-record", "A close from outside lands on .in", "CLS-12", CS_MUST, SK,
     0, leaves_a_record},
    {"endpoint/close/lists-as-closed", "A closed session lists as CLOSED and not as ACTIVE",
     "CLS-16", CS_MUST, SK, 0, lists_as_closed},
    {"endpoint/close/needs-admin", "A session's own token does not close it, a secret key does",
     "CLS-08", CS_MUST, SK, 0, needs_admin},
    {"endpoint/close/by-the-agent", "An agent that closes its session says so on .out",
     "CLS-14 REC-11", CS_MUST, AGENT, 0, by_the_agent},
    {0},
};
