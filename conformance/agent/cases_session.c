/* The sessions API: rows of sessions, as a server's own code handles them. */
#include <string.h>

#include "conformance/agent/cases.h"

/* A session of the chat, made by the SDK: the request, its body. */
static const char *start(struct ak *ak, const char *more)
{
    return ak_sdk(ak, "sessions.start",
                  ak_text(ak,
                          "[{'type':'chat.agent','externalId':'%s','taskIdentifier':'plain',"
                          "'triggerConfig':{'basePayload':{'chatId':'%s'}}%s}]",
                          ak_chat(ak), ak_chat(ak), more));
}

/* AGT-SES-01: the request that a send makes shows that an opening would have been seen. */
static void open_is_local(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *handle = ak_sdk(ak, "handle", ak_text(ak, "[{'session':'%s'}]", ak_chat(ak)));
    ak_expect_value(ak, "the handle", handle, "",
                    ak_text(ak, "{'id':'%s','in':true,'out':true,'results':[]}", ak_chat(ak)));
    (void)start(ak, "");
    (void)ak_sdk(ak, "handle",
                 ak_text(ak,
                         "[{'session':'%s','steps':[{'on':'in','call':'send','args':[{'kind':"
                         "'stop'}]}]}]",
                         ak_chat(ak)));
    ak_expect_number(ak, "the number of sends", ak_count(ak, "POST */in/append"), 1);
    ak_expect_number(ak, "the number of all requests", ak_count(ak, "* *"), 2);
}

/* AGT-SES-02: the answer is one that no platform would make up. */
static void start_posts_body(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *answer =
        "{\"id\":\"session_1\",\"type\":\"chat.agent\",\"externalId\":\"x\","
        "\"taskIdentifier\":\"plain\",\"tags\":[\"one\",\"two\"],\"metadata\":null,"
        "\"closedAt\":null,\"closedReason\":null,\"expiresAt\":null,"
        "\"triggerConfig\":{\"basePayload\":{}},\"currentRunId\":\"run_1\","
        "\"createdAt\":\"2026-01-01T00:00:00.000Z\","
        "\"updatedAt\":\"2026-01-01T00:00:00.000Z\",\"runId\":\"run_1\","
        "\"publicAccessToken\":\"a.b.c\",\"isCached\":true}";
    ak_fault(ak, ak_text(ak, "create 2: 200 %s", answer));
    const char *more = ",'tags':['one','two'],'metadata':{'plan':'pro','deep':{'n':[1,null]}}";
    const char *body = ak_text(ak,
                               "{'type':'chat.agent','externalId':'%s','taskIdentifier':'plain',"
                               "'triggerConfig':{'basePayload':{'chatId':'%s'}}%s}",
                               ak_chat(ak), ak_chat(ak), more);
    const char *first = start(ak, more);
    ak_expect_number(ak, "the number of requests", ak_count(ak, "* *"), 1);
    ak_expect_body(ak, ak_request(ak, "POST /api/v1/sessions", 1), "", body);
    ak_expect_value(ak, "a new session", first, "isCached", "false");
    ak_expect_text(ak, "the run of a new session", ak_value_member(ak, first, "runId"),
                   ak_text(ak, "\"%s\"", ak_trigger(ak, 0)->run_id));
    const char *second = start(ak, more);
    ak_expect_value(ak, "the second answer", second, "id", "'session_1'");
    ak_expect_value(ak, "the second answer", second, "runId", "'run_1'");
    ak_expect_value(ak, "the second answer", second, "publicAccessToken", "'a.b.c'");
    ak_expect_value(ak, "the second answer", second, "isCached", "true");
}

/* AGT-SES-03 */
static void reserved_id(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_chat(ak, "session_mine");
    const char *outcome = start(ak, "");
    const struct ak_request *request = ak_request(ak, "POST /api/v1/sessions", 1);
    ak_record_fact(ak, "requests", "1", "%zu", ak_count(ak, "POST /api/v1/sessions"));
    ak_record_fact(ak, "sent", "\"session_mine\"", "%s",
                   request ? ak_request_member(ak, request, "externalId") : "nothing");
    cs_case_observe(run, "outcome", "%s", outcome);
}

/* AGT-SES-04 */
static void rows(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *id = ak_chat(ak);
    (void)start(ak, "");
    const char *row = ak_sdk(ak, "sessions.retrieve", ak_text(ak, "['%s']", id));
    ak_expect_value(ak, "the row", row, "externalId", ak_text(ak, "'%s'", id));
    ak_expect_number(ak, "the number of GETs", ak_count(ak, "GET /api/v1/sessions/{chat}"), 1);
    row = ak_sdk(ak, "sessions.update", ak_text(ak, "['%s',{'tags':['vip']}]", id));
    ak_expect_value(ak, "the changed row", row, "tags", "['vip']");
    ak_expect_body(ak, ak_request(ak, "PATCH /api/v1/sessions/{chat}", 1), "", "{'tags':['vip']}");
    row = ak_sdk(ak, "sessions.close", ak_text(ak, "['%s',{'reason':'done'}]", id));
    ak_expect_value(ak, "the closed row", row, "closedReason", "'done'");
    ak_expect_body(ak, ak_request(ak, "POST /api/v1/sessions/{chat}/close", 1), "",
                   "{'reason':'done'}");
    row = ak_sdk(ak, "sessions.close", ak_text(ak, "['%s']", id));
    ak_expect_value(ak, "the row closed twice", row, "closedReason", "'done'");
    ak_expect_body(ak, ak_request(ak, "POST /api/v1/sessions/{chat}/close", 2), "", "{}");
    ak_expect_number(ak, "the number of all requests", ak_count(ak, "* *"), 5);
}

/* The value of a query's member, as sent; "" when it is not there. */
static const char *query(struct ak *ak, const struct ak_request *request, const char *name)
{
    const char *at = request ? strstr(request->path, name) : NULL;
    if (!at) {
        return "";
    }
    at += strlen(name) + 1;
    return ak_text(ak, "%.*s", (int)strcspn(at, "&"), at);
}

/* AGT-SES-05 */
static void list(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    for (unsigned i = 0; i < 3; i++) {
        (void)ak_sdk(ak, "sessions.start",
                     ak_text(ak,
                             "[{'type':'chat.agent','externalId':'%s-%u','taskIdentifier':'plain',"
                             "'tags':['red'],'triggerConfig':{'basePayload':{}}}]",
                             ak_chat(ak), i));
    }
    const char *found = ak_do(
        ak, "sdk",
        ak_text(ak,
                "{'call':'sessions.list','every':true,'args':[{'type':'chat.agent',"
                "'tag':['red','blue'],'taskIdentifier':'plain','status':'ACTIVE','limit':2}]}"));
    const struct ak_request *first = ak_request(ak, "GET /api/v1/sessions?*", 1);
    const struct ak_request *second = ak_request(ak, "GET /api/v1/sessions?*", 2);
    ak_expect_text(ak, "the type", query(ak, first, "filter%5Btype%5D"), "chat.agent");
    ak_expect_text(ak, "the tags", query(ak, first, "filter%5Btags%5D"), "red%2Cblue");
    ak_expect_text(ak, "the task", query(ak, first, "filter%5BtaskIdentifier%5D"), "plain");
    ak_expect_text(ak, "the status", query(ak, first, "filter%5Bstatus%5D"), "ACTIVE");
    ak_expect_text(ak, "the page's size", query(ak, first, "page%5Bsize%5D"), "2");
    ak_expect_text(ak, "the first page's cursor", query(ak, first, "page%5Bafter%5D"), "");
    ak_expect_number(ak, "the number of pages", ak_count(ak, "GET /api/v1/sessions?*"), 2);
    if (!*query(ak, second, "page%5Bafter%5D")) {
        cs_case_fail(run, "the second page is asked for without a cursor: %s", second->path);
    }
    ak_expect_text(ak, "the second page's tags", query(ak, second, "filter%5Btags%5D"),
                   "red%2Cblue");
    /* the newest first */
    ak_expect_value(ak, "the last item", found, "2.externalId", ak_text(ak, "'%s-0'", ak_chat(ak)));
    ak_expect_text(ak, "what comes after it", ak_value_member(ak, found, "3"), "nothing");
    (void)ak_sdk(ak, "sessions.list", ak_text(ak, "[{'externalId':'%s-1'}]", ak_chat(ak)));
    ak_expect_text(ak, "the external id",
                   query(ak, ak_request(ak, "GET /api/v1/sessions?*", 3), "filter%5BexternalId%5D"),
                   ak_text(ak, "%s-1", ak_chat(ak)));
}

/* AGT-SES-06 */
static void encoded_id(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_chat(ak, "x/1");
    ak_set_session(ak, "{'basePayload':{}}");
    (void)ak_sdk(ak, "sessions.retrieve", "['x/1']");
    (void)ak_sdk(ak, "sessions.update", "['x/1',{'tags':['a']}]");
    (void)ak_sdk(ak, "handle",
                 "[{'session':'x/1','steps':[{'on':'in','call':'send','args':['one']},"
                 "{'on':'out','call':'append','args':[{'type':'two'}]}]}]");
    int raw = ak_run(ak, "raw",
                     "{'steps':[{'on':'in','call':'once','args':[{'timeoutMs':5000}],'as':'got'}]}",
                     NULL);
    ak_expect_note(ak, raw, "got", "value.ok", "true");
    (void)ak_wait_end(ak, raw);
    (void)ak_sdk(ak, "sessions.close", "['x/1']");
    static const char *const paths[] = {
        "GET /api/v1/sessions/x%2F1",
        "PATCH /api/v1/sessions/x%2F1",
        "POST /realtime/v1/sessions/x%2F1/in/append",
        "PUT /realtime/v1/sessions/x%2F1/out",
        "GET /realtime/v1/sessions/x%2F1/in*",
        "POST /api/v1/sessions/x%2F1/close",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (ak_count(ak, paths[i]) == 0) {
            cs_case_fail(run, "no request %s came", paths[i]);
        }
    }
    ak_expect_number(ak, "the number of paths with a bare id", ak_count(ak, "* */sessions/x/1*"),
                     0);
}

#define CASE(name, what, ids, level, function)                  \
    {                                                           \
        "agent/session/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_session_cases[] = {
    CASE("open", "opening a handle asks nobody", "AGT-SES-01", CS_MUST, open_is_local),
    CASE("start", "one request with the body as given, and its answer", "AGT-SES-02", CS_MUST,
         start_posts_body),
    CASE("start-reserved-id", "an external id with the prefix of session ids is sent as it is",
         "AGT-SES-03", CS_OBSERVED, reserved_id),
    CASE("rows", "retrieve, update, and close twice", "AGT-SES-04", CS_MUST, rows),
    CASE("list", "filters of a list, and its pages to the end", "AGT-SES-05", CS_MUST, list),
    CASE("encoded-id", "an id with a slash is one segment of every path", "AGT-SES-06", CS_MUST,
         encoded_id),
    {0},
};
