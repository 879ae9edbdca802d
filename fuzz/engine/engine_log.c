#include "fuzz/engine/engine_log.h"

#include <stdio.h>
#include <stdlib.h>

/* The number behind `name`, which stands for itself: "cov: 12". */
static bool number_after(const char *line, const char *name, uint64_t *ret_number)
{
    const char *at = strstr(line, name);
    if (!at) {
        return false;
    }
    char *end;
    uint64_t number = strtoull(at + strlen(name), &end, 10);
    if (end == at + strlen(name)) {
        return false;
    }
    *ret_number = number;
    return true;
}

static void keep(char *text, const char *from)
{
    if (!text[0]) {
        snprintf(text, CS_ENGINE_TEXT_MAX, "%s", from);
    }
}

/* What a complaint looks like; the text is kept from there on. An oracle's own words come before
 * the "deadly signal" that its abort is to the engine. */
static void look_for_cause(struct cs_engine_log *log, const char *line)
{
    static const char *const signs[] = {"broken: ", "runtime error: ", "ERROR: "};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const char *at = strstr(line, signs[i]);
        if (at) {
            keep(log->cause, i < 2 ? line : at + strlen(signs[i]));
        }
    }
}

void cs_engine_log_line(struct cs_engine_log *log, struct cs_view line)
{
    static const char written[] = "Test unit written to ";
    char text[CS_ENGINE_TEXT_MAX];
    snprintf(text, sizeof text, "%.*s", (int)(line.len < sizeof text ? line.len : sizeof text),
             line.ptr ? line.ptr : "");
    if (text[0] == '#') {
        log->executions = strtoull(text + 1, NULL, 10);
        (void)number_after(text, " cov: ", &log->coverage);
        (void)number_after(text, " ft: ", &log->features);
        (void)number_after(text, " corp: ", &log->inputs);
        return;
    }
    (void)number_after(text, "stat::number_of_executed_units: ", &log->executions);
    look_for_cause(log, text);
    const char *at = strstr(text, written);
    if (at) {
        keep(log->artifact, at + sizeof written - 1);
    }
}
