/* A worker that is killed at each point of a turn, and the continuation in a new process: what was
 * done is not done again, what was open is answered, and nothing hangs. Between the two the
 * client's message waits on .in, as it does when nobody runs.
 */
#include "conformance/agent/cases.h"
#include "conformance/agent/kit_past.h"

#define SAYS(text) "{'script':[[{'text':'" text "'}]]}"

/* A first turn that is over, stored and all. Gives the run. */
static int one_turn(struct ak *ak, const char *agent)
{
    int first = ak_boot(ak, agent, "one", SAYS("first"));
    (void)ak_wait_upload(ak, 1);
    return first;
}

/* The next run, in which every gate is open. */
static int continue_after_kill(struct ak *ak, const char *agent)
{
    ak_kill(ak);
    ak_open(ak, "g");
    return ak_continue(ak, agent);
}

static void expect_prompt(struct ak *ak, int run, size_t n, const char *prompt)
{
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, run), n);
    ak_expect_text(ak, "the last prompt", ak_prompt(ak, run, n), prompt);
}

#define FIRST "user: one\nassistant: first\n"

/* In onBoot, before any turn: the open message is as open as before. */
static void before_a_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    ak_past_answer(ak, "a1", "first");
    uint64_t last = ak_past_boundary(ak, 0);
    ak_past_transcript(ak, "[" AK_USER("u1", "one") "," AK_ASSISTANT("a1", "first") "]",
                       (int64_t)last, 0);
    ak_past_user(ak, AK_USER("u2", "two"), SAYS("second"));
    int killed = ak_run(ak, "recovery", "{'continuation':true,'previousRunId':'run_previous'}",
                        "{'defaults':{'do':{'onBoot':[{'gate':'g'}]}}}");
    ak_wait_note(ak, killed, "gate");
    int next = continue_after_kill(ak, "recovery");
    ak_ask_last(ak, " last");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 0);
    expect_prompt(ak, next, 2, FIRST "user: two\nassistant: second\nuser: last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "second last");
}

/* In a second turn, killed at that point of its script; `before` is how to know that it is there.
 */
static int killed_in_second(struct ak *ak, const char *metadata, const char *word)
{
    int first = one_turn(ak, "recovery");
    ak_wait_subscribed(ak);
    size_t from = ak_out_count(ak);
    ak_message(ak, "two", metadata);
    ak_wait_note(ak, first, "gate");
    if (word) {
        for (size_t n = from; !strstr(ak_notation(ak, from), word); n++) {
            ak_wait_out(ak, n + 1);
        }
    }
    return continue_after_kill(ak, "recovery");
}

/* The model was asked, nothing is on .out yet. */
static void before_the_first_record(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int next = killed_in_second(ak, "{'script':[[{'gate':'g'},{'text':'second'}]]}", NULL);
    ak_ask_last(ak, " last");
    expect_prompt(ak, next, 2, FIRST "user: two\nassistant: second\nuser: last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firstsecond last");
}

/* Half of the answer is on .out: its message is answered anew. */
static void during_a_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int next = killed_in_second(ak, "{'script':[[{'text':'half '},{'gate':'g'},{'text':'whole'}]]}",
                                "text-delta");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_ask_last(ak, " last");
    expect_prompt(ak, next, 2, FIRST "user: two\nassistant: half whole\nuser: last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firsthalf half whole last");
}

/* A tool runs: its call is told as pending. */
static void during_a_tool(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int next = killed_in_second(ak,
                                "{'script':[[{'text':'half '},{'tool':'look','id':'call1'}],"
                                "[{'text':'whole'}]],'do':{'tool:look':[{'gate':'g'}]}}",
                                "tool-input-available");
    const cJSON *told = ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_expect(ak, "onRecoveryBoot", told, "pendingToolCalls.0.toolCallId", "'call1'");
    ak_ask_last(ak, " last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firsthalf half whole last");
}

/* The boundary is written, the transcript not yet: the tail of .out has the answer. */
static void behind_the_boundary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = one_turn(ak, "recovery");
    ak_wait_subscribed(ak);
    ak_message(ak, "two",
               "{'script':[[{'text':'second'}]],'do':{'onTurnComplete':[{'gate':'g'}]}}");
    ak_wait_turns(ak, 2);
    ak_wait_note(ak, first, "gate");
    int next = continue_after_kill(ak, "recovery");
    ak_ask_last(ak, " last");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 0);
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, next), 1);
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firstsecond last");
    cs_case_observe(run, "the prompt", "%s", ak_prompt(ak, next, 1));
    if (!strstr(ak_prompt(ak, next, 1), "assistant: second\nuser: last")) {
        ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1), "... assistant: second\n...");
    }
}

/* Between two turns. */
static void after_a_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)one_turn(ak, "recovery");
    ak_wait_subscribed(ak);
    ak_message(ak, "two", SAYS("second"));
    (void)ak_wait_upload(ak, 2);
    int next = continue_after_kill(ak, "recovery");
    ak_ask_last(ak, " last");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 0);
    expect_prompt(ak, next, 1, FIRST "user: two\nassistant: second\nuser: last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firstsecond last");
}

/* The run that nobody can wake any more. */
static void while_suspended(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = one_turn(ak, "impatient");
    ak_wait_suspended(ak, first);
    ak_kill(ak);
    ak_message(ak, "two", SAYS("second"));
    int next = ak_continue(ak, "impatient");
    ak_wait_turns(ak, 2);
    ak_settle(ak);
    expect_prompt(ak, next, 1, FIRST "user: two");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firstsecond");
}

/* Killed once more in the turn that makes up for the first kill. */
static void during_a_recovered_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = one_turn(ak, "recovery");
    ak_wait_subscribed(ak);
    ak_message(ak, "two", "{'script':[[{'gate':'g'},{'text':'second'}]]}");
    ak_wait_note(ak, first, "gate");
    ak_kill(ak);
    int again = ak_continue(ak, "recovery");
    ak_wait_note(ak, again, "gate");
    int next = continue_after_kill(ak, "recovery");
    ak_ask_last(ak, " last");
    expect_prompt(ak, next, 2, FIRST "user: two\nassistant: second\nuser: last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "firstsecond last");
}

/* ---- AGT-REC-21 ---- */

static void count_copies(struct ak *ak, const char *what, const char *text, const char *of)
{
    size_t n = 0;
    for (const char *at = strstr(text, of); at; at = strstr(at + 1, of)) {
        n++;
    }
    ak_expect_number(ak, ak_text(ak, "copies of \"%s\" in %s", of, what), n, 1);
}

/* Fails on 4.8.3 itself, which is the proof of the case. */
static void each_message_once(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = one_turn(ak, "recovery");
    ak_wait_subscribed(ak);
    ak_message(ak, "two", "{'script':[[{'text':'half'},{'gate':'g'}]]}");
    ak_wait_note(ak, first, "gate");
    ak_wait_word(ak, "TC");
    for (size_t n = ak_turn_index(ak, 1) + 1; !strstr(ak_notation(ak, n), "text-delta");) {
        ak_wait_out(ak, ak_out_count(ak) + 1);
    }
    ak_message(ak, "three", SAYS("third"));
    int next = continue_after_kill(ak, "recovery");
    const char *prompt = ak_prompt(ak, next, 1);
    const cJSON *turn = ak_wait_hook(ak, next, "onTurnStart", 1);
    const char *shown = ak_member(ak, turn, "uiMessages");
    count_copies(ak, "the prompt", prompt, "user: three");
    count_copies(ak, "the prompt", prompt, "user: two");
    count_copies(ak, "uiMessages", shown, "\"two\"");
    const char *stored = ak_transcript_text(ak, ak_wait_upload(ak, 2));
    count_copies(ak, "the stored transcript", stored, "user: two");
}

#define ROW(id, title, requirements, run)                              \
    {                                                                  \
        "agent/recovery/" id, title, requirements, CS_MUST, 0, 60, run \
    }

const struct cs_case agent_kill_cases[] = {
    ROW("kill-before-a-turn", "killed in onBoot: the open message is answered once",
        "AGT-REC-05 AGT-REC-08", before_a_turn),
    ROW("kill-before-the-first-record", "killed before a record: the message is answered once",
        "AGT-REC-05", before_the_first_record),
    ROW("kill-during-a-turn", "killed in an answer: the message is answered anew",
        "AGT-REC-05 AGT-REC-07 AGT-REC-11", during_a_turn),
    ROW("kill-during-a-tool", "killed in a tool: its call is told as pending",
        "AGT-REC-05 AGT-REC-09 AGT-REC-11", during_a_tool),
    ROW("kill-behind-the-boundary", "killed before the transcript is stored: nothing is lost",
        "AGT-REC-03 AGT-REC-04 AGT-REC-08", behind_the_boundary),
    ROW("kill-after-a-turn", "killed between two turns: the chat goes on", "AGT-REC-04 AGT-REC-08",
        after_a_turn),
    ROW("kill-while-suspended", "killed while suspended: the next message is answered once",
        "AGT-REC-05", while_suspended),
    ROW("kill-during-a-recovered-turn", "killed twice in one turn: the message is answered once",
        "AGT-REC-05", during_a_recovered_turn),
    ROW("each-message-once", "after a kill with a further message each stands once", "AGT-REC-21",
        each_message_once),
    {0},
};
