/* CON: runs behind the session; and a whole chat with an agent at the other end. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define STOP "{\"kind\":\"stop\"}"

static void alive_run_is_reused(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *first = ep_current_run(ep, session);
    for (int i = 0; i < 3; i++) {
        ep_append_need(ep, session, STOP);
        cs_case_check(run, !strcmp(ep_current_run(ep, session), first),
                      "append %d started a run though the first is alive", i + 1);
    }
}

static void end_and_continue(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = ep_expect(ep, ep_continue(ep, session, session->run_id), 200);
    const char *next = ep_get_text(ep, answer, "runId");
    cs_case_check(run, cJSON_IsTrue(ep_get(answer, "swapped")), "swapped is not true");
    cs_case_check(run, strcmp(next, session->run_id) != 0, "the run was not replaced");
    cs_case_check(run, !strcmp(ep_current_run(ep, session), next),
                  "the new run is not the current one");
}

static void stale_run_does_not_swap(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *second =
        ep_need_text(ep, ep_need(ep, ep_continue(ep, session, session->run_id)), "runId");
    if (strcmp(ep_current_run(ep, session), second) != 0) {
        cs_case_error(run, "the first run did not hand over, so it is not stale");
    }
    const struct ep_answer *answer =
        ep_expect(ep, ep_allowed(ep, ep_continue(ep, session, session->run_id)), 200);
    cs_case_check(run, cJSON_IsFalse(ep_get(answer, "swapped")),
                  "a run that is no longer current swapped the session");
    cs_case_check(run, !strcmp(ep_get_text(ep, answer, "runId"), second),
                  "the answer does not name the current run");
    cs_case_check(run, !strcmp(ep_current_run(ep, session), second), "the current run changed");
}

static void members_required(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->key, "/end-and-continue");
    const char *bad[] = {"{}", "{\"reason\":\"x\"}",
                         ep_text(ep, "{\"callingRunId\":\"%s\"}", session->run_id),
                         ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":7}", session->run_id)};
    for (int i = 0; i < 4; i++) {
        ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = bad[i]), 400);
    }
    ep_accept(ep, ep_continue(ep, session, session->run_id));
}

static void closed_starts_nothing(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *first = ep_current_run(ep, session);
    ep_need(ep, ep_close(ep, session, "{}"));
    ep_append(ep, session, NULL, STOP);
    const struct ep_answer *answer = ep_continue(ep, session, session->run_id);
    cs_case_check(run, answer->status >= 400, "end-and-continue on a closed session answered %d",
                  answer->status);
    ep_post_session(ep, ep_create_body(ep, session->external_id, NULL));
    cs_case_check(run, !strcmp(ep_current_run(ep, session), first),
                  "a closed session got a new run");
}

static void token_survives_swap(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    ep_need(ep, ep_continue(ep, session, session->run_id));
    ep_accept(ep, ep_append(ep, session, NULL, STOP));
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 2,
                  "before and after the swap one record each was appended, %d are there", n);
}

/* ---- continuations ---- */

static void ended_run_is_continued(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_cancel_run(ep, session->run_id);
    ep_append_need(ep, session, STOP);
    cs_case_check(run, strcmp(ep_current_run(ep, session), session->run_id) != 0,
                  "an append to a session whose run has ended started no other run");
}

/* Of the task's runs, how many live still: -1 when one that must be there is not listed yet. */
static int live_runs(struct ep *ep, const char *task, const char *current)
{
    int alive = 0;
    bool listed = false;
    const cJSON *item;
    cJSON_ArrayForEach(item, ep_runs_of(ep, task))
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
        listed = listed || (id && !strcmp(id, current));
        alive += id && cJSON_IsFalse(ep_get(ep_run_item(ep, id), "isCompleted"));
    }
    return listed ? alive : -1;
}

static void one_continuation(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *task = ep_own_task(ep);
    const struct ep_session *session = ep_task_session(ep, task);
    struct ep_call call = {
        .path = ep_realtime(ep, session->key, "in/append"), .auth = session->token, .body = STOP};
    ep_cancel_run(ep, session->run_id);
    struct ep_pending *pending[] = {ep_begin(ep, &call), ep_begin(ep, &call)};
    for (int i = 0; i < 2; i++) {
        ep_expect(ep, ep_allowed(ep, ep_end(ep, pending[i])), 200);
    }
    cs_case_check(run, ep_drain_count(ep, session, "in") == 2,
                  "two appends at once left %d records", ep_drain_count(ep, session, "in"));
    const char *current = ep_current_run(ep, session);
    if (!strcmp(current, session->run_id)) {
        cs_case_error(run, "no append started a continuation");
    }
    /* the loser's run may take a moment to be cancelled, and the list a moment to show it */
    int alive;
    int64_t until = cs_now_ms() + ep_env(ep)->patience_ms;
    while ((alive = live_runs(ep, task, current)) != 1) {
        cs_case_check(run, cs_now_ms() < until, "two appends at once left %d live runs", alive);
        ep_pause(ep, 100);
    }
}

/* The payload of the run that follows the first one. */
static const cJSON *second_payload(struct ep *ep, const struct ep_session *session,
                                   const char *run_id)
{
    const cJSON *payload = ep_get(ep_run_item(ep, run_id), "payload");
    if (!strcmp(run_id, session->run_id) || !cJSON_IsObject(payload)) {
        cs_case_error(ep_run(ep), "there is no continuation run with a payload to look at");
    }
    return payload;
}

static void expect_continuation(struct ep *ep, const struct ep_session *session,
                                const cJSON *payload)
{
    const cJSON *flag = cJSON_GetObjectItemCaseSensitive(payload, "continuation");
    const char *previous =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "previousRunId"));
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "sessionId"));
    cs_case_check(ep_run(ep), cJSON_IsTrue(flag), "the payload does not say continuation: true");
    cs_case_check(ep_run(ep), previous && !strcmp(previous, session->run_id),
                  "previousRunId is %s, expected %s", previous ? previous : "missing",
                  session->run_id);
    cs_case_check(ep_run(ep), id && !strcmp(id, session->id), "sessionId is %s, expected %s",
                  id ? id : "missing", session->id);
}

static void continuation_payload(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_cancel_run(ep, session->run_id);
    ep_append_need(ep, session, STOP);
    const char *next = ep_current_run(ep, session);
    expect_continuation(ep, session, second_payload(ep, session, next));
}

static void swapped_payload(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = ep_need(ep, ep_continue(ep, session, session->run_id));
    const char *next = cJSON_GetStringValue(ep_get(answer, "runId"));
    expect_continuation(ep, session, second_payload(ep, session, next ? next : session->run_id));
}

static void first_fields_left_out(struct cs_case_run *run)
{
    static const char *const first[] = {"message", "messages", "trigger"};
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const char *body = ep_text(ep,
                               "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"externalId\":"
                               "\"%s\",\"triggerConfig\":"
                               "{\"basePayload\":{\"chatId\":\"%s\",\"trigger\":\"submit-message\","
                               "\"message\":{\"id\":\"u1\"},"
                               "\"messages\":[],\"metadata\":{\"k\":\"v\"}}}}",
                               ep_env(ep)->task, id, id);
    const struct ep_session *session = ep_session_from(ep, ep_post_session(ep, body));
    ep_cancel_run(ep, session->run_id);
    ep_append_need(ep, session, STOP);
    const cJSON *payload = second_payload(ep, session, ep_current_run(ep, session));
    for (int i = 0; i < 3; i++) {
        cs_case_check(run, !cJSON_GetObjectItemCaseSensitive(payload, first[i]),
                      "the continuation's payload repeats the first run's \"%s\"", first[i]);
    }
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(payload, "metadata");
    const char *kept = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "k"));
    cs_case_check(run, kept && !strcmp(kept, "v"), "the continuation's payload lost metadata");
}

/* ---- with an agent ---- */

struct turn {
    uint64_t complete_seq;   /* of the turn-complete record */
    int64_t in_event_id;     /* session-in-event-id, or -1 */
    bool in_event_id_is_odd; /* it is there and is not decimal */
    const char *token;       /* public-access-token, or NULL */
    unsigned chunks;
    struct cs_buf text; /* all text-delta texts, joined */
};

static struct turn read_turn(struct ep_sub *sub)
{
    struct turn turn = {.in_event_id = -1, .text = CS_BUF((size_t)65536)};
    for (;;) {
        const struct cs_record *record = ep_next_record(sub);
        if (cs_view_eq(cs_record_control(record), CS_VIEW("turn-complete"))) {
            const struct cs_header *in = cs_record_header(record, "session-in-event-id");
            const struct cs_header *token = cs_record_header(record, "public-access-token");
            uint64_t seq = 0;
            turn.in_event_id_is_odd = in && cs_view_u64(in->value, &seq);
            turn.in_event_id = in ? (int64_t)seq : -1;
            turn.token = token ? ep_text(sub->ep, "%.*s", CS_VIEW_ARG(token->value)) : NULL;
            turn.complete_seq = record->seq_num;
            return turn;
        }
        struct cs_view data, id, delta;
        if (record->kind == CS_RECORD_DATA && !cs_envelope_decode(record->body, &data, &id, NULL)) {
            turn.chunks++;
            if (!cs_json_get(data, CS_VIEW("delta"), &delta)) {
                (void)!cs_json_string(delta, &turn.text);
            }
        }
    }
}

/* Of the newest record of `in`; not every version tells it in the answer of the append. */
static int64_t last_seq(struct ep *ep, const struct ep_session *session)
{
    const cJSON *records = ep_drain(ep, session, "in");
    const cJSON *last = cJSON_GetArrayItem(records, cJSON_GetArraySize(records) - 1);
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(last, "seqNum");
    if (!cJSON_IsNumber(seq)) {
        cs_case_error(ep_run(ep), "the drain of .in does not tell the message just sent");
    }
    return (int64_t)seq->valuedouble;
}

static void two_turns(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    uint64_t last = 0;
    for (int i = 0; i < 2; i++) {
        const char *word = i ? "echo" : "pong";
        ep_append_need(ep, session, ep_message(ep, session, word));
        int64_t seq = last_seq(ep, session);
        struct turn turn = read_turn(sub);
        cs_buf_char(&turn.text, '\0');
        const char *text = ep_text(ep, "%s", turn.text.ptr);
        cs_buf_free(&turn.text);
        cs_case_check(run, turn.chunks > 0, "turn %d completed without a chunk", i + 1);
        cs_case_check(run, strstr(text, word), "turn %d answered \"%s\"", i + 1, text);
        cs_case_check(run, !turn.in_event_id_is_odd, "session-in-event-id is not decimal");
        cs_case_check(run, turn.in_event_id < 0 || turn.in_event_id >= seq,
                      "turn %d answers seq %lld and says session-in-event-id %lld", i + 1,
                      (long long)seq, (long long)turn.in_event_id);
        cs_case_check(run, i == 0 || turn.complete_seq > last, "numbering went back between turns");
        last = turn.complete_seq;
    }
    ep_unsubscribe(sub);
}

static void trims_after_second_turn(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    uint64_t first = 0;
    for (int i = 0; i < 2; i++) {
        ep_append_need(ep, session, ep_message(ep, session, "pong"));
        struct turn turn = read_turn(sub);
        cs_buf_free(&turn.text);
        first = i ? first : turn.complete_seq;
    }
    const struct cs_record *trim = ep_expect_record(sub);
    uint64_t kept = 0;
    cs_case_check(run, trim->kind == CS_RECORD_COMMAND && !cs_trim_decode(trim->body, &kept),
                  "the second turn is followed by a %s record, expected a trim",
                  cs_record_kind_name(trim->kind));
    cs_case_check(run, kept == first,
                  "the trim keeps from %" PRIu64 ", expected the first turn-complete, %" PRIu64,
                  kept, first);
    ep_unsubscribe(sub);
}

static void chunks_before_complete(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "several 3"));
    struct turn turn = read_turn(sub);
    cs_buf_char(&turn.text, '\0');
    const char *text = ep_text(ep, "%s", turn.text.ptr);
    cs_buf_free(&turn.text);
    cs_case_observe(run, "text", "%s", text);
    cs_case_check(run, turn.chunks >= 3, "%u chunks stand before the turn-complete of an answer",
                  turn.chunks);
    ep_unsubscribe(sub);
}

static void refreshed_token_works(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "pong"));
    struct turn turn = read_turn(sub);
    cs_buf_free(&turn.text);
    ep_unsubscribe(sub);
    if (!turn.token) {
        cs_case_skip(run, "the turn-complete record carries no public-access-token");
    }
    ep_expect(ep,
              ep_do(ep, .path = ep_realtime(ep, session->key, "in/records"), .auth = turn.token),
              200);
    ep_expect(ep,
              ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = turn.token,
                    .body = STOP),
              200);
}

#define SK    CS_NEEDS_SECRET_KEY
#define RUNS  (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
#define AGENT (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUN)
const struct cs_case endpoint_run_cases[] = {
    {"endpoint/run/ended-run-is-continued", "An append to a session whose run has ended starts one",
     "CON-01", CS_MUST, RUNS, 0, ended_run_is_continued},
    {"endpoint/run/continuation-payload", "A continuation knows its session and its predecessor",
     "CON-04", CS_MUST, RUNS, 0, continuation_payload},
    {"endpoint/run/first-fields-left-out", "A continuation repeats no first message", "CON-05",
     CS_MUST, RUNS, 0, first_fields_left_out},
    {"endpoint/run/swapped-payload", "A run swapped in is a continuation of its caller", "CON-15",
     CS_MUST, RUNS, 0, swapped_payload},
    {"endpoint/run/one-continuation", "Two appends at once start one continuation", "CON-08",
     CS_MUST, RUNS, 0, one_continuation},
    {"endpoint/run/alive-run-is-reused", "Appends to a live run start none", "CON-03", CS_MUST, SK,
     0, alive_run_is_reused},
    {"endpoint/run/token-survives-swap", "Id, URL and token outlive a run", "CON-07", CS_MUST, SK,
     0, token_survives_swap},
    {"endpoint/run/end-and-continue", "The current run may hand over to a new one", "CON-10",
     CS_MUST, SK, 0, end_and_continue},
    {"endpoint/run/stale-run-does-not-swap", "A run that is not current swaps nothing", "CON-11",
     CS_MUST, SK, 0, stale_run_does_not_swap},
    {"endpoint/run/members-required", "callingRunId and reason are required", "CON-14", CS_MUST, SK,
     0, members_required},
    {"endpoint/run/closed-starts-nothing", "Nothing starts a run on a closed session", "CON-17",
     CS_MUST, SK, 0, closed_starts_nothing},
    {"endpoint/run/two-turns", "A chat of two turns, correlated and numbered on", "REC-06 REC-07",
     CS_MUST, AGENT, 0, two_turns},
    {"endpoint/run/refreshed-token-works", "A turn's refreshed token reads and appends", "TOK-44",
     CS_MUST, AGENT, 0, refreshed_token_works},
    {"endpoint/run/trims-after-second-turn", "A second turn trims to the first one's end", "REC-18",
     CS_MUST, AGENT, 0, trims_after_second_turn},
    {"endpoint/run/chunks-before-complete", "An answer's chunks come before its turn-complete",
     "REC-19", CS_MUST, AGENT, 0, chunks_before_complete},
    {0},
};
