/* How often a second each fuzz target runs over the seeds of its corpus, on one processor and
 * without an engine: of the processor's time, so that what else runs on the machine does not count.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

struct target {
    const char *name;
    unsigned times; /* each seed, in a long run */
    double least;
};

/* `large` is about payloads of MiB, but mostly runs scaled down: see fuzz/README.md. */
static const struct target targets[] = {
    {"sse", 1000, 150000},  {"json", 1000, 150000}, {"batch", 500, 5000},  {"reader", 500, 5000},
    {"twin", 50, 5000},     {"append", 1000, 5000}, {"cost", 300, 5000},   {"token", 300, 5000},
    {"request", 500, 5000}, {"session", 500, 5000}, {"client", 200, 5000}, {"endpoint", 50, 5000},
    {"memory", 100, 5000},  {"text", 5000, 5000},   {"large", 200, 5000},
};

/* Runs a second, or 0 when the program is not built. */
static double speed(const char *home, const char *preset, const struct target *target,
                    unsigned times)
{
    const char *name = target->name;
    char command[3 * 4096];
    char line[4096];
    double found = 0;
    snprintf(command, sizeof command, "%s/build/%s/fuzz/replay_%s", home, preset, name);
    if (access(command, X_OK) != 0) {
        return 0;
    }
    snprintf(command, sizeof command,
             "'%s/build/%s/fuzz/replay_%s' --times %u '%s/corpus/%s/seeds'%s 2>&1", home, preset,
             name, times, home, name, strcmp(name, "large") == 0 ? "/*-scaled-down" : "");
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        double runs = 0;
        char end[16] = "";
        if (sscanf(line, "%lf runs a %15s", &runs, end) == 2 && strcmp(end, "second") == 0) {
            found = runs;
        }
    }
    return pipe && pclose(pipe) == 0 ? found : 0;
}

static void one(struct cs_bench *bench, const struct target *target, const char *preset,
                const char *what, double least)
{
    char name[64];
    bool plain = strcmp(preset, "release") == 0;
    snprintf(name, sizeof name, "fuzz/%s%s", target->name, plain ? "" : "-asan");
    const struct cs_bench_spec spec = {.name = name, .what = what, .unit = "runs/s"};
    unsigned times = cs_bench_is_short(bench) || !plain ? target->times / 10 : target->times;
    double figure = speed(cs_bench_home(bench), preset, target, times > 1 ? times : 2);
    if (figure <= 0) {
        cs_bench_say(bench, "%s: replay_%s of the preset %s is not built, or fails", name,
                     target->name, preset);
    } else if (least > 0) {
        cs_bench_bound(bench, &spec, figure, cs_bench_is_short(bench) ? least / 4 : least);
    } else {
        cs_bench_note(bench, &spec, figure);
    }
}

static void run(struct cs_bench *bench)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        one(bench, &targets[i], "release", "runs over its seeds", targets[i].least);
        one(bench, &targets[i], "asan", "the same with sanitizers", 0);
    }
}

const struct cs_bench_group cs_bench_fuzz = {
    .name = "fuzz", .title = "how often a second the fuzz targets run", .run = run};
