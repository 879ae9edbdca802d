/* The line that shows how a run is going: what it says, how wide it is, and when it is due. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cli/live.h"

static const struct cs_case test = {.id = "endpoint/append/a-case-with-a-long-name"};
static const struct cs_work work = {.test = &test};

static char *line(const struct cs_live *live, const struct cs_progress *progress,
                  int64_t elapsed_ms, unsigned width)
{
    struct cs_buf out = CS_BUF(4096);
    cs_live_line(live, progress, elapsed_ms, width, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    return text;
}

static size_t columns(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

#define DOT " \xc2\xb7 "

static void it_says_how_it_goes(void **state)
{
    (void)state;
    struct cs_live live = {.work = &work, .n_failed = 2, .n_errors = 1};
    struct cs_progress progress = {
        .n_total = 448, .n_done = 112, .n_running = 64, .slowest = 0, .slowest_ms = 12345};
    char *text = line(&live, &progress, 13000, 0);
    assert_string_equal(text, "112/448" DOT "64 running" DOT "slowest "
                              "endpoint/append/a-case-with-a-long-name 12 s" DOT "2 failed" DOT
                              "1 error" DOT "~40 s left");
    free(text);
    text = line(&live, &progress, 79, 80);
    assert_true(columns(text) <= 80);
    free(text);
    live.n_before = 200; /* one part of several */
    live.n_all = 900;
    text = line(&live, &progress, 13000, 0);
    assert_non_null(strstr(text, "312/900" DOT "64 running"));
    assert_non_null(strstr(text, "~25 s left"));
    free(text);
    live.n_before = live.n_all = 0;
    progress.n_done = 0; /* nothing to guess from */
    text = line(&live, &progress, 13000, 0);
    assert_null(strstr(text, "left"));
    free(text);
}

static void the_name_is_what_is_cut(void **state)
{
    (void)state;
    struct cs_live live = {.work = &work, .n_failed = 2};
    struct cs_progress progress = {
        .n_total = 448, .n_done = 112, .n_running = 64, .slowest = 0, .slowest_ms = 12345};
    char *text = line(&live, &progress, 13000, 79);
    assert_int_equal(columns(text), 79);
    assert_non_null(strstr(text, "slowest .."));
    assert_non_null(strstr(text, "-a-long-name 12 s" DOT "2 failed" DOT "~40 s left"));
    free(text);
    text = line(&live, &progress, 13000, 50);
    assert_string_equal(text, "112/448" DOT "64 running" DOT "2 failed" DOT "~40 s left");
    free(text);
    for (unsigned width = 1; width < 120; width++) {
        text = line(&live, &progress, 13000, width);
        assert_true(columns(text) <= width);
        free(text);
    }
}

static void known_defects_are_no_failures(void **state)
{
    (void)state;
    struct cs_live live = {.work = &work};
    const struct cs_result results[] = {{.verdict = CS_FAIL},
                                        {.verdict = CS_FAIL, .known = true},
                                        {.verdict = CS_WARN, .known = true},
                                        {.verdict = CS_ERROR},
                                        {.verdict = CS_PASS}};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        cs_live_result(&live, 0, &results[i]);
    }
    assert_int_equal(live.n_failed, 1);
    assert_int_equal(live.n_warned, 0);
    assert_int_equal(live.n_errors, 1);
}

static void it_is_drawn_ten_times_a_second_at_most(void **state)
{
    (void)state;
    struct cs_live live = {.kind = CS_LIVE_TERMINAL};
    unsigned n = 0;
    for (int64_t now = 1000; now < 2000; now++) {
        n += cs_live_is_due(&live, now);
    }
    assert_int_equal(n, 10);
    live = (struct cs_live){.kind = CS_LIVE_LINES};
    n = 0;
    for (int64_t now = 1000; now <= 31000; now++) {
        n += cs_live_is_due(&live, now);
    }
    assert_int_equal(n, 3);
    live = (struct cs_live){.kind = CS_LIVE_OFF};
    assert_false(cs_live_is_due(&live, 1000));
    assert_false(cs_live_is_due(&live, 100000));
}

static void the_width_is_what_columns_says(void **state)
{
    (void)state;
    assert_int_equal(setenv("COLUMNS", "123", 1), 0);
    assert_int_equal(cs_terminal_width(-1), 123);
    assert_int_equal(setenv("COLUMNS", "wide", 1), 0);
    assert_int_equal(cs_terminal_width(-1), 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_how_it_goes),
        cmocka_unit_test(the_name_is_what_is_cut),
        cmocka_unit_test(known_defects_are_no_failures),
        cmocka_unit_test(it_is_drawn_ten_times_a_second_at_most),
        cmocka_unit_test(the_width_is_what_columns_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
