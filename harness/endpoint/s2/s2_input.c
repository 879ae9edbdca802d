#include "endpoint/s2/s2_input.h"

#include <stdlib.h>

#include "endpoint/store/base64.h"
#include "wire/json.h"
#include "wire/s2_message.h"

/* Where the decoder stands. A decoded string is never longer than it was in the body, so
 * input->text gets all its room at the start and views into it stay good. */
struct decoder {
    struct cs_json json;
    struct cs_json_token token;
    struct cs_s2_input *input;
    struct cs_diag *diag;
    bool base64;
};

void cs_s2_input_free(struct cs_s2_input *input)
{
    free(input->records);
    free(input->headers);
    cs_buf_free(&input->text);
    cs_s2_message_drop(input->message);
    *input = (struct cs_s2_input){0};
}

static enum cs_err fail(struct decoder *decoder, enum cs_err code, const char *why)
{
    return cs_fail(decoder->diag, code, decoder->token.offset, "%s", why);
}

static enum cs_json_type next(struct decoder *decoder)
{
    return cs_json_next(&decoder->json, &decoder->token, decoder->diag);
}

static enum cs_err decode_base64(struct decoder *decoder, struct cs_view text, struct cs_buf *out)
{
    const char *why = NULL;
    enum cs_err err = cs_base64_decode(text, out, &why);
    if (err == CS_ERR_SYNTAX) {
        /* A fault of the batch and not of its JSON (STO-08), so reading goes on. */
        decoder->input->bad_base64 = true;
        return CS_OK;
    }
    return err == CS_OK ? CS_OK : fail(decoder, err, why);
}

/* The string token's value, decoded into input->text. */
static enum cs_err keep_string(struct decoder *decoder, struct cs_view *ret_view)
{
    if (decoder->token.type != CS_JSON_STRING) {
        return fail(decoder, CS_ERR_TYPE, "expected a string");
    }
    if (decoder->token.flags & CS_JSON_LONE_SURROGATE) {
        return fail(decoder, CS_ERR_SYNTAX, "a lone surrogate is no text");
    }
    struct cs_buf *text = &decoder->input->text;
    size_t start = text->len;
    if (decoder->base64) {
        struct cs_buf plain = CS_BUF(decoder->token.raw.len + 16);
        cs_json_unescape(decoder->token.raw, &plain);
        enum cs_err err = cs_buf_error(&plain) == CS_OK
                              ? decode_base64(decoder, cs_buf_view(&plain), text)
                              : fail(decoder, cs_buf_error(&plain), "out of memory");
        cs_buf_free(&plain);
        if (err != CS_OK) {
            return err;
        }
    } else {
        cs_json_unescape(decoder->token.raw, text);
    }
    if (cs_buf_error(text) != CS_OK) {
        return fail(decoder, cs_buf_error(text), "too much text");
    }
    *ret_view = cs_view_of(text->ptr + start, text->len - start);
    return CS_OK;
}

/* Room for one more element; 0 on success. */
static enum cs_err grow(void **array, size_t *cap, size_t n, size_t size)
{
    if (n < *cap) {
        return CS_OK;
    }
    size_t more = *cap > 0 ? *cap * 2 : 16;
    void *bigger = more < SIZE_MAX / size ? realloc(*array, more * size) : NULL;
    if (bigger == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    *array = bigger;
    *cap = more;
    return CS_OK;
}

/* [name, value]; the opening bracket was read. */
static enum cs_err read_header(struct decoder *decoder)
{
    struct cs_s2_input *input = decoder->input;
    if (grow((void **)&input->headers, &input->headers_cap, input->n_headers,
             sizeof(*input->headers)) != CS_OK) {
        return CS_ERR_NO_MEMORY;
    }
    struct cs_header *header = &input->headers[input->n_headers];
    next(decoder);
    enum cs_err err = keep_string(decoder, &header->name);
    if (err == CS_OK) {
        next(decoder);
        err = keep_string(decoder, &header->value);
    }
    if (err == CS_OK && next(decoder) != CS_JSON_ARRAY_END) {
        err = fail(decoder, CS_ERR_TYPE, "a header is an array of two strings");
    }
    input->n_headers += err == CS_OK;
    return err;
}

static enum cs_err read_headers(struct decoder *decoder, struct cs_record *record)
{
    if (decoder->token.type != CS_JSON_ARRAY) {
        return fail(decoder, CS_ERR_TYPE, "headers must be an array");
    }
    record->n_headers = 0;
    size_t before = decoder->input->n_headers;
    for (;;) {
        enum cs_json_type type = next(decoder);
        if (type == CS_JSON_ARRAY_END) {
            record->n_headers = decoder->input->n_headers - before;
            return CS_OK;
        }
        enum cs_err err = type == CS_JSON_ARRAY
                              ? read_header(decoder)
                              : fail(decoder, CS_ERR_TYPE, "a header is an array of two strings");
        if (err != CS_OK) {
            return err;
        }
    }
}

/* A member that S2 knows comes once at most; `seen` has a bit for each name. */
static enum cs_err note(struct decoder *decoder, const struct cs_json_token *key,
                        const char *const names[3], unsigned *seen)
{
    for (unsigned i = 0; i < 3; i++) {
        if (!cs_json_is(key, cs_view_str(names[i]))) {
            continue;
        }
        if (*seen & 1u << i) {
            return fail(decoder, CS_ERR_SYNTAX, "a member comes twice");
        }
        *seen |= 1u << i;
    }
    return CS_OK;
}

/* Passes over the value whose first token was just read. */
static enum cs_err skip_value(struct decoder *decoder)
{
    struct cs_view text;
    return cs_json_value_text(&decoder->json, &decoder->token, &text, decoder->diag);
}

static enum cs_err read_timestamp(struct decoder *decoder, struct cs_record *record)
{
    uint64_t value = 0;
    if (decoder->token.type == CS_JSON_NULL) {
        return CS_OK;
    }
    if (cs_json_u64(&decoder->token, &value) != CS_OK) {
        return fail(decoder, CS_ERR_RANGE, "timestamp must be an unsigned integer");
    }
    /* The store takes none that lies in the future anyway. */
    record->timestamp = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    record->has_timestamp = true;
    return CS_OK;
}

/* A record's members; the opening brace was read. The first header's index waits in `offset`. */
static enum cs_err read_record(struct decoder *decoder)
{
    struct cs_s2_input *input = decoder->input;
    if (grow((void **)&input->records, &input->records_cap, input->append.n_records,
             sizeof(*input->records)) != CS_OK) {
        return CS_ERR_NO_MEMORY;
    }
    struct cs_record *record = &input->records[input->append.n_records++];
    *record = (struct cs_record){.offset = input->n_headers};
    static const char *const names[3] = {"headers", "body", "timestamp"};
    unsigned seen = 0;
    while (next(decoder) == CS_JSON_KEY) {
        struct cs_json_token key = decoder->token;
        enum cs_err err = note(decoder, &key, names, &seen);
        if (err != CS_OK) {
            return err;
        }
        next(decoder);
        if (cs_json_is(&key, CS_VIEW("headers"))) {
            record->offset = input->n_headers;
            err = read_headers(decoder, record);
        } else if (cs_json_is(&key, CS_VIEW("body"))) {
            err = keep_string(decoder, &record->body);
        } else if (cs_json_is(&key, CS_VIEW("timestamp"))) {
            err = read_timestamp(decoder, record);
        } else {
            err = skip_value(decoder);
        }
        if (err != CS_OK) {
            return err;
        }
    }
    return decoder->token.type == CS_JSON_OBJECT_END ? CS_OK
                                                     : fail(decoder, CS_ERR_SYNTAX, "bad JSON");
}

static enum cs_err read_records(struct decoder *decoder)
{
    if (decoder->token.type != CS_JSON_ARRAY) {
        return fail(decoder, CS_ERR_TYPE, "records must be an array");
    }
    for (;;) {
        enum cs_json_type type = next(decoder);
        if (type == CS_JSON_ARRAY_END) {
            return CS_OK;
        }
        enum cs_err err = type == CS_JSON_OBJECT
                              ? read_record(decoder)
                              : fail(decoder, CS_ERR_TYPE, "a record is an object");
        if (err != CS_OK) {
            return err;
        }
    }
}

/* One member of the whole; its value's first token was just read. */
static enum cs_err read_member(struct decoder *decoder, const struct cs_json_token *key,
                               bool *has_records)
{
    struct cs_store_append *append = &decoder->input->append;
    bool is_null = decoder->token.type == CS_JSON_NULL;
    if (cs_json_is(key, CS_VIEW("records"))) {
        *has_records = true;
        append->n_records = 0;
        return read_records(decoder);
    }
    if (cs_json_is(key, CS_VIEW("match_seq_num")) && !is_null) {
        append->has_match_seq_num = true;
        return cs_json_u64(&decoder->token, &append->match_seq_num) == CS_OK
                   ? CS_OK
                   : fail(decoder, CS_ERR_RANGE, "match_seq_num must be an unsigned integer");
    }
    if (cs_json_is(key, CS_VIEW("fencing_token")) && !is_null) {
        bool base64 = decoder->base64;
        append->has_fencing_token = true;
        decoder->base64 = false; /* a name, not data */
        enum cs_err err = keep_string(decoder, &append->fencing_token);
        decoder->base64 = base64;
        if (err == CS_OK && append->fencing_token.len > CS_FENCING_TOKEN_MAX) {
            return fail(decoder, CS_ERR_LIMIT, "a fencing token has at most 36 bytes");
        }
        return err;
    }
    return skip_value(decoder);
}

/* The arrays have stopped moving: records find their headers. */
static void settle(struct cs_s2_input *input)
{
    for (size_t i = 0; i < input->append.n_records; i++) {
        struct cs_record *record = &input->records[i];
        record->headers = record->n_headers > 0 ? input->headers + record->offset : NULL;
        record->has_headers = record->n_headers > 0;
        record->has_body = record->body.len > 0;
        record->kind = cs_record_kind_of(record->headers, record->n_headers);
    }
    input->append.records = input->records;
}

enum cs_err cs_s2_input_decode(struct cs_view body, bool base64, struct cs_s2_input *input,
                               struct cs_diag *diag)
{
    enum cs_err err = cs_json_check(body, diag);
    if (err != CS_OK) {
        return err;
    }
    struct decoder decoder = {.input = input, .diag = diag, .base64 = base64};
    bool has_records = false;
    if (body.len > SIZE_MAX / 2) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "the body is too large");
    }
    input->text = CS_BUF(body.len + 64);
    if (cs_buf_reserve(&input->text, body.len + 64) == NULL) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    cs_json_init(&decoder.json, body);
    if (next(&decoder) != CS_JSON_OBJECT) {
        return fail(&decoder, CS_ERR_TYPE, "expected an object");
    }
    static const char *const names[3] = {"records", "match_seq_num", "fencing_token"};
    unsigned seen = 0;
    while (next(&decoder) == CS_JSON_KEY) {
        struct cs_json_token key = decoder.token;
        err = note(&decoder, &key, names, &seen);
        if (err != CS_OK) {
            return err;
        }
        next(&decoder);
        err = read_member(&decoder, &key, &has_records);
        if (err != CS_OK) {
            return err;
        }
    }
    if (!has_records) {
        return fail(&decoder, CS_ERR_MISSING, "records is missing");
    }
    settle(input);
    return CS_OK;
}
