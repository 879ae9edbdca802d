#include "bench/result.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

struct cs_bench_spread cs_bench_spread_of(double *figures, size_t n)
{
    qsort(figures, n, sizeof *figures, by_size);
    double middle = n % 2 == 1 ? figures[n / 2] : (figures[n / 2 - 1] + figures[n / 2]) / 2;
    return (struct cs_bench_spread){.median = middle, .least = figures[0], .most = figures[n - 1]};
}

void cs_bench_report_free(struct cs_bench_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        struct cs_bench_result *row = &report->items[i];
        free(row->name);
        free(row->what);
        free(row->unit);
        free(row->our_name);
        free(row->peer_name);
        free(row->trouble);
    }
    free(report->items);
    *report = (struct cs_bench_report){0};
}

bool cs_bench_report_ok(const struct cs_bench_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        enum cs_bench_state state = report->items[i].state;
        if (state == CS_BENCH_MISSED || state == CS_BENCH_FAILED) {
            return false;
        }
    }
    return report->n > 0;
}

static const char *state_name(enum cs_bench_state state)
{
    static const char *const names[] = {[CS_BENCH_MET] = "met",
                                        [CS_BENCH_MISSED] = "missed",
                                        [CS_BENCH_NO_TARGET] = "",
                                        [CS_BENCH_NO_PEER] = "no peer",
                                        [CS_BENCH_FAILED] = "failed"};
    return names[state];
}

/* ---- the table ---- */

/* Three figures that count, whatever the size. */
static void figure(struct cs_buf *out, double value)
{
    int decimals = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 4;
    cs_buf_printf(out, "%.*f", decimals, value);
}

static void row_line(const struct cs_bench_result *row, struct cs_buf *out)
{
    struct cs_buf cell = CS_BUF(256);
    cs_buf_printf(out, "%-30s ", row->name ? row->name : "");
    figure(&cell, row->ours.median);
    cs_buf_printf(&cell, " %s", row->unit ? row->unit : "");
    cs_buf_printf(out, "%18.*s ", CS_VIEW_ARG(cs_buf_view(&cell)));
    cell.len = 0;
    if (row->peer_name) {
        figure(&cell, row->peer.median);
        cs_buf_printf(out, "%12.*s  %-22s", CS_VIEW_ARG(cs_buf_view(&cell)), row->peer_name);
        cell.len = 0;
        cs_buf_printf(&cell, "%.2f (%.2f to %.2f)", row->ratio.median, row->ratio.least,
                      row->ratio.most);
        cs_buf_printf(out, "%-26.*s", CS_VIEW_ARG(cs_buf_view(&cell)));
        cell.len = 0;
        if (row->want > 0) {
            cs_buf_printf(&cell, "%.2f", row->want);
        }
    } else {
        cs_buf_printf(out, "%12s  %-22s%-26s", "", "", "");
        if (row->has_bound) {
            cs_buf_printf(&cell, "%s ", row->lower_is_better ? "at most" : "at least");
            figure(&cell, row->bound);
        }
    }
    cs_buf_printf(out, "%-14.*s %s\n", CS_VIEW_ARG(cs_buf_view(&cell)), state_name(row->state));
    cs_buf_free(&cell);
}

void cs_bench_table(const struct cs_bench_report *report, struct cs_buf *out)
{
    cs_buf_printf(out, "%-30s %18s %12s  %-22s%-26s%-14s\n", "", "ours (median)", "peer", "",
                  "times better (spread)", "wanted");
    for (size_t i = 0; i < report->n; i++) {
        const struct cs_bench_result *row = &report->items[i];
        if (row->trouble) {
            cs_buf_printf(out, "%-30s %s: %s\n", row->name ? row->name : "", state_name(row->state),
                          row->trouble);
        } else {
            row_line(row, out);
        }
    }
}

/* ---- the document ---- */

static void add_spread(cJSON *row, const char *name, const struct cs_bench_spread *spread)
{
    cJSON *object = cJSON_AddObjectToObject(row, name);
    cJSON_AddNumberToObject(object, "median", spread->median);
    cJSON_AddNumberToObject(object, "least", spread->least);
    cJSON_AddNumberToObject(object, "most", spread->most);
}

static cJSON *row_json(const struct cs_bench_result *result)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", result->name ? result->name : "");
    cJSON_AddStringToObject(row, "what", result->what ? result->what : "");
    cJSON_AddStringToObject(row, "unit", result->unit ? result->unit : "");
    cJSON_AddStringToObject(row, "better", result->lower_is_better ? "lower" : "higher");
    cJSON_AddStringToObject(row, "state", state_name(result->state));
    if (result->trouble) {
        cJSON_AddStringToObject(row, "trouble", result->trouble);
        return row;
    }
    add_spread(row, "ours", &result->ours);
    if (result->peer_name) {
        cJSON_AddStringToObject(row, "peerName", result->peer_name);
        cJSON_AddNumberToObject(row, "pairs", result->n_pairs);
        add_spread(row, "peer", &result->peer);
        add_spread(row, "ratio", &result->ratio);
    }
    if (result->want > 0) {
        cJSON_AddNumberToObject(row, "wanted", result->want);
    }
    if (result->has_bound) {
        cJSON_AddNumberToObject(row, "bound", result->bound);
    }
    return row;
}

void cs_bench_json(const struct cs_bench_report *report, struct cs_buf *out)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "schema", "chatspec-bench/1");
    cJSON_AddStringToObject(document, "machine", report->machine ? report->machine : "");
    cJSON_AddBoolToObject(document, "short", report->is_short);
    cJSON_AddNumberToObject(document, "seed", (double)report->seed);
    cJSON *rows = cJSON_AddArrayToObject(document, "comparisons");
    for (size_t i = 0; i < report->n; i++) {
        cJSON_AddItemToArray(rows, row_json(&report->items[i]));
    }
    char *text = cJSON_Print(document);
    if (text) {
        cs_buf_str(out, text);
        cs_buf_char(out, '\n');
    } else {
        out->failed = CS_ERR_NO_MEMORY;
    }
    cJSON_free(text);
    cJSON_Delete(document);
}
