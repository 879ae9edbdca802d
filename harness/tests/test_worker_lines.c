/* Every line that the runner and the worker, which runs real agents, exchange in some cases of the
 * agent role, held against the schema of the protocol. Skipped where no SDK is installed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "client_run.h"
#include "conformance/agent/agent_role.h"
#include "protocol_lines.h"

#define JOBS 2

static void test_the_validator_can_say_no(void **state)
{
    static const struct {
        const char *table;
        const char *word;
        const char *line;
        bool holds;
    } rows[] = {
        {"agentCommands", "command", "{\"command\":\"open\",\"id\":1,\"gate\":\"g\"}", true},
        {"agentCommands", "command", "{\"command\":\"open\",\"id\":1}", false},
        {"agentCommands", "command", "{\"command\":\"abort\",\"id\":2,\"run\":1}", true},
        {"agentCommands", "command", "{\"command\":\"abort\",\"id\":2,\"run\":\"1\"}", false},
        {"agentCommands", "command", "{\"command\":\"send\",\"id\":2}", false},
        {"agentEvents", "event", "{\"event\":\"done\",\"id\":1,\"value\":null}", true},
        {"agentEvents", "event", "{\"event\":\"done\",\"id\":1}", false},
        {"agentEvents", "event", "{\"event\":\"note\",\"id\":1,\"at\":-1,\"name\":\"n\"}", false},
        {"agentEvents", "event", "{\"event\":\"ok\",\"id\":1}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *line = cJSON_Parse(rows[i].line);
        assert_non_null(line);
        if (holds_in(*state, rows[i].table, rows[i].word, line) != rows[i].holds) {
            fail_msg("%s: %s", rows[i].line, ((struct fixture *)*state)->schema.reason);
        }
        cJSON_Delete(line);
    }
}

/* Cases that have every command and every event between them. */
static const char *const wanted[] = {
    "agent/turn/two-turns",    "agent/turn/cancelled",
    "agent/turn/run-throws",   "agent/turn/stop",
    "agent/hitl/agreed",       "agent/turn/cursor-of-woken-turn",
    "agent/mock/conversation", "agent/fast-start/handler-create",
};

/* What has to be there for the recording to mean anything. */
static const char *const needed[] = {"run",  "open",   "abort",     "wake",    "sdk",
                                     "mock", "reset",  "hello",     "started", "hook",
                                     "note", "prompt", "suspended", "done",    "error"};

static size_t add_wanted(struct cs_work *work, const struct cs_client_env *env)
{
    size_t n = 0;
    for (size_t g = 0; g < cs_agent_role.n_groups; g++) {
        for (const struct cs_case *test = cs_agent_role.groups[g]; test->id; test++) {
            for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
                if (strcmp(test->id, wanted[i]) == 0) {
                    work[n++] = (struct cs_work){.role = &cs_agent_role, .test = test, .env = env};
                }
            }
        }
    }
    return n;
}

struct seen {
    bool names[sizeof needed / sizeof needed[0]];
    size_t n;
};

static void check_line(struct fixture *fixture, struct seen *seen, const cJSON *line, bool event,
                       const char *text)
{
    const char *word = event ? "event" : "command";
    if (!line || !holds_in(fixture, event ? "agentEvents" : "agentCommands", word, line)) {
        fail_msg("%s: %.400s", line ? fixture->schema.reason : "no JSON", text);
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        seen->names[i] = seen->names[i] || strcmp(text_of(line, word), needed[i]) == 0;
    }
    seen->n++;
}

static void check_recording(struct fixture *fixture, struct seen *seen, const char *name,
                            bool event)
{
    char path[384];
    snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
    size_t len;
    char *text = read_file(path, &len);
    char *end;
    for (char *at = text; (end = memchr(at, '\n', (size_t)(text + len - at))); at = end + 1) {
        cJSON *line = cJSON_ParseWithLength(at, (size_t)(end - at));
        *end = '\0';
        check_line(fixture, seen, line, event, at);
        cJSON_Delete(line);
    } /* an adapter may have been ended in the middle of a line */
    free(text);
}

static void check_recordings(struct fixture *fixture)
{
    struct seen seen = {0};
    DIR *folder = opendir(fixture->folder);
    assert_non_null(folder);
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && dot != entry->d_name && dot[1]) {
            check_recording(fixture, &seen, entry->d_name, strcmp(dot, ".out") == 0);
        }
    }
    closedir(folder);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!seen.names[i]) {
            fail_msg("none of %zu lines is \"%s\"", seen.n, needed[i]);
        }
    }
}

static void test_worker(void **state)
{
    struct fixture *fixture = *state;
    char version[256];
    char script[2048];
    need_tool("node");
    if (!installed_version(version, sizeof version)) {
        print_message("no SDK is installed in " SDK_FOLDER "\n");
        skip();
    }
    /* Options that a case adds come last. */
    snprintf(script, sizeof script,
             "tee %s/$$.in | node " PEERS "/worker/worker.mjs --root " SDK_FOLDER
             "/%s \"$@\" | tee %s/$$.out",
             fixture->folder, version, fixture->folder);
    const char *const argv[] = {"/bin/sh", "-c", script, "sh", NULL};
    const struct cs_client_env env = {.argv = argv};
    struct cs_work work[sizeof wanted / sizeof wanted[0]];
    size_t n = add_wanted(work, &env);
    assert_int_equal(n, sizeof wanted / sizeof wanted[0]);
    struct cs_result *results = run_cases(work, n, JOBS);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict == CS_ERROR) {
            fail_msg("%s: %s", work[i].test->id, message_of(&results[i]));
        }
    }
    free_results(results, n);
    check_recordings(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_the_validator_can_say_no),
        WITH_FIXTURE(test_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
