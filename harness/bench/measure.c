#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/run.h"

double cs_bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double cs_bench_processor(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool cs_bench_is_short(const struct cs_bench *bench)
{
    return bench->report.is_short;
}

uint64_t cs_bench_seed(const struct cs_bench *bench)
{
    return bench->report.seed;
}

const char *cs_bench_home(const struct cs_bench *bench)
{
    return bench->home;
}

void cs_bench_say(struct cs_bench *bench, const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", bench->group);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

static char *copy(struct cs_bench *bench, const char *text)
{
    char *copied = text ? strdup(text) : NULL;
    bench->no_memory = bench->no_memory || (text && !copied);
    return copied;
}

/* A new row at the end; NULL when out of memory. */
static struct cs_bench_result *add(struct cs_bench *bench, const struct cs_bench_spec *spec,
                                   const char *our_name, const char *peer_name)
{
    struct cs_bench_report *report = &bench->report;
    struct cs_bench_result *more =
        reallocarray(report->items, report->n + 1, sizeof *report->items);
    if (!more) {
        bench->no_memory = true;
        return NULL;
    }
    report->items = more;
    struct cs_bench_result *row = &report->items[report->n++];
    *row = (struct cs_bench_result){.name = copy(bench, spec->name),
                                    .what = copy(bench, spec->what),
                                    .unit = copy(bench, spec->unit),
                                    .our_name = copy(bench, our_name),
                                    .peer_name = copy(bench, peer_name),
                                    .lower_is_better = spec->lower_is_better,
                                    .state = CS_BENCH_NO_TARGET};
    return row;
}

bool cs_bench_wants(const struct cs_bench *bench, const char *name)
{
    return !bench->only || fnmatch(bench->only, name, 0) == 0;
}

static double better_by(const struct cs_bench_spec *spec, double ours, double peer)
{
    double top = spec->lower_is_better ? peer : ours;
    double bottom = spec->lower_is_better ? ours : peer;
    return bottom > 0 ? top / bottom : 0;
}

struct series {
    double ours[CS_BENCH_PAIRS_MAX];
    double peer[CS_BENCH_PAIRS_MAX];
    double ratio[CS_BENCH_PAIRS_MAX];
};

/* One pair; who goes first changes, so that neither always finds the caches as the other left
 * them. *ret_who is the side that failed. */
static enum cs_err one_pair(unsigned pair, const struct cs_bench_side *ours, double *ret_ours,
                            const struct cs_bench_side *peer, double *ret_peer,
                            const char **ret_who, struct cs_diag *diag)
{
    bool ours_first = pair % 2 == 0;
    const struct cs_bench_side *first = ours_first ? ours : peer;
    const struct cs_bench_side *second = ours_first ? peer : ours;
    *ret_who = first->name;
    enum cs_err err = first->once(first->ctx, ours_first ? ret_ours : ret_peer, diag);
    if (err == CS_OK) {
        *ret_who = second->name;
        err = second->once(second->ctx, ours_first ? ret_peer : ret_ours, diag);
    }
    return err;
}

static enum cs_err measure(struct cs_bench *bench, const struct cs_bench_spec *spec,
                           const struct cs_bench_side *ours, const struct cs_bench_side *peer,
                           struct series *series, const char **ret_who, struct cs_diag *diag)
{
    double unused;
    double unused_too;
    enum cs_err err = one_pair(1, ours, &unused, peer, &unused_too, ret_who, diag);
    for (unsigned i = 0; err == CS_OK && i < bench->n_pairs; i++) {
        err = one_pair(i, ours, &series->ours[i], peer, &series->peer[i], ret_who, diag);
        if (err == CS_OK) {
            series->ratio[i] = better_by(spec, series->ours[i], series->peer[i]);
        }
    }
    return err;
}

bool cs_bench_pair(struct cs_bench *bench, const struct cs_bench_spec *spec,
                   const struct cs_bench_side *ours, const struct cs_bench_side *peer)
{
    if (!cs_bench_wants(bench, spec->name)) {
        return true;
    }
    cs_bench_say(bench, "%s, against %s", spec->what, peer->name);
    struct cs_bench_result *row = add(bench, spec, ours->name, peer->name);
    struct series *series = calloc(1, sizeof *series);
    if (!row || !series) {
        bench->no_memory = true;
        free(series);
        return false;
    }
    struct cs_diag diag = {0};
    const char *who = "";
    enum cs_err err = measure(bench, spec, ours, peer, series, &who, &diag);
    if (err == CS_OK) {
        double gross = spec->gross > 0 ? spec->gross : spec->want / 2;
        row->n_pairs = bench->n_pairs;
        row->ours = cs_bench_spread_of(series->ours, row->n_pairs);
        row->peer = cs_bench_spread_of(series->peer, row->n_pairs);
        row->ratio = cs_bench_spread_of(series->ratio, row->n_pairs);
        row->want = bench->report.is_short ? gross : spec->want;
        bool met = row->ratio.median >= row->want;
        row->state = row->want <= 0 ? CS_BENCH_NO_TARGET : met ? CS_BENCH_MET : CS_BENCH_MISSED;
    } else {
        char text[CS_DIAG_TEXT_MAX + 64];
        snprintf(text, sizeof text, "%s: %s", who, diag.text);
        row->trouble = copy(bench, text);
        row->state = err == CS_ERR_MISSING ? CS_BENCH_NO_PEER : CS_BENCH_FAILED;
    }
    free(series);
    return err == CS_OK || err == CS_ERR_MISSING;
}

bool cs_bench_bound(struct cs_bench *bench, const struct cs_bench_spec *spec, double figure,
                    double bound)
{
    if (!cs_bench_wants(bench, spec->name)) {
        return true;
    }
    struct cs_bench_result *row = add(bench, spec, "chatspec", NULL);
    if (!row) {
        return false;
    }
    bool met = spec->lower_is_better ? figure <= bound : figure >= bound;
    row->ours = (struct cs_bench_spread){figure, figure, figure};
    row->bound = bound;
    row->has_bound = true;
    row->state = met ? CS_BENCH_MET : CS_BENCH_MISSED;
    return true;
}

bool cs_bench_note(struct cs_bench *bench, const struct cs_bench_spec *spec, double figure)
{
    if (!cs_bench_wants(bench, spec->name)) {
        return true;
    }
    struct cs_bench_result *row = add(bench, spec, "chatspec", NULL);
    if (row) {
        row->ours = (struct cs_bench_spread){figure, figure, figure};
    }
    return row != NULL;
}

void cs_bench_absent(struct cs_bench *bench, const struct cs_bench_spec *spec,
                     const struct cs_diag *diag)
{
    struct cs_bench_result *row = add(bench, spec, "chatspec", NULL);
    if (row) {
        row->trouble = copy(bench, diag->text);
        row->state = CS_BENCH_NO_PEER;
    }
}

void cs_bench_trouble(struct cs_bench *bench, const char *name, const struct cs_diag *diag)
{
    const struct cs_bench_spec spec = {.name = name, .what = "", .unit = ""};
    struct cs_bench_result *row = add(bench, &spec, "chatspec", NULL);
    if (row) {
        row->trouble = copy(bench, diag->text);
        row->state = CS_BENCH_FAILED;
    }
}
