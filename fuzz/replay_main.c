/* Runs a fuzz target over files without a fuzzing engine: in every compiler and with every
 * sanitizer, and on each whole file, where an engine may cut it to its own -max_len.
 *
 *     replay_NAME [--at-least N] [--seconds N] [--times N] FILE-OR-FOLDER...
 *
 * Folders are walked to their ends in the order of names; names that begin with a dot are passed
 * over. Each path is printed before it runs, so that the last line of a crash names its cause.
 * Less than N files (1 when not given) are an error: a run over nothing proves nothing. An input
 * may take 30 seconds, or what is said. With --times each input runs so often in a row, and the
 * last line tells how many runs that is in a second: how fast the target is, without an engine.
 */
#include <errno.h>
#include <fts.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

/* For one input. Generous: sanitizers on a busy machine; a hang is found all the same. */
static unsigned input_max_s = 30;
static uint64_t n_times = 1;
static double run_s; /* in the target, all runs together */

#define EXIT_USAGE 2
#define EXIT_HANG  70 /* what libFuzzer ends with when an input takes too long */

/* Engines call this once before the first input, for targets that have it. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static void too_slow(int signal_number)
{
    static const char text[] = "replay: the input above takes too long\n";

    (void)signal_number;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(EXIT_HANG);
}

/* The whole file in a block of exactly its length, so that AddressSanitizer sees its end. */
static uint8_t *read_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = file ? malloc(len > 0 ? len : 1) : NULL;
    bool whole = bytes && fread(bytes, 1, len, file) == len && fgetc(file) == EOF && !ferror(file);

    if (file) {
        (void)fclose(file);
    }
    if (!whole) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* Of the processor: what else runs on the machine does not count. `endpoint` has a time() of its
 * own, which this is not. */
static double processor_s(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_target(const uint8_t *bytes, size_t len)
{
    double start = processor_s();
    int result = 0;

    for (uint64_t i = 0; i < n_times && result == 0; i++) {
        result = LLVMFuzzerTestOneInput(bytes, len);
    }
    run_s += processor_s() - start;
    return result;
}

static bool run_file(const char *path, size_t len)
{
    uint8_t *bytes = read_file(path, len);
    int result;

    if (!bytes) {
        (void)fprintf(stderr, "replay: %s cannot be read\n", path);
        return false;
    }
    (void)printf("%s\n", path);
    (void)fflush(stdout);
    (void)alarm(input_max_s);
    result = run_target(bytes, len);
    (void)alarm(0);
    free(bytes);
    if (result != 0) {
        (void)fprintf(stderr, "replay: the target returned %d; a target always returns 0\n",
                      result);
    }
    return result == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Runs all that the walk finds; false when something could not be run. */
static bool run_all(FTS *walk, size_t *ret_n_inputs)
{
    FTSENT *entry;
    bool fine = true;

    errno = 0;
    while ((entry = fts_read(walk)) != NULL) {
        if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
            (void)fts_set(walk, entry, FTS_SKIP);
        } else if (entry->fts_info == FTS_F) {
            ++*ret_n_inputs;
            fine = run_file(entry->fts_path, (size_t)entry->fts_statp->st_size) && fine;
        } else if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP) {
            (void)fprintf(stderr, "replay: %s is neither a file nor a folder to be read\n",
                          entry->fts_path);
            fine = false;
        }
        errno = 0;
    }
    return fine && errno == 0;
}

static int replay(char **paths, size_t at_least)
{
    size_t n_inputs = 0;
    FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    bool fine = walk && run_all(walk, &n_inputs);

    if (walk) {
        (void)fts_close(walk);
    }
    (void)printf("%zu inputs\n", n_inputs);
    if (n_times > 1 && run_s > 0) {
        (void)printf("%.0f runs a second\n", (double)n_inputs * (double)n_times / run_s);
    }
    if (n_inputs < at_least) {
        (void)fprintf(stderr, "replay: %zu inputs are less than %zu\n", n_inputs, at_least);
        fine = false;
    }
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reads an option with a number at argv[*at] and goes past it. */
static bool take_option(int argc, char **argv, int *at, const char *name, uint64_t *ret_value)
{
    if (*at + 1 >= argc || strcmp(argv[*at], name) != 0 ||
        cs_view_u64(cs_view_str(argv[*at + 1]), ret_value) != CS_OK) {
        return false;
    }
    *at += 2;
    return true;
}

int main(int argc, char **argv)
{
    uint64_t at_least = 1;
    uint64_t seconds = input_max_s;
    int first = 1;

    while (take_option(argc, argv, &first, "--at-least", &at_least) ||
           take_option(argc, argv, &first, "--seconds", &seconds) ||
           take_option(argc, argv, &first, "--times", &n_times)) {
    }
    if (first >= argc || argv[first][0] == '-') {
        (void)fprintf(stderr,
                      "usage: %s [--at-least N] [--seconds N] [--times N] FILE-OR-FOLDER...\n",
                      argv[0]);
        return EXIT_USAGE;
    }
    input_max_s = seconds < UINT32_MAX ? (unsigned)seconds : input_max_s;
    if (signal(SIGALRM, too_slow) == SIG_ERR) {
        return EXIT_FAILURE;
    }
    if (LLVMFuzzerInitialize) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    return replay(argv + first, (size_t)at_least);
}
