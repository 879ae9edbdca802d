/* Messages that arrive while an answer is being written. */
#include "conformance/agent/cases.h"

/* The model calls a tool, which waits at the gate "tool" until the case is ready; then it answers.
 */
#define SLOW_TOOL                                                          \
    "{'script':[[{'text':'one'},{'tool':'look','id':'call1','input':{}}]," \
    "[{'text':'two'}]],'do':{'tool:look':[{'gate':'tool'}]}}"
#define INJECTED "data-pending-message-injected"

/* The message was put on .in, and where the agent has onReceived it knows of it. */
static uint64_t steer(struct ak *ak, int run, const char *text, size_t n)
{
    uint64_t seq = ak_message(ak, text, AK_SAYS_OK);
    (void)ak_wait_hook(ak, run, "onReceived", n);
    return seq;
}

static int at_the_tool(struct ak *ak, const char *agent)
{
    int number = ak_boot(ak, agent, "hello", SLOW_TOOL);
    ak_wait_gate(ak, number, "tool");
    return number;
}

/* Whether a user message of that text is among the messages of the n-th prompt, and the last. */
static void expect_prompt_end(struct ak *ak, int run, size_t n, const char *end)
{
    const char *prompt = ak_prompt(ak, run, n);
    size_t len = strlen(prompt);
    size_t tail = strlen(end);
    if (len < tail || strcmp(prompt + len - tail, end) != 0) {
        ak_expect_text(ak, "the end of the prompt", prompt, end);
    }
}

/* AGT-PND-01, AGT-PND-10: no pendingMessages, and the answer goes on to its end. (More than one
 * such message is AGT-TRN-26.) */
static void later_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "plain", "hello",
                         "{'script':[[{'text':'one'},{'gate':'held'},{'text':'two'}]]}");
    ak_wait_gate(ak, number, "held");
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'script':[[{'text':'three'}]]}");
    ak_settle(ak);
    ak_expect_number(ak, "calls of the model in the first turn", ak_count_prompts(ak, number), 1);
    ak_open(ak, "held");
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end text-start text-delta+ "
                  "text-end finish-step finish TC ... start ... finish TC ...");
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "onetwothree");
    expect_prompt_end(ak, number, 2, "user: more");
}

/* AGT-PND-01: the agent knows of the message and writes on; it becomes the next turn, as there is
 * no step boundary (AGT-PND-08: up to 4.5.12 it is lost). */
static void no_boundary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "pending", "hello",
                         "{'script':[[{'text':'one'},{'gate':'held'},{'text':'two'}]]}");
    ak_wait_gate(ak, number, "held");
    steer(ak, number, "more", 1);
    ak_open(ak, "held");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the first answer", ak_out_text(ak, 0), "onetwo");
    ak_wait_turns(ak, 2);
    expect_prompt_end(ak, number, 2, "user: more");
    ak_expect_number(ak, "calls of shouldInject", ak_count_hooks(ak, number, "shouldInject"), 0);
}

static void not_cancelled(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "pending", "hello",
                         "{'script':[[{'text':'one'},{'gate':'held'},{'text':'two'}]]}");
    ak_wait_gate(ak, number, "held");
    steer(ak, number, "more", 1);
    ak_settle(ak);
    ak_open(ak, "held");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end text-start text-delta+ "
                  "text-end finish-step finish TC ...");
}

/* AGT-PND-02, AGT-PND-03, AGT-PND-04: two messages, one batch, one more turn for the third. */
static void injected(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending");
    steer(ak, number, "more", 1);
    steer(ak, number, "also", 2);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "calls of shouldInject", ak_count_hooks(ak, number, "shouldInject"), 1);
    const cJSON *asked = ak_hook(ak, number, "shouldInject", 1);
    ak_expect(ak, "shouldInject", asked, "messages.0.id", "'user-2'");
    ak_expect(ak, "shouldInject", asked, "messages.1.id", "'user-3'");
    expect_prompt_end(ak, number, 2, "tool: [tool-result]\nuser: more\nuser: also");
    ak_expect_number(ak, "calls of onInjected", ak_count_hooks(ak, number, "onInjected"), 1);
    (void)ak_wait_hook(ak, number, "onTurnComplete", 1);
    ak_message(ak, "last", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    expect_prompt_end(ak, number, 3, "user: last");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, number), 3);
    ak_expect_number(ak, "chunks that tell of it", ak_count_chunks(ak, INJECTED), 1);
    const cJSON *chunk = ak_chunk(ak, INJECTED, 1);
    ak_expect(ak, INJECTED, chunk, "data.messageIds", "['user-2','user-3']");
    ak_expect(ak, INJECTED, chunk, "data.messages",
              "[{'id':'user-2','text':'more'},{'id':'user-3','text':'also'}]");
}

/* AGT-PND-05 */
static void place_of_the_chunk(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    size_t at = ak_chunk_index(ak, INJECTED, 1);
    bool after = at > ak_chunk_index(ak, "finish-step", 1);
    bool before = at < ak_chunk_index(ak, "tool-output-available", 1);
    ak_record_flag(ak, "after-the-step", "injected_after_step", after);
    ak_record_fact(ak, "between", "false", "%s", after || before ? "false" : "true");
}

/* AGT-PND-06 */
static void in_the_history(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    const cJSON *over = ak_wait_hook(ak, number, "onTurnComplete", 1);
    static const char *const lists[] = {"uiMessages", "newUIMessages"};
    for (size_t i = 0; i < 2; i++) {
        ak_expect(ak, lists[i], over, ak_text(ak, "%s.0.id", lists[i]), "'user-1'");
        ak_expect(ak, lists[i], over, ak_text(ak, "%s.1.id", lists[i]), "'user-2'");
        ak_expect(ak, lists[i], over, ak_text(ak, "%s.2.role", lists[i]), "'assistant'");
        ak_expect_text(ak, lists[i], ak_member(ak, over, ak_text(ak, "%s.3", lists[i])), "nothing");
    }
}

/* AGT-PND-07 */
static void declined(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending-declined");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "calls of shouldInject", ak_count_hooks(ak, number, "shouldInject"), 1);
    ak_expect_lacks(ak, "the second prompt", ak_prompt(ak, number, 2), "user: more");
    ak_wait_turns(ak, 2);
    expect_prompt_end(ak, number, 3, "user: more");
    ak_expect_number(ak, "chunks that tell of an injection", ak_count_chunks(ak, INJECTED), 0);
}

/* AGT-PND-09: the cursor stays in front of what waits, and moves once that is answered. */
static void holds_the_cursor(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending-declined");
    uint64_t seq = steer(ak, number, "more", 1);
    const char *of_it = ak_text(ak, "%llu", (unsigned long long)seq);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 2);
    ak_expect_header(ak, ak_turn_complete(ak, 1), "session-in-event-id", NULL);
    ak_expect_header(ak, ak_turn_complete(ak, 2), "session-in-event-id", of_it);
}

/* AGT-PND-11 */
static void prepare_throws(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending-prepare-throws");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    (void)ak_wait_hook(ak, number, "prepare", 1);
    ak_wait_turns(ak, 2);
    ak_expect_number(ak, "calls of onInjected", ak_count_hooks(ak, number, "onInjected"), 0);
    expect_prompt_end(ak, number, ak_count_prompts(ak, number), "user: more");
    ak_expect_number(ak, "chunks that tell of an injection", ak_count_chunks(ak, INJECTED), 0);
}

/* AGT-PND-12: `injected` is the twin where it works. */
static void unmanaged(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending-unmanaged");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "onetwo");
    ak_expect_lacks(ak, "the second prompt", ak_prompt(ak, number, 2), "user: more");
    ak_expect_number(ak, "calls of shouldInject", ak_count_hooks(ak, number, "shouldInject"), 0);
    ak_expect_number(ak, "chunks that tell of an injection", ak_count_chunks(ak, INJECTED), 0);
}

/* AGT-PND-13 */
static void beside_compaction(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "pending-compaction", "hello",
                         "{'script':[[{'tool':'look','id':'call1','input':{}},"
                         "{'finish':'tool-calls','tokens':5000}],[{'text':'two'}]],"
                         "'do':{'tool:look':[{'gate':'tool'}]}}");
    ak_wait_gate(ak, number, "tool");
    steer(ak, number, "more", 1);
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    const char *prompt = ak_prompt(ak, number, 2);
    ak_expect_holds(ak, "the second prompt", prompt, "the summary");
    ak_expect_lacks(ak, "the second prompt", prompt, "hello");
    expect_prompt_end(ak, number, 2, "user: more");
    size_t compacted = ak_chunk_index(ak, "data-compaction", 1);
    if (compacted > ak_chunk_index(ak, INJECTED, 1)) {
        cs_case_fail(run, "the injection was written before the compaction: %s",
                     ak_notation(ak, 0));
    }
}

/* AGT-PND-14 */
static void same_id_twice(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = at_the_tool(ak, "pending");
    const char *message = ak_user_message(ak, "more");
    ak_submit(ak, NULL, message, AK_SAYS_OK);
    ak_submit(ak, NULL, message, AK_SAYS_OK);
    ak_message(ak, "also", AK_SAYS_OK);
    /* How often onReceived was told of the first is not judged: up to the second, then. */
    const cJSON *told = NULL;
    for (size_t n = 1; !told || strcmp(ak_member(ak, told, "message.id"), "\"user-3\"") != 0;) {
        told = ak_wait_hook(ak, number, "onReceived", n++);
    }
    ak_open(ak, "tool");
    ak_wait_turns(ak, 1);
    ak_expect(ak, INJECTED, ak_chunk(ak, INJECTED, 1), "data.messageIds", "['user-2','user-3']");
    expect_prompt_end(ak, number, 2, "tool: [tool-result]\nuser: more\nuser: also");
}

const struct cs_case agent_pending_cases[] = {
    {"agent/pending/later-turns", "without pendingMessages a message is a later turn",
     "AGT-PND-01 AGT-PND-10", CS_MUST, 0, 0, later_turns},
    {"agent/pending/not-cancelled", "a message in mid-answer does not cancel the answer",
     "AGT-PND-01", CS_MUST, 0, 0, not_cancelled},
    {"agent/pending/no-boundary", "with no step boundary the message is the next turn",
     "AGT-PND-08", CS_MUST, 0, 0, no_boundary},
    {"agent/pending/injected", "a batch is injected after the tool's result, and told of once",
     "AGT-PND-02 AGT-PND-03 AGT-PND-04", CS_MUST, 0, 0, injected},
    {"agent/pending/place-of-the-chunk", "where the chunk of an injection is", "AGT-PND-05",
     CS_OBSERVED, 0, 0, place_of_the_chunk},
    {"agent/pending/in-the-history", "an injected message is in the history, before the answer",
     "AGT-PND-06", CS_MUST, 0, 0, in_the_history},
    {"agent/pending/declined", "a declined message is the next turn", "AGT-PND-07", CS_MUST, 0, 0,
     declined},
    {"agent/pending/holds-the-cursor", "what waits holds the boundary's cursor back", "AGT-PND-09",
     CS_MUST, 0, 0, holds_the_cursor},
    {"agent/pending/prepare-throws", "a failing prepare gives the message back", "AGT-PND-11",
     CS_MUST, 0, 0, prepare_throws},
    {"agent/pending/unmanaged", "without the managed options nothing is injected", "AGT-PND-12",
     CS_MUST, 0, 0, unmanaged},
    {"agent/pending/beside-compaction", "compaction first, and the injected message is kept",
     "AGT-PND-13", CS_MUST, 0, 0, beside_compaction},
    {"agent/pending/same-id-twice", "a repeated message id is queued once", "AGT-PND-14", CS_SHOULD,
     0, 0, same_id_twice},
    {0},
};
