/* What the handle of a session writes to its output by itself: data, control records and trims, and
 * the credentials that it asks for first. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"
#include "conformance/client/kit_platform.h"

static struct ck *opened(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_platform_open(ck, "session", NULL);
    return ck;
}

/* The message of the error that a command failed with, or "none". */
static const char *failure(struct ck *ck, const char *name, const char *members)
{
    int command = ck_begin(ck, name, members);
    (void)ck_outcome(ck, command);
    const cJSON *failed = ck_said(ck, command, "fail", 0);
    return failed ? ck_member(ck, failed, "error.message") : "none";
}

static unsigned long long count(const struct ck *ck, const char *form)
{
    return (unsigned long long)ck_platform_count(ck, form);
}

static const char *hex(struct ck *ck, struct cs_view bytes)
{
    const char *text = "";
    for (size_t i = 0; i < bytes.len; i++) {
        text = ck_text(ck, "%s%02x", text, (unsigned)(unsigned char)bytes.ptr[i]);
    }
    return text;
}

/* ---- control records and trims ---- */

#define BOUNDARY "{\"subtype\":\"turn-complete\",\"headers\":[[\"session-in-event-id\",\"4\"]]}"

static void control(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_platform_put_chunk(ck, "{\"type\":\"start\"}");
    ck_record(ck, "it gives", "{\"lastEventId\":\"1\"}", "%s", ck_do(ck, "control", BOUNDARY));
    const struct ck_platform_request *request = ck_platform_wait(ck, "json/turn-complete", 1);
    ck_record(ck, "method", "POST", "%s", request->method);
    ck_record(ck, "content type", "application/json", "%s",
              ck_platform_header(ck, request, "content-type"));
    ck_record(ck, "body",
              "{\"records\":[{\"body\":\"\",\"headers\":[[\"trigger-control\",\"turn-complete\"],"
              "[\"session-in-event-id\",\"4\"]]}]}",
              "%.*s", CS_VIEW_ARG(request->body));
    ck_do(ck, "control", BOUNDARY);
    ck_record(ck, "appends of two", "2", "%llu", count(ck, "json/turn-complete"));
    ck_record(ck, "credentials asked for", "2", "%llu", count(ck, "put/out"));
}

static void trim(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    for (unsigned i = 0; i < 4; i++) {
        ck_platform_put_chunk(ck, "{\"type\":\"start\"}");
    }
    ck_record(ck, "it gives", "null", "%s", ck_do(ck, "trim", "{\"seq\":3}"));
    const struct ck_platform_request *request = ck_platform_wait(ck, "proto", 1);
    ck_record(ck, "method", "POST", "%s", request->method);
    ck_record(ck, "content type", "application/protobuf", "%s",
              ck_platform_header(ck, request, "content-type"));
    ck_record(ck, "body",
              "0a1212061204747269"
              "6d1a080000000000000003",
              "%s", hex(ck, request->body));
    ck_do(ck, "trim", "{\"seq\":4}");
    ck_record(ck, "credentials asked for by two", "2", "%llu", count(ck, "put/out"));
}

/* ---- data ---- */

#define TEXT "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"one\"}"

/* Over HTTP/2 by prior knowledge: the platform takes append sessions in no other way. */
static void session(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_do(ck, "append", "{\"value\":" TEXT "}");
    ck_do(ck, "pipe", "{\"values\":[" TEXT "," TEXT "]}");
    ck_do(ck, "writer", "{\"values\":[" TEXT "," TEXT "," TEXT "]}");
    ck_record(ck, "append sessions of append, pipe and writer", "3", "%llu", count(ck, "s2s"));
    ck_record(ck, "appends in JSON", "0", "%llu", count(ck, "json/data"));
    ck_record(ck, "records", "6", "%zu", ck_platform_written(ck));
    if (ck_platform_count(ck, "s2s") > 0) {
        const struct ck_platform_request *request = ck_platform_wait(ck, "s2s", 1);
        ck_record(ck, "method", "POST", "%s", request->method);
        ck_record(ck, "content type", "s2s/proto", "%s",
                  ck_platform_header(ck, request, "content-type"));
        ck_record(ck, "accept", "application/protobuf", "%s",
                  ck_platform_header(ck, request, "accept"));
    }
}

#define CREDENTIALS \
    "header x-s2-access-token=t header x-s2-basin=chatspec-basin header x-s2-stream-name=s"

static void plain_http(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "put*: PUT(200) " CREDENTIALS " header x-s2-endpoint=\"%s\"\n",
              cs_scripted_url(ck_server(ck)));
    ck_open_kind(ck, "session", NULL);
    int command = ck_begin(ck, "append", "{\"value\":" TEXT "}");
    ck_record(ck, "a server of HTTP/1.1", "an error", "%s",
              strncmp(ck_outcome(ck, command), "an error", 8) == 0 ? "an error" : "is written to");
    const cJSON *failed = ck_said(ck, command, "fail", 0);
    cs_case_observe(run, "the error", "%s", ck_member(ck, failed, "error.message"));
    ck_record(ck, "requests beside those for credentials", "0", "%llu",
              ck_count(ck, CS_TARGET_OTHER));
}

static void envelope(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    static const char *const values[] = {TEXT, "\"\xc3\xbc\"", "[1,null]", "false"};
    ck_do(ck, "writer",
          ck_text(ck, "{\"values\":[%s,%s,%s,%s]}", values[0], values[1], values[2], values[3]));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct ck_platform_record *record = ck_platform_record(ck, i + 1);
        cJSON *body = cJSON_ParseWithLength(record->body.ptr, record->body.len);
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "id"));
        size_t len = id ? strlen(id) : 0;
        int members = cJSON_GetArraySize(body);
        const char *data = body ? ck_member(ck, body, "data") : "nothing";
        cJSON_Delete(body);
        ck_record(ck, ck_text(ck, "data of record %zu", i), values[i], "%s", data);
        ck_record(ck, ck_text(ck, "members of record %zu", i), "2", "%d", members);
        ck_record(ck, ck_text(ck, "letters of the id of record %zu", i), "7", "%zu", len);
        ck_record(ck, ck_text(ck, "headers of record %zu", i), "0", "%zu", record->n_headers);
    }
}

/* ---- credentials ---- */

static void asked_once(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_do(ck, "append", "{\"value\":" TEXT "}");
    ck_do(ck, "pipe", "{\"values\":[" TEXT "]}");
    ck_do(ck, "writer", "{\"values\":[" TEXT "]}");
    ck_record(ck, "by append, pipe and writer", "1", "%llu", count(ck, "put/out"));
    ck_platform_fault(ck, "s2s 1: 403");
    ck_record(ck, "a write that is refused", "an error", "%.8s",
              ck_try(ck, "append", "{\"value\":" TEXT "}"));
    ck_do(ck, "append", "{\"value\":" TEXT "}");
    ck_record(ck, "after that", "2", "%llu", count(ck, "put/out"));
    ck_do(ck, "renew", NULL);
    ck_do(ck, "append", "{\"value\":" TEXT "}");
    ck_record(ck, "after they were forgotten", "3", "%llu", count(ck, "put/out"));
}

static void needed_headers(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_scripted *store = ck_other_server(ck, "");
    const char *address = ck_text(ck, "header x-s2-endpoint=\"%s/v1\"", cs_scripted_url(store));
    static const struct {
        const char *what;
        const char *headers;
        bool names_them;
    } rows[] = {
        {"no token", "header x-s2-basin=chatspec-basin header x-s2-stream-name=s", true},
        {"no basin", "header x-s2-access-token=t header x-s2-stream-name=s", true},
        {"no stream", "header x-s2-access-token=t header x-s2-basin=chatspec-basin", true},
        {"a basin of 7 letters",
         "header x-s2-access-token=t header x-s2-basin=sevenab header x-s2-stream-name=s", false},
        {"a basin in capitals",
         "header x-s2-access-token=t header x-s2-basin=CHATSPEC-BASIN header x-s2-stream-name=s",
         false},
    };
    ck_open_kind(ck, "session", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_script(ck, "put*: PUT(200) %s %s\n", rows[i].headers, address);
        const char *message = failure(ck, "append", "{\"value\":" TEXT "}");
        ck_record(ck, rows[i].what, "an error", "%s",
                  strcmp(message, "none") == 0 ? "is written" : "an error");
        if (rows[i].names_them) {
            ck_record(ck, ck_text(ck, "%s, says", rows[i].what), "S2 credentials", "%s",
                      strstr(message, "S2 credentials") ? "S2 credentials" : message);
        }
        ck_record(ck, ck_text(ck, "%s, requests to the store", rows[i].what), "0", "%zu",
                  cs_scripted_count(store));
    }
    ck_script(ck, "put*: PUT(200) " CREDENTIALS " %s\n", address);
    ck_try(ck, "control", BOUNDARY);
    ck_record(ck, "with all of them", "goes to the store", "%s",
              cs_scripted_count(store) > 0 ? "goes to the store" : "goes elsewhere");
}

/* ---- after failures ---- */

static void tries(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    ck_platform_mark(ck, "x-s2-max-retries", "0");
    ck_platform_fault(ck, "s2s: 503");
    ck_record(ck, "a write that is always refused", "an error", "%.8s",
              ck_try(ck, "append", "{\"value\":" TEXT "}"));
    ck_record(ck, "tries", "3", "%llu", count(ck, "s2s"));
}

/* The number of the last record, so that a reader which goes on from there misses none. */
static void last_event_id(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    for (unsigned i = 0; i < 5; i++) {
        ck_platform_put_chunk(ck, "{\"type\":\"start\"}");
    }
    const char *given = ck_do(ck, "pipe", "{\"values\":[" TEXT "," TEXT "]}");
    const char *expected = ck_text(ck, "{\"lastEventId\":\"%llu\"}",
                                   (unsigned long long)ck_platform_record(ck, 2)->seq);
    if (strcmp(given, expected) != 0) {
        cs_case_fail_diff(run, expected, given, "what pipe reports is not the last record");
    }
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "writer", __VA_ARGS__)

const struct cs_case client_writer_cases[] = {
    OBSERVED("control", "a control record is one append in JSON, after asking for credentials",
             "CSS-17", control),
    OBSERVED("credentials", "which headers the credentials must come in", "CSS-18", needed_headers),
    OBSERVED("trim", "a trim is one append in protobuf, after asking for credentials", "CSS-19",
             trim),
    OBSERVED("session", "data goes through append sessions over HTTP/2", "CSS-20", session),
    OBSERVED("plain-http", "a server of HTTP/1.1 alone cannot take data", "CSS-20", plain_http),
    OBSERVED("envelope", "a data record is the value and an id of seven letters", "CSS-21",
             envelope),
    OBSERVED("asked-once", "credentials are asked for once, and again after a failure", "CSS-22",
             asked_once),
    OBSERVED("tries", "the number of tries is the client's own", "CSS-23", tries),
    CK_CASE(CS_SHOULD, "writer", "last-event-id", "a write reports the number of its last record",
            "CSS-24", last_event_id),
    {0},
};
