#include "endpoint/faults/rule.h"

#include <stdlib.h>

struct rule {
    enum cs_form form;
    struct cs_buf part; /* empty: any */
    uint64_t first;     /* the matches for which it acts, from 1 */
    uint64_t last;
    uint64_t n_matches;
    struct cs_fault_action action; /* its body is in `body` */
    struct cs_buf body;
};

struct cs_faults {
    struct rule rules[CS_FAULTS_MAX];
    size_t n;
};

struct cs_faults *cs_faults_new(void)
{
    return calloc(1, sizeof(struct cs_faults));
}

static void rule_free(struct rule *rule)
{
    cs_buf_free(&rule->part);
    cs_buf_free(&rule->body);
}

void cs_faults_clear(struct cs_faults *faults)
{
    while (faults->n > 0) {
        rule_free(&faults->rules[--faults->n]);
    }
}

void cs_faults_free(struct cs_faults *faults)
{
    if (faults) {
        cs_faults_clear(faults);
        free(faults);
    }
}

bool cs_faults_any(const struct cs_faults *faults)
{
    return faults->n > 0;
}

enum cs_err cs_faults_add(struct cs_faults *faults, struct cs_view text, struct cs_diag *diag)
{
    struct cs_fault_rule read;
    if (faults->n == CS_FAULTS_MAX) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "there are %zu rules already", CS_FAULTS_MAX);
    }
    enum cs_err err = cs_fault_rule_read(text, &read, diag);
    if (err != CS_OK) {
        return err;
    }
    struct rule rule = {.form = read.form,
                        .part = CS_BUF(CS_FAULT_PART_MAX),
                        .first = read.first,
                        .last = read.last,
                        .action = read.action,
                        .body = CS_BUF(CS_FAULT_BODY_MAX)};
    cs_buf_add(&rule.part, read.part);
    cs_buf_add(&rule.body, read.action.body);
    if (cs_buf_error(&rule.part) != CS_OK || cs_buf_error(&rule.body) != CS_OK) {
        rule_free(&rule);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for a rule");
    }
    rule.action.body = cs_buf_view(&rule.body);
    faults->rules[faults->n++] = rule;
    return CS_OK;
}

struct cs_fault_action cs_faults_decide(struct cs_faults *faults, enum cs_form form,
                                        struct cs_view part)
{
    struct cs_fault_action action = {0};
    for (size_t i = 0; i < faults->n; i++) {
        struct rule *rule = &faults->rules[i];
        if (rule->form != form ||
            (rule->part.len > 0 && !cs_view_eq(cs_buf_view(&rule->part), part))) {
            continue;
        }
        rule->n_matches++;
        bool its_turn = rule->n_matches >= rule->first && rule->n_matches <= rule->last;
        if (its_turn && action.what == CS_FAULT_NONE) {
            action = rule->action;
        }
    }
    return action;
}
