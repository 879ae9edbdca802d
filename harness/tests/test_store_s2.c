/* The S2 backend against a scripted S2: appends, and looks at the end of a stream. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/s2_world.h"

#define ACK_0_1                                                                  \
    ANSWER("200 OK", "109",                                                      \
           "{\"start\":{\"seq_num\":0,\"timestamp\":10},\"end\":{\"seq_num\":1," \
           "\"timestamp\":10},\"tail\":{\"seq_num\":1,\"timestamp\":10}}")
#define ACK_1_4                                                                  \
    ANSWER("200 OK", "109",                                                      \
           "{\"start\":{\"seq_num\":1,\"timestamp\":20},\"end\":{\"seq_num\":4," \
           "\"timestamp\":20},\"tail\":{\"seq_num\":4,\"timestamp\":20}}")

/* The order in which appends were answered. */
struct answers {
    struct cs_buf log;
    size_t n;
};

struct appending {
    struct answers *answers;
    char name;
};

static void on_done(void *ctx, const struct cs_store_appended *result)
{
    struct appending *appending = ctx;
    struct cs_buf *log = &appending->answers->log;
    appending->answers->n++;
    if (result->status == CS_STORE_OK) {
        cs_buf_printf(log, "%c %llu-%llu tail %llu@%lld\n", appending->name,
                      (unsigned long long)result->start.seq_num,
                      (unsigned long long)result->end.seq_num,
                      (unsigned long long)result->tail.seq_num, (long long)result->tail.timestamp);
    } else if (result->status == CS_STORE_CONDITION && result->fencing_mismatch) {
        cs_buf_printf(log, "%c token is '%.*s'\n", appending->name,
                      CS_VIEW_ARG(result->fencing_token));
    } else if (result->status == CS_STORE_CONDITION) {
        cs_buf_printf(log, "%c tail is %llu\n", appending->name,
                      (unsigned long long)result->tail.seq_num);
    } else {
        static const char *const words[] = {"", "invalid", "", "not found", "unavailable"};
        assert_non_null(result->message);
        cs_buf_printf(log, "%c %s\n", appending->name, words[result->status]);
    }
}

static void assert_log(struct answers *answers, const char *expected)
{
    cs_buf_char(&answers->log, '\0');
    assert_string_equal(answers->log.ptr, expected);
    cs_buf_free(&answers->log);
    answers->n = 0;
}

#define ANSWERS ((struct answers){.log = CS_BUF((size_t)1 << 16)})

/* One or two records with a text, a header and bytes that are no text. */
static void append(struct world *world, const char *stream, struct appending *appending,
                   size_t n_records, const struct cs_store_append *conditions)
{
    static const struct cs_header header = {{"k", 1}, {"\xff\0", 2}};
    const struct cs_record records[] = {
        {.body = CS_VIEW("{\"data\":1}"), .has_body = true},
        {.headers = &header, .n_headers = 1, .timestamp = 77, .has_timestamp = true},
    };
    struct cs_store_append input = conditions ? *conditions : (struct cs_store_append){0};
    input.records = records;
    input.n_records = n_records;
    world->store->ops->append(world->store, cs_view_str(stream), &input, on_done, appending);
}

static void an_append_is_a_request_with_base64(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.bytes = ANSWER("200 OK", "109",
                         "{\"start\":{\"seq_num\":7,\"timestamp\":10},\"end\":{\"seq_num\":9,"
                         "\"timestamp\":10},\"tail\":{\"seq_num\":9,\"timestamp\":10}}"),
         .end = CANNED_KEEP}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'};
    WORLD(&world, steps);
    append(&world, "org/x y/\xc3\xa9", &a, 2, NULL);
    assert_int_equal(answers.n, 0);
    UNTIL(&world, answers.n == 1);
    assert_log(&answers, "a 7-9 tail 9@10\n");
    canned_stop(world.canned);
    const char *text = world.canned->requests[0].text;
    assert_non_null(strstr(text, "POST /v1/streams/org%2Fx%20y%2F%C3%A9/records HTTP/1.1\r\n"));
    assert_non_null(strstr(text, "S2-Basin: chatspec-basin\r\n"));
    assert_non_null(strstr(text, "S2-Format: base64\r\n"));
    assert_non_null(strstr(text, "Authorization: Bearer secret\r\n"));
    assert_non_null(strstr(text, "Content-Type: application/json\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4,
                        "{\"records\":[{\"body\":\"eyJkYXRhIjoxfQ==\"},{\"body\":\"\","
                        "\"headers\":[[\"aw==\",\"/wA=\"]],\"timestamp\":77}]}");
    world_close(&world);
}

static void what_waits_goes_out_together_and_in_order(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = ACK_0_1, .end = CANNED_KEEP},
                                               {.bytes = ACK_1_4, .end = CANNED_KEEP}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'}, b = {&answers, 'b'}, c = {&answers, 'c'};
    WORLD(&world, steps);
    append(&world, "s", &a, 1, NULL);
    append(&world, "s", &b, 1, NULL);
    append(&world, "s", &c, 2, NULL);
    UNTIL(&world, answers.n == 3);
    assert_log(&answers, "a 0-1 tail 1@10\nb 1-2 tail 4@20\nc 2-4 tail 4@20\n");
    canned_stop(world.canned);
    assert_int_equal(world.canned->n_requests, 2);
    assert_int_equal(world.canned->requests[1].connection, 1);
    world_close(&world);
}

static void an_append_with_a_condition_goes_alone(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.bytes = ACK_0_1, .end = CANNED_KEEP},
        {.bytes = ANSWER("412 No", "22", "{\"seq_num_mismatch\":5}"), .end = CANNED_KEEP},
        {.bytes = ANSWER("412 No", "34", "{\"fencing_token_mismatch\":\"a\\nb\"}  "),
         .end = CANNED_KEEP},
        {.bytes = ANSWER("412 No", "2", "{}"), .end = CANNED_KEEP}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'}, b = {&answers, 'b'};
    struct appending c = {&answers, 'c'}, d = {&answers, 'd'};
    const struct cs_store_append number = {.has_match_seq_num = true, .match_seq_num = 3};
    const struct cs_store_append token = {.has_fencing_token = true,
                                          .fencing_token = CS_VIEW("x\"y")};
    WORLD(&world, steps);
    append(&world, "s", &a, 1, NULL);
    append(&world, "s", &b, 1, &number);
    append(&world, "s", &c, 1, &token);
    append(&world, "s", &d, 1, NULL);
    UNTIL(&world, answers.n == 4);
    assert_log(&answers, "a 0-1 tail 1@10\nb tail is 5\nc token is 'a\nb'\nd unavailable\n");
    canned_stop(world.canned);
    assert_non_null(strstr(world.canned->requests[1].text, "}],\"match_seq_num\":3}"));
    assert_non_null(strstr(world.canned->requests[2].text, "}],\"fencing_token\":\"x\\\"y\"}"));
    assert_null(strstr(world.canned->requests[3].text, "fencing"));
    world_close(&world);
}

static void faults_of_s2_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        struct canned_step step;
        const char *log;
    } rows[] = {
        {{.bytes = ANSWER("422 No", "31", "{\"code\":\"invalid\",\"message\":\"x\"}")},
         "a invalid\n"},
        {{.bytes = ANSWER("400 No", "0", "")}, "a invalid\n"},
        {{.bytes = ANSWER("404 No", "2", "{}")}, "a not found\n"},
        {{.bytes = ANSWER("403 No", "2", "{}")}, "a unavailable\n"},
        {{.bytes = ANSWER("500 No", "4", "oops")}, "a unavailable\n"},
        {{.bytes = ANSWER("503 No", "0", "")}, "a unavailable\n"},
        {{.bytes = ANSWER("200 OK", "2", "{}")}, "a unavailable\n"},
        {{.bytes = ANSWER("200 OK", "7", "garbage")}, "a unavailable\n"},
        {{.bytes = ACK_1_4}, "a unavailable\n"}, /* another number of records */
        {{.bytes = ANSWER("200 OK", "20", "{\"start\":")}, "a unavailable\n"},
        {{.bytes = ""}, "a unavailable\n"},
        {{.bytes = "", .end = CANNED_RESET}, "a unavailable\n"},
        {{.bytes = "", .end = CANNED_HOLD}, "a unavailable\n"},
        {{.bytes = "HTTP/1.1 200 OK\r\n", .end = CANNED_HOLD}, "a unavailable\n"},
        {{.bytes = "%!$\r\n\r\n"}, "a unavailable\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct answers answers = ANSWERS;
        struct appending a = {&answers, 'a'};
        world_open(&world, &rows[i].step, 1, PATIENCE_WITH(rows[i].step));
        append(&world, "s", &a, 1, NULL);
        UNTIL(&world, answers.n == 1);
        assert_log(&answers, rows[i].log);
        world_close(&world);
    }
}

static void a_flood_for_an_answer_is_refused(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n";
    size_t len = sizeof(head) - 1 + 1048576;
    char *bytes = calloc(1, len);
    assert_non_null(bytes);
    memcpy(bytes, head, sizeof(head) - 1);
    const struct canned_step steps[] = {{.bytes = bytes, .len = len}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'};
    WORLD(&world, steps);
    append(&world, "s", &a, 1, NULL);
    UNTIL(&world, answers.n == 1);
    assert_log(&answers, "a unavailable\n");
    world_close(&world);
    free(bytes);
}

/* Each of those who wait would find out by itself, one patience after the other. */
static void who_waits_behind_a_dead_s2_fails_with_it(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = "", .end = CANNED_HOLD},
                                               {.bytes = ACK_0_1, .end = CANNED_KEEP}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'}, b = {&answers, 'b'}, c = {&answers, 'c'};
    world_open(&world, steps, 2, 1000);
    append(&world, "s", &a, 1, NULL);
    append(&world, "s", &b, 1, NULL);
    UNTIL(&world, answers.n == 2);
    append(&world, "s", &c, 1, NULL); /* and those who come later are heard */
    UNTIL(&world, answers.n == 3);
    assert_log(&answers, "a unavailable\nb unavailable\nc 0-1 tail 1@10\n");
    world_close(&world);
}

static void without_an_s2_there_is_no_store(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = ""}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'};
    WORLD(&world, steps);
    canned_stop(world.canned);
    append(&world, "s", &a, 1, NULL);
    UNTIL(&world, answers.n == 1);
    assert_log(&answers, "a unavailable\n");
    const struct cs_store_s2_config config = {.url = world.url, .basin = "chatspec-basin"};
    struct cs_diag diag = {0};
    assert_int_equal(cs_store_s2_probe(&config, &diag), CS_ERR_CONNECT);
    assert_non_null(strstr(diag.text, "cannot be reached"));
    world_close(&world);
}

static void a_probe_tells_what_is_there(void **state)
{
    (void)state;
    static const struct {
        struct canned_step step;
        enum cs_err err;
        const char *word;
    } rows[] = {
        {{.bytes = ANSWER("200 OK", "30", "{\"streams\":[],\"has_more\":false}")}, CS_OK, ""},
        {{.bytes = ANSWER("403 No", "28", "{\"code\":\"permission_denied\"}")}, CS_OK, ""},
        {{.bytes = ANSWER("404 No", "26", "{\"code\":\"basin_not_found\"}")},
         CS_ERR_MISSING,
         "has no basin chatspec-basin"},
        {{.bytes = ANSWER("404 No", "3", "no\n")}, CS_ERR_TYPE, "not as a stream store"},
        {{.bytes = ANSWER("401 No", "5", "token")}, CS_ERR_USAGE, "401: token"},
        {{.bytes = ANSWER("200 OK", "5", "hello")}, CS_ERR_TYPE, "not as a stream store"},
        {{.bytes = "", .end = CANNED_HOLD}, CS_ERR_TIMEOUT, "no answer in time"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct canned *canned = canned_start(&rows[i].step, 1);
        char url[128];
        snprintf(url, sizeof(url), "%s/v1", canned->url);
        const struct cs_store_s2_config config = {
            .url = url, .basin = "chatspec-basin", .token = "secret", .patience_ms = 200};
        struct cs_diag diag = {0};
        assert_int_equal(cs_store_s2_probe(&config, &diag), rows[i].err);
        assert_non_null(strstr(diag.text, rows[i].word));
        assert_null(strchr(diag.text, '\n'));
        canned_stop(canned);
        assert_non_null(strstr(canned->requests[0].text, "GET /v1/streams?limit=1 HTTP/1.1\r\n"));
        canned_free(canned);
    }
}

static void an_illegal_batch_is_not_sent(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = ACK_0_1}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'};
    WORLD(&world, steps);
    append(&world, "s", &a, 0, NULL);
    assert_log(&answers, "a invalid\n");
    world_close(&world);
}

static void freeing_answers_who_waits(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = "", .end = CANNED_HOLD}};
    struct world world;
    struct answers answers = ANSWERS;
    struct appending a = {&answers, 'a'}, b = {&answers, 'b'};
    WORLD(&world, steps);
    append(&world, "s", &a, 1, NULL);
    append(&world, "s", &b, 1, NULL);
    world.store->ops->free(world.store);
    world.store = NULL;
    assert_log(&answers, "a unavailable\nb unavailable\n");
    world_close(&world);
}

/* ---- the end of a stream ---- */

struct looked {
    bool done;
    enum cs_store_status status;
    struct cs_position tail;
    struct cs_buf log;
};

static void on_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                    size_t n, struct cs_position tail)
{
    struct looked *looked = ctx;
    looked->done = true;
    looked->status = status;
    looked->tail = tail;
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(&looked->log, "%s %llu@%lld %.*s\n", cs_record_kind_name(records[i].kind),
                      (unsigned long long)records[i].seq_num, (long long)records[i].timestamp,
                      CS_VIEW_ARG(records[i].body));
    }
    cs_buf_char(&looked->log, '\0');
}

/* Looks at the last two records of a stream whose S2 plays these steps. */
static void look(const struct canned_step *steps, size_t n_steps, enum cs_store_status status,
                 uint64_t tail, const char *log, const char *second_query)
{
    struct world world;
    struct looked looked = {.log = CS_BUF((size_t)1 << 16)};
    world_open(&world, steps, n_steps, PATIENCE_WITH(steps[0]));
    world.store->ops->last(world.store, CS_VIEW("s"), 2, on_last, &looked);
    UNTIL(&world, looked.done);
    assert_int_equal(looked.status, status);
    assert_int_equal(looked.tail.seq_num, tail);
    assert_string_equal(looked.log.ptr, log);
    canned_stop(world.canned);
    assert_non_null(
        strstr(world.canned->requests[0].text,
               "GET /v1/streams/s/records?tail_offset=2&count=2&wait=0&clamp=true HTTP/1.1\r\n"));
    if (second_query != NULL) {
        assert_int_equal(world.canned->n_requests, 2);
        assert_non_null(strstr(world.canned->requests[1].text, second_query));
    }
    cs_buf_free(&looked.log);
    world_close(&world);
}

#define RECORD_4 "{\"seq_num\":4,\"timestamp\":44,\"body\":\"aGk=\"}"
/* a control record, and a trim */
#define RECORD_5 \
    "{\"seq_num\":5,\"timestamp\":55,\"headers\":[[\"dHJpZ2dlci1jb250cm9s\",\"eA==\"]]}"
#define TRIM_5 \
    "{\"seq_num\":5,\"timestamp\":55,\"headers\":[[\"\",\"dHJpbQ==\"]],\"body\":\"YQ==\"}"
#define CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

static void the_last_records_come_in_one_answer(void **state)
{
    (void)state;
    static const struct canned_step control[] = {
        {.bytes = CHUNKED "{\"records\":[" RECORD_4 "," RECORD_5 "]}"}};
    static const struct canned_step trim[] = {
        {.bytes = CHUNKED "{\"records\":[" RECORD_4 "," TRIM_5 "]}"}};
    look(control, 1, CS_STORE_OK, 6, "data 4@44 hi\ncontrol 5@55 \n", NULL);
    look(trim, 1, CS_STORE_OK, 6, "data 4@44 hi\ncommand 5@55 a\n", NULL);
}

static void fewer_records_are_followed_to_the_end(void **state)
{
    (void)state;
    static const struct canned_step shorter[] = {
        {.bytes = CHUNKED "{\"records\":[" RECORD_4 "]}"},
        {.bytes = ANSWER("416 No", "37", "{\"tail\":{\"seq_num\":5,\"timestamp\":44}}")}};
    static const struct canned_step cut[] = {{.bytes = CHUNKED "{\"records\":[" RECORD_4 "]}"},
                                             {.bytes = CHUNKED "{\"records\":[" RECORD_5 "]}"}};
    static const struct canned_step with_tail[] = {
        {.bytes =
             CHUNKED "{\"records\":[" RECORD_4 "],\"tail\":{\"seq_num\":9,\"timestamp\":99}}"}};
    look(shorter, 2, CS_STORE_OK, 5, "data 4@44 hi\n", "?seq_num=5&count=1&wait=0&clamp=true ");
    look(cut, 2, CS_STORE_OK, 6, "data 4@44 hi\ncontrol 5@55 \n", "?seq_num=5&count=1");
    look(with_tail, 1, CS_STORE_OK, 9, "data 4@44 hi\n", NULL);
}

static void an_end_that_cannot_be_seen(void **state)
{
    (void)state;
    static const struct {
        struct canned_step step;
        enum cs_store_status status;
        uint64_t tail;
    } rows[] = {
        {{.bytes = ANSWER("416 No", "36", "{\"tail\":{\"seq_num\":0,\"timestamp\":0}}")},
         CS_STORE_OK,
         0},
        {{.bytes = CHUNKED "{\"records\":[]}"}, CS_STORE_OK, 0},
        {{.bytes = ANSWER("404 No", "2", "{}")}, CS_STORE_NOT_FOUND, 0},
        {{.bytes = ANSWER("500 No", "2", "{}")}, CS_STORE_UNAVAILABLE, 0},
        {{.bytes = ANSWER("416 No", "2", "{}")}, CS_STORE_UNAVAILABLE, 0},
        {{.bytes = CHUNKED "what?"}, CS_STORE_UNAVAILABLE, 0},
        {{.bytes = CHUNKED "{\"records\":[" RECORD_4 "," RECORD_4 "," RECORD_5 "]}"},
         CS_STORE_UNAVAILABLE,
         0},
        {{.bytes = CHUNKED "{\"records\":[{\"seq_num\":1,\"timestamp\":1,\"body\":\"?\"}]}"},
         CS_STORE_UNAVAILABLE,
         0},
        {{.bytes = ""}, CS_STORE_UNAVAILABLE, 0},
        {{.bytes = "", .end = CANNED_HOLD}, CS_STORE_UNAVAILABLE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        look(&rows[i].step, 1, rows[i].status, rows[i].tail, "", NULL);
    }
}

static void freeing_answers_who_looks(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = "", .end = CANNED_HOLD}};
    struct world world;
    struct looked looked = {.log = CS_BUF((size_t)1 << 16)};
    WORLD(&world, steps);
    world.store->ops->last(world.store, CS_VIEW("s"), 2, on_last, &looked);
    world.store->ops->free(world.store);
    world.store = NULL;
    assert_true(looked.done);
    assert_int_equal(looked.status, CS_STORE_UNAVAILABLE);
    cs_buf_free(&looked.log);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_append_is_a_request_with_base64),
        cmocka_unit_test(what_waits_goes_out_together_and_in_order),
        cmocka_unit_test(an_append_with_a_condition_goes_alone),
        cmocka_unit_test(faults_of_s2_are_told_apart),
        cmocka_unit_test(a_flood_for_an_answer_is_refused),
        cmocka_unit_test(who_waits_behind_a_dead_s2_fails_with_it),
        cmocka_unit_test(without_an_s2_there_is_no_store),
        cmocka_unit_test(a_probe_tells_what_is_there),
        cmocka_unit_test(an_illegal_batch_is_not_sent),
        cmocka_unit_test(freeing_answers_who_waits),
        cmocka_unit_test(the_last_records_come_in_one_answer),
        cmocka_unit_test(fewer_records_are_followed_to_the_end),
        cmocka_unit_test(an_end_that_cannot_be_seen),
        cmocka_unit_test(freeing_answers_who_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
