/* `chatspec fuzz` over our targets, with shell scripts in place of libFuzzer's programs: what they
 * print and how they end becomes verdicts, findings and reports. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "tests/json_schema.h"
#include "tests/program.h"

#define PROGRESS                                                              \
    "echo '#10\tINITED cov: 51 ft: 60 corp: 8/401b exec/s: 0 rss: 30Mb' >&2;" \
    "echo '#4001\tDONE   cov: 62 ft: 91 corp: 12/501b exec/s: 2000 rss: 31Mb' >&2;"

/* FOLDER/fuzz_TARGET, which does as `script` says; $prefix is where its findings belong. */
static void write_program(const char *target, const char *script)
{
    char path[4096];
    snprintf(path, sizeof path, FOLDER "/fuzz_%s", target);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "#!/bin/sh\n"
            "for word; do case $word in\n"
            "-artifact_prefix=*) prefix=${word#-artifact_prefix=} ;;\n"
            "-exact_artifact_path=*) exact=${word#-exact_artifact_path=} ;;\n"
            "esac; done\n%s\n",
            script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static struct ended run(const char *target, const char *report)
{
    char option[4096];
    snprintf(option, sizeof option, "json=%s", report ? report : "/dev/null");
    struct program program = start(
        WORDS("fuzz", target, "--runs", "4001", "--seed", "7", "--report", option, "--no-color"));
    return finish(&program);
}

static int set_up(void **state)
{
    (void)state;
    return (mkdir(FOLDER, 0777) != 0 && access(FOLDER, W_OK) != 0) ||
           setenv("CHATSPEC_FUZZ_PROGRAMS", FOLDER, 1) != 0 ||
           setenv("CHATSPEC_HOME", FOLDER, 1) != 0;
}

static void what_finds_nothing_passes_and_tells_how_much_it_did(void **state)
{
    (void)state;
    write_program("sse",
                  "case \"$*\" in *' -seed=8 '*' -runs=4001 '*) ;; *) exit 3 ;; esac\n" PROGRESS
                  "echo 'stat::number_of_executed_units: 4001'");
    struct ended ended = run("sse", FOLDER "/report.json");
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "passed: 1 of 1 cases");
    assert_says(ended.out, "4001");
    release(&ended);
    FILE *file = fopen(FOLDER "/report.json", "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    schema_assert_holds(CHATSPEC_REPORT_SCHEMA, text);
    assert_says(text, "\"fuzz/sse\"");
    free(text);
}

/* A finding is told with its cause, and with a smaller input where the engine makes one. */
static void a_finding_breaks_the_run_and_names_its_file(void **state)
{
    (void)state;
    write_program("sse", PROGRESS "if [ -n \"$exact\" ]; then echo x >\"$exact\"; exit 1; fi\n"
                                  "echo long >\"${prefix}crash-12ab\"\n"
                                  "echo '/x/fuzz_sse.c:12: broken: a == b' >&2\n"
                                  "echo '==7== ERROR: libFuzzer: deadly signal' >&2\n"
                                  "echo \"Test unit written to ${prefix}crash-12ab\" >&2; exit 77");
    struct ended ended = run("sse", NULL);
    assert_int_equal(ended.status, 1);
    assert_says(ended.out, "broken: a == b");
    assert_says(ended.out, "replay sse " FOLDER "/build/fuzz-findings/sse-crash-12ab.small");
    release(&ended);
}

static void a_program_that_ends_badly_without_an_input_is_an_error(void **state)
{
    (void)state;
    static const char *const scripts[] = {PROGRESS "exit 1", "kill -SEGV $$", "exit 0"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        write_program("sse", scripts[i]);
        struct ended ended = run("sse", NULL);
        assert_int_equal(ended.status, 3);
        assert_says(ended.out, i < 2 ? "left no input" : "ran no input");
        release(&ended);
    }
}

static void what_is_not_built_is_skipped_and_not_green(void **state)
{
    (void)state;
    struct ended ended = run("json", NULL);
    assert_int_equal(ended.status, 2);
    assert_says(ended.out, "is not built");
    release(&ended);
}

/* The program, and what it started, end with the run. */
static void an_interruption_ends_the_program_too(void **state)
{
    (void)state;
    char byte;
    assert_int_equal(mkfifo(FOLDER "/ready", 0600) != 0 && access(FOLDER "/ready", W_OK) != 0, 0);
    /* Both hold the pipe's end open, so that its end of file is their end. */
    write_program("sse", "exec 9>" FOLDER "/ready; echo x >&9; sleep 600");
    struct program program = start(WORDS("fuzz", "sse", "--minutes", "5", "--no-color"));
    FILE *pipe_of_program = fopen(FOLDER "/ready", "r");
    assert_non_null(pipe_of_program);
    int ready = fileno(pipe_of_program);
    assert_int_equal(read(ready, &byte, 1), 1);
    assert_int_equal(kill(program.pid, SIGINT), 0);
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 130);
    assert_says(ended.out, "interrupted");
    while (read(ready, &byte, 1) > 0) {
    }
    fclose(pipe_of_program);
    release(&ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_finds_nothing_passes_and_tells_how_much_it_did),
        cmocka_unit_test(a_finding_breaks_the_run_and_names_its_file),
        cmocka_unit_test(a_program_that_ends_badly_without_an_input_is_an_error),
        cmocka_unit_test(what_is_not_built_is_skipped_and_not_green),
        cmocka_unit_test(an_interruption_ends_the_program_too),
    };
    return cmocka_run_group_tests(tests, set_up, NULL) != 0;
}
