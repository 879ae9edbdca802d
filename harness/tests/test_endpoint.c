/* The reference endpoint's sessions, over the wire. */
#include "endpoint_fixture.h"

#include "endpoint/policy/policy.h"
#include "endpoint/http/schema.h"

#define KEY   CS_ENDPOINT_SECRET_KEY
#define OTHER CS_ENDPOINT_OTHER_SECRET_KEY

static int set_up(void **state)
{
    *state = host_start(NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    host_end(*state);
    return 0;
}

static void create_answers_a_whole_item(void **state)
{
    static const char *const members[] = {
        "id",           "externalId", "type",      "taskIdentifier", "triggerConfig",
        "currentRunId", "tags",       "metadata",  "closedAt",       "closedReason",
        "expiresAt",    "createdAt",  "updatedAt", "runId",          "publicAccessToken",
        "isCached"};
    struct reply made = create(*state, "whole");
    assert_string_equal(cs_exchange_header(made.exchange, "Content-Type"),
                        "application/json; charset=utf-8");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!cJSON_HasObjectItem(made.json, members[i])) {
            fail_msg("%s is missing", members[i]);
        }
    }
    assert_int_equal(cJSON_GetArraySize(made.json), 16);
    assert_int_equal(strncmp(text_of(&made, "id"), "session_", 8), 0);
    assert_int_equal(strncmp(text_of(&made, "runId"), "run_", 4), 0);
    assert_text(&made, "currentRunId", text_of(&made, "runId"));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(made.json, "isCached")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(made.json, "metadata")));
    assert_int_equal(strlen(text_of(&made, "createdAt")), strlen("2026-08-21T10:00:00.000Z"));
    reply_free(&made);
}

static void both_ids_find_the_same_item(void **state)
{
    struct reply made = create(*state, "two-names");
    char path[256];
    snprintf(path, sizeof path, "/api/v1/sessions/%s", text_of(&made, "id"));
    struct reply friendly = call(*state, "GET", path, KEY, NULL, NULL);
    struct reply external = call(*state, "GET", "/api/v1/sessions/two-names", KEY, NULL, NULL);
    assert_int_equal(friendly.status, 200);
    assert_true(cJSON_Compare(friendly.json, external.json, true));
    assert_true(cJSON_HasObjectItem(friendly.json, "triggerConfig"));
    assert_false(cJSON_HasObjectItem(friendly.json, "publicAccessToken"));
    reply_free(&friendly);
    reply_free(&external);
    reply_free(&made);
}

static void a_repeat_gives_the_same_session_and_run(void **state)
{
    struct reply made = create(*state, "again");
    struct reply again =
        call(*state, "POST", "/api/v1/sessions", KEY,
             "{\"type\":\"x\",\"externalId\":\" again \",\"taskIdentifier\":\"absent-other\","
             "\"triggerConfig\":{\"basePayload\":{\"second\":true}},\"tags\":[\"t\"]}",
             NULL);
    assert_int_equal(again.status, 200);
    assert_text(&again, "id", text_of(&made, "id"));
    assert_text(&again, "runId", text_of(&made, "runId"));
    assert_text(&again, "taskIdentifier", "absent-task");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(again.json, "isCached")));
    /* Only the config is written through (SES-11). */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(again.json, "tags")), 0);
    assert_non_null(cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetObjectItem(again.json, "triggerConfig"), "basePayload"),
        "second"));
    reply_free(&again);
    reply_free(&made);
}

static void without_external_id_every_create_is_new(void **state)
{
    const char *body = "{\"type\":\"x\",\"taskIdentifier\":\"absent\",\"triggerConfig\":"
                       "{\"basePayload\":{}}}";
    struct reply one = call(*state, "POST", "/api/v1/sessions", KEY, body, NULL);
    struct reply two = call(*state, "POST", "/api/v1/sessions", KEY, body, NULL);
    assert_int_equal(one.status, 201);
    assert_int_equal(two.status, 201);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(one.json, "externalId")));
    assert_string_not_equal(text_of(&one, "id"), text_of(&two, "id"));
    reply_free(&one);
    reply_free(&two);
}

/* Each body is the right one with one member replaced or added. */
static void create_bodies_are_checked(void **state)
{
    static const struct {
        const char *members;
        const char *config;
        int status;
    } rows[] = {
        {"", "", 201},
        {"\"externalId\":\"session_x\",", "", 400},
        {"\"externalId\":\"  session_x\",", "", 400},
        {"\"externalId\":\"   \",", "", 400},
        {"\"externalId\":7,", "", 400},
        {"\"externalId\":\"a:channels:b\",", "", 400},
        {"\"externalId\":\"a:b\",", "", 201},
        {"\"externalId\":\"nul\\u0000\",", "", 500},
        {"\"metadata\":[],", "", 400},
        {"\"metadata\":null,", "", 400},
        {"\"metadata\":{\"half\":\"\\ud800\"},", "", 500},
        {"\"metadata\":{\"a\":{\"b\":[null]}},", "", 201},
        {"\"tags\":[1],", "", 400},
        {"\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"],", "", 201},
        {"\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"],", "",
         400},
        {"\"expiresAt\":\"not a time\",", "", 400},
        {"\"expiresAt\":null,", "", 409},
        {"\"expiresAt\":\"2020-01-01\",", "", 409},
        {"\"expiresAt\":\"2999-01-01T00:00:00.000Z\",", "", 201},
        {"\"expiresAt\":99999999999999,", "", 201},
        {"\"expiresAt\":{},", "", 400},
        {"\"unknown\":1,", ",\"unknown\":1", 201},
        {"", ",\"machine\":\"micro\"", 201},
        {"", ",\"machine\":\"huge\"", 400},
        {"", ",\"maxAttempts\":10", 201},
        {"", ",\"maxAttempts\":11", 400},
        {"", ",\"maxAttempts\":0", 400},
        {"", ",\"maxAttempts\":1.5", 400},
        {"", ",\"maxAttempts\":1e0", 201},
        {"", ",\"maxDuration\":-1", 400},
        {"", ",\"idleTimeoutInSeconds\":3600", 201},
        {"", ",\"idleTimeoutInSeconds\":3601", 400},
        {"", ",\"concurrency\":[\"a_b-9\"]", 201},
        {"", ",\"concurrency\":[\"a b\"]", 400},
        {"", ",\"concurrency\":[\"a\",\"b\",\"c\"]", 400},
        {"", ",\"concurrencyKey\":12", 201},
        {"", ",\"concurrencyKey\":true", 400},
        {"", ",\"externalDeploymentId\":null", 201},
        {"", ",\"externalDeploymentId\":5", 400},
        {"", ",\"ttl\":\"10m\"", 201},
        {"", ",\"ttl\":0", 201},
        {"", ",\"ttl\":-1", 400},
        {"", ",\"region\":1", 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[1024];
        snprintf(body, sizeof body,
                 "{%s\"type\":\"x\",\"taskIdentifier\":\"absent\",\"triggerConfig\":"
                 "{\"basePayload\":{}%s}}",
                 rows[i].members, rows[i].config);
        struct reply reply = call(*state, "POST", "/api/v1/sessions", KEY, body, NULL);
        if (reply.status != rows[i].status) {
            fail_msg("%s: %d instead of %d", body, reply.status, rows[i].status);
        }
        if (reply.status >= 400) {
            assert_non_null(text_of(&reply, "error"));
        }
        reply_free(&reply);
    }
}

static void lengths_count_utf16_units(void **state)
{
    static const struct {
        size_t n;
        const char *unit;
        int status;
    } rows[] = {{256, "a", 201},
                {257, "a", 400},
                {128, "\xf0\x9f\x98\x80", 201},
                {129, "\xf0\x9f\x98\x80", 400}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_buf body = CS_BUF(4096);
        cs_buf_str(&body, "{\"externalId\":\"");
        for (size_t k = 0; k < rows[i].n; k++) {
            cs_buf_str(&body, rows[i].unit);
        }
        cs_buf_str(&body, "\",\"type\":\"x\",\"taskIdentifier\":\"absent\",\"triggerConfig\":"
                          "{\"basePayload\":{}}}");
        char *text = cs_buf_take(&body);
        call_expect(*state, "POST", "/api/v1/sessions", KEY, text, rows[i].status);
        free(text);
    }
}

static void config_is_echoed_without_unknown_members(void **state)
{
    struct reply made =
        call(*state, "POST", "/api/v1/sessions", KEY,
             "{\"type\":\"x\",\"taskIdentifier\":\"absent\",\"odd\":1,\"triggerConfig\":{\"odd\":2,"
             "\"basePayload\":{\"odd\":3},\"concurrencyKey\":12,\"externalDeploymentId\":\" v1 \","
             "\"maxDuration\":6e1}}",
             NULL);
    const cJSON *config = cJSON_GetObjectItem(made.json, "triggerConfig");
    assert_int_equal(made.status, 201);
    assert_false(cJSON_HasObjectItem(made.json, "odd"));
    assert_int_equal(cJSON_GetArraySize(config), 4);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(config, "basePayload"), "odd")->valueint, 3);
    assert_string_equal(cJSON_GetObjectItem(config, "concurrencyKey")->valuestring, "12");
    assert_string_equal(cJSON_GetObjectItem(config, "externalDeploymentId")->valuestring, "v1");
    assert_int_equal(cJSON_GetObjectItem(config, "maxDuration")->valueint, 60);
    reply_free(&made);
}

static void odd_external_ids_are_one_segment(void **state)
{
    static const struct {
        const char *json;
        const char *path;
    } rows[] = {{"c:d", "c%3Ad"},       {"a/b", "a%2Fb"}, {"100%", "100%25"},
                {"q?x=1", "q%3Fx%3D1"}, {"h#i", "h%23i"}, {"two words", "two%20words"},
                {"\xc3\xa9", "%C3%A9"}, {"a+b", "a+b"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply made = create(*state, rows[i].json);
        char path[256];
        snprintf(path, sizeof path, "/api/v1/sessions/%s", rows[i].path);
        struct reply found = call(*state, "GET", path, KEY, NULL, NULL);
        assert_int_equal(found.status, 200);
        assert_text(&found, "id", text_of(&made, "id"));
        reply_free(&found);
        reply_free(&made);
    }
}

static void close_is_one_way(void **state)
{
    struct reply made = create(*state, "closing");
    struct reply first = call(*state, "POST", "/api/v1/sessions/closing/close", KEY,
                              "{\"reason\":\"done \\\"now\\\"\"}", NULL);
    assert_int_equal(first.status, 200);
    assert_text(&first, "closedReason", "done \"now\"");
    assert_text(&first, "currentRunId", text_of(&made, "runId"));
    struct reply second =
        call(*state, "POST", "/api/v1/sessions/closing/close", KEY, "{\"reason\":\"other\"}", NULL);
    assert_int_equal(second.status, 200);
    assert_text(&second, "closedReason", "done \"now\"");
    assert_text(&second, "closedAt", text_of(&first, "closedAt"));
    struct reply again =
        call(*state, "POST", "/api/v1/sessions", KEY,
             "{\"externalId\":\"closing\",\"type\":\"x\",\"taskIdentifier\":\"absent\","
             "\"triggerConfig\":{\"basePayload\":{}}}",
             NULL);
    assert_error(&again, 409,
                 "Session is closed; use a different externalId to create a new "
                 "session");
    call_expect(*state, "GET", "/api/v1/sessions/closing", KEY, NULL, 200);
    reply_free(&made);
    reply_free(&first);
    reply_free(&second);
    reply_free(&again);
}

static void close_takes_no_body_and_refuses_bad_ones(void **state)
{
    struct reply made = create(*state, "bodiless");
    reply_free(&made);
    call_expect(*state, "POST", "/api/v1/sessions/bodiless/close", KEY, "{\"reason\":7}", 400);
    call_expect(*state, "POST", "/api/v1/sessions/bodiless/close", KEY, "[]", 400);
    call_expect(*state, "POST", "/api/v1/sessions/nobody/close", KEY, "{}", 404);
    struct reply closed =
        call(*state, "POST", "/api/v1/sessions/bodiless/close", KEY, NULL, "Content-Length:");
    assert_int_equal(closed.status, 200);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(closed.json, "closedReason")));
    assert_non_null(text_of(&closed, "closedAt"));
    reply_free(&closed);
}

static cJSON *payload_of(struct host *host, const char *run_id)
{
    char path[256];
    snprintf(path, sizeof path, "/api/v3/runs/%s", run_id);
    struct reply run = call(host, "GET", path, KEY, NULL, NULL);
    assert_int_equal(run.status, 200);
    cJSON *payload = cJSON_DetachItemFromObject(run.json, "payload");
    assert_non_null(payload);
    reply_free(&run);
    return payload;
}

static void cancel_run(struct host *host, const char *run_id)
{
    char path[256];
    snprintf(path, sizeof path, "/api/v2/runs/%s/cancel", run_id);
    call_expect(host, "POST", path, KEY, NULL, 200);
    snprintf(path, sizeof path, "/api/v3/runs/%s", run_id);
    struct reply run = call(host, "GET", path, KEY, NULL, NULL);
    assert_text(&run, "status", "CANCELED");
    reply_free(&run);
}

static void an_ended_run_is_continued(void **state)
{
    struct reply made = create(*state, "continued");
    cJSON *first = payload_of(*state, text_of(&made, "runId"));
    assert_true(cJSON_HasObjectItem(first, "message"));
    assert_false(cJSON_HasObjectItem(first, "continuation"));
    assert_string_equal(cJSON_GetObjectItem(first, "sessionId")->valuestring, text_of(&made, "id"));
    assert_int_equal(cJSON_GetObjectItem(first, "idleTimeoutInSeconds")->valueint, 30);
    cancel_run(*state, text_of(&made, "runId"));
    struct reply again =
        call(*state, "POST", "/api/v1/sessions", KEY,
             "{\"externalId\":\"continued\",\"type\":\"x\",\"taskIdentifier\":\"absent\","
             "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"c\",\"messages\":[1],"
             "\"message\":{},\"trigger\":\"preload\",\"sessionId\":\"forged\"}}}",
             NULL);
    assert_int_equal(again.status, 200);
    assert_string_not_equal(text_of(&again, "runId"), text_of(&made, "runId"));
    cJSON *next = payload_of(*state, text_of(&again, "runId"));
    assert_int_equal(cJSON_GetArraySize(next), 4);
    assert_string_equal(cJSON_GetObjectItem(next, "chatId")->valuestring, "c");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(next, "continuation")));
    assert_string_equal(cJSON_GetObjectItem(next, "previousRunId")->valuestring,
                        text_of(&made, "runId"));
    assert_string_equal(cJSON_GetObjectItem(next, "sessionId")->valuestring, text_of(&made, "id"));
    cJSON_Delete(first);
    cJSON_Delete(next);
    reply_free(&made);
    reply_free(&again);
}

static void end_and_continue_swaps_once(void **state)
{
    struct reply made = create(*state, "swapped");
    const char *path = "/api/v1/sessions/swapped/end-and-continue";
    char body[256];
    snprintf(body, sizeof body, "{\"callingRunId\":\"%s\",\"reason\":\"upgrade\"}",
             text_of(&made, "runId"));
    struct reply first =
        call(*state, "POST", path, text_of(&made, "publicAccessToken"), body, NULL);
    assert_int_equal(first.status, 200);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first.json, "swapped")));
    struct reply second = call(*state, "POST", path, KEY, body, NULL);
    assert_int_equal(second.status, 200);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(second.json, "swapped")));
    assert_text(&second, "runId", text_of(&first, "runId"));
    struct reply now = call(*state, "GET", "/api/v1/sessions/swapped", KEY, NULL, NULL);
    assert_text(&now, "currentRunId", text_of(&first, "runId"));
    cJSON *payload = payload_of(*state, text_of(&first, "runId"));
    assert_string_equal(cJSON_GetObjectItem(payload, "previousRunId")->valuestring,
                        text_of(&made, "runId"));
    cJSON_Delete(payload);
    call_expect(*state, "POST", path, KEY, "{\"callingRunId\":\"run_no\",\"reason\":\"x\"}", 404);
    call_expect(*state, "POST", path, KEY, "{\"callingRunId\":\"run_no\"}", 400);
    call_expect(*state, "POST", path, KEY, "{\"reason\":\"x\"}", 400);
    call_expect(*state, "POST", "/api/v1/sessions/swapped/close", KEY, "{}", 200);
    call_expect(*state, "POST", path, KEY, body, 400);
    reply_free(&made);
    reply_free(&first);
    reply_free(&second);
    reply_free(&now);
}

static void patch_replaces_what_it_names(void **state)
{
    struct reply made = create(*state, "patched");
    const char *path = "/api/v1/sessions/patched";
    call_expect(*state, "PATCH", path, KEY, "{\"tags\":[\"a\"],\"metadata\":{\"m\":1}}", 200);
    struct reply kept = call(*state, "PATCH", path, KEY, "{}", NULL);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(kept.json, "tags")), 1);
    assert_true(cJSON_IsObject(cJSON_GetObjectItem(kept.json, "metadata")));
    struct reply cleared = call(*state, "PATCH", path, KEY, "{\"metadata\":null}", NULL);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cleared.json, "metadata")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(cleared.json, "tags")), 1);
    call_expect(*state, "PATCH", path, KEY, "{\"externalId\":\"patched\"}", 200);
    call_expect(*state, "PATCH", path, KEY, "{\"externalId\":\"else\"}", 422);
    call_expect(*state, "PATCH", path, KEY, "{\"externalId\":null}", 422);
    call_expect(*state, "PATCH", path, KEY, "{\"metadata\":[]}", 400);
    call_expect(*state, "PATCH", path, text_of(&made, "publicAccessToken"), "{}", 403);
    call_expect(*state, "PATCH", "/api/v1/sessions/nobody", KEY, "{}", 404);
    reply_free(&made);
    reply_free(&kept);
    reply_free(&cleared);
}

static void environments_do_not_see_each_other(void **state)
{
    struct reply made = create(*state, "mine");
    char path[256];
    snprintf(path, sizeof path, "/api/v1/sessions/%s", text_of(&made, "id"));
    call_expect(*state, "GET", path, OTHER, NULL, 404);
    call_expect(*state, "GET", "/api/v1/sessions/mine", OTHER, NULL, 404);
    struct reply page = call(*state, "GET", "/api/v1/sessions", OTHER, NULL, NULL);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(page.json, "data")), 0);
    snprintf(path, sizeof path, "/api/v3/runs/%s", text_of(&made, "runId"));
    call_expect(*state, "GET", path, OTHER, NULL, 404);
    reply_free(&page);
    reply_free(&made);
}

static void dates_read_as_javascript_does(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } rows[] = {
        {"1970-01-01", true, 0},
        {"1970-01", true, 0},
        {"1970", true, 0},
        {"1970-01-02T00:00Z", true, 86400000},
        {"1970-01-01T00:00:01.5Z", true, 1500},
        {"1970-01-01T01:00:00+01:00", true, 0},
        {"1969-12-31T24:00:00Z", true, 0},
        {"1970-13-01", false, 0},
        {"1970-01-01T25:00Z", false, 0},
        {"1970-01-01Z", false, 0},
        {"1970-01-01T00:00:00Q", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        if (cs_iso_time(rows[i].text, &ms) != rows[i].ok || (rows[i].ok && ms != rows[i].ms)) {
            fail_msg("%s gives %lld", rows[i].text, (long long)ms);
        }
    }
}

static void violations_change_something(void **state)
{
    (void)state;
    struct cs_policy policy = cs_policy_default();
    for (const struct cs_violation *row = cs_violations; row->id; row++) {
        int64_t normal;
        assert_true(row->field <= sizeof policy - sizeof normal);
        assert_int_equal(row->field % sizeof normal, 0);
        memcpy(&normal, (const char *)&policy + row->field, sizeof normal);
        if (normal == row->value) {
            fail_msg("%s overrides nothing", row->id);
        }
        assert_int_equal(strspn(row->id, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(row->id));
        if (cs_violation_find(row->id) != row) {
            fail_msg("%s is there twice", row->id);
        }
        assert_true((row->affects == NULL) == (row->reason == NULL));
    }
    assert_null(cs_violation_find("no-such-thing"));
}

/* The same call, and how the violation changes its status. */
static void violations_show(void **state)
{
    (void)state;
    static const struct {
        const char *violation;
        const char *method;
        const char *path;
        const char *key;
        const char *body;
        int right, wrong;
    } rows[] = {
        {"unknown-session-400", "GET", "/api/v1/sessions/no", KEY, NULL, 404, 400},
        {"auth-optional", "GET", "/api/v1/sessions", NULL, NULL, 401, 200},
        {"secret-key-unchecked", "GET", "/api/v1/sessions", "tr_dev_x", NULL, 401, 200},
        {"environments-shared", "GET", "/api/v1/sessions/s", OTHER, NULL, 404, 200},
        {"empty-body-422", "POST", "/api/v1/sessions", KEY, "", 400, 422},
        {"malformed-json-422", "POST", "/api/v1/sessions", KEY, "{", 400, 422},
        {"unknown-path-200", "GET", "/no", NULL, NULL, 404, 200},
        {"preflight-405", "OPTIONS", "/api/v1/sessions", NULL, NULL, 200, 405},
        {"secret-key-cannot-patch", "PATCH", "/api/v1/sessions/s", KEY, "{}", 200, 403},
        {"bad-io-404", "GET", "/realtime/v1/sessions/s/x", KEY, NULL, 400, 404},
        {"continue-reason-optional", "POST", "/api/v1/sessions/s/end-and-continue", KEY,
         "{\"callingRunId\":\"no\"}", 400, 404},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        bool wrong = i % 2 != 0;
        const struct cs_violation *violation = cs_violation_find(rows[i / 2].violation);
        assert_non_null(violation);
        struct host *host = host_start(&violation, wrong ? 1 : 0);
        struct reply made = create(host, "s");
        reply_free(&made);
        call_expect(host, rows[i / 2].method, rows[i / 2].path, rows[i / 2].key, rows[i / 2].body,
                    wrong ? rows[i / 2].wrong : rows[i / 2].right);
        host_end(host);
    }
}

/* Versions have a form here; whatever has another is not deployed (SES-34). */
static void pins_name_deployed_versions(void **state)
{
    static const struct {
        const char *pin;
        int status;
    } rows[] = {{"20260821.1", 201}, {"20260821.12", 201}, {"20260821.", 422},   {"20260821", 422},
                {"2026082.1", 422},  {"20260821-1", 422},  {"20260821.1x", 422}, {"", 422}};
    struct host *host = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{\"type\":\"t\",\"taskIdentifier\":\"absent\",\"triggerConfig\":"
                 "{\"basePayload\":{},\"lockToVersion\":\"%s\"}}",
                 rows[i].pin);
        call_expect(host, "POST", "/api/v1/sessions", KEY, body, rows[i].status);
    }
}

/* What a URL parser takes out of a path is no id (SES-53). */
static void dots_are_no_ids(void **state)
{
    static const char *const dots[] = {".", "..", "%2E", "%2e.", ".%2e/out"};
    struct host *host = *state;
    for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/sessions/%s", dots[i]);
        call_expect(host, "GET", path, KEY, NULL, 404);
    }
    struct reply made = create(host, "...");
    reply_free(&made);
    call_expect(host, "GET", "/api/v1/sessions/...", KEY, NULL, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_answers_a_whole_item),
        cmocka_unit_test(both_ids_find_the_same_item),
        cmocka_unit_test(a_repeat_gives_the_same_session_and_run),
        cmocka_unit_test(without_external_id_every_create_is_new),
        cmocka_unit_test(create_bodies_are_checked),
        cmocka_unit_test(lengths_count_utf16_units),
        cmocka_unit_test(config_is_echoed_without_unknown_members),
        cmocka_unit_test(odd_external_ids_are_one_segment),
        cmocka_unit_test(close_is_one_way),
        cmocka_unit_test(close_takes_no_body_and_refuses_bad_ones),
        cmocka_unit_test(an_ended_run_is_continued),
        cmocka_unit_test(end_and_continue_swaps_once),
        cmocka_unit_test(patch_replaces_what_it_names),
        cmocka_unit_test(environments_do_not_see_each_other),
        cmocka_unit_test(dates_read_as_javascript_does),
        cmocka_unit_test(pins_name_deployed_versions),
        cmocka_unit_test(dots_are_no_ids),
        cmocka_unit_test(violations_change_something),
        cmocka_unit_test(violations_show),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
