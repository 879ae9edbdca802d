/* What must hold between this batch reader and jansson, and between its strict and its lenient
 * reading of one text. */
#ifndef CHATSPEC_FUZZ_BATCH_ORACLE_H
#define CHATSPEC_FUZZ_BATCH_ORACLE_H

#include <jansson.h>

#include "fuzz/differences.h"
#include "fuzz/reader_oracle.h"

static inline bool fuzz_same_string(const json_t *value, struct cs_view text)
{
    return json_is_string(value) &&
           cs_view_eq(cs_view_of(json_string_value(value), json_string_length(value)), text);
}

static inline void fuzz_same_record(const json_t *read, const struct cs_record *record)
{
    const json_t *headers = json_object_get(read, "headers");

    FUZZ_CHECK((uint64_t)json_integer_value(json_object_get(read, "seq_num")) == record->seq_num);
    FUZZ_CHECK(record->has_body == (json_object_get(read, "body") != NULL));
    FUZZ_CHECK(!record->has_body || fuzz_same_string(json_object_get(read, "body"), record->body));
    FUZZ_CHECK(json_array_size(headers) == record->n_headers);
    for (size_t i = 0; i < record->n_headers; i++) {
        const json_t *pair = json_array_get(headers, i);

        FUZZ_CHECK(fuzz_same_string(json_array_get(pair, 0), record->headers[i].name));
        FUZZ_CHECK(fuzz_same_string(json_array_get(pair, 1), record->headers[i].value));
    }
}

/* The same text as jansson reads it. `err` is what the strict reader said. */
static inline void fuzz_batch_as_jansson(struct cs_view text, enum cs_err err,
                                         const struct cs_batch *batch)
{
    json_error_t why;
    json_t *read =
        json_loadb(text.len > 0 ? text.ptr : "", text.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);

    if (err == CS_ERR_SYNTAX) {
        FUZZ_CHECK(read == NULL || fuzz_differs(FUZZ_JANSSON, FUZZ_TAKES, fuzz_text_traits(text)));
    } else if (err != CS_ERR_LIMIT) {
        FUZZ_CHECK(read != NULL ||
                   fuzz_differs(FUZZ_JANSSON, FUZZ_REFUSES, fuzz_text_traits(text)));
    }
    if (read != NULL && err == CS_OK) {
        const json_t *records = json_object_get(read, "records");

        FUZZ_CHECK(json_array_size(records) == batch->n_records);
        for (size_t i = 0; i < batch->n_records; i++) {
            fuzz_same_record(json_array_get(records, i), &batch->records[i]);
        }
    }
    json_decref(read);
}

#endif
