/* What is known to be read otherwise by versions of the SDK: divergences.json, as data. */
#ifndef CHATSPEC_DECODE_DIVERGENCES_H
#define CHATSPEC_DECODE_DIVERGENCES_H

#include "conformance/decode/trial.h"

struct cs_divergence {
    char id[64];
    char kind[32];         /* "their bug", "tolerance", "our bug" */
    char cause[512];       /* one line for people */
    char since[32];        /* the first version of the SDK that has it */
    char until[32];        /* the first that has not; "": all have it */
    char parser_since[32]; /* the same of the parser below it; "": any */
    char parser_until[32];
    struct cs_view signatures; /* JSON: globs for the causes of faults, any of which is this */
    struct cs_buf stream;      /* that shows it */
    struct cs_cut cut;
    struct cs_view ours; /* JSON: the lines of the event list that each gives */
    struct cs_view theirs;
    uint64_t n_seen; /* counted by whoever asks */
};

struct cs_divergences {
    struct cs_divergence *rows;
    size_t n;
};

/* Those of a version of the SDK (and of the parser below it; "": unknown, of either: all). Errors:
 * CS_ERR_SYNTAX, CS_ERR_MISSING with the row's id in diag (the file is ours: a fault of this
 * program), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_divergences_load(const char *version, const char *parser,
                                            struct cs_divergences *ret_known, struct cs_diag *diag);
void cs_divergences_free(struct cs_divergences *known);

/* The row that a fault is of; NULL: it is not known. */
struct cs_divergence *cs_divergence_of(const struct cs_divergences *known,
                                       const struct cs_fault *fault);
/* Whether this is a row's fault. */
bool cs_divergence_is(const struct cs_divergence *row, const struct cs_fault *fault);
/* Whether a list consists of these lines (JSON). */
bool cs_divergence_says(struct cs_view lines, const struct cs_event_list *list);

/* A fault as a row of the file, for a person to name: stream, cut, and both answers. */
void cs_divergence_write(const struct cs_trial *trial, const struct cs_fault *fault,
                         struct cs_view stream, struct cs_buf *out);

#endif
