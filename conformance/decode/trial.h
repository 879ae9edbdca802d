/* One stream against what it must give: whole, and cut in many ways. */
#ifndef CHATSPEC_DECODE_TRIAL_H
#define CHATSPEC_DECODE_TRIAL_H

#include "conformance/decode/parser_peer.h"

#define CS_TRIAL_PIECES 4
#define CS_CAUSE_MAX    320

/* A way to cut a stream: lengths, used in turn. */
struct cs_cut {
    uint64_t pieces[CS_TRIAL_PIECES];
    size_t n; /* 0: not cut */
};

struct cs_trial {
    struct cs_parser_peer *peer;
    struct cs_event_list wanted;
    /* CS_OK: `wanted` must come. CS_ERR_LIMIT: only the same for every cut. CS_ERR_RANGE: the
     * parser is not for this stream, which never gets to it. */
    enum cs_err comparable;
    struct cs_parser_answer answer;
    struct cs_parser_answer whole; /* the answer without any cut */
};

struct cs_fault {
    enum cs_decoded outcome;  /* CS_DECODED_EVENTS: other events than wanted */
    char cause[CS_CAUSE_MAX]; /* equal for equal causes; "" when there is no fault */
    struct cs_cut cut;
    size_t line; /* of the first difference */
    bool by_cut; /* the stream in one piece gives what is wanted */
};

void cs_trial_free(struct cs_trial *trial);

/* What `stream` must give, by our own reader. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_trial_oracle(struct cs_trial *trial, struct cs_view stream);

/* Decodes once, cut in this way, and compares; true when there is a fault. For a stream that is not
 * comparable a cut is compared with the whole, which is decoded first. */
bool cs_trial_run(struct cs_trial *trial, struct cs_view stream, const struct cs_cut *cut,
                  struct cs_fault *ret_fault);

/* Whole, byte by byte, and cut in two everywhere (at up to 300 places): the first fault. */
bool cs_trial_all_cuts(struct cs_trial *trial, struct cs_view stream, struct cs_fault *ret_fault);

/* "in one piece", "byte by byte", "in pieces of 3, 5" */
void cs_cut_describe(const struct cs_cut *cut, struct cs_buf *out);
/* For people: the cause, what was wanted and what came, and its stderr. */
void cs_fault_describe(const struct cs_trial *trial, const struct cs_fault *fault,
                       struct cs_buf *out);
const char *cs_decoded_name(enum cs_decoded outcome);

#endif
