/* Lists of expected failures: what is read, what is refused and in which line, what a list says of
 * a report, and what an update makes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "reports/expect.h"

#define ENTRY "client/a/one\n  reason: r\n  until: 2027-01-31\n"

/* ---- reading ---- */

static void assert_refused(const char *text, const char *why)
{
    struct cs_expect list = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_expect_parse(cs_view_str(text), "f", &list, &diag), CS_ERR_SYNTAX);
    if (!strstr(diag.text, why)) {
        fail_msg("'%s' is not in '%s'", why, diag.text);
    }
}

static struct cs_expect list_of(const char *text)
{
    struct cs_expect list = {0};
    struct cs_diag diag = {0};
    if (cs_expect_parse(cs_view_str(text), "f", &list, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    return list;
}

static void assert_taken(const char *text, size_t n)
{
    struct cs_expect list = list_of(text);
    assert_int_equal(list.n, n);
    cs_expect_free(&list);
}

static void entries_say_who_why_and_until_when(void **state)
{
    (void)state;
    struct cs_expect list = list_of("# head\n\n"
                                    "TOK-20\r\n"
                                    "  reason: with: colon # and hash\r\n"
                                    "  until: 2028-02-29\r\n"
                                    "\tpeer: @trigger.dev/sdk\n"
                                    "  versions: 4.7.0..4.8.3\n"
                                    "  # between\n"
                                    "  flaky: yes\n" ENTRY);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.entries[0].id, "TOK-20");
    assert_string_equal(list.entries[0].reason, "with: colon # and hash");
    assert_string_equal(list.entries[0].until, "2028-02-29");
    assert_string_equal(list.entries[0].peer, "@trigger.dev/sdk");
    assert_int_equal(list.entries[0].newest.minor, 8);
    assert_true(list.entries[0].flaky);
    assert_int_equal(list.entries[0].line, 3);
    assert_false(list.entries[1].flaky);
    cs_expect_free(&list);
    assert_taken("", 0);
    assert_taken("# nothing yet", 0);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    assert_refused("\n  reason: r\n", "f:2: an indented line without an id");
    assert_refused("client/*\n" ENTRY, "f:1: no patterns");
    assert_refused("what is this\n", "f:1: 'what is this' is no id");
    assert_refused("TOK\n", "f:1: 'TOK' is no id");
    assert_taken("TOK-1\n  reason: r\n  until: 2027-01-31\n", 1);
    assert_refused("client/a/b\n  until: 2027-01-31\n", "f:1: client/a/b has no 'reason:'");
    assert_refused("client/a/b\n  reason: r\n" ENTRY, "f:1: client/a/b has no 'until:'");
    assert_refused(ENTRY "  until: 2027-01-31\n", "f:4: 'until:' is there twice");
    assert_refused("client/a/b\n  reason:\n", "f:2: 'reason:' says nothing");
    assert_refused("client/a/b\n  why: x\n", "f:2: no 'why:' here");
    assert_refused("client/a/b\n  reason\n", "f:2: an indented line is 'name: value'");
    assert_refused(ENTRY "  flaky: maybe\n", "f:4: 'flaky:' takes yes or no");
    assert_taken(ENTRY "  flaky: no\n", 1);
    assert_refused("client/a/b\n  reason: a \x1b[31m\n", "f:2: a control character");
    assert_refused("client/a/b\n  reason: a \xff\n", "f:2: this is not UTF-8");
    assert_taken("client/a/b\n  reason: \xc3\xa4\n  until: 2027-01-31\n", 1);
}

static void days_are_days_of_the_calendar(void **state)
{
    (void)state;
    static const char *const bad[] = {"2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31",
                                      "2027-4-3",   "2100-02-29", "tomorrow",   "2027-01-31x"};
    static const char *const good[] = {"2028-02-29", "2027-12-31", "2000-02-29"};
    char text[128];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "client/a/b\n  reason: r\n  until: %s\n", bad[i]);
        assert_refused(text, "f:3: 'until:' takes a day");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "client/a/b\n  reason: r\n  until: %s\n", good[i]);
        assert_taken(text, 1);
    }
}

static void versions_are_ranges(void **state)
{
    (void)state;
    static const char *const bad[] = {"..", "4.8", "4.8.3..4.7.0", "4.7.0...4.8.3", "new"};
    static const char *const good[] = {"4.8.3", "4.8.3..", "..4.8.3", "4.7.0..4.8.3"};
    char text[128];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ENTRY "  versions: %s\n", bad[i]);
        assert_refused(text, "f:4: 'versions:' takes");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, ENTRY "  versions: %s\n", good[i]);
        assert_taken(text, 1);
    }
}

static void the_same_entry_is_there_once(void **state)
{
    (void)state;
    assert_refused(ENTRY ENTRY, "f:4: client/a/one is there already, in line 1");
    assert_taken(ENTRY "  versions: 4.7.7\n" ENTRY "  versions: 4.8.3\n" ENTRY, 3);
}

/* ---- a report ---- */

static const struct cs_role role = {.name = "client"};
static const struct cs_case rows[] = {
    {.id = "client/a/fails", .title = "t", .requirements = "AAA-01"},
    {.id = "client/a/passes", .title = "t", .requirements = "AAA-01 AAA-02"},
    {.id = "client/a/warns", .title = "t", .requirements = "AAA-03", .level = CS_SHOULD},
    {.id = "client/a/informs", .title = "t", .requirements = "AAA-01", .level = CS_OBSERVED},
    {.id = "client/a/errs", .title = "t", .requirements = "AAA-04"},
    {.id = "client/a/new", .title = "t", .requirements = "AAA-05"},
};
#define N_ROWS (sizeof rows / sizeof rows[0])
static const enum cs_verdict verdicts[N_ROWS] = {CS_FAIL, CS_PASS,  CS_WARN,
                                                 CS_INFO, CS_ERROR, CS_FAIL};

struct world {
    struct cs_work work[N_ROWS];
    struct cs_result results[N_ROWS];
    struct cs_report report;
};

static void begin(struct world *world, const char *version)
{
    *world = (struct world){0};
    for (size_t i = 0; i < N_ROWS; i++) {
        world->work[i] = (struct cs_work){.role = &role, .test = &rows[i]};
        world->results[i].done = true;
        world->results[i].verdict = verdicts[i];
    }
    world->report = (struct cs_report){.command = "x",
                                       .peer = {.kind = "sdk", .name = "sdk", .version = version},
                                       .work = world->work,
                                       .results = world->results,
                                       .n = N_ROWS};
    cs_run_summarise(world->results, N_ROWS, &world->report.summary);
}

static void end(struct world *world)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        cs_result_free(&world->results[i]);
    }
}

static int status_with(struct world *world, const char *text, const char *today, bool should)
{
    struct cs_expect list = list_of(text);
    assert_int_equal(cs_expect_apply(&list, today, &world->report, world->results), CS_OK);
    cs_expect_free(&list);
    world->results[4].verdict = CS_SKIP; /* what cannot be judged is not the question here */
    cs_run_summarise(world->results, N_ROWS, &world->report.summary);
    return cs_report_exit_status(&world->report, should);
}

#define LISTED(id) id "\n  reason: r\n  until: 2027-01-31\n"

static void expected_failures_do_not_count(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "4.8.3");
    assert_int_equal(status_with(&world, LISTED("client/a/fails"), "2027-01-31", false), 1);
    assert_int_equal(world.results[0].expected.state, CS_EXPECTED_FAILURE);
    assert_string_equal(world.results[0].expected.reason, "r");
    assert_int_equal(
        status_with(&world, LISTED("client/a/fails") LISTED("client/a/new"), "2027-01-31", false),
        0);
    assert_int_equal(world.report.summary.n_expected[CS_FAIL], 2);
    /* a SHOULD counts when it is asked to, and an entry covers it too */
    const char *both = LISTED("client/a/fails") LISTED("AAA-05");
    assert_int_equal(status_with(&world, both, "2027-01-31", true), 1);
    const char *all = LISTED("client/a/fails") LISTED("AAA-05") LISTED("AAA-03");
    assert_int_equal(status_with(&world, all, "2027-01-31", true), 0);
    end(&world);
}

static void a_pass_that_is_listed_counts_unless_it_is_flaky(void **state)
{
    (void)state;
    const char *fits = LISTED("client/a/fails") LISTED("client/a/new");
    char text[1024];
    struct world world;
    begin(&world, "4.8.3");
    snprintf(text, sizeof text, "%s%s", fits, LISTED("client/a/passes"));
    assert_int_equal(status_with(&world, text, "2027-01-31", false), 1);
    assert_int_equal(world.results[1].expected.state, CS_UNEXPECTED_PASS);
    snprintf(text, sizeof text, "%s%s  flaky: yes\n", fits, LISTED("client/a/passes"));
    assert_int_equal(status_with(&world, text, "2027-01-31", false), 0);
    assert_int_equal(world.results[1].expected.state, CS_TOLERATED_PASS);
    end(&world);
}

static void an_entry_is_over_after_its_day(void **state)
{
    (void)state;
    const char *fits = LISTED("client/a/fails") LISTED("client/a/new");
    struct world world;
    begin(&world, "4.8.3");
    assert_int_equal(status_with(&world, fits, "2027-01-31", false), 0);
    assert_int_equal(status_with(&world, fits, "2027-02-01", false), 1);
    assert_int_equal(world.results[0].expected.state, CS_EXPECTATION_OVER);
    assert_int_equal(world.report.summary.n_over, 2);
    end(&world);
}

static void entries_can_be_of_a_peer_and_of_versions(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        const char *version;
        bool holds;
    } rows_of[] = {
        {"  peer: sdk\n", "4.8.3", true},
        {"  peer: other\n", "4.8.3", false},
        {"  versions: 4.7.0..4.8.3\n", "4.8.3", true},
        {"  versions: 4.7.0..4.8.2\n", "4.8.3", false},
        {"  versions: 4.8.3\n", "4.8.3", true},
        {"  versions: ..4.8.3\n", "4.8.4", false},
        {"  versions: 4.8.4..\n", "4.8.3", false},
        {"  versions: 4.0.0..\n", "", false}, /* not known: nothing is said of it */
        {"", "", true},
    };
    for (size_t i = 0; i < sizeof rows_of / sizeof rows_of[0]; i++) {
        char text[256];
        struct world world;
        begin(&world, rows_of[i].version);
        snprintf(text, sizeof text, "%s%s", LISTED("client/a/fails"), rows_of[i].more);
        (void)status_with(&world, text, "2027-01-31", false);
        assert_int_equal(world.results[0].expected.state,
                         rows_of[i].holds ? CS_EXPECTED_FAILURE : CS_NOT_LISTED);
        end(&world);
    }
}

static void the_case_goes_before_the_requirement_and_infos_are_not_meant(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "4.8.3");
    (void)status_with(&world,
                      "AAA-01\n  reason: of all\n  until: 2027-01-31\n"
                      "client/a/fails\n  reason: of one\n  until: 2027-01-31\n",
                      "2027-01-31", false);
    assert_string_equal(world.results[0].expected.reason, "of one");
    assert_string_equal(world.results[1].expected.reason, "of all");
    assert_int_equal(world.results[3].expected.state, CS_NOT_LISTED);
    end(&world);
}

static void a_flaky_case_counts_unless_it_is_listed_as_such(void **state)
{
    (void)state;
    const char *fits = LISTED("client/a/fails") LISTED("client/a/new");
    char text[1024];
    struct cs_repeat repeats[N_ROWS] = {0};
    struct world world;
    begin(&world, "4.8.3");
    repeats[1].n_verdicts[CS_PASS] = 2;
    repeats[1].n_verdicts[CS_FAIL] = 1;
    world.report.repeats = repeats;
    assert_int_equal(status_with(&world, fits, "2027-01-31", false), 1);
    snprintf(text, sizeof text, "%s%s  flaky: yes\n", fits, LISTED("client/a/passes"));
    assert_int_equal(status_with(&world, text, "2027-01-31", false), 0);
    end(&world);
}

/* ---- the list anew ---- */

static void assert_update(const char *before, const struct cs_report *reports, size_t n,
                          bool by_version, bool should, const char *after)
{
    struct cs_expect list = list_of(before);
    struct cs_buf out = CS_BUF(65536);
    for (size_t i = 0; i < list.n; i++) {
        list.entries[i].n_cases = 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct cs_report copy = reports[i];
        assert_int_equal(cs_expect_apply(&list, "2027-01-31", &copy,
                                         (struct cs_result *)(uintptr_t)copy.results),
                         CS_OK);
    }
    struct cs_expect_change change = {.reports = reports,
                                      .n = n,
                                      .by_version = by_version,
                                      .with_should = should,
                                      .until = "2027-05-01"};
    cs_expect_update(&list, &change, &out);
    char *text = cs_buf_take(&out);
    assert_string_equal(text, after);
    assert_taken(text, list.n + change.n_added - change.n_removed);
    free(text);
    cs_expect_free(&list);
}

static void an_update_keeps_what_people_wrote(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "4.8.3");
    assert_update("# head\n\n"
                  "# goes with it\nclient/a/passes\n  reason: gone\n  until: 2027-06-01\n\n"
                  "# stays\nclient/a/fails\n  reason: of old\n  # and why\n  until: 2026-06-01\n\n"
                  "client/a/elsewhere\n  reason: another role's\n  until: 2027-06-01\n\n"
                  "client/a/errs\n  reason: not judged\n  until: 2027-06-01",
                  &world.report, 1, false, false,
                  "# head\n\n"
                  "# stays\nclient/a/fails\n  reason: of old\n  # and why\n  until: 2026-06-01\n\n"
                  "client/a/elsewhere\n  reason: another role's\n  until: 2027-06-01\n\n"
                  "client/a/errs\n  reason: not judged\n  until: 2027-06-01\n\n"
                  "client/a/new\n  reason: TODO\n  until: 2027-05-01\n");
    end(&world);
}

static void an_update_leaves_flaky_entries_and_known_defects(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "4.8.3");
    world.results[5].known = true;
    const char *list = LISTED("client/a/fails") LISTED("client/a/passes") "  flaky: yes\n";
    assert_update(list, &world.report, 1, false, false, list);
    assert_update(list, &world.report, 1, false, true,
                  LISTED("client/a/fails") LISTED(
                      "client/a/passes") "  flaky: yes\n"
                                         "\nclient/a/warns\n  reason: TODO\n  until: 2027-05-01\n");
    end(&world);
}

static void an_update_of_versions_names_them(void **state)
{
    (void)state;
    struct world worlds[3];
    struct cs_report reports[4];
    begin(&worlds[0], "4.6.4");
    begin(&worlds[1], "4.7.7");
    begin(&worlds[2], "4.8.3");
    worlds[2].results[5].verdict = CS_PASS;
    worlds[0].results[0].verdict = CS_PASS;
    reports[0] = worlds[0].report;
    reports[1] = worlds[1].report;
    reports[2] = (struct cs_report){.peer = {.version = "4.8.0", .missing = "not there"}};
    reports[3] = worlds[2].report;
    assert_update("client/a/fails\n  reason: r\n  until: 2027-06-01\n  versions: 4.7.7\n", reports,
                  4, true, false,
                  "client/a/fails\n  reason: r\n  until: 2027-06-01\n  versions: 4.7.7\n"
                  "\nclient/a/new\n  reason: TODO\n  until: 2027-05-01\n"
                  "  versions: 4.6.4..4.7.7\n"
                  "\nclient/a/fails\n  reason: TODO\n  until: 2027-05-01\n  versions: 4.8.3\n");
    /* it passes in one of the versions that the entry is about, and fails in the other */
    assert_update(LISTED("client/a/new"), reports, 4, true, false,
                  LISTED("client/a/new") "\nclient/a/fails\n  reason: TODO\n  until: 2027-05-01\n"
                                         "  versions: 4.7.7\n"
                                         "\nclient/a/fails\n  reason: TODO\n  until: 2027-05-01\n"
                                         "  versions: 4.8.3\n");
    for (size_t i = 0; i < 3; i++) {
        end(&worlds[i]);
    }
}

static void days_of_the_clock(void **state)
{
    (void)state;
    char day[CS_EXPECT_DATE_SIZE];
    cs_expect_day(1700000000123, day);
    assert_string_equal(day, "2023-11-14");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_say_who_why_and_until_when),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(days_are_days_of_the_calendar),
        cmocka_unit_test(versions_are_ranges),
        cmocka_unit_test(the_same_entry_is_there_once),
        cmocka_unit_test(expected_failures_do_not_count),
        cmocka_unit_test(a_pass_that_is_listed_counts_unless_it_is_flaky),
        cmocka_unit_test(an_entry_is_over_after_its_day),
        cmocka_unit_test(entries_can_be_of_a_peer_and_of_versions),
        cmocka_unit_test(the_case_goes_before_the_requirement_and_infos_are_not_meant),
        cmocka_unit_test(a_flaky_case_counts_unless_it_is_listed_as_such),
        cmocka_unit_test(an_update_keeps_what_people_wrote),
        cmocka_unit_test(an_update_leaves_flaky_entries_and_known_defects),
        cmocka_unit_test(an_update_of_versions_names_them),
        cmocka_unit_test(days_of_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
