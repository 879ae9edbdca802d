/* A real client talks to a real agent, each of its own version (--from; in a matrix the client is
 * the version before): the normal state after a deploy, while browsers still have the old page.
 * Judged at both ends: what the agent wrote to .out, and what the client made of it. */
#include "conformance/agent/cases.h"
#include "conformance/agent/hitl.h"
#include "conformance/agent/kit_client.h"

#define APPEND "POST */{chat}/in/append"
#define READ   "GET */{chat}/out"

/* Both ends see the end of the n-th turn. */
static void wait_turn(struct ak *ak, int stream, size_t n)
{
    ak_wait_turns(ak, n);
    ak_client_wait_end(ak, stream);
}

/* The stream of the n-th turn (from 1) has delivered just what the agent wrote in that turn. */
static void expect_turn(struct ak *ak, int stream, size_t n)
{
    size_t from = n > 1 ? ak_turn_index(ak, n - 1) + 1 : 0;
    ak_expect_delivered(ak, stream, from, ak_turn_index(ak, n));
}

/* The client's n-th subscription begins behind that record ("none": at the start). */
static void expect_cursor(struct ak *ak, size_t n, const char *seq)
{
    const char *cursor = ak_request_header(ak, ak_wait_request(ak, READ, n), "last-event-id");
    ak_expect_text(ak, "the cursor that the client goes on from", cursor ? cursor : "none", seq);
}

static const char *seq_of(struct ak *ak, const struct ak_record *record)
{
    return ak_text(ak, "%llu", (unsigned long long)record->seq);
}

/* AGT-TRN-04, AGT-TRN-09, CRE-55, CRS-04, CTC-01, CTK-05 */
static void two_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int first = ak_client_begin(ak, "plain", "hello",
                                "{'script':[[{'text':'one \\u00e9','delta':1}]]}", &agent);
    wait_turn(ak, first, 1);
    expect_turn(ak, first, 1);
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'two','delta':1}]]}");
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
    ak_expect_text(ak, "the second prompt", ak_prompt(ak, agent, 2),
                   "user: hello\nassistant: one \xc3\xa9\nuser: more");
    ak_expect_token_of(ak, APPEND, 2, 1);
    ak_expect_token_of(ak, READ, 2, 1);
    expect_cursor(ak, 2, seq_of(ak, ak_turn_complete(ak, 1)));
    ak_expect_number(ak, "appends", ak_count(ak, APPEND), 2);
    ak_expect_number(ak, "runs", ak_count_triggers(ak), 1);
}

/* AGT-TRN-21, CST-07: what the next turn shows is its own. */
static void stop(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int first = ak_client_begin(
        ak, "plain", "hello",
        "{'script':[[{'text':'so far','delta':2},{'gate':'never'},{'text':'too late'}]]}", &agent);
    ak_wait_gate(ak, agent, "never");
    ak_wait_out(ak, 6); /* start start-step text-start, and three deltas */
    ak_client_wait_chunks(ak, first, ak_out_count(ak));
    (void)ak_client_value(ak, ak_client_do(ak, "stop", NULL));
    wait_turn(ak, first, 1);
    ak_open(ak, "never");
    ak_settle(ak);
    ak_expect_delivered_start(ak, first, 0, ak_turn_index(ak, 1));
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "so far");
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'and on'}]]}");
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "so farand on");
    ak_expect(ak, "onTurnComplete", ak_wait_hook(ak, agent, "onTurnComplete", 1), "stopped",
              "true");
}

/* A turn that asks for the user's word on `call1` with that tool, at its end on both sides. */
static int ask(struct ak *ak, const char *tool, int *ret_agent)
{
    int stream = ak_client_begin(
        ak, "hitl", "hello",
        ak_text(ak, "{'script':[[{'text':'wait'},{'tool':'%s','id':'call1','input':{'q':1}}]]}",
                tool),
        ret_agent);
    wait_turn(ak, stream, 1);
    expect_turn(ak, stream, 1);
    return stream;
}

/* The user's word, as a page that holds the whole conversation sends it; judged up to the end of
 * the turn that goes on with it. */
static void answer(struct ak *ak, const char *tool, const char *members, const char *says)
{
    const char *id = ak_answer_id(ak, 1);
    int stream = ak_client_send_messages(
        ak,
        ak_text(ak,
                "[%s,{'id':'%s','role':'assistant','parts':[{'type':'step-start'},"
                "{'type':'text','text':'wait','state':'done'},{'type':'tool-%s',"
                "'toolCallId':'call1','input':{'q':1},%s}]}]",
                ak_user_message(ak, "hello"), id, tool, members),
        ak_text(ak, "{'script':[[{'text':'%s'}]]}", says));
    wait_turn(ak, stream, 2);
    expect_turn(ak, stream, 2);
    ak_expect_text(ak, "the messageId of the turn with the answer", ak_answer_id(ak, 2), id);
    ak_expect_text(ak, "what the agent said", ak_out_text(ak, ak_turn_index(ak, 1)), says);
}

/* AGT-HIL-09, AGT-HIL-10, CAP-30, CAP-34 */
static void approval(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    (void)ask(ak, "approve", &agent);
    const cJSON *request = ak_chunk(ak, "tool-approval-request", 1);
    answer(ak, "approve",
           ak_text(ak, "'state':'approval-responded','approval':{'id':%s,'approved':true}",
                   ak_member(ak, request, "approvalId")),
           "did it");
    /* called, and done */
    ak_expect_number(ak, "notes of the tool", ak_count_notes(ak, agent, "tool:approve"), 2);
    ak_expect_number(ak, "outputs of the tool", ak_count_chunks(ak, "tool-output-available"), 1);
}

/* AGT-HIL-01, AGT-HIL-03, CAP-30, CAP-34 */
static void answered(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    (void)ask(ak, "ask", &agent);
    answer(ak, "ask", "'state':'output-available','output':{'a':2}", "thanks");
    ak_expect_holds(ak, "the prompt", ak_prompt_json(ak, agent, 2), "{\"a\":2}");
}

/* A chat whose first turn is over on both sides, and the command of an action that follows it. */
static int act(struct ak *ak, const char *action, int *ret_agent)
{
    int first = ak_client_begin(ak, "actions", "hello", "{'script':[[{'text':'one'}]]}", ret_agent);
    wait_turn(ak, first, 1);
    int stream =
        ak_client_do(ak, "action",
                     ak_text(ak, "{'action':%s,'metadata':{'script':[[{'text':'two'}]]}}", action));
    wait_turn(ak, stream, 2);
    expect_turn(ak, stream, 2);
    return stream;
}

#define BACK "'history':'rollbackTo','args':['user-1']"

/* AGT-ACT-03, AGT-ACT-05, CAP-26, CTC-19 */
static void edit(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int stream = act(ak, "{'type':'edit'," BACK "}", &agent);
    ak_expect_number(ak, "chunks of an edit", ak_client_count(ak, stream), 0);
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'three'}]]}");
    wait_turn(ak, second, 3);
    expect_turn(ak, second, 3);
    ak_expect_text(ak, "the prompt after it", ak_prompt(ak, agent, 2), "user: hello\nuser: more");
}

/* AGT-ACT-06, CAP-26 */
static void action_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int stream = act(ak, "{'type':'turn'," BACK "}", &agent);
    cs_case_check(run, ak_client_count(ak, stream) > 0, "the client has delivered no answer");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, agent, 2), "user: hello");
    cs_case_check(run, strcmp(ak_answer_id(ak, 1), ak_answer_id(ak, 2)) != 0,
                  "both answers have the id %s", ak_answer_id(ak, 1));
}

/* AGT-TRN-27, CAP-25 */
static void regenerate(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int first = ak_client_begin(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}", &agent);
    wait_turn(ak, first, 1);
    int again = ak_client_do(ak, "regenerate",
                             ak_text(ak,
                                     "{'messages':[%s],'messageId':%s,"
                                     "'metadata':{'script':[[{'text':'two'}]]}}",
                                     ak_user_message(ak, "hello"),
                                     ak_text(ak, "'%s'", ak_answer_id(ak, 1))));
    wait_turn(ak, again, 2);
    expect_turn(ak, again, 2);
    ak_expect_text(ak, "the second prompt", ak_prompt(ak, agent, 2), "user: hello");
    ak_expect_text(ak, "the second answer", ak_out_text(ak, ak_turn_index(ak, 1)), "two");
    cs_case_check(run, strcmp(ak_answer_id(ak, 1), ak_answer_id(ak, 2)) != 0,
                  "both answers have the id %s", ak_answer_id(ak, 1));
}

/* A turn that has said "one" and waits at the gate `held`; the client has delivered all of it. */
static int held(struct ak *ak, int *ret_agent)
{
    int stream = ak_client_begin(
        ak, "plain", "hello",
        "{'script':[[{'text':'one','delta':1},{'gate':'held'},{'text':'two','delta':1}]]}",
        ret_agent);
    ak_wait_gate(ak, *ret_agent, "held");
    ak_wait_out(ak, 6); /* start start-step text-start, and a delta for each letter */
    ak_client_wait_chunks(ak, stream, ak_out_count(ak));
    return stream;
}

/* CRS-02, CRS-08 */
static void drop(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int stream = held(ak, &agent);
    const char *last = seq_of(ak, ak_out(ak, ak_out_count(ak) - 1));
    ak_cut(ak);
    expect_cursor(ak, 2, last);
    ak_open(ak, "held");
    wait_turn(ak, stream, 1);
    expect_turn(ak, stream, 1);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "onetwo");
}

/* Where the client goes on from by what it has stored: the record's sequence or "none", and the
 * index in .out behind it. */
static const char *stored_cursor(struct ak *ak, const cJSON *state, size_t *ret_from)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(state, "lastEventId");
    const char *cursor = cJSON_IsString(item) ? item->valuestring : "none";
    *ret_from = 0;
    while (cJSON_IsString(item) && *ret_from < ak_out_count(ak) &&
           strcmp(seq_of(ak, ak_out(ak, *ret_from)), cursor) != 0) {
        ++*ret_from;
    }
    *ret_from += cJSON_IsString(item);
    return cursor;
}

/* CRS-05, CTC-03: the page is loaded anew in mid-answer, and between two turns. In mid-answer some
 * versions have stored no cursor yet, and show the whole turn again. */
static void reload(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    size_t from;
    (void)held(ak, &agent);
    const cJSON *state = ak_client_reload(ak);
    ak_expect(ak, "what the client has stored", state, "isStreaming", "true");
    const char *cursor = stored_cursor(ak, state, &from);
    int again = ak_client_do(ak, "reconnect", NULL);
    expect_cursor(ak, 2, cursor);
    ak_open(ak, "held");
    wait_turn(ak, again, 1);
    ak_expect_delivered(ak, again, from, ak_turn_index(ak, 1));
    state = ak_client_reload(ak);
    ak_expect(ak, "what the client has stored", state, "lastEventId",
              ak_text(ak, "'%s'", seq_of(ak, ak_turn_complete(ak, 1))));
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'three'}]]}");
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
    expect_cursor(ak, 3, seq_of(ak, ak_turn_complete(ak, 1)));
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "onetwothree");
}

/* AGT-VUP-01, AGT-VUP-02, CTC-11, CRE-08: the message that makes the agent hand over is answered by
 * the new run, on the stream that the client has open. */
static void upgrade(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int first = ak_client_begin(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}", &agent);
    wait_turn(ak, first, 1);
    ak_wait_stored(ak, "one");
    int second = ak_client_send(
        ak, "for the successor",
        "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade','if':{'continuation':false}}]},"
        "'script':[[{'text':'from the successor','delta':3}]]}");
    size_t told = ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the first run", ak_wait_end(ak, agent), "done");
    cs_case_check(run, !ak_client_is_over(ak, second), "the client did not wait for the successor");
    const struct ak_trigger *next = ak_trigger(ak, ak_count_triggers(ak) - 1);
    int heir = ak_run_as(ak, next->run_id, "plain", next->payload, NULL);
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
    ak_expect_text(ak, "the answer", ak_out_text(ak, told), "from the successor");
    ak_expect_number(ak, "answers of the successor", ak_count_prompts(ak, heir), 1);
    ak_expect_number(ak, "appends", ak_count(ak, APPEND), 2);
    int third = ak_client_send(ak, "more", "{'script':[[{'text':'three'}]]}");
    wait_turn(ak, third, 3);
    expect_turn(ak, third, 3);
    ak_expect_number(ak, "runs", ak_count_triggers(ak), 2);
}

/* AGT-BIG-05, AGT-BIG-06: the user is told, and can go on. */
static void oversized(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int first = ak_client_begin(
        ak, "tools", "hello",
        "{'script':[[{'tool':'look','input':{'bytes':1200000}}],[{'text':'after'}]]}", &agent);
    wait_turn(ak, first, 1);
    expect_turn(ak, first, 1);
    ak_expect_number(ak, "errors that the client delivered", ak_count_chunks(ak, "error"), 1);
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'two'}]]}");
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
    ak_expect_text(ak, "the answer", ak_out_text(ak, ak_turn_index(ak, 1)), "two");
}

/* AGT-PND-03, AGT-PND-04, CAP-36 */
static void steering(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent;
    int stream =
        ak_client_begin(ak, "pending", "hello",
                        "{'script':[[{'text':'one'},{'tool':'look','id':'call1','input':{}}],"
                        "[{'text':'two'}]],'do':{'tool:look':[{'gate':'tool'}]}}",
                        &agent);
    ak_wait_gate(ak, agent, "tool");
    int pending = ak_client_do(
        ak, "pending",
        ak_text(ak, "{'message':%s,'metadata':%s}", ak_user_message(ak, "also"), AK_SAYS_OK));
    ak_expect_text(ak, "what the client says of the message", ak_client_value(ak, pending), "true");
    (void)ak_wait_hook(ak, agent, "onReceived", 1);
    ak_open(ak, "tool");
    wait_turn(ak, stream, 1);
    expect_turn(ak, stream, 1);
    ak_expect_number(ak, "injections", ak_count_chunks(ak, "data-pending-message-injected"), 1);
    ak_expect_holds(ak, "the prompt after the tool", ak_prompt(ak, agent, 2), "user: also");
    ak_expect_number(ak, "subscriptions of the client", ak_count(ak, READ), 1);
    int second = ak_client_send(ak, "more", "{'script':[[{'text':'three'}]]}");
    wait_turn(ak, second, 2);
    expect_turn(ak, second, 2);
}

#define PAIR(name, title, requirements, function)                         \
    {                                                                     \
        "agent/pair/" name, title, requirements, CS_MUST, 0, 90, function \
    }

const struct cs_case agent_pair_cases[] = {
    PAIR("two-turns", "the client delivers what the agent wrote, and takes up its token",
         "AGT-TRN-04 AGT-TRN-09 CRE-55 CRS-04 CTC-01 CTK-05", two_turns),
    PAIR("stop", "a stop ends the answer, and the next turn shows its own alone",
         "AGT-TRN-21 CST-01 CST-07", stop),
    PAIR("approval", "the user's word on a tool reaches the agent, and its output the user",
         "AGT-HIL-09 AGT-HIL-10 CAP-30 CAP-34", approval),
    PAIR("answered", "the user's answer to a question reaches the agent, which goes on",
         "AGT-HIL-01 AGT-HIL-03 CAP-30 CAP-34", answered),
    PAIR("edit", "an action that only edits shows nothing, and counts for the next answer",
         "AGT-ACT-03 AGT-ACT-05 CAP-26 CTC-19", edit),
    PAIR("action-turn", "an action that begins a turn shows its answer", "AGT-ACT-06 CAP-26",
         action_turn),
    PAIR("regenerate", "the last answer is given anew under another id", "AGT-TRN-27 CAP-25",
         regenerate),
    PAIR("drop", "a connection that is lost in mid-answer costs nothing and repeats nothing",
         "CRS-02 CRS-08", drop),
    PAIR("reload", "a page that is loaded anew in mid-answer goes on where it was", "CRS-05 CTC-03",
         reload),
    PAIR("upgrade", "the client does not notice that another run answers",
         "AGT-VUP-01 AGT-VUP-02 CTC-11 CRE-08", upgrade),
    PAIR("oversized", "an output that is too large is told to the user, who can go on",
         "AGT-BIG-05 AGT-BIG-06", oversized),
    PAIR("steering", "a message for the running turn is taken up, and the reader goes on",
         "AGT-PND-03 AGT-PND-04 CAP-36", steering),
    {0},
};
