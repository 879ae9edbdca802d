/* Head Start as the route handler does it: its session, its answer, and what it hands over. The
 * handler runs in the worker; the agent's part is played by the case, but in the last. */
#include "conformance/agent/cases.h"

#define TEXT    ",'metadata':{'script':[[{'text':'one'}]]}"
#define CALL    ",'tools':['look'],'metadata':{'script':[[{'tool':'look','id':'call1'}]]}"
#define CREATE  "POST /api/v1/sessions"
#define APPENDS "POST */in/append"

/* Mounts a handler and posts the first message to it; gives the number of that call. */
static int post(struct ak *ak, const char *handler)
{
    int mounted = ak_begin_sdk(ak, "headStart", ak_text(ak, "[{'agentId':'tools'%s}]", handler));
    const char *url = ak_member(ak, ak_outcome_value(ak, mounted), "url");
    return ak_begin_sdk(ak, "post",
                        ak_text(ak,
                                "[{'url':%s,'body':{'chatId':'%s','trigger':'submit-message',"
                                "'headStartMessages':[%s],'metadata':{'user':'me'}}}]",
                                url, ak_chat(ak), ak_user_message(ak, "hello")));
}

/* The agent's turn is over, before or after the handler has begun to listen for that. */
static const struct ak_request *end_turn(struct ak *ak, bool late)
{
    const struct ak_request *handover = ak_wait_request(ak, APPENDS, 1);
    if (late) {
        ak_wait_request(ak, "GET */out", 1);
    }
    ak_seed_control(ak, true, "trigger-control=turn-complete session-in-event-id=0");
    return handover;
}

static const cJSON *chunk_from_end(const cJSON *answer, int back)
{
    const cJSON *chunks = cJSON_GetObjectItemCaseSensitive(answer, "chunks");
    return cJSON_GetArrayItem(chunks, cJSON_GetArraySize(chunks) - back);
}

/* AGT-FST-10 */
static void creates(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)post(ak, TEXT);
    ak_wait_request(ak, APPENDS, 1);
    ak_expect_number(ak, "calls that create a session", ak_count(ak, CREATE), 1);
    const struct ak_request *create = ak_request(ak, CREATE, 1);
    const char *chat = ak_text(ak, "\"%s\"", ak_chat(ak));
    const char *tags = ak_text(ak, "[\"chat:%s\"]", ak_chat(ak));
    static const char payload[] = "triggerConfig.basePayload";
    const char *const members[][2] = {
        {"externalId", chat},
        {"taskIdentifier", "\"tools\""},
        {"triggerConfig.tags", tags},
        {"triggerConfig.basePayload.chatId", chat},
        {"triggerConfig.basePayload.trigger", "\"handover-prepare\""},
        {"triggerConfig.basePayload.headStartMessages.0.parts.0.text", "\"hello\""},
        {"triggerConfig.basePayload.metadata", "{\"user\":\"me\"}"},
        {"triggerConfig.basePayload.idleTimeoutInSeconds", "60"},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        ak_expect_text(ak, members[i][0], ak_request_member(ak, create, members[i][0]),
                       members[i][1]);
    }
    ak_expect_text(ak, "a second first message",
                   ak_request_member(ak, create, ak_text(ak, "%s.headStartMessages.1", payload)),
                   "nothing");
    ak_expect_number(ak, "runs", ak_count_triggers(ak), 1);
}

/* AGT-FST-11, AGT-FST-13, AGT-FST-14 */
static void answers(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int posted = post(ak, TEXT);
    const struct ak_request *handover = end_turn(ak, true);
    const cJSON *answer = ak_outcome_value(ak, posted);
    ak_expect(ak, "the status", answer, "status", "200");
    ak_expect(ak, "the header", answer, "headers.x-vercel-ai-ui-message-stream", "'v1'");
    ak_expect(ak, "the header", answer, "headers.x-trigger-chat-id",
              ak_text(ak, "'%s'", ak_chat(ak)));
    const char *token = ak_member(ak, answer, "headers.x-trigger-chat-access-token");
    if (strlen(token) < sizeof "\"a.b.c\"" - 1 || token[0] != '"') {
        cs_case_fail(run, "the answer has no token of the session: %s", token);
    }
    const char *id = ak_member(ak, answer, "chunks.0.messageId");
    ak_expect(ak, "the first chunk", answer, "chunks.0.type", "'start'");
    ak_expect_text(ak, "kind", ak_request_member(ak, handover, "kind"), "\"handover\"");
    ak_expect_text(ak, "messageId", ak_request_member(ak, handover, "messageId"), id);
    ak_expect_text(ak, "isFinal", ak_request_member(ak, handover, "isFinal"), "true");
    ak_expect_text(ak, "the partial message",
                   ak_request_member(ak, handover, "partialAssistantMessage.0.content.0.text"),
                   "\"one\"");
}

/* AGT-FST-15: a turn that ends before the handler listens; up to 4.5.9 its cursor is one too high
 * for that (AGT-SES-14). */
static void ends(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int posted = post(ak, TEXT);
    end_turn(ak, false);
    const cJSON *answer = ak_outcome_value(ak, posted);
    ak_expect(ak, "the last chunk but one", chunk_from_end(answer, 2), "type",
              "'trigger:turn-complete'");
    ak_expect(ak, "the last chunk", chunk_from_end(answer, 1), "type", "'trigger:session-state'");
    ak_expect(ak, "its cursor", chunk_from_end(answer, 1), "lastEventId",
              ak_text(ak, "'%zu'", ak_out_count(ak)));
}

/* AGT-FST-12: the store takes its time. */
static void stores_first(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "s2s-batch: delay 300");
    (void)post(ak, TEXT);
    const struct ak_request *handover = ak_wait_request(ak, APPENDS, 1);
    ak_expect_out(ak, 0, "start start-step text-start text-delta+ text-end finish-step finish");
    int64_t stored = ak_out(ak, ak_out_count(ak) - 1)->at_ms;
    if (handover->at_ms < stored) {
        cs_case_fail(run, "the handover came %lld ms before the records that it follows",
                     (long long)(stored - handover->at_ms));
    }
}

/* AGT-FST-13, AGT-FST-14 */
static void hands_over_a_call(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int posted = post(ak, CALL);
    const struct ak_request *handover = end_turn(ak, true);
    ak_expect_text(ak, "isFinal", ak_request_member(ak, handover, "isFinal"), "false");
    ak_expect_text(ak, "messageId", ak_request_member(ak, handover, "messageId"),
                   ak_member(ak, ak_outcome_value(ak, posted), "chunks.0.messageId"));
    ak_expect_text(
        ak, "the call",
        ak_request_member(ak, handover, "partialAssistantMessage.0.content.0.toolCallId"),
        "\"call1\"");
}

/* AGT-FST-14 */
static void is_cut_short(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)post(ak, ",'metadata':{'script':[[{'text':'one'},{'finish':'length'}]]}");
    const struct ak_request *handover = ak_wait_request(ak, APPENDS, 1);
    ak_expect_text(ak, "isFinal", ak_request_member(ak, handover, "isFinal"), "true");
}

/* AGT-FST-16 */
static void skips(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int posted = post(ak, ",'metadata':{'script':[[{'throw':'no'}]]}");
    const struct ak_request *skip = ak_wait_request(ak, APPENDS, 1);
    ak_expect_text(ak, "kind", ak_request_member(ak, skip, "kind"), "\"handover-skip\"");
    (void)ak_outcome_value(ak, posted);
    ak_expect_number(ak, "records on .in", ak_count(ak, APPENDS), 1);
}

/* AGT-FST-17 */
static void refuses(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char *const options[][2] = {
        {"messages", "[]"}, {"prompt", "'hi'"}, {"stopWhen", "[]"}, {"abortSignal", "{}"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *name = options[i][0];
        int posted = post(ak, ak_text(ak, TEXT ",'extra':{'%s':%s}", name, options[i][1]));
        const cJSON *answer = ak_outcome_value(ak, posted);
        ak_expect(ak, name, answer, "status", "500");
        if (!strstr(ak_member(ak, answer, "text"), ak_text(ak, "`%s`", name))) {
            cs_case_fail(run, "%s is refused without being named: %s", name,
                         ak_member(ak, answer, "text"));
        }
    }
    ak_expect_number(ak, "handovers", ak_count(ak, APPENDS), 0);
    int posted = post(ak, TEXT ",'extra':{'maxRetries':0}");
    end_turn(ak, true);
    ak_expect(ak, "an option of the caller's own", ak_outcome_value(ak, posted), "status", "200");
}

/* AGT-FST-25 */
static void both_halves(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int posted = post(ak, TEXT);
    ak_wait_request(ak, CREATE, 1);
    ak_wait_request(ak, APPENDS, 1);
    const struct ak_trigger *trigger = ak_trigger(ak, 0);
    int r = ak_run_as(ak, trigger->run_id, trigger->task, trigger->payload, NULL);
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect_number(ak, "calls of run", ak_count_hooks(ak, r, "run"), 0);
    const char *id = ak_member(ak, ak_outcome_value(ak, posted), "chunks.0.messageId");
    ak_expect_text(ak, "the id of the agent's message", ak_member(ak, ended, "responseMessage.id"),
                   id);
    ak_expect_text(ak, "the id on .out", ak_member(ak, ak_out(ak, 0)->chunk, "messageId"), id);
    ak_expect_out(ak, 0, "start start-step text-start text-delta+ text-end finish-step finish TC");
}

const struct cs_case agent_head_start_cases[] = {
    {"agent/fast-start/handler-create", "one call creates the session, with the first turn in it",
     "AGT-FST-10", CS_MUST, 0, 0, creates},
    {"agent/fast-start/handler-answer", "the answer's head, and the handover of a whole one",
     "AGT-FST-11 AGT-FST-13 AGT-FST-14", CS_MUST, 0, 0, answers},
    {"agent/fast-start/handler-end", "the answer ends with the agent's turn, and tells its cursor",
     "AGT-FST-15", CS_MUST, 0, 0, ends},
    {"agent/fast-start/handler-order", "the handover follows the records that it speaks of",
     "AGT-FST-12", CS_MUST, 0, 0, stores_first},
    {"agent/fast-start/handler-call", "a pending call is handed over as not final",
     "AGT-FST-13 AGT-FST-14", CS_MUST, 0, 0, hands_over_a_call},
    {"agent/fast-start/handler-length", "an answer that was cut short is final", "AGT-FST-14",
     CS_MUST, 0, 0, is_cut_short},
    {"agent/fast-start/handler-skip", "a first step that fails is told to the agent", "AGT-FST-16",
     CS_MUST, 0, 0, skips},
    {"agent/fast-start/handler-options", "streamText refuses the options that it owns",
     "AGT-FST-17", CS_MUST, 0, 0, refuses},
    {"agent/fast-start/both-halves", "the handler and the agent speak of one message", "AGT-FST-25",
     CS_MUST, 0, 0, both_halves},
    {0},
};
