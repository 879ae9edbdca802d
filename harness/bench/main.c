/* chatspec-bench: the performance figures. `./chatspec bench` builds and starts it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/run.h"
#include "reports/output_file.h"

static const struct cs_bench_group *const groups[] = {
    &cs_bench_append, &cs_bench_reader, &cs_bench_endpoint,
    &cs_bench_suite,  &cs_bench_soak,   &cs_bench_fuzz,
};
#define N_GROUPS (sizeof groups / sizeof groups[0])

#define MAX_DOCUMENT ((size_t)16 << 20)
#define ANY_SEED     UINT64_C(7)

static void help(FILE *out)
{
    fputs("chatspec bench [--only GLOB] [--short] [--runs N] [--json FILE]\n"
          "\n"
          "Measures what this project promises of its speed, each figure against a peer that is\n"
          "measured in the same run, in pairs: the median of the ratios, and their spread.\n"
          "\n"
          "  --only GLOB    these comparisons alone: 'reader/*'\n"
          "  --short        a tenth of the work, and only a gross loss fails: for CI\n"
          "  --runs N       pairs of each comparison (5, the least)\n"
          "  --json FILE    write the figures there too; - for stdout, in place of the table\n"
          "  --seed N       seed of what is made at random (7)\n"
          "\n"
          "Groups:\n",
          out);
    for (size_t i = 0; i < N_GROUPS; i++) {
        fprintf(out, "  %-14s %s\n", groups[i]->name, groups[i]->title);
    }
    fputs("\nExit status: 0 all targets are met, 1 one is not, 2 usage, 3 something failed.\n",
          out);
}

struct arguments {
    const char *only;
    const char *json;
    unsigned long runs;
    uint64_t seed;
    bool is_short;
};

static int usage(const char *what, const char *why)
{
    fprintf(stderr, "chatspec bench: '%s' %s; see ./chatspec bench --help\n", what, why);
    return 2;
}

static bool number(const char *text, unsigned long most, unsigned long *ret_number)
{
    char *end = NULL;
    errno = 0;
    *ret_number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *ret_number <= most;
}

/* -1: go on; else the exit status. */
static int read_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"only", required_argument, NULL, 'o'},
        {"short", no_argument, NULL, 's'},
        {"runs", required_argument, NULL, 'r'},
        {"json", required_argument, NULL, 'j'},
        {"seed", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    unsigned long seed = ANY_SEED;
    *ret = (struct arguments){.runs = CS_BENCH_PAIRS};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            ret->only = optarg;
            break;
        case 's':
            ret->is_short = true;
            break;
        case 'j':
            ret->json = optarg;
            break;
        case 'r':
            if (!number(optarg, CS_BENCH_PAIRS_MAX, &ret->runs) || ret->runs < CS_BENCH_PAIRS) {
                return usage(optarg, "is no number from 5 to 99 for --runs");
            }
            break;
        case 'e':
            if (!number(optarg, (UINT64_C(1) << 53) - 1, &seed)) {
                return usage(optarg, "is no number for --seed");
            }
            break;
        case 'h':
            help(stdout);
            return 0;
        default:
            return usage(argv[optind - 1], "is not understood");
        }
    }
    ret->seed = seed;
    return optind < argc ? usage(argv[optind], "is not understood") : -1;
}

/* Is there a comparison of that group that the glob can match? */
static bool may_match(const char *only, const struct cs_bench_group *group)
{
    size_t length = strcspn(only, "/*?[");
    size_t name = strlen(group->name);
    return only[length] != '/' ? strncmp(only, group->name, length < name ? length : name) == 0
                               : length == name && strncmp(only, group->name, name) == 0;
}

static int write_json(const struct cs_bench_report *report, struct cs_output_file *file)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    struct cs_diag diag = {0};
    cs_bench_json(report, &text);
    enum cs_err err = cs_buf_error(&text);
    if (err != CS_OK) {
        cs_output_file_abandon(file);
        cs_fail(&diag, err, 0, "out of memory");
    } else {
        err = cs_output_file_commit(file, cs_buf_view(&text), &diag);
    }
    cs_buf_free(&text);
    if (err != CS_OK) {
        fprintf(stderr, "chatspec bench: %s\n", diag.text);
    }
    return err == CS_OK ? 0 : 3;
}

static int print(const struct cs_bench_report *report, bool as_json)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    if (as_json) {
        cs_bench_json(report, &text);
    } else {
        cs_bench_table(report, &text);
    }
    bool ok = cs_buf_error(&text) == CS_OK && fwrite(text.ptr, 1, text.len, stdout) == text.len &&
              fflush(stdout) == 0;
    cs_buf_free(&text);
    if (!ok) {
        fputs("chatspec bench: the result could not be written\n", stderr);
    }
    return ok ? 0 : 3;
}

static int verdict(const struct cs_bench *bench)
{
    bool failed = bench->no_memory;
    for (size_t i = 0; i < bench->report.n; i++) {
        failed = failed || bench->report.items[i].state == CS_BENCH_FAILED;
    }
    return failed ? 3 : cs_bench_report_ok(&bench->report) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status = read_arguments(argc, argv, &arguments);
    if (status >= 0) {
        return status;
    }
    bool to_stdout = arguments.json && strcmp(arguments.json, "-") == 0;
    struct cs_output_file file = {.fd = -1};
    struct cs_diag diag = {0};
    if (arguments.json && !to_stdout &&
        cs_output_file_open(arguments.json, &file, &diag) != CS_OK) {
        fprintf(stderr, "chatspec bench: %s\n", diag.text);
        return 2;
    }
    struct utsname system = {0};
    uname(&system);
    char machine[256];
    snprintf(machine, sizeof machine, "%ld processors, %s %s, %s", sysconf(_SC_NPROCESSORS_ONLN),
             system.sysname, system.release, system.machine);
    const char *home = getenv("CHATSPEC_HOME");
    struct cs_bench bench = {
        .report = {.is_short = arguments.is_short, .seed = arguments.seed, .machine = machine},
        .n_pairs = (unsigned)arguments.runs,
        .home = home ? home : CHATSPEC_SOURCE,
        .only = arguments.only};
    for (size_t i = 0; i < N_GROUPS; i++) {
        if (!arguments.only || may_match(arguments.only, groups[i])) {
            bench.group = groups[i]->name;
            groups[i]->run(&bench);
        }
    }
    if (bench.report.n == 0) {
        status = usage(arguments.only ? arguments.only : "", "is the name of no comparison");
        cs_output_file_abandon(&file);
    } else {
        int written = arguments.json && !to_stdout ? write_json(&bench.report, &file) : 0;
        int printed = print(&bench.report, to_stdout);
        status = verdict(&bench);
        status = written ? written : printed ? printed : status;
    }
    cs_bench_report_free(&bench.report);
    return status;
}
