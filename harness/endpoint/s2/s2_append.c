#include "endpoint/s2/s2_append.h"

#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/s2/s2_call.h"
#include "wire/s2_message.h"

#define ANSWER_MAX ((size_t)4096)

/* An append on its way through the store. */
struct op {
    struct cs_endpoint *endpoint;
    enum cs_s2_form form;
    cs_s2_answered *answered;
    void *ctx;
};

const char *cs_s2_form_name(enum cs_s2_form form)
{
    static const char *const names[] = {"json", "proto", "s2s"};
    return names[form];
}

/* ---- answers ---- */

static void put_position(struct cs_buf *out, const char *name, struct cs_position position)
{
    cs_buf_printf(out, "\"%s\":{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRId64 "}", name,
                  position.seq_num, position.timestamp);
}

static struct cs_position moved(struct cs_position position, int64_t offset)
{
    return (struct cs_position){position.seq_num + (uint64_t)offset, position.timestamp};
}

static void put_ack(const struct op *op, const struct cs_store_appended *result,
                    struct cs_buf *text)
{
    int64_t offset = op->endpoint->policy.s2_ack_offset;
    struct cs_position start = moved(result->start, offset);
    struct cs_position end = moved(result->end, offset);
    struct cs_position tail = moved(result->tail, offset);
    if (op->form != CS_S2_JSON) {
        cs_s2_put_ack(text, start, end, tail);
        return;
    }
    cs_buf_char(text, '{');
    put_position(text, "start", start);
    cs_buf_char(text, ',');
    put_position(text, "end", end);
    cs_buf_char(text, ',');
    put_position(text, "tail", tail);
    cs_buf_char(text, '}');
}

static int put_condition(const struct op *op, const struct cs_store_appended *result,
                         struct cs_buf *text)
{
    if (result->fencing_mismatch) {
        cs_buf_str(text, "{\"fencing_token_mismatch\":");
        cs_json_text(text, result->fencing_token);
        cs_buf_char(text, '}');
    } else {
        cs_buf_printf(text, "{\"seq_num_mismatch\":%" PRIu64 "}", result->tail.seq_num);
    }
    return (int)op->endpoint->policy.s2_condition_status;
}

static int put_outcome(const struct op *op, const struct cs_store_appended *result,
                       struct cs_buf *text)
{
    switch (result->status) {
    case CS_STORE_OK:
        put_ack(op, result, text);
        return 200;
    case CS_STORE_CONDITION:
        return put_condition(op, result, text);
    default:
        return cs_s2_store_fault_text(op->endpoint, result->status, result->message, text);
    }
}

/* ---- where faults go ---- */

/* Seam: whether the batch goes to the store at all. A fault that answers it otherwise (a status, a
 * terminal frame, silence, a reset) is decided here, by op->form; it then owns the op's answer. */
static bool may_apply(struct op *op)
{
    (void)op;
    return true;
}

/* Seam: the batch was applied, or the store refused it; whether that is said. A fault that delays,
 * bends or loses the acknowledgement is decided here; it then owns the op. */
static bool before_ack(struct op *op, struct cs_store_appended *result)
{
    (void)op, (void)result;
    return true;
}

/* ---- the append ---- */

static void answer(struct op *op, const struct cs_store_appended *result)
{
    struct cs_buf text = CS_BUF(ANSWER_MAX);
    int status = put_outcome(op, result, &text);
    cs_s2_answered *answered = op->answered;
    void *ctx = op->ctx;
    free(op);
    answered(ctx, status, &text);
    cs_buf_free(&text);
}

static void on_stored(void *ctx, const struct cs_store_appended *result)
{
    struct op *op = ctx;
    struct cs_store_appended copy = *result;
    if (before_ack(op, &copy)) {
        answer(op, &copy);
    }
}

/* The faults that a policy can put on trims on their way. */
static void bend_trims(const struct cs_policy *policy, struct cs_s2_input *input, char trim_body[8])
{
    for (size_t i = 0; i < input->append.n_records; i++) {
        struct cs_record *record = &input->records[i];
        uint64_t point = 0;
        if (record->kind == CS_RECORD_COMMAND && record->body.len == 8 &&
            cs_trim_decode(record->body, &point) == CS_OK && policy->s2_trim_offset != 0) {
            cs_trim_encode(point + (uint64_t)policy->s2_trim_offset, trim_body);
            record->body = cs_view_of(trim_body, 8);
        }
    }
}

#define FAR_TRIM 90 /* no stream of a case that trims is that long */

/* A trim point that no stream will ever reach: srv lowers it (RES-16), a policy may refuse it. */
static bool has_far_trim(const struct cs_s2_input *input)
{
    for (size_t i = 0; i < input->append.n_records; i++) {
        uint64_t point = 0;
        if (input->records[i].kind == CS_RECORD_COMMAND &&
            cs_trim_decode(input->records[i].body, &point) == CS_OK && point >= FAR_TRIM) {
            return true;
        }
    }
    return false;
}

static bool cuts(const struct cs_endpoint *endpoint, const struct cs_s2_input *input)
{
    return endpoint->policy.s2_cuts_batches && input->append.n_records > CS_BATCH_MAX_RECORDS;
}

int cs_s2_refusal(const struct cs_endpoint *endpoint, const struct cs_s2_input *input,
                  struct cs_buf *text)
{
    int far_status = (int)endpoint->policy.s2_far_trim_status;
    if (far_status != 200 && has_far_trim(input)) {
        cs_s2_fault_text(endpoint, "invalid", "that is far beyond the tail", text);
        return far_status;
    }
    const char *fault = cs_store_append_fault(&input->append);
    return fault != NULL && !cuts(endpoint, input)
               ? cs_s2_store_fault_text(endpoint, CS_STORE_INVALID, fault, text)
               : 0;
}

void cs_s2_append_start(struct cs_endpoint *endpoint, enum cs_s2_form form, struct cs_view name,
                        struct cs_s2_input *input, cs_s2_answered *answered, void *ctx)
{
    char trim_body[8];
    bend_trims(&endpoint->policy, input, trim_body);
    if (cuts(endpoint, input)) {
        input->append.n_records = CS_BATCH_MAX_RECORDS;
    }
    struct op *op = calloc(1, sizeof *op);
    if (op == NULL) {
        struct cs_buf text = CS_BUF(ANSWER_MAX);
        int status = cs_s2_store_fault_text(endpoint, CS_STORE_UNAVAILABLE, NULL, &text);
        answered(ctx, status, &text);
        cs_buf_free(&text);
        return;
    }
    *op = (struct op){.endpoint = endpoint, .form = form, .answered = answered, .ctx = ctx};
    if (may_apply(op)) {
        struct cs_store *store = endpoint->store;
        store->ops->append(store, name, &input->append, on_stored, op);
    }
}
