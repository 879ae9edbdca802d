/* Actions: edits of the conversation that are no turns, and those that begin one. */
#include "conformance/agent/cases.h"

#define EDIT   "{'type':'edit','history':'rollbackTo','args':['user-1']}"
#define ANSWER "start start-step text-start text-delta+ text-end finish-step finish"

/* One turn, its boundary and the subscription that brings what comes next. */
static int one_turn(struct ak *ak, const char *agent)
{
    int number = ak_boot(ak, agent, "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    (void)ak_wait_hook(ak, number, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    return number;
}

/* The hooks of a run from the n-th (from 0) on. */
static const char *hooks_from(struct ak *ak, int run, size_t n)
{
    const char *all = ak_hooks(ak, run);
    for (; n > 0 && *all; n--) {
        all += strcspn(all, " ");
        all += *all == ' ';
    }
    return all;
}

static size_t count_words(const char *text)
{
    size_t n = *text != '\0';
    for (; *text; text++) {
        n += *text == ' ';
    }
    return n;
}

/* AGT-ACT-01: a known type reaches onAction; its twin is refused. */
static void schema_refuses(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    ak_action(ak, "{'type':'wait'}", AK_SAYS_OK);
    ak_expect(ak, "onAction", ak_wait_hook(ak, number, "onAction", 1), "action", "{'type':'wait'}");
    ak_wait_turns(ak, 2);
    ak_expect_number(ak, "errors on .out", ak_count_chunks(ak, "error"), 0);
    ak_action(ak, "{'type':'nonsense'}", AK_SAYS_OK);
    ak_wait_turns(ak, 3);
    ak_expect_number(ak, "calls of onAction", ak_count_hooks(ak, number, "onAction"), 1);
    ak_expect_out(ak, from,
                  "... TC{session-in-event-id=0} ... error TC{session-in-event-id=1} ...");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, number), 1);
}

/* AGT-ACT-02 */
static void refused_is_a_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    ak_action(ak, "{'type':'nonsense'}", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    const cJSON *over = ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_record_fact(ak, "hook-of-refused", "\"error\"", "%s", ak_member(ak, over, "finishReason"));
    ak_message(ak, "more", AK_SAYS_OK);
    const cJSON *start = ak_wait_hook(ak, number, "onTurnStart", 2);
    ak_wait_turns(ak, 3);
    ak_record_fact(ak, "turn-after-refused", "2", "%s", ak_member(ak, start, "turn"));
}

/* AGT-ACT-03, AGT-ACT-05, AGT-ACT-11 */
static void edit_only(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    size_t told = count_words(ak_hooks(ak, number));
    uint64_t seq = ak_action(ak, EDIT, AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    size_t to = ak_turn_index(ak, 2);
    for (size_t i = from; i < to; i++) {
        if (ak_out(ak, i)->kind == CS_RECORD_DATA) {
            cs_case_fail(run, "the edit wrote data before its boundary: %s", ak_notation(ak, from));
        }
    }
    ak_expect_header(ak, ak_turn_complete(ak, 2), "session-in-event-id",
                     ak_text(ak, "%llu", (unsigned long long)seq));
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_expect(ak, "the next turn", ak_wait_hook(ak, number, "onTurnStart", 2), "turn", "1");
    (void)ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_wait_turns(ak, 3);
    ak_expect_text(ak, "hooks of the action, and of the turn after it",
                   hooks_from(ak, number, told),
                   "onAction onTurnStart run onBeforeTurnComplete onTurnComplete");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, number, 2), "user: hello\nuser: more");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, number), 2);
}

/* AGT-ACT-04 */
static void only_two_hooks(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions-hydrate");
    size_t told = count_words(ak_hooks(ak, number));
    ak_action(ak, "{'type':'wait'}", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "hooks of the action", hooks_from(ak, number, told),
                   "hydrateMessages onAction");
    ak_message(ak, "more", AK_SAYS_OK);
    (void)ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_expect_text(ak, "hooks of the action and of the next turn", hooks_from(ak, number, told),
                   "hydrateMessages onAction hydrateMessages onTurnStart run "
                   "onBeforeTurnComplete onTurnComplete");
}

/* AGT-ACT-06 */
static void returns_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    size_t told = count_words(ak_hooks(ak, number));
    ak_action(ak, "{'type':'turn','history':'rollbackTo','args':['user-1']}",
              "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    (void)ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_expect_text(ak, "hooks of the action and its turn", hooks_from(ak, number, told),
                   "onAction onTurnStart run onBeforeTurnComplete onTurnComplete");
    ak_expect(ak, "run()", ak_hook(ak, number, "run", 2), "trigger", "'action-turn'");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, number, 2), "user: hello");
    ak_expect_out(ak, from, ANSWER " TC{session-in-event-id=0,public-access-token} ...");
    ak_expect_text(ak, "the answer", ak_out_text(ak, from), "two");
    if (strcmp(ak_answer_id(ak, 1), ak_answer_id(ak, 2)) == 0) {
        cs_case_fail(run, "the new answer has the id of the old one, %s", ak_answer_id(ak, 1));
    }
}

/* AGT-ACT-07 */
static void returns_a_value(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    ak_action(ak, "{'type':'return','value':'an answer'}", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, from, "error TC{session-in-event-id=0} ...");
    ak_expect_holds(ak, "the error", ak_member(ak, ak_chunk(ak, "error", 1), "errorText"),
                    "onAction returned a value");
    ak_action(ak, "{'type':'wait'}", AK_SAYS_OK);
    ak_wait_turns(ak, 3);
    (void)ak_wait_hook(ak, number, "onAction", 2);
    ak_expect_number(ak, "errors on .out", ak_count_chunks(ak, "error"), 1);
}

/* AGT-ACT-08 */
static void returns_a_string(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    ak_action(ak, "{'type':'return','value':'an answer'}", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    size_t n = 0;
    for (size_t i = from; i < ak_turn_index(ak, 2); i++) {
        n += ak_out(ak, i)->kind == CS_RECORD_DATA;
    }
    ak_record_fact(ak, "records-of-a-string", "0", "%zu", n);
}

/* AGT-ACT-09: as soon as the edit's boundary is there the stored transcript has the edit, and the
 * place where the last turn ended. */
static void edit_is_stored(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)one_turn(ak, "actions");
    ak_wait_stored(ak, "\"one\"");
    cJSON *before = cJSON_Parse(ak_snapshot(ak)); /* its first line is the head */
    const char *cursor = ak_member(ak, before, "lastOutEventId");
    cJSON_Delete(before);
    ak_expect_text(ak, "the cursor of the turn", cursor,
                   ak_text(ak, "\"%llu\"", (unsigned long long)ak_turn_complete(ak, 1)->seq));
    ak_action(ak, EDIT, AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    ak_expect_lacks(ak, "the stored transcript", ak_snapshot(ak), "\"one\"");
    ak_expect_holds(ak, "the stored transcript", ak_snapshot(ak), "\"hello\"");
    cJSON *after = cJSON_Parse(ak_snapshot(ak));
    ak_expect_text(ak, "the cursor after the edit", ak_member(ak, after, "lastOutEventId"), cursor);
    cJSON_Delete(after);
}

/* The n-th (from 1) note of the storage that something was saved for that reason. */
static const cJSON *wait_save(struct ak *ak, int run, const char *reason, size_t n)
{
    const char *json = ak_text(ak, "\"%s\"", reason);
    for (size_t i = 1;; i++) {
        const cJSON *save = ak_wait_nth_note(ak, run, "save", i);
        if (strcmp(ak_member(ak, save, "reason"), json) == 0 && --n == 0) {
            return save;
        }
    }
}

/* AGT-ACT-10, and the reason of AGT-ACT-09, as a storage of one's own sees them. */
static void undo_and_regenerate(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions-stored");
    (void)wait_save(ak, number, "turn-complete", 1);
    ak_action(ak, EDIT, AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    (void)wait_save(ak, number, "turn-complete", 2);
    ak_expect_number(ak, "calls of onAction", ak_count_hooks(ak, number, "onAction"), 1);
    ak_action(ak, "{'type':'turn','history':'rollbackTo','args':['user-2']}",
              "{'script':[[{'text':'three'}]]}");
    const cJSON *put = wait_save(ak, number, "turn-complete", 3);
    ak_expect(ak, "the undo", wait_save(ak, number, "action", 1), "changes",
              "[{'op':'truncateAfter','afterId':'user-1'}]");
    ak_expect(ak, "the regenerate", wait_save(ak, number, "action", 2), "changes",
              "[{'op':'truncateAfter','afterId':'user-2'}]");
    ak_expect(ak, "the new answer", put, "changes.0.op", "'put'");
    ak_expect_holds(ak, "the new answer", ak_member(ak, put, "changes.0.message"), "\"three\"");
}

/* AGT-ACT-12 */
static void turn_with_a_message(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    ak_action(ak, "{'type':'turn','message':'and now?'}", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, number, 2),
                   "user: hello\nassistant: one\nuser: and now?");
    ak_expect_out(ak, from, ANSWER " TC{session-in-event-id=0} ...");
    ak_expect_text(ak, "the answer", ak_out_text(ak, from), "two");
}

/* AGT-ACT-13 */
static void waits_for_the_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "actions", "hello",
                         "{'script':[[{'text':'one'},{'gate':'held'},{'text':'two'}]]}");
    ak_wait_gate(ak, number, "held");
    ak_wait_subscribed(ak);
    ak_action(ak, EDIT, AK_SAYS_OK);
    ak_settle(ak);
    ak_expect_number(ak, "actions during the turn", ak_count_hooks(ak, number, "onAction"), 0);
    ak_open(ak, "held");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "onetwo");
    (void)ak_wait_hook(ak, number, "onAction", 1);
    ak_wait_turns(ak, 2);
    ak_expect_header(ak, ak_turn_complete(ak, 2), "session-in-event-id", "0");
    ak_message(ak, "more", AK_SAYS_OK);
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, number, 2), "user: hello\nuser: more");
}

/* AGT-ACT-14: both are there before the run looks. */
static void message_right_after(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "actions", "hello", "{'script':[[{'text':'one'},{'gate':'held'}]]}");
    ak_wait_gate(ak, number, "held");
    ak_action(ak, EDIT, AK_SAYS_OK);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_open(ak, "held");
    ak_wait_turns(ak, 3);
    ak_expect_text(ak, "the prompt after the action", ak_prompt(ak, number, 2),
                   "user: hello\nuser: more");
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "onetwo");
}

/* AGT-ACT-15; its twin without the source is refused. */
static void webhook_skips_the_schema(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = one_turn(ak, "actions");
    size_t from = ak_turn_index(ak, 1) + 1;
    ak_append(ak, ak_text(ak,
                          "{'kind':'message','payload':{'chatId':'%s','trigger':'action',"
                          "'actionSource':'webhook','action':{'type':'hook','order':7}}}",
                          ak_chat(ak)));
    ak_wait_turns(ak, 2);
    ak_expect_number(ak, "calls of onAction", ak_count_hooks(ak, number, "onAction"), 1);
    ak_expect(ak, "onAction", ak_hook(ak, number, "onAction", 1), "action",
              "{'type':'hook','order':7}");
    ak_expect_number(ak, "errors on .out", ak_count_chunks(ak, "error"), 0);
    ak_action(ak, "{'type':'hook','order':7}", AK_SAYS_OK);
    ak_wait_turns(ak, 3);
    ak_expect_number(ak, "calls of onAction", ak_count_hooks(ak, number, "onAction"), 1);
    ak_expect_out(ak, from,
                  "... TC{session-in-event-id=0} ... error TC{session-in-event-id=1} ...");
}

const struct cs_case agent_action_cases[] = {
    {"agent/action/schema-refuses", "an action that the schema refuses is an error and a boundary",
     "AGT-ACT-01", CS_MUST, 0, 0, schema_refuses},
    {"agent/action/refused-is-a-turn", "a refused action counts as a turn that failed",
     "AGT-ACT-02", CS_OBSERVED, 0, 0, refused_is_a_turn},
    {"agent/action/edit-only", "an edit writes one boundary, and the next prompt shows it",
     "AGT-ACT-03 AGT-ACT-05 AGT-ACT-11", CS_MUST, 0, 0, edit_only},
    {"agent/action/only-two-hooks", "an action calls hydrateMessages and onAction alone",
     "AGT-ACT-04", CS_MUST, 0, 0, only_two_hooks},
    {"agent/action/returns-turn", "chat.turn() answers on the edited history", "AGT-ACT-06",
     CS_MUST, 0, 0, returns_turn},
    {"agent/action/returns-a-value", "any other value is an error that says so", "AGT-ACT-07",
     CS_MUST, 0, 0, returns_a_value},
    {"agent/action/returns-a-string", "what a returned string writes", "AGT-ACT-08", CS_OBSERVED, 0,
     0, returns_a_string},
    {"agent/action/edit-is-stored", "an edit is stored at once, with the last turn's cursor",
     "AGT-ACT-09", CS_MUST, 0, 0, edit_is_stored},
    {"agent/action/undo-and-regenerate",
     "an undo is one truncation, a regenerate one and an answer", "AGT-ACT-10", CS_MUST, 0, 0,
     undo_and_regenerate},
    {"agent/action/turn-with-a-message", "chat.turn(message) answers that message", "AGT-ACT-12",
     CS_MUST, 0, 0, turn_with_a_message},
    {"agent/action/waits-for-the-turn", "an action during a turn runs after it", "AGT-ACT-13",
     CS_MUST, 0, 0, waits_for_the_turn},
    {"agent/action/message-right-after", "a message right after an action is answered",
     "AGT-ACT-14", CS_MUST, 0, 0, message_right_after},
    {"agent/action/webhook-skips-the-schema", "a webhook's action is not held to the schema",
     "AGT-ACT-15", CS_MUST, 0, 0, webhook_skips_the_schema},
    {0},
};
