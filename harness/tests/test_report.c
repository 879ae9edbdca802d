/* The report writers over a made-up run with hostile text. The JSON is held against schema.json
 * itself; the XML is parsed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_schema.h"
#include "reports/output_file.h"
#include "reports/report.h"

#define HOSTILE "]]> & <x a='1' b=\"2\"> \x01\x1b[31m \xff\xc3( \xef\xbf\xbf \r\n\t end"

/* ---- a run ---- */

static const struct cs_role endpoint_role = {.name = "endpoint"};
static const struct cs_role client_role = {.name = "client"};

static const struct cs_case rows[] = {
    {.id = "endpoint/token/z-last", .title = "A <title>", .requirements = "TOK-20 TOK-21"},
    {.id = "endpoint/append/a-first", .title = "B", .requirements = "APP-01", .level = CS_SHOULD},
    {.id = "client/resume/c", .title = "C", .requirements = "CRS-01", .level = CS_OBSERVED},
    {.id = "client/resume/d", .title = "D", .requirements = "CRS-02"},
    {.id = "client/resume/e", .title = "E", .requirements = "CRS-03", .needs = CS_NEEDS_LONG},
    {.id = "client/resume/f", .title = "F", .requirements = "CRS-04"},
    {.id = "client/resume/never-run", .title = "G", .requirements = "CRS-05"},
    {.id = "client/resume/h", .title = "H", .requirements = "CRS-06"},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

static const struct cs_work work[N_ROWS] = {
    {.role = &endpoint_role, .test = &rows[0]}, {.role = &endpoint_role, .test = &rows[1]},
    {.role = &client_role, .test = &rows[2]},   {.role = &client_role, .test = &rows[3]},
    {.role = &client_role, .test = &rows[4]},   {.role = &client_role, .test = &rows[5]},
    {.role = &client_role, .test = &rows[6]},   {.role = &client_role, .test = &rows[7]},
};

struct fixture {
    struct cs_result results[N_ROWS];
    struct cs_report report;
};

static void end_with(struct fixture *fixture, size_t index, enum cs_verdict verdict,
                     const char *message)
{
    struct cs_result *result = &fixture->results[index];
    result->done = true;
    result->ran = true;
    result->verdict = verdict;
    result->duration_ms = 1234;
    assert_true(!message || cs_result_set_message(result, message));
    fixture->report.summary.n_done++;
    fixture->report.summary.n_verdicts[verdict]++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->report = (struct cs_report){
        .suite = "0.1.0",
        .profile = "latest",
        .command = "./chatspec run",
        .peer = {.kind = "builtin", .name = "the built-in \"one\"", .version = ""},
        .started_ms = 1700000000123,
        .duration_ms = 61500,
        .seed = 9007199254740991,
        .work = work,
        .results = fixture->results,
        .n = N_ROWS,
    };
    end_with(fixture, 0, CS_FAIL, HOSTILE);
    end_with(fixture, 1, CS_WARN, "slower than it should be");
    end_with(fixture, 2, CS_INFO, "seen");
    end_with(fixture, 3, CS_PASS, NULL);
    end_with(fixture, 4, CS_SKIP, "needs something");
    end_with(fixture, 5, CS_ERROR, "no connection");
    end_with(fixture, 7, CS_ERROR, "no connection");
    fixture->report.summary.n_judged = 4;
    struct cs_result *failed = &fixture->results[0];
    assert_true(cs_result_add_evidence(failed, "request", HOSTILE, HOSTILE, 77));
    failed->evidence[0].at_ms = 5;
    assert_true(cs_result_add_evidence(failed, "expected", "expected", "403", 0));
    assert_true(cs_result_observe(failed, "retry <delay>", HOSTILE, NULL));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < N_ROWS; i++) {
        cs_result_free(&fixture->results[i]);
    }
    free(fixture);
    return 0;
}

static char *written(const struct cs_report *report,
                     void (*write)(const struct cs_report *, struct cs_buf *))
{
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    write(report, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    return text;
}

/* ---- JSON ---- */

static const cJSON *case_of(const cJSON *document, const char *id)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, schema_member(document, "cases"))
    {
        if (strcmp(schema_member(item, "id")->valuestring, id) == 0) {
            return item;
        }
    }
    return NULL;
}

static void json_follows_the_schema(void **state)
{
    struct fixture *fixture = *state;
    char *text = written(&fixture->report, cs_report_json);
    schema_assert_holds(CHATSPEC_REPORT_SCHEMA, text);
    free(text);
}

static void json_says_what_happened(void **state)
{
    struct fixture *fixture = *state;
    char *text = written(&fixture->report, cs_report_json);
    assert_non_null(strstr(text, "\"seed\":9007199254740991,"));
    assert_non_null(strstr(text, "\"started\":\"2023-11-14T22:13:20.123Z\""));
    cJSON *document = cJSON_Parse(text);
    assert_int_equal(cJSON_GetArraySize(schema_member(document, "cases")), N_ROWS - 1);
    assert_null(case_of(document, "client/resume/never-run"));
    const cJSON *failed = case_of(document, "endpoint/token/z-last");
    assert_string_equal(schema_member(failed, "verdict")->valuestring, "fail");
    assert_int_equal(cJSON_GetArraySize(schema_member(failed, "requirements")), 2);
    const cJSON *evidence = schema_member(failed, "evidence");
    assert_int_equal(cJSON_GetArraySize(evidence), 3);
    assert_int_equal(schema_member(cJSON_GetArrayItem(evidence, 0), "at_ms")->valueint, 5);
    assert_null(schema_member(cJSON_GetArrayItem(evidence, 1), "at_ms")); /* not known */
    assert_string_equal(schema_member(cJSON_GetArrayItem(evidence, 2), "text")->valuestring,
                        "./chatspec run --seed 9007199254740991 --only endpoint/token/z-last");
    const cJSON *passed = case_of(document, "client/resume/d");
    assert_int_equal(cJSON_GetArraySize(schema_member(passed, "evidence")), 0);
    assert_int_equal(schema_member(schema_member(document, "summary"), "error")->valuedouble, 2);
    cJSON_Delete(document);
    free(text);
}

/* The first row fails and then passes once, the fourth passes and then fails. */
static void several_rounds_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct cs_repeat repeats[N_ROWS] = {0};
    for (size_t i = 0; i < N_ROWS; i++) {
        repeats[i].n_verdicts[fixture->results[i].verdict] = fixture->results[i].done ? 3 : 0;
    }
    repeats[3].n_verdicts[CS_PASS] = 2;
    repeats[3].n_verdicts[CS_FAIL] = 1;
    repeats[3].different_round = 2;
    repeats[3].different_seed = 77;
    repeats[3].different.done = true;
    repeats[3].different.verdict = CS_FAIL;
    assert_true(cs_result_set_message(&repeats[3].different, HOSTILE));
    assert_true(cs_result_add_evidence(&repeats[3].different, "note", "seen", "only then", 0));
    fixture->report.repeats = repeats;
    fixture->report.n_rounds = 3;
    fixture->report.peer.parser = "3.0.0";
    json_follows_the_schema(state);
    char *text = written(&fixture->report, cs_report_json);
    cJSON *document = cJSON_Parse(text);
    const cJSON *item = case_of(document, "client/resume/d");
    assert_int_equal(schema_member(document, "rounds")->valuedouble, 3);
    assert_int_equal(schema_member(document, "flaky")->valuedouble, 1);
    assert_string_equal(schema_member(item, "verdict")->valuestring, "pass");
    assert_int_equal(schema_member(schema_member(item, "rounds"), "fail")->valuedouble, 1);
    const cJSON *different = schema_member(item, "different");
    assert_int_equal(schema_member(different, "round")->valuedouble, 2);
    assert_string_equal(
        schema_member(cJSON_GetArrayItem(schema_member(different, "evidence"), 1), "text")
            ->valuestring,
        "./chatspec run --seed 77 --only client/resume/d");
    cJSON_Delete(document);
    free(text);
    text = written(&fixture->report, cs_report_junit);
    assert_non_null(strstr(text, "flaky: 1 of 3 rounds differ (2 pass, 1 fail)\" type=\"flaky\""));
    free(text);
    struct cs_buf page = CS_BUF((size_t)1 << 20);
    const struct cs_report_terminal how = {.verbose = true};
    cs_report_terminal(&fixture->report, &how, &page);
    text = cs_buf_take(&page);
    assert_non_null(strstr(text, "client/resume/d: 1 of 3 rounds differ (2 pass, 1 fail)\n"
                                 "    round 1 pass\n    round 2 fail:\n"));
    assert_non_null(strstr(text, "only then"));
    assert_non_null(strstr(text, "1 flaky in 3 rounds"));
    free(text);
    cs_repeat_free(&repeats[3]);
}

static void the_digest_is_of_the_sorted_ids(void **state)
{
    struct fixture *fixture = *state;
    char digest[CS_REPORT_DIGEST_LEN + 1];
    char again[CS_REPORT_DIGEST_LEN + 1];
    for (size_t i = 0; i < N_ROWS; i++) {
        fixture->results[i].done = i < 2;
    }
    assert_true(cs_report_digest(&fixture->report, digest));
    /* printf 'endpoint/append/a-first\nendpoint/token/z-last\n' | sha256sum */
    assert_string_equal(digest, "e1da9b47b88bfc843d8f13528081e782e800f228909c3b85db2d4f7286910408");
    fixture->results[3].done = true;
    assert_true(cs_report_digest(&fixture->report, again));
    assert_string_not_equal(digest, again);
}

/* ---- XML ---- */

/* A strict reader of the XML that we write: elements, attributes, text with the five entities and
 * character references. Returns the position after what it read. */
static const char *read_text(const char *at, char end)
{
    while (*at && *at != end) {
        unsigned char byte = (unsigned char)*at;
        assert_true(byte >= 0x20 || byte == '\n' || (byte == '\t' && end == '<'));
        assert_true(byte != '>' && (byte != '"' || end == '<'));
        if (byte == '&') {
            static const char *const entities[] = {"&amp;", "&lt;",  "&gt;", "&quot;",
                                                   "&#13;", "&#10;", "&#9;"};
            bool known = false;
            for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
                known = known || strncmp(at, entities[i], strlen(entities[i])) == 0;
            }
            assert_true(known);
        }
        at++;
    }
    return at;
}

static const char *read_name(const char *at, char *name, size_t size)
{
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    assert_true(len > 0 && len < size);
    memcpy(name, at, len);
    name[len] = '\0';
    return at + len;
}

static const char *read_element(const char *at)
{
    char name[32];
    char end_name[32];
    assert_true(*at == '<');
    at = read_name(at + 1, name, sizeof name);
    while (*at == ' ') {
        at = read_name(at + 1, end_name, sizeof end_name);
        assert_true(at[0] == '=' && at[1] == '"');
        at = read_text(at + 2, '"');
        assert_true(*at == '"');
        at++;
    }
    if (strncmp(at, "/>", 2) == 0) {
        return at + 2;
    }
    assert_true(*at == '>');
    at = read_text(at + 1, '<');
    while (strncmp(at, "</", 2) != 0) {
        at = read_text(read_element(at), '<');
        assert_true(*at == '<');
    }
    at = read_name(at + 2, end_name, sizeof end_name);
    assert_string_equal(end_name, name);
    assert_true(*at == '>');
    return at + 1;
}

static size_t occurrences(const char *text, const char *word)
{
    size_t n = 0;
    while ((text = strstr(text, word))) {
        n++;
        text += strlen(word);
    }
    return n;
}

static void junit_is_well_formed_whatever_a_peer_sends(void **state)
{
    struct fixture *fixture = *state;
    char *text = written(&fixture->report, cs_report_junit);
    static const char declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    assert_memory_equal(text, declaration, sizeof declaration - 1);
    const char *end = read_element(text + sizeof declaration - 1);
    assert_string_equal(end, "\n");
    /* The broken bytes and the two characters that XML does not have. */
    assert_non_null(strstr(text, "\xef\xbf\xbd\xef\xbf\xbd[31m \xef\xbf\xbd\xef\xbf\xbd( "
                                 "\xef\xbf\xbd &#13;&#10;&#9; end"));
    free(text);
}

static void junit_counts_by_role(void **state)
{
    struct fixture *fixture = *state;
    char *text = written(&fixture->report, cs_report_junit);
    assert_non_null(strstr(text, "<testsuites name=\"chatspec\" tests=\"7\" failures=\"1\" "
                                 "errors=\"2\" skipped=\"1\" time=\"61.500\">"));
    assert_non_null(strstr(text, "<testsuite name=\"endpoint\" tests=\"2\" failures=\"1\" "
                                 "errors=\"0\" skipped=\"0\" time=\"2.468\">"));
    assert_non_null(strstr(text, "<testsuite name=\"client\" tests=\"5\" failures=\"0\" "
                                 "errors=\"2\" skipped=\"1\" time=\"6.170\">"));
    assert_int_equal(occurrences(text, "<testcase "), 7);
    assert_int_equal(occurrences(text, "<failure "), 1);
    assert_int_equal(occurrences(text, "<system-out>warn: slower than it should be"), 1);
    assert_int_equal(occurrences(text, "<system-out>info: seen"), 1);
    assert_non_null(strstr(text, "<testcase classname=\"endpoint/token\" name=\"z-last\""));
    free(text);
}

/* ---- terminal ---- */

static char *on_terminal(const struct cs_report *report, bool color, bool verbose)
{
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    const struct cs_report_terminal how = {color, verbose};
    cs_report_terminal(report, &how, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    return text;
}

static void a_person_sees_requirement_reason_and_rerun(void **state)
{
    struct fixture *fixture = *state;
    char *text = on_terminal(&fixture->report, false, false);
    assert_non_null(strstr(text, "TOK-20 TOK-21 (MUST) A <title>"));
    assert_non_null(strstr(text, "fail endpoint/token/z-last"));
    assert_non_null(strstr(text, "expected:\n        403"));
    assert_null(strstr(text, "request: "));
    assert_non_null(strstr(text, "./chatspec run --seed 9007199254740991 --only "
                                 "endpoint/token/z-last\n"));
    assert_non_null(strstr(text, "failed: 4 of 8 cases judged in 61.5 s"));
    /* Two cases, one reason: said once. */
    assert_int_equal(occurrences(text, "no connection"), 1);
    assert_non_null(strstr(text, "2 error:"));
    assert_null(strstr(text, "\033[1m"));
    free(text);
}

static void verbose_shows_evidence_and_infos(void **state)
{
    struct fixture *fixture = *state;
    char *text = on_terminal(&fixture->report, true, true);
    assert_non_null(strstr(text, "request: "));
    assert_non_null(strstr(text, "(77 bytes left out)"));
    assert_non_null(strstr(text, "CRS-01"));
    assert_non_null(strstr(text, "\033[31m"));
    free(text);
}

static void a_run_that_judged_nothing_does_not_say_passed(void **state)
{
    struct fixture *fixture = *state;
    struct cs_report report = fixture->report;
    report.n = 0;
    report.summary = (struct cs_run_summary){0};
    char *text = on_terminal(&report, false, false);
    assert_non_null(strstr(text, "nothing was judged"));
    free(text);
}

/* ---- files ---- */

static char *in_folder(const char *folder, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

static void files_appear_whole_or_not_at_all(void **state)
{
    (void)state;
    char folder[] = "/tmp/chatspec-report-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = in_folder(folder, "report.json");
    struct cs_output_file file;
    struct cs_diag diag = {0};
    assert_int_equal(cs_output_file_open(path, &file, &diag), CS_OK);
    assert_int_equal(access(path, F_OK), -1);
    cs_output_file_abandon(&file);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(cs_output_file_open(path, &file, &diag), CS_OK);
    assert_int_equal(cs_output_file_commit(&file, CS_VIEW("whole"), &diag), CS_OK);
    cs_output_file_abandon(&file); /* too late to matter */
    struct stat there;
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(there.st_size, 5);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left in it */
    free(path);
}

static void paths_that_cannot_be_written_are_known_at_once(void **state)
{
    (void)state;
    struct cs_output_file file;
    struct cs_diag diag = {0};
    assert_int_equal(cs_output_file_open("/nowhere/at/all.json", &file, &diag), CS_ERR_IO);
    assert_string_equal(diag.text,
                        "/nowhere/at/all.json cannot be written: No such file or directory");
    assert_int_equal(cs_output_file_open("/tmp", &file, &diag), CS_ERR_IO);
    assert_string_equal(diag.text, "/tmp cannot be written: Is a directory");
}

static void a_device_is_written_to_directly(void **state)
{
    (void)state;
    struct cs_output_file file;
    struct cs_diag diag = {0};
    assert_int_equal(cs_output_file_open("/dev/null", &file, &diag), CS_OK);
    assert_null(file.temporary);
    assert_int_equal(cs_output_file_commit(&file, CS_VIEW("gone"), &diag), CS_OK);
    assert_int_equal(cs_output_file_open("/dev/full", &file, &diag), CS_OK);
    assert_int_equal(cs_output_file_commit(&file, CS_VIEW("x"), &diag), CS_ERR_IO);
    assert_non_null(strstr(diag.text, "No space left"));
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(json_follows_the_schema),
        WITH_RUN(json_says_what_happened),
        WITH_RUN(several_rounds_are_told),
        WITH_RUN(the_digest_is_of_the_sorted_ids),
        WITH_RUN(junit_is_well_formed_whatever_a_peer_sends),
        WITH_RUN(junit_counts_by_role),
        WITH_RUN(a_person_sees_requirement_reason_and_rerun),
        WITH_RUN(verbose_shows_evidence_and_infos),
        WITH_RUN(a_run_that_judged_nothing_does_not_say_passed),
        cmocka_unit_test(files_appear_whole_or_not_at_all),
        cmocka_unit_test(paths_that_cannot_be_written_are_known_at_once),
        cmocka_unit_test(a_device_is_written_to_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
