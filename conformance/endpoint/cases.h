/* The areas of the endpoint role: one table a file, each ended by a row with NULL id. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_CASES_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_CASES_H

#include "suite/case.h"

extern const struct cs_case endpoint_session_cases[];  /* session.c: SES */
extern const struct cs_case endpoint_input_cases[];    /* input.c: SES, create bodies */
extern const struct cs_case endpoint_list_cases[];     /* list.c: SES, listing */
extern const struct cs_case endpoint_token_cases[];    /* token.c: TOK */
extern const struct cs_case endpoint_append_cases[];   /* append.c: APP */
extern const struct cs_case endpoint_limit_cases[];    /* limits.c: LIM */
extern const struct cs_case endpoint_out_cases[];      /* out.c: OUT */
extern const struct cs_case endpoint_out_form_cases[]; /* out_form.c: OUT, form of a stream */
extern const struct cs_case endpoint_record_cases[];   /* record.c: REC */
extern const struct cs_case endpoint_resume_cases[];   /* resume.c: RES */
extern const struct cs_case endpoint_close_cases[];    /* close.c: CLS */
extern const struct cs_case endpoint_error_cases[];    /* error.c: ERR */
extern const struct cs_case endpoint_channel_cases[];  /* channel.c: CHN */
extern const struct cs_case endpoint_snapshot_cases[]; /* snapshot.c: SNP */
extern const struct cs_case endpoint_run_cases[];      /* run.c: CON and what needs an agent */

/* What is recorded and not judged (OBSERVED and MAY rows). */
extern const struct cs_case endpoint_observed_append_cases[];  /* observed_append.c: APP */
extern const struct cs_case endpoint_observed_out_cases[];     /* observed_out.c: OUT */
extern const struct cs_case endpoint_observed_record_cases[];  /* observed_record.c: REC */
extern const struct cs_case endpoint_observed_resume_cases[];  /* observed_resume.c: RES */
extern const struct cs_case endpoint_observed_channel_cases[]; /* observed_channel.c: CHN */

#endif
