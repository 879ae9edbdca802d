#include "endpoint/faults/rule.h"

#include "wire/json.h"

/* For which forms a deed makes sense. */
enum {
    ON_S2S = 1u << 0,    /* append sessions: their head */
    ON_BATCH = 1u << 1,  /* ... and their batches */
    ON_APPEND = 1u << 2, /* unary appends to the store */
    ON_SSE = 1u << 3,
    ON_CALL = 1u << 4 /* all the rest */
};

#define ON_UNARY  (ON_APPEND | ON_CALL)
#define ON_STREAM (ON_S2S | ON_BATCH)

enum argument {
    ARG_NONE,
    ARG_STATUS, /* and a body */
    ARG_MS
};

static const struct {
    const char *name;
    unsigned on;
    enum argument argument;
} deeds[CS_FAULT_N] = {
    [CS_FAULT_STATUS] = {"status", ON_S2S | ON_UNARY | ON_SSE, ARG_STATUS},
    [CS_FAULT_SILENT] = {"silent", ON_STREAM | ON_UNARY | ON_SSE, ARG_NONE},
    [CS_FAULT_RESET] = {"reset", ON_STREAM | ON_UNARY | ON_SSE, ARG_NONE},
    [CS_FAULT_APPLY_RESET] = {"apply-reset", ON_STREAM | ON_UNARY, ARG_NONE},
    [CS_FAULT_APPLY_SILENT] = {"apply-silent", ON_STREAM | ON_UNARY, ARG_NONE},
    [CS_FAULT_DELAY] = {"delay", ON_STREAM | ON_UNARY | ON_SSE, ARG_MS},
    [CS_FAULT_APPLY_DELAY] = {"apply-delay", ON_STREAM | ON_UNARY, ARG_MS},
    [CS_FAULT_TERMINAL] = {"terminal", ON_STREAM, ARG_STATUS},
    [CS_FAULT_NO_CREDIT] = {"no-credit", ON_S2S, ARG_NONE},
    [CS_FAULT_WRONG_COUNT] = {"wrong-count", ON_STREAM | ON_APPEND, ARG_NONE},
    [CS_FAULT_NO_POSITIONS] = {"no-positions", ON_STREAM | ON_APPEND, ARG_NONE},
    [CS_FAULT_END] = {"end", ON_SSE, ARG_NONE},
    [CS_FAULT_CUT] = {"cut", ON_SSE, ARG_NONE},
};

static unsigned kind_of(enum cs_form form)
{
    switch (form) {
    case CS_FORM_S2S:
        return ON_S2S;
    case CS_FORM_S2S_BATCH:
        return ON_BATCH;
    case CS_FORM_JSON:
    case CS_FORM_PROTO:
        return ON_APPEND;
    case CS_FORM_IN:
    case CS_FORM_OUT:
        return ON_SSE;
    default:
        return ON_CALL;
    }
}

const char *cs_fault_name(enum cs_fault_do what)
{
    return deeds[what].name;
}

/* What is left of the text; offsets of errors count from its start. */
struct reading {
    struct cs_view whole;
    struct cs_view rest;
    struct cs_diag *diag;
};

static void skip_spaces(struct reading *reading)
{
    while (reading->rest.len > 0 && reading->rest.ptr[0] == ' ') {
        reading->rest = cs_view_of(reading->rest.ptr + 1, reading->rest.len - 1);
    }
}

/* The bytes up to one of `ends`, or the end; may be empty. */
static struct cs_view take_until(struct reading *reading, const char *ends)
{
    size_t len = 0;
    while (len < reading->rest.len &&
           !(reading->rest.ptr[len] != '\0' && strchr(ends, reading->rest.ptr[len]))) {
        len++;
    }
    struct cs_view word = cs_view_of(reading->rest.ptr, len);
    reading->rest = cs_view_of(reading->rest.ptr + len, reading->rest.len - len);
    return word;
}

static bool take_char(struct reading *reading, char c)
{
    if (reading->rest.len == 0 || reading->rest.ptr[0] != c) {
        return false;
    }
    reading->rest = cs_view_of(reading->rest.ptr + 1, reading->rest.len - 1);
    return true;
}

static enum cs_err fail(const struct reading *reading, struct cs_view at, const char *what)
{
    return cs_fail(reading->diag, CS_ERR_SYNTAX, (uint64_t)(at.ptr - reading->whole.ptr),
                   "'%.60s': %s", at.len ? at.ptr : "", what);
}

static enum cs_err read_what(struct reading *reading, struct cs_fault_rule *rule)
{
    struct cs_view name = take_until(reading, "/ :");
    rule->form = cs_form_find(name);
    if (rule->form == CS_FORM_OTHER) {
        return cs_fail(reading->diag, CS_ERR_SYNTAX, 0, "no request is called '%.*s'",
                       CS_VIEW_ARG(name));
    }
    if (!take_char(reading, '/')) {
        return CS_OK;
    }
    rule->part = take_until(reading, " :");
    if (rule->part.len > CS_FAULT_PART_MAX) {
        return cs_fail(reading->diag, CS_ERR_LIMIT, name.len + 1, "the part is too long");
    }
    return rule->part.len > 0 ? CS_OK : fail(reading, reading->rest, "expected a part");
}

/* "3", "3-5", "3+", or nothing for all. */
static enum cs_err read_range(struct reading *reading, struct cs_fault_rule *rule)
{
    rule->first = 1;
    rule->last = UINT64_MAX;
    skip_spaces(reading);
    if (take_char(reading, ':')) {
        return CS_OK;
    }
    struct cs_view at = reading->rest;
    bool ok = cs_view_u64(take_until(reading, "-+ :"), &rule->first) == CS_OK;
    if (ok && take_char(reading, '-')) {
        ok = cs_view_u64(take_until(reading, " :"), &rule->last) == CS_OK;
    } else if (ok && !take_char(reading, '+')) {
        rule->last = rule->first;
    }
    skip_spaces(reading);
    ok = ok && take_char(reading, ':') && rule->first > 0 && rule->last >= rule->first;
    return ok ? CS_OK : fail(reading, at, "expected N, N-M or N+, and a colon");
}

static enum cs_err read_status(struct reading *reading, struct cs_view word,
                               struct cs_fault_action *action)
{
    uint64_t status = 0;
    if (word.len != 3 || cs_view_u64(word, &status) != CS_OK || status < 200 || status > 599) {
        return fail(reading, word, "expected a status from 200 to 599");
    }
    action->status = (int)status;
    skip_spaces(reading);
    action->body = cs_view_trim(reading->rest);
    reading->rest.len = 0;
    if (action->body.len > CS_FAULT_BODY_MAX) {
        return cs_fail(reading->diag, CS_ERR_LIMIT, 0, "the body is too long");
    }
    return action->body.len == 0 || cs_json_check(action->body, NULL) == CS_OK
               ? CS_OK
               : fail(reading, action->body, "the body is no JSON");
}

static enum cs_err read_argument(struct reading *reading, struct cs_view word,
                                 struct cs_fault_action *action)
{
    uint64_t ms = 0;
    switch (deeds[action->what].argument) {
    case ARG_NONE:
        return CS_OK;
    case ARG_STATUS:
        if (action->what == CS_FAULT_TERMINAL) {
            skip_spaces(reading);
            word = take_until(reading, " ");
        }
        return read_status(reading, word, action);
    case ARG_MS:
        skip_spaces(reading);
        word = take_until(reading, " ");
        if (cs_view_u64(word, &ms) != CS_OK || ms > CS_FAULT_DELAY_MAX) {
            return fail(reading, word, "expected milliseconds, an hour at most");
        }
        action->delay_ms = (int64_t)ms;
        return CS_OK;
    }
    return CS_OK;
}

static enum cs_err read_do(struct reading *reading, struct cs_fault_rule *rule)
{
    skip_spaces(reading);
    struct cs_view word = take_until(reading, " ");
    bool is_number = word.len > 0 && word.ptr[0] >= '0' && word.ptr[0] <= '9';
    rule->action.what = is_number ? CS_FAULT_STATUS : CS_FAULT_NONE;
    for (int i = CS_FAULT_STATUS + 1; i < CS_FAULT_N; i++) {
        if (cs_view_eq(word, cs_view_str(deeds[i].name))) {
            rule->action.what = (enum cs_fault_do)i;
        }
    }
    if (rule->action.what == CS_FAULT_NONE) {
        return fail(reading, word, "nothing that could be done is called so");
    }
    if (!(deeds[rule->action.what].on & kind_of(rule->form))) {
        return fail(reading, word, "that cannot be done to such a request");
    }
    enum cs_err err = read_argument(reading, word, &rule->action);
    skip_spaces(reading);
    return err == CS_OK && reading->rest.len > 0 ? fail(reading, reading->rest, "is too much")
                                                 : err;
}

enum cs_err cs_fault_rule_read(struct cs_view text, struct cs_fault_rule *ret_rule,
                               struct cs_diag *diag)
{
    struct reading reading = {.whole = text, .rest = text, .diag = diag};
    struct cs_fault_rule rule = {0};
    skip_spaces(&reading);
    enum cs_err err = read_what(&reading, &rule);
    err = err == CS_OK ? read_range(&reading, &rule) : err;
    err = err == CS_OK ? read_do(&reading, &rule) : err;
    if (err == CS_OK) {
        *ret_rule = rule;
    }
    return err;
}
