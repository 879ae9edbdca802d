/* APP: what appends do that is recorded and not judged. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define STOP "{\"kind\":\"stop\"}"

static const struct ep_answer *append_as(struct ep *ep, const struct ep_session *session,
                                         const char *io, const char *auth,
                                         const char *const *headers, struct cs_view body)
{
    return ep_call(ep, &(struct ep_call){
                           .path = ep_realtime(ep, session->key, ep_text(ep, "%s/append", io)),
                           .auth = auth,
                           .body = body.ptr,
                           .body_len = body.len,
                           .headers = headers,
                       });
}

/* The member `name` of the last record on .in; `error` when there is none that is a text. */
static const char *last_member(struct ep *ep, const struct ep_session *session, const char *name)
{
    const cJSON *records = ep_drain(ep, session, "in");
    const cJSON *last = cJSON_GetArrayItem(records, cJSON_GetArraySize(records) - 1);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(last, name));
    if (!text) {
        cs_case_error(ep_run(ep), "the last record has no text in \"%s\"", name);
    }
    return text;
}

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

/* ---- bodies ---- */

/* Records how a body was answered, and whether it is what the newest record holds. */
static void observe_body(struct ep *ep, const struct ep_session *session, const char *name,
                         const char *type, const char *body)
{
    const struct ep_answer *answer = ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"),
                                           .auth = session->token, .body = body, .type = type);
    const char *data = last_member(ep, session, "data");
    cs_case_observe_as(ep_run(ep), name, "200 stored", "%d %s", answer->status,
                       !strcmp(data, body) ? "stored" : "not stored");
}

static void body_unchecked(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    observe_body(ep, session, "no_json", NULL, "hello {");
    observe_body(ep, session, "unknown_kind", NULL, "{\"kind\":\"invented-by-chatspec\"}");
    observe_body(ep, session, "empty", NULL, "");
    observe_body(ep, session, "type_is_ignored", "image/png", "[1]");
}

static void bytes_to_text(struct cs_case_run *run)
{
    static const struct {
        const char *name, *sent, *recorded;
    } table[] = {
        {"valid_text", "a\xc3\xa9\xf0\x9f\x98\x80", "a\xc3\xa9\xf0\x9f\x98\x80"},
        {"leading_bom", "\xef\xbb\xbf|", "|"},
        {"two_ff_bytes", "\xff\xff|", "\xef\xbf\xbd\xef\xbf\xbd|"},
        {"cut_sequence_of_3", "\xe2\x82|", "\xef\xbf\xbd|"},
        {"cut_sequence_of_4", "\xf0\x9f\x98|", "\xef\xbf\xbd|"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ep_append_need(ep, session, table[i].sent);
        const char *data = last_member(ep, session, "data");
        cs_case_observe_as(run, table[i].name, table[i].recorded, "%s", data);
    }
    const struct ep_answer *coded =
        append_as(ep, session, "in", session->token, EP_HEADERS("Content-Encoding: gzip"),
                  CS_VIEW("not compressed"));
    const char *data = last_member(ep, session, "data");
    cs_case_observe_as(run, "content_encoding", "200 not undone", "%d %s", coded->status,
                       !strcmp(data, "not compressed") ? "not undone" : "other text");
}

/* ---- part ids ---- */

static void repeats(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *part = ep_unique(ep, "part");
    ep_need(ep, ep_append(ep, session, part, "{\"n\":1}"));
    const struct ep_answer *again = ep_append(ep, session, part, "{\"n\":2}");
    cs_case_observe_as(run, "repeat", "200", "%d", again->status);
    cs_case_observe_as(run, "repeat_has_seq", "no", "%s", yes(ep_get(again, "seq") != NULL));
    /* a server without a cache to keep the ids in appends each repeat: APP-21 */
    int n = ep_drain_count(ep, session, "in");
    cs_case_observe_as(run, "repeat_is_suppressed", "yes", "%s", yes(n == 1));
    const char *data = last_member(ep, session, "data");
    cs_case_observe_as(run, "kept_body", "the first", "%s",
                       !strcmp(data, "{\"n\":1}") ? "the first" : "another");
}

static void repeats_at_once(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *part = ep_text(ep, "X-Part-Id: %s", ep_unique(ep, "part"));
    struct ep_pending *pending[2];
    for (int i = 0; i < 2; i++) {
        pending[i] =
            ep_begin(ep, &(struct ep_call){.path = ep_realtime(ep, session->key, "in/append"),
                                           .auth = session->token,
                                           .body = STOP,
                                           .headers = EP_HEADERS(part)});
    }
    int n_with_seq = 0;
    for (int i = 0; i < 2; i++) {
        n_with_seq += ep_get(ep_need(ep, ep_end(ep, pending[i])), "seq") != NULL;
    }
    cs_case_observe_as(run, "answers_with_seq", "1", "%d", n_with_seq);
    cs_case_observe_as(run, "records", "1", "%d", ep_drain_count(ep, session, "in"));
}

static void part_id_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *ids[] = {ep_fill(ep, 'p', 300), "a\"b\\c"};
    static const char *const names[] = {"id_of_300_characters", "id_with_quotes"};
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer = ep_append(ep, session, ids[i], STOP);
        const char *id = last_member(ep, session, "id");
        cs_case_observe_as(run, names[i], "200 kept", "%d %s", answer->status,
                           !strcmp(id, ids[i]) ? "kept" : "not kept");
    }
    int before = ep_drain_count(ep, session, "in");
    for (int i = 0; i < 2; i++) {
        ep_need(ep, append_as(ep, session, "in", session->token, EP_HEADERS("X-Part-Id;"),
                              CS_VIEW(STOP)));
    }
    const char *id = last_member(ep, session, "id");
    cs_case_observe_as(run, "empty_id", "stays empty", "%s",
                       *id ? "another is made" : "stays empty");
    cs_case_observe_as(run, "records_of_two_empty_ids", "2", "%d",
                       ep_drain_count(ep, session, "in") - before);
}

static void claim_ends(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_append(ep, session, "part-1", STOP));
    int64_t start = cs_now_ms();
    int64_t at[] = {290000, 305000};
    static const char *const names[] = {"records_after_290_s", "records_after_305_s"};
    static const char *const recorded[] = {"1", "2"};
    for (int i = 0; i < 2; i++) {
        while (cs_now_ms() - start < at[i]) {
            ep_pause(ep, at[i] - (cs_now_ms() - start));
        }
        ep_need(ep, ep_append(ep, session, "part-1", STOP));
        cs_case_observe_as(run, names[i], recorded[i], "%d", ep_drain_count(ep, session, "in"));
    }
}

/* ---- sessions that are over ---- */

/* Servers up to 4.5.12 answer 400 without a code; their pages say 409 already. */
static void closed_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_close(ep, session, "{}"));
    const char *status = ep_text(ep, "%d", (int)cs_case_fact(run, "closed_append_status"));
    const struct ep_answer *answer = ep_append(ep, session, NULL, STOP);
    cs_case_observe_as(run, "closed", status, "%d", answer->status);
    cs_case_observe_as(run, "code", "absent", "%s", ep_get(answer, "code") ? "there" : "absent");
}

/* The order of the tests shows in what a public token hears that may not append to `out` anyway. */
static void closed_before_secret(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_close(ep, session, "{}"));
    int in = ep_append(ep, session, NULL, STOP)->status;
    int out = append_as(ep, session, "out", session->token, NULL, CS_VIEW(STOP))->status;
    cs_case_observe_as(run, "closed_out_by_token", "as in", "%s",
                       out == in ? "as in" : ep_text(ep, "%d", out));
}

static void expired_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    int64_t at = cs_wall_ms() + 1000;
    const struct ep_session *session = ep_session_with(
        ep, ep_unique(ep, "chat"), ep_text(ep, "\"expiresAt\":%lld", (long long)at));
    while (cs_wall_ms() <= at) {
        ep_pause(ep, at - cs_wall_ms() + 1);
    }
    const struct ep_answer *answer = ep_append(ep, session, NULL, STOP);
    cs_case_observe_as(run, "expired", "400", "%d", answer->status);
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    cs_case_observe_as(run, "error", "Cannot append to an expired session", "%s",
                       error ? error : "absent");
}

/* ---- runs ---- */

/* A version that was never deployed cannot be started: whether the create is refused for it is
 * SES-34, the row is there in any case and its channel takes records. */
static void without_a_run(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    ep_post_session(ep, ep_text(ep,
                                "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\","
                                "\"externalId\":\"%s\",\"triggerConfig\":{\"lockToVersion\":"
                                "\"19700101.1\",\"basePayload\":{\"chatId\":\"%s\"}}}",
                                ep_env(ep)->task, id, id));
    const struct ep_answer *answer = ep_do(ep, .path = ep_realtime(ep, id, "in/append"),
                                           .auth = ep_env(ep)->secret_key, .body = STOP);
    cs_case_observe_as(run, "append", "200", "%d", answer->status);
}

static void pending_version(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *answer = ep_need(ep, ep_append(ep, ep_session(ep), NULL, STOP));
    const cJSON *pending = ep_get(answer, "pendingVersion");
    cs_case_observe_as(run, "pendingVersion", "absent", "%s",
                       !pending                ? "absent"
                       : cJSON_IsTrue(pending) ? "true"
                                               : "something else");
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_observed_append_cases[] = {
    {"endpoint/append/body-unchecked", "Bodies that are no message are stored like any other",
     "APP-07", CS_OBSERVED, SK, 0, body_unchecked},
    {"endpoint/append/bytes-to-text", "What becomes of bytes that are no UTF-8 text", "APP-09",
     CS_OBSERVED, SK, 0, bytes_to_text},
    {"endpoint/append/repeats", "What a repeated part id is answered, and which body stays",
     "APP-14 APP-15 APP-21", CS_OBSERVED, SK, 0, repeats},
    {"endpoint/append/repeats-at-once", "Of two appends of one part id at once one has a seq",
     "APP-14", CS_OBSERVED, SK, 0, repeats_at_once},
    {"endpoint/append/claim-ends", "A part id is remembered for five minutes", "APP-18",
     CS_OBSERVED, SK | CS_NEEDS_LONG, 330, claim_ends},
    {"endpoint/append/part-id-forms", "Part ids of any form are taken as they are", "APP-20",
     CS_OBSERVED, SK, 0, part_id_forms},
    {"endpoint/append/closed-status", "How an append to a closed session is refused", "APP-24",
     CS_OBSERVED, SK, 0, closed_session},
    {"endpoint/append/closed-before-secret",
     "A closed session is refused before the secret key is asked for", "APP-27", CS_OBSERVED, SK, 0,
     closed_before_secret},
    {"endpoint/append/expired-status", "How an append to an expired session is refused", "APP-25",
     CS_OBSERVED, SK, 0, expired_session},
    {"endpoint/append/without-a-run", "An append succeeds though no run can be started", "APP-30",
     CS_OBSERVED, SK, 0, without_a_run},
    {"endpoint/append/pending-version", "Whether an append tells of a parked run", "APP-32", CS_MAY,
     SK, 0, pending_version},
    {0},
};
