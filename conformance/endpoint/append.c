/* APP: appending to .in (and, with a secret key, to .out). */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <stdio.h>

#define STOP "{\"kind\":\"stop\"}"

/* Item `index` of a drain; `error` when there are fewer. */
static const cJSON *item(struct ep *ep, const cJSON *records, int index)
{
    const cJSON *record = cJSON_GetArrayItem(records, index);
    if (!record) {
        cs_case_error(ep_run(ep), "the drain has no record %d", index);
    }
    return record;
}

static const char *member(const cJSON *record, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, name));
}

/* The stored text of record `index`; `error` when the drain does not say. */
static const char *stored(struct ep *ep, const struct ep_session *session, int index)
{
    const char *data = member(item(ep, ep_drain(ep, session, "in"), index), "data");
    if (!data) {
        cs_case_error(ep_run(ep), "the drain shows no text for record %d", index);
    }
    return data;
}

/* Cases that count records first make sure that a plain append can be counted at all. */
static void need_countable(struct ep *ep, const struct ep_session *session)
{
    ep_append_need(ep, session, STOP);
    if (ep_drain_count(ep, session, "in") != 1) {
        cs_case_error(ep_run(ep), "one plain append does not read back as one record");
    }
}

static void answer_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *answer = ep_append(ep, ep_session(ep), NULL, STOP);
    ep_expect(ep, answer, 200);
    cs_case_check(run, cJSON_IsTrue(ep_get(answer, "ok")), "\"ok\" is not true");
    cs_case_observe(run, "has_seq", "%s", ep_get(answer, "seq") ? "yes" : "no");
    if (cs_case_fact(run, "append_has_seq")) {
        cs_case_check(run, ep_get_int(ep, answer, "seq") >= 0, "\"seq\" is negative");
    }
}

static void seq_is_the_records(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        const char *body = ep_text(ep, "{\"kind\":\"stop\",\"message\":\"%d\"}", i);
        int64_t seq = ep_get_int(ep, ep_need(ep, ep_append(ep, session, NULL, body)), "seq");
        const cJSON *records = ep_drain(ep, session, "in");
        const cJSON *record = item(ep, records, cJSON_GetArraySize(records) - 1);
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(record, "seqNum");
        const char *data = member(record, "data");
        cs_case_check(run, cJSON_IsNumber(number) && (int64_t)number->valuedouble == seq,
                      "the append answered seq %lld, the record has another seqNum",
                      (long long)seq);
        cs_case_check(run, data && !strcmp(data, body), "the last record is not the appended one");
    }
}

static void seq_is_dense(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int64_t i = 0; i < 3; i++) {
        int64_t seq = ep_get_int(ep, ep_need(ep, ep_append(ep, session, NULL, STOP)), "seq");
        cs_case_check(run, seq == i, "append %lld on a fresh channel answered seq %lld",
                      (long long)i, (long long)seq);
    }
}

static void concurrent(struct cs_case_run *run)
{
    enum {
        N = 8
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_pending *pending[N];
    for (int i = 0; i < N; i++) {
        pending[i] =
            ep_begin(ep, &(struct ep_call){.path = ep_realtime(ep, session->key, "in/append"),
                                           .auth = session->token,
                                           .body = ep_text(ep, "{\"n\":%d}", i),
                                           .headers = EP_HEADERS(ep_text(ep, "X-Part-Id: %s",
                                                                         ep_unique(ep, "part")))});
    }
    for (int i = 0; i < N; i++) {
        ep_expect(ep, ep_end(ep, pending[i]), 200);
    }
    const cJSON *records = ep_drain(ep, session, "in");
    unsigned seen = 0;
    for (int i = 0; i < cJSON_GetArraySize(records); i++) {
        const char *data = member(item(ep, records, i), "data");
        /* NOLINTNEXTLINE(cert-err34-c): the texts are ours, of one digit each */
        int n = data && sscanf(data, "{\"n\":%d}", &n) == 1 && n >= 0 && n < N ? n : -1;
        cs_case_check(run, n >= 0 && !(seen & 1u << n), "a record came twice or is not ours");
        seen |= 1u << n;
    }
    cs_case_check(run, seen == (1u << N) - 1, "not every concurrent append can be read back");
}

static void envelope(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_append(ep, session, "part-1", STOP));
    struct ep_records records = ep_read_all(ep, session, "in", NULL);
    if (records.n != 1) {
        cs_case_error(run, "one append gave %zu records", records.n);
    }
    struct cs_view data, id;
    struct cs_diag diag;
    struct cs_view body = cs_view_of(records.items[0].body, records.items[0].body_len);
    cs_case_check(run, !cs_envelope_decode(body, &data, &id, &diag),
                  "the record's body is no envelope: %s", diag.text);
    cs_case_check(run, cs_view_eq(data, CS_VIEW("\"{\\\"kind\\\":\\\"stop\\\"}\"")),
                  "the envelope's data is not the body as a JSON string: %.*s", CS_VIEW_ARG(data));
    cs_case_check(run, !*records.items[0].headers, "an appended record has headers: %s",
                  records.items[0].headers);
}

static void body_is_raw(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *bodies[] = {"{\"data\":{\"kind\":\"stop\"}}", "{ \"kind\" : \"stop\" }"};
    for (int i = 0; i < 2; i++) {
        ep_append_need(ep, session, bodies[i]);
        const char *data = member(item(ep, ep_drain(ep, session, "in"), i), "data");
        cs_case_check(run, data && !strcmp(data, bodies[i]),
                      "the stored text is not what was sent: %s", data ? data : "no string");
    }
}

static void action_source(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *kept = "{\"kind\":\"message\",\"payload\":{\"actionSource\":\"user\"}}";
    ep_append_need(
        ep, session,
        "{\"kind\":\"message\",\"payload\":{\"actionSource\":\"webhook\",\"chatId\":\"c\"}}");
    ep_append_need(ep, session, kept);
    const char *stripped = stored(ep, session, 0);
    cs_case_check(run, !strstr(stripped, "actionSource") && strstr(stripped, "chatId"),
                  "actionSource \"webhook\" of a public caller was stored: %s", stripped);
    const char *other = stored(ep, session, 1);
    cs_case_check(run, !strcmp(other, kept), "another actionSource was not stored as it was: %s",
                  other);
}

static void action_source_escaped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session,
                   "{\"kind\":\"message\",\"payload\":{\"\\u0061ctionSource\":\"webhook\"}}");
    const char *data = member(item(ep, ep_drain(ep, session, "in"), 0), "data");
    cJSON *stored = cJSON_Parse(data ? data : "");
    const cJSON *payload = cJSON_GetObjectItemCaseSensitive(stored, "payload");
    bool there = cJSON_GetObjectItemCaseSensitive(payload, "actionSource") != NULL;
    cJSON_Delete(stored);
    cs_case_check(run, !there, "an escaped spelling of actionSource got through");
}

static void part_id_is_the_envelopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_append(ep, session, "my-part", STOP));
    ep_append_need(ep, session, STOP);
    const cJSON *records = ep_drain(ep, session, "in");
    const char *given = member(item(ep, records, 0), "id");
    const char *made = member(item(ep, records, 1), "id");
    cs_case_check(run, given && !strcmp(given, "my-part"),
                  "the envelope id is %s, expected my-part", given ? given : "missing");
    cs_case_check(run, made && *made, "an append without X-Part-Id has no envelope id");
    cs_case_observe(run, "generated_id_length", "%zu", strlen(made));
}

static void repeat_adds_nothing(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *part = ep_unique(ep, "part");
    need_countable(ep, session);
    ep_need(ep, ep_append(ep, session, part, STOP));
    ep_expect(ep, ep_append(ep, session, part, STOP), 200);
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 2, "two appends of one part id added %d records, expected 1", n - 1);
    ep_accept(ep, ep_append(ep, session, ep_unique(ep, "part"), STOP));
    n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 3, "an append with another part id added %d records, expected 1",
                  n - 2);
}

static void dedupe_is_scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *one = ep_session(ep);
    const struct ep_session *two = ep_session(ep);
    ep_need(ep, ep_append(ep, one, "part-1", STOP));
    ep_need(ep, ep_append(ep, two, "part-1", STOP));
    cs_case_check(run, ep_drain_count(ep, two, "in") == 1,
                  "a part id used on one session was taken for a repeat on another");
    ep_need(ep, ep_do(ep, .path = ep_realtime(ep, one->key, "out/append"),
                      .auth = ep_env(ep)->secret_key, .body = STOP,
                      .headers = EP_HEADERS("X-Part-Id: part-1")));
    cs_case_check(run, ep_drain_count(ep, one, "out") == 1,
                  "a part id used on .in was taken for a repeat on .out");
}

static void dedupe_across_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *part = ep_text(ep, "X-Part-Id: %s", ep_unique(ep, "part"));
    const char *forms[] = {session->external_id, session->id};
    need_countable(ep, session);
    for (int i = 0; i < 2; i++) {
        ep_need(ep, ep_do(ep, .path = ep_realtime(ep, forms[i], "in/append"),
                          .auth = session->token, .body = STOP, .headers = EP_HEADERS(part)));
    }
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 2, "one part id under both URL forms added %d records, expected 1",
                  n - 1);
}

static void failure_releases_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *part = ep_unique(ep, "part");
    need_countable(ep, session);
    if (ep_append(ep, session, part, ep_fill(ep, '"', 600000))->status < 400) {
        cs_case_error(run, "an append over the record cap was accepted");
    }
    ep_accept(ep, ep_append(ep, session, part, STOP));
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 2, "the part id of a refused append stayed used: %d records", n);
}

static void unknown_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *unknown = ep_unique(ep, "nobody");
    const char *ids[] = {unknown, "session_000000000000000000000nope"};
    for (int i = 0; i < 2; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, ids[i], "in/append"),
                        .auth = ep_env(ep)->secret_key, .body = STOP),
                  404);
    }
    ep_need(ep, ep_post_session(ep, ep_create_body(ep, unknown, NULL)));
    ep_accept(ep, ep_do(ep, .path = ep_realtime(ep, unknown, "in/append"),
                        .auth = ep_env(ep)->secret_key, .body = STOP));
}

static void closed_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_accept(ep, ep_append(ep, session, NULL, STOP));
    ep_need(ep, ep_close(ep, session, "{\"reason\":\"done\"}"));
    const struct ep_answer *answer = ep_expect(ep, ep_append(ep, session, NULL, STOP), 409);
    const char *code = ep_get_text(ep, answer, "code");
    const char *reason = ep_get_text(ep, answer, "closedReason");
    cs_case_check(run, cJSON_IsFalse(ep_get(answer, "ok")), "\"ok\" is not false");
    cs_case_check(run, !strcmp(code, "session_closed"), "code is \"%s\", expected session_closed",
                  code);
    cs_case_check(run, !strcmp(reason, "done"), "closedReason is \"%s\", expected done", reason);
}

static void refused_leaves_nothing(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    ep_append_need(ep, session, STOP);
    /* the drain does not say what a later close itself may add, so each refusal is counted alone */
    int before = ep_drain_count(ep, session, "in");
    const char *run_id = ep_current_run(ep, session);
    ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = other->token,
          .body = STOP);
    ep_append(ep, session, NULL, ep_fill(ep, '"', 600000));
    cs_case_check(run, ep_drain_count(ep, session, "in") == before,
                  "a refused append left a record");
    ep_need(ep, ep_close(ep, session, "{}"));
    before = ep_drain_count(ep, session, "in");
    const struct ep_answer *answer = ep_append(ep, session, NULL, STOP);
    cs_case_check(run, answer->status >= 400, "an append to a closed session was accepted");
    cs_case_check(run, ep_drain_count(ep, session, "in") == before,
                  "a refused append to a closed session left a record");
    cs_case_check(run, !strcmp(ep_current_run(ep, session), run_id),
                  "a refused append started a run");
}

static void secret_key_to_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *body = "{\"type\":\"text-delta\"}";
    ep_expect(ep,
              ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"),
                    .auth = ep_env(ep)->secret_key, .body = body),
              200);
    const char *data = member(item(ep, ep_drain(ep, session, "out"), 0), "data");
    cs_case_check(run, data && !strcmp(data, body),
                  "the record's data is not the posted text as a string: %s",
                  data ? data : "no string");
}

/* The store refuses names of over 512 bytes, which is a failure that can be had from outside. */
static void store_failure(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *bad = ep_unstorable_session(ep);
    const struct ep_session *good = ep_session(ep);
    const char *part = ep_unique(ep, "part");
    const struct ep_answer *answer = ep_append(ep, bad, part, STOP);
    if (answer->status == 200 && cJSON_IsTrue(ep_get(answer, "ok")) &&
        ep_drain_count(ep, bad, "in") == 1) {
        cs_case_skip(run, "this server stores records under names of any length: its store cannot "
                          "be made to fail");
    }
    ep_expect(ep, answer, 500);
    cs_case_check(run, cJSON_IsFalse(ep_get(answer, "ok")), "\"ok\" is not false");
    ep_get_text(ep, answer, "error");
    /* a retry is an attempt of its own and no repeat of something that was stored */
    ep_expect(ep, ep_append(ep, bad, part, STOP), 500);
    ep_accept(ep, ep_append(ep, good, part, STOP));
}

static void durable(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        ep_append_need(ep, session, STOP);
        int n = ep_drain_count(ep, session, "in");
        cs_case_check(run, n == i + 1, "after %d answered appends %d records are readable", i + 1,
                      n);
    }
}

static void both_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->id, session->external_id};
    for (int i = 0; i < 2; i++) {
        ep_accept(ep, ep_do(ep, .path = ep_realtime(ep, forms[i], "in/append"),
                            .auth = session->token, .body = STOP));
    }
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 2, "appends under both id forms left %d records on the channel", n);
}

static void kept_for_later_readers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    cs_case_check(run, ep_expect_record(sub)->seq_num == 0,
                  "a record appended before the first subscriber was not delivered");
    ep_unsubscribe(sub);
}

static void payload_unchecked(struct cs_case_run *run)
{
    static const char *const odd[] = {
        "{\"kind\":\"message\",\"payload\":{\"metadata\":7}}",
        "{\"kind\":\"message\",\"payload\":{\"trigger\":\"action\",\"action\":[null]}}",
        "{\"payload\":{}}"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        ep_expect(ep, ep_append(ep, session, NULL, odd[i]), 200);
    }
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_append_cases[] = {
    {"endpoint/append/answer-shape", "An append answers 200 with ok and seq", "APP-01", CS_MUST, SK,
     0, answer_shape},
    {"endpoint/append/seq-is-the-records", "seq is the number the record is read back under",
     "APP-02", CS_MUST, SK, 0, seq_is_the_records},
    {"endpoint/append/seq-is-dense", "Appends on a fresh channel are numbered 0, 1, 2", "APP-03",
     CS_MUST, SK, 0, seq_is_dense},
    {"endpoint/append/concurrent", "Concurrent appends are all kept, each once", "APP-04", CS_MUST,
     SK, 0, concurrent},
    {"endpoint/append/envelope", "The record's body is the envelope {data, id}", "APP-05", CS_MUST,
     SK, 0, envelope},
    {"endpoint/append/body-is-raw", "The body is stored as it was sent", "APP-06", CS_MUST, SK, 0,
     body_is_raw},
    {"endpoint/append/payload-unchecked", "What is in the payload is for the agent to judge",
     "APP-08", CS_MUST, SK, 0, payload_unchecked},
    {"endpoint/append/action-source", "actionSource \"webhook\" of a public caller is removed",
     "APP-10", CS_MUST, SK, 0, action_source},
    {"endpoint/append/action-source-escaped", "The removal holds for escaped spellings of the key",
     "APP-11", CS_SHOULD, SK, 0, action_source_escaped},
    {"endpoint/append/part-id-is-the-envelopes", "X-Part-Id becomes the envelope's id", "APP-12",
     CS_MUST, SK, 0, part_id_is_the_envelopes},
    {"endpoint/append/repeat-adds-nothing", "A repeated part id adds no second record", "APP-13",
     CS_MUST, SK, 0, repeat_adds_nothing},
    {"endpoint/append/dedupe-is-scoped", "Part ids of other sessions and channels do not count",
     "APP-16", CS_MUST, SK, 0, dedupe_is_scoped},
    {"endpoint/append/dedupe-across-forms", "A repeat under the other id form is a repeat",
     "APP-17", CS_MUST, SK, 0, dedupe_across_forms},
    {"endpoint/append/failure-releases-id", "A failed append leaves its part id free", "APP-19",
     CS_MUST, SK, 0, failure_releases_id},
    {"endpoint/append/unknown-session", "Appending to an unknown session is 404", "APP-22", CS_MUST,
     SK, 0, unknown_session},
    {"endpoint/append/closed-session", "Appending to a closed session is 409 session_closed",
     "APP-23", CS_MUST, SK, 0, closed_session},
    {"endpoint/append/refused-leaves-nothing", "A refused append adds no record and starts no run",
     "APP-26", CS_MUST, SK, 0, refused_leaves_nothing},
    {"endpoint/append/secret-key-to-out", "A secret key appends to .out, as text", "APP-28",
     CS_MUST, SK, 0, secret_key_to_out},
    {"endpoint/append/store-failure", "A failure of the store is 500, and may be tried again",
     "APP-31", CS_MUST, SK, 0, store_failure},
    {"endpoint/append/durable", "An answered append can be read back at once", "APP-29", CS_MUST,
     SK, 0, durable},
    {"endpoint/append/both-forms", "Both id forms append to one channel", "APP-34", CS_MUST, SK, 0,
     both_forms},
    {"endpoint/append/kept-for-later-readers", "Records wait for their first subscriber", "APP-35",
     CS_MUST, SK, 0, kept_for_later_readers},
    {0},
};
