/* chatspec fuzz: our own targets, or a parser that is named. */
#include <string.h>

#include "cli/commands.h"
#include "cli/fuzz.h"
#include "cli/parser_option.h"

static int run(const struct cs_args *args)
{
    bool differential = args->rest.n == 1 && strcmp(args->rest.items[0], "differential") == 0;
    bool of_parser = args->library || args->peer || args->sdk || args->builtin || differential;
    if (differential && !args->sdk) {
        return cs_say(CS_EXIT_USAGE, "differential is against an SDK: give its --sdk");
    }
    if (differential) {
        return cs_fuzz_parser(args);
    }
    if (!of_parser) {
        return cs_fuzz_targets(args);
    }
    if (args->rest.n > 0) {
        return cs_say(CS_EXIT_USAGE, "%s is a target of our own: not with a parser of yours",
                      args->rest.items[0]);
    }
    return cs_fuzz_parser(args);
}

static const struct cs_option options[] = {
    CS_ROW("minutes", CS_OPTION_NUMBER, minutes, "N",
           "for each target, or for the parser (1, or no limit with --runs)", 100000),
    CS_ROW("runs", CS_OPTION_NUMBER, runs, "N", "inputs for each target, or streams (no limit)",
           UINT32_MAX),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of all random choices (a fresh one)",
           CS_SEED_LIMIT),
    CS_ROWS_PARSER,
    CS_ROW("out", CS_OPTION_TEXT, out, "FOLDER",
           "where findings of a parser go (build/reports/fuzz, or differential)", 0),
    CS_ROW("quiet", CS_OPTION_FLAG, quiet, NULL, "of a parser: no progress on stderr", 0),
    CS_ROWS_SELECTION,
    CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N", "run every N-th target, from the K-th", 0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "targets side by side (one per processor)", 512),
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "of targets: write a report, json or junit; repeatable", 0),
    CS_ROW("format", CS_OPTION_TEXT, format, "human|json", "of targets: what stdout gets (human)",
           0),
    CS_ROW("verbose", CS_OPTION_FLAG, verbose, NULL, "of targets: show all evidence", 0),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_fuzz = {
    .name = "fuzz",
    .summary = "look for inputs that a parser gets wrong: ours, or yours",
    .usage = "[TARGET... | --library FILE | --peer 'COMMAND' | differential --sdk SOURCE | "
             "--builtin] [options]",
    .details =
        "Without a parser: our targets (fuzz/README.md) under libFuzzer with AddressSanitizer\n"
        "and UBSan. Inputs that reach something new are kept in build/fuzz-inputs/TARGET, and the\n"
        "next run goes on from them; inputs that bring a fault about are in build/fuzz-findings,\n"
        "made smaller, and end their target. The launcher builds what is needed and knows more:\n"
        "  ./chatspec replay TARGET FILE...   runs inputs once: what a finding is seen again with\n"
        "  ./chatspec fuzz --coverage         lines and branches that corpus/ reaches, as HTML\n"
        "  ./chatspec fuzz --merge            takes what is new of build/fuzz-inputs into corpus/\n"
        "\n"
        "With a parser: streams of the protocol are made at random: half of them keep to it and\n"
        "use all the freedom it leaves, the rest departs from it. Each goes through the parser,\n"
        "cut at random, in a process of its own. Findings are other events than chatspec's own\n"
        "reader gives, events that depend on the cut, crashes, hangs, and memory that stays\n"
        "behind. Each cause is told once, with a stream that was made small.\n"
        "A library exports the functions of conformance/peers/library/chatspec_parser.h, where\n"
        "example/ is one. A program in any language answers the command `decode`\n"
        "(conformance/peers/PROTOCOL.md).\n"
        "\n"
        "differential serves the same streams to the SDK's own reader, and first those of\n"
        "corpus/{sse,reader,twin} and what our targets kept in build/fuzz-inputs: run\n"
        "`fuzz sse reader` before, and what libFuzzer finds of our reader is tried on theirs. "
        "What\n"
        "is known of that version (conformance/decode/divergences.json) is counted apart; each "
        "new\n"
        "cause is left in build/reports/differential, as a row for that file too.\n"
        "\n"
        "Ctrl-C keeps what was found. Exit status: 0 nothing found, 1 findings, 2 usage,\n"
        "3 trouble, 130 interrupted.\n"
        "\n"
        "Examples:\n"
        "  chatspec fuzz --minutes 5\n"
        "  chatspec fuzz sse reader --minutes 20 --report json=fuzz.json\n"
        "  chatspec fuzz --library ./mine.so --minutes 20 --out found\n"
        "  chatspec fuzz --peer 'python3 my_adapter.py' --runs 10000 --seed 7\n"
        "  chatspec fuzz differential --sdk 4.8.3 --minutes 20\n"
        "  chatspec decode --library ./mine.so build/reports/fuzz/*.sse    # all findings again",
    .options = options,
    .max_rest = 64,
    .run = run,
};
