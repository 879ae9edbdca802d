/* chatspec decode: the decode vectors, and any byte files given, through a parser. */
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/parser_option.h"
#include "cli/paths.h"
#include "cli/role_run.h"
#include "cli/stop.h"
#include "conformance/decode/decode_role.h"
#include "conformance/decode/divergences.h"
#include "conformance/decode/minimise.h"
#include "conformance/decode/streams.h"
#include "conformance/decode/trial.h"
#include "conformance/decode/vectors.h"
#include "wire/json.h"

#define MAX_FILES   1024
#define CASE_MORE_S 30

struct decoding {
    const struct cs_args *args;
    struct cs_trial trial;
    const volatile sig_atomic_t *stop;
    struct cs_divergences known; /* of an SDK: what counts apart */
    size_t n_pass;
    size_t n_known;
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
    if (decoding->args->sdk && fault.by_cut) {
        cs_simplify_cut(&decoding->trial, stream, &fault); /* its place names the cause */
    }
    struct cs_divergence *row = cs_divergence_of(&decoding->known, &fault);
    if (row) {
        row->n_seen++;
        decoding->n_known++;
        if (decoding->args->verbose) {
            printf("known %s: %s\n", id, row->id);
        }
        return;
    }
    decoding->n_fail++;
    cs_fault_describe(&decoding->trial, &fault, &text);
    printf("fail  %s\n  %.*s", id, CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

/* ---- files ---- */

static bool run_file(const char *path, struct cs_view stream, void *context)
{
    struct decoding *decoding = context;

    if (cs_trial_oracle(&decoding->trial, stream) != CS_OK) {
        decoding->trouble = cs_say(CS_EXIT_TROUBLE, "%s: out of memory", path);
    } else if (decoding->trial.comparable == CS_ERR_RANGE) {
        skip(decoding, path, "the parser is for valid streams alone");
    } else {
        judge(decoding, path, stream);
        if (decoding->args->verbose) {
            printf("%.*s", CS_VIEW_ARG(cs_buf_view(&decoding->trial.wanted.text)));
        }
    }
    return !decoding->trouble && !*decoding->stop;
}

static void run_path(struct decoding *decoding, const char *path)
{
    struct cs_diag diag = {0};
    enum cs_err err = cs_streams_each(path, run_file, decoding, &diag);

    if (err && !decoding->trouble) {
        decoding->trouble = cs_say(err == CS_ERR_MISSING ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                                   diag.text[0] ? diag.text : "out of memory");
    }
}

/* ---- the vectors, through an SDK ---- */

static bool is_chosen(const struct decoding *decoding, const struct cs_vector *vector)
{
    const struct cs_list *only = &decoding->args->only;
    bool chosen = only->n == 0;

    for (size_t i = 0; i < only->n && !chosen; i++) {
        const char *pattern = only->items[i];
        struct cs_json json;
        struct cs_json_token token;

        pattern += strncmp(pattern, "decode/", 7) == 0 ? 7 : 0;
        chosen = fnmatch(pattern, vector->id, 0) == 0;
        cs_json_init(&json, vector->requirements);
        while (cs_json_next(&json, &token, NULL) != CS_JSON_END) {
            chosen = chosen ||
                     (token.type == CS_JSON_STRING && cs_json_is(&token, cs_view_str(pattern)));
        }
    }
    return chosen;
}

/* Vectors tell what a parser gives; what a client makes of that, our reader says. */
static void run_vector(const struct cs_vector *vector, void *context)
{
    struct decoding *decoding = context;

    if (!decoding->trouble && !*decoding->stop && is_chosen(decoding, vector)) {
        (void)run_file(vector->id, vector->stream, decoding);
    }
}

/* ---- what is known ---- */

/* Each known divergence must show on its own example, in the answers that are listed. */
static void run_example(struct decoding *decoding, struct cs_divergence *row)
{
    struct cs_trial *trial = &decoding->trial;
    struct cs_view stream = cs_buf_view(&row->stream);
    struct cs_buf text = CS_BUF(65536);
    struct cs_fault fault;

    if (cs_trial_oracle(trial, stream) != CS_OK) {
        decoding->trouble = cs_say(CS_EXIT_TROUBLE, "out of memory");
        return;
    }
    if (!cs_trial_run(trial, stream, &row->cut, &fault)) {
        decoding->n_fail++;
        printf("fail  divergence/%s: unexpected agreement: give it an \"until\"\n", row->id);
        return;
    }
    const struct cs_event_list *ours =
        trial->comparable == CS_OK ? &trial->wanted : &trial->whole.list;
    if (cs_divergence_is(row, &fault) && cs_divergence_says(row->ours, ours) &&
        cs_divergence_says(row->theirs, &trial->answer.list)) {
        decoding->n_known++;
        row->n_seen++;
        return;
    }
    decoding->n_fail++;
    cs_divergence_write(trial, &fault, stream, &text);
    printf("fail  divergence/%s: other answers than listed:\n%.*s", row->id,
           CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

static void run_known(struct decoding *decoding)
{
    struct cs_parser_peer *peer = decoding->trial.peer;
    struct cs_diag diag = {0};

    if (cs_divergences_load(cs_parser_peer_version(peer), cs_parser_peer_inner(peer),
                            &decoding->known, &diag) != CS_OK) {
        decoding->trouble = cs_say(CS_EXIT_TROUBLE, "divergences.json: %s", diag.text);
    }
    for (size_t i = 0; i < decoding->known.n && decoding->args->rest.n == 0 &&
                       decoding->args->only.n == 0 && !decoding->trouble && !*decoding->stop;
         i++) {
        run_example(decoding, &decoding->known.rows[i]);
    }
}

static void tell_known(const struct decoding *decoding)
{
    for (size_t i = 0; i < decoding->known.n; i++) {
        const struct cs_divergence *row = &decoding->known.rows[i];
        if (row->n_seen > 0) {
            printf("known %s (%s): %llu\n", row->id, row->kind, (unsigned long long)row->n_seen);
        }
    }
}

static int conclude(const struct decoding *decoding)
{
    size_t n = decoding->n_pass + decoding->n_known + decoding->n_fail;

    if (decoding->trouble) {
        return decoding->trouble;
    }
    tell_known(decoding);
    printf("%s%s: %zu of %zu streams decoded as they must be",
           *decoding->stop ? "interrupted, " : "", cs_parser_option_name(decoding->args),
           decoding->n_pass, n);
    if (decoding->args->sdk) {
        printf(", %zu with a known divergence", decoding->n_known);
    }
    printf(", %zu skipped\n", decoding->n_skip);
    if (*decoding->stop) {
        return CS_EXIT_INTERRUPTED;
    }
    if (n == 0) {
        return cs_say(CS_EXIT_USAGE, "nothing was judged");
    }
    return decoding->n_fail > 0 ? CS_EXIT_BROKEN : CS_EXIT_OK;
}

/* Streams one after the other through one process of the parser, told in lines. */
static int run_streams(const struct cs_args *args)
{
    struct decoding decoding = {.args = args, .stop = cs_stop_flag()};
    struct cs_diag diag = {0};
    int status = cs_parser_option_start(args, true, &decoding.trial.peer);

    if (status != CS_EXIT_OK) {
        return status;
    }
    if (args->sdk) {
        run_known(&decoding);
    }
    if (args->rest.n == 0 && !decoding.trouble &&
        cs_vectors_each(run_vector, &decoding, &diag) != CS_OK) {
        decoding.trouble = cs_say(CS_EXIT_TROUBLE, "vectors.json: %s", diag.text);
    }
    for (size_t i = 0; i < args->rest.n && !decoding.trouble && !*decoding.stop; i++) {
        run_path(&decoding, args->rest.items[i]);
    }
    status = conclude(&decoding);
    cs_parser_peer_end(decoding.trial.peer);
    cs_trial_free(&decoding.trial);
    cs_divergences_free(&decoding.known);
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
    if (args->rest.n == 0 && !args->sdk) {
        return run_vectors(args);
    }
    if (args->report.n > 0 || args->format || args->skip.n > 0 || args->only_group || args->shard ||
        args->expect || args->update_expect || args->repeat ||
        (args->only.n > 0 && args->rest.n > 0)) {
        return cs_say(CS_EXIT_USAGE, "files and an SDK are told in lines alone: reports and "
                                     "selections are of the vectors (of an SDK, --only)");
    }
    return run_streams(args);
}

static const struct cs_option options[] = {
    CS_ROWS_PARSER,
    CS_ROWS_SELECTION,
    CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N", "run the K-th of N parts of it (chatspec merge)",
           0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "vectors side by side (one per processor)", 512),
    CS_ROW("repeat", CS_OPTION_NUMBER, repeat, "N",
           "run all of it N times: a vector whose verdict changes is flaky, exit 1", 100000),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "of no effect: vectors are what they are",
           CS_SEED_LIMIT),
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "write a report: json, junit, html, markdown; repeatable", 0),
    CS_ROWS_EXPECT,
    CS_ROW("format", CS_OPTION_TEXT, format, "human|json", "what stdout gets (human)", 0),
    CS_ROW("verbose", CS_OPTION_FLAG, verbose, NULL, "all evidence; of files: all events", 0),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_decode = {
    .name = "decode",
    .summary = "hold a parser to the decode vectors, or to files",
    .usage = "[--library FILE | --peer 'COMMAND' | --sdk SOURCE | --builtin] [FILE | FOLDER...]",
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
        "--sdk takes the SDK's own reader, and is held to what a caller gets: the content of each\n"
        "record's envelope. What its versions are known to read otherwise stands in\n"
        "conformance/decode/divergences.json; it is counted apart, each listed one must show on "
        "its\n"
        "own example, and only what is not listed fails.\n"
        "\n"
        "Examples:\n"
        "  chatspec decode --library ./mine.so\n"
        "  chatspec decode --peer 'python3 my_adapter.py' --only 'json/*'\n"
        "  chatspec decode --library ./mine.so captured.sse --verbose\n"
        "  chatspec decode --sdk 4.8.3\n"
        "  chatspec decode --sdk 4.8.3 corpus/sse corpus/reader corpus/twin",
    .options = options,
    .max_rest = MAX_FILES,
    .run = run,
};
