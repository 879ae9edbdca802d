/* What the program writes for machines and for jobs, and what it does when nobody takes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "tests/json_schema.h"
#include "tests/program.h"

#define ONE_CASE "endpoint/token/wrong-signature"
#define SOME     ONE_CASE ",endpoint/close/*"

static char folder[] = "/tmp/chatspec-output-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* "KIND=FOLDER/NAME"; its path is what follows the '='. */
struct option {
    char text[128];
};

static struct option option_of(const char *kind, const char *name)
{
    struct option option;
    snprintf(option.text, sizeof option.text, "%s=%s/%s", kind, folder, name);
    return option;
}

static char *written(const struct option *option)
{
    int fd = open(strchr(option->text, '=') + 1, O_RDONLY);
    assert_true(fd >= 0);
    char *text = content(fd);
    close(fd);
    return text;
}

static void a_run_as_json_lines(void **state)
{
    (void)state;
    struct program program = start(WORDS("endpoint", "--only", SOME, "--format", "json"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    size_t n = 0;
    char *rest = ended.out;
    char *line;
    char last[16] = "";
    while ((line = strsep(&rest, "\n")) && line[0]) {
        schema_assert_holds(CHATSPEC_LINES_SCHEMA, line);
        cJSON *object = cJSON_Parse(line);
        const char *type = schema_member(object, "type")->valuestring;
        assert_string_equal(type, n == 0 ? "start" : rest[0] ? "case" : "end");
        snprintf(last, sizeof last, "%s", type);
        cJSON_Delete(object);
        n++;
    }
    assert_string_equal(last, "end");
    assert_true(n > 3);
    release(&ended);
}

/* The run goes on, for its reports. */
static void a_reader_that_is_gone_costs_no_report(void **state)
{
    (void)state;
    struct option report = option_of("json", "gone.json");
    static const char *const formats[] = {"json", "github", "human"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        close(fds[0]);
        struct program program = start_to(
            WORDS("endpoint", "--only", SOME, "--format", formats[i], "--report", report.text),
            fds[1]);
        struct ended ended = finish(&program);
        assert_int_equal(ended.status, 3);
        assert_says(ended.err, "could not be printed");
        release(&ended);
        char *text = written(&report);
        assert_says(text, "\"fail\":0");
        assert_says(text, ONE_CASE);
        free(text);
        assert_int_equal(unlink(strchr(report.text, '=') + 1), 0);
    }
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    assert_ends(WORDS("endpoint", "--only", ONE_CASE, "--report", "markdown=/dev/full"), 3,
                "No space left");
    struct program program = start_to(WORDS("endpoint", "--only", ONE_CASE, "--format", "json"),
                                      open("/dev/full", O_WRONLY | O_CLOEXEC));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 3);
    assert_says(ended.err, "could not be printed");
    release(&ended);
}

static void commands_in_a_page_are_not_obeyed(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet", "--violate", "create-status-200"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    struct program program =
        start(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                    "--only", "SES-01", "--format", "github"));
    struct ended ended = finish(&program);
    end_served(&served);
    char word[64];
    char resume[80];
    assert_int_equal(ended.status, 1);
    assert_int_equal(sscanf(ended.out, "::stop-commands::%63[0-9a-f]\n", word), 1);
    assert_int_equal(strlen(word), 32);
    snprintf(resume, sizeof resume, "\n::%s::\n::error title=broken", word);
    assert_says(ended.out, resume);
    release(&ended);
}

static void a_jobs_summary_keeps_what_is_there(void **state)
{
    (void)state;
    struct option report = option_of("markdown", "summary.md");
    int fd = open(strchr(report.text, '=') + 1, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "# before\n", 9), 9);
    close(fd);
    assert_int_equal(setenv("GITHUB_STEP_SUMMARY", strchr(report.text, '=') + 1, 1), 0);
    assert_ends(WORDS("endpoint", "--only", ONE_CASE, "--report", report.text), 0, NULL);
    char *text = written(&report);
    assert_says(text, "# before\n\n## \xe2\x9c\x85 chatspec: passed\n");
    free(text);
    assert_int_equal(unsetenv("GITHUB_STEP_SUMMARY"), 0);
    assert_ends(WORDS("endpoint", "--only", ONE_CASE, "--report", report.text), 0, NULL);
    text = written(&report);
    assert_ptr_equal(strstr(text, "## \xe2\x9c\x85 chatspec: passed\n"), text);
    free(text);
}

static void a_comparison_is_written_too(void **state)
{
    (void)state;
    struct option older = option_of("json", "old.json");
    struct option newer = option_of("json", "new.json");
    struct option page = option_of("markdown", "compare.md");
    struct option document = option_of("json", "compare.json");
    const char *old_path = strchr(older.text, '=') + 1;
    const char *new_path = strchr(newer.text, '=') + 1;
    struct served served = serve(WORDS("--quiet", "--violate", "create-status-200"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    assert_ends(WORDS("endpoint", "--only", "SES-01", "--report", older.text), 0, NULL);
    assert_ends(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                      "--only", "SES-01", "--report", newer.text),
                1, NULL);
    end_served(&served);
    assert_ends(
        WORDS("compare", old_path, new_path, "--report", page.text, "--report", document.text), 1,
        NULL);
    char *text = written(&page);
    assert_says(text, "### Regressions (");
    free(text);
    text = written(&document);
    schema_assert_holds(CHATSPEC_COMPARE_SCHEMA, text);
    free(text);
    struct program program = start(WORDS("compare", old_path, new_path, "--format", "github"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 1);
    assert_says(ended.out, "::stop-commands::");
    assert_says(ended.out, "::\n::error title=Regressions%3A SES-01");
    release(&ended);
    assert_ends(WORDS("compare", old_path, new_path, "--format", "json"), 2, "'github'");
    assert_ends(WORDS("compare", old_path, new_path, "--report", "junit=x"), 2,
                "json=PATH, html=PATH, markdown=PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_as_json_lines),
        cmocka_unit_test(a_reader_that_is_gone_costs_no_report),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(commands_in_a_page_are_not_obeyed),
        cmocka_unit_test(a_jobs_summary_keeps_what_is_there),
        cmocka_unit_test(a_comparison_is_written_too),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder) != 0;
}
