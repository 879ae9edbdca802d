/* The program as a whole: what it says and how it exits, by running it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "tests/program.h"

#define ONE_CASE "endpoint/token/wrong-signature"

/* ---- a server of our own, where the program needs to be held at a certain point ---- */

struct listener {
    int fd;
    char url[64];
};

static struct listener open_port(bool listening)
{
    struct listener listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener.fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listening ? listen(listener.fd, 16) : 0, 0);
    snprintf(listener.url, sizeof listener.url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return listener;
}

/* Takes a connection and the first bytes of a request on it. */
static int take_request(const struct listener *listener)
{
    char request[4096];
    int fd = accept(listener->fd, NULL, NULL);
    assert_true(fd >= 0);
    assert_true(read(fd, request, sizeof request) > 0);
    return fd;
}

/* Says yes, as a server does that makes a session. */
static void answer_one(const struct listener *listener)
{
    static const char answer[] =
        "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 64\r\n\r\n"
        "{\"id\":\"session_x\",\"runId\":\"run_x\",\"publicAccessToken\":\"a.b.cde\"}";
    int fd = take_request(listener);
    char rest[4096];
    assert_int_equal(write(fd, answer, sizeof answer - 1), sizeof answer - 1);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    while (read(fd, rest, sizeof rest) > 0) {
    } /* a close with bytes unread would reset */
    close(fd);
}

/* ---- tests ---- */

static void misspelt_commands_and_options_name_the_nearest(void **state)
{
    (void)state;
    assert_ends(WORDS("endpont"), 2, "did you mean endpoint");
    assert_ends(WORDS("qqqqqqqq"), 2, "no such command: qqqqqqqq");
    assert_ends(WORDS("help", "endpont"), 2, "did you mean endpoint");
    assert_ends(WORDS("endpoint", "--onyl", "x"), 2, "--only");
    assert_ends(WORDS("endpoint", "stray"), 2, "stray");
    assert_ends(WORDS("endpoint", "--only"), 2, "--only needs a value");
    assert_ends(WORDS("endpoint", "--verbose=yes"), 2, "takes no value");
    assert_ends(WORDS("endpoint", "--jobs", "many"), 2, "0 to 512");
    assert_ends(WORDS("endpoint", "--seed=9007199254740992"), 2, "9007199254740991");
    assert_ends(WORDS("endpoint", "--shard", "3/2"), 2, "K/N");
    assert_ends(WORDS("endpoint", "--fail-on", "may"), 2, "'must' or 'should'");
    assert_ends(WORDS("endpoint", "--format", "xml"), 2, "'human', 'github' or 'json'");
    assert_ends(WORDS("endpoint", "--include", "short"), 2, "'long'");
    assert_ends(WORDS("client", "--builtin", "--sdk", "1.2.3"), 2, "exclude each other");
    assert_ends(WORDS(NULL), 2, "chatspec COMMAND");
}

static void help_and_version_are_no_errors(void **state)
{
    (void)state;
    static const char *const commands[] = {"run",      "endpoint", "client", "serve",
                                           "selftest", "list",     "explain"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct program program = start(WORDS(commands[i], "--help"));
        struct ended ended = finish(&program);
        assert_int_equal(ended.status, 0);
        assert_says(ended.out, "Examples:");
        release(&ended);
    }
    assert_ends(WORDS("--help"), 0, NULL);
    assert_ends(WORDS("help"), 0, NULL);
    assert_ends(WORDS("--version"), 0, NULL);
}

static void a_selection_of_nothing_is_no_green_run(void **state)
{
    (void)state;
    assert_ends(WORDS("endpoint", "--only", "endpoint/token/wrong-signatur"), 2, ONE_CASE);
    assert_ends(WORDS("endpoint", "--only", "TOK-999"), 2, "no case or requirement");
    assert_ends(WORDS("endpoint", "--skip", "*"), 2, "no case is left");
    assert_ends(WORDS("selftest", "--only", "nothing-like-this"), 2, "no case or requirement");
}

static void reports_that_cannot_be_written_stop_the_run_before_it_starts(void **state)
{
    (void)state;
    struct program program =
        start(WORDS("endpoint", "--only", ONE_CASE, "--report", "json=/nowhere/at/all"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 2);
    assert_says(ended.err, "/nowhere/at/all cannot be written");
    assert_string_equal(ended.out, "");
    release(&ended);
    assert_ends(WORDS("endpoint", "--report", "pdf=x"), 2, "json=PATH");
    assert_ends(WORDS("endpoint", "--report", "json"), 2, "json=PATH");
}

static void subjects_are_checked_first(void **state)
{
    (void)state;
    assert_ends(WORDS("endpoint", "--url", "ftp://x"), 2, "http://HOST");
    assert_ends(WORDS("endpoint", "--url", "http://"), 2, "http://HOST");
    assert_ends(WORDS("endpoint", "--url", "http://h/?q"), 2, "http://HOST");
    assert_ends(WORDS("endpoint", "--task", "x"), 2, "--url");
    assert_ends(WORDS("endpoint", "--url", "http://127.0.0.1:1", "--secret-key-env",
                      "CHATSPEC_TEST_NO_SUCH"),
                2, "CHATSPEC_TEST_NO_SUCH");
    struct listener nobody = open_port(false);
    assert_ends(WORDS("endpoint", "--url", nobody.url), 3, "cannot be reached");
    close(nobody.fd);
    assert_ends(WORDS("client", "--peer", "'open quote"), 2, NULL);
}

static void a_good_run_is_zero_and_has_its_reports(void **state)
{
    (void)state;
    struct program program = start(WORDS("endpoint", "--only", ONE_CASE, "--seed", "7", "--report",
                                         "json=/dev/null", "--format", "json"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "\"schema\":\"chatspec-lines/1\"");
    assert_says(ended.out, "\"seed\":7,");
    assert_says(ended.out, "\"id\":\"" ONE_CASE "\"");
    assert_says(ended.out, "\"pass\":1,");
    release(&ended);
}

static void a_run_in_which_all_is_skipped_is_not_green(void **state)
{
    (void)state;
    struct listener listener = open_port(true);
    struct program program = start(WORDS("endpoint", "--url", listener.url, "--only", ONE_CASE));
    answer_one(&listener); /* the first sign of life; the case needs a key and is not run */
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 2);
    assert_says(ended.out, "needs a secret key");
    assert_says(ended.out, "nothing was judged");
    release(&ended);
    close(listener.fd);
}

static void a_served_violation_is_found_and_served_until_told_to_end(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet", "--violate", "create-status-200"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    assert_ends(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                      "--only", "SES-01", "--no-color"),
                1, NULL);
    int status = 0;
    assert_int_equal(kill(served.pid, SIGTERM), 0);
    assert_int_equal(waitpid(served.pid, &status, 0), served.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(served.log);
    assert_ends(WORDS("serve", "--violate", "create-status-20"), 2, "create-status-200");
    assert_ends(WORDS("serve", "--fault", "put 1: vanish"), 2, "'vanish'");
}

static void a_stream_store_is_checked_before_anything_starts(void **state)
{
    (void)state;
    struct listener nobody = open_port(false);
    static const char *const commands[] = {"serve", "endpoint"};
    for (size_t i = 0; i < 2; i++) {
        const char *command = commands[i];
        assert_ends(WORDS(command, "--stream", nobody.url), 2, "--basin");
        assert_ends(WORDS(command, "--basin", "some-basin"), 2, "--stream");
        assert_ends(WORDS(command, "--stream", nobody.url, "--basin", "B"), 2, "8 to 48");
        assert_ends(WORDS(command, "--stream", "nonsense", "--basin", "some-basin"), 2,
                    "--stream nonsense");
        assert_ends(WORDS(command, "--stream", nobody.url, "--basin", "some-basin",
                          "--stream-token-env", "CHATSPEC_NO_SUCH"),
                    2, "CHATSPEC_NO_SUCH");
        struct program program =
            start(WORDS(command, "--stream", nobody.url, "--basin", "some-basin"));
        struct ended ended = finish(&program);
        assert_int_equal(ended.status, 3);
        assert_says(ended.err, nobody.url);
        assert_says(ended.err, "/v1 cannot be reached");
        assert_ptr_equal(strchr(ended.err, '\n'), ended.err + strlen(ended.err) - 1);
        release(&ended);
    }
    assert_ends(
        WORDS("endpoint", "--url", nobody.url, "--stream", nobody.url, "--basin", "some-basin"), 2,
        "its own store");
    close(nobody.fd);
}

static void an_interrupted_run_keeps_its_partial_report(void **state)
{
    (void)state;
    struct listener listener = open_port(true);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", "tr_dev_whatever", 1), 0);
    char path[] = "/tmp/chatspec-cli-XXXXXX";
    int report_fd = mkstemp(path);
    assert_true(report_fd >= 0);
    char option[64];
    snprintf(option, sizeof option, "json=%s", path);
    char page_path[] = "/tmp/chatspec-cli-XXXXXX";
    int page_fd = mkstemp(page_path);
    assert_true(page_fd >= 0);
    char markdown[64];
    snprintf(markdown, sizeof markdown, "markdown=%s", page_path);
    struct program program =
        start(WORDS("endpoint", "--url", listener.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                    "--jobs", "1", "--only", "endpoint/token/*", "--report", option, "--report",
                    markdown, "--format", "json"));
    answer_one(&listener);                 /* can it be reached? */
    answer_one(&listener);                 /* does it have a runs API? */
    answer_one(&listener);                 /* the runner's own question */
    answer_one(&listener);                 /* it makes a session, */
    answer_one(&listener);                 /* and appends */
    int hanging = take_request(&listener); /* a case is running now, and waits for us */
    assert_int_equal(kill(program.pid, SIGINT), 0);
    answer_one(&listener); /* that session is closed, */
    answer_one(&listener); /* and what the case may have made */
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 130);
    assert_says(ended.out, "\"type\":\"end\"");
    assert_says(ended.out, "\"interrupted\":true");
    release(&ended);
    close(report_fd);
    close(page_fd);
    page_fd = open(page_path, O_RDONLY);
    char *page = content(page_fd);
    assert_says(page, "chatspec: interrupted\n");
    free(page);
    close(page_fd);
    assert_int_equal(unlink(page_path), 0);
    FILE *report = fopen(path, "r");
    char text[4096] = {0};
    assert_true(fread(text, 1, sizeof text - 1, report) > 0);
    assert_says(text, "\"interrupted\":true");
    fclose(report);
    assert_int_equal(unlink(path), 0);
    close(hanging);
    close(listener.fd);
}

static void things_can_be_listed_and_explained(void **state)
{
    (void)state;
    struct program program = start(WORDS("list", "--only", "SES-01"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "endpoint/session/");
    release(&ended);
    program = start(WORDS("explain", "TOK-20"));
    ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "Checked by:");
    assert_says(ended.out, "Source:");
    release(&ended);
    program = start(WORDS("explain", ONE_CASE));
    ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "./chatspec endpoint --only " ONE_CASE);
    release(&ended);
    /* as the launcher was called */
    assert_int_equal(setenv("CHATSPEC_CALLED", "../up/chatspec", 1), 0);
    program = start(WORDS("explain", ONE_CASE));
    ended = finish(&program);
    assert_int_equal(unsetenv("CHATSPEC_CALLED"), 0);
    assert_says(ended.out, "  ../up/chatspec endpoint --only " ONE_CASE);
    release(&ended);
    assert_ends(WORDS("explain", "create-status-200"), 0, NULL);
    assert_ends(WORDS("explain", "TOK-2O"), 2, "nearest");
    assert_ends(WORDS("explain"), 2, "needs an id");
    assert_ends(WORDS("list", "requirements"), 0, NULL);
    assert_ends(WORDS("list", "violations"), 0, NULL);
    assert_ends(WORDS("list", "things"), 2, "cases, requirements, violations or findings");
    assert_ends(WORDS("list", "--format", "yaml"), 2, "human or markdown");
    assert_ends(WORDS("list", "violations", "--format", "markdown"), 2, "all cases, or of all");
    assert_ends(WORDS("list", "findings", "--format", "markdown"), 0, NULL);
    assert_ends(WORDS("help", "--completion", "fish"), 2, "bash|zsh");
}

static void selftest_of_one_case_prints_its_matrix(void **state)
{
    (void)state;
    struct program program = start(WORDS("selftest", "--only", ONE_CASE));
    struct ended ended = finish(&program);
    assert_says(ended.out, "1 cases, ");
    assert_says(ended.out, "10 null peers");
    assert_says(ended.out, "passes for null peers 0");
    assert_int_equal(ended.status, 0);
    release(&ended);
    program = start(WORDS("selftest", "--role", "client", "--only", "CTK-05"));
    ended = finish(&program);
    assert_says(ended.out, "client: 1 cases, 2 violations of the reference client");
    assert_int_equal(ended.status, 0);
    release(&ended);
    assert_ends(WORDS("selftest", "--role", "agents"), 2, "endpoint, client or agent");
    assert_ends(WORDS("selftest", "--violate", "adopt_tokn=0"), 2, "adopt_token=0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misspelt_commands_and_options_name_the_nearest),
        cmocka_unit_test(help_and_version_are_no_errors),
        cmocka_unit_test(a_selection_of_nothing_is_no_green_run),
        cmocka_unit_test(reports_that_cannot_be_written_stop_the_run_before_it_starts),
        cmocka_unit_test(subjects_are_checked_first),
        cmocka_unit_test(a_good_run_is_zero_and_has_its_reports),
        cmocka_unit_test(a_run_in_which_all_is_skipped_is_not_green),
        cmocka_unit_test(a_served_violation_is_found_and_served_until_told_to_end),
        cmocka_unit_test(a_stream_store_is_checked_before_anything_starts),
        cmocka_unit_test(an_interrupted_run_keeps_its_partial_report),
        cmocka_unit_test(things_can_be_listed_and_explained),
        cmocka_unit_test(selftest_of_one_case_prints_its_matrix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
