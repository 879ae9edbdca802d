/* Servers that break, or that are none: each run ends in time, says in a line what is wrong, and
 * writes its report. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/prctl.h>

#include "net/http_client.h"
#include "peer/null_server.h"
#include "tests/program.h"

/* Long before every case could have waited for its answers once. */
#define BOUND_MS 45000

/* ---- a null peer in a process of its own ---- */

struct null_peer {
    pid_t pid;
    char url[64];
};

static _Noreturn void be_null_peer(enum cs_null_kind kind, int fd)
{
    struct cs_loop *loop = cs_loop_new();
    struct cs_null_server *server = NULL;
    struct cs_diag diag;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!loop || cs_null_server_start(loop, kind, &server, &diag) != CS_OK) {
        _exit(1);
    }
    uint16_t port = cs_null_server_port(server);
    if (write(fd, &port, sizeof port) != sizeof port) {
        _exit(1);
    }
    (void)cs_loop_run(loop, INT64_MAX);
    _exit(0);
}

static struct null_peer start_null_peer(enum cs_null_kind kind)
{
    struct null_peer peer;
    uint16_t port = 0;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    peer.pid = fork();
    if (peer.pid == 0) {
        be_null_peer(kind, fds[1]);
    }
    assert_int_equal(read(fds[0], &port, sizeof port), sizeof port);
    close(fds[0]);
    close(fds[1]);
    snprintf(peer.url, sizeof peer.url, "http://127.0.0.1:%u", port);
    return peer;
}

static void end_null_peer(const struct null_peer *peer)
{
    assert_int_equal(kill(peer->pid, SIGKILL), 0);
    assert_int_equal(waitpid(peer->pid, NULL, 0), peer->pid);
}

/* ---- a run against one ---- */

struct attempt {
    struct program program;
    int64_t started_ms;
    char report[32];
};

static struct attempt begin(const char *url)
{
    struct attempt attempt = {.started_ms = cs_now_ms(), .report = "/tmp/chatspec-hostile-XXXXXX"};
    int fd = mkstemp(attempt.report);
    assert_true(fd >= 0);
    close(fd);
    char option[64];
    snprintf(option, sizeof option, "json=%s", attempt.report);
    attempt.program = start(WORDS("endpoint", "--url", url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                                  "--jobs", "16", "--report", option));
    return attempt;
}

static void assert_concludes(struct attempt *attempt, int status, const char *line)
{
    struct ended ended = finish(&attempt->program);
    if (ended.status != status) {
        fail_msg("exit status %d and not %d: %s%s", ended.status, status, ended.out, ended.err);
    }
    assert_true(cs_now_ms() - attempt->started_ms < BOUND_MS);
    assert_says(ended.err, line);
    assert_says(ended.out, "judged in");
    release(&ended);
    FILE *file = fopen(attempt->report, "r");
    char text[4096] = {0};
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    assert_says(text, "\"schema\":\"chatspec-report/1\"");
    fclose(file);
    assert_int_equal(unlink(attempt->report), 0);
}

static void servers_that_are_none_are_told_in_a_line(void **state)
{
    (void)state;
    static const struct {
        enum cs_null_kind kind;
        int status;
        const char *line;
    } rows[] = {
        {CS_NULL_CLOSED, 3, "cannot be reached"},
        {CS_NULL_HANGS_UP, 3, "cannot be reached"},
        {CS_NULL_SILENT, 3, "no answer in time"},
        {CS_NULL_TRICKLES, 3, "no answer in time"},
        {CS_NULL_GARBAGE, 3, "does not speak HTTP"},
        {CS_NULL_ALWAYS_404, 3, "answered 404; is this the URL of the API?"},
        /* that it makes no session is broken, and judged; the rest is not held against it */
        {CS_NULL_ALWAYS_500, 1, "POST /api/v1/sessions answered 500"},
        {CS_NULL_ALWAYS_200, 3, "answered 200, which is not as documented"},
        {CS_NULL_STALLS, 3, "POST /api/v1/sessions: no complete answer"},
        {CS_NULL_BREAKS_OFF, 3, "POST /api/v1/sessions: "},
    };
    enum {
        N = sizeof rows / sizeof rows[0]
    };
    struct null_peer peers[N];
    struct attempt attempts[N];
    for (size_t i = 0; i < N; i++) { /* side by side: their waits overlap */
        peers[i] = start_null_peer(rows[i].kind);
        attempts[i] = begin(peers[i].url);
    }
    for (size_t i = 0; i < N; i++) {
        assert_concludes(&attempts[i], rows[i].status, rows[i].line);
        end_null_peer(&peers[i]);
    }
}

/* Lets the run go on until the server has answered that many calls. */
static void follow(const struct served *served, int n)
{
    char c = 0;
    while (n > 0 && read(served->log, &c, 1) == 1) {
        n -= c == '\n';
    }
    assert_int_equal(n, 0);
}

static void a_server_that_dies_is_noticed_once(void **state)
{
    (void)state;
    struct served served = serve(WORDS(NULL), true);
    struct attempt attempt = begin(served.url);
    follow(&served, 400);
    end_served(&served);
    assert_concludes(&attempt, 3, "the peer can no longer be reached");
}

static void a_server_that_falls_silent_is_noticed_once(void **state)
{
    (void)state;
    struct served served = serve(WORDS(NULL), true);
    struct attempt attempt = begin(served.url);
    follow(&served, 400);
    assert_int_equal(kill(served.pid, SIGSTOP), 0);
    assert_concludes(&attempt, 3, "no answer in time");
    end_served(&served);
}

int main(void)
{
    setenv("CHATSPEC_TEST_KEY", "tr_dev_chatspec0000000000000000", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_that_are_none_are_told_in_a_line),
        cmocka_unit_test(a_server_that_dies_is_noticed_once),
        cmocka_unit_test(a_server_that_falls_silent_is_noticed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
