/* Every line that the runner and our adapters exchange, held against the schema of the protocol:
 * the whole role is run with a recorder on both pipes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "client_run.h"
#include "conformance/peers/tool.h"
#include "json_schema.h"
#include "peer/process.h"

#define JOBS     4
#define MAX_FILE ((size_t)256 * 1024 * 1024)

struct fixture {
    char folder[64];
    cJSON *document;
    struct schema schema;
    size_t n_commands;
    size_t n_events;
};

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    struct cs_buf text = CS_BUF(MAX_FILE);
    for (;;) {
        char *room = cs_buf_reserve(&text, 65536);
        assert_non_null(room);
        size_t n = fread(room, 1, 65536, file);
        text.len += n;
        if (n == 0) {
            break;
        }
    }
    assert_int_equal(fclose(file), 0);
    *ret_len = text.len;
    char *bytes = cs_buf_take(&text);
    assert_non_null(bytes);
    return bytes;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/chatspec-lines-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    size_t len;
    char *text = read_file(PEERS "/schema/protocol-1.json", &len);
    fixture->document = cJSON_ParseWithLength(text, len);
    free(text);
    assert_non_null(fixture->document);
    fixture->schema.root = fixture->document;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", fixture->folder);
    int status = system(command);
    cJSON_Delete(fixture->document);
    free(fixture);
    return status;
}

/* ---- the schema itself ---- */

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(schema_member(object, name));
}

/* The schema of a line, by its name; NULL when it has none. */
static const cJSON *rule_of(const struct fixture *fixture, const cJSON *line, const char *word)
{
    const char *name = text_of(line, word);
    char table[16];
    snprintf(table, sizeof table, "%ss", word);
    return name ? schema_member(schema_member(schema_member(fixture->document, "$defs"), table),
                                name)
                : NULL;
}

static bool holds(struct fixture *fixture, const char *word, const cJSON *line)
{
    const cJSON *rule = rule_of(fixture, line, word);
    fixture->schema.reason[0] = '\0';
    if (!rule) {
        snprintf(fixture->schema.reason, SCHEMA_MAX_REASON, "there is no such %s", word);
        return false;
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, line)
    {
        if (!schema_member(schema_member(rule, "properties"), member->string)) {
            snprintf(fixture->schema.reason, SCHEMA_MAX_REASON, "\"%s\" is not described",
                     member->string);
            return false;
        }
    }
    return schema_holds(&fixture->schema, rule, line);
}

static void test_the_validator_can_say_no(void **state)
{
    static const struct {
        const char *word;
        const char *line;
        bool holds;
    } rows[] = {
        {"command", "{\"command\":\"reset\",\"id\":1}", true},
        {"command", "{\"command\":\"reset\"}", false},
        {"command", "{\"command\":\"reset\",\"id\":\"1\"}", false},
        {"command", "{\"command\":\"reset\",\"id\":0}", false},
        {"command", "{\"command\":\"reset\",\"id\":1.5}", false},
        {"command", "{\"command\":\"reset\",\"id\":1,\"more\":1}", false},
        {"command", "{\"command\":\"explode\",\"id\":1}", false},
        {"command", "{\"command\":\"open\",\"id\":1,\"kind\":\"agent\"}", true},
        {"command", "{\"command\":\"open\",\"id\":1,\"kind\":\"agents\"}", false},
        {"command", "{\"command\":\"send\",\"id\":1,\"messages\":[]}", true},
        {"command", "{\"command\":\"send\",\"id\":1,\"messages\":[{\"id\":\"u\"}]}", false},
        {"event", "{\"event\":\"end\",\"id\":1}", true},
        {"event", "{\"event\":\"end\"}", false},
        {"event",
         "{\"event\":\"hello\",\"protocol\":2,\"name\":\"a\",\"version\":\"1\","
         "\"capabilities\":[]}",
         false},
        {"event", "{\"event\":\"fail\",\"id\":null,\"error\":{\"name\":\"a\",\"message\":\"b\"}}",
         true},
        {"event", "{\"event\":\"fail\",\"id\":1,\"error\":{\"name\":\"a\"}}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *line = cJSON_Parse(rows[i].line);
        assert_non_null(line);
        if (holds(*state, rows[i].word, line) != rows[i].holds) {
            fail_msg("%s: %s", rows[i].line, ((struct fixture *)*state)->schema.reason);
        }
        cJSON_Delete(line);
    }
}

/* Commands and events that are described in the schema are in PROTOCOL.md too. */
static void test_the_page_names_everything(void **state)
{
    struct fixture *fixture = *state;
    size_t len;
    char *page = read_file(PEERS "/PROTOCOL.md", &len);
    static const char *const tables[] = {"commands", "events"};
    for (size_t t = 0; t < 2; t++) {
        const cJSON *entry;
        cJSON_ArrayForEach(entry,
                           schema_member(schema_member(fixture->document, "$defs"), tables[t]))
        {
            char cell[80];
            snprintf(cell, sizeof cell, "| `%s` |", entry->string);
            if (!strstr(page, cell) && strcmp(entry->string, "hello") != 0) {
                fail_msg("PROTOCOL.md has no row for %s", entry->string);
            }
        }
    }
    free(page);
}

/* ---- recordings ---- */

/* Answers of one segment, from one reset to the next: no command has two. */
static void check_answers(const int *answers, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (answers[i] == answers[k]) {
                fail_msg("%s: the command %d was answered twice", file, answers[i]);
            }
        }
    }
}

static bool is_answer(const cJSON *line)
{
    const char *event = text_of(line, "event");
    return event && (strcmp(event, "ok") == 0 || strcmp(event, "fail") == 0 ||
                     strcmp(event, "unsupported") == 0);
}

#define MAX_ANSWERS 4096

/* A reset brings the numbers back to their start in the next case, so a lower number begins a
 * segment. */
static void note_answer(const cJSON *line, int *answers, size_t *n, const char *file)
{
    const cJSON *id = schema_member(line, "id");
    if (!is_answer(line) || !cJSON_IsNumber(id)) {
        return;
    }
    assert_true(*n < MAX_ANSWERS);
    answers[(*n)++] = id->valueint;
    /* The answer to a reset has nothing but its number, and the next segment starts at 1. */
    if (*n > 1 && id->valueint == 1) {
        check_answers(answers, *n - 1, file);
        answers[0] = 1;
        *n = 1;
    }
}

static void check_recording(struct fixture *fixture, const char *file, const char *word)
{
    char path[384];
    snprintf(path, sizeof path, "%s/%s", fixture->folder, file);
    size_t len;
    char *text = read_file(path, &len);
    static int answers[MAX_ANSWERS];
    size_t n_answers = 0;
    for (char *at = text; at < text + len;) {
        char *end = memchr(at, '\n', (size_t)(text + len - at));
        if (!end) {
            break; /* the adapter was ended in the middle of a line */
        }
        cJSON *line = cJSON_ParseWithLength(at, (size_t)(end - at));
        if (!line || !holds(fixture, word, line)) {
            fail_msg("%s: %s: %.400s", file, line ? fixture->schema.reason : "no JSON", at);
        }
        *(strcmp(word, "event") == 0 ? &fixture->n_events : &fixture->n_commands) += 1;
        note_answer(line, answers, &n_answers, file);
        cJSON_Delete(line);
        at = end + 1;
    }
    check_answers(answers, n_answers, file);
    free(text);
}

static void check_recordings(struct fixture *fixture)
{
    DIR *folder = opendir(fixture->folder);
    assert_non_null(folder);
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && dot != entry->d_name && dot[1]) {
            check_recording(fixture, entry->d_name, strcmp(dot, ".out") == 0 ? "event" : "command");
        }
    }
    closedir(folder);
}

/* Runs the whole role against this adapter, recorded, and looks at what was said. */
static void check_adapter(struct fixture *fixture, const char *adapter)
{
    char script[2048];
    snprintf(script, sizeof script, "tee %s/$$.in | %s | tee %s/$$.out", fixture->folder, adapter,
             fixture->folder);
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv};
    struct cs_work work[MAX_WORK];
    size_t n = add_cases(work, &env);
    struct cs_result *results = run_cases(work, n, JOBS);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict == CS_ERROR) {
            fail_msg("%s: %s", work[i].test->id, message_of(&results[i]));
        }
    }
    free_results(results, n);
    check_recordings(fixture);
    assert_true(fixture->n_commands > 3 * n);
    assert_true(fixture->n_events > fixture->n_commands);
}

/* ---- single lines ---- */

#define WAIT_MS 60000
/* As many bytes as a record may have, each of which takes six in a JSON string. */
#define RECORD_LEN ((size_t)6 * 1024 * 1024)

static cJSON *next_event(struct fixture *fixture, struct cs_process *process)
{
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_OK);
    cJSON *event = cJSON_ParseWithLength(line.ptr, line.len);
    if (!event || !holds(fixture, "event", event)) {
        fail_msg("%s: %.200s", event ? fixture->schema.reason : "no JSON", line.ptr);
    }
    return event;
}

static void write_line(struct cs_process *process, const char *line)
{
    assert_int_equal(cs_process_write_line(process, cs_view_str(line), WAIT_MS), CS_OK);
}

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
    struct cs_process_config config = {.argv = argv};
    struct cs_process *process = NULL;
    struct cs_diag diag = {0};
    if (cs_process_start(&config, &process, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    cJSON *hello = next_event(fixture, process);
    assert_string_equal(text_of(hello, "event"), "hello");
    cJSON_Delete(hello);
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

static bool has_tool(const char *name)
{
    const char *const argv[] = {name, "--version", NULL};
    struct cs_tool_run run;
    bool found = cs_tool_run(argv, NULL, 20000, &run, NULL) == CS_OK && cs_tool_succeeded(&run);
    cs_tool_free(&run);
    return found;
}

static void test_reference_client(void **state)
{
    static const char *const argv[] = {REFERENCE_CLIENT, NULL};
    check_lines(*state, argv);
    check_adapter(*state, REFERENCE_CLIENT);
}

/* Skips the test where the tool is missing. */
static void need_tool(const char *name)
{
    if (!has_tool(name)) {
        print_message("there is no %s in PATH\n", name);
        skip();
    }
}

static void test_python(void **state)
{
    static const char *const argv[] = {"python3", PEERS "/python/transport.py", NULL};
    need_tool("python3");
    check_lines(*state, argv);
    check_adapter(*state, "python3 " PEERS "/python/transport.py");
}

static void test_reader(void **state)
{
    static const char *const argv[] = {"node", PEERS "/reader/adapter.mjs", NULL};
    need_tool("node");
    check_lines(*state, argv);
    check_adapter(*state, "node " PEERS "/reader/adapter.mjs");
}

/* A version that was installed for a run; a test gets nothing from the network. */
static bool installed_version(char *version, size_t size)
{
    DIR *folder = opendir(SDK_FOLDER);
    version[0] = '\0';
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, version) > 0) {
            snprintf(version, size, "%s", entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return version[0] != '\0';
}

static void test_sdk(void **state)
{
    char version[256];
    char root[512];
    char adapter[1024];
    need_tool("node");
    if (!installed_version(version, sizeof version)) {
        print_message("no SDK is installed in " SDK_FOLDER "\n");
        skip();
    }
    snprintf(root, sizeof root, SDK_FOLDER "/%s", version);
    const char *const argv[] = {"node", PEERS "/sdk/adapter.mjs", "--root", root, NULL};
    check_lines(*state, argv);
    snprintf(adapter, sizeof adapter, "node " PEERS "/sdk/adapter.mjs --root %s", root);
    check_adapter(*state, adapter);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_the_validator_can_say_no),
        WITH_FIXTURE(test_the_page_names_everything),
        WITH_FIXTURE(test_reference_client),
        WITH_FIXTURE(test_python),
        WITH_FIXTURE(test_reader),
        WITH_FIXTURE(test_sdk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
