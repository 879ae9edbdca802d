/* Large payloads: long records, long batches, long lists. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

#define NEARLY_MIB 1047400
#define COMPLETE   "turn-complete session-in-event-id=0"

/* ---- what must have come ---- */

/* The text that LONG writes. */
static void check_long(struct cs_case_run *run, const char *text, size_t size)
{
    size_t len = strlen(text);
    cs_case_check(run, len == size, "a text of %zu bytes arrived with %zu", size, len);
    for (size_t i = 0; i < size; i++) {
        cs_case_check(run, text[i] == (char)('a' + i % 26), "byte %zu of a long text is wrong", i);
    }
}

static void check_all_long(struct ck *ck, struct cs_case_run *run, int stream, size_t n)
{
    size_t count = 0;
    const cJSON *chunk;
    for (size_t at = 0; (chunk = ck_sub_next_chunk(ck, stream, &at)); count++) {
        check_long(run, ck_sub_delta(chunk), NEARLY_MIB);
    }
    cs_case_check(run, count == n, "%zu of %zu long records were delivered", count, n);
}

/* The records that MANY 0 n writes, each once and in order. */
static void check_numbers(struct ck *ck, struct cs_case_run *run, int stream, size_t n)
{
    size_t count = 0;
    const cJSON *chunk;
    for (size_t at = 0; (chunk = ck_sub_next_chunk(ck, stream, &at)); count++) {
        char expected[24];
        snprintf(expected, sizeof expected, "%zu", count);
        cs_case_check(run, strcmp(ck_sub_delta(chunk), expected) == 0,
                      "record %zu is delivered in the place of record %s", (size_t)count,
                      ck_sub_delta(chunk));
    }
    cs_case_check(run, count == n, "%zu of %zu records were delivered", count, n);
}

/* One turn with these items, to its end. */
static int turn(struct ck *ck, const char *items)
{
    ck_sub_heavy(ck);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{%s}\n", items);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    return stream;
}

/* The same items on a bare subscription. */
static int subscription(struct ck *ck, const char *items)
{
    ck_sub_heavy(ck);
    ck_script(ck, "out#1: OUT{%s | EOF}\n", items);
    ck_sub_open(ck, "{}");
    int stream = ck_sub_read(ck);
    ck_wait_end(ck, stream);
    return stream;
}

/* ---- long records ---- */

static void long_record(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = turn(ck, "LONG 0 1047400; C 1 " COMPLETE);
    check_all_long(ck, run, stream, 1);
    ck_expect_counts(ck, 1, 1);
}

#define EIGHT                                                                                \
    "[LONG 0 1047400; LONG 1 1047400; LONG 2 1047400; LONG 3 1047400; LONG 4 1047400; LONG " \
    "5 1047400; LONG 6 1047400; LONG 7 1047400]"

static void long_batch(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = turn(ck, EIGHT "; C 8 " COMPLETE);
    check_all_long(ck, run, stream, 8);
    ck_expect_counts(ck, 1, 1);
}

static void long_batch_of_subscription(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    check_all_long(ck, run, subscription(ck, EIGHT), 8);
}

/* ---- many records ---- */

static void many_records(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    check_numbers(ck, run, turn(ck, "[MANY 0 10000; C 10000 " COMPLETE "]"), 10000);
    ck_expect_counts(ck, 1, 1);
}

static void many_records_of_subscription(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    check_numbers(ck, run, subscription(ck, "MANY 0 20000"), 20000);
}

static void reset_after_many(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{MANY 0 2000; AWAIT seen | RST}\n"
                  "out#2: OUT{[MANY 2000 1000; C 3000 " COMPLETE "]}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_wait_end(ck, stream);
    check_numbers(ck, run, stream, 3000);
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID", "1999");
}

/* ---- odd shapes ---- */

#define LEVELS  5000
#define HEADERS 5000

/* Delivered or not, the client lives on and what follows comes. */
static void deep_chunk(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    struct cs_buf deep = CS_BUF((size_t)1 << 20);
    cs_buf_str(&deep, "T 0 one; RAW \"event: batch\\ndata: {\\\"records\\\":[{\\\"seq_num\\\":1,"
                      "\\\"timestamp\\\":1767225600001,\\\"body\\\":\\\"{\\\\\\\"data\\\\\\\":");
    for (unsigned i = 0; i < LEVELS; i++) {
        cs_buf_char(&deep, '[');
    }
    for (unsigned i = 0; i < LEVELS; i++) {
        cs_buf_char(&deep, ']');
    }
    cs_buf_str(&deep,
               ",\\\\\\\"id\\\\\\\":\\\\\\\"r1\\\\\\\"}\\\"}]}\\n\\n\"; T 2 two; C 3 " COMPLETE);
    cs_buf_char(&deep, '\0');
    const char *items = ck_text(ck, "%s", deep.ptr);
    cs_buf_free(&deep);
    int stream = turn(ck, items);
    ck_expect_texts(ck, stream, "one two");
}

static void many_headers(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    struct cs_buf list = CS_BUF((size_t)1 << 20);
    cs_buf_str(&list, "REC {\"seq_num\":0,\"timestamp\":1767225600000,\"headers\":[[\"x\",\"y\"]");
    for (unsigned i = 0; i < HEADERS; i++) {
        cs_buf_printf(&list, ",[\"x-%u\",\"%u\"]", i, i);
    }
    cs_buf_str(&list, "],\"body\":\"{\\\"data\\\":{\\\"type\\\":\\\"text-delta\\\","
                      "\\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"one\\\"},\\\"id\\\":\\\"r0\\\"}\"};"
                      "T 1 two; C 2 " COMPLETE);
    cs_buf_char(&list, '\0');
    const char *items = ck_text(ck, "%s", list.ptr);
    cs_buf_free(&list);
    ck_expect_deltas(ck, turn(ck, items), "one two");
}

/* ---- memory ---- */

#define MIB (1024.0 * 1024)

/* One event of 20 MiB, twice, so that what a first one warms up does not count. */
static void memory_returns(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open(ck, NULL);
    (void)ck_sub_memory(ck); /* before anything else, so that it is known whether it is told */
    ck_sub_heavy(ck);
    double held[2];
    for (unsigned i = 0; i < 2; i++) {
        unsigned n = i * 5;
        ck_script(ck,
                  "out#%u: OUT{[LONG %u 5242880; LONG %u 5242880; LONG %u 5242880;"
                  "LONG %u 5242880; C %u turn-complete]}\n",
                  i + 1, n, n + 1, n + 2, n + 3, n + 4);
        int stream = ck_send(ck, i == 0 ? "first" : "second");
        ck_wait_end(ck, stream);
        size_t count = ck_sub_count(ck, stream);
        cs_case_check(run, count == 4, "%zu of 4 chunks were delivered", count);
        held[i] = ck_sub_memory(ck);
    }
    double grown = (held[1] - held[0]) / MIB;
    cs_case_observe(run, "growth is less than the event", "%s", grown < 20 ? "yes" : "no");
    cs_case_check(run, grown < 20, "after an event of 20 MiB the client holds %.0f MiB more",
                  grown);
}

const struct cs_case client_large_cases[] = {
    {.id = "client/large/record",
     .title = "a record of nearly a MiB is decoded",
     .requirements = "CLP-05",
     .run = long_record},
    {.id = "client/large/batch",
     .title = "a batch of eight such records is decoded",
     .requirements = "CLP-05 CLP-06",
     .run = long_batch},
    {.id = "client/large/batch-of-subscription",
     .title = "a bare subscription decodes a batch of eight such records",
     .requirements = "CLP-05 CLP-06",
     .run = long_batch_of_subscription},
    {.id = "client/large/many-records",
     .title = "ten thousand records in a batch are delivered in order",
     .requirements = "CLP-07",
     .level = CS_SHOULD,
     .run = many_records},
    {.id = "client/large/many-records-of-subscription",
     .title = "a bare subscription delivers twenty thousand records of a batch in order",
     .requirements = "CLP-07",
     .level = CS_SHOULD,
     .run = many_records_of_subscription},
    {.id = "client/large/reset-after-many",
     .title = "a reset right after a batch of two thousand records loses none",
     .requirements = "CLP-08",
     .level = CS_SHOULD,
     .run = reset_after_many},
    {.id = "client/large/deep-chunk",
     .title = "a chunk nested thousands of levels deep does not end the client",
     .requirements = "CLP-12",
     .level = CS_SHOULD,
     .run = deep_chunk},
    {.id = "client/large/many-headers",
     .title = "a record with thousands of headers is delivered",
     .requirements = "CLP-13",
     .level = CS_SHOULD,
     .run = many_headers},
    {.id = "client/large/memory-returns",
     .title = "what an event of 20 MiB took is given back",
     .requirements = "CLP-11",
     .level = CS_SHOULD,
     .run = memory_returns},
    {0},
};
