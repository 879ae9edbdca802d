/* The report of a run, and its writers. All of them read the same model and change nothing in it.
 */
#ifndef CHATSPEC_REPORTS_REPORT_H
#define CHATSPEC_REPORTS_REPORT_H

#include "suite/repeat.h"
#include "suite/requirement.h"

#define CS_REPORT_SCHEMA     "chatspec-report/1"
#define CS_REPORT_DIGEST_LEN 64

/* Who was tested. Of the texts behind `version`, NULL and "" are both: not known. */
struct cs_report_peer {
    const char *kind; /* "builtin", "url", "sdk", ... */
    const char *name;
    const char *version; /* "" when not known */
    const char *source;  /* where it came from, when `version` does not say that: "latest" */
    const char *label;   /* tells it from other versions in a table; NULL: its version */
    const char *runtime; /* "node 20.20.2" */
    const char *parser;  /* versions of what it uses to read events, and of the AI SDK */
    const char *ai;
    const char *missing; /* why it could not be had: nothing was run then */
};

/* Which part of a selection a run was, so that whoever has all parts can prove it. */
struct cs_report_shard {
    unsigned k; /* from 1 */
    unsigned n; /* 0: the run was no part of anything */
    size_t total;
    char selected[CS_REPORT_DIGEST_LEN + 1]; /* cs_report_digest_of all selected ids */
};

/* How one case of a merged report is run again: its shard had a seed of its own. */
struct cs_report_origin {
    const char *command;
    uint64_t seed;
};

struct cs_report {
    const char *suite;   /* version of chatspec */
    const char *profile; /* which expectations were used: "latest" */
    const char *command; /* that the run was started with, up to but without --only: for reruns */
    struct cs_report_peer peer;
    int64_t started_ms; /* wall clock, since the epoch */
    int64_t duration_ms;
    uint64_t seed; /* below 2^53, so that every JSON reader gets it right */
    bool interrupted;
    const struct cs_work *work;
    const struct cs_result *results; /* those that are not done do not appear */
    size_t n;
    struct cs_run_summary summary;
    const struct cs_requirements *requirements; /* for those who show their texts; NULL: none */
    const struct cs_repeat *repeats; /* of several rounds, each result's; NULL: there was one */
    unsigned n_rounds;               /* that were begun */
    struct cs_report_shard shard;
    const struct cs_report_origin *origins; /* each result's; NULL: `command` and `seed` */
};

/* What is known of the peer, by the names that documents have for it (after `kind`): the i-th
 * member's name, and its text or ""; NULL behind the last. */
const char *cs_report_peer_member(const struct cs_report_peer *peer, size_t i,
                                  const char **ret_text);

/* SHA-256 over the sorted ids of all cases that were done, each with a newline, in lower-case hex:
 * two runs of the same cases have the same digest. False when out of memory. */
bool cs_report_digest(const struct cs_report *report, char ret_digest[CS_REPORT_DIGEST_LEN + 1]);

/* The same over any ids, which it sorts. */
bool cs_report_digest_of(const char **ids, size_t n, char ret_digest[CS_REPORT_DIGEST_LEN + 1]);

/* Describes the part k of n of a selection. False when out of memory. */
bool cs_report_shard_of(const struct cs_work *selected, size_t n_selected, unsigned k, unsigned n,
                        struct cs_report_shard *ret_shard);

/* "./chatspec endpoint --seed 5 --only ID": runs one case again. */
void cs_report_rerun(const struct cs_report *report, size_t index, struct cs_buf *out);
/* The same with the seed of the round that went otherwise. */
void cs_report_rerun_different(const struct cs_report *report, size_t index, struct cs_buf *out);
/* Did the case come to several verdicts? */
bool cs_report_is_flaky(const struct cs_report *report, size_t index);
/* How many did, without those that the list of expected failures allows it. */
size_t cs_report_n_flaky(const struct cs_report *report);
/* The exit status of the program for the run: cs_run_exit_status, and 1 when a case is flaky. */
int cs_report_exit_status(const struct cs_report *report, bool fail_on_should);
/* Expected failures and what does not fit the list of them any more, for people; nothing when no
 * result is listed. */
void cs_report_expected_terminal(const struct cs_report *report, struct cs_buf *out);

/* Appends a whole document to `out`, whose failure the caller checks. */
void cs_report_json(const struct cs_report *report, struct cs_buf *out);
void cs_report_junit(const struct cs_report *report, struct cs_buf *out);

struct cs_report_terminal {
    bool color;
    bool verbose;   /* evidence in full; else a few lines of it */
    unsigned width; /* columns that text is broken to; 0: it is not broken */
};
/* What a person reads at the end: a table by role and area, then what was not as it should be, by
 * requirement, what matters most last. */
void cs_report_terminal(const struct cs_report *report, const struct cs_report_terminal *how,
                        struct cs_buf *out);

/* Annotations for GitHub (github.h): known defects are notices. */
void cs_report_github(const struct cs_report *report, struct cs_buf *out);

#endif
