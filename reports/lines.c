#include "reports/lines.h"

#include "reports/json_part.h"

/* Puts the line, and frees the object (NULL: out of memory). */
static void put_line(cJSON *object, struct cs_buf *out)
{
    char *text = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!text) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    cs_buf_str(out, text);
    cs_buf_char(out, '\n');
    cJSON_free(text);
}

static cJSON *line_of(const char *type)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", type);
    return object;
}

void cs_lines_start(const struct cs_report *report, unsigned n_rounds, struct cs_buf *out)
{
    cJSON *line = line_of("start");
    cJSON_AddStringToObject(line, "schema", CS_LINES_SCHEMA);
    cJSON_AddStringToObject(line, "suite", report->suite);
    cJSON_AddStringToObject(line, "profile", report->profile);
    cJSON_AddStringToObject(line, "command", report->command);
    cs_report_json_peer(line, &report->peer);
    cs_report_json_time(line, "started", report->started_ms);
    cs_report_json_integer(line, "seed", report->seed);
    cs_report_json_integer(line, "cases", report->n);
    cs_report_json_integer(line, "rounds", n_rounds);
    put_line(line, out);
}

void cs_lines_case(const struct cs_report *report, size_t index, const struct cs_result *result,
                   unsigned round, struct cs_buf *out)
{
    struct cs_report of_round = *report;
    of_round.seed = cs_repeat_seed(report->seed, round);
    cJSON *line = cs_report_json_case(&of_round, index, result);
    if (line) {
        cJSON_AddItemToObject(line, "type", cJSON_CreateString("case"));
        cs_report_json_integer(line, "round", round);
    }
    put_line(line, out);
}

void cs_lines_end(const struct cs_report *report, int exit_status, struct cs_buf *out)
{
    char digest[CS_REPORT_DIGEST_LEN + 1];
    if (!cs_report_digest(report, digest)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    cJSON *line = line_of("end");
    cs_report_json_summary(line, report->summary.n_verdicts);
    cs_report_json_integer(line, "known",
                           report->summary.n_known[CS_FAIL] + report->summary.n_known[CS_WARN]);
    cs_report_json_integer(line, "judged", report->summary.n_judged);
    cs_report_json_integer(line, "duration_ms", (uint64_t)report->duration_ms);
    cJSON_AddBoolToObject(line, "interrupted", report->interrupted);
    cJSON_AddStringToObject(line, "executed", digest);
    cs_report_json_integer(line, "flaky", cs_repeat_n_flaky(report->repeats, report->n));
    cs_report_json_integer(line, "exit_status", (uint64_t)exit_status);
    put_line(line, out);
}
