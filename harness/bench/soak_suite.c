/* Faults that the suite itself has to bear: a disk that is full at any byte of a report, and an
 * adapter that dies at any byte of what it says. */
#include "bench/soak.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conformance/client/client_role.h"
#include "reports/output_file.h"
#include "reports/report.h"

#define REPORT_MAX  ((size_t)1 << 20)
#define PATIENCE_MS 4000
#define HELLO_LEAST 60u /* no hello is shorter */

/* ---- the disk ---- */

/* What stands in a file, at most a few bytes of it. */
static bool file_is(const char *path, struct cs_view wanted)
{
    char bytes[64] = "";
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file) {
        fclose(file);
    }
    return file && cs_view_eq(cs_view_of(bytes, n), wanted);
}

static bool put_file(const char *path, struct cs_view text)
{
    struct cs_output_file file;
    struct cs_diag diag;
    return cs_output_file_open(path, &file, &diag) == CS_OK &&
           cs_output_file_commit(&file, text, &diag) == CS_OK;
}

/* The limit of a file's size stands for a disk: what does not fit is refused in the same way. */
static void fill_disk(struct soak *soak, const char *path, struct cs_view report)
{
    struct rlimit before;
    struct cs_output_file file;
    struct cs_diag diag = {0};
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit full = {.rlim_cur = (rlim_t)soak_draw(soak, report.len),
                          .rlim_max = before.rlim_max};
    if (cs_output_file_open(path, &file, &diag) != CS_OK) {
        soak_wrong(soak, "a report file: %s", diag.text);
        return;
    }
    setrlimit(RLIMIT_FSIZE, &full);
    enum cs_err err = cs_output_file_commit(&file, report, &diag);
    setrlimit(RLIMIT_FSIZE, &before);
    soak->counts.faults++;
    soak->counts.disk_faults++;
    if (err != CS_ERR_IO || diag.text[0] == '\0' || !file_is(path, CS_VIEW("before"))) {
        soak_wrong(soak, "a full disk at byte %llu is %s", (unsigned long long)full.rlim_cur,
                   cs_err_name(err));
    }
}

/* ---- the adapter ---- */

static void kill_adapter(struct soak *soak, struct cs_result *ret_result)
{
    char script[1024];
    uint64_t at = soak_draw(soak, 1500);
    snprintf(script, sizeof script, "%s | { dd bs=1 count=%llu status=none; kill -9 $$; }",
             SOAK_REFERENCE_CLIENT, (unsigned long long)at);
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = PATIENCE_MS};
    const struct cs_case *group = cs_client_role.groups[soak_draw(soak, cs_client_role.n_groups)];
    const struct cs_work work = {.role = &cs_client_role, .test = &group[0], .env = &env};
    const struct cs_run_options options = {.jobs = 1, .seed = 1};
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    *ret_result = (struct cs_result){0};
    enum cs_err err = cs_run(&work, 1, &options, ret_result, &summary, &diag);
    soak->counts.faults++;
    soak->counts.adapter_faults++;
    enum cs_verdict verdict = ret_result->verdict;
    bool blamed = verdict == CS_FAIL || verdict == CS_WARN; /* for what the adapter did not say */
    bool spoke = at >= HELLO_LEAST;
    if (err != CS_OK || blamed || (!spoke && verdict != CS_ERROR)) {
        soak_wrong(soak, "%s, whose adapter dies at byte %llu, is %s: %s", group[0].id,
                   (unsigned long long)at, cs_verdict_name(ret_result->verdict),
                   ret_result->message ? ret_result->message : diag.text);
    }
}

/* A report of that one result. */
static void write_report(const struct cs_result *result, struct cs_buf *out)
{
    static const char *const argv[] = {"none", NULL};
    static const struct cs_client_env env = {.argv = argv};
    const struct cs_work work = {
        .role = &cs_client_role, .test = &cs_client_role.groups[0][0], .env = &env};
    const struct cs_report report = {.suite = "soak",
                                     .profile = "latest",
                                     .command = "soak",
                                     .peer = {.kind = "builtin", .name = "soak", .version = ""},
                                     .work = &work,
                                     .results = result,
                                     .n = 1};
    cs_report_json(&report, out);
}

void soak_suite(struct soak *soak, unsigned n_disks, unsigned n_adapters)
{
    char folder[] = "/tmp/chatspec-soak-XXXXXX";
    char path[128];
    struct cs_buf report = CS_BUF(REPORT_MAX);
    struct cs_result result = {0};
    if (!mkdtemp(folder)) {
        soak_wrong(soak, "no folder for reports");
        return;
    }
    for (unsigned i = 0; i < n_adapters && soak->counts.wrong < 100; i++) {
        cs_result_free(&result);
        kill_adapter(soak, &result);
    }
    write_report(&result, &report);
    snprintf(path, sizeof path, "%s/report.json", folder);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    if (cs_buf_error(&report) != CS_OK || report.len == 0 || !put_file(path, CS_VIEW("before"))) {
        soak_wrong(soak, "no report to write");
        n_disks = 0;
    }
    for (unsigned i = 0; i < n_disks; i++) {
        fill_disk(soak, path, cs_buf_view(&report));
    }
    signal(SIGXFSZ, handler);
    cs_result_free(&result);
    cs_buf_free(&report);
    unlink(path);
    rmdir(folder); /* fails, and so shows, when something was left behind */
}
