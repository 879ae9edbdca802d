/* One case of a stored report, read back. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "reports/report_load_impl.h"
#include "reports/report_read.h"

/* What no shell takes for anything else: ids go into rerun lines. */
static bool is_id(const char *id)
{
    return id && strchr(id, '/') && id[0] != '/' && strlen(id) < 512 &&
           id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-./")] == '\0';
}

static const struct cs_role *role_of(struct cs_report_loader *loader, const char *name)
{
    struct cs_stored_report *stored = loader->stored;
    for (size_t i = 0; i < stored->n_roles; i++) {
        if (strcmp(stored->roles[i].name, name) == 0) {
            return &stored->roles[i];
        }
    }
    stored->roles[stored->n_roles] = (struct cs_role){.name = name};
    return &stored->roles[stored->n_roles++];
}

static const char *join(struct cs_report_loader *loader, const cJSON *list)
{
    struct cs_buf text = CS_BUF(65536);
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        const char *id = cJSON_GetStringValue(item);
        good = good && id && id[0] && !strchr(id, ' ');
        cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", good ? id : "");
    }
    char *raw = cs_buf_take(&text);
    char *ids = good && raw && raw[0] ? cs_load_safe_copy(raw) : NULL;
    free(raw);
    return ids ? cs_load_keep_text(loader, ids) : NULL;
}

static bool read_evidence(const cJSON *list, struct cs_result *result)
{
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        const char *kind = cJSON_GetStringValue(cs_load_member(item, "kind"));
        const char *title = cJSON_GetStringValue(cs_load_member(item, "title"));
        const char *text = cJSON_GetStringValue(cs_load_member(item, "text"));
        uint64_t left_out;
        if (!good || !kind || !title || !text ||
            !cs_load_number(item, "left_out", CS_LOAD_MAX_NUMBER, &left_out)) {
            return false;
        }
        if (strcmp(kind, "rerun") == 0) {
            continue; /* whoever writes the report makes it anew */
        }
        char *safe[] = {cs_load_safe_copy(kind), cs_load_safe_copy(title), cs_load_safe_copy(text)};
        good = safe[0] && safe[1] && safe[2] &&
               cs_result_add_evidence(result, safe[0], safe[1], safe[2], left_out);
        for (size_t i = 0; i < 3; i++) {
            free(safe[i]);
        }
        uint64_t at_ms;
        if (good && cs_load_number(item, "at_ms", CS_LOAD_MAX_NUMBER, &at_ms)) {
            result->evidence[result->n_evidence - 1].at_ms = (int64_t)at_ms;
        }
    }
    return good;
}

static bool read_observations(const cJSON *row, struct cs_result *result)
{
    const cJSON *recorded = cs_load_member(row, "recorded");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, cs_load_member(row, "observations"))
    {
        const char *other = cJSON_GetStringValue(cs_load_member(recorded, item->string));
        char *safe[] = {cs_load_safe_copy(item->string),
                        cJSON_IsString(item) ? cs_load_safe_copy(item->valuestring) : NULL,
                        other ? cs_load_safe_copy(other) : NULL};
        bool good = safe[0] && safe[1] && (!other || safe[2]) &&
                    cs_result_observe(result, safe[0], safe[1], safe[2]);
        result->differs = result->differs || other;
        for (size_t i = 0; i < 3; i++) {
            free(safe[i]);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_outcome(const cJSON *row, struct cs_result *result)
{
    const char *message = cJSON_GetStringValue(cs_load_member(row, "message"));
    char *safe = message ? cs_load_safe_copy(message) : NULL;
    bool good =
        safe && (!safe[0] || cs_result_set_message(result, safe)) &&
        cs_read_verdict(cJSON_GetStringValue(cs_load_member(row, "verdict")), &result->verdict);
    free(safe);
    result->done = true;
    result->ran = result->verdict != CS_SKIP;
    return good && read_evidence(cs_load_member(row, "evidence"), result);
}

static bool read_expected(const cJSON *object, struct cs_result *result)
{
    const char *name = cJSON_GetStringValue(cs_load_member(object, "state"));
    const char *reason = cJSON_GetStringValue(cs_load_member(object, "reason"));
    const char *until = cJSON_GetStringValue(cs_load_member(object, "until"));
    struct cs_expected expected = {.flaky = cJSON_IsTrue(cs_load_member(object, "flaky"))};
    if (!object) {
        return true;
    }
    for (int s = CS_NOT_LISTED + 1; name && s < CS_N_EXPECTED_STATES; s++) {
        if (strcmp(name, cs_expected_state_name((enum cs_expected_state)s)) == 0) {
            expected.state = (enum cs_expected_state)s;
        }
    }
    if (expected.state == CS_NOT_LISTED || !reason || !until) {
        return false;
    }
    expected.reason = cs_load_safe_copy(reason);
    expected.until = cs_load_safe_copy(until);
    bool good = expected.reason && expected.until && cs_result_set_expected(result, &expected);
    free(expected.reason);
    free(expected.until);
    return good;
}

static bool read_rounds(const cJSON *row, struct cs_repeat *repeat)
{
    const cJSON *rounds = cs_load_member(row, "rounds");
    const cJSON *different = cs_load_member(row, "different");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        uint64_t n = 0;
        const char *name = cs_verdict_name((enum cs_verdict)v);
        if (cs_load_member(rounds, name) && !cs_load_number(rounds, name, UINT32_MAX, &n)) {
            return false;
        }
        repeat->n_verdicts[v] = (unsigned)n;
    }
    if (!different) {
        return cJSON_IsObject(rounds);
    }
    uint64_t round = 0;
    bool good = cJSON_IsObject(rounds) && cs_load_number(different, "round", UINT32_MAX, &round) &&
                cs_load_number(different, "seed", CS_LOAD_MAX_NUMBER, &repeat->different_seed) &&
                read_outcome(different, &repeat->different);
    repeat->different_round = (unsigned)round;
    return good;
}

bool cs_load_case(struct cs_report_loader *loader, const cJSON *row, size_t i)
{
    struct cs_stored_report *stored = loader->stored;
    struct cs_case *test = &stored->tests[i];
    struct cs_result *result = &stored->results[i];
    struct cs_report_origin *origin = &stored->origins[i];
    uint64_t duration = 0;
    const char *role = cs_load_keep(loader, row, "role");
    const char *command = cs_load_keep(loader, row, "command");
    test->id = cs_load_keep(loader, row, "id");
    test->title = cs_load_keep(loader, row, "title");
    test->requirements = join(loader, cs_load_member(row, "requirements"));
    test->needs = cJSON_IsTrue(cs_load_member(row, "long")) ? CS_NEEDS_LONG : 0;
    *origin = (struct cs_report_origin){.command = command ? command : stored->report.command,
                                        .seed = stored->report.seed};
    result->known = cJSON_IsTrue(cs_load_member(row, "known"));
    bool good = role && is_id(test->id) && test->title && test->requirements &&
                cs_read_level(cJSON_GetStringValue(cs_load_member(row, "level")), &test->level) &&
                cs_load_number(row, "duration_ms", CS_LOAD_MAX_NUMBER, &duration) &&
                (!cs_load_member(row, "seed") ||
                 cs_load_number(row, "seed", CS_LOAD_MAX_NUMBER, &origin->seed)) &&
                read_outcome(row, result) && read_observations(row, result) &&
                read_expected(cs_load_member(row, "expected"), result) &&
                (!stored->report.repeats || read_rounds(row, &stored->repeats[i]));
    result->duration_ms = (int64_t)duration;
    if (good) {
        stored->work[i] = (struct cs_work){.role = role_of(loader, role), .test = test};
    }
    return good;
}
