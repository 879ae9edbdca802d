/* The paths that are run out of memory: each is tried on a state that stays, so that a second try
 * after a failure shows what the first left there.
 */
#ifndef CHATSPEC_FUZZ_MEMORY_ORACLE_H
#define CHATSPEC_FUZZ_MEMORY_ORACLE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fuzz/fuzz.h"
#include "fuzz/memory.h"
#include "wire/append.h"
#include "wire/json.h"
#include "wire/reader.h"
#include "wire/token.h"
#include "wire/utf8.h"

struct fuzz_memory_state {
    size_t piece; /* length of the pieces of a stream */
    struct cs_sse *sse;
    struct cs_reader *reader;
    struct cs_batch_store store;
    struct cs_buf out;
    struct cs_buf text;
    uint64_t digest; /* of what came out: FNV-1a, which takes no memory */
};

/* One try. Errors other than CS_ERR_NO_MEMORY are as good a result as any. */
typedef enum cs_err (*fuzz_memory_path)(struct fuzz_memory_state *state, struct cs_view text);

/* libcrypto allocates by itself, out of our sight: its failure counts as one of an allocation. */
unsigned char *__real_HMAC(const EVP_MD *digest, const void *key, int key_len,
                           const unsigned char *text, size_t len, unsigned char *mac,
                           unsigned *mac_len);
unsigned char *__wrap_HMAC(const EVP_MD *digest, const void *key, int key_len,
                           const unsigned char *text, size_t len, unsigned char *mac,
                           unsigned *mac_len);

unsigned char *__wrap_HMAC(const EVP_MD *digest, const void *key, int key_len,
                           const unsigned char *text, size_t len, unsigned char *mac,
                           unsigned *mac_len)
{
    return fuzz_memory_refuses() ? NULL
                                 : __real_HMAC(digest, key, key_len, text, len, mac, mac_len);
}

static inline void fuzz_digest(struct fuzz_memory_state *state, struct cs_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        state->digest = (state->digest ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    }
    state->digest = (state->digest ^ 0x100) * 0x100000001b3u; /* where one ends */
}

static inline enum cs_err fuzz_out_of_sse(struct fuzz_memory_state *state, struct cs_view text)
{
    struct cs_sse_event event;
    struct cs_diag diag = {0};
    enum cs_step step = CS_STEP_MORE;

    if (state->sse) {
        cs_sse_reset(state->sse);
    } else if (!(state->sse = cs_sse_new(state->piece > 15 ? SIZE_MAX : 0))) {
        return CS_ERR_NO_MEMORY;
    }
    while (step != CS_STEP_ERROR && text.len > 0) {
        struct cs_view piece = fuzz_take(&text, state->piece ? state->piece : text.len);

        while ((step = cs_sse_next(state->sse, &piece, &event, &diag)) == CS_STEP_EVENT) {
            fuzz_digest(state, event.event);
            fuzz_digest(state, event.id);
            fuzz_digest(state, event.data);
        }
    }
    if (step == CS_STEP_ERROR) { /* and it stays one */
        FUZZ_CHECK(cs_sse_next(state->sse, &text, &event, NULL) == CS_STEP_ERROR);
    }
    return diag.code;
}

static inline enum cs_err fuzz_out_of_reader(struct fuzz_memory_state *state, struct cs_view text)
{
    struct cs_event event;
    struct cs_diag diag = {0};
    enum cs_step step = CS_STEP_MORE;

    if (state->reader) {
        cs_reader_reconnect(state->reader);
    } else if (!(state->reader = cs_reader_new(NULL))) {
        return CS_ERR_NO_MEMORY;
    }
    while (step != CS_STEP_ERROR && text.len > 0) {
        struct cs_view piece = fuzz_take(&text, state->piece ? state->piece : text.len);

        while ((step = cs_reader_next(state->reader, &piece, &event, &diag)) == CS_STEP_EVENT) {
            fuzz_digest(state, cs_view_str(cs_event_name(event.type)));
            fuzz_digest(state, event.type == CS_EVENT_RECORD ? event.record.body : event.sse->data);
        }
    }
    return diag.code;
}

static inline enum cs_err fuzz_out_of_batch(struct fuzz_memory_state *state, struct cs_view text)
{
    const struct cs_batch_limits limits = {.lenient = state->piece % 2};
    struct cs_batch batch = {.n_records = SIZE_MAX};
    struct cs_diag diag = {0};
    enum cs_err err = cs_batch_decode(text, &limits, &state->store, &batch, &diag);

    FUZZ_CHECK(err == diag.code && (err == CS_OK) == (batch.n_records != SIZE_MAX));
    for (size_t i = 0; !err && i < batch.n_records; i++) {
        fuzz_digest(state, batch.records[i].body);
        for (size_t n = 0; n < batch.records[i].n_headers; n++) {
            fuzz_digest(state, batch.records[i].headers[n].name);
            fuzz_digest(state, batch.records[i].headers[n].value);
        }
    }
    return err;
}

/* Header and payload, a line each: signed, and then asked what they are worth. */
static inline enum cs_err fuzz_out_of_token(struct fuzz_memory_state *state, struct cs_view text)
{
    const struct cs_token_checks checks = {
        .allowed_algs = 1u << CS_ALG_HS256, .now_s = 1700000000, .exp_optional = true};
    size_t line = cs_view_find(text, CS_VIEW("\n"));
    struct cs_view header = fuzz_take(&text, line);
    struct cs_token token = {.n_scopes = SIZE_MAX};
    struct cs_diag diag = {0};
    enum cs_err err;

    (void)fuzz_take(&text, 1);
    cs_buf_clear(&state->out);
    err = cs_token_forge(header, text, CS_ALG_HS256, CS_VIEW("key"), &state->out);
    if (err) {
        return err;
    }
    err = cs_token_verify(cs_buf_view(&state->out), CS_VIEW("key"), &checks, &token, &diag);
    FUZZ_CHECK(err == diag.code && (err == CS_OK) == (token.n_scopes != SIZE_MAX));
    fuzz_digest(state, cs_view_str(cs_err_name(err)));
    if (!err) {
        fuzz_digest(state, cs_view_str(token.sub));
        for (size_t i = 0; i < token.n_scopes; i++) {
            fuzz_digest(state, cs_view_str(token.scopes[i]));
        }
        cs_token_free(&token);
    }
    return err;
}

/* The text as a token's subject and scope. */
static inline enum cs_err fuzz_out_of_mint(struct fuzz_memory_state *state, struct cs_view text)
{
    enum cs_err err;
    char *subject;

    cs_buf_clear(&state->text);
    cs_buf_clear(&state->out);
    cs_buf_add(&state->text, text);
    subject = cs_buf_take(&state->text);
    if (!subject) {
        return CS_ERR_NO_MEMORY;
    }
    const char *const scopes[] = {"read:sessions:s", subject};
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS(subject, scopes, 2, 1700000000);
    err = cs_token_mint(&claims, CS_VIEW("key"), &state->out);
    fuzz_digest(state, err ? (struct cs_view){NULL, 0} : cs_buf_view(&state->out));
    free(subject);
    return err;
}

/* The text as a server decodes it, wrapped and taken out again. */
static inline enum cs_err fuzz_out_of_append(struct fuzz_memory_state *state, struct cs_view text)
{
    struct cs_utf8 utf8 = {0};
    struct cs_view data;
    struct cs_view id;

    cs_buf_clear(&state->text);
    cs_buf_clear(&state->out);
    cs_utf8_feed(&utf8, text, &state->text);
    cs_utf8_finish(&utf8, &state->text);
    if (cs_buf_error(&state->text)) {
        return cs_buf_error(&state->text);
    }
    cs_append_wrap(&state->out, cs_buf_view(&state->text), CS_VIEW("part"));
    if (cs_buf_error(&state->out)) {
        return cs_buf_error(&state->out);
    }
    FUZZ_CHECK(cs_envelope_decode(cs_buf_view(&state->out), &data, &id, NULL) == CS_OK);
    cs_buf_clear(&state->text);
    FUZZ_CHECK(cs_json_string(data, &state->text) == CS_OK);
    fuzz_digest(state, cs_buf_view(&state->text));
    return cs_buf_error(&state->text);
}

/* A line of a report. The empty text is also asked for as a string. */
static inline enum cs_err fuzz_out_of_line(struct fuzz_memory_state *state, struct cs_view text)
{
    char *line;

    cs_buf_clear(&state->out);
    cs_buf_escaped(&state->out, text, 100);
    cs_buf_printf(&state->out, text.len > 0 ? " of %zu bytes" : "%.0zu", text.len);
    line = cs_buf_take(&state->out);
    fuzz_digest(state, cs_view_str(line));
    free(line);
    return line ? CS_OK : CS_ERR_NO_MEMORY;
}

static const fuzz_memory_path fuzz_memory_paths[] = {
    fuzz_out_of_sse,  fuzz_out_of_reader, fuzz_out_of_batch, fuzz_out_of_token,
    fuzz_out_of_mint, fuzz_out_of_append, fuzz_out_of_line,
};

#define FUZZ_N_MEMORY_PATHS (sizeof(fuzz_memory_paths) / sizeof(fuzz_memory_paths[0]))

#endif
