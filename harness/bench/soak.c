/* Endurance: an hour of sessions in scripted time, with one fault in every tenth. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/soak.h"

#define SESSIONS      100000u
#define RECORDS       1000000u
#define S2S_RECORDS   50000u
#define FAULT_EVERY   10u
#define LOOK_EVERY    16u
#define DISKS         400u
#define ADAPTERS      200u
#define SHORT         20u
#define HOUR_MS       INT64_C(3600000)
#define FLAT          1.10 /* of memory, the last tenth beside the second: the allocator's share */
#define WRONG_BETWEEN 100u /* sessions; then a run in which all goes wrong ends early */

static uint64_t resident_bytes(void)
{
    unsigned long all = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%lu %lu", &all, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder)) {
        n++;
    }
    if (folder) {
        closedir(folder);
    }
    return n;
}

struct memory {
    uint64_t second; /* at the end of the second tenth */
    uint64_t last;
};

static bool run_sessions(struct cs_bench *bench, struct soak *soak, unsigned n,
                         struct memory *memory)
{
    for (unsigned i = 0; i < n; i++) {
        const struct soak_fault *fault =
            i % FAULT_EVERY == FAULT_EVERY - 1 ? soak_draw_fault(soak) : NULL;
        if (!soak_run_session(soak, fault, i % LOOK_EVERY == 0) ||
            soak->counts.wrong > WRONG_BETWEEN) {
            return false;
        }
        if (i + 1 == n / 5) {
            memory->second = resident_bytes();
        }
        if ((i + 1) % (n / 10) == 0) {
            cs_bench_say(bench, "%u sessions, %llu records, %llu faults, %.1f MB resident", i + 1,
                         (unsigned long long)soak->counts.records,
                         (unsigned long long)soak->counts.faults, (double)resident_bytes() / 1e6);
        }
    }
    memory->last = resident_bytes();
    return true;
}

static void bound(struct cs_bench *bench, const char *name, const char *what, double figure,
                  double most)
{
    const struct cs_bench_spec spec = {
        .name = name, .what = what, .unit = "", .lower_is_better = true};
    (void)cs_bench_bound(bench, &spec, figure, most);
}

static void at_least(struct cs_bench *bench, const char *name, const char *what, double figure,
                     double least)
{
    const struct cs_bench_spec spec = {.name = name, .what = what, .unit = ""};
    (void)cs_bench_bound(bench, &spec, figure, least);
}

static void report(struct cs_bench *bench, const struct soak *soak, const struct memory *memory,
                   unsigned share, double seconds)
{
    const struct soak_counts *counts = &soak->counts;
    char what[512];
    int len = snprintf(what, sizeof what, "faults drawn from the seed:");
    for (unsigned i = 0; i < SOAK_KINDS && len > 0 && (size_t)len < sizeof what; i++) {
        len += snprintf(what + len, sizeof what - (size_t)len, " %llu %s,",
                        (unsigned long long)counts->by_kind[i], soak_kind_name(i));
    }
    if (len > 0 && (size_t)len < sizeof what) {
        snprintf(what + len, sizeof what - (size_t)len, " %llu full disks, %llu killed adapters",
                 (unsigned long long)counts->disk_faults,
                 (unsigned long long)counts->adapter_faults);
    }
    at_least(bench, "soak/sessions", "sessions created and closed", (double)counts->sessions,
             (double)SESSIONS / share);
    at_least(bench, "soak/records", "records stored", (double)counts->records,
             (double)RECORDS / share);
    at_least(bench, "soak/faults", what, (double)counts->faults,
             (double)SESSIONS / FAULT_EVERY / share);
    at_least(bench, "soak/s2s", "of them by agents, in append sessions over HTTP/2",
             (double)counts->s2s_acks, (double)S2S_RECORDS / share);
    bound(bench, "soak/lost", "records acknowledged and not delivered", (double)counts->lost, 0);
    bound(bench, "soak/doubled", "records stored or delivered twice", (double)counts->doubled, 0);
    bound(bench, "soak/wrong", "faults that were not answered as they must be",
          (double)counts->wrong, 0);
    bound(bench, "soak/memory", "resident memory at the end, of that after the second tenth",
          memory->second > 0 ? (double)memory->last / (double)memory->second : 0, FLAT);
    const struct cs_bench_spec note = {
        .name = "soak/speed", .what = "of scripted time beside real time", .unit = "x"};
    (void)cs_bench_note(bench, &note, (double)soak->now_ms / 1000 / seconds);
}

static void run(struct cs_bench *bench)
{
    unsigned share = cs_bench_is_short(bench) ? SHORT : 1;
    struct memory memory = {0};
    struct cs_diag diag = {0};
    struct soak soak;
    double start = cs_bench_now();
    unsigned n_descriptors = open_descriptors();
    enum cs_err err = soak_start(&soak, cs_bench_seed(bench), &diag);
    if (err == CS_OK) {
        soak.step_ms = HOUR_MS / (SESSIONS / share);
        if (run_sessions(bench, &soak, SESSIONS / share, &memory)) {
            soak_suite(&soak, DISKS / share, ADAPTERS / share);
        }
        report(bench, &soak, &memory, share, cs_bench_now() - start);
        cs_bench_say(bench, "%llu batches of append sessions, %llu of these sessions sent again",
                     (unsigned long long)soak.counts.s2s_acks,
                     (unsigned long long)soak.counts.s2s_again);
        cs_bench_say(bench, "%llu acknowledged, %llu delivered, %llu subscriptions resumed by hand",
                     (unsigned long long)soak.counts.acknowledged,
                     (unsigned long long)soak.counts.delivered,
                     (unsigned long long)soak.counts.resumed);
    } else {
        cs_bench_trouble(bench, "soak/start", &diag);
    }
    if (soak.trouble[0] != '\0') {
        cs_fail(&diag, CS_ERR_IO, 0, "%s", soak.trouble);
        cs_bench_trouble(bench, "soak/first-trouble", &diag);
    }
    soak_stop(&soak);
    bound(bench, "soak/descriptors", "descriptors left open", open_descriptors() - n_descriptors,
          0);
}

const struct cs_bench_group cs_bench_soak = {
    .name = "soak",
    .title = "an hour of sessions with faults: nothing lost, memory flat",
    .run = run};
