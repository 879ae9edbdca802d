/* Reads one rule of the fault language (README.md). */
#ifndef CHATSPEC_ENDPOINT_FAULT_RULE_H
#define CHATSPEC_ENDPOINT_FAULT_RULE_H

#include "endpoint/faults/faults.h"

struct cs_fault_rule {
    enum cs_form form;
    struct cs_view part; /* empty: any; in the text, as is action.body */
    uint64_t first;
    uint64_t last; /* UINT64_MAX: without end */
    struct cs_fault_action action;
};

/* Errors: CS_ERR_SYNTAX, CS_ERR_LIMIT (part, body). */
CS_MUST_USE enum cs_err cs_fault_rule_read(struct cs_view text, struct cs_fault_rule *ret_rule,
                                           struct cs_diag *diag);

#endif
