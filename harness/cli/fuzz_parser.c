#include "cli/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/parser_option.h"
#include "cli/paths.h"
#include "cli/stop.h"
#include "conformance/decode/campaign.h"
#include "peer/place.h"

#define MINUTES      1
#define MAX_FINDINGS 50
#define LOG_EVERY_MS 10000

struct fuzzing {
    const struct cs_args *args;
    bool terminal; /* stderr is one: the progress line writes over itself */
    int64_t told_ms;
};

static void clear_line(const struct fuzzing *fuzzing)
{
    if (fuzzing->terminal) {
        fputs("\r\033[K", stderr);
    }
}

static void tell(FILE *out, const struct cs_campaign_progress *progress)
{
    int64_t ms = progress->elapsed_ms > 0 ? progress->elapsed_ms : 1;

    fprintf(out, "%.0f s, %llu streams (%.0f/s), %llu compared, %llu findings, %llu again",
            (double)ms / 1000, (unsigned long long)progress->runs,
            (double)progress->runs * 1000 / (double)ms, (unsigned long long)progress->compared,
            (unsigned long long)progress->findings, (unsigned long long)progress->duplicates);
    if (progress->known > 0) {
        fprintf(out, ", %llu known", (unsigned long long)progress->known);
    }
}

static void show_progress(const struct cs_campaign_progress *progress, void *context)
{
    struct fuzzing *fuzzing = context;

    if (fuzzing->args->quiet) {
        return;
    }
    if (fuzzing->terminal) {
        clear_line(fuzzing);
        tell(stderr, progress);
    } else if (progress->elapsed_ms - fuzzing->told_ms >= LOG_EVERY_MS) {
        fuzzing->told_ms = progress->elapsed_ms;
        tell(stderr, progress);
        fputc('\n', stderr);
    }
}

static void show_finding(const char *text, const char *path, void *context)
{
    const struct fuzzing *fuzzing = context;
    struct cs_buf option = CS_BUF(8192);

    clear_line(fuzzing);
    cs_parser_option_write(fuzzing->args, &option);
    printf("finding: %s  %s decode %.*s '%s'\n", text, cs_place_called(),
           CS_VIEW_ARG(cs_buf_view(&option)), path);
    fflush(stdout);
    cs_buf_free(&option);
}

/* Where reproducers go: the folder that was named, or one in build/reports. NULL after saying why.
 */
static char *find_folder(const struct cs_args *args)
{
    char *reports = args->out ? NULL : cs_build_folder("reports");
    char *folder = NULL;

    if (args->out) {
        folder = strdup(args->out);
    } else if (reports &&
               asprintf(&folder, "%s/%s", reports, args->sdk ? "differential" : "fuzz") < 0) {
        folder = NULL;
    }
    free(reports);
    if (folder && ((mkdir(folder, 0777) != 0 && errno != EEXIST) || access(folder, W_OK) != 0)) {
        (void)cs_say(CS_EXIT_TROUBLE, "%s cannot be written to: %s", folder, strerror(errno));
        free(folder);
        folder = NULL;
    }
    return folder;
}

static uint64_t choose_seed(const struct cs_args *args)
{
    uint64_t seed = args->seed;

    if (!args->has_seed && getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        seed = (uint64_t)getpid();
    }
    return seed & CS_SEED_LIMIT;
}

static int conclude(const struct fuzzing *fuzzing, const struct cs_campaign_progress *progress,
                    enum cs_err err, const struct cs_diag *diag, bool stopped)
{
    clear_line(fuzzing);
    printf("%s%s: ", stopped ? "interrupted, " : "", cs_parser_option_name(fuzzing->args));
    tell(stdout, progress);
    putchar('\n');
    if (err) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag->text);
    }
    if (progress->findings >= MAX_FINDINGS) {
        printf("ended at %d findings\n", MAX_FINDINGS);
    }
    if (stopped) {
        return CS_EXIT_INTERRUPTED;
    }
    if (progress->compared == 0) {
        return cs_say(CS_EXIT_TROUBLE, "nothing was compared");
    }
    return progress->findings > 0 ? CS_EXIT_BROKEN : CS_EXIT_OK;
}

/* ---- what it starts from ---- */

#define N_SEEDS        5
#define N_SEEDS_STEADY 2 /* of these: a seed number means the same run everywhere */

/* Folders that streams come from; those that are not there are passed over. An SDK is also given
 * what a fuzz run of our own left. */
static bool find_seeds(const struct cs_args *args, char *seeds[N_SEEDS + 1])
{
    static const char *const below[N_SEEDS] = {"corpus/sse", "corpus/reader", "corpus/twin",
                                               "build/fuzz-inputs/sse", "build/fuzz-inputs/reader"};
    size_t n = args->sdk ? N_SEEDS : N_SEEDS_STEADY;
    bool fine = true;

    for (size_t i = 0; i < n; i++) {
        seeds[i] = cs_source_path(below[i]);
        fine = fine && seeds[i];
    }
    return fine;
}

/* ---- against an SDK ---- */

static void tell_known(const struct cs_divergences *known)
{
    for (size_t i = 0; i < known->n; i++) {
        if (known->rows[i].n_seen > 0) {
            printf("known %s (%s): %llu\n", known->rows[i].id, known->rows[i].kind,
                   (unsigned long long)known->rows[i].n_seen);
        }
    }
}

/* What is known of the SDK's version, for a run against one; true when there is nothing to say. */
static bool load_known(const struct cs_args *args, const struct cs_parser_peer *peer,
                       struct cs_divergences *known)
{
    struct cs_diag diag = {0};

    if (args->sdk && cs_divergences_load(cs_parser_peer_version(peer), cs_parser_peer_inner(peer),
                                         known, &diag) != CS_OK) {
        (void)cs_say(CS_EXIT_TROUBLE, "divergences.json: %s", diag.text);
        return false;
    }
    return true;
}

int cs_fuzz_parser(const struct cs_args *args)
{
    struct fuzzing fuzzing = {.args = args, .terminal = isatty(STDERR_FILENO)};
    struct cs_campaign_progress progress = {0};
    struct cs_parser_peer *peer = NULL;
    struct cs_diag diag = {0};
    const volatile sig_atomic_t *stop = cs_stop_flag();
    uint64_t minutes = args->minutes > 0 || args->runs > 0 ? args->minutes : MINUTES;
    int status = cs_parser_option_start(args, false, &peer);
    char *folder = status == CS_EXIT_OK ? find_folder(args) : NULL;
    char *seeds[N_SEEDS + 1] = {NULL};
    struct cs_divergences known = {0};

    if (!folder || !find_seeds(args, seeds) || !load_known(args, peer, &known)) {
        free(folder);
        for (size_t i = 0; i < N_SEEDS; i++) {
            free(seeds[i]);
        }
        cs_parser_peer_end(peer);
        return status == CS_EXIT_OK ? CS_EXIT_TROUBLE : status;
    }
    const struct cs_campaign_config config = {
        .peer = peer,
        .seed = choose_seed(args),
        .max_runs = args->runs,
        .duration_ms = (int64_t)minutes * 60000,
        .max_findings = MAX_FINDINGS,
        .folder = folder,
        .stop = stop,
        .seeds = (const char *const *)seeds,
        .known = args->sdk ? &known : NULL,
        .found = show_finding,
        .progress = show_progress,
        .context = &fuzzing,
    };
    printf("seed %llu, reproducers in %s\n", (unsigned long long)config.seed, folder);
    fflush(stdout);
    enum cs_err err = cs_campaign_run(&config, &progress, &diag);
    clear_line(&fuzzing);
    tell_known(&known);
    status = conclude(&fuzzing, &progress, err, &diag, *stop != 0);
    for (size_t i = 0; i < N_SEEDS; i++) {
        free(seeds[i]);
    }
    cs_divergences_free(&known);
    cs_parser_peer_end(peer);
    free(folder);
    return status;
}
