/* The tables of client cases: one file per area of the catalogue, each table ended by a NULL id. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_CASES_H
#define CHATSPEC_CONFORMANCE_CLIENT_CASES_H

#include "suite/case.h"

extern const struct cs_case client_token_cases[];
extern const struct cs_case client_append_cases[];
extern const struct cs_case client_turn_cases[];
extern const struct cs_case client_resume_cases[];
extern const struct cs_case client_stop_cases[];

#endif
