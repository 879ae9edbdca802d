/* Talking to our adapters line by line: what each has to bear, and each kind of the SDK's clients
 * once against the reference endpoint. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol_lines.h"

static struct cs_process *start(const char *const *argv)
{
    struct cs_process_config config = {.argv = argv};
    struct cs_process *process = NULL;
    struct cs_diag diag = {0};
    if (cs_process_start(&config, &process, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    return process;
}

static void expect_hello(struct fixture *fixture, struct cs_process *process)
{
    cJSON *hello = next_event(fixture, process);
    assert_string_equal(text_of(hello, "event"), "hello");
    cJSON_Delete(hello);
}

/* As many bytes as a record may have, each of which takes six in a JSON string. */
#define RECORD_LEN ((size_t)6 * 1024 * 1024)

/* The next event is this, for the command of that number; 0: for none. */
static void expect_answer(struct fixture *fixture, struct cs_process *process, const char *name,
                          int number)
{
    cJSON *event = next_event(fixture, process);
    const cJSON *id = schema_member(event, "id");
    if (strcmp(text_of(event, "event"), name) != 0 ||
        (number ? !cJSON_IsNumber(id) || id->valueint != number : !cJSON_IsNull(id))) {
        char *said = cJSON_PrintUnformatted(event);
        fail_msg("wanted %s of %d and got %.200s", name, number, said);
    }
    cJSON_Delete(event);
}

/* The next events answer the commands from `first` to `last`, once each and in any order. */
static void expect_answers(struct fixture *fixture, struct cs_process *process, int first, int last)
{
    unsigned seen = 0;
    for (int i = first; i <= last; i++) {
        cJSON *event = next_event(fixture, process);
        const cJSON *id = schema_member(event, "id");
        assert_true(is_answer(event) && cJSON_IsNumber(id));
        assert_in_range(id->valueint, first, last);
        seen |= 1u << id->valueint;
        cJSON_Delete(event);
    }
    assert_int_equal(seen, (1u << (last + 1)) - (1u << first));
}

/* A command that nobody knows comes back by its name: a long line, there and back. */
static void check_long_line(struct fixture *fixture, struct cs_process *process)
{
    struct cs_buf line = CS_BUF(8 * RECORD_LEN);
    cs_buf_str(&line, "{\"id\":77,\"command\":\"");
    for (size_t i = 0; i < RECORD_LEN; i++) {
        cs_buf_str(&line, "\\u0001");
    }
    cs_buf_str(&line, "\"}");
    assert_int_equal(cs_buf_error(&line), CS_OK);
    assert_int_equal(cs_process_write_line(process, cs_buf_view(&line), WAIT_MS), CS_OK);
    cs_buf_free(&line);
    cJSON *event = next_event(fixture, process);
    assert_string_equal(text_of(event, "event"), "unsupported");
    assert_int_equal(strlen(text_of(event, "command")), RECORD_LEN);
    cJSON_Delete(event);
}

static void check_lines(struct fixture *fixture, const char *const *argv)
{
    struct cs_process *process = start(argv);
    expect_hello(fixture, process);
    /* Separators of lines elsewhere, bytes that are no text, and members that nobody knows. */
    write_line(process,
               "{\"id\":1,\"command\":\"reset\",\"x\":\"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\"}");
    expect_answer(fixture, process, "ok", 1);
    write_line(process, "{\"id\":2,\"command\":\"reset\",\"x\":\"\xff\xc3\"}");
    expect_answer(fixture, process, "ok", 2);
    /* What is no command is answered, and the next one is understood. */
    write_line(process, "garbage");
    expect_answer(fixture, process, "fail", 0);
    /* Several at once, in one write. */
    write_line(process, "{\"id\":3,\"command\":\"zork\"}\n{\"id\":4,\"command\":\"reset\"}\n"
                        "{\"id\":5,\"command\":\"zork\"}");
    expect_answers(fixture, process, 3, 5);
    check_long_line(fixture, process);
    write_line(process, "{\"id\":6,\"command\":\"quit\"}");
    expect_answer(fixture, process, "ok", 6);
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_ERR_CLOSED);
    cs_process_end(process, 1000);
}

/* ---- the SDK's clients ---- */

#define KEY "tr_dev_chatspec0000000000000000"

/* One command, as printf makes it, and the event that has to close it. */
struct step {
    const char *command; /* %s stands for the endpoint's URL; without its id */
    const char *closed_by;
};

static const struct step steps[] = {
    {"\"command\":\"open\",\"client\":\"a\",\"kind\":\"agent\",\"chat\":\"kinds\",\"task\":\"t\","
     "\"baseUrl\":\"%s\",\"secretKey\":\"" KEY "\"",
     "ok"},
    {"\"command\":\"send\",\"client\":\"a\",\"messages\":[{\"id\":\"u1\",\"role\":\"user\","
     "\"parts\":[{\"type\":\"text\",\"text\":\"pong\"}]}]",
     "end"},
    {"\"command\":\"session\",\"client\":\"a\"", "ok"},
    {"\"command\":\"open\",\"client\":\"h\",\"kind\":\"session\",\"chat\":\"kinds\","
     "\"baseUrl\":\"%s\",\"secretKey\":\"" KEY "\"",
     "ok"},
    {"\"command\":\"read\",\"client\":\"h\",\"options\":{\"timeoutInSeconds\":1}", "end"},
    {"\"command\":\"write\",\"client\":\"h\",\"value\":{\"kind\":\"stop\"}", "ok"},
    {"\"command\":\"control\",\"client\":\"h\",\"subtype\":\"flux\"", "ok"},
    {"\"command\":\"call\",\"client\":\"h\",\"method\":\"retrieve\",\"arguments\":[\"kinds\"]",
     "ok"},
    {"\"command\":\"call\",\"client\":\"h\",\"method\":\"list\"", "ok"},
    {"\"command\":\"open\",\"client\":\"s\",\"kind\":\"subscription\","
     "\"url\":\"%s/realtime/v1/sessions/kinds/out\",\"options\":{\"timeoutInSeconds\":1},"
     "\"headers\":{\"Authorization\":\"Bearer " KEY "\"}",
     "ok"},
    {"\"command\":\"read\",\"client\":\"s\"", "end"},
    {"\"command\":\"status\",\"client\":\"s\"", "ok"},
    {"\"command\":\"send\",\"client\":\"s\",\"messages\":[]", "unsupported"},
    {"\"command\":\"open\",\"client\":\"w\",\"kind\":\"head-start\",\"task\":\"t\","
     "\"baseUrl\":\"%s\",\"secretKey\":\"" KEY "\",\"model\":{\"text\":\"hi\",\"chunks\":[]}",
     "ok"},
    {"\"command\":\"open\",\"client\":\"z\"", "ok"},
    {"\"command\":\"close\",\"client\":\"z\"", "ok"},
    {"\"command\":\"read\",\"client\":\"z\"", "fail"},
    {"\"command\":\"reset\"", "ok"},
};

/* Waits for the event of that command that closes it, which has to be the one that is wanted. */
static void expect_closed(struct fixture *fixture, struct cs_process *process, int number,
                          const struct step *step)
{
    for (;;) {
        cJSON *event = next_event(fixture, process);
        const cJSON *id = schema_member(event, "id");
        const char *name = text_of(event, "event");
        bool its_own = cJSON_IsNumber(id) && id->valueint == number;
        bool closes = its_own && strcmp(name, step->closed_by) == 0;
        bool fails = its_own && !closes &&
                     (strcmp(name, "fail") == 0 || strcmp(name, "error") == 0 ||
                      strcmp(name, "unsupported") == 0);
        if (fails) {
            char *said = cJSON_PrintUnformatted(event);
            fail_msg("%s: %.300s", step->command, said);
        }
        cJSON_Delete(event);
        if (closes) {
            return;
        }
    }
}

/* The URL that `chatspec serve` names in its first line. */
static void read_url(struct cs_process *server, char *url, size_t size)
{
    struct cs_view line;
    assert_int_equal(cs_process_read_line(server, WAIT_MS, &line), CS_OK);
    size_t at = cs_view_find(line, CS_VIEW("http://"));
    assert_true(at < line.len);
    snprintf(url, size, "%.*s", (int)(line.len - at), line.ptr + at);
    url[strcspn(url, " \r")] = '\0';
}

static void check_kinds(struct fixture *fixture, const char *const *argv)
{
    static const char *const serve[] = {CHATSPEC_BINARY, "serve", "--port", "0", NULL};
    struct cs_process *server = start(serve);
    struct cs_process *process = start(argv);
    char url[128];
    read_url(server, url, sizeof url);
    expect_hello(fixture, process);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct cs_buf line = CS_BUF(4096);
        const char *mark = strstr(steps[i].command, "%s");
        size_t before = mark ? (size_t)(mark - steps[i].command) : strlen(steps[i].command);
        cs_buf_printf(&line, "{\"id\":%zu,%.*s%s%s}", i + 1, (int)before, steps[i].command,
                      mark ? url : "", mark ? mark + 2 : "");
        assert_int_equal(cs_process_write_line(process, cs_buf_view(&line), WAIT_MS), CS_OK);
        cs_buf_free(&line);
        expect_closed(fixture, process, (int)i + 1, &steps[i]);
    }
    cs_process_end(process, 1000);
    cs_process_end(server, 1000);
}

static void test_reference_client(void **state)
{
    static const char *const argv[] = {REFERENCE_CLIENT, NULL};
    check_lines(*state, argv);
}

static void test_python(void **state)
{
    static const char *const argv[] = {"python3", PEERS "/python/adapter.py", NULL};
    need_tool("python3");
    check_lines(*state, argv);
}

static void test_reader(void **state)
{
    static const char *const argv[] = {"node", PEERS "/reader/adapter.mjs", NULL};
    need_tool("node");
    check_lines(*state, argv);
}

static void test_sdk(void **state)
{
    char version[256];
    char root[512];
    need_tool("node");
    if (!installed_version(version, sizeof version)) {
        print_message("no SDK is installed in " SDK_FOLDER "\n");
        skip();
    }
    snprintf(root, sizeof root, SDK_FOLDER "/%s", version);
    const char *const argv[] = {"node", PEERS "/sdk/adapter.mjs", "--root", root, NULL};
    check_lines(*state, argv);
    check_kinds(*state, argv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_reference_client),
        WITH_FIXTURE(test_python),
        WITH_FIXTURE(test_reader),
        WITH_FIXTURE(test_sdk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
