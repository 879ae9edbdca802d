/* Frames, scripts, the runner, and the report writers and readers when memory runs out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "failing_memory.h"
#include "reports/compare.h"
#include "reports/report.h"
#include "reports/report_read.h"
#include "script/notation.h"
#include "suite/runner.h"
#include "wire/json.h"
#include "wire/s2_message.h"
#include "wire/s2s.h"
#include "wire/reader.h"
#include "wire/token.h"

#define TEXT_MAX ((size_t)1 << 20)

/* ---- wire ---- */

static void frames(void *ctx)
{
    (void)ctx;
    struct cs_buf out = CS_BUF(TEXT_MAX);
    struct cs_s2s_reader reader = {.from_server = true};
    struct cs_s2s_frame frame = {0};
    struct cs_diag diag = {0};
    memory_on();
    cs_s2s_put(&out, 0, CS_VIEW("\x0a\x0d\x12\6\x0a\1a\x12\1b\x1a\3xyz"));
    cs_s2s_put_terminal(&out, 416, CS_VIEW("{}"));
    struct cs_view input = cs_buf_view(&out);
    struct cs_s2_message message = {0};
    if (cs_buf_error(&out) != CS_OK) {
        assert_true(memory.failed);
        assert_int_equal(cs_buf_error(&out), CS_ERR_NO_MEMORY);
    } else if (cs_s2s_read(&reader, &input, &frame, &diag) != CS_S2S_FRAME) {
        assert_true(memory.failed);
        assert_int_equal(diag.code, CS_ERR_NO_MEMORY);
    } else if (cs_s2_message_decode(frame.payload, &message, &diag) != CS_OK) {
        assert_true(memory.failed);
        assert_int_equal(diag.code, CS_ERR_NO_MEMORY);
    } else {
        assert_int_equal(message.n_records, 1);
        assert_int_equal(message.records[0].n_headers, 1);
        assert_true(cs_view_eq(message.records[0].body, CS_VIEW("xyz")));
    }
    memory_off();
    cs_s2_message_free(&message);
    cs_s2s_reader_free(&reader);
    cs_buf_free(&out);
}

/* Byte by byte; what is lost for want of memory is lost as a whole and said to be. */
static void events(void *ctx)
{
    (void)ctx;
    static const char text[] =
        "event: batch\nid: 1,2,3\ndata: {\"records\":[{\"seq_num\":0,\"timestamp\":1,\"headers\":"
        "[[\"a\",\"b\"]],\"body\":\"{\\\"data\\\":1,\\\"id\\\":\\\"x\\\"}\"}],\"tail\":{\"seq_num\""
        ":1,\"timestamp\":1}}\n\ndata: [DONE]\n\n";
    memory_on();
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    struct cs_diag diag = {0};
    unsigned n_records = 0;
    bool ended = !reader;
    for (size_t i = 0; i + 1 < sizeof text && !ended; i++) {
        struct cs_view input = cs_view_of(text + i, 1);
        enum cs_step step;
        while ((step = cs_reader_next(reader, &input, &event, &diag)) == CS_STEP_EVENT) {
            n_records += event.type == CS_EVENT_RECORD;
            assert_int_not_equal(event.type, CS_EVENT_MALFORMED);
        }
        ended = step == CS_STEP_ERROR;
    }
    memory_off();
    assert_true(memory.failed ? ended && (!reader || diag.code == CS_ERR_NO_MEMORY)
                              : n_records == 1);
    cs_reader_free(reader);
}

static void tokens(void *ctx)
{
    (void)ctx;
    static const char *const scopes[] = {"read:sessions:a", "write:sessions:a"};
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS("env", scopes, 2, 1700000000);
    const struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256, .now_s = 1700000001};
    struct cs_buf out = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_token token = {0};
    struct cs_diag diag = {0};
    memory_on();
    enum cs_err err = cs_token_mint(&claims, CS_VIEW("key"), &out);
    if (err == CS_OK) {
        err = cs_token_verify(cs_buf_view(&out), CS_VIEW("key"), &checks, &token, &diag);
    }
    memory_off();
    assert_int_equal(err, memory.failed ? CS_ERR_NO_MEMORY : CS_OK);
    cs_token_free(&token);
    cs_buf_free(&out);
}

/* ---- scripts ---- */

static void script(void *ctx)
{
    struct cs_notation *notation = NULL;
    struct cs_diag diag = {0};
    memory_on();
    enum cs_err err = cs_notation_parse(cs_view_str(ctx), &notation, &diag);
    memory_off();
    if (err != (memory.failed ? CS_ERR_NO_MEMORY : CS_OK)) {
        fail_msg("%s at %zu: %s", cs_err_name(err), diag.offset, diag.text);
    }
    cs_notation_free(notation);
}

/* ---- the runner ---- */

static void pass(struct cs_case_run *run)
{
    (void)run;
}

static const struct cs_role role = {.name = "client"};
static const struct cs_case cases[] = {
    {.id = "client/a/one", .title = "one", .requirements = "CRS-01", .run = pass},
    {.id = "client/a/two", .title = "two", .requirements = "CRS-02", .run = pass},
};
static const struct cs_work work[] = {{.role = &role, .test = &cases[0]},
                                      {.role = &role, .test = &cases[1]}};

static void run_cases(void *ctx)
{
    (void)ctx;
    struct cs_result results[2] = {{0}};
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    const struct cs_run_options options = {.jobs = 2, .seed = 1};
    memory_on();
    enum cs_err err = cs_run(work, 2, &options, results, &summary, &diag);
    memory_off();
    assert_true(err == CS_OK || (memory.failed && diag.text[0] != '\0'));
    for (size_t i = 0; i < 2; i++) {
        /* It passes, or the suite could not judge it: never the subject's fault. */
        assert_true(results[i].verdict == CS_PASS || results[i].verdict == CS_ERROR ||
                    !results[i].done);
        assert_true(memory.failed || (results[i].done && results[i].verdict == CS_PASS));
        cs_result_free(&results[i]);
    }
}

/* ---- reports ---- */

static void fill(struct cs_result results[2])
{
    for (size_t i = 0; i < 2; i++) {
        results[i] =
            (struct cs_result){.done = true, .ran = true, .verdict = i ? CS_FAIL : CS_PASS};
        assert_true(cs_result_set_message(&results[i], "why <not>"));
        assert_true(cs_result_observe(&results[i], "name", "value", "recorded"));
        assert_true(cs_result_add_evidence(&results[i], "request", "GET", "text", 0));
    }
}

static void write_reports(void *ctx)
{
    (void)ctx;
    struct cs_result results[2];
    fill(results);
    struct cs_report report = {.suite = "1",
                               .profile = "latest",
                               .command = "x",
                               .peer = {.kind = "builtin", .name = "x", .version = ""},
                               .work = work,
                               .results = results,
                               .n = 2};
    const struct cs_report_terminal how = {.verbose = true};
    struct cs_buf out[4] = {CS_BUF(TEXT_MAX), CS_BUF(TEXT_MAX), CS_BUF(TEXT_MAX), CS_BUF(TEXT_MAX)};
    struct cs_read_report older = {0};
    struct cs_diag diag = {0};
    cs_run_summarise(results, 2, &report.summary);
    memory_on();
    cs_report_json(&report, &out[0]);
    cs_report_junit(&report, &out[1]);
    cs_report_terminal(&report, &how, &out[2]);
    enum cs_err err = cs_buf_error(&out[0]);
    if (err == CS_OK) {
        err = cs_report_parse(cs_buf_view(&out[0]), "x", &older, &diag);
        assert_true(err == CS_OK || diag.text[0] != '\0');
    }
    if (err == CS_OK) {
        cs_compare(&older, &older, NULL, &out[3]);
        err = cs_compare_json(&older, &older, NULL, &out[3]);
    }
    memory_off();
    assert_true(err == CS_OK || memory.failed);
    for (size_t i = 0; i < 4; i++) {
        assert_true(memory.failed || cs_buf_error(&out[i]) == CS_OK);
        /* Whole or failed, never half of it. */
        assert_true(i != 0 || cs_buf_error(&out[0]) != CS_OK ||
                    cs_json_check(cs_buf_view(&out[0]), NULL) == CS_OK);
        cs_buf_free(&out[i]);
    }
    cs_read_report_free(&older);
    cs_result_free(&results[0]);
    cs_result_free(&results[1]);
}

static void wire_says_so(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(frames, NULL), 3, MEMORY_TURNS_MAX);
    assert_in_range(memory_fail_each(events, NULL), 3, MEMORY_TURNS_MAX);
    assert_in_range(memory_fail_each(tokens, NULL), 3, MEMORY_TURNS_MAX);
}

static void scripts_say_so(void **state)
{
    (void)state;
    static char text[] = "app#1: APP(200,5)\nout#1: OUT{R 0 {\"type\":\"start\"}; C 1 "
                         "turn-complete session-in-event-id=5 | HOLD}\n";
    assert_in_range(memory_fail_each(script, text), 3, MEMORY_TURNS_MAX);
}

static void the_runner_says_so(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(run_cases, NULL), 3, MEMORY_TURNS_MAX);
}

static void reports_say_so(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(write_reports, NULL), 20, MEMORY_TURNS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_says_so),
        cmocka_unit_test(scripts_say_so),
        cmocka_unit_test(the_runner_says_so),
        cmocka_unit_test(reports_say_so),
    };
    return cmocka_run_group_tests_name("memory_suite", tests, NULL, NULL) != 0;
}
