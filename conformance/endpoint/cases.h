/* The areas of the endpoint role: one table a file, each ended by a row with NULL id. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_CASES_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_CASES_H

#include "suite/case.h"

extern const struct cs_case endpoint_session_cases[]; /* session.c: SES */
extern const struct cs_case
    endpoint_session_item_cases[];                  /* session_item.c: SES, retrieve and update */
extern const struct cs_case endpoint_input_cases[]; /* input.c: SES, create bodies */
extern const struct cs_case endpoint_list_cases[];  /* list.c: SES, listing */
extern const struct cs_case endpoint_token_cases[]; /* token.c: TOK */
extern const struct cs_case endpoint_token_scope_cases[]; /* token_scope.c: TOK, scopes */
extern const struct cs_case endpoint_forged_cases[];      /* forged.c: TOK, tokens of nobody */
extern const struct cs_case endpoint_append_cases[];      /* append.c: APP */
extern const struct cs_case endpoint_limit_cases[];       /* limits.c: LIM */
extern const struct cs_case endpoint_out_cases[];         /* out.c: OUT */
extern const struct cs_case endpoint_out_form_cases[];    /* out_form.c: OUT, form of a stream */
extern const struct cs_case endpoint_record_cases[];      /* record.c: REC */
extern const struct cs_case endpoint_resume_cases[];      /* resume.c: RES */
extern const struct cs_case endpoint_close_cases[];       /* close.c: CLS */
extern const struct cs_case endpoint_error_cases[];       /* error.c: ERR */
extern const struct cs_case endpoint_channel_cases[];     /* channel.c: CHN */
extern const struct cs_case endpoint_snapshot_cases[];    /* snapshot.c: SNP */
extern const struct cs_case endpoint_run_cases[];         /* run.c: CON and what needs an agent */
/* The stream store by itself, here or anywhere (needs CS_NEEDS_STREAM or CS_NEEDS_S2 alone). */
extern const struct cs_case endpoint_s2_batch_cases[];  /* s2_batch.c: OUT */
extern const struct cs_case endpoint_s2_ping_cases[];   /* s2_ping.c: OUT */
extern const struct cs_case endpoint_s2_wait_cases[];   /* s2_wait.c: OUT, STO */
extern const struct cs_case endpoint_s2_read_cases[];   /* s2_read.c: RES, STO */
extern const struct cs_case endpoint_s2_trim_cases[];   /* s2_trim.c: REC, RES */
extern const struct cs_case endpoint_s2_append_cases[]; /* s2_append.c: CHN, REC */
extern const struct cs_case endpoint_s2_limit_cases[];  /* s2_limits.c: LIM, OUT, STO */
extern const struct cs_case endpoint_s2_error_cases[];  /* s2_error.c: CHN, STO */

/* What is recorded and not judged (OBSERVED and MAY rows). */
extern const struct cs_case endpoint_observed_session_cases[];  /* observed_session.c: SES */
extern const struct cs_case endpoint_observed_list_cases[];     /* observed_list.c: SES, listing */
extern const struct cs_case endpoint_observed_run_cases[];      /* observed_run.c: CON */
extern const struct cs_case endpoint_observed_close_cases[];    /* observed_close.c: CLS */
extern const struct cs_case endpoint_observed_snapshot_cases[]; /* observed_snapshot.c: SNP */

extern const struct cs_case endpoint_observed_token_cases[]; /* observed_token.c: TOK */
extern const struct cs_case endpoint_observed_error_cases[]; /* observed_error.c: ERR */
extern const struct cs_case endpoint_observed_limit_cases[]; /* observed_limits.c: LIM */

/* What is recorded and not judged (OBSERVED and MAY rows). */
extern const struct cs_case endpoint_observed_append_cases[];  /* observed_append.c: APP */
extern const struct cs_case endpoint_observed_out_cases[];     /* observed_out.c: OUT */
extern const struct cs_case endpoint_observed_record_cases[];  /* observed_record.c: REC */
extern const struct cs_case endpoint_observed_resume_cases[];  /* observed_resume.c: RES */
extern const struct cs_case endpoint_observed_channel_cases[]; /* observed_channel.c: CHN */

#endif
