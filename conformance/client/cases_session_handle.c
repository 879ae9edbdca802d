/* The sessions API and the handle of a session: what they must put on the wire.
 *
 * A server's client knows the secret key, so nobody asks it for tokens; what it is told to do is
 * what must come, once.
 */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static struct ck *opened(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open_kind(ck, "session", NULL);
    return ck;
}

static void expect_method(struct ck *ck, struct cs_case_run *run, const struct cs_logged *request,
                          const char *method, const char *path)
{
    cs_case_check(run, cs_view_eq(request->method, cs_view_str(method)), "the method is not %s",
                  method);
    ck_expect_path(ck, request, path);
    ck_expect_header(ck, request, "Authorization", ck_text(ck, "Bearer %s", ck_secret_key()));
}

/* The id of a chat with a character that a path must not hold. */
static struct ck *opened_with_odd_id(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_chat(ck, ck_text(ck, "%s/a b", ck_chat(ck)));
    ck_open_kind(ck, "session", NULL);
    return ck;
}

/* ck_chat of such a chat, as a segment. */
static const char *segment(struct ck *ck)
{
    const char *chat = ck_chat(ck);
    return ck_text(ck, "%.*s%%2Fa%%20b", (int)(strlen(chat) - strlen("/a b")), chat);
}

static void start(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    const char *body =
        ck_text(ck,
                "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"t\","
                "\"triggerConfig\":{\"basePayload\":{\"deep\":[1,null,{\"a\":\"b\"}]},"
                "\"tags\":[\"x\"]},\"tags\":[\"y\"],\"metadata\":{\"k\":1}}",
                ck_chat(ck));
    ck_do(ck, "call", ck_text(ck, "{\"method\":\"start\",\"arguments\":[%s]}", body));
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_CREATE, 1);
    expect_method(ck, run, request, "POST", "/api/v1/sessions");
    ck_expect_body(ck, request, "", body);
    ck_expect_counts(ck, 0, 0);
}

static void retrieve(struct cs_case_run *run)
{
    struct ck *ck = opened_with_odd_id(run);
    ck_script(ck, "retrieve#1: RETRIEVE(200)\n");
    ck_do(ck, "call", ck_text(ck, "{\"method\":\"retrieve\",\"arguments\":[\"%s\"]}", ck_chat(ck)));
    expect_method(ck, run, ck_wait_request(ck, CS_TARGET_RETRIEVE, 1), "GET",
                  ck_text(ck, "/api/v1/sessions/%s", segment(ck)));
    ck_expect_counts(ck, 0, 0);
}

static void update(struct cs_case_run *run)
{
    struct ck *ck = opened_with_odd_id(run);
    ck_script(ck, "update#1: UPDATE(200)\n");
    static const char body[] = "{\"tags\":[\"a\"],\"metadata\":{\"k\":null}}";
    ck_do(ck, "call",
          ck_text(ck, "{\"method\":\"update\",\"arguments\":[\"%s\",%s]}", ck_chat(ck), body));
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_UPDATE, 1);
    expect_method(ck, run, request, "PATCH", ck_text(ck, "/api/v1/sessions/%s", segment(ck)));
    ck_expect_body(ck, request, "", body);
    ck_expect_counts(ck, 0, 0);
}

static void close_it(struct cs_case_run *run)
{
    struct ck *ck = opened_with_odd_id(run);
    ck_script(ck, "close*: CLOSE(200)\n");
    ck_do(ck, "call", ck_text(ck, "{\"method\":\"close\",\"arguments\":[\"%s\"]}", ck_chat(ck)));
    ck_do(ck, "call",
          ck_text(ck, "{\"method\":\"close\",\"arguments\":[\"%s\",{\"reason\":\"done\"}]}",
                  ck_chat(ck)));
    const char *path = ck_text(ck, "/api/v1/sessions/%s/close", segment(ck));
    const struct cs_logged *bare = ck_wait_request(ck, CS_TARGET_CLOSE, 1);
    expect_method(ck, run, bare, "POST", path);
    ck_expect_body(ck, bare, "", "{}");
    const struct cs_logged *reasoned = ck_wait_request(ck, CS_TARGET_CLOSE, 2);
    expect_method(ck, run, reasoned, "POST", path);
    ck_expect_body(ck, reasoned, "", "{\"reason\":\"done\"}");
    ck_expect_counts(ck, 0, 0);
}

/* What follows shows that the handle works: an append is the first and only request. */
static void open_is_local(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_do(ck, "write", "{\"value\":\"x\"}");
    ck_wait_request(ck, CS_TARGET_APP, 1);
    cs_case_check(run, cs_scripted_request(ck_server(ck), 0)->target == CS_TARGET_APP,
                  "opening the handle made a request");
    ck_expect_counts(ck, 1, 0);
    cs_case_check(run, cs_scripted_count(ck_server(ck)) == 1,
                  "one append through the handle made other requests too");
}

static void write_it(struct cs_case_run *run)
{
    struct ck *ck = opened_with_odd_id(run);
    ck_do(ck, "write", "{\"value\":\"as it is, \\u00fc {\"}");
    ck_do(ck, "write", "{\"value\":{\"kind\":\"custom\",\"list\":[1,null]}}");
    const char *path = ck_text(ck, "/realtime/v1/sessions/%s/in/append", segment(ck));
    const struct cs_logged *text = ck_wait_request(ck, CS_TARGET_APP, 1);
    expect_method(ck, run, text, "POST", path);
    cs_case_check(run, cs_view_eq(text->body, CS_VIEW("as it is, \xc3\xbc {")),
                  "a string was not sent as it is");
    const struct cs_logged *value = ck_wait_request(ck, CS_TARGET_APP, 2);
    expect_method(ck, run, value, "POST", path);
    ck_expect_body(ck, value, "", "{\"kind\":\"custom\",\"list\":[1,null]}");
    ck_expect_counts(ck, 2, 0);
}

static void read_it(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_script(ck, "out#1: OUT{T 0 one | EOF}\nout#2: OUT{T 1 two | EOF}\n"
                  "out#3: OUT{T 6 three | EOF}\n");
    int plain = ck_begin(ck, "read", NULL);
    ck_wait_end(ck, plain);
    ck_expect_deltas(ck, plain, "one");
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_OUT, 1);
    expect_method(ck, run, request, "GET",
                  ck_text(ck, "/realtime/v1/sessions/%s/out", ck_chat(ck)));
    ck_expect_header(ck, request, "Accept", "text/event-stream");
    ck_expect_header(ck, request, "Last-Event-ID", NULL);
    ck_expect_header(ck, request, "Timeout-Seconds", NULL);

    int zero = ck_begin(ck, "read", "{\"options\":{\"lastEventId\":0,\"timeoutInSeconds\":7}}");
    ck_wait_end(ck, zero);
    request = ck_wait_request(ck, CS_TARGET_OUT, 2);
    ck_expect_header(ck, request, "Last-Event-ID", "0");
    ck_expect_header(ck, request, "Timeout-Seconds", "7");

    int later = ck_begin(ck, "read", "{\"options\":{\"lastEventId\":\"5\"}}");
    ck_wait_end(ck, later);
    ck_expect_deltas(ck, later, "three");
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 3), "Last-Event-ID", "5");
    ck_expect_counts(ck, 0, 3);
}

#define MUST(...) CK_CASE(CS_MUST, "session", __VA_ARGS__)

const struct cs_case client_session_handle_cases[] = {
    MUST("start", "start posts the body that it is given", "CSS-01", start),
    MUST("retrieve", "retrieve gets the session by its encoded id", "CSS-02", retrieve),
    MUST("update", "update patches the session with the body that it is given", "CSS-03", update),
    MUST("close", "close posts an empty object, or the reason", "CSS-04", close_it),
    MUST("open-is-local", "opening a handle makes no request", "CSS-07", open_is_local),
    MUST("write", "a string is appended as it is, anything else as JSON", "CSS-08", write_it),
    MUST("read", "a read says from where and for how long", "CSS-11", read_it),
    {0},
};
