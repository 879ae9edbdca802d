/* The last records of a stream, without waiting: a read at tail - n, and another from where that
 * one ended for as long as it may be that there is more. 416 says that the end is reached. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store_log.h"
#include "endpoint/store/store_s2_impl.h"
#include "wire/json.h"

/* One answer: 1 MiB metered, as JSON in base64, with room for its numbers. */
#define ANSWER_MAX   ((size_t)8 << 20)
#define ALL_TEXT_MAX ((uint64_t)64 << 20) /* of all records together */

struct cs_s2_last {
    struct cs_s2 *s2;
    TAILQ_ENTRY(cs_s2_last) link;
    struct cs_loop_request *request;
    struct cs_buf answer;
    struct cs_batch_store decoded;
    struct cs_record *copies[CS_BATCH_MAX_RECORDS];
    size_t n; /* so far */
    size_t wanted;
    uint64_t size; /* of them */
    void (*done)(void *ctx, enum cs_store_status status, const struct cs_record *records,
                 size_t n_records, struct cs_position tail);
    void *ctx;
    struct cs_view name; /* in the same block */
};

static void last_free(struct cs_s2_last *last)
{
    if (last->request != NULL) {
        cs_loop_request_cancel(last->request);
    }
    for (size_t i = 0; i < last->n; i++) {
        free(last->copies[i]);
    }
    TAILQ_REMOVE(&last->s2->lasts, last, link);
    cs_batch_store_free(&last->decoded);
    cs_buf_free(&last->answer);
    free(last);
}

/* The records side by side, in the store's own array. */
static void finish(struct cs_s2_last *last, enum cs_store_status status, struct cs_position tail)
{
    struct cs_s2 *s2 = last->s2;
    size_t n = status == CS_STORE_OK ? last->n : 0;
    for (size_t i = 0; i < n; i++) {
        s2->batch.records[i] = *last->copies[i];
    }
    last->done(last->ctx, status, s2->batch.records, n, tail);
    last_free(last);
}

static void fail(struct cs_s2_last *last, enum cs_store_status status)
{
    finish(last, status, (struct cs_position){0});
}

static struct cs_position tail_behind(const struct cs_s2_last *last)
{
    if (last->n == 0) {
        return (struct cs_position){0};
    }
    const struct cs_record *record = last->copies[last->n - 1];
    return (struct cs_position){record->seq_num + 1, record->timestamp};
}

/* {"records":[...]}, with a tail when S2 knows it. False when it is nothing of that kind. */
static bool take_answer(struct cs_s2_last *last, struct cs_batch *ret_batch)
{
    struct cs_s2 *s2 = last->s2;
    if (cs_batch_decode(cs_buf_view(&last->answer), NULL, &last->decoded, ret_batch, NULL) !=
            CS_OK ||
        ret_batch->n_records > last->wanted - last->n ||
        cs_s2_take_records(&s2->batch, ret_batch) != CS_OK) {
        return false;
    }
    for (size_t i = 0; i < s2->batch.n_records; i++) {
        const struct cs_record *record = &s2->batch.records[i];
        last->size += cs_record_metered(record->headers, record->n_headers, record->body.len);
        struct cs_record *copy = last->size <= ALL_TEXT_MAX ? cs_log_copy(record) : NULL;
        if (copy == NULL) {
            return false;
        }
        copy->seq_num = record->seq_num;
        copy->timestamp = record->timestamp;
        last->copies[last->n++] = copy;
    }
    return true;
}

/* 416: {"tail":{...}} */
static void finish_at_end(struct cs_s2_last *last)
{
    struct cs_view text;
    struct cs_position tail;
    if (cs_json_check(cs_buf_view(&last->answer), NULL) == CS_OK &&
        cs_json_get(cs_buf_view(&last->answer), CS_VIEW("tail"), &text) == CS_OK &&
        cs_position_decode(text, &tail, NULL) == CS_OK) {
        finish(last, CS_STORE_OK, tail);
    } else {
        fail(last, CS_STORE_UNAVAILABLE);
    }
}

static bool ask(struct cs_s2_last *last);

/* An answer with records came: it is the end, or there is more to ask for. */
static void go_on(struct cs_s2_last *last)
{
    struct cs_batch batch = {0};
    bool good = take_answer(last, &batch);
    if (good && (batch.has_tail || batch.n_records == 0 || last->n == last->wanted)) {
        finish(last, CS_STORE_OK, batch.has_tail ? batch.tail : tail_behind(last));
    } else if (!good || !ask(last)) {
        fail(last, CS_STORE_UNAVAILABLE);
    }
}

static void on_end(void *ctx, enum cs_err err, int status, const char *why)
{
    (void)why;
    struct cs_s2_last *last = ctx;
    last->request = NULL;
    if (err != CS_OK || cs_buf_error(&last->answer) != CS_OK) {
        fail(last, CS_STORE_UNAVAILABLE);
    } else if (status == 416) {
        finish_at_end(last);
    } else if (status != 200) {
        fail(last, cs_s2_status(status));
    } else {
        go_on(last);
    }
}

static bool on_body(void *ctx, struct cs_view bytes)
{
    struct cs_s2_last *last = ctx;
    cs_buf_add(&last->answer, bytes); /* too much of it shows as a failure of the buffer */
    return true;
}

static bool ask(struct cs_s2_last *last)
{
    char query[128];
    size_t left = last->wanted - last->n;
    if (last->n == 0) {
        snprintf(query, sizeof(query), "?tail_offset=%zu&count=%zu&wait=0&clamp=true", left, left);
    } else {
        snprintf(query, sizeof(query), "?seq_num=%" PRIu64 "&count=%zu&wait=0&clamp=true",
                 last->copies[last->n - 1]->seq_num + 1, left);
    }
    struct cs_loop_http_request how = {.timeout_ms = last->s2->patience_ms};
    const struct cs_loop_http_hooks hooks = {.on_body = on_body, .on_end = on_end, .ctx = last};
    cs_buf_clear(&last->answer);
    last->request =
        cs_s2_request(last->s2, last->name, query, "Accept: application/json", &how, &hooks);
    return last->request != NULL;
}

void cs_s2_last(struct cs_store *store, struct cs_view stream, size_t n,
                void (*done)(void *ctx, enum cs_store_status status,
                             const struct cs_record *records, size_t n_records,
                             struct cs_position tail),
                void *ctx)
{
    struct cs_s2 *s2 = cs_s2_of(store);
    struct cs_s2_last *last = calloc(1, sizeof(*last) + stream.len);
    if (last == NULL) {
        done(ctx, CS_STORE_UNAVAILABLE, NULL, 0, (struct cs_position){0});
        return;
    }
    if (stream.len > 0) {
        memcpy(last + 1, stream.ptr, stream.len);
    }
    last->name = cs_view_of((const char *)(last + 1), stream.len);
    last->s2 = s2;
    last->answer = CS_BUF(ANSWER_MAX);
    last->wanted = n < 1 ? 1 : n < CS_BATCH_MAX_RECORDS ? n : CS_BATCH_MAX_RECORDS;
    last->done = done;
    last->ctx = ctx;
    TAILQ_INSERT_HEAD(&s2->lasts, last, link);
    if (!ask(last)) {
        fail(last, CS_STORE_UNAVAILABLE);
    }
}

void cs_s2_lasts_free(struct cs_s2 *s2)
{
    while (!TAILQ_EMPTY(&s2->lasts)) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): fail takes it out of the list */
        fail(TAILQ_FIRST(&s2->lasts), CS_STORE_UNAVAILABLE);
    }
}
