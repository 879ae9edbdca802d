/* Out of memory: the error that ends a run, and the second attempt. */
#include "conformance/agent/cases.h"
#include "conformance/agent/kit_past.h"

#define OUT_READS "GET /realtime/v1/sessions/{chat}/out/records*"
#define IN_READS  "GET /realtime/v1/sessions/{chat}/in/records*"
#define SUBSCRIBE "GET /realtime/v1/sessions/{chat}/in"
#define SNAP_URL  "GET /api/v1/sessions/{chat}/snapshot-url"

#define SAYS(text) "{'script':[[{'text':'" text "'}]]}"
/* Runs out of memory in the first attempt. */
#define OOM_ONCE(text) \
    "{'do':{'run':[{'oom':true,'when':{'attempt':1}}]},'script':[[{'text':'" text "'}]]}"

/* AGT-OOM-01 */
static void retry_options(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *with = ak_sdk(ak, "task", "[{'task':'oom'}]");
    const char *without = ak_sdk(ak, "task", "[{'task':'plain'}]");
    cJSON *bigger = cJSON_Parse(with);
    cJSON *same = cJSON_Parse(without);
    const char *retry = ak_member(ak, bigger, "registered.retry");
    const char *none = ak_member(ak, same, "registered.retry.maxAttempts");
    cJSON_Delete(bigger);
    cJSON_Delete(same);
    cJSON *options = cJSON_Parse(retry);
    const char *attempts = ak_member(ak, options, "maxAttempts");
    const char *machine = ak_member(ak, options, "outOfMemory.machine");
    cJSON_Delete(options);
    ak_expect_text(ak, "maxAttempts with oomMachine", attempts, "2");
    ak_expect_text(ak, "outOfMemory.machine", machine, "\"large-1x\"");
    ak_expect_text(ak, "maxAttempts without oomMachine", none, "1");
}

/* A turn that is answered, then one that runs out of memory. Gives the run. */
static int oom_in_second_turn(struct ak *ak)
{
    int first = ak_boot(ak, "oom", "one", SAYS("first"));
    (void)ak_wait_upload(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "two", OOM_ONCE("second"));
    const char *end = ak_wait_end(ak, first);
    if (!strstr(end, "an error: ") || strstr(end, "an error: Error: no")) {
        ak_expect_text(ak, "the end of the run", end, "an error: of memory");
    }
    return first;
}

/* AGT-OOM-02 */
static void leaves_the_loop(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = oom_in_second_turn(ak);
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, first, "run"), 2);
    const char *end = ak_wait_end(ak, first);
    if (!strstr(end, "OutOfMemory") && !strstr(end, "TASK_PROCESS_OOM_KILLED")) {
        ak_expect_text(ak, "the end of the run", end, "an error: OutOfMemoryError: ...");
    }
    ak_settle(ak);
    ak_expect_out(ak, 0, "start ... finish TC");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "first");
}

/* AGT-OOM-03: the twin. */
static void others_stay(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "oom", "one", SAYS("first"));
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "two", "{'do':{'run':[{'throw':'no'}]}}");
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1, "error TC ...");
    ak_message(ak, "three", SAYS(" third"));
    ak_wait_turns(ak, 3);
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "first third");
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, first, "run"), 3);
}

/* AGT-OOM-04, AGT-REC-06 */
static void boots_like_a_continuation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = oom_in_second_turn(ak);
    ak_expect_number(ak, "the first attempt's onChatStart",
                     ak_count_hooks(ak, first, "onChatStart"), 1);
    ak_expect_number(ak, "the first attempt's reads", ak_count(ak, SNAP_URL), 0);
    size_t out_reads = ak_count(ak, OUT_READS);
    size_t in_reads = ak_count(ak, IN_READS);
    int retry = ak_retry(ak, first);
    ak_wait_hook(ak, retry, "onBoot", 1);
    ak_expect_number(ak, "reads of the transcript", ak_count(ak, SNAP_URL), 1);
    ak_wait_request(ak, OUT_READS, out_reads + 1);
    ak_wait_request(ak, IN_READS, in_reads + 1);
    ak_wait_turns(ak, 2);
    ak_expect_number(ak, "calls of onBoot", ak_count_hooks(ak, retry, "onBoot"), 1);
    ak_expect_number(ak, "calls of onChatStart", ak_count_hooks(ak, retry, "onChatStart"), 0);
}

/* The second attempt, until it has answered a further message too. Gives its run. */
static int answered_by_retry(struct ak *ak)
{
    int first = oom_in_second_turn(ak);
    int retry = ak_retry(ak, first);
    ak_wait_turns(ak, 3); /* the first attempt's, the boot message's, the failed one's */
    ak_ask_last(ak, "last");
    return retry;
}

/* How many calls of the model were to answer that message. */
static size_t count_answers(struct ak *ak, int run, const char *message)
{
    size_t n = 0;
    for (size_t i = 1; i <= ak_count_prompts(ak, run); i++) {
        const char *prompt = ak_prompt(ak, run, i);
        size_t len = strlen(message);
        n += strlen(prompt) >= len && strcmp(prompt + strlen(prompt) - len, message) == 0;
    }
    return n;
}

/* AGT-OOM-05: what calls the model is one of the two open messages. */
static void done_not_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int retry = answered_by_retry(ak);
    size_t open = count_answers(ak, retry, "user: two") + count_answers(ak, retry, "user: last");
    ak_expect_number(ak, "answers to the further message", count_answers(ak, retry, "user: last"),
                     1);
    ak_expect_number(ak, "answers to what was answered before", ak_count_prompts(ak, retry) - open,
                     0);
}

/* AGT-OOM-06 */
static void failed_answered_once(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int retry = answered_by_retry(ak);
    ak_expect_number(ak, "answers to the message that ran out of memory",
                     count_answers(ak, retry, "user: two"), 1);
}

/* AGT-OOM-09: fails on 4.8.3 itself: the boot's message comes first again, with the boot's
 * metadata, and since the transcript ends with the open message, that turn answers it. */
static void own_metadata(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = oom_in_second_turn(ak);
    size_t from = ak_out_count(ak);
    (void)ak_retry(ak, first);
    ak_wait_turns(ak, 3);
    ak_settle(ak);
    const char *said = ak_out_text(ak, from);
    if (!strstr(said, "second")) {
        ak_expect_text(ak, "what the second attempt said", said, "second");
    }
}

/* AGT-OOM-07 */
static void in_the_first_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "oom", "one", OOM_ONCE("first"));
    ak_wait_end(ak, first);
    ak_expect_text(ak, "the records of the first attempt", ak_notation(ak, 0), "");
    int retry = ak_retry(ak, first);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, retry, 1), "user: one");
    ak_wait_turns(ak, 1);
    ak_settle(ak);
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "first");
}

/* AGT-OOM-08: a message that is older than the last boundary by the clock, and behind the cursor by
 * its place. */
static void cut_is_a_sequence(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    ak_past_user(ak, AK_USER("u2", "two"), SAYS("second"));
    ak_past_answer(ak, "a1", "first");
    ak_past_boundary(ak, 0);
    int retry = ak_run(ak, "oom", "{'continuation':true}", "{'attempt':2}");
    ak_wait_prompt(ak, retry, 1);
    ak_wait_turns(ak, 1);
    ak_record_fact(ak, "a message older than the boundary and behind the cursor", "answered", "%s",
                   strstr(ak_out_text(ak, 0), "second") ? "answered" : "not answered");
}

#define ROW(id, title, requirements, run)                        \
    {                                                            \
        "agent/oom/" id, title, requirements, CS_MUST, 0, 0, run \
    }

const struct cs_case agent_oom_cases[] = {
    ROW("retry-options", "oomMachine asks for a second attempt on that machine", "AGT-OOM-01",
        retry_options),
    ROW("leaves-the-loop", "running out of memory ends the run without a record", "AGT-OOM-02",
        leaves_the_loop),
    ROW("others-stay", "any other error ends the turn alone", "AGT-OOM-03", others_stay),
    ROW("boots-like-a-continuation", "the second attempt reads what a continuation reads",
        "AGT-OOM-04 AGT-REC-06", boots_like_a_continuation),
    ROW("done-not-again", "turns that were done are not answered again", "AGT-OOM-05",
        done_not_again),
    ROW("failed-answered-once", "the message that ran out of memory is answered once", "AGT-OOM-06",
        failed_answered_once),
    ROW("in-the-first-turn", "the boot's own message is answered by the second attempt",
        "AGT-OOM-07", in_the_first_turn),
    ROW("own-metadata", "the message that ran out of memory is answered with its own metadata",
        "AGT-OOM-09", own_metadata),
    {"agent/oom/cut-is-a-sequence", "what is done is told by place, not by time", "AGT-OOM-08",
     CS_OBSERVED, 0, 0, cut_is_a_sequence},
    {0},
};
