/* A list of failures that are expected here, kept by hand beside one's own code: --expect FILE.
 *
 *   # Anything about it. Comments directly above an entry belong to it.
 *   client/resume/after-a-drop
 *     reason: the proxy of our staging cuts idle connections, ticket 4711
 *     until: 2027-01-31
 *
 *   AGT-TRN-17
 *     reason: fixed in 4.8.4
 *     until: 2027-01-31
 *     peer: @trigger.dev/sdk
 *     versions: 4.7.0..4.8.3
 *     flaky: yes
 *
 * A line that is not indented names a case or a requirement (then all cases that list it); the
 * indented lines below say more: `reason` and `until` (the last day, UTC, on which the entry holds)
 * must be there, `peer` (its exact name) and `versions` (A..B, one end may be missing; or one
 * alone) narrow it, `flaky: yes` says that the case passes at times. No patterns: one would swallow
 * tomorrow's failures with today's. One fact per line, so that a review shows each change alone.
 *
 * An entry is about cases of level MUST and SHOULD; the others never fail. What could not be judged
 * (error, inconclusive) is not a failure and is never expected.
 */
#ifndef CHATSPEC_REPORTS_EXPECT_H
#define CHATSPEC_REPORTS_EXPECT_H

#include "reports/report.h"
#include "wire/version.h"

/* The reason of entries that an update made: whoever reads a report is told that it is missing. */
#define CS_EXPECT_NO_REASON "TODO"
#define CS_EXPECT_MAX_FILE  ((size_t)4 * 1024 * 1024)
#define CS_EXPECT_DATE_SIZE sizeof "2027-01-31"

struct cs_expect_entry {
    char *id;
    char *reason;
    char *until;
    char *peer;     /* NULL: any */
    char *versions; /* as written; NULL: any, also one that is not known */
    struct cs_version oldest;
    struct cs_version newest;
    bool has_oldest;
    bool has_newest;
    bool flaky;
    size_t line;  /* of its id, from 1 */
    size_t begin; /* of its block in the text, with the comments above it */
    size_t end;
    size_t n_cases; /* that it is about, as far as somebody counted them; see cs_expect_update */
    /* What cs_expect_apply saw: reports of peers that it holds for, and cases of these. */
    size_t n_reports;
    size_t n_passed;
};

/* A zeroed struct is an empty list. */
struct cs_expect {
    char *text;
    size_t len;
    struct cs_expect_entry *entries;
    size_t n;
};

/* Errors, with "LABEL:LINE: what is wrong" in diag: CS_ERR_SYNTAX, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_expect_parse(struct cs_view text, const char *label,
                                        struct cs_expect *ret_list, struct cs_diag *diag);
/* The same of a file. Errors also: CS_ERR_MISSING (there is no such file), CS_ERR_IO,
 * CS_ERR_LIMIT (over 4 MiB). */
CS_MUST_USE enum cs_err cs_expect_read(const char *path, struct cs_expect *ret_list,
                                       struct cs_diag *diag);
void cs_expect_free(struct cs_expect *list);

/* The day of a time since the epoch in ms, UTC. */
void cs_expect_day(int64_t wall_ms, char ret_day[CS_EXPECT_DATE_SIZE]);

/* The entry for that case of that peer, or NULL: the first that names the case, else the first that
 * names one of its requirements. */
struct cs_expect_entry *cs_expect_find(const struct cs_expect *list, const struct cs_case *test,
                                       const struct cs_report_peer *peer);

/* Says in each result of the report (`results` are its own, to be written to) what the list says of
 * it, and counts the report's summary anew. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_expect_apply(struct cs_expect *list, const char *today,
                                        struct cs_report *report, struct cs_result *results);

struct cs_expect_change {
    const struct cs_report *reports; /* that the list was applied to, oldest version first */
    size_t n;
    bool by_version;  /* new entries say of which versions they are */
    bool with_should; /* a broken SHOULD gets an entry too */
    const char *until;
    size_t n_added; /* what was done */
    size_t n_removed;
};
/* Appends the list as it has to be after these reports: without the entries all of whose cases
 * (n_cases, where that is 0 it stays) passed and are not flaky, and with one for each failure that
 * is neither listed nor a known defect. All else stays as it was written, to the byte: comments,
 * reasons, and dates, so that no entry lives longer by itself. */
void cs_expect_update(const struct cs_expect *list, struct cs_expect_change *change,
                      struct cs_buf *out);

#endif
