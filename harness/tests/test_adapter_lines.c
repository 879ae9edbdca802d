/* Every line that the runner and our adapters exchange, held against the schema of the protocol:
 * the whole role is run with a recorder on both pipes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "client_run.h"
#include "protocol_lines.h"

#define JOBS 4

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
    static const char *const tables[] = {"commands", "events", "agentCommands", "agentEvents"};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
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

static void test_reference_client(void **state)
{
    check_adapter(*state, REFERENCE_CLIENT);
}

static void test_python(void **state)
{
    need_tool("python3");
    check_adapter(*state, "python3 " PEERS "/python/adapter.py");
}

static void test_reader(void **state)
{
    need_tool("node");
    check_adapter(*state, "node " PEERS "/reader/adapter.mjs");
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
    snprintf(adapter, sizeof adapter, "node " PEERS "/sdk/adapter.mjs --root %s", root);
    check_adapter(*state, adapter);
}

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
