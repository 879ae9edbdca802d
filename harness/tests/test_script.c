/* The scripted server: the exact bytes that a plain socket client sees of its streams, and when. */
#include "script_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_stream_byte_for_byte),
        WITH_SERVER(test_pieces_are_chunks_of_their_own),
        WITH_SERVER(test_a_reset_resets_after_all_bytes),
        WITH_SERVER(test_held_streams_note_when_the_client_leaves),
        WITH_SERVER(test_waiting_for_a_request),
        WITH_SERVER(test_headers_can_be_replaced_and_left_out),
        WITH_SERVER(test_a_new_script_takes_over_and_the_old_plays_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
