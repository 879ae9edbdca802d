/* Shards, merge and lists of expected failures, as somebody runs them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "program.h"

#define AREA     "endpoint/close/*"
#define ONE_CASE "endpoint/token/wrong-signature"

struct files {
    char folder[64];
    char paths[8][96];
};

static int set_up(void **state)
{
    static struct files files;
    files = (struct files){.folder = "/tmp/chatspec-merge-XXXXXX"};
    assert_non_null(mkdtemp(files.folder));
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(files.paths[i], sizeof files.paths[i], "%s/%zu", files.folder, i);
    }
    *state = &files;
    return 0;
}

static int tear_down(void **state)
{
    struct files *files = *state;
    for (size_t i = 0; i < 8; i++) {
        (void)unlink(files->paths[i]);
    }
    return rmdir(files->folder); /* nothing else was left there */
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static char *get_file(const char *path)
{
    char *text = calloc(1, 1024 * 1024);
    FILE *file = fopen(path, "re");
    assert_non_null(text);
    assert_non_null(file);
    (void)!fread(text, 1, 1024 * 1024 - 1, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void run_shard(const char *shard, const char *path)
{
    char report[128];
    (void)snprintf(report, sizeof report, "json=%s", path);
    assert_ends(WORDS("endpoint", "--only", AREA, "--shard", shard, "--report", report), 0, NULL);
}

static void shards_merge_and_holes_do_not(void **state)
{
    struct files *files = *state;
    char xml[128];
    (void)snprintf(xml, sizeof xml, "junit=%s", files->paths[4]);
    run_shard("1/3", files->paths[1]);
    run_shard("2/3", files->paths[2]);
    run_shard("3/3", files->paths[3]);
    assert_ends(WORDS("merge", files->paths[2], files->paths[1], files->paths[3], "--report", xml),
                0, NULL);
    char *text = get_file(files->paths[4]);
    assert_says(text, "<testsuite name=\"endpoint\"");
    free(text);
    assert_ends(WORDS("merge", files->paths[1], files->paths[3]), 2, "missing: shard 2/3");
    assert_ends(WORDS("merge", files->paths[1]), 2, "missing: shards 2/3, 3/3");
    assert_ends(WORDS("merge", files->paths[1], files->paths[2], files->paths[3], files->paths[2]),
                2, "are both shard 2/3");
    run_shard("3/4", files->paths[3]);
    assert_ends(WORDS("merge", files->paths[1], files->paths[2], files->paths[3]), 2,
                "is one of 3 shards");
}

/* A document of a matrix with one version, whose report is that of the file, and a second one that
 * could not be had. */
static void put_matrix(const char *path, const char *label, const char *report)
{
    char *text = report ? get_file(report) : strdup("");
    char *document = NULL;
    assert_non_null(text);
    assert_true(asprintf(&document,
                         "{\"schema\":\"chatspec-matrix/1\",\"columns\":[{\"label\":\"%s\"},"
                         "{\"label\":\"old\",\"skipped\":\"gone\"}],\"steps\":[],"
                         "\"reports\":[%s]}",
                         label, text) > 0);
    put_file(path, document);
    free(document);
    free(text);
}

static void matrices_merge_version_by_version(void **state)
{
    struct files *files = *state;
    run_shard("1/2", files->paths[1]);
    run_shard("2/2", files->paths[2]);
    put_matrix(files->paths[3], "new", files->paths[1]);
    put_matrix(files->paths[4], "new", files->paths[2]);
    struct program program = start(WORDS("merge", files->paths[3], files->paths[4]));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 3); /* a version is missing, as the matrix would have said */
    assert_says(ended.out, "old skipped: gone");
    assert_says(ended.out, "17 cases in 1 of 2 versions");
    release(&ended);
    program = start(WORDS("merge", files->paths[3], files->paths[4], "--format", "json"));
    ended = finish(&program);
    put_file(files->paths[5], ended.out); /* which is a matrix again */
    release(&ended);
    assert_ends(WORDS("merge", files->paths[5]), 3, NULL);
    assert_ends(WORDS("merge", files->paths[3]), 2, "new: missing: shard 2/2");
    assert_ends(WORDS("merge", files->paths[3], files->paths[3]), 2, "are both shard 1/2");
    put_matrix(files->paths[4], "newer", files->paths[2]);
    assert_ends(WORDS("merge", files->paths[3], files->paths[4]), 2, "version 1 is new in");
    put_matrix(files->paths[4], "new", NULL);
    assert_ends(WORDS("merge", files->paths[3], files->paths[4]), 2,
                "the report of new is not in it");
    assert_ends(WORDS("compare", files->paths[3], files->paths[4]), 2, "a matrix of versions");
}

static void merge_says_what_it_cannot_read(void **state)
{
    struct files *files = *state;
    assert_ends(WORDS("merge"), 2, "merge takes JSON reports");
    assert_ends(WORDS("merge", files->paths[1]), 2, "No such file");
    put_file(files->paths[1], "{\"schema\":");
    assert_ends(WORDS("merge", files->paths[1]), 2, "this is not JSON");
    put_file(files->paths[1], "{\"schema\":\"other\"}");
    assert_ends(WORDS("merge", files->paths[1]), 2, "no report of schema chatspec-report/1");
    put_file(files->paths[1], "{\"schema\":\"chatspec-matrix/1\",\"columns\":[]}");
    assert_ends(WORDS("merge", files->paths[1]), 2, "a matrix without columns");
    put_file(files->paths[2], "{\"schema\":\"other\"}");
    assert_ends(WORDS("merge", files->paths[1], files->paths[2]), 2, "some of these are matrices");
    assert_ends(WORDS("merge", files->paths[2], "--gate", "regressions"), 2, "is for matrices");
    assert_ends(WORDS("merge", files->paths[2], "--format", "xml"), 2, "--format");
}

static void a_list_is_checked_before_anything_runs(void **state)
{
    struct files *files = *state;
    const char *list = files->paths[0];
    const char *run[] = {"endpoint", "--only", ONE_CASE, "--expect", list};
#define RUN run[0], run[1], run[2], run[3], run[4]
    assert_ends(WORDS(RUN), 2, "--update-expect makes one");
    assert_ends(WORDS(run[0], run[1], run[2], "--update-expect"), 2, "needs the file");
    assert_ends(WORDS(RUN, "--update-expect"), 0, "made, without an entry");
    assert_ends(WORDS(RUN), 0, NULL);
    assert_ends(WORDS(RUN, "--update-expect"), 0, "stays as it is");
    put_file(list, "endpoint/token/wrong-signatur\n  reason: r\n  until: 2100-01-01\n");
    assert_ends(WORDS(RUN), 2, "/0:1: no case or requirement is called");
    put_file(list, "# of another role\nclient/resume/nothing-left\n  reason: r\n");
    assert_ends(WORDS(RUN), 2, "/0:2: client/resume/nothing-left has no 'until:'");
    put_file(list, "TOK-999\n  reason: r\n  until: 2100-01-01\n");
    assert_ends(WORDS(RUN), 2, "/0:1: no case or requirement is called TOK-999");
    put_file(list, "client/framing/any-split\n  reason: another role's\n  until: 2100-01-01\n");
    assert_ends(WORDS(RUN), 0, NULL);
}

static void passes_that_are_listed_end_in_one_and_an_update_takes_them_out(void **state)
{
    struct files *files = *state;
    const char *list = files->paths[0];
    const char *run[] = {"endpoint", "--only", ONE_CASE, "--expect", list};
    put_file(list, "# mine\n" ONE_CASE "\n  reason: r\n  until: 2100-01-01\n\n"
                   "# other\nclient/framing/any-split\n  reason: s\n  until: 2100-01-01\n");
    struct program program = start(WORDS(RUN));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 1);
    assert_says(ended.out, "1 passed though they are listed");
    release(&ended);
    assert_ends(WORDS(RUN, "--update-expect"), 0, "0 entries are new, 1 are gone");
    char *text = get_file(list);
    assert_string_equal(text,
                        "# other\nclient/framing/any-split\n  reason: s\n  until: 2100-01-01\n");
    free(text);
    put_file(list, ONE_CASE "\n  reason: r\n  until: 2100-01-01\n  flaky: yes\n");
    assert_ends(WORDS(RUN), 0, NULL);
    put_file(list, ONE_CASE "\n  reason: r\n  until: 2020-01-01\n  flaky: yes\n");
    assert_ends(WORDS(RUN), 1, NULL);
}

static void a_failure_is_expected_from_the_update_on(void **state)
{
    struct files *files = *state;
    struct served served = serve(WORDS("--quiet", "--violate", "create-status-200"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    const char *run[] = {"endpoint", "--only",           "SES-01",
                         "--expect", files->paths[0],    "--url",
                         served.url, "--secret-key-env", "CHATSPEC_TEST_KEY"};
#define RUN_SERVED RUN, run[5], run[6], run[7], run[8]
    char report[128];
    (void)snprintf(report, sizeof report, "json=%s", files->paths[1]);
    assert_ends(WORDS(run[0], run[1], run[2], run[5], run[6], run[7], run[8], "--report", report),
                1, NULL);
    assert_ends(WORDS(RUN_SERVED, "--update-expect"), 0, "are new, 0 are gone");
    struct program program = start(WORDS(RUN_SERVED));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "expected to fail");
    assert_says(ended.out, "reason missing");
    release(&ended);
    /* a stored report is judged by the list as the run is */
    assert_ends(WORDS("merge", files->paths[1]), 1, NULL);
    assert_ends(WORDS("merge", files->paths[1], "--expect", files->paths[0]), 0, NULL);
    end_served(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shards_merge_and_holes_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(matrices_merge_version_by_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merge_says_what_it_cannot_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_is_checked_before_anything_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            passes_that_are_listed_end_in_one_and_an_update_takes_them_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_expected_from_the_update_on, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
