/* Lines of the adapter protocol in a test: the schema that they are held against, and which
 * adapters can be run on this machine. */
#ifndef CHATSPEC_TESTS_PROTOCOL_LINES_H
#define CHATSPEC_TESTS_PROTOCOL_LINES_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/tool.h"
#include "json_schema.h"
#include "peer/process.h"

#define WAIT_MS  60000
#define MAX_FILE ((size_t)256 * 1024 * 1024)

struct fixture {
    char folder[64];
    cJSON *document;
    struct schema schema;
    size_t n_commands;
    size_t n_events;
};

static inline char *read_file(const char *path, size_t *ret_len)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(schema_member(object, name));
}

/* The schema of a line, by its name, in a table of $defs; NULL when it has none. `word` is the
 * member that names it, "command" or "event". */
static inline const cJSON *rule_of(const struct fixture *fixture, const cJSON *line,
                                   const char *word, const char *table)
{
    const char *name = text_of(line, word);
    return name ? schema_member(schema_member(schema_member(fixture->document, "$defs"), table),
                                name)
                : NULL;
}

static inline bool holds_in(struct fixture *fixture, const char *table, const char *word,
                            const cJSON *line)
{
    const cJSON *rule = rule_of(fixture, line, word, table);
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

/* Of an adapter that drives a client. */
static inline bool holds(struct fixture *fixture, const char *word, const cJSON *line)
{
    return holds_in(fixture, strcmp(word, "event") == 0 ? "events" : "commands", word, line);
}

static inline bool is_answer(const cJSON *line)
{
    const char *event = text_of(line, "event");
    return event && (strcmp(event, "ok") == 0 || strcmp(event, "fail") == 0 ||
                     strcmp(event, "unsupported") == 0);
}

static inline cJSON *next_event(struct fixture *fixture, struct cs_process *process)
{
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_OK);
    cJSON *event = cJSON_ParseWithLength(line.ptr, line.len);
    if (!event || !holds(fixture, "event", event)) {
        fail_msg("%s: %.200s", event ? fixture->schema.reason : "no JSON", line.ptr);
    }
    return event;
}

static inline void write_line(struct cs_process *process, const char *line)
{
    assert_int_equal(cs_process_write_line(process, cs_view_str(line), WAIT_MS), CS_OK);
}

static inline bool has_tool(const char *name)
{
    const char *const argv[] = {name, "--version", NULL};
    struct cs_tool_run run;
    bool found = cs_tool_run(argv, NULL, 20000, &run, NULL) == CS_OK && cs_tool_succeeded(&run);
    cs_tool_free(&run);
    return found;
}

/* Skips the test where the tool is missing. */
static inline void need_tool(const char *name)
{
    if (!has_tool(name)) {
        print_message("there is no %s in PATH\n", name);
        skip();
    }
}

/* A version that was installed for a run; a test gets nothing from the network. */
static inline bool installed_version(char *version, size_t size)
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

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
