#include "reports/merge.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_SHARDS 1000

struct merger {
    struct cs_stored_report *parts;
    const char *const *labels;
    size_t n;
    struct cs_diag *diag;
};

static enum cs_err differ(const struct merger *merger, size_t other, const char *what,
                          const char *first_says, const char *other_says)
{
    return cs_fail(merger->diag, CS_ERR_USAGE, 0, "%.40s and %.40s differ in %s: %.30s, %.30s",
                   merger->labels[0], merger->labels[other], what,
                   first_says[0] ? first_says : "(none)", other_says[0] ? other_says : "(none)");
}

/* ---- do they fit? ---- */

static enum cs_err check_peer(const struct merger *merger, size_t other)
{
    const struct cs_report_peer *first = &merger->parts[0].report.peer;
    const struct cs_report_peer *second = &merger->parts[other].report.peer;
    const char *name;
    const char *ours;
    const char *theirs;
    if (strcmp(first->kind, second->kind) != 0) {
        return differ(merger, other, "the peer's kind", first->kind, second->kind);
    }
    for (size_t i = 0; (name = cs_report_peer_member(first, i, &ours)); i++) {
        (void)cs_report_peer_member(second, i, &theirs);
        if (strcmp(ours, theirs) != 0) {
            char what[64];
            snprintf(what, sizeof what, "the peer's %s", name);
            return differ(merger, other, what, ours, theirs);
        }
    }
    return CS_OK;
}

static enum cs_err check_same(const struct merger *merger, size_t other)
{
    const struct cs_report *first = &merger->parts[0].report;
    const struct cs_report *second = &merger->parts[other].report;
    bool ended = !first->interrupted && !second->interrupted;
    if (strcmp(first->suite, second->suite) != 0) {
        return differ(merger, other, "the version of chatspec", first->suite, second->suite);
    }
    if (strcmp(first->profile, second->profile) != 0) {
        return differ(merger, other, "the profile", first->profile, second->profile);
    }
    if (!first->repeats != !second->repeats ||
        (first->repeats && ended && first->n_rounds != second->n_rounds)) {
        return cs_fail(merger->diag, CS_ERR_USAGE, 0,
                       "%.60s and %.60s differ in --repeat: %u rounds, %u", merger->labels[0],
                       merger->labels[other], first->repeats ? first->n_rounds : 1,
                       second->repeats ? second->n_rounds : 1);
    }
    if ((first->shard.n > 0) != (second->shard.n > 0)) {
        bool is_first = first->shard.n > 0;
        return cs_fail(merger->diag, CS_ERR_USAGE, 0, "%.70s is a shard and %.70s is none",
                       merger->labels[is_first ? 0 : other], merger->labels[is_first ? other : 0]);
    }
    return check_peer(merger, other);
}

static enum cs_err check_shard(const struct merger *merger, size_t other)
{
    const struct cs_report *first = &merger->parts[0].report;
    const struct cs_report *second = &merger->parts[other].report;
    if (strcmp(first->command, second->command) != 0) {
        return differ(merger, other, "the command", first->command, second->command);
    }
    if (first->shard.n != second->shard.n) {
        return cs_fail(merger->diag, CS_ERR_USAGE, 0, "%.60s is one of %u shards, %.60s one of %u",
                       merger->labels[0], first->shard.n, merger->labels[other], second->shard.n);
    }
    if (first->shard.total != second->shard.total ||
        strcmp(first->shard.selected, second->shard.selected) != 0) {
        return cs_fail(merger->diag, CS_ERR_USAGE, 0,
                       "%.50s and %.50s are shards of different selections (%zu cases, %zu)",
                       merger->labels[0], merger->labels[other], first->shard.total,
                       second->shard.total);
    }
    for (size_t i = 0; i < other; i++) {
        if (merger->parts[i].report.shard.k == second->shard.k) {
            return cs_fail(merger->diag, CS_ERR_USAGE, 0, "%.70s and %.70s are both shard %u/%u",
                           merger->labels[i], merger->labels[other], second->shard.k,
                           second->shard.n);
        }
    }
    return CS_OK;
}

/* Shards beyond the number of cases have none, and no report. */
static enum cs_err check_holes(const struct merger *merger)
{
    const struct cs_report_shard *shard = &merger->parts[0].report.shard;
    bool there[MAX_SHARDS + 1] = {false};
    char missing[96] = "";
    size_t used = 0;
    size_t n_missing = 0;
    for (size_t i = 0; i < merger->n; i++) {
        there[merger->parts[i].report.shard.k] = true;
    }
    for (unsigned k = 1; k <= shard->n && k <= shard->total; k++) {
        if (!there[k] && n_missing++ < 8) {
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%u/%u",
                                     used > 0 ? ", " : "", k, shard->n);
        }
    }
    return n_missing == 0
               ? CS_OK
               : cs_fail(merger->diag, CS_ERR_USAGE, 0, "missing: shard%s %s%s",
                         n_missing > 1 ? "s" : "", missing, n_missing > 8 ? " and more" : "");
}

static enum cs_err check_fit(const struct merger *merger)
{
    bool are_shards = merger->parts[0].report.shard.n > 0;
    enum cs_err err = CS_OK;
    for (size_t i = 1; i < merger->n && err == CS_OK; i++) {
        err = check_same(merger, i);
        err = err == CS_OK && are_shards ? check_shard(merger, i) : err;
    }
    return err == CS_OK && are_shards ? check_holes(merger) : err;
}

/* ---- the whole ---- */

struct place {
    const char *id;
    size_t part;
    size_t index;
};

static int by_id(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    int order = strcmp(left->id, right->id);
    return order != 0 ? order : (left->part > right->part) - (left->part < right->part);
}

static enum cs_err check_overlap(const struct merger *merger, const struct place *places, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (strcmp(places[i - 1].id, places[i].id) == 0) {
            return cs_fail(merger->diag, CS_ERR_USAGE, 0, "%.60s is both in %.50s and in %.50s",
                           places[i].id, merger->labels[places[i - 1].part],
                           merger->labels[places[i].part]);
        }
    }
    return CS_OK;
}

/* Roles of the same name are one: writers tell them apart by their address. */
static const struct cs_role *role_of(const struct merger *merger, const struct cs_role *role)
{
    for (size_t p = 0; p < merger->n; p++) {
        for (size_t r = 0; r < merger->parts[p].n_roles; r++) {
            if (strcmp(merger->parts[p].roles[r].name, role->name) == 0) {
                return &merger->parts[p].roles[r];
            }
        }
    }
    return role;
}

static void take(const struct merger *merger, const struct place *places, size_t n,
                 struct cs_merged_report *whole)
{
    for (size_t i = 0; i < n; i++) {
        struct cs_stored_report *part = &merger->parts[places[i].part];
        size_t from = places[i].index;
        whole->work[i] = part->work[from];
        whole->work[i].role = role_of(merger, part->work[from].role);
        whole->results[i] = part->results[from];
        part->results[from] = (struct cs_result){0};
        whole->repeats[i] = part->repeats[from];
        part->repeats[from] = (struct cs_repeat){0};
        whole->origins[i] = part->origins[from];
    }
}

static void fill_head(const struct merger *merger, size_t n, struct cs_merged_report *whole)
{
    struct cs_report *report = &whole->report;
    *report = merger->parts[0].report;
    for (size_t p = 1; p < merger->n; p++) {
        const struct cs_report *part = &merger->parts[p].report;
        report->started_ms =
            part->started_ms < report->started_ms ? part->started_ms : report->started_ms;
        report->duration_ms =
            part->duration_ms > report->duration_ms ? part->duration_ms : report->duration_ms;
        report->interrupted = report->interrupted || part->interrupted;
        report->n_rounds = part->n_rounds > report->n_rounds ? part->n_rounds : report->n_rounds;
    }
    report->shard = (struct cs_report_shard){0};
    report->work = whole->work;
    report->results = whole->results;
    report->repeats = report->repeats ? whole->repeats : NULL;
    report->origins = whole->origins;
    report->n = n;
    cs_run_summarise(whole->results, n, &report->summary);
    report->summary.interrupted = report->interrupted;
}

/* What all shards ran is what was selected. */
static enum cs_err check_complete(const struct merger *merger, struct cs_merged_report *whole)
{
    const struct cs_report_shard *shard = &merger->parts[0].report.shard;
    size_t n = whole->report.n;
    char digest[CS_REPORT_DIGEST_LEN + 1];
    whole->is_proven = merger->n == 1 || shard->n > 0;
    if (shard->n == 0 || (whole->report.interrupted && n < shard->total)) {
        return CS_OK;
    }
    if (!cs_report_digest(&whole->report, digest)) {
        return cs_fail(merger->diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    if (n != shard->total || strcmp(digest, shard->selected) != 0) {
        return cs_fail(merger->diag, CS_ERR_USAGE, 0,
                       "the shards hold %zu cases, and %s the %zu that were selected", n,
                       n == shard->total ? "they are not" : "not", shard->total);
    }
    return CS_OK;
}

static enum cs_err make(const struct merger *merger, struct place *places, size_t n,
                        struct cs_merged_report *whole)
{
    size_t at = 0;
    for (size_t p = 0; p < merger->n; p++) {
        for (size_t i = 0; i < merger->parts[p].report.n; i++) {
            places[at++] = (struct place){merger->parts[p].work[i].test->id, p, i};
        }
    }
    if (merger->n > 1) { /* one alone stays in its order */
        qsort(places, n, sizeof *places, by_id);
    }
    enum cs_err err = check_overlap(merger, places, n);
    if (err != CS_OK) {
        return err;
    }
    take(merger, places, n, whole);
    fill_head(merger, n, whole);
    return check_complete(merger, whole);
}

enum cs_err cs_reports_merge(struct cs_stored_report *parts, const char *const *labels, size_t n,
                             struct cs_merged_report *ret_merged, struct cs_diag *diag)
{
    const struct merger merger = {parts, labels, n, diag};
    struct cs_merged_report whole = {0};
    size_t n_cases = 0;
    enum cs_err err = check_fit(&merger);
    if (err != CS_OK) {
        return err;
    }
    for (size_t p = 0; p < n; p++) {
        n_cases += parts[p].report.n;
    }
    struct place *places = calloc(n_cases + 1, sizeof *places);
    whole.work = calloc(n_cases + 1, sizeof *whole.work);
    whole.results = calloc(n_cases + 1, sizeof *whole.results);
    whole.repeats = calloc(n_cases + 1, sizeof *whole.repeats);
    whole.origins = calloc(n_cases + 1, sizeof *whole.origins);
    if (!places || !whole.work || !whole.results || !whole.repeats || !whole.origins) {
        err = cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    } else {
        err = make(&merger, places, n_cases, &whole);
    }
    free(places);
    if (err != CS_OK) {
        cs_merged_report_free(&whole);
        return err;
    }
    *ret_merged = whole;
    return CS_OK;
}

void cs_merged_report_free(struct cs_merged_report *merged)
{
    for (size_t i = 0; i < merged->report.n; i++) {
        cs_result_free(&merged->results[i]);
        cs_repeat_free(&merged->repeats[i]);
    }
    free(merged->work);
    free(merged->results);
    free(merged->repeats);
    free(merged->origins);
    *merged = (struct cs_merged_report){0};
}
