#include "wire/record.h"

#include <stdlib.h>

#include "wire/json_shape.h"

#define DEFAULT_MAX_RECORDS ((size_t)1000)
#define DEFAULT_MAX_HEADERS ((size_t)65536)

/* One pass over a batch. Records and headers fill the store's arrays in the order they come, so
 * that the header pointers, which growing would spoil, can be set when all is read. */
struct decoder {
    struct cs_json json;
    struct cs_json_token token;
    struct cs_batch_store *store;
    struct cs_batch_limits limits;
    size_t n_records;
    size_t n_headers;
    size_t n_left_out;
    struct cs_diag fault;
};

static enum cs_err fail_at(struct decoder *decoder, enum cs_err code, size_t offset,
                           const char *why)
{
    return cs_fail(&decoder->fault, code, offset, "%s", why);
}

static enum cs_err next(struct decoder *decoder)
{
    enum cs_json_type type = cs_json_next(&decoder->json, &decoder->token, &decoder->fault);

    return type == CS_JSON_ERROR ? decoder->fault.code : CS_OK;
}

static enum cs_err next_is(struct decoder *decoder, enum cs_json_type wanted, const char *why)
{
    enum cs_err err = next(decoder);

    if (!err && decoder->token.type != wanted) {
        err = fail_at(decoder, CS_ERR_TYPE, decoder->token.offset, why);
    }
    return err;
}

static enum cs_err pass_value(struct decoder *decoder)
{
    struct cs_view ignored;
    enum cs_err err = next(decoder);

    if (!err) {
        err = cs_json_value_text(&decoder->json, &decoder->token, &ignored, &decoder->fault);
    }
    return err;
}

/* The current token begins something that should not be there: a lenient reader passes over it. */
static enum cs_err leave_out(struct decoder *decoder, enum cs_err code, const char *why)
{
    struct cs_view ignored;

    if (!decoder->limits.lenient) {
        return fail_at(decoder, code, decoder->token.offset, why);
    }
    decoder->n_left_out++;
    return cs_json_value_text(&decoder->json, &decoder->token, &ignored, &decoder->fault);
}

/* The value of a record's number; *ret_has tells whether it is one. */
static enum cs_err read_seq_num(struct decoder *decoder, uint64_t *ret_value, bool *ret_has)
{
    enum cs_err err = next(decoder);
    enum cs_err type = err ? err : cs_json_u64(&decoder->token, ret_value);

    *ret_has = !type;
    return err || !type ? err
                        : leave_out(decoder, type, "seq_num must be an integer from 0 to 2^64-1");
}

static enum cs_err read_u64(struct decoder *decoder, uint64_t *ret_value)
{
    enum cs_err err = next(decoder);

    if (!err) {
        err = cs_json_u64(&decoder->token, ret_value);
        if (err) {
            (void)fail_at(decoder, err, decoder->token.offset,
                          "seq_num must be an integer from 0 to 2^64-1");
        }
    }
    return err;
}

static enum cs_err read_timestamp(struct decoder *decoder, int64_t *ret_value, bool *ret_has)
{
    enum cs_err err = next(decoder);
    int64_t value = 0; /* what an earlier member of the name said does not count */
    enum cs_err type = err ? err : cs_json_i64(&decoder->token, &value);

    *ret_value = value;
    *ret_has = !type;
    return err || !type
               ? err
               : leave_out(decoder, type, "timestamp must be an integer from -2^63 to 2^63-1");
}

/* The current token as a string, or left out; *ret_is tells which. What holds no escapes stays a
 * view into the text, the rest is decoded into the store, where room for the whole text is made
 * first: so earlier views never move. */
static enum cs_err take_string(struct decoder *decoder, const char *why, struct cs_view *ret_text,
                               bool *ret_is)
{
    struct cs_buf *text = &decoder->store->text;
    size_t start = text->len;

    *ret_is = decoder->token.type == CS_JSON_STRING;
    if (!*ret_is) {
        *ret_text = (struct cs_view){NULL, 0}; /* the last of duplicate members wins here too */
        return leave_out(decoder, CS_ERR_TYPE, why);
    }
    if (!(decoder->token.flags & CS_JSON_ESCAPED)) {
        *ret_text = decoder->token.raw;
        return CS_OK;
    }
    if (start == 0) {
        (void)cs_buf_reserve(text, decoder->json.text.len);
    }
    cs_json_unescape(decoder->token.raw, text);
    if (cs_buf_error(text)) {
        return fail_at(decoder, cs_buf_error(text), decoder->token.offset, "no memory for text");
    }
    *ret_text = cs_view_of(text->ptr + start, text->len - start);
    return CS_OK;
}

/* Room for one element more; the new array, or NULL. */
static void *room(void *array, size_t *cap, size_t n, size_t size)
{
    size_t wanted = *cap > 0 ? *cap * 2 : 16;
    void *grown;

    if (n < *cap) {
        return array;
    }
    grown = wanted < SIZE_MAX / size ? realloc(array, wanted * size) : NULL;
    *cap = grown ? wanted : *cap;
    return grown;
}

static enum cs_err read_body(struct decoder *decoder, struct cs_record *record)
{
    enum cs_err err = next(decoder);

    return err ? err
               : take_string(decoder, "body must be a string", &record->body, &record->has_body);
}

/* The elements of a header, its bracket being the current token; *ret_is tells whether they make
 * one. */
static enum cs_err read_pair(struct decoder *decoder, struct cs_header *ret_header, bool *ret_is)
{
    struct cs_view *const parts[] = {&ret_header->name, &ret_header->value};
    static const char *const whys[] = {"a header's name must be a string",
                                       "a header's value must be a string"};
    size_t n = 0;
    bool good = true;
    enum cs_err err;

    while (!(err = next(decoder)) && decoder->token.type != CS_JSON_ARRAY_END) {
        bool is_string = false;

        err = n < 2 ? take_string(decoder, whys[n], parts[n], &is_string)
                    : leave_out(decoder, CS_ERR_TYPE, "a header must have two elements");
        if (err) {
            return err;
        }
        good = good && is_string;
        n++;
    }
    *ret_is = good && n == 2;
    if (!err && n < 2 && !decoder->limits.lenient) {
        err = fail_at(decoder, CS_ERR_TYPE, decoder->token.offset, whys[n]);
    }
    return err;
}

static enum cs_err read_header(struct decoder *decoder)
{
    struct cs_batch_store *store = decoder->store;
    size_t offset = decoder->token.offset;
    struct cs_header header = {0};
    struct cs_header *grown;
    bool is_header = false;
    enum cs_err err;

    if (decoder->n_headers == decoder->limits.max_headers) {
        return fail_at(decoder, CS_ERR_LIMIT, offset, "more headers than this reader takes");
    }
    grown = room(store->headers, &store->headers_cap, decoder->n_headers, sizeof(*grown));
    if (!grown) {
        return fail_at(decoder, CS_ERR_NO_MEMORY, offset, "no memory for headers");
    }
    store->headers = grown;
    err = read_pair(decoder, &header, &is_header);
    if (!err && is_header) {
        store->headers[decoder->n_headers++] = header;
    }
    return err;
}

static enum cs_err read_headers(struct decoder *decoder, size_t *ret_n)
{
    size_t first = decoder->n_headers;
    enum cs_err err = next(decoder);

    if (!err && decoder->token.type != CS_JSON_ARRAY) {
        return leave_out(decoder, CS_ERR_TYPE, "headers must be an array");
    }
    while (!err && !(err = next(decoder)) && decoder->token.type != CS_JSON_ARRAY_END) {
        err = decoder->token.type == CS_JSON_ARRAY
                  ? read_header(decoder)
                  : leave_out(decoder, CS_ERR_TYPE, "a header must be an array");
    }
    *ret_n = decoder->n_headers - first;
    return err;
}

/* The value of one member of a record, the key being the current token. */
static enum cs_err read_member(struct decoder *decoder, struct cs_record *record,
                               bool *ret_has_seq_num)
{
    const struct cs_json_token *key = &decoder->token;

    if (cs_json_is(key, CS_VIEW("seq_num"))) {
        return read_seq_num(decoder, &record->seq_num, ret_has_seq_num);
    }
    if (cs_json_is(key, CS_VIEW("timestamp"))) {
        return read_timestamp(decoder, &record->timestamp, &record->has_timestamp);
    }
    if (cs_json_is(key, CS_VIEW("body"))) {
        return read_body(decoder, record);
    }
    if (cs_json_is(key, CS_VIEW("headers"))) {
        /* The last of duplicate members wins, as JSON.parse has it: forget an earlier list. */
        decoder->n_headers -= record->n_headers;
        record->n_headers = 0;
        record->has_headers = true;
        return read_headers(decoder, &record->n_headers);
    }
    return pass_value(decoder);
}

/* The body of a record, its opening quote being passed. What holds escapes is decoded as it is
 * looked at, as far as that goes; false when there is a fault in it, or no memory. */
static bool usual_body(struct decoder *decoder, struct cs_view *ret_body)
{
    struct cs_buf *text = &decoder->store->text;
    size_t start = text->len;
    char *to = start == 0 ? cs_buf_reserve(text, decoder->json.text.len) : text->ptr + start;

    if (!to) {
        return false;
    }
    to = cs_json_pass_decoded(&decoder->json, to);
    if (!cs_json_pass_string(&decoder->json, &decoder->token)) {
        return false;
    }
    text->len = (size_t)(to - text->ptr);
    if (text->len == start && !(decoder->token.flags & CS_JSON_ESCAPED)) {
        *ret_body = decoder->token.raw;
        return true;
    }
    cs_json_unescape(decoder->token.raw, text);
    *ret_body = cs_view_of(text->ptr + start, text->len - start);
    return !cs_buf_error(text);
}

/* A data record as it is mostly written, its opening brace being passed: its members in their
 * order, no spaces, no headers. False when it is written otherwise, and nothing has changed. */
static bool usual_record(struct decoder *decoder, struct cs_record *record)
{
    struct cs_json *json = &decoder->json;
    size_t pos = json->pos;
    size_t text_len = decoder->store->text.len;
    uint64_t timestamp;

    if (cs_json_pass(json, CS_VIEW("\"seq_num\":")) &&
        cs_json_pass_number(json, ',', &record->seq_num) &&
        cs_json_pass(json, CS_VIEW("\"timestamp\":")) &&
        cs_json_pass_number(json, ',', &timestamp)) {
        record->has_headers = cs_json_pass(json, CS_VIEW("\"headers\":[],"));
        record->has_body = cs_json_pass(json, CS_VIEW("\"body\":\"")) &&
                           usual_body(decoder, &record->body) && cs_json_pass(json, CS_VIEW("}"));
        if (record->has_body) {
            cs_json_leave_object(json);
            record->timestamp = (int64_t)timestamp;
            record->has_timestamp = true;
            return true;
        }
    }
    json->pos = pos;
    decoder->store->text.len = text_len;
    *record = (struct cs_record){.offset = record->offset};
    return false;
}

/* One record, its opening brace being the current token. */
static enum cs_err read_record(struct decoder *decoder)
{
    struct cs_batch_store *store = decoder->store;
    struct cs_record record = {.offset = decoder->token.offset};
    struct cs_record *grown;
    bool has_seq_num = false;
    enum cs_err err;

    if (decoder->n_records == decoder->limits.max_records) {
        return fail_at(decoder, CS_ERR_LIMIT, record.offset, "more records than a batch may hold");
    }
    grown = room(store->records, &store->records_cap, decoder->n_records, sizeof(*grown));
    if (!grown) {
        return fail_at(decoder, CS_ERR_NO_MEMORY, record.offset, "no memory for records");
    }
    store->records = grown;
    if (usual_record(decoder, &record)) {
        store->records[decoder->n_records++] = record;
        return CS_OK;
    }
    if (cs_buf_error(&store->text)) {
        return fail_at(decoder, cs_buf_error(&store->text), record.offset, "no memory for text");
    }
    while (!(err = next(decoder)) && decoder->token.type == CS_JSON_KEY) {
        err = read_member(decoder, &record, &has_seq_num);
        if (err) {
            return err;
        }
    }
    if (!err && !has_seq_num) {
        decoder->n_headers -= record.n_headers;
        decoder->n_left_out++;
        return decoder->limits.lenient
                   ? CS_OK
                   : fail_at(decoder, CS_ERR_MISSING, record.offset, "a record without seq_num");
    }
    if (!err) {
        store->records[decoder->n_records++] = record;
    }
    return err;
}

static enum cs_err read_records(struct decoder *decoder)
{
    enum cs_err err = next_is(decoder, CS_JSON_ARRAY, "records must be an array");

    decoder->n_records = 0;
    decoder->n_headers = 0;
    decoder->n_left_out = 0;
    while (!err) {
        if (cs_json_pass_to_object(&decoder->json)) {
            decoder->token.offset = decoder->json.pos - 1;
            err = read_record(decoder);
        } else if ((err = next(decoder)) || decoder->token.type == CS_JSON_ARRAY_END) {
            break;
        } else {
            err = decoder->token.type == CS_JSON_OBJECT
                      ? read_record(decoder)
                      : leave_out(decoder, CS_ERR_TYPE, "a record must be an object");
        }
    }
    return err;
}

static enum cs_err read_position(struct decoder *decoder, struct cs_position *ret_position)
{
    struct cs_position position = {0};
    bool has_seq_num = false;
    bool has_timestamp = false;
    size_t offset;
    enum cs_err err = next_is(decoder, CS_JSON_OBJECT, "a position must be an object");

    offset = decoder->token.offset;
    while (!err && !(err = next(decoder)) && decoder->token.type == CS_JSON_KEY) {
        if (cs_json_is(&decoder->token, CS_VIEW("seq_num"))) {
            has_seq_num = true;
            err = read_u64(decoder, &position.seq_num);
        } else if (cs_json_is(&decoder->token, CS_VIEW("timestamp"))) {
            err = read_timestamp(decoder, &position.timestamp, &has_timestamp);
        } else {
            err = pass_value(decoder);
        }
    }
    if (!err && !(has_seq_num && has_timestamp)) {
        err = fail_at(decoder, CS_ERR_MISSING, offset, "a position without seq_num and timestamp");
    }
    if (!err) {
        *ret_position = position;
    }
    return err;
}

static enum cs_err read_tail(struct decoder *decoder, struct cs_batch *batch)
{
    struct cs_view text;
    enum cs_err err = CS_OK;

    if (!decoder->limits.lenient) {
        batch->has_tail = true;
        return read_position(decoder, &batch->tail);
    }
    err = next(decoder);
    if (!err) {
        err = cs_json_value_text(&decoder->json, &decoder->token, &text, &decoder->fault);
    }
    if (!err) {
        batch->has_tail = cs_position_decode(text, &batch->tail, NULL) == CS_OK;
        decoder->n_left_out += !batch->has_tail;
    }
    return err;
}

static enum cs_err read_batch(struct decoder *decoder, struct cs_batch *batch)
{
    bool has_records = false;
    enum cs_err err = next_is(decoder, CS_JSON_OBJECT, "a batch must be an object");

    while (!err && !(err = next(decoder)) && decoder->token.type == CS_JSON_KEY) {
        if (cs_json_is(&decoder->token, CS_VIEW("records"))) {
            has_records = true;
            err = read_records(decoder);
        } else if (cs_json_is(&decoder->token, CS_VIEW("tail"))) {
            err = read_tail(decoder, batch);
        } else {
            err = pass_value(decoder);
        }
    }
    if (!err) {
        err = next(decoder); /* the end, or bytes that have no business there */
    }
    if (!err && !has_records) {
        err = fail_at(decoder, CS_ERR_MISSING, 0, "a batch without records");
    }
    return err;
}

/* Grammar comes first, as it does for a client that parses before it looks: a fault of content is
 * only reported of a text that is JSON to its end. */
static enum cs_err report(struct decoder *decoder, enum cs_err err, struct cs_diag *diag)
{
    if (err == CS_ERR_TYPE || err == CS_ERR_MISSING || err == CS_ERR_RANGE) {
        struct cs_diag grammar = {0};

        if (cs_json_check(decoder->json.text, &grammar)) {
            decoder->fault = grammar;
        }
    }
    if (diag) {
        *diag = decoder->fault;
    }
    return decoder->fault.code;
}

static void finish_records(struct decoder *decoder)
{
    const struct cs_header *headers = decoder->store->headers;

    for (size_t i = 0; i < decoder->n_records; i++) {
        struct cs_record *record = &decoder->store->records[i];

        if (record->n_headers > 0) {
            record->headers = headers;
            headers += record->n_headers;
        }
        record->kind = cs_record_kind_of(record->headers, record->n_headers);
    }
}

enum cs_err cs_batch_decode(struct cs_view text, const struct cs_batch_limits *limits,
                            struct cs_batch_store *store, struct cs_batch *ret_batch,
                            struct cs_diag *diag)
{
    struct decoder decoder = {.store = store};
    struct cs_batch batch = {0};
    enum cs_err err;

    decoder.limits.max_records =
        limits && limits->max_records ? limits->max_records : DEFAULT_MAX_RECORDS;
    decoder.limits.max_headers =
        limits && limits->max_headers ? limits->max_headers : DEFAULT_MAX_HEADERS;
    decoder.limits.lenient = limits && limits->lenient;
    decoder.limits.is_utf8 = limits && limits->is_utf8;
    cs_buf_clear(&store->text);
    store->text.max = text.len > store->text.max ? text.len : store->text.max;
    if (decoder.limits.is_utf8) {
        cs_json_init_utf8(&decoder.json, text);
    } else {
        cs_json_init(&decoder.json, text);
    }
    err = read_batch(&decoder, &batch);
    if (err) {
        return report(&decoder, err, diag);
    }
    finish_records(&decoder);
    batch.records = store->records;
    batch.n_records = decoder.n_records;
    batch.n_left_out = decoder.n_left_out;
    *ret_batch = batch;
    return CS_OK;
}

enum cs_err cs_position_decode(struct cs_view text, struct cs_position *ret_position,
                               struct cs_diag *diag)
{
    struct decoder decoder = {0};
    struct cs_position position;
    enum cs_err err;

    cs_json_init(&decoder.json, text);
    if ((err = read_position(&decoder, &position)) || (err = next(&decoder))) {
        return report(&decoder, err, diag);
    }
    *ret_position = position;
    return CS_OK;
}

void cs_batch_store_free(struct cs_batch_store *store)
{
    free(store->records);
    free(store->headers);
    cs_buf_free(&store->text);
    *store = (struct cs_batch_store){0};
}
