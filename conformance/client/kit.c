/* The kit's house-keeping: memory, names, the server, waiting. */
#include "conformance/client/kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/kit_internal.h"
#include "wire/token.h"

/* Long enough for a retry without any delay and for one after the usual first backoff of 100 ms. */
#define SETTLE_MS 300
/* Long enough for a first backoff of a second. */
#define LATE_MS 1500

struct ck *ck_of(struct cs_case_run *run)
{
    return cs_case_subject(run);
}

_Noreturn void ck_no_memory(struct ck *ck)
{
    cs_case_error(ck->run, "out of memory");
}

/* ---- memory and names ---- */

char *ck_keep(struct ck *ck, struct cs_view text)
{
    char *kept = cs_arena_string(&ck->arena, text);
    if (!kept) {
        ck_no_memory(ck);
    }
    return kept;
}

static const char *vtext(struct ck *ck, const char *fmt, va_list args) CS_PRINTF(2, 0);

static const char *vtext(struct ck *ck, const char *fmt, va_list args)
{
    const char *kept = cs_arena_vtext(&ck->arena, CK_MAX_TEXT, fmt, args);
    if (!kept) {
        ck_no_memory(ck);
    }
    return kept;
}

const char *ck_text(struct ck *ck, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = vtext(ck, fmt, args);
    va_end(args);
    return text;
}

const char *ck_chat(const struct ck *ck)
{
    return ck->chat;
}

void ck_use_chat(struct ck *ck, const char *chat)
{
    ck->chat = ck_keep(ck, cs_view_str(chat));
    cs_scripted_stop(ck->server);
    ck->server = NULL;
    ck->n_tokens = 0; /* their scopes name the chat */
    ck_start_server(ck);
}

void ck_use_base(struct ck *ck, const char *suffix)
{
    ck->base = suffix;
}

/* Real tokens, since a client may want to read their claims; the name is in the subject, so that
 * two of them differ. Nobody checks the signature. */
static char *mint(struct ck *ck, const char *name)
{
    const char *scopes[] = {ck_text(ck, "read:sessions:%s", ck->chat),
                            ck_text(ck, "write:sessions:%s", ck->chat)};
    const char *subject = ck_text(ck, "env_%s", name);
    struct cs_token_claims claims = CS_TOKEN_CLAIMS(subject, scopes, 2, cs_wall_ms() / 1000);
    struct cs_buf token = CS_BUF(4096);
    enum cs_err err = cs_token_mint(&claims, CS_VIEW("tr_dev_scripted"), &token);
    char *text = err == CS_OK ? ck_keep(ck, cs_buf_view(&token)) : NULL;
    cs_buf_free(&token);
    if (!text) {
        cs_case_error(ck->run, "a token could not be made: %s", cs_err_name(err));
    }
    return text;
}

const char *ck_token(struct ck *ck, const char *name)
{
    for (size_t i = 0; i < ck->n_tokens; i++) {
        if (strcmp(ck->tokens[i].name, name) == 0) {
            return ck->tokens[i].text;
        }
    }
    if (ck->n_tokens == CK_MAX_TOKENS || strlen(name) >= sizeof ck->tokens[0].name) {
        cs_case_error(ck->run, "no room for the token %s", name);
    }
    struct ck_token *token = &ck->tokens[ck->n_tokens];
    snprintf(token->name, sizeof token->name, "%s", name);
    token->text = mint(ck, name);
    ck->n_tokens++;
    return token->text;
}

const char *ck_token_name(const struct ck *ck, struct cs_view text)
{
    for (size_t i = 0; i < ck->n_tokens; i++) {
        if (cs_view_eq(text, cs_view_str(ck->tokens[i].text))) {
            return ck->tokens[i].name;
        }
    }
    return NULL;
}

/* ---- the server ---- */

static void play(struct ck *ck, struct cs_scripted *server, const char *name, const char *text)
{
    cs_case_evidence(ck->run, "note", name, cs_view_str(text));
    struct cs_notation *script;
    struct cs_diag diag;
    if (cs_notation_parse(cs_view_str(text), &script, &diag) != CS_OK) {
        cs_case_error(ck->run, "the script is wrong at byte %llu: %s",
                      (unsigned long long)diag.offset, diag.text);
    }
    if (!cs_scripted_play(server, script)) {
        ck_no_memory(ck);
    }
}

void ck_script(struct ck *ck, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = vtext(ck, fmt, args);
    va_end(args);
    play(ck, ck->server, "the server's script", text);
}

const struct cs_scripted *ck_other_server(struct ck *ck, const char *script)
{
    ck->other = ck_new_server(ck);
    play(ck, ck->other, "the other server's script", script);
    return ck->other;
}

void ck_release(struct ck *ck, const char *gate)
{
    if (!cs_scripted_release(ck->server, gate)) {
        ck_no_memory(ck);
    }
}

/* ---- waiting ---- */

static void show_requests_at(struct ck *ck, const struct cs_scripted *server, size_t *n_shown)
{
    for (; *n_shown < cs_scripted_count(server); ++*n_shown) {
        const struct cs_logged *request = cs_scripted_request(server, *n_shown);
        struct cs_buf bytes = CS_BUF(request->head.len + request->body.len + 1);
        cs_buf_add(&bytes, request->head);
        cs_buf_add(&bytes, request->body);
        char title[96];
        snprintf(title, sizeof title, "%s#%llu at %lld ms on connection %llu%s%s",
                 cs_target_name(request->target), (unsigned long long)request->number,
                 (long long)request->at_ms, (unsigned long long)request->connection,
                 request->unexpected ? ", unexpected" : "",
                 server == ck->other ? ", of the other server" : "");
        int64_t came_ms = cs_now_ms() - cs_scripted_now(server) + request->at_ms;
        cs_case_evidence_at(ck->run, came_ms, "request", title, cs_buf_view(&bytes));
        cs_buf_free(&bytes);
    }
}

static void show_requests(struct ck *ck)
{
    show_requests_at(ck, ck->server, &ck->n_shown);
    if (ck->other) {
        show_requests_at(ck, ck->other, &ck->n_other_shown);
    }
}

/* Long streams must leave room for what comes after them. */
#define MAX_SENT_SHOWN  64
#define MAX_SENT_LENGTH ((size_t)4096)

void ck_show_sent(void *ctx, const struct cs_logged *request, bool is_head, uint64_t offset,
                  struct cs_view bytes)
{
    struct ck *ck = ctx;
    if (ck->talk.over || ck->n_sent_shown == MAX_SENT_SHOWN) {
        return;
    }
    show_requests(ck); /* a request stands before its answer */
    char title[128];
    if (++ck->n_sent_shown == MAX_SENT_SHOWN) {
        cs_case_evidence(ck->run, "note", "what the server sends from here on is not shown",
                         CS_VIEW(""));
        return;
    }
    int len = snprintf(title, sizeof title, "%s#%llu: ", cs_target_name(request->target),
                       (unsigned long long)request->number);
    if (is_head) {
        snprintf(title + len, sizeof title - (size_t)len, "answer %d", request->status);
    } else {
        snprintf(title + len, sizeof title - (size_t)len, "event stream, from byte %llu",
                 (unsigned long long)offset);
    }
    bytes.len = bytes.len < MAX_SENT_LENGTH ? bytes.len : MAX_SENT_LENGTH;
    cs_case_evidence(ck->run, is_head ? "response" : "event", title, bytes);
}

/* Runs the loop until something happens; false when the deadline has passed. */
static bool turn(struct ck *ck, int64_t deadline)
{
    bool happened = cs_loop_run(ck->loop, deadline);
    show_requests(ck);
    return happened;
}

void ck_wait(struct ck *ck, bool (*done)(struct ck *ck, const void *arg), const void *arg,
             const char *fmt, ...)
{
    int64_t patience = ck_patience(ck);
    int64_t deadline = cs_now_ms() + patience;
    size_t n_heard = ck->talk.n_events;
    show_requests(ck);
    while (!done(ck, arg)) {
        bool happened = ck->talk.lost == CS_OK && turn(ck, deadline);
        if (ck->heavy && ck->talk.n_events > n_heard) { /* slow, and on its way */
            n_heard = ck->talk.n_events;
            deadline = cs_now_ms() + patience;
        }
        if (happened || done(ck, arg)) {
            continue;
        }
        va_list args;
        va_start(args, fmt);
        const char *what = vtext(ck, fmt, args);
        va_end(args);
        if (ck->talk.lost != CS_OK) {
            ck_adapter_lost(ck, what);
        }
        if (ck->adapter_owes) {
            ck_adapter_owes(ck, what, patience);
        }
        cs_case_fail(ck->run, "the client did not %s within %lld ms", what, (long long)patience);
    }
}

void ck_settle(struct ck *ck)
{
    int64_t deadline = cs_now_ms() + SETTLE_MS * cs_case_scale(ck->run);
    while (ck->talk.lost == CS_OK && turn(ck, deadline)) {
        /* Whatever comes is judged by who asked for the quiet. */
    }
}

bool ck_settle_for(struct ck *ck, enum cs_target target, uint64_t number)
{
    int64_t deadline = cs_now_ms() + LATE_MS * cs_case_scale(ck->run);
    while (cs_scripted_count_of(ck->server, target) < number && ck->talk.lost == CS_OK &&
           turn(ck, deadline)) {
        /* Until it comes, or the time is over. */
    }
    return cs_scripted_count_of(ck->server, target) >= number;
}
