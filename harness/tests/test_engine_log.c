/* What libFuzzer prints, as clang 14's prints it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fuzz/engine/engine_log.h"

static struct cs_engine_log read_lines(const char *const *lines, size_t n)
{
    struct cs_engine_log log = {0};
    for (size_t i = 0; i < n; i++) {
        cs_engine_log_line(&log, cs_view_str(lines[i]));
    }
    return log;
}

static void progress_is_the_last_line_that_tells_it(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "INFO: seed corpus: files: 9 min: 1b max: 88b total: 412b rss: 29Mb",
        "#10\tINITED cov: 51 ft: 60 corp: 8/401b exec/s: 0 rss: 30Mb",
        "#2048\tpulse  cov: 61 ft: 90 corp: 11/500b lim: 4 exec/s: 1024 rss: 31Mb",
        "#4001\tDONE   cov: 62 ft: 91 corp: 12/501b lim: 4 exec/s: 2000 rss: 31Mb",
        "stat::number_of_executed_units: 4001",
    };
    struct cs_engine_log log = read_lines(lines, 5);
    assert_int_equal(log.executions, 4001);
    assert_int_equal(log.coverage, 62);
    assert_int_equal(log.features, 91);
    assert_int_equal(log.inputs, 12);
    assert_string_equal(log.cause, "");
    assert_string_equal(log.artifact, "");
}

static void the_first_complaint_is_the_cause(void **state)
{
    (void)state;
    static const char *const oracle[] = {
        "/x/fuzz_sse.c:12: broken: a == b",
        "==7== ERROR: libFuzzer: deadly signal",
        "SUMMARY: libFuzzer: deadly signal",
        "artifact_prefix='/f/sse-'; Test unit written to /f/sse-crash-12ab",
    };
    struct cs_engine_log log = read_lines(oracle, 4);
    assert_string_equal(log.cause, "/x/fuzz_sse.c:12: broken: a == b");
    assert_string_equal(log.artifact, "/f/sse-crash-12ab");
    static const char *const sanitizer[] = {
        "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020",
        "SUMMARY: AddressSanitizer: heap-buffer-overflow a.c:3",
    };
    log = read_lines(sanitizer, 2);
    assert_string_equal(log.cause, "AddressSanitizer: heap-buffer-overflow on address 0x6020");
    static const char *const undefined[] = {"a.c:9:3: runtime error: signed integer overflow"};
    log = read_lines(undefined, 1);
    assert_string_equal(log.cause, undefined[0]);
}

static void lines_of_any_form_and_length_are_read(void **state)
{
    (void)state;
    char wide[4000];
    memset(wide, 'x', sizeof wide);
    struct cs_engine_log log = {0};
    cs_engine_log_line(&log, cs_view_of(wide, sizeof wide));
    cs_engine_log_line(&log, cs_view_of(NULL, 0));
    cs_engine_log_line(&log, CS_VIEW("#"));
    cs_engine_log_line(&log, CS_VIEW("#x cov: y"));
    assert_int_equal(log.executions, 0);
    assert_int_equal(log.coverage, 0);
    memcpy(wide, "ERROR: ", 7);
    cs_engine_log_line(&log, cs_view_of(wide, sizeof wide));
    assert_int_equal(strlen(log.cause), CS_ENGINE_TEXT_MAX - 1 - 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_is_the_last_line_that_tells_it),
        cmocka_unit_test(the_first_complaint_is_the_cause),
        cmocka_unit_test(lines_of_any_form_and_length_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
