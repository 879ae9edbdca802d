/* The JSON report, as schema.json beside this file describes it. */
#include "reports/json_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* "2026-01-31T12:00:00.000Z" */
void cs_report_json_time(cJSON *object, const char *name, int64_t wall_ms)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, sizeof text - len, ".%03dZ", (int)(wall_ms % 1000));
    cJSON_AddStringToObject(object, name, text);
}

/* Integers as they are: cJSON prints through a double and rounds. */
void cs_report_json_integer(cJSON *object, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    cJSON_AddRawToObject(object, name, text);
}

/* `name` and `version` are always there. */
void cs_report_json_peer(cJSON *root, const struct cs_report_peer *peer)
{
    const char *name;
    const char *text;
    cJSON *object = cJSON_AddObjectToObject(root, "peer");
    cJSON_AddStringToObject(object, "kind", peer->kind);
    for (size_t i = 0; (name = cs_report_peer_member(peer, i, &text)); i++) {
        if (text[0] || strcmp(name, "name") == 0 || strcmp(name, "version") == 0) {
            cJSON_AddStringToObject(object, name, text);
        }
    }
}

/* Without memory there may be no array to add to. */
static void add_to(cJSON *array, cJSON *item)
{
    if (!cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
    }
}

static void add_requirements(cJSON *object, const char *requirements)
{
    cJSON *array = cJSON_AddArrayToObject(object, "requirements");
    for (const char *at = requirements; *at;) {
        const char *end = strchrnul(at, ' ');
        char *id = strndup(at, (size_t)(end - at));
        add_to(array, cJSON_CreateString(id ? id : ""));
        free(id);
        at = *end ? end + 1 : end;
    }
}

static void add_item(cJSON *array, const char *kind, const char *title, const char *text,
                     uint64_t left_out, int64_t at_ms)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "kind", kind);
    cJSON_AddStringToObject(item, "title", title);
    cJSON_AddStringToObject(item, "text", text);
    cs_report_json_integer(item, "left_out", left_out);
    if (at_ms >= 0) {
        cs_report_json_integer(item, "at_ms", (uint64_t)at_ms);
    }
    add_to(array, item);
}

static void add_evidence(cJSON *object, const struct cs_result *result, const char *rerun)
{
    cJSON *array = cJSON_AddArrayToObject(object, "evidence");
    if (result->verdict == CS_PASS) {
        return;
    }
    for (size_t i = 0; i < result->n_evidence; i++) {
        const struct cs_evidence *item = &result->evidence[i];
        add_item(array, item->kind, item->title, item->text, item->left_out, item->at_ms);
    }
    add_item(array, "rerun", "runs just this case again", rerun ? rerun : "", 0, -1);
}

/* How often each verdict came, and of the first result that differs from the case's own all. */
static void add_rounds(cJSON *object, const struct cs_report *report, size_t index)
{
    const struct cs_repeat *repeat = &report->repeats[index];
    cJSON *rounds = cJSON_AddObjectToObject(object, "rounds");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        if (repeat->n_verdicts[v] > 0) {
            cs_report_json_integer(rounds, cs_verdict_name((enum cs_verdict)v),
                                   repeat->n_verdicts[v]);
        }
    }
    if (repeat->different.done) {
        const struct cs_result *result = &repeat->different;
        struct cs_buf command = CS_BUF(4096);
        cJSON *different = cJSON_AddObjectToObject(object, "different");
        cs_report_json_integer(different, "round", repeat->different_round);
        cs_report_json_integer(different, "seed", repeat->different_seed);
        cJSON_AddStringToObject(different, "verdict", cs_verdict_name(result->verdict));
        cJSON_AddStringToObject(different, "message", result->message ? result->message : "");
        cs_report_rerun_different(report, index, &command);
        char *text = cs_buf_take(&command);
        add_evidence(different, result, text);
        free(text);
    }
}

/* What the list of expected failures says; absent where it says nothing. */
static void add_expected(cJSON *object, const struct cs_expected *expected)
{
    if (expected->state == CS_NOT_LISTED) {
        return;
    }
    cJSON *item = cJSON_AddObjectToObject(object, "expected");
    cJSON_AddStringToObject(item, "state", cs_expected_state_name(expected->state));
    cJSON_AddStringToObject(item, "reason", expected->reason);
    cJSON_AddStringToObject(item, "until", expected->until);
    cJSON_AddBoolToObject(item, "flaky", expected->flaky);
}

/* What is needed to run it again, where that is not what the report says of all cases. */
static void add_origin(cJSON *object, const struct cs_report *report, size_t index)
{
    if (report->work[index].test->needs & CS_NEEDS_LONG) {
        cJSON_AddTrueToObject(object, "long");
    }
    if (report->origins && report->origins[index].seed != report->seed) {
        cs_report_json_integer(object, "seed", report->origins[index].seed);
    }
    if (report->origins && strcmp(report->origins[index].command, report->command) != 0) {
        cJSON_AddStringToObject(object, "command", report->origins[index].command);
    }
}

cJSON *cs_report_json_case(const struct cs_report *report, size_t index,
                           const struct cs_result *result)
{
    const struct cs_case *test = report->work[index].test;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", test->id);
    cJSON_AddStringToObject(object, "role", report->work[index].role->name);
    cJSON_AddStringToObject(object, "title", test->title);
    cJSON_AddStringToObject(object, "level", cs_level_name(test->level));
    add_requirements(object, test->requirements);
    cJSON_AddStringToObject(object, "verdict", cs_verdict_name(result->verdict));
    cJSON_AddStringToObject(object, "message", result->message ? result->message : "");
    cJSON_AddBoolToObject(object, "known", result->known);
    add_expected(object, &result->expected);
    add_origin(object, report, index);
    cs_report_json_integer(object, "duration_ms", (uint64_t)result->duration_ms);
    cJSON *observations = cJSON_AddObjectToObject(object, "observations");
    for (size_t i = 0; i < result->n_observations; i++) {
        cJSON_AddStringToObject(observations, result->observations[i].name,
                                result->observations[i].value);
    }
    cJSON *recorded = cJSON_AddObjectToObject(object, "recorded");
    for (size_t i = 0; i < result->n_observations; i++) {
        if (result->observations[i].recorded) {
            cJSON_AddStringToObject(recorded, result->observations[i].name,
                                    result->observations[i].recorded);
        }
    }
    struct cs_buf command = CS_BUF(4096);
    cs_report_rerun(report, index, &command);
    char *text = cs_buf_take(&command);
    add_evidence(object, result, text);
    free(text);
    return object;
}

void cs_report_json_summary(cJSON *root, const size_t n_verdicts[CS_N_VERDICTS])
{
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    for (int i = 0; i < CS_N_VERDICTS; i++) {
        cs_report_json_integer(summary, cs_verdict_name((enum cs_verdict)i), n_verdicts[i]);
    }
}

static cJSON *head(const struct cs_report *report)
{
    char digest[CS_REPORT_DIGEST_LEN + 1];
    if (!cs_report_digest(report, digest)) {
        return NULL;
    }
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "schema", CS_REPORT_SCHEMA);
    cJSON_AddStringToObject(root, "suite", report->suite);
    cJSON_AddStringToObject(root, "profile", report->profile);
    cJSON_AddStringToObject(root, "command", report->command);
    cs_report_json_peer(root, &report->peer);
    cs_report_json_time(root, "started", report->started_ms);
    cs_report_json_integer(root, "duration_ms", (uint64_t)report->duration_ms);
    cs_report_json_integer(root, "seed", report->seed);
    cJSON_AddBoolToObject(root, "interrupted", report->interrupted);
    cJSON_AddStringToObject(root, "executed", digest);
    if (report->repeats) {
        cs_report_json_integer(root, "rounds", report->n_rounds);
        cs_report_json_integer(root, "flaky", cs_repeat_n_flaky(report->repeats, report->n));
    }
    if (report->shard.n > 0) {
        cJSON *shard = cJSON_AddObjectToObject(root, "shard");
        cs_report_json_integer(shard, "k", report->shard.k);
        cs_report_json_integer(shard, "n", report->shard.n);
        cs_report_json_integer(shard, "total", report->shard.total);
        cJSON_AddStringToObject(shard, "selected", report->shard.selected);
    }
    cs_report_json_summary(root, report->summary.n_verdicts);
    return root;
}

/* Case by case, so that the text of a large report is in memory once and not twice. */
void cs_report_json(const struct cs_report *report, struct cs_buf *out)
{
    cJSON *root = head(report);
    char *text = root ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (!text) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    cs_buf_append(out, text, strlen(text) - 1); /* all but the closing brace */
    cJSON_free(text);
    cs_buf_str(out, ",\"cases\":[");
    bool first = true;
    for (size_t i = 0; i < report->n; i++) {
        if (!report->results[i].done) {
            continue;
        }
        cJSON *object = cs_report_json_case(report, i, &report->results[i]);
        if (report->repeats) {
            add_rounds(object, report, i);
        }
        text = cJSON_PrintUnformatted(object);
        cJSON_Delete(object);
        if (!text) {
            out->failed = CS_ERR_NO_MEMORY;
            return;
        }
        cs_buf_str(out, first ? "\n" : ",\n");
        cs_buf_str(out, text);
        cJSON_free(text);
        first = false;
    }
    cs_buf_str(out, "\n]}\n");
}
