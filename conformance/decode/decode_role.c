#include "conformance/decode/decode_role.h"

#include <stdio.h>
#include <stdlib.h>

#include "conformance/decode/campaign.h"
#include "conformance/decode/trial.h"
#include "conformance/decode/vectors.h"

#define LIMIT_S   120 /* some hundred cuts of one stream, by an interpreter on a busy machine */
#define LINE_MAX  ((size_t)64 * 1024)
#define PREFIX    "decode/"
#define SHOWN_MAX 400 /* of an event */

static void decode(struct cs_case_run *run);

#define VECTOR(id, title, requirements) {id, title, requirements, CS_MUST, 0, LIMIT_S, decode},
static const struct cs_case cases[] = {
#include "embedded/vector_cases.inc"
    {0}};
static const struct cs_case *const groups[] = {cases};

/* ---- what failed ---- */

/* Keeps the stream in a file, for a debugger; its path goes with the evidence. */
static void keep_stream(struct cs_case_run *run, const struct cs_vector *vector)
{
    const struct cs_decode_env *env = cs_case_env(run);
    char title[512] = "the stream";
    char name[128];
    char *path = NULL;

    (void)snprintf(name, sizeof name, "decode-%.100s.sse", vector->id);
    for (char *c = name; *c; c++) {
        *c = *c == '/' ? '-' : *c;
    }
    if (env->folder && cs_write_reproducer(env->folder, name, vector->stream, &path)) {
        (void)snprintf(title, sizeof title, "the stream, which is kept in %.400s", path);
    }
    cs_case_evidence(run, "sent", title, vector->stream);
    free(path);
}

static char *shown(const struct cs_event_list *list, size_t n)
{
    struct cs_view line = cs_event_list_line(list, n);
    char *text = NULL;

    if (line.len == 0) {
        return strdup("(no such event)");
    }
    line.len = line.len < SHOWN_MAX ? line.len : SHOWN_MAX;
    return asprintf(&text, "%.*s", CS_VIEW_ARG(line)) < 0 ? NULL : text;
}

static void tell_fault(struct cs_case_run *run, const struct cs_vector *vector,
                       const struct cs_trial *trial, const struct cs_fault *fault)
{
    struct cs_buf cut = CS_BUF(LINE_MAX);

    if (fault->outcome == CS_DECODED_TROUBLE) {
        cs_case_error(run, "the parser cannot be started again: %s", fault->cause);
    }
    cs_cut_describe(&fault->cut, &cut);
    keep_stream(run, vector);
    if (trial->answer.evidence.len > 0) {
        cs_case_evidence(run, "stderr", "what it printed or answered",
                         cs_buf_view(&trial->answer.evidence));
    }
    if (fault->outcome == CS_DECODED_EVENTS) {
        cs_case_fail_diff(run, shown(&trial->wanted, fault->line),
                          shown(&trial->answer.list, fault->line), "%s, %.*s: event %zu",
                          fault->cause, CS_VIEW_ARG(cs_buf_view(&cut)), fault->line + 1);
    }
    cs_case_fail(run, "%s, %.*s", fault->cause, CS_VIEW_ARG(cs_buf_view(&cut)));
}

/* ---- a vector ---- */

struct search {
    struct cs_case_run *run;
    bool found;
};

static void judge(struct cs_case_run *run, const struct cs_vector *vector)
{
    struct cs_trial trial = {.peer = cs_case_subject(run)};
    uint32_t traits = cs_parser_peer_traits(trial.peer);
    bool lenient = traits & CHATSPEC_LENIENT && vector->lenient.len > 0;
    struct cs_diag diag = {0};
    struct cs_fault fault;

    if (vector->departs && traits & CHATSPEC_EXPECTS_VALID) {
        cs_case_skip(run, "the parser is for valid streams alone");
    }
    trial.wanted.traits = traits;
    if (traits & CS_DECODE_PARTS) { /* of a client: our reader says what it makes of a vector */
        if (cs_trial_oracle(&trial, vector->stream) != CS_OK) {
            cs_case_error(run, "out of memory");
        }
    } else {
        trial.comparable =
            cs_event_list_told(lenient ? vector->lenient : vector->events, &trial.wanted, &diag);
        if (trial.comparable != CS_OK) {
            cs_case_error(run, "the vector cannot be read: %s", diag.text);
        }
    }
    if (trial.wanted.n == 0) { /* a parser that does nothing would be right */
        cs_case_skip(run, "the parser does not tell what this is about");
    }
    if (cs_trial_all_cuts(&trial, vector->stream, &fault)) {
        tell_fault(run, vector, &trial, &fault);
    }
    cs_trial_free(&trial);
}

static void judge_if_asked(const struct cs_vector *vector, void *context)
{
    struct search *search = context;

    if (strcmp(cs_case_of(search->run)->id + strlen(PREFIX), vector->id) == 0) {
        search->found = true;
        judge(search->run, vector);
    }
}

static void decode(struct cs_case_run *run)
{
    struct search search = {.run = run};
    struct cs_diag diag = {0};

    if (cs_vectors_each(judge_if_asked, &search, &diag) != CS_OK || !search.found) {
        cs_case_error(run, "vectors.json: %s", diag.text[0] ? diag.text : "no such vector");
    }
}

/* ---- the role ---- */

static unsigned offers(const void *env)
{
    (void)env;
    return ~0u;
}

static void set_up(struct cs_case_run *run)
{
    const struct cs_decode_env *env = cs_case_env(run);
    struct cs_parser_peer *peer = NULL;
    struct cs_diag diag = {0};

    struct cs_parser_config config = env->parser;

    config.shares_group = true;
    if (cs_parser_peer_start(&config, &peer, &diag) != CS_OK) {
        cs_case_error(run, "the parser does not start: %s", diag.text);
    }
    cs_case_set_subject(run, peer);
}

static void tear_down(struct cs_case_run *run)
{
    cs_parser_peer_end(cs_case_subject(run));
}

const struct cs_role cs_decode_role = {
    .name = "decode",
    .groups = groups,
    .n_groups = sizeof groups / sizeof groups[0],
    .offers = offers,
    .set_up = set_up,
    .tear_down = tear_down,
};
