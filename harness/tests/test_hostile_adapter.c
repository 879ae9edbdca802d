/* Adapters that break the line protocol: the case ends in error and says how, and the run goes on
 * with a fresh adapter. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "client_run.h"
#include "conformance/client/kit_internal.h"

#define PATIENCE_MS 500

#define CAPABILITIES                                                                      \
    "\"capabilities\":[\"open\",\"send\",\"regenerate\",\"action\",\"stop\",\"session\"," \
    "\"reconnect\",\"answer\",\"reset\"]"
#define HELLO "echo '{\"event\":\"hello\",\"protocol\":1," CAPABILITIES "}'\n"
/* Answers everything until it has `n` commands, then does that. $id is the command's number. */
#define AT_COMMAND(n, does)                                             \
    HELLO "n=0\nwhile read -r line; do\n"                               \
          "id=${line##*\\\"id\\\":}; id=${id%%[!0-9]*}; n=$((n + 1))\n" \
          "if [ $n -ge " n " ]; then " does "\nfi\n"                    \
          "echo \"{\\\"event\\\":\\\"ok\\\",\\\"id\\\":$id,\\\"stream\\\":true}\"\ndone"

static const struct cs_case *first_case(void)
{
    return &cs_client_role.groups[0][0];
}

static void check_error(const char *script, const char *message)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = PATIENCE_MS};
    const struct cs_work work = {.role = &cs_client_role, .test = first_case(), .env = &env};
    struct cs_result *result = run_cases(&work, 1, 1);
    if (result->verdict != CS_ERROR || !strstr(message_of(result), message)) {
        fail_msg("%s\nis %s, \"%s\" and not an error with \"%s\"", script,
                 cs_verdict_name(result->verdict), message_of(result), message);
    }
    free_results(result, 1);
}

static void test_nothing_that_could_be_spoken_with(void **state)
{
    (void)state;
    check_error("exit 0", "ended before it said hello");
    check_error("echo why >&2; exit 3", "why");
    check_error("printf 'at x\\nTypeError: no such\\n  at y\\n\\nNode.js v20\\n' >&2; exit 1",
                "said hello: TypeError: no such");
    check_error("printf 'Error [ERR_X]: none\\n  at y\\n' >&2; exit 1",
                "hello: Error [ERR_X]: none");
    check_error("printf 'adapter: my.mjs is not there\\n' >&2; exit 1", "my.mjs is not there");
    check_error("echo hello; cat", "is not a hello");
    check_error("printf '\\377\\376{\\n'; cat", "is not a hello");
    check_error("echo '{\"event\":\"ok\",\"id\":1}'; cat", "is not a hello");
    check_error("echo '{\"event\":\"hello\",\"protocol\":2," CAPABILITIES "}'; cat",
                "does not speak protocol 1");
    check_error("echo '{\"event\":\"hello\",\"protocol\":1}'; cat", "lists no capabilities");
    check_error("printf '{\"event\":\"hel'", "is not a hello");
}

static void test_garbage(void **state)
{
    (void)state;
    static const char *const garbage[] = {
        "echo garbage",     "echo", "echo '[]'", "echo 5", "echo '{\"id\":1}'", "printf '\\000\\n'",
        "printf '\\377\\n'"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        char script[1024];
        snprintf(script, sizeof script, AT_COMMAND("1", "%s"), garbage[i]);
        check_error(script, "wrote a line that is no event");
    }
    check_error(AT_COMMAND("2", "echo garbage"), "wrote a line that is no event");
}

static void test_floods(void **state)
{
    (void)state;
    check_error(AT_COMMAND("1", "yes '{\"event\":\"chunk\",\"id\":99}'"), "says more than");
    check_error(AT_COMMAND("2", "yes '{\"event\":\"chunk\",\"id\":2}'"), "says more than");
    check_error(AT_COMMAND("1", "cat /dev/zero"), "says more than");
}

static void test_half_lines_and_deaths(void **state)
{
    (void)state;
    check_error(AT_COMMAND("1", "printf '{\"event\":\"o'; exit 0"),
                "wrote a line that is no event");
    check_error(AT_COMMAND("1", "exit 0"), "adapter ended");
    check_error(AT_COMMAND("2", "exit 7"), "adapter ended");
    check_error(AT_COMMAND("1", "kill -9 $$"), "adapter ended");
    check_error(AT_COMMAND("2", "kill -11 $$"), "adapter ended");
    check_error(AT_COMMAND("1", "exec 1>&-; sleep 600"), "adapter ended");
}

static void test_silence(void **state)
{
    (void)state;
    check_error(HELLO "cat >/dev/null", "did not answer the command \"open\"");
    check_error(HELLO "exec sleep 600", "did not answer the command \"open\"");
    check_error(HELLO "printf '{\"event\":\"ok\",'; exec sleep 600",
                "did not answer the command \"open\"");
}

/* What an adapter may say beyond what is described, and in any encoding, disturbs nothing. */
static void test_what_is_passed_over(void **state)
{
    (void)state;
    static const char script[] = REFERENCE_CLIENT
        " | sed "
        "'s/^{\"event\":\"\\(ok\\|end\\)\"/{\"event\":\"debug\",\"x\":\"\\xff\\xe2\\x80\\xa8\"}\\n"
        "{\"more\":[{}],\"event\":\"\\1\"/' --unbuffered";
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv};
    const struct cs_work work = {.role = &cs_client_role, .test = first_case(), .env = &env};
    struct cs_result *result = run_cases(&work, 1, 1);
    if (result->verdict != CS_PASS) {
        fail_msg("%s: %s", cs_verdict_name(result->verdict), message_of(result));
    }
    free_results(result, 1);
}

/* Halves of surrogate pairs, as JavaScript prints them, and pairs; NUL, which no string of ours
 * holds. */
static void test_characters_that_cannot_be_kept(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        size_t n_replaced;
    } rows[] = {
        {"{\"a\":\"\\ud800\"}", "\xef\xbf\xbd", 1},
        {"{\"a\":\"\\uDFFF!\"}", "\xef\xbf\xbd!", 1},
        {"{\"a\":\"\\ud83d\\ude00\\ud83d\"}", "\xf0\x9f\x98\x80\xef\xbf\xbd", 1},
        {"{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "\xef\xbf\xbd\xf0\x9f\x98\x80", 1},
        {"{\"a\":\"\\\\ud800\\udc00x\\udc00\"}", "\\ud800\xef\xbf\xbdx\xef\xbf\xbd", 2},
        {"{\"a\":\"\\ud800\\n\"}", "\xef\xbf\xbd\n", 1},
        {"{\"a\":\"\\ud80\"}", NULL, 0},
        {"{\"a\":\"\\ud800", NULL, 0},
        {"\\ud800", NULL, 0},
        {"{\"a\":\"one\\u0000two\"}", "one\xef\xbf\xbdtwo", 1},
        {"{\"a\":\"\\u0000\\u0000\",\"\\u0000\":1}", "\xef\xbf\xbd\xef\xbf\xbd", 3},
        {"{\"a\":\"\\u0000\\ud800\"}", "\xef\xbf\xbd\xef\xbf\xbd", 2},
        {"{\"a\":\"\\\\u0000\"}", "\\u0000", 0}, /* a backslash, and then text */
        {"{\"a\":\"x\"}\\u0000\\", "x", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n_replaced = 99;
        cJSON *value = ck_parse_line(cs_view_str(rows[i].from), &n_replaced);
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "a"));
        if (!text != !rows[i].to || (text && strcmp(text, rows[i].to) != 0)) {
            fail_msg("%s became %s", rows[i].from, text ? text : "nothing");
        }
        if (text && n_replaced != rows[i].n_replaced) {
            fail_msg("%s: %zu are told as replaced", rows[i].from, n_replaced);
        }
        cJSON_Delete(value);
    }
    static const char cut[] = "{\"a\":\"x\0y\"}";
    size_t n_replaced;
    assert_null(ck_parse_line(cs_view_of(cut, sizeof cut - 1), &n_replaced));
}

/* The first process misbehaves, its successors do not. */
static void check_recovery(const char *does)
{
    char folder[] = "/tmp/chatspec-hostile-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char script[2048];
    snprintf(script, sizeof script,
             "if [ $(ls %s | wc -l) -ge 2 ]; then exec " REFERENCE_CLIENT "; fi\n"
             "touch %s/$$\n" AT_COMMAND("2", "%s"),
             folder, folder, does);
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = 2000};
    struct cs_work work[4];
    for (size_t i = 0; i < 4; i++) {
        work[i] = (struct cs_work){.role = &cs_client_role, .test = first_case(), .env = &env};
    }
    struct cs_result *results = run_cases(work, 4, 1);
    for (size_t i = 0; i < 4; i++) {
        if (results[i].verdict != (i < 2 ? CS_ERROR : CS_PASS)) {
            fail_msg("%s: case %zu: %s: %s", does, i, cs_verdict_name(results[i].verdict),
                     message_of(&results[i]));
        }
    }
    free_results(results, 4);
    snprintf(script, sizeof script, "rm -r %s", folder);
    assert_int_equal(system(script), 0);
}

static void test_the_run_goes_on_with_a_fresh_adapter(void **state)
{
    (void)state;
    check_recovery("exit 0");
    check_recovery("echo garbage");
    check_recovery("yes '{\"event\":\"chunk\",\"id\":2}'");
    check_recovery("printf '{\"event\":'; exit 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_that_could_be_spoken_with),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_half_lines_and_deaths),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_what_is_passed_over),
        cmocka_unit_test(test_characters_that_cannot_be_kept),
        cmocka_unit_test(test_the_run_goes_on_with_a_fresh_adapter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
