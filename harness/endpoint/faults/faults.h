/* What the platform is told to do wrong, as rules in a small language (README.md beside this). */
#ifndef CHATSPEC_ENDPOINT_FAULTS_H
#define CHATSPEC_ENDPOINT_FAULTS_H

#include "endpoint/faults/form.h"

#define CS_FAULTS_MAX      ((size_t)256) /* rules at a time */
#define CS_FAULT_PART_MAX  ((size_t)64)
#define CS_FAULT_BODY_MAX  ((size_t)64 * 1024)
#define CS_FAULT_DELAY_MAX ((int64_t)3600000)

struct cs_faults;

/* In the order of the language's documentation. */
enum cs_fault_do {
    CS_FAULT_NONE,
    CS_FAULT_STATUS,       /* `status` and `body`, and nothing is done */
    CS_FAULT_SILENT,       /* nothing is done and nothing said; the connection stays open */
    CS_FAULT_RESET,        /* nothing is done; the connection (of HTTP/2: the stream) is reset */
    CS_FAULT_APPLY_RESET,  /* done, then reset */
    CS_FAULT_APPLY_SILENT, /* done, never answered */
    CS_FAULT_DELAY,        /* done `delay_ms` later */
    CS_FAULT_APPLY_DELAY,  /* done, answered `delay_ms` later */
    CS_FAULT_TERMINAL,     /* s2s: a terminal frame with `status` and `body`, nothing is done */
    CS_FAULT_NO_CREDIT,    /* s2s: flow-control credit is never given back */
    CS_FAULT_WRONG_COUNT,  /* appends: done, but the ack's end is one too high */
    CS_FAULT_NO_POSITIONS, /* appends: done, but the ack lacks its positions */
    CS_FAULT_END,          /* SSE: ends properly after the backlog */
    CS_FAULT_CUT,          /* SSE: is reset after the backlog */
    CS_FAULT_N
};

struct cs_fault_action {
    enum cs_fault_do what;
    int status;
    int64_t delay_ms;
    struct cs_view body; /* JSON; empty when the rule gives none; valid until rules are cleared */
};

/* "apply-reset"...; NULL for CS_FAULT_NONE. */
const char *cs_fault_name(enum cs_fault_do what);

/* NULL when out of memory. */
struct cs_faults *cs_faults_new(void);
void cs_faults_free(struct cs_faults *faults);
/* Adds a rule behind those that are there. It counts from now on. Errors: CS_ERR_SYNTAX (offset
 * counts from the start of `rule`), CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_faults_add(struct cs_faults *faults, struct cs_view rule,
                                      struct cs_diag *diag);
void cs_faults_clear(struct cs_faults *faults);
bool cs_faults_any(const struct cs_faults *faults);
/* What to do with a request that has come in whole, or with the head of an append session
 * (CS_FORM_S2S), or with a batch on one (CS_FORM_S2S_BATCH). Counts it in every rule that it
 * matches; the first one whose turn it is decides. To be asked once for each. */
struct cs_fault_action cs_faults_decide(struct cs_faults *faults, enum cs_form form,
                                        struct cs_view part);

#endif
