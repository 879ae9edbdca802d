/* What a turn makes of its message, and of what the agent puts into the answer itself. */
#include "conformance/agent/cases.h"

/* AGT-TRN-27 */
static void regenerated(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_submit(ak, "regenerate-message", NULL, "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the prompt of the second answer", ak_prompt(ak, agent, 2), "user: hello");
    size_t second = ak_turn_index(ak, 1) + 1;
    ak_expect_text(ak, "the second answer", ak_out_text(ak, second), "two");
    ak_expect_out(ak, second, "start ... finish TC ...");
    const char *old = ak_member(ak, ak_out(ak, 0)->chunk, "messageId");
    const char *fresh = ak_member(ak, ak_out(ak, second)->chunk, "messageId");
    cs_case_check(run, fresh[0] == '"' && strcmp(old, fresh) != 0,
                  "the second answer has the id %s, the first %s", fresh, old);
}

/* AGT-TRN-34: sent again it is not answered again; a new one is, as the second turn. */
static void sent_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *hello = ak_user_message(ak, "hello");
    int agent =
        ak_run(ak, "plain", ak_text(ak, "{'trigger':'submit-message','message':%s}", hello), NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_submit(ak, NULL, hello, NULL);
    ak_wait_turns(ak, 2);
    ak_settle(ak);
    size_t n = ak_count_prompts(ak, agent);
    ak_expect_number(ak, "the model's calls", n, 1);
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC TC ...");
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 3);
    size_t starts = ak_count_hooks(ak, agent, "onTurnStart");
    ak_expect(ak, "onTurnStart of the new message", ak_hook(ak, agent, "onTurnStart", starts),
              "turn", "1");
    ak_expect_number(ak, "the model's calls", ak_count_prompts(ak, agent), 2);
}

/* AGT-TRN-35 */
static void same_id_other_text(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_run(ak, "plain",
                       "{'trigger':'submit-message','message':{'id':'u1','role':'user',"
                       "'parts':[{'type':'text','text':'first'}]}}",
                       NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_submit(ak, NULL, "{'id':'u1','role':'user','parts':[{'type':'text','text':'changed'}]}",
              NULL);
    ak_wait_turns(ak, 2);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 3);
    const char *prompt = ak_prompt(ak, agent, ak_count_prompts(ak, agent));
    ak_record_fact(ak, "agent.resent_id_keeps_text", "true", "%s",
                   strstr(prompt, "user: first") && !strstr(prompt, "changed") ? "true" : "false");
}

/* AGT-TRN-36 */
static void invalid_client_data(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "schema", "hello", "{'user':7}");
    const char *end = ak_wait_end(ak, agent);
    ak_settle(ak);
    ak_record_fact(ak, "agent.invalid_boot", "rejected, 0 records", "%s, %zu records",
                   strcmp(end, "done") == 0 ? "done" : "rejected", ak_out_count(ak));
    (void)ak_boot(ak, "schema", "hello", "{'user':'somebody'}");
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    size_t before = ak_out_count(ak);
    ak_message(ak, "more", "{'user':7}");
    ak_wait_turns(ak, 2);
    const char *records = ak_notation(ak, before);
    ak_record_fact(ak, "agent.invalid_message", "error TC", "%.*s",
                   (int)(strcspn(records, "T") + strlen("TC")), records);
}

#define WRITE(type, more)                                                                          \
    "{'call':'chat.response.write','args':[{'type':'" type "','id':'" type "','data':{'n':1}" more \
    "}]}"

static int boot_writing(struct ak *ak)
{
    return ak_boot(ak, "plain", "hello",
                   "{'script':[[{'text':'one'}]],'do':{'run':[" WRITE("data-kept", "") "," WRITE(
                       "data-passing", ",'transient':true") "]}}");
}

/* AGT-TRN-37 */
static void own_parts(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_writing(ak);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_expect(ak, "the part on the wire", ak_out(ak, ak_wait_word(ak, "data-kept"))->chunk,
              "data.n", "1");
    ak_expect(ak, "the transient part on the wire",
              ak_out(ak, ak_wait_word(ak, "data-passing"))->chunk, "transient", "true");
    const char *message = ak_member(ak, over, "responseMessage.parts");
    cs_case_check(run, strstr(message, "data-kept") != NULL, "the part is not in the message: %s",
                  message);
    cs_case_check(run, strstr(message, "data-passing") == NULL,
                  "the transient part is in the message: %s", message);
}

/* AGT-TRN-38 */
static void place_of_own_parts(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_writing(ak);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    const char *message = ak_member(ak, over, "responseMessage.parts");
    const char *own = strstr(message, "data-kept");
    const char *text = strstr(message, "\"one\"");
    ak_record_flag(ak, "agent.own_parts_in_order", "own_parts_in_order", own && text && own < text);
}

/* AGT-TRN-45 */
static void two_writers(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello",
                  "{'script':[[{'text':'abc','delta':1}]],"
                  "'do':{'onTurnStart':[{'stream':[{'type':'data-1'},{'type':'data-2'},"
                  "{'type':'data-3'}]}]}}");
    ak_wait_turns(ak, 1);
    size_t first = ak_wait_word(ak, "data-1");
    size_t second = ak_wait_word(ak, "data-2");
    size_t third = ak_wait_word(ak, "data-3");
    bool ordered = first < second && second < third;
    ak_record_fact(ak, "agent.writer_keeps_order", "true", "%s", ordered ? "true" : "false");
    bool before = third < ak_wait_word(ak, "start");
    ak_record_fact(ak, "agent.writers_in_program_order", before ? "true" : "false", "%s",
                   before ? "true" : "false");
}

const struct cs_case agent_turn_message_cases[] = {
    {"agent/turn/regenerate", "the last answer is taken back and given anew", "AGT-TRN-27", CS_MUST,
     0, 0, regenerated},
    {"agent/turn/sent-again", "a message that is sent again is not answered again", "AGT-TRN-34",
     CS_MUST, 0, 0, sent_again},
    {"agent/turn/same-id-other-text", "whether a known id brings its new text", "AGT-TRN-35",
     CS_OBSERVED, 0, 0, same_id_other_text},
    {"agent/turn/invalid-client-data", "what becomes of client data that breaks the schema",
     "AGT-TRN-36", CS_OBSERVED, 0, 0, invalid_client_data},
    {"agent/turn/own-parts", "the agent's own parts are sent and kept, transient ones only sent",
     "AGT-TRN-37", CS_MUST, 0, 0, own_parts},
    {"agent/turn/place-of-own-parts", "where the agent's own part stands in the message",
     "AGT-TRN-38", CS_OBSERVED, 0, 0, place_of_own_parts},
    {"agent/turn/two-writers", "the order of two writers' records", "AGT-TRN-45", CS_OBSERVED, 0, 0,
     two_writers},
    {0},
};
