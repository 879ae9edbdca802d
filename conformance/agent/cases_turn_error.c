/* Turns that fail: in the agent's own code, in the model, in the store. */
#include "conformance/agent/cases.h"

/* What a write may take whose acknowledgement never comes. */
#define LONGEST_WRITE_MS 30000

static size_t count_words(struct ak *ak, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const cJSON *its = cJSON_GetObjectItemCaseSensitive(ak_out(ak, i)->chunk, "type");
        n += cJSON_IsString(its) && strcmp(its->valuestring, type) == 0;
    }
    return n;
}

/* The first turn throws; gives the text of its error chunk as JSON. */
static const char *judge_throw(struct cs_case_run *run, const char *acts, const char *message)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", acts);
    ak_wait_turns(ak, 1);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    size_t at = ak_wait_word(ak, "error");
    ak_expect_number(ak, "the error chunks", count_words(ak, "error"), 1);
    ak_expect_out(ak, at, "error TC");
    ak_expect(ak, "onTurnComplete", over, "finishReason", "'error'");
    cs_case_check(run, strcmp(ak_member(ak, over, "error"), "nothing") != 0,
                  "onTurnComplete was given no error");
    if (message) {
        ak_expect(ak, "onTurnComplete", over, "error.message", message);
    }
    ak_expect(ak, "onTurnComplete", over, "uiMessages.0.parts.0.text", "'hello'");
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_message(ak, "more", "{'script':[[{'text':'well again'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1, "start ... finish TC ...");
    ak_expect_text(ak, "the answer after it", ak_out_text(ak, ak_turn_index(ak, 1)), "well again");
    return ak_member(ak, ak_out(ak, at)->chunk, "errorText");
}

/* AGT-TRN-29 */
static void run_throws(struct cs_case_run *run)
{
    const char *text =
        judge_throw(run, "{'do':{'run':[{'throw':'out of order'}]}}", "'out of order'");
    ak_expect_text(ak_of(run), "the error chunk's text", text, "\"out of order\"");
}

/* AGT-TRN-29 */
static void hook_throws(struct cs_case_run *run)
{
    const char *text =
        judge_throw(run, "{'do':{'onTurnStart':[{'throw':'no turn today'}]}}", "'no turn today'");
    ak_expect_text(ak_of(run), "the error chunk's text", text, "\"no turn today\"");
}

/* AGT-TRN-29: whatever the fixed text is, a client can show it. */
static void without_message(struct cs_case_run *run)
{
    const char *text = judge_throw(run, "{'do':{'run':[{'throw':''}]}}", NULL);
    bool has_text = text[0] == '"' && text[1] != '"';
    cs_case_check(run, has_text == (cs_case_fact(run, "empty_error_has_text") != 0),
                  "the error chunk's text is %s", text);
}

/* AGT-TRN-30 */
static void of_model(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello",
                  "{'script':[[{'text':'half an'},{'error':'the provider fell over'}]]}");
    ak_wait_turns(ak, 1);
    const char *text = ak_member(ak, ak_out(ak, ak_wait_word(ak, "error"))->chunk, "errorText");
    ak_record_fact(ak, "agent.turn_after_model_error_completes", "true", "true");
    ak_record_flag(ak, "agent.model_error_is_raw", "model_error_is_raw",
                   strcmp(text, "\"the provider fell over\"") == 0);
    ak_record_fact(ak, "agent.model_error_text", text, "%s", text);
}

/* AGT-TRN-46. Broken in all versions: six refusals, and the turn is never told to be over. */
static void boundary_refused(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "json/turn-complete 1-6: 503");
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    bool first = strstr(ak_notation(ak, 0), "TC") != NULL;
    size_t before = ak_out_count(ak);
    ak_message(ak, "more", "{'script':[[{'text':'well again'}]]}");
    ak_wait_turns(ak, 1 + first);
    ak_expect_text(ak, "the answer after it", ak_out_text(ak, before), "well again");
    cs_case_check(run, first, "the turn whose boundary was refused has none");
}

/* AGT-TRN-46: three refusals, and it is tried again. */
static void boundary_tried_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "json/turn-complete 1-3: 503");
    (void)ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_record_fact(ak, "agent.records_of_refused_boundary",
                   "start start-step text-start text-delta text-end finish-step finish error TC",
                   "%s", ak_notation(ak, 0));
    bool has_token = ak_record_header(ak, ak_turn_complete(ak, 1), "public-access-token") != NULL;
    ak_record_fact(ak, "agent.second_boundary_has_token", "false", "%s",
                   has_token ? "true" : "false");
}

/* A data write was refused in the first turn, and in no other. */
static void judge_refused_write(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_settle(ak);
    cs_case_check(run, strstr(ak_notation(ak, 0), "TC") != NULL,
                  "the turn whose write was refused is never told to be over: %s",
                  ak_notation(ak, 0));
    ak_wait_subscribed(ak);
    size_t before = ak_out_count(ak);
    ak_message(ak, "more", "{'script':[[{'text':'well again'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answer after it", ak_out_text(ak, before), "well again");
}

/* AGT-TRN-47. Broken from 4.7.7 on. */
static void write_refused(struct cs_case_run *run)
{
    ak_fault(ak_of(run), "s2s 1: 403");
    judge_refused_write(run);
}

/* AGT-TRN-47. Broken from 4.7.7 on. */
static void batch_refused(struct cs_case_run *run)
{
    ak_fault(ak_of(run), "s2s-batch 1: terminal 403");
    judge_refused_write(run);
}

/* AGT-TRN-48. Broken in all versions. */
static void write_unanswered(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "s2s-batch 1: silent");
    (void)ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_request(ak, "POST /v1/streams/*", 1);
    while (ak_now(ak) < LONGEST_WRITE_MS && !strstr(ak_notation(ak, 0), "TC")) {
        ak_settle(ak);
    }
    cs_case_check(run, strstr(ak_notation(ak, 0), "TC") != NULL,
                  "a write that nobody acknowledges is still waited for after %d s",
                  LONGEST_WRITE_MS / 1000);
}

const struct cs_case agent_turn_error_cases[] = {
    {"agent/turn/run-throws", "a throw in run() is an error chunk and a boundary, and no more",
     "AGT-TRN-29", CS_MUST, 0, 0, run_throws},
    {"agent/turn/hook-throws", "so is a throw in a hook", "AGT-TRN-29", CS_MUST, 0, 0, hook_throws},
    {"agent/turn/throws-without-message", "an error without a message has a text all the same",
     "AGT-TRN-29", CS_MUST, 0, 0, without_message},
    {"agent/turn/model-error", "what a client is told of an error of the model", "AGT-TRN-30",
     CS_OBSERVED, 0, 0, of_model},
    {"agent/turn/boundary-refused", "a boundary that the store refuses comes in the end",
     "AGT-TRN-46", CS_MUST, 0, 0, boundary_refused},
    {"agent/turn/boundary-tried-again", "what is written when the boundary was refused once",
     "AGT-TRN-46", CS_OBSERVED, 0, 0, boundary_tried_again},
    {"agent/turn/write-refused", "a refused write fails one turn and no other", "AGT-TRN-47",
     CS_SHOULD, 0, 0, write_refused},
    {"agent/turn/batch-refused", "a write that is refused in mid-session fails one turn only",
     "AGT-TRN-47", CS_SHOULD, 0, 0, batch_refused},
    {"agent/turn/write-unanswered", "a write that nobody acknowledges ends in an error",
     "AGT-TRN-48", CS_SHOULD, CS_NEEDS_LONG, 60, write_unanswered},
    {0},
};
