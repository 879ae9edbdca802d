/* Chunks of .out by their type, and what else the cases about tools and messages look for. */
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

/* ---- chunks ---- */

static bool is_of(const struct ak_record *record, const char *type)
{
    const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record->chunk, "type"));
    return its && strcmp(its, type) == 0;
}

/* The record's index, or SIZE_MAX. */
static size_t find(struct ak *ak, const char *type, size_t n)
{
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        if (is_of(ak_out(ak, i), type) && --n == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const cJSON *ak_chunk(struct ak *ak, const char *type, size_t n)
{
    size_t index = find(ak, type, n);
    return index == SIZE_MAX ? NULL : ak_out(ak, index)->chunk;
}

size_t ak_count_chunks(struct ak *ak, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        n += is_of(ak_out(ak, i), type);
    }
    return n;
}

size_t ak_chunk_index(struct ak *ak, const char *type, size_t n)
{
    size_t index = find(ak, type, n);
    if (index == SIZE_MAX) {
        cs_case_fail(ak->run, ".out holds fewer than %zu chunks of type %s", n, type);
    }
    return index;
}

const char *ak_answer_id(struct ak *ak, size_t n)
{
    const cJSON *start = ak_out(ak, ak_chunk_index(ak, "start", n))->chunk;
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(start, "messageId"));
    if (!id) {
        cs_case_fail(ak->run, "the start of answer %zu names no messageId", n);
    }
    return id;
}

/* ---- prompts ---- */

const char *ak_prompt_json(struct ak *ak, int run, size_t n)
{
    return ak_member(ak, ak_wait_prompt(ak, run, n), "messages");
}

/* ---- waiting ---- */

struct gate_wait {
    int run;
    const char *gate;
};

static bool is_waiting(struct ak *ak, const void *arg)
{
    const struct gate_wait *wait = arg;
    const cJSON *event;
    for (size_t i = 0; (event = ak_event(ak, wait->run, "note", i)); i++) {
        const char *note = cJSON_GetStringValue(ak_at_path(event, "name"));
        const char *gate = cJSON_GetStringValue(ak_at_path(event, "data.name"));
        if (note && gate && strcmp(note, "gate") == 0 && strcmp(gate, wait->gate) == 0) {
            return true;
        }
    }
    return false;
}

void ak_wait_gate(struct ak *ak, int run, const char *gate)
{
    const struct gate_wait wait = {run, gate};
    ak_wait(ak, is_waiting, &wait, "come to the gate \"%s\"", gate);
}

static bool is_stored(struct ak *ak, const void *arg)
{
    const char *snapshot = ak_snapshot(ak);
    return snapshot && strstr(snapshot, arg);
}

void ak_wait_stored(struct ak *ak, const char *text)
{
    ak_wait(ak, is_stored, text, "store a transcript with \"%s\"", text);
}

/* ---- judging ---- */

void ak_expect_holds(struct ak *ak, const char *what, const char *actual, const char *text)
{
    if (!actual || !strstr(actual, text)) {
        cs_case_fail_diff(ak->run, ak_text(ak, "...%s...", text), actual ? actual : "nothing",
                          "%s lacks something", what);
    }
}

void ak_expect_lacks(struct ak *ak, const char *what, const char *actual, const char *text)
{
    if (actual && strstr(actual, text)) {
        cs_case_fail_diff(ak->run, ak_text(ak, "no %s", text), actual, "%s holds too much", what);
    }
}
