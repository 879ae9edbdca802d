#include "reports/report.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

const char *cs_report_peer_member(const struct cs_report_peer *peer, size_t i,
                                  const char **ret_text)
{
    const struct {
        const char *name;
        const char *text;
    } members[] = {
        {"name", peer->name},       {"version", peer->version}, {"source", peer->source},
        {"runtime", peer->runtime}, {"parser", peer->parser},   {"ai", peer->ai},
    };
    if (i >= sizeof members / sizeof members[0]) {
        return NULL;
    }
    *ret_text = members[i].text ? members[i].text : "";
    return members[i].name;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool cs_report_digest_of(const char **ids, size_t n, char ret_digest[CS_REPORT_DIGEST_LEN + 1])
{
    struct cs_buf list = CS_BUF((size_t)16 * 1024 * 1024);
    qsort(ids, n, sizeof *ids, by_text);
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(&list, ids[i]);
        cs_buf_char(&list, '\n');
    }
    if (cs_buf_error(&list) != CS_OK) {
        cs_buf_free(&list);
        return false;
    }
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)(list.ptr ? list.ptr : ""), list.len, digest);
    cs_buf_free(&list);
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(ret_digest + 2 * i, 3, "%02x", digest[i]);
    }
    return true;
}

bool cs_report_digest(const struct cs_report *report, char ret_digest[CS_REPORT_DIGEST_LEN + 1])
{
    const char **ids = calloc(report->n ? report->n : 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; ids && i < report->n; i++) {
        if (report->results[i].done) {
            ids[n++] = report->work[i].test->id;
        }
    }
    bool good = ids && cs_report_digest_of(ids, n, ret_digest);
    free(ids);
    return good;
}

bool cs_report_shard_of(const struct cs_work *selected, size_t n_selected, unsigned k, unsigned n,
                        struct cs_report_shard *ret_shard)
{
    struct cs_report_shard shard = {.k = k, .n = n, .total = n_selected};
    const char **ids = calloc(n_selected ? n_selected : 1, sizeof *ids);
    for (size_t i = 0; ids && i < n_selected; i++) {
        ids[i] = selected[i].test->id;
    }
    bool good = ids && cs_report_digest_of(ids, n_selected, shard.selected);
    free(ids);
    if (good) {
        *ret_shard = shard;
    }
    return good;
}

static void rerun_with(const struct cs_report *report, size_t index, uint64_t seed,
                       struct cs_buf *out)
{
    const char *command = report->origins ? report->origins[index].command : report->command;
    cs_buf_printf(out, "%s --seed %llu --only %s", command, (unsigned long long)seed,
                  report->work[index].test->id);
    if (report->work[index].test->needs & CS_NEEDS_LONG) {
        cs_buf_str(out, " --include long");
    }
}

void cs_report_rerun(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    rerun_with(report, index, report->origins ? report->origins[index].seed : report->seed, out);
}

void cs_report_rerun_different(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    rerun_with(report, index, report->repeats[index].different_seed, out);
}

bool cs_report_is_flaky(const struct cs_report *report, size_t index)
{
    return report->repeats && cs_repeat_is_flaky(&report->repeats[index]);
}

size_t cs_report_n_flaky(const struct cs_report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < report->n; i++) {
        n += cs_report_is_flaky(report, i) && !report->results[i].expected.flaky;
    }
    return n;
}

int cs_report_exit_status(const struct cs_report *report, bool fail_on_should)
{
    int status = cs_run_exit_status(&report->summary, fail_on_should);
    return !report->summary.interrupted && cs_report_n_flaky(report) > 0 ? 1 : status;
}
