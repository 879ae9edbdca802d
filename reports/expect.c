/* What a list of expected failures says of a report, and what the report says of the list. */
#include "reports/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_SHOWN_VERSION 64

void cs_expect_day(int64_t wall_ms, char ret_day[CS_EXPECT_DATE_SIZE])
{
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &parts);
    if (strftime(ret_day, CS_EXPECT_DATE_SIZE, "%Y-%m-%d", &parts) == 0) {
        ret_day[0] = '\0';
    }
}

static bool is_about_peer(const struct cs_expect_entry *entry, const struct cs_report_peer *peer)
{
    struct cs_version version;
    if (entry->peer && strcmp(entry->peer, peer->name ? peer->name : "") != 0) {
        return false;
    }
    if (!entry->versions) {
        return true;
    }
    return peer->version && cs_version_parse(peer->version, &version) == CS_OK &&
           (!entry->has_oldest || cs_version_compare(version, entry->oldest) >= 0) &&
           (!entry->has_newest || cs_version_compare(version, entry->newest) <= 0);
}

struct cs_expect_entry *cs_expect_find(const struct cs_expect *list, const struct cs_case *test,
                                       const struct cs_report_peer *peer)
{
    struct cs_expect_entry *of_requirement = NULL;
    if (test->level != CS_MUST && test->level != CS_SHOULD) {
        return NULL;
    }
    for (size_t i = 0; i < list->n; i++) {
        struct cs_expect_entry *entry = &list->entries[i];
        if (!is_about_peer(entry, peer)) {
            continue;
        }
        if (strcmp(entry->id, test->id) == 0) {
            return entry;
        }
        if (!of_requirement && cs_case_lists(test, entry->id)) {
            of_requirement = entry;
        }
    }
    return of_requirement;
}

static enum cs_expected_state state_of(const struct cs_expect_entry *entry,
                                       const struct cs_result *result, const char *today)
{
    bool broken = result->verdict == CS_FAIL || result->verdict == CS_WARN;
    if (!broken && result->verdict != CS_PASS) {
        return CS_NOT_LISTED;
    }
    if (strcmp(today, entry->until) > 0) {
        return CS_EXPECTATION_OVER;
    }
    if (broken) {
        return CS_EXPECTED_FAILURE;
    }
    return entry->flaky ? CS_TOLERATED_PASS : CS_UNEXPECTED_PASS;
}

static void count_anew(struct cs_report *report, const struct cs_result *results)
{
    struct cs_run_summary summary;
    cs_run_summarise(results, report->n, &summary);
    summary.interrupted = report->summary.interrupted;
    memcpy(summary.trouble, report->summary.trouble, sizeof summary.trouble);
    report->summary = summary;
}

enum cs_err cs_expect_apply(struct cs_expect *list, const char *today, struct cs_report *report,
                            struct cs_result *results)
{
    for (size_t i = 0; i < list->n; i++) {
        list->entries[i].n_reports += is_about_peer(&list->entries[i], &report->peer);
    }
    for (size_t i = 0; i < report->n; i++) {
        struct cs_expect_entry *entry =
            results[i].done ? cs_expect_find(list, report->work[i].test, &report->peer) : NULL;
        struct cs_expected expected = {.state = CS_NOT_LISTED};
        if (entry) {
            expected.state = state_of(entry, &results[i], today);
            expected.reason = entry->reason;
            expected.until = entry->until;
            expected.flaky = entry->flaky;
            entry->n_passed += results[i].verdict == CS_PASS && !cs_report_is_flaky(report, i);
        }
        if (!cs_result_set_expected(&results[i], &expected)) {
            return CS_ERR_NO_MEMORY;
        }
    }
    count_anew(report, results);
    return CS_OK;
}

/* ---- the list anew ---- */

static bool is_done_with(const struct cs_expect_entry *entry)
{
    return !entry->flaky && entry->n_reports > 0 && entry->n_cases > 0 &&
           entry->n_passed == entry->n_cases * entry->n_reports;
}

/* The index of the case in the report, or SIZE_MAX: all reports are of about the same cases. */
static size_t index_of(const struct cs_report *report, const char *id)
{
    for (size_t i = 0; i < report->n; i++) {
        if (strcmp(report->work[i].test->id, id) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool needs_entry(const struct cs_expect_change *change, const struct cs_report *report,
                        size_t index)
{
    const struct cs_result *result = index < report->n ? &report->results[index] : NULL;
    return result && result->done && !result->known && result->expected.state == CS_NOT_LISTED &&
           (result->verdict == CS_FAIL || (result->verdict == CS_WARN && change->with_should));
}

static void put_versions(const struct cs_report *first, const struct cs_report *last,
                         struct cs_buf *out)
{
    struct cs_version a;
    struct cs_version b;
    if (cs_version_parse(first->peer.version, &a) != CS_OK ||
        cs_version_parse(last->peer.version, &b) != CS_OK) {
        return;
    }
    int order = cs_version_compare(a, b);
    const char *from = order <= 0 ? first->peer.version : last->peer.version;
    const char *to = order <= 0 ? last->peer.version : first->peer.version;
    cs_buf_printf(out, "  versions: %.*s", MAX_SHOWN_VERSION, from);
    cs_buf_printf(out, order != 0 ? "..%.*s\n" : "\n", MAX_SHOWN_VERSION, to);
}

/* One entry for the reports from `first` on that follow each other and all need one. */
static void put_new(struct cs_expect_change *change, size_t first, const char *id,
                    struct cs_buf *out)
{
    size_t last = first;
    while (last + 1 < change->n && needs_entry(change, &change->reports[last + 1],
                                               index_of(&change->reports[last + 1], id))) {
        last++;
    }
    cs_buf_printf(out, "\n%s\n  reason: " CS_EXPECT_NO_REASON "\n  until: %s\n", id, change->until);
    if (change->by_version) {
        put_versions(&change->reports[first], &change->reports[last], out);
    }
    change->n_added++;
}

static void put_additions(struct cs_expect_change *change, struct cs_buf *out)
{
    for (size_t r = 0; r < change->n; r++) {
        const struct cs_report *report = &change->reports[r];
        for (size_t i = 0; i < report->n; i++) {
            const char *id = report->work[i].test->id;
            bool is_told = r > 0 && needs_entry(change, report - 1, index_of(report - 1, id));
            if (needs_entry(change, report, i) && !is_told) {
                put_new(change, r, id, out);
            }
        }
    }
}

void cs_expect_update(const struct cs_expect *list, struct cs_expect_change *change,
                      struct cs_buf *out)
{
    size_t at = 0;
    if (list->len == 0) {
        cs_buf_str(out,
                   "# Failures that are expected here, for chatspec --expect. Every entry needs "
                   "a reason\n# and the last day on which it holds.\n");
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct cs_expect_entry *entry = &list->entries[i];
        if (is_done_with(entry)) {
            change->n_removed++;
            cs_buf_append(out, list->text + at, entry->begin - at);
            at = entry->end;
            at += list->text[at] == '\r' && list->text[at + 1] == '\n';
            at += list->text[at] == '\n'; /* the empty line below it */
        }
    }
    if (at < list->len) {
        cs_buf_append(out, list->text + at, list->len - at);
    }
    if (out->len > 0 && out->ptr[out->len - 1] != '\n') {
        cs_buf_char(out, '\n');
    }
    put_additions(change, out);
}
