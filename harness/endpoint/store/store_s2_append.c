/* Appends: a queue per stream, so that they keep their order. What waits while a request is on its
 * way goes out together with the next one, as far as one batch holds it; each append of it still
 * gets the numbers of its own records. */
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

#include "endpoint/store/store_s2_impl.h"
#include "wire/json.h"

#define RECORDS_TEXT_MAX ((size_t)64 << 20) /* JSON of one append; S2 itself takes 2 MiB */
#define QUEUED_MAX       ((uint64_t)256 << 20)
#define ANSWER_MAX       ((size_t)64 * 1024)
#define BODY_MAX         ((size_t)2 << 20) /* of a request that several appends share (CHN-12) */

struct append_op {
    TAILQ_ENTRY(append_op) link;
    struct cs_buf text;      /* its records */
    struct cs_buf condition; /* members that follow them, each with a leading comma */
    size_t n_records;
    size_t metered;
    void (*done)(void *ctx, const struct cs_store_appended *result);
    void *ctx;
};
TAILQ_HEAD(append_ops, append_op);

/* Exists while the stream has appends that are not answered. */
struct cs_s2_queue {
    struct cs_view name; /* in the same block */
    struct cs_s2 *s2;
    struct append_ops waiting;
    struct append_ops sent; /* those of the request */
    struct cs_loop_request *request;
    struct cs_buf answer;
    TAILQ_ENTRY(cs_s2_queue) link;
};

static int compare_queues(const void *a, const void *b)
{
    struct cs_view x = ((const struct cs_s2_queue *)a)->name;
    struct cs_view y = ((const struct cs_s2_queue *)b)->name;
    if (x.len != y.len) {
        return x.len < y.len ? -1 : 1;
    }
    return x.len == 0 ? 0 : memcmp(x.ptr, y.ptr, x.len);
}

static void queue_free(struct cs_s2_queue *queue)
{
    tdelete(queue, &queue->s2->queues_by_name, compare_queues);
    TAILQ_REMOVE(&queue->s2->queues, queue, link);
    cs_buf_free(&queue->answer);
    free(queue);
}

static struct cs_s2_queue *queue_open(struct cs_s2 *s2, struct cs_view name)
{
    struct cs_s2_queue key = {.name = name};
    struct cs_s2_queue *const *found = tfind(&key, &s2->queues_by_name, compare_queues);
    if (found != NULL) {
        return *found;
    }
    struct cs_s2_queue *queue = calloc(1, sizeof(*queue) + name.len);
    if (queue == NULL) {
        return NULL;
    }
    if (name.len > 0) {
        memcpy(queue + 1, name.ptr, name.len);
    }
    queue->name = cs_view_of((const char *)(queue + 1), name.len);
    queue->s2 = s2;
    queue->answer = CS_BUF(ANSWER_MAX);
    TAILQ_INIT(&queue->waiting);
    TAILQ_INIT(&queue->sent);
    if (tsearch(queue, &s2->queues_by_name, compare_queues) == NULL) {
        free(queue);
        return NULL;
    }
    TAILQ_INSERT_HEAD(&s2->queues, queue, link);
    return queue;
}

static void op_free(struct cs_s2 *s2, struct append_op *op)
{
    s2->queued_bytes -= op->text.len;
    cs_buf_free(&op->text);
    cs_buf_free(&op->condition);
    free(op);
}

/* Answers the first of the list and lets go of it. */
static void answer_first(struct cs_s2 *s2, struct append_ops *ops,
                         const struct cs_store_appended *result)
{
    struct append_op *op = TAILQ_FIRST(ops);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see TAILQ_REMOVE change the head */
    void (*done)(void *ctx, const struct cs_store_appended *) = op->done;
    void *ctx = op->ctx;
    TAILQ_REMOVE(ops, op, link);
    op_free(s2, op);
    done(ctx, result);
}

static void refuse_all(struct cs_s2 *s2, struct append_ops *ops, enum cs_store_status status,
                       const char *why)
{
    const struct cs_store_appended result = {.status = status, .message = why};
    while (!TAILQ_EMPTY(ops)) {
        answer_first(s2, ops, &result);
    }
}

/* ---- what S2 answered ---- */

static enum cs_err read_position(struct cs_view object, const char *name,
                                 struct cs_position *ret_position)
{
    struct cs_view text;
    enum cs_err err = cs_json_get(object, cs_view_str(name), &text);
    return err == CS_OK ? cs_position_decode(text, ret_position, NULL) : err;
}

static bool read_ack(struct cs_view text, struct cs_store_appended *ack)
{
    return cs_json_check(text, NULL) == CS_OK &&
           read_position(text, "start", &ack->start) == CS_OK &&
           read_position(text, "end", &ack->end) == CS_OK &&
           read_position(text, "tail", &ack->tail) == CS_OK;
}

/* Each append of the request gets its share of the numbers. The times are the batch's: S2 tells no
 * others. */
static void answer_acked(struct cs_s2 *s2, struct append_ops *ops,
                         const struct cs_store_appended *ack)
{
    uint64_t seq = ack->start.seq_num;
    while (!TAILQ_EMPTY(ops)) {
        struct append_op *op = TAILQ_FIRST(ops);
        struct cs_store_appended result = *ack;
        result.start.seq_num = seq;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as in answer_first */
        seq += op->n_records;
        result.end.seq_num = seq;
        answer_first(s2, ops, &result);
    }
}

static uint64_t count_records(const struct append_ops *ops)
{
    const struct append_op *op;
    uint64_t n = 0;
    TAILQ_FOREACH(op, ops, link)
    {
        n += op->n_records;
    }
    return n;
}

/* {"seq_num_mismatch":n} or {"fencing_token_mismatch":"..."}; an append with a condition goes
 * alone. */
static void answer_condition(struct cs_s2 *s2, struct append_ops *ops, struct cs_view text)
{
    struct cs_store_appended result = {.status = CS_STORE_CONDITION,
                                       .message = "sequence number mismatch"};
    struct cs_buf token = CS_BUF(ANSWER_MAX);
    struct cs_view value;
    bool is_json = cs_json_check(text, NULL) == CS_OK;
    if (is_json && cs_json_get(text, CS_VIEW("seq_num_mismatch"), &value) == CS_OK &&
        cs_view_u64(value, &result.tail.seq_num) == CS_OK) {
        answer_first(s2, ops, &result);
    } else if (is_json && cs_json_get(text, CS_VIEW("fencing_token_mismatch"), &value) == CS_OK &&
               cs_json_string(value, &token) == CS_OK) {
        result.message = "fencing token mismatch";
        result.fencing_mismatch = true;
        result.fencing_token = cs_buf_view(&token);
        answer_first(s2, ops, &result);
    }
    cs_buf_free(&token);
    refuse_all(s2, ops, CS_STORE_UNAVAILABLE, "S2 answered 412 without a reason");
}

/* The message of {"code":...,"message":...}, for people. */
static void answer_refused(struct cs_s2 *s2, struct append_ops *ops, int status,
                           struct cs_view text)
{
    struct cs_buf message = CS_BUF(ANSWER_MAX);
    struct cs_view value;
    if (cs_json_check(text, NULL) != CS_OK ||
        cs_json_get(text, CS_VIEW("message"), &value) != CS_OK ||
        cs_json_string(value, &message) != CS_OK) {
        cs_buf_clear(&message);
        cs_buf_printf(&message, "S2 answered %d", status);
    }
    char *why = cs_buf_take(&message);
    refuse_all(s2, ops, cs_s2_status(status), why != NULL ? why : "refused");
    free(why);
}

static void answer(struct cs_s2 *s2, struct append_ops *ops, int status, struct cs_view text)
{
    struct cs_store_appended ack = {.status = CS_STORE_OK};
    if (status == 412) {
        answer_condition(s2, ops, text);
    } else if (status != 200) {
        answer_refused(s2, ops, status, text);
    } else if (!read_ack(text, &ack) || ack.end.seq_num < ack.start.seq_num ||
               ack.end.seq_num - ack.start.seq_num != count_records(ops)) {
        refuse_all(s2, ops, CS_STORE_UNAVAILABLE, "S2's answer is no ack of this append");
    } else {
        answer_acked(s2, ops, &ack);
    }
}

/* ---- requests ---- */

static bool on_body(void *ctx, struct cs_view bytes)
{
    struct cs_s2_queue *queue = ctx;
    cs_buf_add(&queue->answer, bytes); /* too much of it shows as a failure of the buffer */
    return true;
}

static void send_next(struct cs_s2_queue *queue);

static void on_end(void *ctx, enum cs_err err, int status, const char *why)
{
    struct cs_s2_queue *queue = ctx;
    struct cs_s2 *s2 = queue->s2;
    struct append_ops sent = TAILQ_HEAD_INITIALIZER(sent);
    struct append_ops lost = TAILQ_HEAD_INITIALIZER(lost);
    struct cs_buf text = queue->answer;
    if (err == CS_OK && cs_buf_error(&text) != CS_OK) {
        err = cs_buf_error(&text);
        why = "S2's answer is too large";
    }
    queue->request = NULL;
    queue->answer = CS_BUF(ANSWER_MAX);
    TAILQ_CONCAT(&sent, &queue->sent, link);
    if (err != CS_OK) {
        /* An S2 that is not there would let each of those who wait find out by itself. */
        TAILQ_CONCAT(&lost, &queue->waiting, link);
    }
    send_next(queue); /* may free it; those who are answered may ask for more */
    if (err == CS_OK) {
        answer(s2, &sent, status, cs_buf_view(&text));
    } else {
        refuse_all(s2, &sent, CS_STORE_UNAVAILABLE, why);
        refuse_all(s2, &lost, CS_STORE_UNAVAILABLE, why);
    }
    cs_buf_free(&text);
}

/* Moves what the next request holds from `waiting` to `sent`, and writes its body. */
static void gather(struct cs_s2_queue *queue, struct cs_buf *body)
{
    size_t n = 0;
    size_t metered = 0;
    struct append_op *op;
    cs_buf_str(body, "{\"records\":[");
    while ((op = TAILQ_FIRST(&queue->waiting)) != NULL) {
        bool fits = n + op->n_records <= CS_BATCH_MAX_RECORDS &&
                    metered + op->metered <= CS_RECORD_MAX_METERED &&
                    body->len + op->text.len < BODY_MAX && op->condition.len == 0;
        if (n > 0 && !fits) {
            break;
        }
        TAILQ_REMOVE(&queue->waiting, op, link);
        TAILQ_INSERT_TAIL(&queue->sent, op, link);
        cs_buf_str(body, n > 0 ? "," : "");
        cs_buf_add(body, cs_buf_view(&op->text));
        n += op->n_records;
        metered += op->metered;
        if (op->condition.len > 0) {
            break;
        }
    }
    cs_buf_char(body, ']');
    if (op != NULL && op->condition.len > 0 && op == TAILQ_LAST(&queue->sent, append_ops)) {
        cs_buf_add(body, cs_buf_view(&op->condition));
    }
    cs_buf_char(body, '}');
}

/* Sends what waits; without anything that waits the queue is freed. */
static void send_next(struct cs_s2_queue *queue)
{
    struct cs_s2 *s2 = queue->s2;
    if (TAILQ_EMPTY(&queue->waiting)) {
        queue_free(queue);
        return;
    }
    struct cs_buf body = CS_BUF(RECORDS_TEXT_MAX + ANSWER_MAX);
    gather(queue, &body);
    struct cs_loop_http_request how = {
        .body = cs_buf_view(&body), .has_body = true, .once = true, .timeout_ms = s2->patience_ms};
    const struct cs_loop_http_hooks hooks = {.on_body = on_body, .on_end = on_end, .ctx = queue};
    if (cs_buf_error(&body) == CS_OK) {
        queue->request =
            cs_s2_request(s2, queue->name, "", "Accept: application/json", &how, &hooks);
    }
    cs_buf_free(&body);
    if (queue->request == NULL) {
        struct append_ops lost = TAILQ_HEAD_INITIALIZER(lost);
        TAILQ_CONCAT(&lost, &queue->sent, link);
        TAILQ_CONCAT(&lost, &queue->waiting, link);
        queue_free(queue);
        refuse_all(s2, &lost, CS_STORE_UNAVAILABLE, "out of memory");
    }
}

/* ---- asking ---- */

static struct append_op *op_new(const struct cs_store_append *input)
{
    struct append_op *op = calloc(1, sizeof(*op));
    if (op == NULL) {
        return NULL;
    }
    op->text = CS_BUF(RECORDS_TEXT_MAX);
    op->condition = CS_BUF(ANSWER_MAX);
    op->n_records = input->n_records;
    for (size_t i = 0; i < input->n_records; i++) {
        const struct cs_record *record = &input->records[i];
        op->metered += cs_record_metered(record->headers, record->n_headers, record->body.len);
    }
    cs_s2_put_records(&op->text, input->records, input->n_records);
    if (input->has_match_seq_num) {
        cs_buf_printf(&op->condition, ",\"match_seq_num\":%" PRIu64, input->match_seq_num);
    }
    if (input->has_fencing_token) {
        cs_buf_str(&op->condition, ",\"fencing_token\":\"");
        cs_json_escape(&op->condition, input->fencing_token);
        cs_buf_char(&op->condition, '"');
    }
    if (cs_buf_error(&op->text) != CS_OK || cs_buf_error(&op->condition) != CS_OK) {
        cs_buf_free(&op->text);
        cs_buf_free(&op->condition);
        free(op);
        return NULL;
    }
    return op;
}

void cs_s2_append(struct cs_store *store, struct cs_view stream,
                  const struct cs_store_append *input,
                  void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx)
{
    struct cs_s2 *s2 = cs_s2_of(store);
    struct cs_store_appended refused = {.status = CS_STORE_INVALID,
                                        .message = cs_store_append_fault(input)};
    if (refused.message != NULL) {
        /* Here and not by S2: an illegal append must not spoil those it shares a request with. */
        done(ctx, &refused);
        return;
    }
    struct append_op *op = s2->queued_bytes < QUEUED_MAX ? op_new(input) : NULL;
    struct cs_s2_queue *queue = op != NULL ? queue_open(s2, stream) : NULL;
    if (queue == NULL) {
        if (op != NULL) {
            s2->queued_bytes += op->text.len; /* op_free takes it off */
            op_free(s2, op);
        }
        refused.status = CS_STORE_UNAVAILABLE;
        refused.message = "no room for more appends";
        done(ctx, &refused);
        return;
    }
    op->done = done;
    op->ctx = ctx;
    s2->queued_bytes += op->text.len;
    TAILQ_INSERT_TAIL(&queue->waiting, op, link);
    if (queue->request == NULL) {
        send_next(queue);
    }
}

void cs_s2_appends_free(struct cs_s2 *s2)
{
    struct cs_s2_queue *queue;
    while ((queue = TAILQ_FIRST(&s2->queues)) != NULL) {
        struct append_ops lost = TAILQ_HEAD_INITIALIZER(lost);
        TAILQ_CONCAT(&lost, &queue->sent, link);
        TAILQ_CONCAT(&lost, &queue->waiting, link);
        if (queue->request != NULL) {
            cs_loop_request_cancel(queue->request);
        }
        queue_free(queue);
        refuse_all(s2, &lost, CS_STORE_UNAVAILABLE, "the endpoint is ending");
    }
}
