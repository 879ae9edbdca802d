/* The notation of scripts: what it means, and what is told of mistakes. */
#include "script_text.h"

#include <stdio.h>

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
