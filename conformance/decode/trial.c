#include "conformance/decode/trial.h"

#include "conformance/decode/blame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TWO_PIECES     ((size_t)300)
#define DOUBLE_MAX_INTEGER 9007199254740992.0
#define SHOWN_IN_CAUSE     120
#define SHOWN_MAX          300 /* of a line of a list */

void cs_trial_free(struct cs_trial *trial)
{
    cs_event_list_free(&trial->wanted);
    cs_parser_answer_free(&trial->answer);
    cs_parser_answer_free(&trial->whole);
}

const char *cs_decoded_name(enum cs_decoded outcome)
{
    static const char *const names[] = {"difference", "refused", "crash",   "hang",
                                        "garbage",    "leak",    "trouble", "stopped"};
    return names[outcome];
}

enum cs_err cs_trial_oracle(struct cs_trial *trial, struct cs_view stream)
{
    trial->wanted.traits = cs_parser_peer_traits(trial->peer);
    trial->comparable = cs_event_list_ours(stream, &trial->wanted);
    return trial->comparable == CS_ERR_NO_MEMORY ? CS_ERR_NO_MEMORY : CS_OK;
}

/* The first line in which two lists differ; SIZE_MAX when none does. */
static size_t first_difference(const struct cs_event_list *a, const struct cs_event_list *b)
{
    struct cs_view left = cs_buf_view(&a->text);
    struct cs_view right = cs_buf_view(&b->text);
    size_t line = 0;

    if (cs_view_eq(left, right)) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < left.len && i < right.len && left.ptr[i] == right.ptr[i]; i++) {
        line += left.ptr[i] == '\n';
    }
    return line;
}

/* The first `n` words of a line. */
static struct cs_view word(struct cs_view line, size_t n)
{
    while (n-- > 0) {
        const char *space = line.len > 0 ? memchr(line.ptr, ' ', line.len) : NULL;
        size_t len = space ? (size_t)(space - line.ptr) + 1 : line.len;
        line = cs_view_of(line.len > 0 ? line.ptr + len : line.ptr, line.len - len);
    }
    const char *space = line.len > 0 ? memchr(line.ptr, ' ', line.len) : NULL;
    return space ? cs_view_of(line.ptr, (size_t)(space - line.ptr)) : line;
}

static struct cs_view body_of(struct cs_view line)
{
    size_t at = cs_view_find(line, CS_VIEW(" body \""));
    return at == SIZE_MAX ? line : cs_view_of(line.ptr + at, line.len - at);
}

/* Names what differs between two records, by the first member that does. */
/* An integer that came as the double next to it. */
static bool is_rounded(struct cs_view wanted, struct cs_view came)
{
    char exact[32];
    char rounded[64];

    (void)snprintf(exact, sizeof exact, "%.*s", CS_VIEW_ARG(wanted));
    (void)snprintf(rounded, sizeof rounded, "%.*s", CS_VIEW_ARG(came));
    return fabs(strtod(exact, NULL)) >= DOUBLE_MAX_INTEGER &&
           strtod(exact, NULL) == strtod(rounded, NULL);
}

static struct cs_view after(struct cs_view line, const char *text)
{
    size_t at = cs_view_find(line, cs_view_str(text));
    size_t from = at == SIZE_MAX ? line.len : at + strlen(text);

    return cs_view_of(line.ptr + from, line.len - from);
}

static const char *record_difference(struct cs_view wanted, struct cs_view came)
{
    if (!cs_view_eq(word(wanted, 1), word(came, 1))) {
        return is_rounded(word(wanted, 1), word(came, 1)) ? "seq_num over 2^53" : "seq_num";
    }
    if (!cs_view_eq(word(wanted, 2), word(came, 2))) {
        return "kind";
    }
    if (word(wanted, 3).len > 0 && word(wanted, 3).ptr[0] == '@' &&
        !cs_view_eq(word(wanted, 3), word(came, 3))) {
        return is_rounded(after(word(wanted, 3), "@"), after(word(came, 3), "@"))
                   ? "timestamp over 2^53"
                   : "timestamp";
    }
    if (cs_view_eq(body_of(wanted), body_of(came))) {
        return "headers";
    }
    return cs_view_find(body_of(wanted), CS_VIEW("\\xef\\xbf\\xbd")) == SIZE_MAX
               ? "body"
               : "body with U+FFFD";
}

/* Bytes of a kind are one cause, but those that framing and JSON are made of are themselves. */
static void name_byte(char byte, struct cs_buf *out)
{
    unsigned char c = (unsigned char)byte;

    if (c >= 0x80) {
        cs_buf_str(out, c >= 0xc0 ? "a lead byte of UTF-8" : "a later byte of UTF-8");
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        cs_buf_str(out, c <= '9' ? "a digit" : "a letter");
    } else {
        cs_buf_char(out, '\'');
        cs_buf_escaped(out, cs_view_of(&byte, 1), 1);
        cs_buf_char(out, '\'');
    }
}

/* The events are those of the whole stream no more: where it was cut in two tells why. */
static void name_cut(struct cs_view stream, const struct cs_cut *cut, struct cs_fault *fault)
{
    struct cs_buf text = CS_BUF(sizeof fault->cause - 1);

    cs_buf_str(&text, "other events when cut between ");
    name_byte(stream.ptr[cut->pieces[0] - 1], &text);
    cs_buf_str(&text, " and ");
    name_byte(stream.ptr[cut->pieces[0]], &text);
    (void)snprintf(fault->cause, sizeof fault->cause, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

/* A part with something in it that no event holds. */
static bool is_odd(struct cs_view line)
{
    return cs_view_find(line, CS_VIEW(" (of no kind) ")) != SIZE_MAX;
}

static const char *odd_difference(struct cs_view wanted, struct cs_view came)
{
    struct cs_view number = after(came, " \"seq_num\"=\"");
    struct cs_view time = after(came, " \"timestamp\"=\"");

    if (number.len > 0) {
        return is_rounded(word(wanted, 1), number) ? "another seq_num over 2^53 of a record"
                                                   : "an odd seq_num";
    }
    if (time.len > 0) {
        return is_rounded(after(word(wanted, 3), "@"), time)
                   ? "another timestamp over 2^53 of a record"
                   : "an odd timestamp";
    }
    return "odd headers";
}

static void name_difference(const struct cs_event_list *wanted, const struct cs_event_list *came,
                            struct cs_fault *fault)
{
    struct cs_view a = cs_event_list_line(wanted, fault->line);
    struct cs_view b = cs_event_list_line(came, fault->line);
    struct cs_view a_type = a.len > 0 ? word(a, 0) : CS_VIEW("the end");
    struct cs_view b_type = b.len > 0 ? word(b, 0) : CS_VIEW("the end");

    if (!cs_view_eq(a_type, b_type)) {
        bool failed = cs_view_eq(b_type, CS_VIEW("failed"));
        size_t shown = failed && b.len < SHOWN_IN_CAUSE ? b.len
                       : failed                         ? SHOWN_IN_CAUSE
                                                        : b_type.len;
        (void)snprintf(fault->cause, sizeof fault->cause, "%.*s instead of %.*s", (int)shown,
                       b_type.ptr, CS_VIEW_ARG(a_type));
    } else if (cs_view_eq(a_type, CS_VIEW("record")) && is_odd(b)) {
        (void)snprintf(fault->cause, sizeof fault->cause, "%s", odd_difference(a, b));
    } else if (cs_view_eq(a_type, CS_VIEW("record"))) {
        (void)snprintf(fault->cause, sizeof fault->cause, "another %s of a record",
                       record_difference(a, b));
    } else {
        (void)snprintf(fault->cause, sizeof fault->cause, "another content of %.*s",
                       CS_VIEW_ARG(a_type));
    }
}

static void name_split(struct cs_view stream, bool parts, struct cs_fault *fault)
{
    char difference[CS_CAUSE_MAX / 2];

    (void)snprintf(difference, sizeof difference, "%.*s", (int)sizeof difference - 1, fault->cause);
    fault->by_cut = true;
    if (fault->cut.n == 2 && fault->cut.pieces[0] > 0 &&
        fault->cut.pieces[0] + fault->cut.pieces[1] == stream.len &&
        fault->cut.pieces[0] < stream.len) {
        name_cut(stream, &fault->cut, fault);
    } else {
        (void)snprintf(fault->cause, sizeof fault->cause, "other events when cut");
    }
    if (parts) { /* a client may lose parts by a cut for more reasons than framing */
        size_t len = strlen(fault->cause);
        (void)snprintf(fault->cause + len, sizeof fault->cause - len, ": %s", difference);
    }
}

/* Compares what came with `wanted`; whether it was cut plays no role here. */
static bool judge(const struct cs_event_list *wanted, const struct cs_parser_answer *answer,
                  struct cs_fault *fault)
{
    fault->outcome = answer->outcome;
    fault->by_cut = false;
    fault->cause[0] = '\0';
    if (answer->outcome == CS_DECODED_REFUSED || answer->outcome == CS_DECODED_STOPPED) {
        return false; /* a limit of theirs, as the header allows; or nothing was seen */
    }
    if (answer->outcome != CS_DECODED_EVENTS) {
        (void)snprintf(fault->cause, sizeof fault->cause, "%s: %s",
                       cs_decoded_name(answer->outcome), answer->cause);
        return true;
    }
    fault->line = wanted ? first_difference(wanted, &answer->list) : SIZE_MAX;
    if (fault->line != SIZE_MAX) {
        name_difference(wanted, &answer->list, fault);
    }
    return fault->line != SIZE_MAX;
}

static bool run(struct cs_trial *trial, struct cs_view stream, const struct cs_cut *cut,
                struct cs_fault *ret_fault)
{
    static const struct cs_cut none = {.n = 0};
    const struct cs_event_list *wanted = trial->comparable == CS_OK ? &trial->wanted : NULL;
    struct cs_fault whole;

    if (trial->comparable == CS_ERR_RANGE) {
        return false;
    }
    ret_fault->cut = *cut;
    if (cut->n > 0 && !wanted) {
        cs_parser_peer_decode(trial->peer, stream, NULL, 0, &trial->whole);
        if (trial->whole.outcome != CS_DECODED_EVENTS) {
            wanted = NULL;
        } else {
            wanted = &trial->whole.list;
        }
    }
    cs_parser_peer_decode(trial->peer, stream, cut->pieces, cut->n, &trial->answer);
    if (!judge(wanted, &trial->answer, ret_fault)) {
        return false;
    }
    if (cut->n == 0 || ret_fault->outcome != CS_DECODED_EVENTS) {
        return true;
    }
    if (wanted != &trial->wanted) {
        name_split(stream, trial->wanted.traits & CS_DECODE_PARTS, ret_fault);
        return true;
    }
    /* Is it the cut, or would the whole have been wrong as well? */
    cs_parser_peer_decode(trial->peer, stream, NULL, 0, &trial->whole);
    if (judge(wanted, &trial->whole, &whole)) {
        struct cs_parser_answer taken = trial->whole;
        trial->whole = trial->answer;
        trial->answer = taken;
        whole.cut = none;
        *ret_fault = whole;
    } else {
        name_split(stream, trial->wanted.traits & CS_DECODE_PARTS, ret_fault);
    }
    return true;
}

/* A client takes a stream that leaves the protocol in ways of its own: there the cause is what the
 * stream does as well. */
bool cs_trial_run(struct cs_trial *trial, struct cs_view stream, const struct cs_cut *cut,
                  struct cs_fault *ret_fault)
{
    char why[CS_CAUSE_MAX / 3];

    if (!run(trial, stream, cut, ret_fault)) {
        return false;
    }
    if (trial->wanted.traits & CS_DECODE_PARTS && ret_fault->outcome == CS_DECODED_EVENTS &&
        trial->comparable == CS_OK && !ret_fault->by_cut) {
        size_t len = strlen(ret_fault->cause);
        if (strstr(ret_fault->cause, "over 2^53")) {
            return true; /* says all */
        }
        cs_blame(stream, trial->wanted.traits, ret_fault->line,
                 ret_fault->line >= trial->answer.list.n, why, sizeof why);
        (void)snprintf(ret_fault->cause + len, sizeof ret_fault->cause - len, "%s%s",
                       why[0] ? " where " : "", why);
    }
    return true;
}

bool cs_trial_all_cuts(struct cs_trial *trial, struct cs_view stream, struct cs_fault *ret_fault)
{
    struct cs_cut cut = {.n = 0};
    size_t step = stream.len / MAX_TWO_PIECES + 1;

    if (cs_trial_run(trial, stream, &cut, ret_fault)) {
        return true;
    }
    cut = (struct cs_cut){.pieces = {1}, .n = 1};
    if (cs_trial_run(trial, stream, &cut, ret_fault)) {
        return true;
    }
    for (size_t at = 1; at < stream.len; at += step) {
        cut = (struct cs_cut){.pieces = {at, stream.len - at}, .n = 2};
        if (cs_trial_run(trial, stream, &cut, ret_fault)) {
            return true;
        }
    }
    return false;
}

/* ---- for people ---- */

void cs_cut_describe(const struct cs_cut *cut, struct cs_buf *out)
{
    if (cut->n == 0) {
        cs_buf_str(out, "in one piece");
    } else if (cut->n == 1 && cut->pieces[0] == 1) {
        cs_buf_str(out, "byte by byte");
    } else {
        cs_buf_str(out, "in pieces of ");
        for (size_t i = 0; i < cut->n; i++) {
            cs_buf_printf(out, "%s%llu", i == 0 ? "" : ", ", (unsigned long long)cut->pieces[i]);
        }
    }
}

static void add_line(struct cs_buf *out, const char *label, const struct cs_event_list *list,
                     size_t n)
{
    struct cs_view line = cs_event_list_line(list, n);

    cs_buf_printf(out, "  %s %zu: ", label, n + 1);
    if (line.len == 0) {
        cs_buf_str(out, "(no such event)");
    } else if (line.len > SHOWN_MAX) {
        cs_buf_printf(out, "%.*s... (%zu bytes)", SHOWN_MAX, line.ptr, line.len);
    } else {
        cs_buf_add(out, line);
    }
    cs_buf_char(out, '\n');
}

void cs_fault_describe(const struct cs_trial *trial, const struct cs_fault *fault,
                       struct cs_buf *out)
{
    cs_buf_printf(out, "%s, ", fault->cause);
    cs_cut_describe(&fault->cut, out);
    cs_buf_char(out, '\n');
    /* What was stopped in the middle has no answer to show. */
    if (fault->outcome == CS_DECODED_EVENTS && trial->answer.outcome == CS_DECODED_EVENTS) {
        const struct cs_event_list *wanted =
            trial->comparable == CS_OK ? &trial->wanted : &trial->whole.list;
        add_line(out, "wanted event", wanted, fault->line);
        add_line(out, "came as event", &trial->answer.list, fault->line);
    }
    if (trial->answer.evidence.len > 0) {
        struct cs_view rest = cs_buf_view(&trial->answer.evidence);
        while (rest.len > 0) {
            const char *end = memchr(rest.ptr, '\n', rest.len);
            size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
            cs_buf_str(out, "  | ");
            cs_buf_escaped(out, cs_view_of(rest.ptr, len), SHOWN_MAX);
            cs_buf_char(out, '\n');
            len += end ? 1 : 0;
            rest = cs_view_of(rest.ptr + len, rest.len - len);
        }
    }
}
