#include "bench/suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer/process.h"

#define PATIENCE_MS 1800000
#define MAX_REPORT  ((size_t)64 << 20)

const char *const suite_versions[SUITE_VERSIONS] = {"4.5.0", "4.5.16", "4.6.4", "4.7.7", "4.8.3"};

double suite_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 1 ? (double)n : 1;
}

/* Seconds of a line of the shell's `times`: "0m1.500s 0m0.250s". */
static double seconds_of(struct cs_view line)
{
    double minutes[2] = {0};
    double seconds[2] = {0};
    char text[128];
    snprintf(text, sizeof text, "%.*s", CS_VIEW_ARG(line));
    return sscanf(text, "%lfm%lfs %lfm%lfs", &minutes[0], &seconds[0], &minutes[1], &seconds[1]) ==
                   4
               ? 60 * (minutes[0] + minutes[1]) + seconds[0] + seconds[1]
               : 0;
}

enum cs_err suite_shell(struct cs_bench *bench, const char *command, const char *folder,
                        struct suite_took *ret, uint64_t *ret_status, struct cs_diag *diag)
{
    struct cs_buf script = CS_BUF((size_t)64 * 1024);
    cs_buf_printf(&script, "{ %s ; } >/dev/null 2>&1; echo $?; times", command);
    cs_buf_char(&script, '\0');
    struct cs_buf home = CS_BUF(SUITE_PATH_LEN);
    cs_buf_printf(&home, "CHATSPEC_HOME=%s", cs_bench_home(bench));
    cs_buf_char(&home, '\0');
    if (cs_buf_error(&script) != CS_OK || cs_buf_error(&home) != CS_OK) {
        cs_buf_free(&script);
        cs_buf_free(&home);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    const char *const argv[] = {"sh", "-c", script.ptr, folder, NULL};
    const char *const env[] = {home.ptr, NULL};
    const struct cs_process_config config = {.argv = argv, .env = env, .shares_group = true};
    struct cs_process *process = NULL;
    double start = cs_bench_now();
    enum cs_err err = cs_process_start(&config, &process, diag);
    if (err == CS_OK) {
        struct cs_view line;
        err = cs_process_read_line(process, PATIENCE_MS, &line);
        ret->seconds = cs_bench_now() - start;
        err = err == CS_OK ? cs_view_u64(line, ret_status) : err;
        /* Of the shell itself, and of what it started. */
        for (int i = 0; i < 2 && err == CS_OK; i++) {
            err = cs_process_read_line(process, PATIENCE_MS, &line);
            ret->processor = err == CS_OK ? seconds_of(line) : 0;
        }
        if (err != CS_OK) {
            err = cs_fail(diag, err, 0, "%s: did not end", command);
        }
        cs_process_end(process, 1000);
    }
    cs_buf_free(&script);
    cs_buf_free(&home);
    return err;
}

enum cs_err suite_chatspec(struct cs_bench *bench, const char *arguments, struct suite_took *ret,
                           struct cs_diag *diag)
{
    char folder[SUITE_PATH_LEN];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    folder[slash ? slash - folder : 0] = '\0';
    char command[SUITE_PATH_LEN];
    uint64_t status = 0;
    snprintf(command, sizeof command, "\"$0/chatspec\" %s", arguments);
    enum cs_err err = suite_shell(bench, command, folder, ret, &status, diag);
    if (err == CS_OK && (status == 2 || status > 3)) {
        err =
            cs_fail(diag, CS_ERR_IO, 0, "chatspec %s: exit status %u", arguments, (unsigned)status);
    }
    return err;
}

enum cs_err suite_have(struct cs_bench *bench, const char *const *which, size_t n,
                       struct cs_diag *diag)
{
    for (size_t i = 0; i < n; i++) {
        char path[SUITE_PATH_LEN];
        snprintf(path, sizeof path, "%s/build/sdk/%s", cs_bench_home(bench), which[i]);
        if (access(path, R_OK) != 0) {
            return cs_fail(diag, CS_ERR_MISSING, 0,
                           "build/sdk has no %s: ./chatspec client --sdk %s gets it", which[i],
                           which[i]);
        }
    }
    return CS_OK;
}

/* Adds a report's cases to *ret. */
static enum cs_err read_report(const char *path, struct suite_figures *ret, struct cs_diag *diag)
{
    struct cs_buf text = CS_BUF(MAX_REPORT);
    FILE *file = fopen(path, "r");
    char part[65536];
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;) {
        cs_buf_append(&text, part, n);
    }
    if (file) {
        fclose(file);
    }
    cJSON *report = text.len > 0 ? cJSON_ParseWithLength(text.ptr, text.len) : NULL;
    cs_buf_free(&text);
    const cJSON *cases = cJSON_GetObjectItemCaseSensitive(report, "cases");
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(report, "duration_ms");
    ret->seconds = cJSON_IsNumber(all) ? all->valuedouble / 1e3 : 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, cases)
    {
        const cJSON *duration = cJSON_GetObjectItemCaseSensitive(item, "duration_ms");
        double seconds = cJSON_IsNumber(duration) ? duration->valuedouble / 1e3 : 0;
        ret->longest = seconds > ret->longest ? seconds : ret->longest;
        ret->waits += seconds;
        ret->n_cases++;
    }
    cJSON_Delete(report);
    return ret->n_cases > 0 ? CS_OK : cs_fail(diag, CS_ERR_IO, 0, "there is no report: %s", path);
}

enum cs_err suite_reported_run(struct cs_bench *bench, const char *arguments, size_t n_versions,
                               struct suite_figures *ret, struct cs_diag *diag)
{
    char path[] = "/tmp/chatspec-bench-XXXXXX";
    char line[SUITE_PATH_LEN];
    struct suite_took took = {0};
    int fd = mkstemp(path);
    if (fd < 0) {
        return cs_fail(diag, CS_ERR_IO, 0, "mkstemp");
    }
    close(fd);
    *ret = (struct suite_figures){0};
    snprintf(line, sizeof line, "%s --seed 1 --report json=%s", arguments, path);
    enum cs_err err = suite_chatspec(bench, line, &took, diag);
    ret->processor = took.processor;
    if (err == CS_OK && n_versions <= 1) {
        err = read_report(path, ret, diag);
    }
    for (size_t i = 0; i < n_versions && n_versions > 1; i++) {
        snprintf(line, sizeof line, "%s-%s", path, suite_versions[i]);
        err = err == CS_OK ? read_report(line, ret, diag) : err;
        unlink(line);
    }
    unlink(path);
    return err;
}
