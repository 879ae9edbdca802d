/* A run as JSON lines, one object each, for who wants to see it while it goes on: lines.schema.json
 * describes them.
 *
 *   {"type":"start",...}   once, before the first case
 *   {"type":"case",...}    as each case ends, in that order; in several rounds, once in each
 *   {"type":"end",...}     once; a stream without it was cut off
 */
#ifndef CHATSPEC_REPORTS_LINES_H
#define CHATSPEC_REPORTS_LINES_H

#include "reports/report.h"

#define CS_LINES_SCHEMA "chatspec-lines/1"

/* Each appends one line with its newline to `out`, whose failure the caller checks. */

/* Of the report what is known before the run: suite, profile, command, peer, seed, n, started. */
void cs_lines_start(const struct cs_report *report, unsigned n_rounds, struct cs_buf *out);
/* `round` is from 1; the seed of the report is that of the first. */
void cs_lines_case(const struct cs_report *report, size_t index, const struct cs_result *result,
                   unsigned round, struct cs_buf *out);
void cs_lines_end(const struct cs_report *report, int exit_status, struct cs_buf *out);

#endif
