/* chatspec decode: the decode vectors, and any byte files given, through a parser. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/parser_option.h"
#include "cli/paths.h"
#include "cli/role_run.h"
#include "cli/stop.h"
#include "conformance/decode/decode_role.h"
#include "conformance/decode/trial.h"

#define FILE_MAX         ((size_t)64 * 1024 * 1024)
#define MAX_FILES        1024
#define CASE_MORE_S      30
#define EXIT_INTERRUPTED 130

struct decoding {
    const struct cs_args *args;
    struct cs_trial trial;
    const volatile sig_atomic_t *stop;
    size_t n_pass;
    size_t n_fail;
    size_t n_skip;
    int trouble; /* exit status of what ended it; CS_EXIT_OK: nothing did */
};

static void skip(struct decoding *decoding, const char *id, const char *why)
{
    decoding->n_skip++;
    if (decoding->args->verbose) {
        printf("skip  %s: %s\n", id, why);
    }
}

static void judge(struct decoding *decoding, const char *id, struct cs_view stream)
{
    struct cs_buf text = CS_BUF(65536);
    struct cs_fault fault;

    bool faulty = cs_trial_all_cuts(&decoding->trial, stream, &fault);

    if (*decoding->stop) {
        return;
    }
    if (!faulty) {
        decoding->n_pass++;
        if (decoding->args->verbose) {
            printf("pass  %s (%zu events)\n", id, decoding->trial.wanted.n);
        }
        return;
    }
    if (fault.outcome == CS_DECODED_TROUBLE) {
        decoding->trouble =
            cs_say(CS_EXIT_TROUBLE, "the parser cannot be started again: %s", fault.cause);
        return;
    }
    decoding->n_fail++;
    cs_fault_describe(&decoding->trial, &fault, &text);
    printf("fail  %s\n  %.*s", id, CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

/* ---- files ---- */

static void run_file(struct decoding *decoding, const char *path)
{
    struct cs_buf stream = CS_BUF(FILE_MAX);
    FILE *file = fopen(path, "rb");
    char chunk[65536];
    size_t n;

    if (!file) {
        decoding->trouble = cs_say(CS_EXIT_USAGE, "%s: %s", path, strerror(errno));
        return;
    }
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        cs_buf_append(&stream, chunk, n);
    }
    bool read = !ferror(file) && cs_buf_error(&stream) == CS_OK;
    (void)fclose(file);
    if (!read || cs_trial_oracle(&decoding->trial, cs_buf_view(&stream)) != CS_OK) {
        decoding->trouble = cs_say(CS_EXIT_TROUBLE, "%s cannot be read, or is over 64 MiB", path);
    } else if (decoding->trial.comparable == CS_ERR_RANGE) {
        skip(decoding, path, "the parser is for valid streams alone");
    } else {
        judge(decoding, path, cs_buf_view(&stream));
        if (decoding->args->verbose) {
            printf("%.*s", CS_VIEW_ARG(cs_buf_view(&decoding->trial.wanted.text)));
        }
    }
    cs_buf_free(&stream);
}

static int conclude(const struct decoding *decoding)
{
    size_t n = decoding->n_pass + decoding->n_fail;

    if (decoding->trouble) {
        return decoding->trouble;
    }
    printf("%s%s: %zu of %zu streams decoded as they must be, %zu skipped\n",
           *decoding->stop ? "interrupted, " : "", cs_parser_option_name(decoding->args),
           decoding->n_pass, n, decoding->n_skip);
    if (*decoding->stop) {
        return EXIT_INTERRUPTED;
    }
    if (n == 0) {
        return cs_say(CS_EXIT_USAGE, "nothing was judged");
    }
    return decoding->n_fail > 0 ? CS_EXIT_BROKEN : CS_EXIT_OK;
}

static int run_files(const struct cs_args *args)
{
    struct decoding decoding = {.args = args, .stop = cs_stop_flag()};
    int status = cs_parser_option_start(args, true, &decoding.trial.peer);

    if (status != CS_EXIT_OK) {
        return status;
    }
    for (size_t i = 0; i < args->rest.n && !decoding.trouble && !*decoding.stop; i++) {
        run_file(&decoding, args->rest.items[i]);
    }
    status = conclude(&decoding);
    cs_parser_peer_end(decoding.trial.peer);
    cs_trial_free(&decoding.trial);
    return status;
}

/* ---- vectors ---- */

static struct cs_report_peer describe(const struct cs_args *args)
{
    return (struct cs_report_peer){
        .kind = args->library ? "library"
                : args->peer  ? "command"
                              : "builtin",
        .name = cs_parser_option_name(args),
        .version = args->library || args->peer ? "" : CHATSPEC_VERSION,
    };
}

static int run_plan(struct cs_role_plan *plan, const struct cs_args *args,
                    const struct cs_decode_env *env)
{
    const struct cs_role_subject subject = {.role = &cs_decode_role, .env = env};
    struct cs_buf text = CS_BUF(8192);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    cs_buf_str(&text, "./chatspec decode ");
    cs_parser_option_write(args, &text);
    char *command = cs_buf_take(&text);
    const struct cs_role_run run = {.subjects = &subject,
                                    .n_subjects = 1,
                                    .command = command ? command : "./chatspec decode",
                                    .peer = describe(args),
                                    .default_jobs = processors > 0 ? (unsigned)processors : 1};
    int status = cs_role_plan_run(plan, &run);
    free(command);
    return status;
}

static int run_vectors(const struct cs_args *args)
{
    static const struct cs_role *const roles[] = {&cs_decode_role};
    struct cs_args limited = *args;
    struct cs_parser_peer *peer = NULL;
    struct cs_role_plan *plan = NULL;
    struct cs_decode_env env = {.folder = NULL};
    int status = cs_parser_option_config(args, true, &env.parser);

    if (status == CS_EXIT_OK) {
        /* --timeout is of one stream; a case has some time more, or its own limit. */
        limited.timeout_s = args->timeout_s ? args->timeout_s + CASE_MORE_S : 0;
        status = cs_role_plan_new(&limited, roles, 1, &plan);
    }
    if (status == CS_EXIT_OK) { /* what cannot be started at all is told once */
        status = cs_parser_option_start(args, true, &peer);
        cs_parser_peer_end(peer);
    }
    if (status == CS_EXIT_OK) {
        char *folder = cs_build_folder("reports");
        env.folder = folder;
        status = run_plan(plan, args, &env);
        free(folder);
    }
    cs_role_plan_free(plan);
    return status;
}

static int run(const struct cs_args *args)
{
    if (args->rest.n == 0) {
        return run_vectors(args);
    }
    if (args->report.n > 0 || args->format || args->only.n > 0 || args->skip.n > 0 ||
        args->only_group || args->shard || args->repeat) {
        return cs_say(CS_EXIT_USAGE, "files are told in lines alone: reports and selections are "
                                     "of the vectors");
    }
    return run_files(args);
}

static const struct cs_option options[] = {
    CS_ROWS_PARSER,
    CS_ROWS_SELECTION,
    CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N", "run every N-th vector, from the K-th", 0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "vectors side by side (one per processor)", 512),
    CS_ROW("repeat", CS_OPTION_NUMBER, repeat, "N",
           "run all of it N times: a vector whose verdict changes is flaky, exit 1", 100000),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "of nothing here; so that a line of a report runs",
           CS_SEED_LIMIT),
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "write a report: json or junit; repeatable", 0),
    CS_ROW("format", CS_OPTION_TEXT, format, "human|json", "what stdout gets (human)", 0),
    CS_ROW("verbose", CS_OPTION_FLAG, verbose, NULL, "all evidence; of files: all events", 0),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_decode = {
    .name = "decode",
    .summary = "hold a parser to the decode vectors, or to files",
    .usage = "[--library FILE | --peer 'COMMAND' | --builtin] [FILE...]",
    .details =
        "Each stream goes through the parser whole, byte by byte, and cut in two at every byte; "
        "all\n"
        "must give the same events: those that the vector names or, for files, those that\n"
        "chatspec's own reader gives. The parser runs in a process of its own. A crash, a hang or\n"
        "an answer that is none is a failure, and the vector's stream is kept in build/reports/.\n"
        "\n"
        "A library exports the functions of conformance/peers/library/chatspec_parser.h. A "
        "program\n"
        "in any language answers the command `decode` (conformance/peers/PROTOCOL.md).\n"
        "\n"
        "Examples:\n"
        "  chatspec decode --library ./mine.so\n"
        "  chatspec decode --peer 'python3 my_adapter.py' --only 'json/*'\n"
        "  chatspec decode --library ./mine.so captured.sse --verbose",
    .options = options,
    .max_rest = MAX_FILES,
    .run = run,
};
