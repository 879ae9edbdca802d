/* chat.local: values that last as long as the run. */
#include "conformance/agent/cases.h"

#define SUB_TASK "tool.execute.options" /* where a sub-task's metadata tells of its parent */

/* AGT-LOC-01, AGT-LOC-05: the counter goes on from turn to turn, and starts anew with the run. */
static void lasts_for_the_run(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "local", "hello", NULL);
    ak_expect(ak, "turn 1", ak_wait_nth_note(ak, first, "local", 1), "count", "1");
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", AK_SAYS_OK);
    ak_expect(ak, "turn 2", ak_wait_nth_note(ak, first, "local", 2), "count", "2");
    ak_wait_turns(ak, 2);
    ak_kill(ak);
    int second = ak_continue(ak, "local");
    ak_message(ak, "again", AK_SAYS_OK);
    ak_expect(ak, "the next run", ak_wait_nth_note(ak, second, "local", 1), "count", "1");
    ak_wait_turns(ak, 3);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "okokok");
    ak_expect_number(ak, "errors on .out", ak_count_chunks(ak, "error"), 0);
}

/* AGT-LOC-02 */
static void only_on_chat_start(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "local-on-chat-start", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the fresh run's answer", ak_out_text(ak, 0), "ok");
    ak_kill(ak);
    size_t from = ak_out_count(ak);
    (void)ak_continue(ak, "local-on-chat-start");
    ak_message(ak, "again", AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    const char *text = ak_member(ak, ak_chunk(ak, "error", 1), "errorText");
    ak_expect_holds(ak, "the error", text,
                    "\"chat.local can only be modified after initialization.");
    ak_expect_holds(ak, "the error", text, "onBoot");
    ak_expect_holds(ak, "the error", text, "onChatStart");
    ak_expect_out(ak, from, "... error TC{!public-access-token} ...");
    ak_expect_text(ak, "text of the continuation", ak_out_text(ak, from), "");
}

#define BEFORE_AND_AFTER                                                               \
    "{'do':{'run':[{'local':{'get':true},'as':'early','caught':true},"                 \
    "{'local':{'read':'count'},'as':'early-property','caught':true},"                  \
    "{'local':{'init':{'count':3}}},{'local':{'get':true},'as':'late','caught':true}," \
    "{'local':{'read':'count'},'as':'late-property','caught':true}]}}"

/* AGT-LOC-03 */
static void get_before_init(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "plain", "hello", BEFORE_AND_AFTER);
    const char *early = ak_member(ak, ak_wait_note(ak, number, "early"), "error.message");
    ak_expect_holds(ak, "the error of get()", early, "\"local.get() called before initialization.");
    ak_expect(ak, "get() after init", ak_wait_note(ak, number, "late"), "value", "{'count':3}");
    ak_wait_turns(ak, 1);
}

/* AGT-LOC-04 */
static void property_before_init(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "plain", "hello", BEFORE_AND_AFTER);
    const cJSON *early = ak_wait_note(ak, number, "early-property");
    ak_expect(ak, "after init", ak_wait_note(ak, number, "late-property"), "value", "3");
    bool threw = cJSON_GetObjectItemCaseSensitive(early, "error") != NULL;
    ak_record_fact(ak, "property-before-init", "nothing", "%s",
                   threw ? "an error" : ak_member(ak, early, "value"));
}

/* AGT-LOC-06 */
static void has_changed(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(
        ak, "plain", "hello",
        "{'do':{'run':[{'local':{'init':{'count':0,'deep':{'value':1}},'hasChanged':true},'"
        "as':'a'},"
        "{'local':{'set':{'count':1},'hasChanged':true},'as':'b'},"
        "{'local':{'hasChanged':true},'as':'c'},"
        "{'local':{'nested':{'in':'deep','set':{'value':2}},'hasChanged':true},'as':'nested'},"
        "{'local':{'get':true},'as':'e'}]}}");
    ak_expect(ak, "after init", ak_wait_note(ak, number, "a"), "value", "false");
    ak_expect(ak, "after a write", ak_wait_note(ak, number, "b"), "value", "true");
    ak_expect(ak, "asked again", ak_wait_note(ak, number, "c"), "value", "false");
    ak_expect(ak, "after a nested write", ak_wait_note(ak, number, "nested"), "value", "false");
    ak_expect(ak, "the value", ak_wait_note(ak, number, "e"), "value",
              "{'count':1,'deep':{'value':2}}");
    ak_wait_turns(ak, 1);
}

/* What the agent `local-delegating` asks to be run, as the metadata of that run. */
static const char *delegated(struct ak *ak)
{
    (void)ak_boot(ak, "local-delegating", "hello",
                  "{'script':[[{'tool':'delegate','id':'call1','input':{'acts':[]}}]]}");
    const struct ak_request *request =
        ak_wait_request(ak, "POST /api/v1/tasks/delegated/trigger*", 1);
    return ak_request_member(ak, request, "options.metadata");
}

/* AGT-LOC-07: the sub-task runs with just the metadata that its parent has sent. */
static void sub_task_reads(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *metadata = delegated(ak);
    ak_expect_holds(ak, "the metadata of the sub-task", metadata, "\"chatLocals\"");
    ak_kill(ak);
    int sub = ak_run(ak, "delegated",
                     "{'acts':[{'local':{'read':'count'},'as':'inherited'},"
                     "{'local':{'set':{'count':8}}},{'local':{'read':'count'},'as':'written'}]}",
                     ak_text(ak, "{'runMetadata':%s}", metadata));
    ak_expect(ak, "in the sub-task", ak_wait_note(ak, sub, "inherited"), "value", "7");
    ak_expect(ak, "after its write", ak_wait_note(ak, sub, "written"), "value", "8");
    ak_expect_text(ak, "its end", ak_wait_end(ak, sub), "done");
}

/* AGT-LOC-08 */
static void not_json_is_lost(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    cJSON *metadata = cJSON_Parse(delegated(ak));
    const cJSON *sent = cJSON_GetObjectItemCaseSensitive(metadata, SUB_TASK);
    const cJSON *locals = cJSON_GetObjectItemCaseSensitive(sent, "chatLocals");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(locals, "chat.local.chatspec");
    ak_expect(ak, "what is JSON", value, "count", "7");
    ak_expect(ak, "a date", value, "made", "'1970-01-01T00:00:00.000Z'");
    ak_expect(ak, "a map", value, "known", "{}");
    ak_expect_text(ak, "a function", ak_member(ak, value, "tell"), "nothing");
    cJSON_Delete(metadata);
}

const struct cs_case agent_local_cases[] = {
    {"agent/local/lasts-for-the-run", "what onBoot sets up lasts through the turns of one run",
     "AGT-LOC-01 AGT-LOC-05", CS_MUST, 0, 0, lasts_for_the_run},
    {"agent/local/only-on-chat-start",
     "set up in onChatStart alone, a continuation tells the client", "AGT-LOC-02", CS_MUST, 0, 0,
     only_on_chat_start},
    {"agent/local/get-before-init", "get() before init throws and says what to do", "AGT-LOC-03",
     CS_MUST, 0, 0, get_before_init},
    {"agent/local/property-before-init", "a property before init", "AGT-LOC-04", CS_OBSERVED, 0, 0,
     property_before_init},
    {"agent/local/has-changed", "hasChanged() is true once after a write", "AGT-LOC-06", CS_MUST, 0,
     0, has_changed},
    {"agent/local/sub-task-reads", "a sub-task reads the values that its parent sent along",
     "AGT-LOC-07", CS_MUST, 0, 0, sub_task_reads},
    {"agent/local/not-json-is-lost", "what is not JSON does not reach a sub-task", "AGT-LOC-08",
     CS_SHOULD, 0, 0, not_json_is_lost},
    {0},
};
