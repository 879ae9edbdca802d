/* Durable sub-agents: a tool that talks to an agent of its own. The child's part is played. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

static const char *child_of(struct ak *ak)
{
    return ak_text(ak, "%s-child", ak_chat(ak));
}

/* A turn whose tool talks to the child; waits until its answer is read. Gives the run's number. */
static int talk(struct ak *ak, const char *tool, const char *more)
{
    const char *child = child_of(ak);
    ak_watch_readers(ak, ak_text(ak, "%s/out", child));
    int run = ak_boot(ak, "parent", "hello",
                      ak_text(ak,
                              "{'script':[[{'tool':'%s','id':'call-1','input':{'agent':'plain',"
                              "'chat':'%s','message':'for the child'%s}}],[{'text':'done'}]]}",
                              tool, child, more));
    ak_wait_readers(ak, 1);
    return run;
}

/* The child's answer, in `n` deltas of that text, up to `finish`. */
static void play_answer(struct ak *ak, size_t n, const char *delta)
{
    const char *child = child_of(ak);
    ak_play_chunk(ak, child, "{'type':'start','messageId':'child-1'}");
    ak_play_chunk(ak, child, "{'type':'text-start','id':'t'}");
    for (size_t i = 0; i < n; i++) {
        ak_play_chunk(ak, child, ak_text(ak, "{'type':'text-delta','id':'t','delta':'%s'}", delta));
    }
    ak_play_chunk(ak, child, "{'type':'text-end','id':'t'}");
    ak_play_chunk(ak, child, "{'type':'finish'}");
}

/* AGT-SUB-01, AGT-SUB-02 */
static void child_session(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *child = child_of(ak);
    const char *append = ak_text(ak, "POST /realtime/v1/sessions/%s/in/append", child);
    int turn = talk(ak, "talk", ",'close':true");
    const struct ak_request *create = ak_wait_request(ak, "POST /api/v1/sessions", 1);
    ak_expect_text(ak, "the child's task", ak_request_member(ak, create, "taskIdentifier"),
                   "\"plain\"");
    ak_expect_text(ak, "the child's id", ak_request_member(ak, create, "externalId"),
                   ak_text(ak, "\"%s\"", child));
    ak_expect_text(ak, "the child's first trigger",
                   ak_request_member(ak, create, "triggerConfig.basePayload.trigger"),
                   "\"preload\"");
    const char *tags = ak_request_member(ak, create, "triggerConfig.tags");
    bool tagged = strstr(tags, ak_text(ak, "\"chat:%s\"", child)) != NULL;
    if (tagged != cs_case_fact(run, "child_session_tagged")) {
        cs_case_fail(run, "the tags of the child's session are not right: %s", tags);
    }
    const struct ak_request *message = ak_wait_request(ak, append, 1);
    ak_expect_text(ak, "the child's message",
                   ak_request_member(ak, message, "payload.message.parts.0.text"),
                   "\"for the child\"");
    ak_expect_number(ak, "messages to the child before its answer", ak_count(ak, append), 1);
    play_answer(ak, 2, "word ");
    ak_play_control(ak, child, "trigger-control=turn-complete");
    ak_play_chunk(ak, child, "{'type':'text-delta','id':'t','delta':'too late'}");
    ak_wait_turns(ak, 1);
    ak_expect(ak, "what was read", ak_wait_note(ak, turn, "child"), "text", "'word word '");
    ak_expect_text(ak, "the second thing sent to the child",
                   ak_request_member(ak, ak_wait_request(ak, append, 2), "payload.trigger"),
                   "\"close\"");
}

#define N_DELTAS   ((size_t)60)
#define DELTA_SIZE 5000

/* The k-th chunk of the played answer is this one. */
static bool is_chunk(const cJSON *chunk, size_t k, size_t n_deltas, const char *delta)
{
    const char *type = k == 0              ? "start"
                       : k == 1            ? "text-start"
                       : k < n_deltas + 2  ? "text-delta"
                       : k == n_deltas + 2 ? "text-end"
                                           : "finish";
    const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "delta"));
    return its && strcmp(its, type) == 0 && (!text || strcmp(text, delta) == 0);
}

/* The parts, put together, are the answer. */
static void expect_chunks(struct cs_case_run *run, size_t n_deltas, const char *delta)
{
    struct ak *ak = ak_of(run);
    size_t n_parts = 0;
    size_t n = 0;
    size_t right = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const cJSON *part = ak_out(ak, i)->chunk;
        if (strcmp(ak_member(ak, part, "type"), "\"data-subagent\"") != 0) {
            continue;
        }
        ak_expect(ak, "a part", part, "transient", "true");
        ak_expect(ak, "a part", part, "data.toolCallId", "'call-1'");
        ak_expect(ak, "a part", part, "data.seq", ak_text(ak, "%zu", n_parts));
        n_parts++;
        const cJSON *chunk;
        cJSON_ArrayForEach(chunk, cJSON_GetObjectItemCaseSensitive(
                                      cJSON_GetObjectItemCaseSensitive(part, "data"), "chunks"))
        {
            right += is_chunk(chunk, n, n_deltas, delta);
            n++;
        }
    }
    ak_expect_number(ak, "chunks that were forwarded", n, n_deltas + 4);
    ak_expect_number(ak, "chunks in their place", right, n);
    if (n_parts < 2) {
        cs_case_fail(run, "a long answer came in %zu parts", n_parts);
    }
}

/* AGT-SUB-03, AGT-SUB-05 */
static void forward(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)talk(ak, "forward", "");
    const char *delta = ak_text(ak, "%0*d", DELTA_SIZE, 7);
    play_answer(ak, N_DELTAS, delta);
    ak_play_control(ak, child_of(ak), "trigger-control=turn-complete");
    ak_wait_turns(ak, 1);
    expect_chunks(run, N_DELTAS, delta);
}

/* AGT-SUB-04 */
static void forward_result(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = talk(ak, "forward", "");
    play_answer(ak, 3, "word ");
    ak_play_control(ak, child_of(ak), "trigger-control=turn-complete");
    ak_wait_turns(ak, 1);
    ak_wait_word(ak, "data-subagent");
    const cJSON *told = ak_wait_note(ak, turn, "forwarded");
    ak_expect(ak, "the result", told, "message.role", "'assistant'");
    ak_expect(ak, "the result", told, "message.parts.0.text", "'word word word '");
    size_t at = ak_wait_word(ak, "tool-output-available");
    ak_expect(ak, "the tool's output", ak_out(ak, at)->chunk, "output.parts.0.text",
              "'word word word '");
    const cJSON *hook = ak_wait_hook(ak, turn, "onTurnComplete", 1);
    const char *history = ak_member(ak, hook, "uiMessages");
    if (!strstr(history, "tool-forward") || strstr(history, "data-subagent")) {
        cs_case_fail(run, "the history has not the call alone: %s", history);
    }
}

/* AGT-SUB-06 */
static void model_output(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "tools", "hello",
                       "{'script':[[{'tool':'heavy','id':'call-1','input':{'bytes':2000}}],"
                       "[{'text':'done'}]]}");
    ak_wait_turns(ak, 1);
    size_t at = ak_wait_word(ak, "tool-output-available");
    if (strlen(ak_member(ak, ak_out(ak, at)->chunk, "output.blob")) < 2000) {
        cs_case_fail(run, "the client does not get the whole output");
    }
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 2);
    for (size_t n = 2; n <= 3; n++) { /* the next step, the next turn */
        const char *prompt = ak_member(ak, ak_wait_prompt(ak, turn, n), "messages");
        if (!strstr(prompt, "summary of 2011 characters") || strstr(prompt, "xxxx")) {
            cs_case_fail_diff(run, "the summary alone", prompt, "prompt %zu is not right", n);
        }
    }
}

/* ---- tasks that a tool runs ---- */

static int sub_task(struct ak *ak, const char *acts)
{
    return ak_run(ak, "outside", ak_text(ak, "{'acts':%s}", acts),
                  ak_text(ak,
                          "{'runMetadata':{'tool.execute.options':{'toolCallId':'call-7',"
                          "'chatId':'%s','turn':3,'continuation':true,'clientData':{'a':1}}}}",
                          ak_chat(ak)));
}

/* AGT-SUB-07. Every version writes all of them to the chat's .out: there is nothing to bend. */
static void targets(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = sub_task(ak, "[{'stream':[{'type':'data-root'}],'target':'root'},"
                            "{'stream':[{'type':'data-parent'}],'target':'parent'},"
                            "{'stream':[{'type':'data-self'}],'target':'self'},"
                            "{'stream':[{'type':'data-other'}],'target':'run_other'}]");
    ak_expect_text(ak, "the end of the task", ak_wait_end(ak, task), "done");
    ak_wait_word(ak, "data-root");
    const char *out = ak_notation(ak, 0);
    if (strstr(out, "data-self") || strstr(out, "data-other")) {
        cs_case_fail_diff(run, "what is for the chat's run alone", out,
                          "the chat's .out holds what was written for others");
    }
}

/* AGT-SUB-08 */
static void context(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int alone = ak_run(ak, "outside", "{'acts':[]}", NULL);
    ak_expect_text(ak, "the end of the task", ak_wait_end(ak, alone), "done");
    ak_expect_text(ak, "the tool call of a task by itself",
                   ak_member(ak, ak_wait_note(ak, alone, "toolCallId"), "value"), "null");
    if (strcmp(ak_member(ak, ak_wait_note(ak, alone, "chatContextOrThrow"), "error"), "nothing") ==
        0) {
        cs_case_fail(run, "a task by itself has a chat");
    }
    int task = sub_task(ak, "[]");
    ak_expect_text(ak, "the end of the task", ak_wait_end(ak, task), "done");
    ak_expect(ak, "the tool call", ak_wait_note(ak, task, "toolCallId"), "value", "'call-7'");
    ak_expect(ak, "the chat", ak_wait_note(ak, task, "chatContextOrThrow"), "value",
              ak_text(ak, "{'chatId':'%s','turn':3,'continuation':true,'clientData':{'a':1}}",
                      ak_chat(ak)));
}

/* AGT-SUB-09 */
static void stop(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)talk(ak, "talk", "");
    ak_play_chunk(ak, child_of(ak), "{'type':'start','messageId':'child-1'}");
    ak_wait_word(ak, "tool-input-available");
    ak_wait_subscribed(ak);
    ak_append(ak, "{'kind':'stop','message':'the child too'}");
    ak_wait_readers(ak, 0);
    ak_wait_turns(ak, 1);
}

const struct cs_case agent_sub_cases[] = {
    {"agent/sub-agent/child-session",
     "a tool's AgentChat makes the child's session, sends, reads to the boundary, and closes",
     "AGT-SUB-01 AGT-SUB-02", CS_MUST, 0, 0, child_session},
    {"agent/sub-agent/forward", "the child's chunks reach the parent's .out once, numbered parts",
     "AGT-SUB-03 AGT-SUB-05", CS_MUST, 0, 0, forward},
    {"agent/sub-agent/forward-result",
     "the child's message is the tool's output, parts are not kept", "AGT-SUB-04", CS_MUST, 0, 0,
     forward_result},
    {"agent/sub-agent/model-output", "toModelOutput is what the model sees, on later turns too",
     "AGT-SUB-06", CS_MUST, 0, 0, model_output},
    {"agent/sub-agent/targets", "a stream writer's target decides where a sub-task writes",
     "AGT-SUB-07", CS_MUST, 0, 0, targets},
    {"agent/sub-agent/context", "a tool's sub-task knows its call and its chat", "AGT-SUB-08",
     CS_MUST, 0, 0, context},
    {"agent/sub-agent/stop", "stopping the parent ends its reading of the child", "AGT-SUB-09",
     CS_MUST, 0, 0, stop},
    {0},
};
