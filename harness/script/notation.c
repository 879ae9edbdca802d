/* Rules: which request gets which answer. What stands inside OUT{...} is notation_stream.c's. */
#include "script/notation.h"

#include <stdlib.h>

#include "script/lex.h"

#define MAX_RULES 4096

struct cs_notation {
    struct cs_arena arena;
    const struct cs_rule *rules;
};

const char *cs_target_name(enum cs_target target)
{
    static const char *const names[CS_N_TARGETS] = {
        "create", "app",   "out",  "hop",    "side-app", "side-out", "retrieve",
        "update", "close", "list", "claims", "put",      "other"};
    return names[target];
}

/* create#2, app#3+, out#1-4, app* */
static enum cs_err read_selector(struct cs_lex *lex, struct cs_rule *rule)
{
    while (rule->target < CS_TARGET_OTHER && !cs_lex_take(lex, cs_target_name(rule->target))) {
        rule->target++;
    }
    if (rule->target == CS_TARGET_OTHER) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected create, app, out, or another request");
    }
    rule->first = 1;
    rule->last = UINT64_MAX;
    if (cs_lex_take(lex, "*")) {
        return CS_OK;
    }
    enum cs_err err = cs_lex_expect(lex, "#");
    if (err == CS_OK) {
        err = cs_lex_u64(lex, &rule->first);
    }
    if (err != CS_OK || cs_lex_take(lex, "+")) {
        return err;
    }
    rule->last = rule->first;
    if (cs_lex_take(lex, "-")) {
        err = cs_lex_u64(lex, &rule->last);
    }
    if (err == CS_OK && (rule->first == 0 || rule->last < rule->first)) {
        return cs_lex_fail(lex, CS_ERR_RANGE, "requests are numbered upwards from 1");
    }
    return err;
}

/* (STATUS), (STATUS,SEQ), (STATUS,+), (RST) or (HOLD) */
static enum cs_err read_status(struct cs_lex *lex, struct cs_rule *rule)
{
    struct cs_answer *answer = &rule->answer;
    enum cs_err err = cs_lex_expect(lex, "(");
    if (err != CS_OK) {
        return err;
    }
    if (cs_lex_take_word(lex, "RST")) {
        answer->ending = CS_ENDING_RST;
        return cs_lex_expect(lex, ")");
    }
    if (cs_lex_take_word(lex, "HOLD")) {
        answer->ending = CS_ENDING_HOLD;
        return cs_lex_expect(lex, ")");
    }
    uint64_t status = 0;
    err = cs_lex_u64(lex, &status);
    if (err != CS_OK) {
        return err;
    }
    if (status < 200 || status > 599) {
        return cs_lex_fail(lex, CS_ERR_RANGE, "a status is 200 to 599");
    }
    answer->status = (int)status;
    answer->ending = CS_ENDING_EOF;
    bool append = rule->target == CS_TARGET_APP || rule->target == CS_TARGET_SIDE_APP;
    if (append && cs_lex_take(lex, ",")) {
        cs_lex_space(lex, false);
        answer->seq_kind = CS_SEQ_NEXT;
        if (!cs_lex_take(lex, "+")) {
            answer->seq_kind = CS_SEQ_GIVEN;
            err = cs_lex_u64(lex, &answer->seq);
        }
    }
    return err == CS_OK ? cs_lex_expect(lex, ")") : err;
}

/* CREATE(...), APP(...), OUT(...), OUT{...}, HOP{...}, and so on */
static enum cs_err read_answer(struct cs_lex *lex, struct cs_rule *rule)
{
    static const char *const words[CS_N_TARGETS] = {"CREATE", "APP",      "OUT",    "HOP",   "APP",
                                                    "OUT",    "RETRIEVE", "UPDATE", "CLOSE", "LIST",
                                                    "CLAIMS", "PUT",      "nothing"};
    if (!cs_lex_take(lex, words[rule->target])) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "%s is answered with %s",
                           cs_target_name(rule->target), words[rule->target]);
    }
    bool streams = rule->target == CS_TARGET_OUT || rule->target == CS_TARGET_HOP ||
                   rule->target == CS_TARGET_SIDE_OUT;
    if (streams && cs_lex_take(lex, "{")) {
        rule->answer.status = 200;
        rule->answer.is_stream = true;
        rule->answer.ending = CS_ENDING_HOLD;
        return cs_notation_stream(lex, &rule->answer);
    }
    return read_status(lex, rule);
}

/* header NAME=VALUE, or without header NAME */
static enum cs_err read_header(struct cs_lex *lex, struct cs_answer *answer, bool without)
{
    cs_lex_space(lex, true);
    struct cs_extra_header *header = cs_arena_alloc(lex->arena, sizeof *header);
    if (!header) {
        return cs_lex_fail(lex, CS_ERR_NO_MEMORY, "out of memory");
    }
    struct cs_view name;
    struct cs_view value = {0};
    enum cs_err err = cs_lex_value(lex, &name);
    if (err == CS_OK && !without) {
        err = cs_lex_expect(lex, "=");
        if (err == CS_OK) {
            err = cs_lex_value(lex, &value);
        }
    }
    if (err != CS_OK) {
        return err;
    }
    if (name.len == 0) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected a header's name");
    }
    header->name = name.ptr;
    header->value = value.ptr;
    struct cs_extra_header **tail = &answer->headers;
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = header;
    return CS_OK;
}

/* body JSON: sent as it stands; body "..." of a string sends the string's value */
static enum cs_err read_body(struct cs_lex *lex, struct cs_answer *answer)
{
    if (answer->is_stream) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "an event stream has its body already");
    }
    cs_lex_space(lex, true);
    answer->has_body = true;
    if (cs_lex_peek(lex) == '"') {
        return cs_lex_value(lex, &answer->body);
    }
    struct cs_view json;
    enum cs_err err = cs_lex_json(lex, &json);
    if (err != CS_OK) {
        return err;
    }
    answer->body = cs_view_of(cs_arena_string(lex->arena, json), json.len);
    return answer->body.ptr ? CS_OK : cs_lex_fail(lex, CS_ERR_NO_MEMORY, "out of memory");
}

/* What may follow an answer, in any order. */
static enum cs_err read_attributes(struct cs_lex *lex, struct cs_answer *answer)
{
    for (;;) {
        cs_lex_space(lex, false);
        enum cs_err err;
        if (cs_lex_take_word(lex, "header")) {
            err = read_header(lex, answer, false);
        } else if (cs_lex_take_word(lex, "without")) {
            err = read_header(lex, answer, true);
        } else if (cs_lex_take_word(lex, "body")) {
            err = read_body(lex, answer);
        } else if (cs_lex_take_word(lex, "after")) {
            cs_lex_space(lex, false);
            answer->has_await = true;
            err = cs_lex_await(lex, &answer->await);
        } else {
            return CS_OK;
        }
        if (err != CS_OK) {
            return err;
        }
    }
}

static enum cs_err read_rule(struct cs_lex *lex, struct cs_rule *rule)
{
    enum cs_err err = read_selector(lex, rule);
    cs_lex_space(lex, false);
    if (err == CS_OK) {
        err = cs_lex_expect(lex, ":");
    }
    cs_lex_space(lex, true);
    if (err == CS_OK) {
        err = read_answer(lex, rule);
    }
    if (err == CS_OK) {
        err = read_attributes(lex, &rule->answer);
    }
    if (err == CS_OK && cs_lex_peek(lex) != '\n' && cs_lex_peek(lex) != '\0') {
        err = cs_lex_fail(lex, CS_ERR_SYNTAX,
                          "expected the end of the line, header, without, body or after");
    }
    return err;
}

static enum cs_err read_rules(struct cs_lex *lex, struct cs_notation *script)
{
    const struct cs_rule **tail = &script->rules;
    cs_lex_space(lex, true);
    for (size_t n = 0; lex->pos < lex->text.len; n++) {
        if (n == MAX_RULES) {
            return cs_lex_fail(lex, CS_ERR_LIMIT, "more than %d rules", MAX_RULES);
        }
        struct cs_rule *rule = cs_arena_alloc(lex->arena, sizeof *rule);
        if (!rule) {
            return cs_lex_fail(lex, CS_ERR_NO_MEMORY, "out of memory");
        }
        enum cs_err err = read_rule(lex, rule);
        if (err != CS_OK) {
            return err;
        }
        *tail = rule;
        tail = &rule->next;
        cs_lex_space(lex, true);
    }
    return CS_OK;
}

enum cs_err cs_notation_parse(struct cs_view text, struct cs_notation **ret_script,
                              struct cs_diag *diag)
{
    struct cs_notation *script = calloc(1, sizeof *script);
    if (!script) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    struct cs_lex lex = {.text = text, .arena = &script->arena, .diag = diag};
    enum cs_err err = read_rules(&lex, script);
    if (err != CS_OK) {
        cs_notation_free(script);
        return err;
    }
    *ret_script = script;
    return CS_OK;
}

void cs_notation_free(struct cs_notation *script)
{
    if (script) {
        cs_arena_free(&script->arena);
        free(script);
    }
}

const struct cs_rule *cs_notation_rules(const struct cs_notation *script)
{
    return script->rules;
}

const struct cs_rule *cs_notation_find(const struct cs_notation *script, enum cs_target target,
                                       uint64_t number)
{
    const struct cs_rule *rule = script ? script->rules : NULL;
    while (rule && !(rule->target == target && rule->first <= number && number <= rule->last)) {
        rule = rule->next;
    }
    return rule;
}
