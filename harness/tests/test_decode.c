/* Parsers of other people: the vectors, the ABI, the example and its planted faults. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conformance/decode/base64.h"
#include "conformance/decode/divergences.h"
#include "conformance/decode/event_list.h"
#include "conformance/decode/generate.h"
#include "conformance/decode/parts.h"
#include "conformance/decode/streams.h"
#include "conformance/decode/vectors.h"
#include "suite/random.h"
#include "tests/json_schema.h"
#include "tests/program.h"

#define ALL_TRAITS                                                                \
    (CHATSPEC_REPORTS_PINGS | CHATSPEC_REPORTS_TAILS | CHATSPEC_REPORTS_UNKNOWN | \
     CHATSPEC_REPORTS_TIMESTAMPS)

static void assert_same(const char *id, const struct cs_event_list *wanted,
                        const struct cs_event_list *came)
{
    if (!cs_view_eq(cs_buf_view(&wanted->text), cs_buf_view(&came->text))) {
        fail_msg("%s: wanted\n%.*sand not\n%.*s", id, CS_VIEW_ARG(cs_buf_view(&wanted->text)),
                 CS_VIEW_ARG(cs_buf_view(&came->text)));
    }
}

static void check_vector(const struct cs_vector *vector, void *context)
{
    size_t *n = context;
    for (int lenient = 0; lenient < 2; lenient++) {
        uint32_t traits = ALL_TRAITS | (lenient ? CHATSPEC_LENIENT : 0);
        struct cs_event_list wanted = {.traits = traits};
        struct cs_event_list came = {.traits = traits};
        struct cs_view events =
            lenient && vector->lenient.len > 0 ? vector->lenient : vector->events;
        struct cs_diag diag = {0};
        if (cs_event_list_told(events, &wanted, &diag) != CS_OK) {
            fail_msg("%s: %s", vector->id, diag.text);
        }
        assert_int_equal(cs_event_list_ours(vector->stream, &came), CS_OK);
        assert_same(vector->id, &wanted, &came);
        cs_event_list_free(&wanted);
        cs_event_list_free(&came);
    }
    ++*n;
}

static void our_reader_keeps_to_the_vectors(void **state)
{
    (void)state;
    size_t n = 0;
    struct cs_diag diag = {0};
    assert_int_equal(cs_vectors_each(check_vector, &n, &diag), CS_OK);
    assert_true(n >= 60);
}

/* A stream that was made to keep to the protocol has nothing malformed in it. */
static void made_streams_are_valid_and_depend_on_the_seed_alone(void **state)
{
    (void)state;
    uint64_t one = cs_random_state(1, "a");
    uint64_t other = cs_random_state(1, "a");
    size_t n_events = 0;
    for (int i = 0; i < 2000; i++) {
        struct cs_buf stream = CS_BUF(1u << 24);
        struct cs_buf again = CS_BUF(1u << 24);
        struct cs_event_list list = {.traits = ALL_TRAITS | CHATSPEC_EXPECTS_VALID};
        cs_generate_stream(&one, 0, &stream);
        cs_generate_stream(&other, 0, &again);
        assert_true(cs_view_eq(cs_buf_view(&stream), cs_buf_view(&again)));
        if (cs_event_list_ours(cs_buf_view(&stream), &list) != CS_OK) {
            fail_msg("stream %d: %.*s", i, CS_VIEW_ARG(cs_buf_view(&stream)));
        }
        n_events += list.n;
        cs_event_list_free(&list);
        cs_buf_free(&stream);
        cs_buf_free(&again);
    }
    assert_true(n_events > 4000);
}

static void changes_depend_on_the_seed_alone_and_change(void **state)
{
    (void)state;
    uint64_t one = cs_random_state(2, "a");
    uint64_t other = cs_random_state(2, "a");
    int changed = 0;
    for (int i = 0; i < 2000; i++) {
        struct cs_view base =
            i % 10 == 0 ? cs_view_of(NULL, 0) : CS_VIEW("event: batch\ndata: x\n\n");
        struct cs_buf a = CS_BUF(1u << 20);
        struct cs_buf b = CS_BUF(1u << 20);
        cs_mutate_stream(&one, base, CS_VIEW("data: [DONE]\n\n"), &a);
        cs_mutate_stream(&other, base, CS_VIEW("data: [DONE]\n\n"), &b);
        assert_true(cs_view_eq(cs_buf_view(&a), cs_buf_view(&b)));
        changed += !cs_view_eq(cs_buf_view(&a), base);
        cs_buf_free(&a);
        cs_buf_free(&b);
    }
    assert_true(changed > 1500);
}

static void bytes_survive_base64(void **state)
{
    (void)state;
    for (size_t len = 0; len < 20; len++) {
        struct cs_buf text = CS_BUF(64);
        struct cs_buf back = CS_BUF(64);
        cs_base64_add(&text, cs_view_of("\x00\xff\x10zzy\x80~abcdefghijklmnop", len));
        assert_true(cs_base64_read(cs_buf_view(&text), &back));
        assert_true(cs_view_eq(cs_buf_view(&back),
                               cs_view_of("\x00\xff\x10zzy\x80~abcdefghijklmnop", len)));
        cs_buf_free(&text);
        cs_buf_free(&back);
    }
    struct cs_buf none = CS_BUF(64);
    assert_false(cs_base64_read(CS_VIEW("ab*d"), &none));
    assert_false(cs_base64_read(CS_VIEW("abc"), &none));
    cs_buf_free(&none);
}

static void the_example_is_without_fault(void **state)
{
    (void)state;
    assert_ends(WORDS("decode", "--library", EXAMPLE), 0, NULL);
    assert_ends(WORDS("fuzz", "--library", EXAMPLE, "--runs", "2000", "--seed", "1", "--quiet",
                      "--out", FOUND),
                0, NULL);
    assert_ends(
        WORDS("fuzz", "--builtin", "--runs", "2000", "--seed", "1", "--quiet", "--out", FOUND), 0,
        NULL);
}

static void its_planted_faults_are_found_and_can_be_shown_again(void **state)
{
    (void)state;
    struct program program = start(WORDS("fuzz", "--library", PLANTED, "--runs", "500", "--seed",
                                         "1", "--quiet", "--out", FOUND));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 1);
    assert_says(ended.out, "when cut between '\\r' and '\\n'");
    assert_says(ended.out, "of a record");
    const char *path = strstr(ended.out, "'" FOUND "/difference-");
    assert_non_null(path);
    char file[sizeof FOUND + 64];
    snprintf(file, sizeof file, "%.*s", (int)strcspn(path + 1, "'"), path + 1);
    release(&ended);
    assert_ends(WORDS("decode", "--library", PLANTED, file), 1, NULL);
    assert_ends(WORDS("decode", "--library", EXAMPLE, file), 0, NULL);
    assert_ends(WORDS("decode", "--library", PLANTED), 1, NULL);
}

/* Each way to be no parser is a verdict, or a line that says what is missing. */
static void what_is_no_parser_is_told(void **state)
{
    (void)state;
    static const char hello[] =
        "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"a\",\"version\":\"1\","
        "\"capabilities\":[\"decode\"]}'; ";
    static const struct {
        const char *then;
        const char *word;
    } rows[] = {
        {"read x; echo Traceback >&2; exit 3", "crash: Traceback"},
        {"read x; kill -SEGV $$", "crash: SIGSEGV"},
        {"read x; echo hello; sleep 9", "garbage: a line that is no event"},
        {"read x; echo '{\"event\":\"ok\",\"id\":1,\"value\":[{\"type\":\"x\"}]}'; sleep 9",
         "garbage: an event of the type"},
        {"read x; sleep 9", "hang: no answer in time"},
        {"while read x; do echo '{\"event\":\"ok\",\"id\":1,\"value\":[]}'; done",
         "the end instead of record"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char command[512];
        char script[] = FOUND "-peer-XXXXXX";
        int fd = mkstemp(script);
        assert_true(fd >= 0);
        dprintf(fd, "%s%s\n", hello, rows[i].then);
        close(fd);
        snprintf(command, sizeof command, "sh %s", script);
        struct program program = start(
            WORDS("decode", "--peer", command, "--only", "framing/line-feed", "--timeout", "1"));
        struct ended ended = finish(&program);
        assert_int_equal(ended.status, 1);
        assert_says(ended.out, rows[i].word);
        release(&ended);
        assert_int_equal(unlink(script), 0);
    }
    assert_ends(WORDS("decode", "--peer", "true"), 2, "without a hello");
    assert_ends(WORDS("decode", "--library", "/nowhere.so"), 2, "/nowhere.so");
    assert_ends(WORDS("decode", "--library", LIBRARY_OF_ANOTHER_KIND), 2, "chatspec_parser_abi");
    assert_ends(WORDS("decode", "--only", "no-such"), 2, "no case or requirement of that name");
    assert_ends(WORDS("decode", "/nowhere"), 2, "/nowhere");
    assert_ends(WORDS("fuzz", "sse", "--builtin"), 2, "sse is a target of our own");
}

/* What is written to a report, and where a run is stopped while a parser sleeps. */
static void vectors_are_reported_as_all_cases_are(void **state)
{
    (void)state;
    struct program program =
        start(WORDS("decode", "--library", PLANTED, "--format", "json", "--report",
                    "junit=/dev/null", "--report", "json=" FOUND "-report.json", "--seed", "7"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 1);
    int fd = open(FOUND "-report.json", O_RDONLY | O_CLOEXEC);
    char *text = content(fd);
    schema_assert_holds(CHATSPEC_REPORT_SCHEMA, text);
    free(text);
    close(fd);
    assert_int_equal(unlink(FOUND "-report.json"), 0);
    assert_says(ended.out, "\"decode/framing/carriage-return-line-feed\"");
    assert_says(ended.out, "\"kind\":\"library\"");
    release(&ended);
    program = start(WORDS("run", "--builtin", "--only", "decode/*", "--report", "json=/dev/null"));
    ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.out, "decode    framing");
    release(&ended);
    assert_ends(WORDS("decode", "--report", "json=/dev/null", "/dev/null"), 2, "of the vectors");
}

static void a_parser_that_tells_nothing_passes_no_vector(void **state)
{
    (void)state;
    char script[] = FOUND "-null-XXXXXX";
    char command[512];
    int fd = mkstemp(script);
    assert_true(fd >= 0);
    dprintf(fd, "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"a\",\"version\":\"1\","
                "\"capabilities\":[\"decode\"]}'\nn=0\nwhile read x; do n=$((n + 1)); "
                "echo \"{\\\"event\\\":\\\"ok\\\",\\\"id\\\":$n,\\\"value\\\":[]}\"; done\n");
    close(fd);
    snprintf(command, sizeof command, "sh %s", script);
    struct program program = start(WORDS("decode", "--peer", command, "--format", "json"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 1);
    assert_null(strstr(ended.out, "\"verdict\":\"pass\""));
    assert_says(ended.out, "\"verdict\":\"fail\"");
    release(&ended);
    assert_int_equal(unlink(script), 0);
}

static void a_sleeping_parser_holds_nothing_up(void **state)
{
    (void)state;
    static const char *const commands[] = {"decode", "fuzz"};
    char script[] = FOUND "-asleep-XXXXXX";
    char command[512];
    int fd = mkstemp(script);
    assert_true(fd >= 0);
    dprintf(fd, "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"a\",\"version\":\"1\","
                "\"capabilities\":[\"decode\"]}'\n"
                "read x || exit 0\nexec 9>" FOUND "-asked; echo x >&9; sleep 600\n");
    close(fd);
    (void)unlink(FOUND "-asked");
    assert_int_equal(mkfifo(FOUND "-asked", 0600), 0);
    snprintf(command, sizeof command, "sh %s", script);
    for (size_t i = 0; i < 2; i++) {
        char byte;
        struct program program =
            start(WORDS(commands[i], "--peer", command, "--timeout", "600",
                        i == 0 ? "--only" : "--minutes", i == 0 ? "json/escapes" : "5"));
        int asked = open(FOUND "-asked", O_RDONLY);
        assert_true(asked >= 0);
        assert_int_equal(read(asked, &byte, 1), 1);
        struct timespec from;
        struct timespec to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        assert_int_equal(kill(program.pid, SIGINT), 0);
        struct ended ended = finish(&program);
        while (read(asked, &byte, 1) > 0) { /* until nobody holds the other end any more */
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        close(asked);
        assert_int_equal(ended.status, 130);
        assert_true(to.tv_sec - from.tv_sec < 30); /* and not the 600 s of the parser */
        release(&ended);
    }
    assert_int_equal(unlink(script), 0);
    assert_int_equal(unlink(FOUND "-asked"), 0);
}

/* ---- clients ---- */

static void assert_canonical(const char *text, const char *wanted)
{
    struct cs_buf out = CS_BUF(4096);
    assert_int_equal(cs_json_canonical(cs_view_str(text), &out), CS_OK);
    cs_buf_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    cs_buf_free(&out);
}

static void texts_of_a_value_have_one_form(void **state)
{
    (void)state;
    assert_canonical(" { \"b\" : 1.0 , \"a\":[ -0, 1e2,true ] } ", "{\"a\":[0,100,true],\"b\":1}");
    assert_canonical("{\"a\":1,\"\\u0061\":2,\"b\":{}}", "{\"a\":2,\"b\":{}}");
    assert_canonical("[\"\\u00e9\\/\",1e999,9007199254740993]",
                     "[\"\xc3\xa9/\",null,9007199254740992]");
    struct cs_buf out = CS_BUF(64);
    assert_int_equal(cs_json_canonical(CS_VIEW("{"), &out), CS_ERR_SYNTAX);
    cs_buf_free(&out);
}

#define RECORD(n, rest) "{\"seq_num\":" #n "," rest "}"
#define BATCH(records)  "event: batch\ndata: {\"records\":[" records "]}\n\n"
#define BODY(data, id)  "\"body\":\"{\\\"data\\\":" data ",\\\"id\\\":\\\"" id "\\\"}\""

static void a_client_gets_parts(void **state)
{
    (void)state;
    static const char stream[] =
        BATCH(RECORD(1, BODY("[1.0]", "a")) "," RECORD(2, BODY("2", "a")) "," RECORD(
            3, "\"headers"
               "\":[[\"\","
               "\"trim\"]]"
               ",\"body\":"
               "\"x\"") "," RECORD(4, "\"headers\":[[\"trigger-control\",\"turn-complete\"]"
                                      "]") "," RECORD(5, "\"body\":\"no "
                                                         "JSON\"")) "event: "
                                                                    "batch\n"
                                                                    "data: "
                                                                    "{\n\nda"
                                                                    "ta: "
                                                                    "[DONE]"
                                                                    "\n\neve"
                                                                    "nt: "
                                                                    "error\n"
                                                                    "data: "
                                                                    "gone\n"
                                                                    "\n" BATCH(
                                                                        RECORD(6, "\"body\":\"\""));
    struct cs_event_list list = {.traits = CS_DECODE_PARTS | CHATSPEC_LENIENT};
    assert_int_equal(cs_event_list_ours(CS_VIEW(stream), &list), CS_OK);
    cs_buf_char(&list.text, '\0');
    assert_string_equal(list.text.ptr,
                        "record 1 part body \"[1]\"\n"
                        "record 4 part \"trigger-control\"=\"turn-complete\" body \"\"\n"
                        "record 5 part body \"\"\n"
                        "error \"gone\"\n");
    cs_event_list_free(&list);
}

/* Of every version some are known; none is listed twice, and a version from before it has none. */
static void divergences_are_told_by_version(void **state)
{
    (void)state;
    struct cs_divergences known;
    struct cs_diag diag = {0};
    struct cs_fault fault = {.outcome = CS_DECODED_EVENTS};
    assert_int_equal(cs_divergences_load("4.5.0", "3.1.1", &known, &diag), CS_OK);
    strcpy(fault.cause, "record instead of error");
    assert_non_null(cs_divergence_of(&known, &fault));
    assert_string_equal(cs_divergence_of(&known, &fault)->id, "error-event");
    strcpy(fault.cause, "another body of a record");
    assert_null(cs_divergence_of(&known, &fault));
    for (size_t i = 0; i < known.n; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(known.rows[i].id, known.rows[j].id);
        }
    }
    cs_divergences_free(&known);
    assert_int_equal(cs_divergences_load("4.8.3", "3.1.1", &known, &diag), CS_OK);
    strcpy(fault.cause, "record instead of error");
    assert_null(cs_divergence_of(&known, &fault));
    cs_divergences_free(&known);
    assert_int_equal(cs_divergences_load("4.4.0", "3.1.1", &known, &diag), CS_OK);
    assert_int_equal(known.n, 0);
    cs_divergences_free(&known);
}

static bool count_stream(const char *path, struct cs_view stream, void *context)
{
    (void)path;
    size_t *n = context;
    n[0]++;
    n[1] += stream.len > 0;
    return true;
}

static void the_corpus_gives_streams(void **state)
{
    (void)state;
    size_t n[2] = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_streams_each(CORPUS "/sse", count_stream, n, &diag), CS_OK);
    assert_int_equal(cs_streams_each(CORPUS "/twin", count_stream, n, &diag), CS_OK);
    assert_true(n[0] > 100 && n[1] > n[0] * 9 / 10);
    assert_int_equal(cs_streams_each("/nowhere", count_stream, n, &diag), CS_ERR_MISSING);
}

/* Against an SDK that is installed already, where there is one and Node is. */
static void the_sdk_is_known(void **state)
{
    (void)state;
    char home[] = SOURCE_FOLDER;
    if (system("node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1") != 0) {
        print_message("Node or npm is not there\n");
        skip();
    }
    if (access(SOURCE_FOLDER "/build/sdk/4.8.3/node_modules", R_OK) != 0) {
        print_message("SDK 4.8.3 is not installed: ./chatspec client --sdk 4.8.3 does it\n");
        skip();
    }
    assert_int_equal(setenv("CHATSPEC_HOME", home, 1), 0);
    assert_ends(WORDS("decode", "--sdk", "4.8.3"), 0, NULL);
    assert_ends(WORDS("fuzz", "differential", "--sdk", "4.8.3", "--runs", "300", "--seed", "1",
                      "--quiet", "--out", FOUND),
                0, NULL);
    assert_int_equal(setenv("CHATSPEC_HOME", BUILD_FOLDER, 1), 0);
}

static void options_that_exclude_each_other_are_told(void **state)
{
    (void)state;
    assert_ends(WORDS("fuzz", "differential"), 2, "--sdk");
    assert_ends(WORDS("decode", "--parser", "3.0.0"), 2, "--sdk");
    assert_ends(WORDS("decode", "--sdk", "4.8.3", "--builtin"), 2, "name one parser");
}

/* Whoever writes C++ includes it too. */
static void the_header_is_cxx_as_well(void **state)
{
    (void)state;
    if (system("command -v g++ >/dev/null 2>&1") != 0) {
        print_message("g++ is not there\n");
        skip();
    }
    assert_int_equal(
        system("g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ " HEADER), 0);
    assert_int_equal(
        system("gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c " HEADER), 0);
}

int main(void)
{
    (void)setenv("CHATSPEC_HOME", BUILD_FOLDER, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_reader_keeps_to_the_vectors),
        cmocka_unit_test(made_streams_are_valid_and_depend_on_the_seed_alone),
        cmocka_unit_test(changes_depend_on_the_seed_alone_and_change),
        cmocka_unit_test(bytes_survive_base64),
        cmocka_unit_test(the_example_is_without_fault),
        cmocka_unit_test(its_planted_faults_are_found_and_can_be_shown_again),
        cmocka_unit_test(what_is_no_parser_is_told),
        cmocka_unit_test(vectors_are_reported_as_all_cases_are),
        cmocka_unit_test(a_parser_that_tells_nothing_passes_no_vector),
        cmocka_unit_test(a_sleeping_parser_holds_nothing_up),
        cmocka_unit_test(texts_of_a_value_have_one_form),
        cmocka_unit_test(a_client_gets_parts),
        cmocka_unit_test(divergences_are_told_by_version),
        cmocka_unit_test(the_corpus_gives_streams),
        cmocka_unit_test(options_that_exclude_each_other_are_told),
        cmocka_unit_test(the_sdk_is_known),
        cmocka_unit_test(the_header_is_cxx_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
