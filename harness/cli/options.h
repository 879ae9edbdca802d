/* The command line: one table of options per command, read into one struct.
 */
#ifndef CHATSPEC_CLI_OPTIONS_H
#define CHATSPEC_CLI_OPTIONS_H

#include <stdio.h>

#include "wire/bytes.h"

#define CS_SEED_LIMIT ((UINT64_C(1) << 53) - 1) /* what every JSON reader gets right */

/* Exit statuses of the program. */
enum {
    CS_EXIT_OK = 0,
    CS_EXIT_BROKEN = 1,
    CS_EXIT_USAGE = 2,
    CS_EXIT_TROUBLE = 3,
    CS_EXIT_INTERRUPTED = 130 /* what ran is reported */
};

struct cs_list {
    const char **items; /* borrowed from argv */
    size_t n;
};

/* What was asked for; unset strings are NULL, unset numbers 0. */
struct cs_args {
    struct cs_list only;
    struct cs_list skip;
    struct cs_list report;
    struct cs_list violate;
    struct cs_list include;
    struct cs_list fault;
    struct cs_list rest; /* what is no option */
    const char *shard;
    const char *fail_on;
    const char *format;
    const char *profile;
    const char *only_group;
    const char *role;
    const char *gate;
    const char *url;
    const char *secret_key_env;
    const char *other_secret_key_env;
    const char *s2_url;
    const char *s2_basin;
    const char *s2_token_env;
    const char *restricted_key_env;
    const char *preview_key_env;
    const char *branch;
    const char *task;
    const char *agent_task;
    const char *sdk;
    const char *task_file; /* agents of the user's own */
    const char *from;      /* an older SDK, which hands over */
    const char *peer;
    const char *ai; /* the version of the model library beside it */
    const char *parser;
    const char *library;
    const char *out;
    const char *scenario;
    const char *stream;
    const char *basin;
    const char *stream_token_env;
    const char *expect; /* a list of expected failures */
    uint64_t jobs;
    uint64_t timeout_s;
    uint64_t repeat;
    uint64_t minutes;
    uint64_t runs;
    uint64_t seed;
    uint64_t port;
    uint64_t bucket;
    uint64_t bucket_interval_ms;
    uint64_t replica_lag_ms;
    bool has_seed;
    bool builtin;
    bool no_mint;
    bool any_store_token;
    bool quiet;
    bool full;
    bool profiles;
    bool coverage;
    bool verbose;
    bool no_color;
    bool help;
    bool update_expect;
};

enum cs_option_kind {
    CS_OPTION_FLAG,   /* bool */
    CS_OPTION_TEXT,   /* const char * */
    CS_OPTION_LIST,   /* struct cs_list; may be repeated */
    CS_OPTION_NUMBER, /* uint64_t up to `max` */
    CS_OPTION_SEED    /* uint64_t, and has_seed */
};

struct cs_option {
    const char *name; /* without the dashes */
    enum cs_option_kind kind;
    size_t offset;    /* in struct cs_args */
    const char *meta; /* what stands for the value in the help; NULL for flags */
    const char *help; /* one line */
    uint64_t max;
};

struct cs_command {
    const char *name;
    const char *summary;             /* one line, for the list of commands */
    const char *usage;               /* after "chatspec NAME", such as "[options]" */
    const char *details;             /* paragraphs and examples for --help */
    const struct cs_option *options; /* ended by a row with NULL name */
    size_t max_rest;
    int (*run)(const struct cs_args *args);
};

/* Reads what follows the command's name. Errors: CS_ERR_NO_MEMORY; CS_ERR_USAGE with `why` a line
 * for people. --help (and -h) ends the reading. */
CS_MUST_USE enum cs_err cs_args_read(const struct cs_command *command, int argc,
                                     const char *const *argv, struct cs_args *ret_args,
                                     struct cs_buf *why);
void cs_args_free(struct cs_args *args);

void cs_command_help(const struct cs_command *command, FILE *out);

/* "chatspec: ..." on stderr; returns the status, so that a failure is one line. */
int cs_say(int status, const char *fmt, ...) CS_PRINTF(2, 3);

/* Rows that several commands share. */
#define CS_ROW(name, kind, member, meta, help, max)                   \
    {                                                                 \
        name, kind, offsetof(struct cs_args, member), meta, help, max \
    }
#define CS_ROWS_SELECTION                                                              \
    CS_ROW("only", CS_OPTION_LIST, only, "GLOB",                                       \
           "run cases whose id or requirement matches; commas, repeatable", 0),        \
        CS_ROW("skip", CS_OPTION_LIST, skip, "GLOB", "leave these out; as --only", 0), \
        CS_ROW("only-group", CS_OPTION_TEXT, only_group, "NAME",                       \
               "run the cases of a group of requirements: security", 0)
#define CS_ROWS_EXPECT                                                                   \
    CS_ROW("expect", CS_OPTION_TEXT, expect, "FILE",                                     \
           "failures that are expected, with reasons and dates (reports/README.md)", 0), \
        CS_ROW("update-expect", CS_OPTION_FLAG, update_expect, NULL,                     \
               "write that file anew: what fails now is in it, what passes is out", 0)
#define CS_ROWS_RUN                                                                                \
    CS_ROWS_SELECTION,                                                                             \
        CS_ROW("include", CS_OPTION_LIST, include, "long", "run cases that take 30 s or more too", \
               0),                                                                                 \
        CS_ROW("profile", CS_OPTION_TEXT, profile, "VERSION",                                      \
               "hold the peer to that version of the protocol (the newest)", 0),                   \
        CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N",                                              \
               "run the K-th of N parts of it (chatspec merge)", 0),                               \
        CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "cases side by side (16)", 512),               \
        CS_ROW("timeout", CS_OPTION_NUMBER, timeout_s, "SECONDS", "limit of each case (its own)",  \
               86400),                                                                             \
        CS_ROW("repeat", CS_OPTION_NUMBER, repeat, "N",                                            \
               "run all of it N times: a case whose verdict changes is flaky, exit 1", 100000),    \
        CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of all random choices (a fresh one)",      \
               CS_SEED_LIMIT),                                                                     \
        CS_ROW("fail-on", CS_OPTION_TEXT, fail_on, "must|should",                                  \
               "what makes the exit status 1 (must)", 0),                                          \
        CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",                                      \
               "write a report: json, junit, html, markdown; repeatable", 0),                      \
        CS_ROWS_EXPECT,                                                                            \
        CS_ROW("format", CS_OPTION_TEXT, format, "human|json|github",                              \
               "stdout: a page, JSON lines, or a page and annotations (human)", 0),                \
        CS_ROW("verbose", CS_OPTION_FLAG, verbose, NULL, "show all evidence, and observations",    \
               0),                                                                                 \
        CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text", 0)
#define CS_ROWS_STREAM                                                           \
    CS_ROW("stream", CS_OPTION_TEXT, stream, "URL",                              \
           "keep streams in the S2 endpoint at this URL (in memory)", 0),        \
        CS_ROW("basin", CS_OPTION_TEXT, basin, "NAME", "its basin for them", 0), \
        CS_ROW("stream-token-env", CS_OPTION_TEXT, stream_token_env, "VAR",      \
               "environment variable that holds its access token (none)", 0)
#define CS_ROWS_END \
    {               \
        0           \
    }

#endif
