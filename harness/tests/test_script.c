/* The scripted server: its notation, and the exact bytes that a plain socket client sees. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script/scripted_server.h"

#define PATIENCE_MS 5000
#define SESSION     "chat-1"
#define APPEND_PATH "/realtime/v1/sessions/" SESSION "/in/append"
#define OUT_PATH    "/realtime/v1/sessions/" SESSION "/out"

/* ---- notation ---- */

static struct cs_notation *parse(const char *text)
{
    struct cs_notation *script = NULL;
    struct cs_diag diag = {0};
    enum cs_err err = cs_notation_parse(cs_view_str(text), &script, &diag);
    if (err != CS_OK) {
        fail_msg("%s at %llu: %s", cs_err_name(err), (unsigned long long)diag.offset, diag.text);
    }
    return script;
}

static void assert_view(struct cs_view actual, const char *expected)
{
    char *text = strndup(actual.len ? actual.ptr : "", actual.len);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(actual.len, strlen(expected));
    free(text);
}

/* The bytes of a stream that is written as one play. */
static void assert_stream(const char *inside, const char *expected)
{
    char text[1024];
    assert_in_range(snprintf(text, sizeof text, "out#1: OUT{%s}", inside), 0, sizeof text - 1);
    struct cs_notation *script = parse(text);
    const struct cs_play *play = cs_notation_rules(script)->answer.plays;
    assert_non_null(play);
    assert_int_equal(play->kind, CS_PLAY_BYTES);
    assert_null(play->next);
    assert_view(play->bytes, expected);
    cs_notation_free(script);
}

static void test_selectors(void **state)
{
    (void)state;
    struct cs_notation *script = parse("# a comment\n"
                                       "create#1: CREATE(200)\n"
                                       "app#2-3: APP(401)\n"
                                       "app#5+: APP(503)\n"
                                       "out*: OUT(404)\n");
    assert_null(cs_notation_find(script, CS_TARGET_CREATE, 2));
    assert_int_equal(cs_notation_find(script, CS_TARGET_CREATE, 1)->answer.status, 200);
    assert_null(cs_notation_find(script, CS_TARGET_APP, 1));
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, 2)->answer.status, 401);
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, 3)->answer.status, 401);
    assert_null(cs_notation_find(script, CS_TARGET_APP, 4));
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, UINT64_MAX)->answer.status, 503);
    assert_int_equal(cs_notation_find(script, CS_TARGET_OUT, 77)->answer.status, 404);
    assert_null(cs_notation_find(script, CS_TARGET_OTHER, 1));
    assert_null(cs_notation_find(NULL, CS_TARGET_APP, 1));
    cs_notation_free(script);
}

static void test_the_first_rule_wins(void **state)
{
    (void)state;
    struct cs_notation *script = parse("app#1: APP(200,0)\napp*: APP(500)");
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, 1)->answer.status, 200);
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, 2)->answer.status, 500);
    cs_notation_free(script);
}

static void test_answers_and_what_follows_them(void **state)
{
    (void)state;
    struct cs_notation *script =
        parse("app#1: APP(200,5) header x-a=1 header x-b=\"two; words\" without Connection\n"
              "app#2: APP(200,+) after out#2\n"
              "app#3: APP(409) body {\"code\":\"session_closed\"}\n"
              "app#4: APP(200) body \"not json\" after go\n"
              "app#5: APP(RST)\n"
              "app#6: APP(HOLD)");
    const struct cs_answer *answer = &cs_notation_find(script, CS_TARGET_APP, 1)->answer;
    assert_int_equal(answer->seq_kind, CS_SEQ_GIVEN);
    assert_int_equal(answer->seq, 5);
    assert_string_equal(answer->headers->name, "x-a");
    assert_string_equal(answer->headers->value, "1");
    assert_string_equal(answer->headers->next->value, "two; words");
    assert_string_equal(answer->headers->next->next->name, "Connection");
    assert_null(answer->headers->next->next->value);

    answer = &cs_notation_find(script, CS_TARGET_APP, 2)->answer;
    assert_int_equal(answer->seq_kind, CS_SEQ_NEXT);
    assert_true(answer->has_await);
    assert_int_equal(answer->await.target, CS_TARGET_OUT);
    assert_int_equal(answer->await.number, 2);

    answer = &cs_notation_find(script, CS_TARGET_APP, 3)->answer;
    assert_view(answer->body, "{\"code\":\"session_closed\"}");
    answer = &cs_notation_find(script, CS_TARGET_APP, 4)->answer;
    assert_int_equal(answer->seq_kind, CS_SEQ_NONE);
    assert_view(answer->body, "not json");
    assert_int_equal(answer->await.number, 0);
    assert_string_equal(answer->await.gate, "go");

    answer = &cs_notation_find(script, CS_TARGET_APP, 5)->answer;
    assert_int_equal(answer->status, 0);
    assert_int_equal(answer->ending, CS_ENDING_RST);
    assert_int_equal(cs_notation_find(script, CS_TARGET_APP, 6)->answer.ending, CS_ENDING_HOLD);
    cs_notation_free(script);
}

static void test_records_become_batches(void **state)
{
    (void)state;
    assert_stream("R 3 {\"type\":\"a;|}\"}",
                  "event: batch\nid: 3,1,47\ndata: {\"records\":[{\"seq_num\":3,"
                  "\"timestamp\":1767225600003,\"body\":\"{\\\"data\\\":{\\\"type\\\":\\\"a;|}"
                  "\\\"},\\\"id\\\":\\\"r000003\\\"}\"}],\"tail\":{\"seq_num\":4,"
                  "\"timestamp\":1767225600003}}\n\n");
    assert_stream("C 1 turn-complete public-access-token=a.b-c session-in-event-id=0",
                  "event: batch\nid: 1,1,86\ndata: {\"records\":[{\"seq_num\":1,"
                  "\"timestamp\":1767225600001,\"headers\":[[\"trigger-control\","
                  "\"turn-complete\"],[\"public-access-token\",\"a.b-c\"],"
                  "[\"session-in-event-id\",\"0\"]]}],\"tail\":{\"seq_num\":2,"
                  "\"timestamp\":1767225600001}}\n\n");
    assert_stream("K 2 trim 1",
                  "event: batch\nid: 2,1,22\ndata: {\"records\":[{\"seq_num\":2,"
                  "\"timestamp\":1767225600002,\"headers\":[[\"\",\"trim\"]],\"body\":\"\\u0000"
                  "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0001\"}],\"tail\":{\"seq_num\":3,"
                  "\"timestamp\":1767225600002}}\n\n");
}

static void test_a_text_is_a_delta(void **state)
{
    (void)state;
    struct cs_notation *text = parse("out#1: OUT{T 7 one; T 8 \"a \\\"b\\\"\"}");
    struct cs_notation *json =
        parse("out#1: OUT{R 7 {\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"one\"};"
              "R 8 {\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"a \\\"b\\\"\"}}");
    const struct cs_play *a = cs_notation_rules(text)->answer.plays;
    const struct cs_play *b = cs_notation_rules(json)->answer.plays;
    assert_true(cs_view_eq(a->bytes, b->bytes));
    cs_notation_free(text);
    cs_notation_free(json);
}

static void test_a_bracket_joins_records_to_one_batch(void **state)
{
    (void)state;
    assert_stream(
        "[R 0 id=x 1; REC null; K 1 fence]",
        "event: batch\nid: 1,3,46\ndata: {\"records\":[{\"seq_num\":0,"
        "\"timestamp\":1767225600000,\"body\":\"{\\\"data\\\":1,\\\"id\\\":\\\"x\\\"}\"},"
        "null,{\"seq_num\":1,\"timestamp\":1767225600001,\"headers\":[[\"\",\"fence\"]]}],"
        "\"tail\":{\"seq_num\":2,\"timestamp\":1767225600001}}\n\n");
}

static void test_other_events(void **state)
{
    (void)state;
    assert_stream("PING; PING {}; ERR it broke ; DONE; [DONE]",
                  "event: ping\ndata: {\"timestamp\":1767225600000}\n\n"
                  "event: ping\ndata: {}\n\n"
                  "event: error\ndata: it broke\n\n"
                  "data: [DONE]\n\ndata: [DONE]\n\n");
    assert_stream("LINES crlf; ERR x; LINES cr; DONE; LINES lf; RAW \": c\\n\\n\"; HEX ff0A",
                  "event: error\r\ndata: x\r\n\r\ndata: [DONE]\r\r: c\n\n\xff\n");
    assert_stream(" | DONE ", "data: [DONE]\n\n");
}

/* What stands for many records or for long ones gives the same bytes as all of it written out. */
static void assert_same(const char *brief, const char *whole)
{
    struct cs_notation *scripts[2] = {parse(brief), parse(whole)};
    struct cs_view bytes[2];
    for (size_t i = 0; i < 2; i++) {
        bytes[i] = cs_notation_find(scripts[i], CS_TARGET_OUT, 1)->answer.plays->bytes;
    }
    assert_true(cs_view_eq(bytes[0], bytes[1]));
    cs_notation_free(scripts[0]);
    cs_notation_free(scripts[1]);
}

static void test_many_and_long(void **state)
{
    (void)state;
    assert_same("out#1: OUT{MANY 9 3}", "out#1: OUT{[T 9 9; T 10 10; T 11 11]}");
    assert_same("out#1: OUT{[T 0 x; MANY 1 2; C 3 y]}", "out#1: OUT{[T 0 x; T 1 1; T 2 2; C 3 y]}");
    assert_same("out#1: OUT{LONG 4 28}", "out#1: OUT{T 4 abcdefghijklmnopqrstuvwxyzab}");
}

static void test_plays_and_endings(void **state)
{
    (void)state;
    struct cs_notation *script =
        parse("out#1: OUT{SPLIT 7; DONE; AWAIT app#2; AWAIT \"my gate\"; PING | RST}\n"
              "out#2: OUT{}\n"
              "out#3: OUT{|EOF}\n"
              "out#4: OUT{\n  PING;\n  DONE\n}");
    const struct cs_answer *answer = &cs_notation_find(script, CS_TARGET_OUT, 1)->answer;
    const struct cs_play *play = answer->plays;
    assert_int_equal(play->kind, CS_PLAY_SPLIT);
    assert_int_equal(play->split, 7);
    play = play->next;
    assert_int_equal(play->kind, CS_PLAY_BYTES);
    play = play->next;
    assert_int_equal(play->kind, CS_PLAY_AWAIT);
    assert_int_equal(play->await.target, CS_TARGET_APP);
    assert_int_equal(play->await.number, 2);
    play = play->next;
    assert_string_equal(play->await.gate, "my gate");
    assert_null(play->next->next);
    assert_int_equal(answer->ending, CS_ENDING_RST);

    answer = &cs_notation_find(script, CS_TARGET_OUT, 2)->answer;
    assert_null(answer->plays);
    assert_int_equal(answer->ending, CS_ENDING_HOLD);
    assert_int_equal(cs_notation_find(script, CS_TARGET_OUT, 3)->answer.ending, CS_ENDING_EOF);
    assert_non_null(cs_notation_find(script, CS_TARGET_OUT, 4)->answer.plays);
    cs_notation_free(script);
}

static void test_mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cs_err code;
        uint64_t offset;
    } rows[] = {
        {"in#1: APP(200)", CS_ERR_SYNTAX, 0},
        {"app: APP(200)", CS_ERR_SYNTAX, 3},
        {"app#x: APP(200)", CS_ERR_SYNTAX, 4},
        {"app#0: APP(200)", CS_ERR_RANGE, 5},
        {"app#3-2: APP(200)", CS_ERR_RANGE, 7},
        {"app#1 APP(200)", CS_ERR_SYNTAX, 6},
        {"app#1: OUT{}", CS_ERR_SYNTAX, 7},
        {"app#1: APP(99)", CS_ERR_RANGE, 13},
        {"app#1: APP(200", CS_ERR_SYNTAX, 14},
        {"app#1: APP(200,)", CS_ERR_SYNTAX, 15},
        {"app#1: APP(200) nonsense", CS_ERR_SYNTAX, 16},
        {"app#1: APP(200) header =1", CS_ERR_SYNTAX, 25},
        {"app#1: APP(200) body {", CS_ERR_SYNTAX, 22},
        {"app#99999999999999999999: APP(200)", CS_ERR_RANGE, 4},
        {"out#1: OUT{", CS_ERR_SYNTAX, 11},
        {"out#1: OUT{PING", CS_ERR_SYNTAX, 15},
        {"out#1: OUT{ZORK}", CS_ERR_SYNTAX, 15},
        {"out#1: OUT{R x {}}", CS_ERR_SYNTAX, 13},
        {"out#1: OUT{R 0 nil}", CS_ERR_SYNTAX, 16},
        {"out#1: OUT{C 0 a b}", CS_ERR_SYNTAX, 18},
        {"out#1: OUT{[PING]}", CS_ERR_SYNTAX, 12},
        {"out#1: OUT{MANY 0 65537}", CS_ERR_RANGE, 23},
        {"out#1: OUT{MANY 0}", CS_ERR_SYNTAX, 17},
        {"out#1: OUT{LONG 0 99999999}", CS_ERR_RANGE, 26},
        {"out#1: OUT{[R 0 1", CS_ERR_SYNTAX, 17},
        {"out#1: OUT{HEX 0}", CS_ERR_SYNTAX, 16},
        {"out#1: OUT{LINE a }", CS_ERR_SYNTAX, 19},
        {"out#1: OUT{HEX zz}", CS_ERR_SYNTAX, 17},
        {"out#1: OUT{LINES x}", CS_ERR_SYNTAX, 17},
        {"out#1: OUT{AWAIT ;}", CS_ERR_SYNTAX, 17},
        {"out#1: OUT{AWAIT app#0}", CS_ERR_RANGE, 22},
        {"out#1: OUT{PING | BOOM}", CS_ERR_SYNTAX, 18},
        {"out#1: OUT{} body {}", CS_ERR_SYNTAX, 17},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_notation *script = NULL;
        struct cs_diag diag = {0};
        enum cs_err err = cs_notation_parse(cs_view_str(rows[i].text), &script, &diag);
        if (err != rows[i].code || diag.offset != rows[i].offset) {
            fail_msg("%s: got %s at %llu (%s), expected %s at %llu", rows[i].text, cs_err_name(err),
                     (unsigned long long)diag.offset, diag.text, cs_err_name(rows[i].code),
                     (unsigned long long)rows[i].offset);
        }
        assert_null(script);
        assert_string_not_equal(diag.text, "");
    }
}

/* Every beginning of a script is either a script or a mistake with an offset inside it. */
static void test_cut_scripts_do_no_harm(void **state)
{
    (void)state;
    static const char text[] =
        "create#1: CREATE(201) header x=1\napp#1-2: APP(200,5) body {\"a\":[1,2]} after go\n"
        "out#1: OUT{SPLIT 3; [R 0 id=\"q\" {\"t\":\"\\u00e9\"}; C 1 x a=b]; K 2 trim 1; REC null;\n"
        " PING {}; ERR e; HEX 00ff; LINES crlf; RAW \"z\"; AWAIT app#2; DONE | RST} without y\n";
    for (size_t len = 0; len < sizeof text; len++) {
        char *cut = malloc(len ? len : 1);
        assert_non_null(cut);
        memcpy(cut, text, len);
        struct cs_notation *script = NULL;
        struct cs_diag diag = {0};
        if (cs_notation_parse(cs_view_of(cut, len), &script, &diag) != CS_OK) {
            assert_true(diag.offset <= len);
        }
        cs_notation_free(script);
        free(cut);
    }
}

/* ---- the server, seen from a socket ---- */

struct fixture {
    struct cs_loop *loop;
    struct cs_scripted *server;
    unsigned changes;
};

struct client {
    struct cs_watch watch; /* first, so that the callback finds its client */
    struct fixture *fixture;
    struct cs_buf received;
    bool ended;
    int error; /* errno of the read that failed */
};

static void count_change(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->changes++;
    cs_loop_stop(fixture->loop);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->loop = cs_loop_new();
    assert_non_null(fixture->loop);
    struct cs_scripted_config config = {.loop = fixture->loop,
                                        .session = SESSION,
                                        .token = "P1",
                                        .changed = count_change,
                                        .ctx = fixture};
    assert_int_equal(cs_scripted_start(&config, &fixture->server, NULL), CS_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_scripted_stop(fixture->server);
    cs_loop_free(fixture->loop);
    free(fixture);
    return 0;
}

static void play(struct fixture *fixture, const char *text)
{
    assert_true(cs_scripted_play(fixture->server, parse(text)));
}

static void client_ready(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct client *client = (struct client *)watch;
    char bytes[4096];
    ssize_t n = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        cs_buf_append(&client->received, bytes, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        client->ended = true;
        client->error = n < 0 ? errno : 0;
        cs_watch_remove(client->fixture->loop, watch);
    }
    cs_loop_stop(client->fixture->loop);
}

static void client_open(struct client *client, struct fixture *fixture)
{
    *client = (struct client){.fixture = fixture, .received = CS_BUF(1 << 20)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *port = strrchr(cs_scripted_url(fixture->server), ':') + 1;
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    client->watch = (struct cs_watch){.fd = fd, .events = EPOLLIN, .ready = client_ready};
    assert_int_equal(cs_watch_add(fixture->loop, &client->watch), CS_OK);
}

static void client_send(struct client *client, const char *text)
{
    assert_int_equal(send(client->watch.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void client_close(struct client *client)
{
    if (!client->ended) {
        cs_watch_remove(client->fixture->loop, &client->watch);
    }
    close(client->watch.fd);
    cs_buf_free(&client->received);
}

/* Runs the loop until `what` was received or, without `what`, the connection is over. */
static void client_wait(struct client *client, const char *what)
{
    int64_t deadline = cs_loop_now(client->fixture->loop) + PATIENCE_MS;
    while (what ? cs_view_find(cs_buf_view(&client->received), cs_view_str(what)) == SIZE_MAX
                : !client->ended) {
        if (!cs_loop_run(client->fixture->loop, deadline) ||
            (what && client->ended &&
             cs_view_find(cs_buf_view(&client->received), cs_view_str(what)) == SIZE_MAX)) {
            fail_msg("never came: %s; received %.*s", what ? what : "the end",
                     CS_VIEW_ARG(cs_buf_view(&client->received)));
        }
    }
}

static void wait_requests(struct fixture *fixture, size_t n)
{
    int64_t deadline = cs_loop_now(fixture->loop) + PATIENCE_MS;
    while (cs_scripted_count(fixture->server) < n) {
        assert_true(cs_loop_run(fixture->loop, deadline));
    }
}

#define HEAD_END "Host: x\r\n\r\n"
#define GET_OUT  "GET " OUT_PATH " HTTP/1.1\r\n" HEAD_END
#define STREAM_HEAD                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Stream-Version: v2\r\n" \
    "Cache-Control: no-cache, no-transform\r\nTransfer-Encoding: chunked\r\n\r\n"
#define APPEND(body_len, body) \
    "POST " APPEND_PATH " HTTP/1.1\r\nContent-Length: " body_len "\r\n" HEAD_END body

static void test_a_stream_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{DONE | EOF}");
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, "0\r\n\r\n");
    assert_view(cs_buf_view(&client.received), STREAM_HEAD "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    /* A clean end keeps the connection. */
    client_send(&client, "GET /elsewhere HTTP/1.1\r\n" HEAD_END);
    client_wait(&client, "404 Not Found");
    assert_int_equal(cs_scripted_find(fixture->server, CS_TARGET_OTHER, 1)->connection,
                     cs_scripted_find(fixture->server, CS_TARGET_OUT, 1)->connection);
    client_close(&client);
}

static void test_pieces_are_chunks_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{SPLIT 5; RAW \"abcdefghijkl\"; SPLIT 0; RAW \"mnopqrst\" | EOF}");
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, "0\r\n\r\n");
    assert_view(cs_buf_view(&client.received),
                STREAM_HEAD "5\r\nabcde\r\n5\r\nfghij\r\n2\r\nkl\r\n8\r\nmnopqrst\r\n0\r\n\r\n");
    client_close(&client);
}

static void test_a_reset_resets_after_all_bytes(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{PING {} | RST}");
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, NULL);
    assert_int_equal(client.error, ECONNRESET);
    assert_view(cs_buf_view(&client.received), STREAM_HEAD "16\r\nevent: ping\ndata: {}\n\n\r\n");
    assert_true(cs_scripted_find(fixture->server, CS_TARGET_OUT, 1)->ended);
    client_close(&client);
}

static void test_held_streams_note_when_the_client_leaves(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{DONE | HOLD}");
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, "[DONE]\n\n\r\n");
    const struct cs_logged *request = cs_scripted_find(fixture->server, CS_TARGET_OUT, 1);
    assert_false(request->ended);
    assert_true(request->gone_ms < 0);
    client_close(&client);
    int64_t deadline = cs_loop_now(fixture->loop) + PATIENCE_MS;
    while (request->gone_ms < 0) {
        assert_true(cs_loop_run(fixture->loop, deadline));
    }
    assert_true(request->gone_ms >= request->at_ms);
}

static void test_waiting_for_a_request(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{RAW \"first\"; AWAIT app#1; RAW \"second\" | EOF}\n"
                  "app#1: APP(200,7) after go");
    struct client reader;
    struct client writer;
    client_open(&reader, fixture);
    client_open(&writer, fixture);
    client_send(&reader, GET_OUT);
    client_wait(&reader, "first");
    assert_int_equal(cs_view_find(cs_buf_view(&reader.received), CS_VIEW("second")), SIZE_MAX);
    client_send(&writer, APPEND("2", "{}"));
    client_wait(&reader, "second");
    assert_int_equal(writer.received.len, 0);
    assert_true(cs_scripted_release(fixture->server, "go"));
    client_wait(&writer, NULL);
    assert_int_equal(writer.error, 0);
    assert_view(cs_buf_view(&writer.received),
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n"
                "Connection: close\r\n\r\n{\"ok\":true,\"seq\":7}");
    client_close(&reader);
    client_close(&writer);
}

/* One request on a connection of its own; gives the whole answer in `text`. */
static void exchange(struct fixture *fixture, const char *request, char *text, size_t size)
{
    struct client client;
    client_open(&client, fixture);
    client_send(&client, request);
    client_wait(&client, NULL);
    assert_true(client.received.len < size);
    memcpy(text, client.received.ptr, client.received.len);
    text[client.received.len] = '\0';
    client_close(&client);
}

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

static void test_headers_can_be_replaced_and_left_out(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{|EOF} without x-stream-version header content-type=text/html\n"
                  "app#1: APP(204)\n"
                  "app#2: APP(RST)");
    struct client client;
    client_open(&client, fixture);
    client_send(&client, GET_OUT);
    client_wait(&client, "0\r\n\r\n");
    assert_view(cs_buf_view(&client.received),
                "HTTP/1.1 200 OK\r\nCache-Control: no-cache, no-transform\r\n"
                "Transfer-Encoding: chunked\r\ncontent-type: text/html\r\n\r\n0\r\n\r\n");
    client_close(&client);

    char text[1024];
    exchange(fixture, APPEND("0", ""), text, sizeof text);
    assert_string_equal(text, "HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n"
                              "Connection: close\r\n\r\n");
    client_open(&client, fixture);
    client_send(&client, APPEND("0", ""));
    client_wait(&client, NULL);
    assert_int_equal(client.error, ECONNRESET);
    assert_int_equal(client.received.len, 0);
    client_close(&client);
}

static void test_a_new_script_takes_over_and_the_old_plays_on(void **state)
{
    struct fixture *fixture = *state;
    play(fixture, "out#1: OUT{RAW \"one\"; AWAIT go; RAW \"two\" | EOF}");
    struct client first;
    struct client second;
    client_open(&first, fixture);
    client_open(&second, fixture);
    client_send(&first, GET_OUT);
    client_wait(&first, "one");
    play(fixture, "out#2: OUT{RAW \"three\" | EOF}");
    client_send(&second, GET_OUT);
    client_wait(&second, "three");
    assert_true(cs_scripted_release(fixture->server, "go"));
    client_wait(&first, "two");
    client_close(&first);
    client_close(&second);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
        {"POST /realtime/v1/sessions/" SESSION "/channels/a/in/append", CS_TARGET_SIDE_APP},
        {"GET /realtime/v1/sessions/" SESSION "/channels/a/out", CS_TARGET_SIDE_OUT},
        {"POST /head-start", CS_TARGET_HOP},
        {"GET /api/v1/sessions/another", CS_TARGET_OTHER},
        {"GET /api/v1/sessions/", CS_TARGET_OTHER},
        {"GET /realtime/v1/sessions/" SESSION "/channels/a", CS_TARGET_OTHER},
    };
    play(fixture, "retrieve#1: RETRIEVE(200)\nupdate#1: UPDATE(200)\nclose#1: CLOSE(200)\n"
                  "list#1: LIST(200)\nclaims#1: CLAIMS(200) body {}\n"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_the_first_rule_wins),
        cmocka_unit_test(test_answers_and_what_follows_them),
        cmocka_unit_test(test_records_become_batches),
        cmocka_unit_test(test_a_text_is_a_delta),
        cmocka_unit_test(test_a_bracket_joins_records_to_one_batch),
        cmocka_unit_test(test_other_events),
        cmocka_unit_test(test_many_and_long),
        cmocka_unit_test(test_plays_and_endings),
        cmocka_unit_test(test_mistakes_are_told_with_their_place),
        cmocka_unit_test(test_cut_scripts_do_no_harm),
        WITH_SERVER(test_a_stream_byte_for_byte),
        WITH_SERVER(test_pieces_are_chunks_of_their_own),
        WITH_SERVER(test_a_reset_resets_after_all_bytes),
        WITH_SERVER(test_held_streams_note_when_the_client_leaves),
        WITH_SERVER(test_waiting_for_a_request),
        WITH_SERVER(test_appends_without_a_rule_get_rising_numbers),
        WITH_SERVER(test_create_answers_a_whole_session),
        WITH_SERVER(test_calls_about_a_session),
        WITH_SERVER(test_requests_are_kept_exactly),
        WITH_SERVER(test_what_nobody_expected_is_marked),
        WITH_SERVER(test_headers_can_be_replaced_and_left_out),
        WITH_SERVER(test_a_new_script_takes_over_and_the_old_plays_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
