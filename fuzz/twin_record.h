/* One record of a twin: its members in any order, its kind by its headers, its body. */
#ifndef CHATSPEC_FUZZ_TWIN_RECORD_H
#define CHATSPEC_FUZZ_TWIN_RECORD_H

#include "fuzz/twin_json.h"

/* What a reader must say of it. */
struct twin_record {
    uint64_t seq_num;
    int64_t timestamp;
    enum cs_record_kind kind;
    bool left_out;
    bool has_timestamp;
    bool has_headers;
    bool has_body;
    struct cs_buf headers; /* |name=value... */
    struct cs_buf body;
};

static inline void twin_seq_num(struct twin *twin, struct twin_record *record)
{
    static const struct {
        enum twin_defect defect;
        enum cs_err fault;
        size_t ahead;
        enum twin_cost cost;
        const char *text;
    } wrong[] = {
        {TWIN_SEQ_TEXT, CS_ERR_TYPE, 0, TWIN_COSTS_PART, "\"7\""},
        {TWIN_SEQ_FRACTION, CS_ERR_TYPE, 0, TWIN_COSTS_PART, "7.0"},
        {TWIN_SEQ_NEGATIVE, CS_ERR_RANGE, 0, TWIN_COSTS_PART, "-7"},
        {TWIN_SEQ_OVER_64_BITS, CS_ERR_RANGE, 0, TWIN_COSTS_PART, "18446744073709551616"},
        {TWIN_SEQ_LEADING_ZERO, CS_ERR_SYNTAX, 1, TWIN_COSTS_BATCH, "07"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (twin_breaks_here(twin, wrong[i].defect, wrong[i].fault, wrong[i].ahead,
                             wrong[i].cost)) {
            record->left_out = true;
            twin_token(twin, wrong[i].text);
            return;
        }
    }
    twin_number(twin, record->seq_num);
}

static inline void twin_timestamp(struct twin *twin, struct twin_record *record)
{
    static const int64_t times[] = {0,         1,         1700000000000,   -1,
                                    INT64_MAX, INT64_MIN, 9007199254740993};

    record->has_timestamp = true;
    record->timestamp = times[twin_choose(twin, sizeof(times) / sizeof(times[0]))];
    if (twin_breaks_here(twin, TWIN_TIMESTAMP_TEXT, CS_ERR_TYPE, 0, TWIN_COSTS_PART)) {
        twin_token(twin, "\"now\"");
        record->has_timestamp = false;
    } else if (twin_breaks_here(twin, TWIN_TIMESTAMP_OVER_63_BITS, CS_ERR_RANGE, 0,
                                TWIN_COSTS_PART)) {
        twin_token(twin, "9223372036854775808");
        record->has_timestamp = false;
    } else {
        twin_time(twin, record->timestamp);
    }
    record->timestamp = record->has_timestamp ? record->timestamp : 0;
}

/* A header that is none; false when it was not asked for. */
static inline bool twin_wrong_header(struct twin *twin)
{
    static const struct {
        enum twin_defect defect;
        size_t ahead;
        const char *text;
    } wrong[] = {
        {TWIN_HEADER_TEXT, 0, "\"trigger-control\""},
        {TWIN_HEADER_OF_ONE, 18, "[\"trigger-control\"]"},
        {TWIN_HEADER_OF_THREE, 8, "[\"\",\"a\",\"b\"]"},
        {TWIN_HEADER_NAME_NULL, 1, "[null,\"trim\"]"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (twin_breaks_here(twin, wrong[i].defect, CS_ERR_TYPE, wrong[i].ahead, TWIN_COSTS_PART)) {
            cs_buf_str(&twin->data, wrong[i].text);
            return true;
        }
    }
    return false;
}

static inline void twin_header(struct twin *twin, struct twin_record *record, bool *first,
                               struct cs_view name, struct cs_view value)
{
    if (!*first) {
        twin_token(twin, ",");
    }
    *first = false;
    if (twin_wrong_header(twin)) {
        twin_space(twin);
        twin_token(twin, ",");
    }
    if (twin->limits.batch.max_headers && twin->n_headers == twin->limits.batch.max_headers) {
        twin_fault(twin, CS_ERR_LIMIT, twin->data.len);
        twin->broken = true;
    }
    twin->n_headers++;
    twin_token(twin, "[");
    twin_data_string(twin, name);
    twin_token(twin, ",");
    twin_data_string(twin, value);
    twin_token(twin, "]");
    cs_buf_char(&record->headers, '|');
    cs_buf_add(&record->headers, name);
    cs_buf_char(&record->headers, '=');
    cs_buf_add(&record->headers, value);
}

/* Headers that make no record anything but data, as long as an empty name does not come first. */
static inline void twin_plain_headers(struct twin *twin, struct twin_record *record, bool *first)
{
    static const char *const names[] = {
        "Trigger-Control", "trigger-control ", "trigger-contro", "x", "trigger-controls", ""};
    struct cs_buf value = CS_BUF(FUZZ_BUF_MAX);

    for (size_t n = twin_choose(twin, 3); n > 0; n--) {
        size_t choice = twin_choose(twin, sizeof(names) / sizeof(names[0]) - *first);

        cs_buf_clear(&value);
        twin_text(twin, &value, 6);
        twin_header(twin, record, first, cs_view_str(names[choice]), cs_buf_view(&value));
    }
    cs_buf_free(&value);
}

static inline void twin_headers(struct twin *twin, struct twin_record *record)
{
    static const char *const controls[] = {"turn-complete", "upgrade-required", "", "data"};
    bool first = true;

    record->has_headers = true;
    if (twin_breaks_here(twin, TWIN_HEADERS_OBJECT, CS_ERR_TYPE, 0, TWIN_COSTS_PART)) {
        record->kind = CS_RECORD_DATA;
        twin_token(twin, "{\"trigger-control\":\"turn-complete\"}");
        return;
    }
    twin_token(twin, "[");
    if (record->kind == CS_RECORD_COMMAND) {
        twin_header(twin, record, &first, CS_VIEW(""),
                    twin_choose(twin, 2) ? CS_VIEW("fence") : CS_VIEW("trim"));
    }
    twin_plain_headers(twin, record, &first);
    if (record->kind == CS_RECORD_CONTROL ||
        (record->kind == CS_RECORD_COMMAND && twin_choose(twin, 2))) {
        twin_header(twin, record, &first, CS_VIEW("trigger-control"),
                    cs_view_str(controls[twin_choose(twin, 4)]));
        twin_plain_headers(twin, record, &first);
    }
    twin_token(twin, "]");
}

/* An envelope around a chunk whose type says what only a header can say, or any text. */
static inline void twin_body(struct twin *twin, struct twin_record *record)
{
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);

    record->has_body = true;
    if (twin_breaks_here(twin, TWIN_BODY_NUMBER, CS_ERR_TYPE, 0, TWIN_COSTS_PART)) {
        twin_token(twin, "7");
        record->has_body = false;
        return;
    }
    if (twin_choose(twin, 2)) {
        cs_buf_str(&record->body, "{\"data\":{\"type\":\"trigger:turn-complete\",\"delta\":");
        twin_text(twin, &text, 24);
        twin_string(twin, &record->body, cs_buf_view(&text));
        cs_buf_str(&record->body, "},\"id\":\"part\"}");
    } else {
        twin_text(twin, &record->body, 24);
    }
    twin_data_string(twin, cs_buf_view(&record->body));
    cs_buf_free(&text);
}

static inline void twin_member(struct twin *twin, struct twin_record *record, size_t which,
                               bool *first)
{
    if (which == 0) {
        if (twin_breaks(twin, TWIN_SEQ_MISSING)) {
            record->left_out = true;
        } else {
            twin_key(twin, first, "seq_num");
            twin_seq_num(twin, record);
        }
    } else if (which == 1 && twin_choose(twin, 4) != 1) {
        if (twin_choose(twin, 6) == 1) { /* the last of two counts */
            twin_key(twin, first, "timestamp");
            twin_token(twin, "77");
        }
        twin_key(twin, first, "timestamp");
        twin_timestamp(twin, record);
    } else if (which == 2 && (record->kind != CS_RECORD_DATA || twin_choose(twin, 3))) {
        twin_key(twin, first, "headers");
        twin_headers(twin, record);
    } else if (which == 3 && twin_choose(twin, 5) != 1) {
        if (twin_choose(twin, 6) == 1) {
            twin_key(twin, first, "body");
            twin_token(twin, "\"an earlier body\"");
        }
        twin_key(twin, first, "body");
        twin_body(twin, record);
    }
    twin_unknown(twin, first);
}

static inline void twin_record_log(struct twin *twin, const struct twin_record *record)
{
    const struct cs_record told = {.seq_num = record->seq_num,
                                   .timestamp = record->timestamp,
                                   .kind = record->kind,
                                   .has_timestamp = record->has_timestamp,
                                   .has_headers = record->has_headers,
                                   .has_body = record->has_body};

    twin_log_record(&twin->records, twin->n_records++, &told);
    cs_buf_add(&twin->records, cs_buf_view(&record->headers));
    cs_buf_char(&twin->records, '|');
    if (record->has_body) {
        cs_buf_add(&twin->records, cs_buf_view(&record->body));
    }
    cs_buf_char(&twin->records, '\n');
    if (!twin->has_batch_cursor || record->seq_num > twin->batch_cursor) {
        twin->has_batch_cursor = true;
        twin->batch_cursor = record->seq_num;
    }
}

static inline uint64_t twin_next_number(struct twin *twin)
{
    static const uint64_t numbers[] = {0, 9007199254740993, INT64_MAX, UINT64_MAX};
    size_t choice = twin_choose(twin, 16);

    if (choice >= 12) {
        twin->next_seq = numbers[choice - 12];
    }
    return twin->next_seq++;
}

static inline void twin_write_record(struct twin *twin)
{
    struct twin_record record = {.headers = CS_BUF(FUZZ_BUF_MAX), .body = CS_BUF(FUZZ_BUF_MAX)};
    size_t start = twin->data.len;
    size_t shift = twin_choose(twin, 4);
    bool first = true;

    if (twin->limits.batch.max_records && twin->n_records == twin->limits.batch.max_records) {
        twin_fault(twin, CS_ERR_LIMIT, start);
        twin->broken = true;
    }
    record.seq_num = twin_next_number(twin);
    record.kind = (enum cs_record_kind)twin_choose(twin, 3);
    twin_token(twin, "{");
    for (size_t i = 0; i < 4; i++) {
        twin_member(twin, &record, (i + shift) % 4, &first);
    }
    if (twin_breaks_here(twin, TWIN_COMMA_TOO_MANY, CS_ERR_SYNTAX, 1, TWIN_COSTS_BATCH)) {
        cs_buf_char(&twin->data, ',');
    }
    cs_buf_char(&twin->data, '}');
    twin_space(twin);
    if (record.left_out && !twin->lenient && twin->defect == TWIN_SEQ_MISSING) {
        twin_fault(twin, CS_ERR_MISSING, start);
    }
    if (!record.left_out) {
        twin_record_log(twin, &record);
    }
    cs_buf_free(&record.headers);
    cs_buf_free(&record.body);
}

#endif
