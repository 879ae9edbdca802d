/* A session's handle outside any run: what a server sends, side channels, and what only runs may.
 */
#include <string.h>

#include "conformance/agent/cases.h"

#define APPENDS "POST /realtime/v1/sessions/{chat}/in/append"

/* Does the steps on the chat's handle, whose session exists: the value of the call. */
static const char *on_handle(struct ak *ak, const char *channel, const char *steps)
{
    return ak_sdk(ak, "handle",
                  ak_text(ak, "[{'session':'%s'%s%s%s,'steps':[%s]}]", ak_chat(ak),
                          channel ? ",'channel':'" : "", channel ? channel : "", channel ? "'" : "",
                          steps));
}

static struct ak *with_session(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_set_session(ak, "{'basePayload':{}}");
    return ak;
}

/* AGT-SES-07 */
static void send(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    (void)on_handle(ak, NULL,
                    "{'on':'in','call':'send','args':[{'kind':'stop','more':[1,null]}]},"
                    "{'on':'in','call':'send','args':['no JSON at all']}");
    const struct ak_request *object = ak_request(ak, APPENDS, 1);
    const struct ak_request *text = ak_request(ak, APPENDS, 2);
    if (!text) {
        cs_case_fail(run, "the sends made %zu requests", ak_count(ak, APPENDS));
    }
    ak_expect_text(ak, "an object's body", ak_text(ak, "%.*s", CS_VIEW_ARG(object->body)),
                   "{\"kind\":\"stop\",\"more\":[1,null]}");
    ak_expect_text(ak, "a string's body", ak_text(ak, "%.*s", CS_VIEW_ARG(text->body)),
                   "no JSON at all");
}

static const char *part_id(struct ak *ak, size_t n)
{
    const struct ak_request *request = ak_request(ak, APPENDS, n);
    const char *id = request ? ak_request_header(ak, request, "X-Part-Id") : NULL;
    return id ? id : "";
}

/* AGT-SES-08 */
static void send_part_id(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    ak_fault(ak, "append/in 1-2: 503");
    (void)on_handle(ak, NULL,
                    "{'on':'in','call':'send','args':['one']},"
                    "{'on':'in','call':'send','args':['two']}");
    ak_expect_number(ak, "the number of requests", ak_count(ak, APPENDS), 4);
    if (!*part_id(ak, 1)) {
        cs_case_fail(run, "the first send has no X-Part-Id");
    }
    ak_expect_text(ak, "the first retry's part id", part_id(ak, 2), part_id(ak, 1));
    ak_expect_text(ak, "the second retry's part id", part_id(ak, 3), part_id(ak, 1));
    if (!*part_id(ak, 4) || strcmp(part_id(ak, 4), part_id(ak, 1)) == 0) {
        cs_case_fail(run, "the second send has the part id \"%s\" after \"%s\"", part_id(ak, 4),
                     part_id(ak, 1));
    }
}

/* AGT-SES-16: its twin inside a run waits. */
static void wait_outside(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    const char *told =
        on_handle(ak, NULL, "{'on':'in','call':'wait','args':[{'timeout':'1h'}],'caught':true}");
    const char *message = ak_value_member(ak, told, "results.0.error.message");
    ak_expect_has(ak, "the error outside a run", message, "task");
    ak_expect_number(ak, "the number of requests", ak_count(ak, "* *"), 0);
    int raw =
        ak_run(ak, "raw", "{'steps':[{'on':'in','call':'wait','args':[{'timeout':'1h'}]}]}", NULL);
    ak_wait_suspended(ak, raw);
}

/* AGT-SES-17 */
static void once_outside(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    int call = ak_begin(ak, "sdk",
                        ak_text(ak,
                                "{'call':'handle','args':[{'session':'%s','steps':[{'on':'in',"
                                "'call':'once','args':[{'timeoutMs':50}]}]}]}",
                                ak_chat(ak)));
    (void)on_handle(ak, NULL, ""); /* answered in its turn, after the first */
    ak_settle(ak);
    ak_record_fact(ak, "settles", "false", "%s", ak_is_done(ak, call) ? "true" : "false");
    ak_record_fact(ak, "requests", "0", "%zu", ak_count(ak, "* *"));
}

/* ---- side channels ---- */

static const char *many(struct ak *ak, int n)
{
    return ak_text(ak, "%0*d", n, 7);
}

/* AGT-SES-29 */
static void side_channels(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    const char *const good[] = {"A.b_9-z", "x", many(ak, 128)};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *told = on_handle(ak, good[i], "{'on':'in','call':'send','args':['one']}");
        ak_expect_value(ak, ak_text(ak, "a send to %s", good[i]), told, "results",
                        "[{'value':null}]");
        ak_expect_number(
            ak, ak_text(ak, "the number of sends to %s", good[i]),
            ak_count(ak, ak_text(ak, "POST /realtime/v1/sessions/{chat}/channels/%s/in/append",
                                 good[i])),
            1);
    }
    (void)on_handle(ak, "x", "{'on':'out','call':'append','args':[{'type':'two'}]}");
    ak_expect_number(ak, "the number of credentials for a side channel",
                     ak_count(ak, "PUT /realtime/v1/sessions/{chat}/channels/x/out"), 1);
    const char *stream = ak_text(ak, "%s/channels/x/out", ak_chat(ak));
    ak_expect_number(ak, "the number of records of the side channel", ak_stream_count(ak, stream),
                     1);
    const char *const bad[] = {"", "a b", "a/b", "\u00e4", many(ak, 129)};
    size_t before = ak_count(ak, "* *");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *told = on_handle(ak, bad[i], "{'on':'in','call':'send','args':['one']}");
        ak_expect_has(ak, ak_text(ak, "what the name \"%s\" gives", bad[i]), told, "an error: ");
    }
    ak_expect_number(ak, "the number of requests for bad names", ak_count(ak, "* *") - before, 0);
}

/* AGT-SES-29: the same channel is heard, which shows that it is the waits that are refused. */
static void side_channel_waits(struct cs_case_run *run)
{
    struct ak *ak = with_session(run);
    ak_append_to(ak, "progress", NULL, "{\"n\":1}");
    int raw =
        ak_run(ak, "raw",
               "{'channel':'progress','steps':["
               "{'on':'in','call':'wait','args':[{'timeout':'1h'}],'as':'wait','caught':true},"
               "{'on':'in','call':'waitWithIdleTimeout','args':[{'idleTimeoutInSeconds':60,"
               "'timeout':'1h'}],'as':'idle','caught':true},"
               "{'on':'in','call':'once','args':[{'timeoutMs':5000}],'as':'once'}]}",
               NULL);
    ak_expect_note(ak, raw, "once", "value.output", "{'n':1}");
    ak_expect_has(ak, "the wait", ak_member(ak, ak_wait_note(ak, raw, "wait"), "error.message"),
                  "progress");
    ak_expect_has(ak, "the idle wait",
                  ak_member(ak, ak_wait_note(ak, raw, "idle"), "error.message"), "progress");
    ak_expect_number(ak, "the number of waits", ak_count(ak, "* */session-streams/wait"), 0);
    ak_expect_number(ak, "the number of subscriptions of the side channel",
                     ak_count(ak, "GET /realtime/v1/sessions/{chat}/channels/progress/in*"), 1);
}

/* AGT-SES-30: an agent's turn has all that the plain task is refused. */
static void chat_helpers_outside(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char acts[] = "{'call':'chat.stream.append','args':[{'type':'data-x','data':1}],"
                               "'as':'stream','caught':true},"
                               "{'call':'ai.chatContextOrThrow','as':'context','caught':true}";
    int raw = ak_run(ak, "outside", ak_text(ak, "{'acts':[%s]}", acts), NULL);
    (void)ak_wait_end(ak, raw);
    ak_expect_note(ak, raw, "chatContext", "", "{'value':null}");
    ak_expect_has(ak, "chatContextOrThrow",
                  ak_member(ak, ak_wait_note(ak, raw, "chatContextOrThrow"), "error.message"),
                  "chat");
    ak_expect_has(ak, "chat.stream",
                  ak_member(ak, ak_wait_note(ak, raw, "stream"), "error.message"), "chat");
    ak_expect_number(ak, "the number of records", ak_out_count(ak), 0);
    int turn = ak_boot(ak, "plain", "hello", ak_text(ak, "{'do':{'onTurnStart':[%s]}}", acts));
    ak_wait_turns(ak, 1);
    ak_wait_word(ak, "data-x");
    ak_expect_text(ak, "the error inside a turn",
                   ak_member(ak, ak_wait_note(ak, turn, "stream"), "error"), "nothing");
}

/* AGT-SES-30 */
static void close_outside(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.close");
    static const char act[] = "{'call':'chat.close','args':[{'reason':'done'}],'caught':true}";
    int raw = ak_run(ak, "outside", ak_text(ak, "{'acts':[%s]}", act), NULL);
    ak_expect_has(ak, "chat.close",
                  ak_member(ak, ak_wait_note(ak, raw, "chat.close"), "error.message"), "chat");
    (void)ak_wait_end(ak, raw);
    ak_expect_number(ak, "the number of closings", ak_count(ak, "POST */close"), 0);
    (void)ak_boot(ak, "plain", "hello", ak_text(ak, "{'do':{'onTurnStart':[%s]}}", act));
    (void)ak_wait_request(ak, "POST /api/v1/sessions/{chat}/close", 1);
}

#define CASE(name, what, ids, level, function)                  \
    {                                                           \
        "agent/session/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_session_send_cases[] = {
    CASE("send", "the body of a send is the value's JSON, or the string itself", "AGT-SES-07",
         CS_MUST, send),
    CASE("send-part-id", "a send has one part id for all its tries, and no other send has it",
         "AGT-SES-08", CS_MUST, send_part_id),
    CASE("wait-outside", "a wait outside a run is refused, and one inside suspends", "AGT-SES-16",
         CS_MUST, wait_outside),
    CASE("once-outside", "a read outside a run", "AGT-SES-17", CS_OBSERVED, once_outside),
    CASE("side-channels", "names and paths of side channels", "AGT-SES-29", CS_MUST, side_channels),
    CASE("side-channel-waits", "a side channel is read, but no run waits for it", "AGT-SES-29",
         CS_MUST, side_channel_waits),
    CASE("chat-helpers-outside", "helpers of chat outside chat are refused", "AGT-SES-30",
         CS_SHOULD, chat_helpers_outside),
    CASE("close-outside", "chat.close outside chat is refused", "AGT-SES-30", CS_SHOULD,
         close_outside),
    {0},
};
