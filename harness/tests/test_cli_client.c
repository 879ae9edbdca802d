/* The program on clients: where they come from, what it calls them, and runs of several rounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "tests/program.h"

#define ENDPOINT_CASE "endpoint/token/wrong-signature"
#define CLIENT_CASE   "client/framing/byte-order-mark"

static void wrong_choices_are_told(void **state)
{
    (void)state;
    assert_ends(WORDS("client", "--builtin", "--parser", "3.0.0"), 2, "--parser is of an SDK");
    assert_ends(WORDS("client", "--peer", "x", "--parser", "3.0.0"), 2, "--parser is of an SDK");
    assert_ends(WORDS("matrix"), 2, "matrix needs versions");
    assert_ends(WORDS("matrix", "--sdk", ",,"), 2, "matrix needs versions");
    assert_ends(WORDS("matrix", "--sdk", "4.8.3", "--format", "xml"), 2,
                "'human', 'github' or 'json'");
    assert_ends(WORDS("matrix", "--sdk", "a,b,c,d,e,f", "--parser", "1,2,3,4,5,6"), 2,
                "at most 32 columns");
}

/* Without the tools every column is left out, each with its reason, and there is no table. */
static void a_machine_without_node_is_told(void **state)
{
    (void)state;
    char *path = strdup(getenv("PATH"));
    assert_non_null(path);
    setenv("PATH", "/nonexistent", 1);
    assert_ends(WORDS("client", "--sdk", "latest"), 3, "node was not found in PATH");
    assert_ends(WORDS("matrix", "--sdk", "./x.tgz", "--parser", "3.0.0"), 3,
                "./x.tgz parser 3.0.0 is left out: node was not found in PATH");
    assert_ends(WORDS("matrix", "--sdk", "4.8.3,latest"), 3,
                "none of these versions can be had here");
    setenv("PATH", path, 1);
    free(path);
}

static void a_peer_is_called_what_it_says(void **state)
{
    (void)state;
    static const char peer[] = "/bin/sh -c 'exec " REFERENCE_CLIENT "'";
    struct program program =
        start(WORDS("client", "--peer", peer, "--only", CLIENT_CASE, "--jobs", "1"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "against chatspec-reference-client ");
    release(&ended);
}

static void rounds_without_a_change_are_a_good_run(void **state)
{
    (void)state;
    struct program program = start(WORDS("endpoint", "--only", ENDPOINT_CASE, "--repeat", "3"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "passed, 0 flaky in 3 rounds: 1 of 1 cases judged");
    release(&ended);
}

/* Every second process of this peer is a good one. */
static void a_case_that_is_flaky_fails_the_run(void **state)
{
    (void)state;
    char mark[] = "/tmp/chatspec-flaky-XXXXXX";
    char peer[1024];
    assert_true(mkstemp(mark) >= 0);
    snprintf(peer, sizeof peer,
             "/bin/sh -c 'if [ -e %s ]; then rm %s; exec " REFERENCE_CLIENT
             "; else : > %s; exec " REFERENCE_CLIENT " --fault keep_bom=1; fi'",
             mark, mark, mark);
    struct program program = start(WORDS("client", "--peer", peer, "--only", CLIENT_CASE, "--jobs",
                                         "1", "--repeat", "4", "--seed", "5"));
    struct ended ended = finish(&program);
    unlink(mark);
    assert_int_equal(ended.status, 1);
    assert_says(ended.out, CLIENT_CASE ": 2 of 4 rounds differ (2 pass, 2 warn)");
    assert_says(ended.out, "failed, 1 flaky in 4 rounds");
    assert_says(ended.out, "--seed 6 --only " CLIENT_CASE);
    release(&ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_choices_are_told),
        cmocka_unit_test(a_machine_without_node_is_told),
        cmocka_unit_test(a_peer_is_called_what_it_says),
        cmocka_unit_test(rounds_without_a_change_are_a_good_run),
        cmocka_unit_test(a_case_that_is_flaky_fails_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
