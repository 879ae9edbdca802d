/* What the writers of JSON share. Each adds to an object of cJSON's; out of memory, a member is not
 * there, and printing says so in the end. */
#ifndef CHATSPEC_REPORTS_JSON_PART_H
#define CHATSPEC_REPORTS_JSON_PART_H

#include <cjson/cJSON.h>

#include "reports/report.h"

/* Exactly: cJSON prints through a double and rounds. */
void cs_report_json_integer(cJSON *object, const char *name, uint64_t value);
/* Milliseconds since the epoch as "2026-01-31T12:00:00.000Z". */
void cs_report_json_time(cJSON *object, const char *name, int64_t wall_ms);
/* "peer", as in schema.json; its `name` and `version` are always there. */
void cs_report_json_peer(cJSON *root, const struct cs_report_peer *peer);
/* "summary", as in schema.json. */
void cs_report_json_summary(cJSON *root, const size_t n_verdicts[CS_N_VERDICTS]);
/* A case as in schema.json, without its rounds; `result` is one of its results. The caller deletes
 * it. */
cJSON *cs_report_json_case(const struct cs_report *report, size_t index,
                           const struct cs_result *result);

#endif
