/* Reports read back whole, and made one of several: what fits and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_schema.h"
#include "reports/merge.h"
#include "reports/report_read.h"

#define HOSTILE "a\\x1b[31m b\nc <script> \xe2\x80\xae"

static const struct cs_role endpoint_role = {.name = "endpoint"};
static const struct cs_role client_role = {.name = "client"};
static const struct cs_case rows[] = {
    {.id = "client/a/one", .title = "One", .requirements = "AAA-01 AAA-02"},
    {.id = "client/a/three", .title = "T", .requirements = "AAA-03", .needs = CS_NEEDS_LONG},
    {.id = "client/b/two", .title = "Two", .requirements = "AAA-02", .level = CS_OBSERVED},
    {.id = "endpoint/a/four", .title = "Four", .requirements = "BBB-01", .level = CS_SHOULD},
    {.id = "endpoint/b/five", .title = "Five", .requirements = "BBB-02"},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

struct world {
    struct cs_work work[N_ROWS];
    struct cs_result results[N_ROWS];
    struct cs_repeat repeats[N_ROWS];
    struct cs_report report;
};

static void begin(struct world *world)
{
    *world = (struct world){0};
    for (size_t i = 0; i < N_ROWS; i++) {
        world->work[i] =
            (struct cs_work){.role = i < 3 ? &client_role : &endpoint_role, .test = &rows[i]};
        world->results[i].done = true;
        world->results[i].ran = true;
        world->results[i].duration_ms = (int64_t)(10 * i);
    }
    struct cs_result *failed = &world->results[0];
    failed->verdict = CS_FAIL;
    const struct cs_expected expected = {CS_EXPECTED_FAILURE, strdup("known here"),
                                         strdup("2027-01-31"), true};
    assert_true(cs_result_set_message(failed, HOSTILE));
    assert_true(cs_result_add_evidence(failed, "event", "title", HOSTILE, 7));
    failed->evidence[0].at_ms = 12;
    assert_true(cs_result_set_expected(failed, &expected));
    free(expected.reason);
    free(expected.until);
    world->results[2].verdict = CS_INFO;
    world->results[2].differs = true;
    assert_true(cs_result_observe(&world->results[2], "n", "3", "4"));
    assert_true(cs_result_observe(&world->results[2], "m", HOSTILE, NULL));
    world->results[3].verdict = CS_WARN;
    world->results[3].known = true;
    world->report = (struct cs_report){
        .suite = "0.1.0",
        .profile = "4.8.3",
        .command = "./chatspec run --sdk 4.8.3",
        .peer = {.kind = "sdk", .name = "sdk", .version = "4.8.3", .parser = "3.0.0"},
        .started_ms = 1700000000123,
        .duration_ms = 61500,
        .seed = 9007199254740991,
        .work = world->work,
        .results = world->results,
        .n = N_ROWS,
    };
    cs_run_summarise(world->results, N_ROWS, &world->report.summary);
}

static void end(struct world *world)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        cs_result_free(&world->results[i]);
        cs_repeat_free(&world->repeats[i]);
    }
}

static char *json_of(const struct cs_report *report)
{
    struct cs_buf out = CS_BUF(1024 * 1024);
    cs_report_json(report, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    schema_assert_holds(CHATSPEC_REPORT_SCHEMA, text);
    return text;
}

static enum cs_err load_text(const char *text, struct cs_stored_report *ret_stored,
                             struct cs_diag *diag)
{
    cJSON *document = NULL;
    enum cs_err err = cs_document_parse(cs_view_str(text), "r.json", &document, diag);
    err = err == CS_OK ? cs_report_load_document(document, "r.json", ret_stored, diag) : err;
    cJSON_Delete(document);
    return err;
}

static struct cs_stored_report load(const struct cs_report *report)
{
    struct cs_stored_report stored = {0};
    struct cs_diag diag = {0};
    char *text = json_of(report);
    if (load_text(text, &stored, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    free(text);
    return stored;
}

/* ---- reading back ---- */

static void assert_same_again(const struct cs_report *report)
{
    struct cs_stored_report stored = load(report);
    char *before = json_of(report);
    char *after = json_of(&stored.report);
    assert_string_equal(before, after);
    free(before);
    free(after);
    struct cs_buf xml[2] = {CS_BUF(1024 * 1024), CS_BUF(1024 * 1024)};
    struct cs_buf page[2] = {CS_BUF(1024 * 1024), CS_BUF(1024 * 1024)};
    const struct cs_report *both[] = {report, &stored.report};
    const struct cs_report_terminal how = {.verbose = true};
    for (size_t i = 0; i < 2; i++) {
        cs_report_junit(both[i], &xml[i]);
        cs_report_terminal(both[i], &how, &page[i]);
    }
    assert_true(cs_view_eq(cs_buf_view(&xml[0]), cs_buf_view(&xml[1])));
    if (!report->interrupted) { /* what was not run is in no document, and so is its number */
        assert_true(cs_view_eq(cs_buf_view(&page[0]), cs_buf_view(&page[1])));
    }
    for (size_t i = 0; i < 2; i++) {
        cs_buf_free(&xml[i]);
        cs_buf_free(&page[i]);
    }
    cs_stored_report_free(&stored);
}

static void every_writer_makes_the_same_of_a_stored_report(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    assert_same_again(&world.report);
    world.report.interrupted = true;
    world.report.summary.interrupted = true;
    world.results[4].done = false;
    cs_run_summarise(world.results, N_ROWS, &world.report.summary);
    world.report.summary.interrupted = true;
    assert_same_again(&world.report);
    end(&world);
}

static void rounds_come_back_too(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    for (size_t i = 0; i < N_ROWS; i++) {
        world.repeats[i].n_verdicts[world.results[i].verdict] = 3;
    }
    struct cs_repeat *flaky = &world.repeats[4];
    flaky->n_verdicts[CS_PASS] = 2;
    flaky->n_verdicts[CS_FAIL] = 1;
    flaky->different.done = true;
    flaky->different.verdict = CS_FAIL;
    flaky->different_round = 2;
    flaky->different_seed = 7;
    assert_true(cs_result_set_message(&flaky->different, "otherwise"));
    world.report.repeats = world.repeats;
    world.report.n_rounds = 3;
    assert_same_again(&world.report);
    end(&world);
}

static void replace(const char *text, const char *from, const char *to, char *out, size_t size)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void damaged_reports_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *why;
    } damages[] = {
        {"chatspec-report/1", "chatspec-report/9", "no report of schema"},
        {"\"seed\":9007199254740991", "\"seed\":-1", "what it says of the run"},
        {"\"seed\":9007199254740991", "\"seed\":1.5", "what it says of the run"},
        {"2023-11-14T", "yesterday T", "what it says of the run"},
        {"\"kind\":\"sdk\"", "\"kin\":\"sdk\"", "what it says of the run"},
        {"client/a/one\",\"role", "client/a/on\",\"role", "not those that it says were run"},
        {"client/a/one\",\"role", "client/a/three\",\"role", "is in it twice"},
        {"client/a/one\",\"role", "client/a/$(reboot)\",\"role", "its case 1"},
        {"\"verdict\":\"fail\"", "\"verdict\":\"fine\"", "its case 1"},
        {"\"level\":\"MUST\"", "\"level\":\"COULD\"", "its case 1"},
        {"\"left_out\":7", "\"left_out\":\"7\"", "its case 1"},
        {"\"state\":\"expected\"", "\"state\":\"hoped\"", "its case 1"},
        {"\"observations\":{\"n\":\"3\"", "\"observations\":{\"n\":3", "its case 3"},
        {"\"cases\":[", "\"cases\":[[],", "its case 1"},
    };
    struct world world;
    begin(&world);
    char *text = json_of(&world.report);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char damaged[16384];
        struct cs_stored_report stored = {0};
        struct cs_diag diag = {0};
        replace(text, damages[i].from, damages[i].to, damaged, sizeof damaged);
        assert_int_equal(load_text(damaged, &stored, &diag), CS_ERR_TYPE);
        if (!strstr(diag.text, damages[i].why)) {
            fail_msg("'%s' is not in '%s'", damages[i].why, diag.text);
        }
    }
    struct cs_stored_report stored = {0};
    struct cs_diag diag = {0};
    assert_int_equal(load_text("{", &stored, &diag), CS_ERR_SYNTAX);
    assert_int_equal(load_text("[]", &stored, &diag), CS_ERR_TYPE);
    assert_int_equal(load_text(text, &stored, &diag), CS_OK);
    cs_stored_report_free(&stored);
    free(text);
    end(&world);
}

static void what_could_steer_a_terminal_is_escaped_again(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    char *text = json_of(&world.report);
    char hostile[16384];
    replace(text, "\"title\":\"One\"", "\"title\":\"\\u001b[2J\\u009b31m\xff\"", hostile,
            sizeof hostile);
    struct cs_stored_report stored = {0};
    assert_int_equal(load_text(hostile, &stored, NULL), CS_OK);
    assert_null(strchr(stored.tests[0].title, '\x1b'));
    assert_null(strstr(stored.tests[0].title, "\xc2\x9b"));
    assert_non_null(strstr(stored.tests[0].title, "\\x1b[2J"));
    assert_non_null(strstr(stored.tests[0].title, "\\xff")); /* no UTF-8 */
    cs_stored_report_free(&stored);
    free(text);
    end(&world);
}

/* ---- merging ---- */

/* Shard k of 2: the cases at even places, or the others. */
static struct cs_stored_report shard(const struct world *world, unsigned k)
{
    struct cs_work work[N_ROWS];
    struct cs_result results[N_ROWS];
    struct cs_report part = world->report;
    size_t n = 0;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (i % 2 + 1 == k) {
            work[n] = world->work[i];
            results[n++] = world->results[i];
        }
    }
    part.work = work;
    part.results = results;
    part.n = n;
    part.seed = k;
    cs_run_summarise(results, n, &part.summary);
    assert_true(cs_report_shard_of(world->work, N_ROWS, k, 2, &part.shard));
    return load(&part);
}

static const char *const labels[] = {"first.json", "second.json", "third.json"};

static void assert_refused(struct cs_stored_report *parts, size_t n, const char *why)
{
    struct cs_merged_report whole = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_reports_merge(parts, labels, n, &whole, &diag), CS_ERR_USAGE);
    if (!strstr(diag.text, why)) {
        fail_msg("'%s' is not in '%s'", why, diag.text);
    }
}

static void shards_make_the_whole(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct cs_stored_report parts[] = {shard(&world, 2), shard(&world, 1)};
    struct cs_merged_report whole = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_reports_merge(parts, labels, 2, &whole, &diag), CS_OK);
    assert_true(whole.is_proven);
    assert_int_equal(whole.report.n, N_ROWS);
    assert_int_equal(whole.report.shard.n, 0);
    for (size_t i = 0; i < N_ROWS; i++) { /* sorted by id, as the rows are */
        assert_string_equal(whole.work[i].test->id, rows[i].id);
        assert_int_equal(whole.results[i].verdict, world.results[i].verdict);
        assert_int_equal(whole.origins[i].seed, i % 2 + 1);
    }
    /* one role, also where its cases come from two files */
    assert_ptr_equal(whole.work[0].role, whole.work[1].role);
    struct cs_buf rerun = CS_BUF(1024);
    cs_report_rerun(&whole.report, 1, &rerun);
    cs_buf_char(&rerun, '\0');
    assert_string_equal(rerun.ptr, "./chatspec run --sdk 4.8.3 --seed 2 --only client/a/three "
                                   "--include long");
    cs_buf_free(&rerun);
    assert_int_equal(cs_report_exit_status(&whole.report, false),
                     cs_report_exit_status(&world.report, false));
    /* and what is written of it can be read, with the seeds */
    struct cs_stored_report again = load(&whole.report);
    assert_int_equal(again.origins[0].seed, 1);
    assert_int_equal(again.origins[1].seed, 2);
    cs_stored_report_free(&again);
    cs_merged_report_free(&whole);
    cs_stored_report_free(&parts[0]);
    cs_stored_report_free(&parts[1]);
    end(&world);
}

static void holes_and_overlaps_are_refused(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct cs_stored_report parts[] = {shard(&world, 1), shard(&world, 2), shard(&world, 2)};
    assert_refused(parts, 1, "missing: shard 2/2");
    assert_refused(parts + 1, 2, "first.json and second.json are both shard 2/2");
    assert_refused(parts, 3, "second.json and third.json are both shard 2/2");
    parts[1].report.shard.k = 1;
    assert_refused(parts, 2, "both shard 1/2");
    parts[1].report.shard.k = 2;
    parts[1].report.n--; /* a case of it is gone */
    assert_refused(parts, 2, "the shards hold 4 cases, and not the 5 that were selected");
    for (size_t i = 0; i < 3; i++) {
        parts[i].report.n += i == 1;
        cs_stored_report_free(&parts[i]);
    }
    end(&world);
}

static void an_interrupted_shard_makes_an_interrupted_whole(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    world.report.interrupted = true;
    struct cs_stored_report second = shard(&world, 2);
    world.report.interrupted = false;
    struct cs_stored_report parts[] = {shard(&world, 1), second};
    parts[1].report.n--;
    struct cs_merged_report whole = {0};
    assert_int_equal(cs_reports_merge(parts, labels, 2, &whole, NULL), CS_OK);
    assert_true(whole.report.interrupted);
    assert_int_equal(cs_report_exit_status(&whole.report, false), 130);
    cs_merged_report_free(&whole);
    parts[1].report.n++;
    cs_stored_report_free(&parts[0]);
    cs_stored_report_free(&parts[1]);
    end(&world);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct cs_stored_report parts[] = {shard(&world, 1), shard(&world, 2)};
    struct cs_report *second = &parts[1].report;
    const struct cs_report was = *second;
    second->suite = "0.2.0";
    assert_refused(parts, 2, "differ in the version of chatspec: 0.1.0, 0.2.0");
    *second = was;
    second->profile = "4.7.7";
    assert_refused(parts, 2, "differ in the profile: 4.8.3, 4.7.7");
    *second = was;
    second->peer.version = "4.7.7";
    assert_refused(parts, 2, "differ in the peer's version: 4.8.3, 4.7.7");
    *second = was;
    second->peer.parser = NULL;
    assert_refused(parts, 2, "differ in the peer's parser: 3.0.0, (none)");
    *second = was;
    second->peer.kind = "url";
    assert_refused(parts, 2, "differ in the peer's kind");
    *second = was;
    second->command = "./chatspec run";
    assert_refused(parts, 2, "differ in the command");
    *second = was;
    second->repeats = parts[1].repeats;
    second->n_rounds = 3;
    assert_refused(parts, 2, "differ in --repeat: 1 rounds, 3");
    *second = was;
    second->shard.n = 3;
    assert_refused(parts, 2, "is one of 2 shards, second.json one of 3");
    *second = was;
    second->shard.selected[0] = second->shard.selected[0] == 'a' ? 'b' : 'a';
    assert_refused(parts, 2, "shards of different selections");
    *second = was;
    second->shard.n = 0;
    assert_refused(parts, 2, "first.json is a shard and second.json is none");
    *second = was;
    struct cs_merged_report whole = {0};
    assert_int_equal(cs_reports_merge(parts, labels, 2, &whole, NULL), CS_OK);
    cs_merged_report_free(&whole);
    cs_stored_report_free(&parts[0]);
    cs_stored_report_free(&parts[1]);
    end(&world);
}

static void reports_that_are_no_shards_merge_when_they_are_disjoint(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    struct cs_stored_report parts[] = {shard(&world, 1), shard(&world, 2), load(&world.report)};
    for (size_t i = 0; i < 2; i++) {
        parts[i].report.shard.n = 0;
    }
    parts[1].report.command = "./chatspec agent"; /* another role's */
    parts[1].origins[0].command = "./chatspec agent";
    assert_refused(parts, 3, "client/a/one is both in first.json and in third.json");
    struct cs_merged_report whole = {0};
    assert_int_equal(cs_reports_merge(parts, labels, 2, &whole, NULL), CS_OK);
    assert_false(whole.is_proven);
    assert_int_equal(whole.report.n, N_ROWS);
    struct cs_stored_report again = load(&whole.report);
    assert_string_equal(again.origins[1].command, "./chatspec agent");
    cs_stored_report_free(&again);
    cs_merged_report_free(&whole);
    assert_int_equal(cs_reports_merge(&parts[2], labels, 1, &whole, NULL), CS_OK);
    assert_true(whole.is_proven);
    cs_merged_report_free(&whole);
    for (size_t i = 0; i < 3; i++) {
        cs_stored_report_free(&parts[i]);
    }
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_writer_makes_the_same_of_a_stored_report),
        cmocka_unit_test(rounds_come_back_too),
        cmocka_unit_test(damaged_reports_are_refused),
        cmocka_unit_test(what_could_steer_a_terminal_is_escaped_again),
        cmocka_unit_test(shards_make_the_whole),
        cmocka_unit_test(holes_and_overlaps_are_refused),
        cmocka_unit_test(an_interrupted_shard_makes_an_interrupted_whole),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
        cmocka_unit_test(reports_that_are_no_shards_merge_when_they_are_disjoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
