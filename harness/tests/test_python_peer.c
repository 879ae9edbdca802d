/* The Python transport, through the client role: the example that people start from has to pass,
 * and with a mistake that people make it has to fail in the cases about that and in no other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <fnmatch.h>
#include <unistd.h>

#include "client_run.h"
#include "conformance/peers/tool.h"

#define JOBS              12 /* most of a case is waiting; each job starts a python */
#define SHORT_PATIENCE_MS 2000
#define MAX_SOURCE        ((size_t)1024 * 1024)

static bool there_is_python(void)
{
    static const char *const argv[] = {"python3", "-c",
                                       "import sys; sys.exit(sys.version_info < (3, 9))", NULL};
    struct cs_tool_run run;
    enum cs_err err = cs_tool_run(argv, NULL, 20000, &run, NULL);
    bool found = err == CS_OK && cs_tool_succeeded(&run);
    cs_tool_free(&run);
    return found;
}

static void test_the_transport_passes(void **state)
{
    (void)state;
    static const char *const argv[] = {"python3", PYTHON_ADAPTER, NULL};
    const struct cs_client_env env = {.argv = argv};
    struct cs_work work[MAX_WORK];
    size_t n = add_cases(work, &env);
    struct cs_result *results = run_cases(work, n, JOBS);
    size_t n_judged = 0;
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict == CS_FAIL || results[i].verdict == CS_ERROR) {
            fail_msg("%s: %s: %s", work[i].test->id, cs_verdict_name(results[i].verdict),
                     message_of(&results[i]));
        }
        n_judged += results[i].verdict != CS_SKIP;
    }
    assert_true(2 * n_judged > n); /* commands that it does not offer are few */
    free_results(results, n);
}

/* The command of the README; all cases were run above. */
static void test_the_program_says_so(void **state)
{
    (void)state;
    static const char *const argv[] = {
        CHATSPEC_BINARY, "client",        "--peer",     "python3 '" PYTHON_ADAPTER "'",
        "--only",        "client/turn/*", "--no-color", NULL};
    struct cs_tool_run run;
    struct cs_diag diag = {0};
    if (cs_tool_run(argv, NULL, 120000, &run, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    bool passed = cs_tool_succeeded(&run) &&
                  cs_view_find(cs_buf_view(&run.out), CS_VIEW("\npassed")) != SIZE_MAX;
    if (!passed) {
        fail_msg("%.*s%.*s", CS_VIEW_ARG(cs_buf_view(&run.out)),
                 CS_VIEW_ARG(cs_buf_view(&run.err)));
    }
    cs_tool_free(&run);
}

/* ---- mistakes ---- */

struct edit {
    const char *from; /* stands in the transport exactly once */
    const char *to;
};

static const struct mistake {
    const char *name;
    struct edit edits[2];
    const char *noticed_by; /* these cases, whatever else */
    const char *about;      /* requirements whose cases may notice as well */
} mistakes[] = {
    {"the token of a boundary is not taken",
     {{"            self.token = token  # from now on", "            pass  # from now on"}},
     "token/two-turns-roll-over token/found-in-any-position",
     "CTK-*"},
    {"every follow-up starts the session again",
     {{"        return self.begin(self.append(", "        if self.cursor is not None:\n"
                                                 "            self.ask(\"start\", chatId=self.id)\n"
                                                 "        return self.begin(self.append("}},
     "append/follow-up-never-creates token/stored-is-used",
     "CAP-76 CTK-33"},
    {"control records are told by the type of their chunk",
     {{"        if \"trigger-control\" in headers:\n",
       "        if \"trigger-control\" in headers and headers[\"trigger-control\"] != "
       "\"turn-complete\":\n"
       "            return deliver(member(parse(member(record, \"body\")), \"data\"))\n"
       "        if \"trigger-control\" in headers:\n"}},
     "turn/control-stays-inside turn/upgrade-required-is-silent",
     "CRE-07 CRE-08 CRE-19* CTC-1? CAP-34"},
    {"the cursor is the id line of the event",
     {{"        elif line == \"\\n\":\n",
       "        elif field == \"id\":\n"
       "            threading.current_thread().last_id = value.strip()\n"
       "        elif line == \"\\n\":\n"},
      {"= str(self.cursor)  # a seq",
       "= getattr(threading.current_thread(), \"last_id\", str(self.cursor))  # a seq"}},
     "resume/after-reset resume/from-zero turn/command-records",
     "CRS-* CSE-* CRE-* CTC-1? CLP-0? CAC-16"},
    {"an active send asks whether the session is settled",
     {{"            if peek:\n", "            if True:\n"}},
     "resume/next-turn",
     "CRS-30 CRS-02 CRS-22 CSE-25 CRS-33"},
};

static char *read_source(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *source = calloc(1, MAX_SOURCE + 1);
    assert_non_null(source);
    size_t len = fread(source, 1, MAX_SOURCE, file);
    assert_in_range(len, 1, MAX_SOURCE - 1);
    assert_int_equal(fclose(file), 0);
    return source;
}

/* The source with one edit made; frees the old one. */
static char *edited(char *source, const struct edit *edit)
{
    char *at = strstr(source, edit->from);
    if (!at || strstr(at + 1, edit->from)) {
        fail_msg("this does not stand in the transport exactly once: %s", edit->from);
    }
    char *result = NULL;
    *at = '\0';
    assert_true(asprintf(&result, "%s%s%s", source, edit->to, at + strlen(edit->from)) > 0);
    free(source);
    return result;
}

/* Frees it. */
static void write_source(char *source, const char *path)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(source);
}

static void write_mistaken(const struct mistake *mistake, const char *path)
{
    char *source = edited(read_source(PYTHON_TRANSPORT), &mistake->edits[0]);
    if (mistake->edits[1].from) {
        source = edited(source, &mistake->edits[1]);
    }
    write_source(source, path);
}

static void copy_source(const char *from, const char *to)
{
    write_source(read_source(from), to);
}

/* Is one of the words of `text` matched by one of the globs of `globs`? */
static bool any_matches(const char *text, const char *globs)
{
    for (; *text; text += strcspn(text, " "), text += strspn(text, " ")) {
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(text, " "), text);
        for (const char *at = globs; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
            char glob[128];
            snprintf(glob, sizeof glob, "%.*s", (int)strcspn(at, " "), at);
            if (fnmatch(glob, word, 0) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_mistake(const struct mistake *mistake, const struct cs_work *work,
                          const struct cs_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum cs_verdict verdict = results[i].verdict;
        bool failed = verdict == CS_FAIL || verdict == CS_WARN;
        bool must = any_matches(short_id(work[i].test), mistake->noticed_by);
        bool may = must || any_matches(work[i].test->requirements, mistake->about);
        if (verdict == CS_ERROR || (must && !failed) || (failed && !may)) {
            fail_msg("%s: %s is %s: %s", mistake->name, work[i].test->id, cs_verdict_name(verdict),
                     message_of(&results[i]));
        }
    }
}

static void test_mistakes_are_noticed(void **state)
{
    (void)state;
    char folder[] = "/tmp/chatspec-python-XXXXXX";
    char path[64];
    char adapter[64];
    char create[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/transport.py", folder);
    snprintf(adapter, sizeof adapter, "%s/adapter.py", folder);
    snprintf(create, sizeof create, "%s/create.py", folder);
    copy_source(PYTHON_ADAPTER, adapter);
    copy_source(PYTHON_CREATE, create);
    /* -B: nothing compiled is kept beside them, where it would outlive an edit. */
    const char *const argv[] = {"python3", "-B", adapter, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = SHORT_PATIENCE_MS};
    for (size_t m = 0; m < sizeof mistakes / sizeof mistakes[0]; m++) {
        write_mistaken(&mistakes[m], path);
        struct cs_work work[MAX_WORK];
        size_t n = add_cases(work, &env);
        struct cs_result *results = run_cases(work, n, JOBS);
        check_mistake(&mistakes[m], work, results, n);
        free_results(results, n);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(adapter), 0);
    assert_int_equal(unlink(create), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_transport_passes),
        cmocka_unit_test(test_the_program_says_so),
        cmocka_unit_test(test_mistakes_are_noticed),
    };
    if (!there_is_python()) {
        puts("skipped: there is no python3 of version 3.9 or newer in PATH");
        return EXIT_SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
