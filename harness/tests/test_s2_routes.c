/* The stream store's own door of a running endpoint: direct reads, the tail, streams made
 * beforehand, and what is refused. The answers are those of s2-lite 0.43.4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#define STREAMS "/v1/streams"
#define RECORDS STREAMS "/a%2Fb/records"
#define BASIN   "S2-Basin: chatspec-basin\r\n"
#define JSON    "Content-Type: application/json\r\n"
#define EVENTS  "Accept: text/event-stream\r\n"
#define THREE                                                                                  \
    "{\"records\":[{\"timestamp\":10,\"body\":\"one\"},{\"timestamp\":20,\"headers\":[[\"a\"," \
    "\"b\"]],\"body\":\"2\"},{\"timestamp\":30}]}"

static void append(struct world *world, const char *body)
{
    assert_int_equal(status_of(world, "POST", RECORDS, SECRET, BASIN JSON, cs_view_str(body)), 200);
}

static void get(struct world *world, struct reply *reply, const char *query, const char *headers)
{
    char path[256];
    char lines[256];
    snprintf(path, sizeof(path), "%s%s", RECORDS, query);
    snprintf(lines, sizeof(lines), BASIN "%s", headers);
    exchange(world, reply, "GET", path, SECRET, lines, NO_BODY);
}

struct row {
    const char *query;
    const char *headers;
    int status;
    const char *body; /* whole, or with a leading '*' a part of it */
};

static void check(struct world *world, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct reply reply;
        get(world, &reply, rows[i].query, rows[i].headers);
        bool part = rows[i].body[0] == '*';
        bool good = part ? body_has(&reply, rows[i].body + 1)
                         : cs_view_eq(cs_buf_view(&reply.body), cs_view_str(rows[i].body));
        if (reply.status != rows[i].status || !good) {
            fail_msg("%s %s: %d %.*s", rows[i].query, rows[i].headers, reply.status,
                     CS_VIEW_ARG(cs_buf_view(&reply.body)));
        }
        forget(&reply);
    }
}
#define CHECK(world, rows) check(world, rows, sizeof(rows) / sizeof((rows)[0]))

#define ONE   "{\"seq_num\":0,\"timestamp\":10,\"body\":\"one\"}"
#define TWO   "{\"seq_num\":1,\"timestamp\":20,\"headers\":[[\"a\",\"b\"]],\"body\":\"2\"}"
#define LAST  "{\"seq_num\":2,\"timestamp\":30}"
#define TAIL  "{\"tail\":{\"seq_num\":3,\"timestamp\":30}}"
#define EMPTY "{\"records\":[]}"
#define ALL   "{\"records\":[" ONE "," TWO "," LAST "]}"

static void unary_reads_have_starts_and_bounds(void **state)
{
    static const struct row rows[] = {
        {"?seq_num=0", "", 200, ALL},
        {"?seq_num=%2B1&zzz=1", "", 200, "{\"records\":[" TWO "," LAST "]}"},
        {"?seq_num=0&count=1", "", 200, "{\"records\":[" ONE "]}"},
        {"?seq_num=0&count=0", "", 200, EMPTY},
        {"?seq_num=9&count=0", "", 200, EMPTY},
        {"?seq_num=0&bytes=11", "", 200, "{\"records\":[" ONE "]}"},
        {"?seq_num=0&bytes=10", "", 200, EMPTY},
        {"?seq_num=0&until=20", "", 200, "{\"records\":[" ONE "]}"},
        {"?tail_offset=1", "", 200, "{\"records\":[" LAST "]}"},
        {"?tail_offset=99", "", 200, ALL},
        {"?timestamp=11", "", 200, "{\"records\":[" TWO "," LAST "]}"},
        {"?timestamp=20&count=1", "", 200, "{\"records\":[" TWO "]}"},
        {"?seq_num=1&count=1", "S2-Format: base64\r\n", 200,
         "{\"records\":[{\"seq_num\":1,\"timestamp\":20,\"headers\":[[\"YQ==\",\"Yg==\"]],"
         "\"body\":\"Mg==\"}]}"},
        {"", "", 416, TAIL},
        {"?seq_num=3", "", 416, TAIL},
        {"?seq_num=3&clamp=true", "", 416, TAIL},
        {"?seq_num=4&wait=1", "", 416, TAIL},
        {"?timestamp=31", "", 416, TAIL},
        {"?seq_num=4&wait=1&clamp=true", "", 200, EMPTY},
        {"/tail", "", 200, TAIL},
    };
    struct world *world = *state;
    append(world, THREE);
    CHECK(world, rows);
    struct reply reply;
    get(world, &reply, "?seq_num=0", "");
    assert_string_equal(header_of(&reply, "Content-Type"), "application/json");
    forget(&reply);
    ask(world, &reply, "HEAD", RECORDS "?seq_num=0", SECRET, BASIN EVENTS, NO_BODY);
    WORLD_UNTIL(world, has_head(&reply));
    assert_int_equal(reply.status, 200);
    forget(&reply);
}

static void what_cannot_be_read_is_refused(void **state)
{
    static const struct row rows[] = {
        {"?seq_num=abc", "", 400, "*{\"code\":\"bad_query\",\"message\":\""},
        {"?seq_num=-1", "", 400, "*bad_query"},
        {"?seq_num=", "", 400, "*bad_query"},
        {"?seq_num=18446744073709551616", "", 400, "*bad_query"},
        {"?seq_num=0&seq_num=0", "", 400, "*bad_query"},
        {"?clamp=1", "", 400, "*bad_query"},
        {"?wait=4294967296", "", 400, "*bad_query"},
        {"?seq_num=0&timestamp=0", "", 422, "*\"invalid\""},
        {"?timestamp=5&until=5", "", 422, "*\"invalid\""},
        {"?seq_num=0", "S2-Format: hex\r\n", 400, "*bad_header"},
        {"?seq_num=0", "S2-Format: BASE64\r\n", 400, "*bad_header"},
        {"?seq_num=0&wait=0", EVENTS "Last-Event-ID: 0\r\n", 400, "*bad_header"},
        {"?seq_num=0&wait=0", EVENTS "Last-Event-ID: a,1,1\r\n", 400, "*bad_header"},
        {"?seq_num=0&wait=0", EVENTS "Last-Event-ID: 0,1,1,1\r\n", 400, "*bad_header"},
    };
    static const struct {
        const char *path;
        const char *headers;
        int status;
    } elsewhere[] = {
        {RECORDS "?seq_num=0", "", 400},
        {RECORDS "?seq_num=0", "S2-Basin: short\r\n", 400},
        {RECORDS "?seq_num=0", "S2-Basin: another-basin\r\n", 404},
        {RECORDS "?seq_num=x", "S2-Basin: another-basin\r\n", 400},
        {STREAMS "/a%00b/records/tail", BASIN, 400},
        {STREAMS "/a%FFb/records/tail", BASIN, 400},
        {STREAMS "/a%zzb/records/tail", BASIN, 400},
    };
    struct world *world = *state;
    append(world, THREE);
    CHECK(world, rows);
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        assert_int_equal(
            status_of(world, "GET", elsewhere[i].path, SECRET, elsewhere[i].headers, NO_BODY),
            elsewhere[i].status);
    }
    char name[600] = STREAMS "/";
    memset(name + strlen(name), 'n', 513);
    strcat(name, "/records/tail");
    assert_int_equal(status_of(world, "GET", name, SECRET, BASIN, NO_BODY), 400);
    assert_int_equal(status_of(world, "GET", RECORDS "?seq_num=0", "nobody", BASIN, NO_BODY), 403);
}

static void events_end_as_they_are_bounded(void **state)
{
#define BATCH(id, records) "event: batch\nid: " id "\ndata: {\"records\":[" records "]}\n\n"
#define DONE               "data: [DONE]\n\n"
    static const struct row rows[] = {
        {"?seq_num=0&wait=0", EVENTS, 200, BATCH("2,3,32", ONE "," TWO "," LAST) DONE},
        {"?seq_num=0&count=2", EVENTS, 200, BATCH("1,2,24", ONE "," TWO) DONE},
        {"?seq_num=0&bytes=5", EVENTS, 200, DONE},
        {"?seq_num=0&count=0", EVENTS, 200, DONE},
        {"?seq_num=3&wait=0", EVENTS, 200, DONE},
        {"?seq_num=9&wait=0&clamp=true", EVENTS, 200, DONE},
        {"?seq_num=9&wait=1", EVENTS, 416, TAIL},
        {"?seq_num=3&count=1", EVENTS, 416, TAIL},
        {"?seq_num=0&wait=0", EVENTS "Last-Event-ID: 0,1,11\r\n", 200,
         BATCH("2,3,32", TWO "," LAST) DONE},
        {"?seq_num=0&count=2", EVENTS "Last-Event-ID: 0,1,11\r\n", 200, BATCH("1,2,24", TWO) DONE},
        {"?seq_num=0&count=2", EVENTS "Last-Event-ID: 1,2,24\r\n", 200, DONE},
        {"?seq_num=0&wait=1", EVENTS "Last-Event-ID: 5,1,1\r\n", 416, TAIL},
        {"?seq_num=1&count=1", "Accept: text/event-stream;q=1, */*\r\n", 200,
         BATCH("1,1,13", TWO) DONE},
        {"?seq_num=0", "Accept: */*, text/event-stream\r\n", 200, ALL},
        {"?seq_num=3&wait=1", EVENTS, 200, "*event: ping\ndata: {\"timestamp\":"},
    };
    struct world *world = *state;
    append(world, THREE);
    CHECK(world, rows);
    struct reply reply;
    get(world, &reply, "?seq_num=0&wait=0", EVENTS);
    assert_string_equal(header_of(&reply, "Content-Type"), "text/event-stream");
    assert_string_equal(header_of(&reply, "Cache-Control"), "no-cache, no-transform");
    assert_null(header_of(&reply, "X-Stream-Version"));
    forget(&reply);
}

static void waiting_reads_get_what_comes(void **state)
{
    struct world *world = *state;
    struct reply unary;
    struct reply events;
    ask(world, &unary, "GET", RECORDS "?seq_num=0&wait=60", SECRET, BASIN, NO_BODY);
    ask(world, &events, "GET", RECORDS "?seq_num=0&count=1", SECRET, BASIN EVENTS, NO_BODY);
    WORLD_UNTIL(world, is_complete(&events)); /* bounded reads do not wait unless told to */
    assert_int_equal(events.status, 416);
    forget(&events);
    ask(world, &events, "GET", RECORDS "?seq_num=0&count=1&wait=60", SECRET, BASIN EVENTS, NO_BODY);
    WORLD_UNTIL(world, body_has(&events, "event: ping"));
    append(world, THREE);
    WORLD_UNTIL(world, is_complete(&unary) && is_complete(&events));
    assert_body(&unary, "{\"records\":[" ONE "," TWO "," LAST
                        "],\"tail\":{\"seq_num\":3,\"timestamp\":30}}");
    assert_true(body_has(&events, "id: 0,1,11\ndata: {\"records\":[" ONE
                                  "],\"tail\":{\"seq_num\":3,\"timestamp\":30}}\n\n" DONE));
    forget(&unary);
    forget(&events);
    /* Readers may leave while they wait, and while the store is at work for them. */
    ask(world, &unary, "GET", RECORDS "?seq_num=3&wait=60", SECRET, BASIN, NO_BODY);
    for (int i = 0; i < 5; i++) {
        world_turn(world, true);
    }
    forget(&unary);
    append(world, THREE);
}

static void answers_are_bounded_like_batches(void **state)
{
    struct world *world = *state;
    struct cs_buf body = CS_BUF((size_t)65536);
    cs_buf_str(&body, "{\"records\":[{}");
    for (int i = 1; i < 1000; i++) {
        cs_buf_str(&body, ",{}");
    }
    cs_buf_str(&body, "]}");
    cs_buf_char(&body, '\0');
    append(world, body.ptr);
    append(world, "{\"records\":[{}]}");
    cs_buf_free(&body);
    static const char *const queries[] = {"?seq_num=0", "?seq_num=0&count=5000",
                                          "?seq_num=0&bytes=99999999&wait=9"};
    for (size_t i = 0; i < 3; i++) {
        struct reply reply;
        get(world, &reply, queries[i], "");
        assert_true(body_has(&reply, "{\"seq_num\":999,"));
        assert_false(body_has(&reply, "{\"seq_num\":1000,"));
        forget(&reply);
    }
}

static void streams_can_be_made(void **state)
{
    static const struct {
        const char *headers;
        const char *body;
        int status;
    } rows[] = {
        {BASIN, "{\"stream\":\"made\"}", 201},
        {BASIN, "{\"stream\":\"made\"}", 409},
        {BASIN, "{\"stream\":\"\"}", 400},
        {BASIN, "{}", 400},
        {BASIN, "{\"stream\":1}", 400},
        {BASIN, "{", 400},
        {"S2-Basin: another-basin\r\n", "{\"stream\":\"x\"}", 404},
        {"", "{\"stream\":\"x\"}", 400},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char headers[128];
        snprintf(headers, sizeof(headers), JSON "%s", rows[i].headers);
        assert_int_equal(
            status_of(world, "POST", STREAMS, SECRET, headers, cs_view_str(rows[i].body)),
            rows[i].status);
    }
    struct reply reply;
    exchange(world, &reply, "POST", STREAMS, SECRET, BASIN JSON, CS_VIEW("{\"stream\":\"b\"}"));
    assert_true(body_has(&reply, "{\"name\":\"b\",\"created_at\":\"2"));
    forget(&reply);
}

static void appends_are_refused_as_s2_does(void **state)
{
    static const struct {
        const char *headers;
        const char *body;
        int status;
    } rows[] = {
        {BASIN JSON, "{\"records\":[{\"body\":\"a\",\"body\":\"b\"}]}", 400},
        {BASIN JSON, "{\"records\":[{}],\"records\":[{}]}", 400},
        {BASIN JSON,
         "{\"records\":[{}],\"fencing_token\":\"0123456789012345678901234567890123456\"}", 400},
        {BASIN JSON, "{\"records\":[{\"timestamp\":18446744073709551615}]}", 200},
        {BASIN JSON, "{\"records\":[{\"timestamp\":18446744073709551616}]}", 400},
        {BASIN "Content-Type: text/plain\r\n", "{\"records\":[{}]}", 400},
        {BASIN "Content-Type: application/vnd.x+json\r\n", "{\"records\":[{}]}", 200},
        {BASIN JSON "S2-Format: hex\r\n", "{\"records\":[{}]}", 400},
        {BASIN JSON "S2-Format: json-binsafe\r\n", "{\"records\":[{\"body\":\"YQ==\"}]}", 200},
        {BASIN JSON "S2-Format: base64\r\n", "{\"records\":[{\"body\":\"YR==\"}]}", 422},
        {BASIN JSON "S2-Format: base64\r\n", "{\"records\":[{\"body\":\"==\"}]}", 422},
        {BASIN JSON "S2-Format: base64\r\n",
         "{\"records\":[{\"headers\":[[\"\",\"ZmVuY2U=\"]],\"body\":\"/w==\"}]}", 422},
        {JSON "S2-Basin: another-basin\r\n", "{\"records\":[]}", 422},
        {JSON "S2-Basin: another-basin\r\n", "{\"records\":[{}]}", 404},
        {JSON, "{\"records\":[{}]}", 400},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status =
            status_of(world, "POST", RECORDS, SECRET, rows[i].headers, cs_view_str(rows[i].body));
        if (status != rows[i].status) {
            fail_msg("row %zu: %d", i, status);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(unary_reads_have_starts_and_bounds), WORLD_TEST(what_cannot_be_read_is_refused),
        WORLD_TEST(events_end_as_they_are_bounded),     WORLD_TEST(waiting_reads_get_what_comes),
        WORLD_TEST(answers_are_bounded_like_batches),   WORLD_TEST(streams_can_be_made),
        WORLD_TEST(appends_are_refused_as_s2_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
