/* What a run of a role says on stdout, by --format, and how it is going on stderr:
 *
 *   human   a page at the end
 *   github  the same page, and annotations for what is not as it should be
 *   json    a line as the run starts, as each case ends, and at the end (reports/lines.h)
 */
#ifndef CHATSPEC_CLI_ROLE_OUTPUT_H
#define CHATSPEC_CLI_ROLE_OUTPUT_H

#include "cli/live.h"
#include "cli/options.h"
#include "reports/report.h"

enum cs_role_format {
    CS_FORMAT_HUMAN,
    CS_FORMAT_GITHUB,
    CS_FORMAT_JSON
};

struct cs_role_output {
    enum cs_role_format format;
    bool verbose;
    bool may_color;
    bool is_broken; /* stdout took no more: nothing else is written to it */
    const struct cs_report *report;
    struct cs_live live;
};

/* Reads --format. Says why and gives the exit status when it is unknown; 0 otherwise. */
CS_MUST_USE int cs_role_output_read(const struct cs_args *args, struct cs_role_output *ret_output);
/* Before the run; `report`, which is complete but for what the run brings, is kept. */
void cs_role_output_start(struct cs_role_output *output, const struct cs_report *report,
                          unsigned n_rounds);
/* For the runner; ctx is the struct cs_role_output. */
void cs_role_output_result(void *ctx, size_t index, const struct cs_result *result);
void cs_role_output_tick(void *ctx, const struct cs_progress *progress);
/* After the run, which exits with that status but for what follows: 0, or the exit status when
 * stdout did not take all of it. */
CS_MUST_USE int cs_role_output_end(struct cs_role_output *output, const struct cs_report *report,
                                   int exit_status);

#endif
