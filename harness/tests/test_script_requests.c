/* The scripted server: what it answers where no script says more, and what it keeps of requests. */
#include "script_world.h"

#include <stdio.h>

static void test_appends_without_a_rule_get_rising_numbers(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "app#2: APP(401)\napp#4: APP(200,20)");
    static const char *const endings[] = {"{\"ok\":true,\"seq\":0}", "{\"error\":\"Unauthorized\"}",
                                          "{\"ok\":true,\"seq\":1}", "{\"ok\":true,\"seq\":20}",
                                          "{\"ok\":true,\"seq\":21}"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char text[1024];
        exchange(fixture, APPEND("2", "{}"), text, sizeof text);
        assert_non_null(strstr(text, endings[i]));
    }
    assert_int_equal(cs_scripted_unexpected(fixture->server), 0);
}

static void test_create_answers_a_whole_session(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "create#2: CREATE(200)");
    static const char body[] = "{\"externalId\":\"mine\",\"taskIdentifier\":\"t\",\"type\":\"chat."
                               "agent\",\"tags\":[\"a\"]}";
    char request[512];
    assert_in_range(snprintf(request, sizeof request,
                             "POST /api/v1/sessions HTTP/1.1\r\nContent-Length: %zu\r\n" HEAD_END
                             "%s",
                             strlen(body), body),
                    1, sizeof request - 1);
    char text[2048];
    exchange(fixture, request, text, sizeof text);
    assert_non_null(strstr(text, "HTTP/1.1 201 Created\r\n"));
    static const char *const parts[] = {
        "\"id\":\"session_",        "\"externalId\":\"mine\"", "\"type\":\"chat.agent\"",
        "\"taskIdentifier\":\"t\"", "\"triggerConfig\":{",     "\"tags\":[\"a\"]",
        "\"metadata\":null",        "\"closedAt\":null",       "\"closedReason\":null",
        "\"expiresAt\":null",       "\"createdAt\":\"20",      "\"updatedAt\":\"20",
        "\"runId\":\"run_",         "\"currentRunId\":\"run_", "\"publicAccessToken\":\"P1\"",
        "\"isCached\":false"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!strstr(text, parts[i])) {
            fail_msg("%s is missing in %s", parts[i], text);
        }
    }
    exchange(fixture, request, text, sizeof text);
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "\"isCached\":true"));
}

/* Calls about a session, and side channels: each has numbers of its own, and none is expected
 * that the script does not name. */
static void test_calls_about_a_session(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *line;
        enum cs_target target;
    } rows[] = {
        {"GET /api/v1/sessions/" SESSION, CS_TARGET_RETRIEVE},
        {"PATCH /api/v1/sessions/" SESSION, CS_TARGET_UPDATE},
        {"POST /api/v1/sessions/" SESSION "/close", CS_TARGET_CLOSE},
        {"GET /api/v1/sessions?page%5Bsize%5D=1", CS_TARGET_LIST},
        {"POST /api/v1/auth/jwt/claims", CS_TARGET_CLAIMS},
        {"PUT /realtime/v1/sessions/" SESSION "/out", CS_TARGET_PUT},
        {"POST /realtime/v1/sessions/" SESSION "/channels/a/in/append", CS_TARGET_SIDE_APP},
        {"GET /realtime/v1/sessions/" SESSION "/channels/a/out", CS_TARGET_SIDE_OUT},
        {"POST /head-start", CS_TARGET_HOP},
        {"GET /api/v1/sessions/another", CS_TARGET_OTHER},
        {"GET /api/v1/sessions/", CS_TARGET_OTHER},
        {"GET /realtime/v1/sessions/" SESSION "/channels/a", CS_TARGET_OTHER},
    };
    play(fixture, "retrieve#1: RETRIEVE(200)\nupdate#1: UPDATE(200)\nclose#1: CLOSE(200)\n"
                  "list#1: LIST(200)\nclaims#1: CLAIMS(200) body {}\nput#1: PUT(200)\n"
                  "side-app#1: APP(200,9)\nside-out#1: OUT{T 0 one | EOF}\n"
                  "hop#1: HOP{T 0 one | EOF}\n");
    size_t n = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < n; i++) {
        struct client client;
        client_open(&client, fixture);
        client_send(&client, rows[i].line);
        client_send(&client, " HTTP/1.1\r\nContent-Length: 0\r\n" HEAD_END);
        wait_requests(fixture, i + 1);
        client_wait(&client, rows[i].target == CS_TARGET_OTHER ? "404" : "200 OK");
        assert_int_equal(cs_scripted_request(fixture->server, i)->target, rows[i].target);
        client_close(&client);
    }
    assert_int_equal(cs_scripted_unexpected(fixture->server), 3);
}

static void test_requests_are_kept_exactly(void **state)
{
    struct fixture *fixture = *state;
    char text[1024];
    exchange(fixture,
             "POST /realtime/v1/sessions/chat%2D1/in/append?x=1 HTTP/1.1\r\nhOst: x\r\n"
             "X-Part-Id: p1\r\nContent-Length: 5\r\n\r\na\xc3\xa9\r\n",
             text, sizeof text);
    const struct cs_logged *request = cs_scripted_find(fixture->server, CS_TARGET_APP, 1);
    assert_non_null(request);
    assert_view(request->method, "POST");
    assert_view(request->path, "/realtime/v1/sessions/chat%2D1/in/append?x=1");
    assert_view(request->session, "chat-1");
    assert_view(request->body, "a\xc3\xa9\r\n");
    assert_int_equal(request->n_headers, 3);
    assert_view(request->headers[0].name, "hOst");
    assert_view(cs_logged_header(request, "x-part-id")->value, "p1");
    assert_null(cs_logged_header(request, "authorization"));
    assert_int_equal(request->connection, 1);
    assert_int_equal(request->status, 200);
    assert_true(request->ended);
    assert_false(request->unexpected);
}

static void test_what_nobody_expected_is_marked(void **state)
{
    struct fixture *fixture = *state;
    char text[1024];
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, "404 Not Found");
    client_close(&client);
    exchange(fixture,
             "POST /realtime/v1/sessions/other/in/append HTTP/1.1\r\n"
             "Content-Length: 0\r\n" HEAD_END,
             text, sizeof text);
    assert_non_null(strstr(text, "404 Not Found"));
    wait_requests(fixture, 2);
    assert_int_equal(cs_scripted_unexpected(fixture->server), 2);
    assert_true(cs_scripted_request(fixture->server, 0)->unexpected);
    /* Another session's request takes no number of ours. */
    assert_int_equal(cs_scripted_count_of(fixture->server, CS_TARGET_APP), 0);
    assert_int_equal(cs_scripted_count_of(fixture->server, CS_TARGET_OUT), 1);
    assert_true(fixture->changes >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_appends_without_a_rule_get_rising_numbers),
        WITH_SERVER(test_create_answers_a_whole_session),
        WITH_SERVER(test_calls_about_a_session),
        WITH_SERVER(test_requests_are_kept_exactly),
        WITH_SERVER(test_what_nobody_expected_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
