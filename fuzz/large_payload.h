/* Payloads of MiB from inputs of a few bytes: what is described is built by cJSON, which knows
 * nothing of our escaping, batches or limits.
 *
 * A group of equal records is 5 letters: how many (0: 1; from 24 on from four below the
 * reader's limit to three above it: 996 to 1003, or 4 to 11 where it is scaled down), their kind
 * (0: data, 1: control, 2: with a header of another name), two for the size of a body, and what it
 * repeats. The size is the first letter shifted by the second; from 24 on the body is such that the
 * record weighs 1 MiB, give or take up to 16.
 */
#ifndef CHATSPEC_FUZZ_LARGE_PAYLOAD_H
#define CHATSPEC_FUZZ_LARGE_PAYLOAD_H

#include <cjson/cJSON.h>

#include "fuzz/append_oracle.h"
#include "wire/append.h"

enum {
    LARGE_GROUPS_MAX = 6,
    LARGE_RECORDS_MAX = 1100
};
#define LARGE_MAX  ((size_t)7 * 1024 * 1024)
#define SMALL_MAX  ((size_t)128 * 1024)
#define SCALED_MAX ((size_t)8 * 1024) /* with limits that are scaled down too */

struct large_group {
    struct cs_buf body;     /* what a client would append */
    struct cs_buf envelope; /* what the server makes of it */
    struct cs_header header;
    size_t n_headers;
};

struct large_payload {
    struct large_group groups[LARGE_GROUPS_MAX];
    size_t n_groups;
    uint8_t group_of[LARGE_RECORDS_MAX]; /* the records in their order */
    size_t n_records;
    size_t max;           /* about as long as the batch may become */
    size_t max_records;   /* what the reader takes */
    size_t estimate;      /* of the batch's length */
    char *text;           /* JSON of cJSON's */
    struct cs_view batch; /* the same */
};

static const char *const large_patterns[] = {
    "a",
    "\"",
    "\\",
    "\x01",
    "\n",
    "\x7f",
    "\xc3\xa9",
    "\xf0\x9f\x98\x80",
    "\xe2\x80\xa8",
    "{\"data\":\"",
    "\"]}\\",
    "\\u0000",
    "\r\n\r\n",
    "data: [DONE]\n\n",
    "trigger-control",
};

#define LARGE_PART_ID CS_VIEW("p\"1")

/* `pattern` again and again, as often as it fits, and then letters. */
static inline void large_fill(struct cs_buf *out, struct cs_view pattern, size_t n,
                              size_t n_letters)
{
    char *at = cs_buf_reserve(out, n * pattern.len + n_letters);

    FUZZ_CHECK(at != NULL);
    for (size_t i = 0; i < n; i++) {
        memcpy(at, pattern.ptr, pattern.len);
        at += pattern.len;
    }
    memset(at, 'x', n_letters);
    out->len += n * pattern.len + n_letters;
}

static inline void large_body(struct cs_view *input, size_t max, struct cs_buf *out)
{
    size_t mantissa = fuzz_number(input);
    size_t exponent = fuzz_number(input);
    size_t n_patterns = sizeof(large_patterns) / sizeof(large_patterns[0]);
    struct cs_view pattern = cs_view_str(large_patterns[fuzz_number(input) % n_patterns]);
    size_t each = fuzz_append_weight(pattern, CS_VIEW("")) - 27; /* escaped */
    size_t size = mantissa << (exponent % 19);

    FUZZ_CHECK(each > 0 && pattern.len > 0);
    size = size < max / each ? size : max / each;
    if (exponent < 24) {
        large_fill(out, pattern, size / pattern.len, size % pattern.len);
        return;
    }
    if (max == SCALED_MAX) {
        large_fill(out, pattern, max / each, mantissa);
        return;
    }
    size = CS_RECORD_MAX_METERED - fuzz_append_weight(CS_VIEW(""), LARGE_PART_ID) - 16 + mantissa;
    large_fill(out, pattern, size / each, size % each);
}

/* {"data":"...","id":"..."} as cJSON writes it. */
static inline void large_envelope(struct cs_view body, struct cs_buf *out)
{
    cJSON *json = cJSON_CreateObject();
    struct cs_buf copy = CS_BUF(FUZZ_BUF_MAX);
    char *text;

    cs_buf_add(&copy, body);
    cs_buf_char(&copy, '\0');
    FUZZ_CHECK(cs_buf_error(&copy) == CS_OK);
    FUZZ_CHECK(cJSON_AddStringToObject(json, "data", copy.ptr));
    FUZZ_CHECK(cJSON_AddStringToObject(json, "id", LARGE_PART_ID.ptr));
    text = cJSON_PrintUnformatted(json);
    FUZZ_CHECK(text != NULL);
    cs_buf_append(out, text, strlen(text) + 1); /* a string for large_record */
    out->len--;
    cJSON_free(text);
    cJSON_Delete(json);
    cs_buf_free(&copy);
}

/* One group from the input; false when the payload is large enough. */
static inline bool large_add_group(struct large_payload *payload, struct cs_view *input)
{
    struct large_group *group = &payload->groups[payload->n_groups];
    size_t count = fuzz_number(input);
    size_t kind = fuzz_number(input) % 3;

    *group = (struct large_group){
        .body = CS_BUF(FUZZ_BUF_MAX), .envelope = CS_BUF(FUZZ_BUF_MAX), .n_headers = kind > 0};
    group->header.name = kind == 1 ? CS_VIEW("trigger-control") : CS_VIEW("h");
    group->header.value = CS_VIEW("turn-complete");
    large_body(input, payload->max, &group->body);
    large_envelope(cs_buf_view(&group->body), &group->envelope);
    count = count == 0 ? 1 : count < 24 ? count : payload->max_records - 4 + (count - 24);
    for (size_t i = 0;
         i < count && payload->n_records < LARGE_RECORDS_MAX && payload->estimate < payload->max;
         i++) {
        payload->estimate += group->envelope.len + 64;
        payload->group_of[payload->n_records++] = (uint8_t)payload->n_groups;
    }
    payload->n_groups++;
    return payload->n_groups < LARGE_GROUPS_MAX && payload->estimate < payload->max;
}

static inline cJSON *large_record(const struct large_payload *payload, size_t seq_num)
{
    const struct large_group *group = &payload->groups[payload->group_of[seq_num]];
    cJSON *json = cJSON_CreateObject();

    FUZZ_CHECK(cJSON_AddNumberToObject(json, "seq_num", (double)seq_num));
    FUZZ_CHECK(cJSON_AddNumberToObject(json, "timestamp", 7));
    if (group->n_headers > 0) {
        const char *pair[] = {group->header.name.ptr, group->header.value.ptr};
        cJSON *headers = cJSON_AddArrayToObject(json, "headers");

        FUZZ_CHECK(cJSON_AddItemToArray(headers, cJSON_CreateStringArray(pair, 2)));
    }
    /* The envelope ends in NUL: large_envelope made it from a string. */
    FUZZ_CHECK(cJSON_AddStringToObject(json, "body", group->envelope.ptr));
    return json;
}

/* All records as the JSON text of one batch. */
static inline void large_batch(struct large_payload *payload)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *records = cJSON_AddArrayToObject(json, "records");

    for (size_t i = 0; i < payload->n_records; i++) {
        FUZZ_CHECK(cJSON_AddItemToArray(records, large_record(payload, i)));
    }
    payload->text = cJSON_PrintUnformatted(json);
    FUZZ_CHECK(payload->text != NULL);
    payload->batch = cs_view_str(payload->text);
    cJSON_Delete(json);
}

static inline void large_free(struct large_payload *payload)
{
    for (size_t i = 0; i < payload->n_groups; i++) {
        cs_buf_free(&payload->groups[i].body);
        cs_buf_free(&payload->groups[i].envelope);
    }
    cJSON_free(payload->text);
}

#endif
