/* POST .../{io}/append: one record (APP rows).
 *
 * The order is srv's: closed or expired, secret key for `out`, run, repeat, size, store (APP-27,
 * LIM-12, CON-09).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/streams/append_body.h"
#include "endpoint/streams/sanitize.h"
#include "endpoint/streams/streams.h"
#include "wire/json.h"

#define TEXT_MAX     ((size_t)16 << 20) /* the decoded body: three times what came, at most */
#define PART_ID_MAX  ((size_t)64 * 1024)
#define CONSTANT_ID  "aaaaaaa"
#define STORE_FAILED "Something went wrong, please try again."

/* One append between its request and the store's answer. */
struct append_op {
    struct cs_call *call; /* NULL when the client left while the store was at work */
    struct cs_endpoint *endpoint;
    struct cs_session *session;
    enum cs_io io;
    bool main_channel;
    bool claimed;
    struct cs_timer timer; /* append_race_ms */
    uint64_t raced_seq;
    struct cs_buf claim; /* key of the de-duplication */
    struct cs_buf part_id;
    struct cs_buf text;   /* what was posted, decoded and sanitised */
    struct cs_buf record; /* the envelope */
};

static void op_free(struct append_op *op)
{
    cs_buf_free(&op->claim);
    cs_buf_free(&op->part_id);
    cs_buf_free(&op->text);
    cs_buf_free(&op->record);
    free(op);
}

static void on_gone(struct cs_call *call)
{
    struct append_op *op = call->user;
    op->call = NULL; /* the store's answer frees the rest */
    if (op->timer.heap_index != 0) {
        cs_timer_stop(op->endpoint->loop, &op->timer);
        op_free(op);
    }
}

/* Ends the operation and gives its call back to be answered; NULL when the client left. */
static struct cs_call *op_end(struct append_op *op)
{
    struct cs_call *call = op->call;
    if (call != NULL) {
        call->user = NULL;
        call->on_gone = NULL;
    }
    op_free(op);
    return call;
}

/* A failed append gives its part id back (APP-19). */
static void op_release(struct append_op *op)
{
    if (op->claimed && op->endpoint->policy.dedupe_releases) {
        cs_dedupe_release(&op->endpoint->streams->dedupe, cs_buf_view(&op->claim));
    }
}

/* {"ok":false,"error":...} */
static void answer_refused(struct cs_call *call, int status, const char *error)
{
    struct cs_buf text = CS_BUF((size_t)64 * 1024);
    cs_buf_str(&text, "{\"ok\":false,\"error\":");
    cs_json_text(&text, cs_view_str(error));
    cs_buf_char(&text, '}');
    cs_answer_buf(call, status, &text);
}

static void fail_op(struct append_op *op, int status, const char *error)
{
    op_release(op);
    struct cs_call *call = op_end(op);
    if (call != NULL) {
        answer_refused(call, status, error);
    }
}

/* ---- may this call append at all? ---- */

static void answer_closed(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf text = CS_BUF((size_t)64 * 1024);
    cs_buf_str(&text, "{\"ok\":false,\"error\":\"Cannot append to a closed session\"");
    if (policy->closed_append_code) {
        const char *reason = call->session->closed_reason;
        cs_buf_printf(&text, ",\"code\":\"session_closed\",\"closedReason\":%s",
                      reason != NULL ? reason : "null");
    }
    cs_buf_char(&text, '}');
    cs_answer_buf(call, (int)policy->closed_append_status, &text);
}

static bool refuse_public_out(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    bool needs_secret = call->channel.len > 0 ? policy->side_channel_out_needs_secret
                                              : policy->out_append_needs_secret;
    /* 2: a server that takes an admin scope for a secret key */
    bool taken =
        policy->out_append_needs_secret == 2 && cs_auth_allows(call, "admin", "all", NULL, 0);
    if (call->io != CS_IO_OUT || call->auth.kind == CS_AUTH_SECRET || !needs_secret || taken) {
        return false;
    }
    answer_refused(call, 403, "Appending to the out channel requires secret key authentication");
    return true;
}

/* False after having answered. */
static bool append_allowed(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (!policy->append_closed_first && refuse_public_out(call)) {
        return false;
    }
    if (call->session->closed_ms != CS_NO_TIME && policy->closed_append_status != 200 &&
        !policy->closed_append_stores) {
        answer_closed(call);
        return false;
    }
    if (cs_session_expired(call->session, cs_endpoint_now(call->endpoint)) &&
        policy->expired_append_status != 200) {
        answer_refused(call, (int)policy->expired_append_status,
                       "Cannot append to an expired session");
        return false;
    }
    return !refuse_public_out(call);
}

/* ---- preparing the record ---- */

/* X-Part-Id, or a generated id. True when the id was given and is not empty: it claims (APP-20). */
static bool read_part_id(struct cs_call *call, struct cs_buf *out)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf header = CS_BUF(PART_ID_MAX);
    bool given = cs_call_header(call, "X-Part-Id", &header);
    if (given && policy->append_keeps_part_id) {
        cs_append_decode_header(cs_buf_view(&header), out);
    } else {
        char id[CS_PART_ID_LEN + 1] = CONSTANT_ID;
        if (!policy->append_constant_id) {
            cs_random_id(call->endpoint, id, CS_PART_ID_LEN);
        }
        cs_buf_str(out, id);
    }
    given = given && header.len > 0;
    cs_buf_free(&header);
    return given;
}

/* Claims the part id; false when it was used before. The key holds the canonical stream name and
 * the id as it came, so it is one per environment, session, direction and id (APP-16, APP-17). */
static bool claim_part_id(struct append_op *op)
{
    struct cs_endpoint *endpoint = op->endpoint;
    const struct cs_policy *policy = &endpoint->policy;
    struct cs_buf header = CS_BUF(PART_ID_MAX);
    (void)cs_call_header(op->call, "X-Part-Id", &header);
    if (!policy->dedupe_global) {
        cs_call_stream_name(op->call, policy->dedupe_by_url, &op->claim);
    }
    cs_buf_char(&op->claim, '\0'); /* in neither of them */
    cs_buf_add(&op->claim, cs_buf_view(&header));
    cs_buf_free(&header);
    if (!policy->dedupe || cs_buf_error(&op->claim) != CS_OK) {
        return true;
    }
    op->claimed = cs_dedupe_claim(&endpoint->streams->dedupe, cs_buf_view(&op->claim),
                                  cs_endpoint_now(endpoint), policy->dedupe_window_ms);
    return op->claimed;
}

static void read_text(struct append_op *op)
{
    const struct cs_policy *policy = &op->endpoint->policy;
    cs_append_decode(op->call->request->body, &op->text);
    if (op->io != CS_IO_IN || !policy->append_strips_source) {
        return;
    }
    struct cs_buf clean = CS_BUF(TEXT_MAX);
    if (cs_sanitize_input(cs_buf_view(&op->text), !policy->append_strips_escaped, &clean)) {
        cs_buf_free(&op->text);
        op->text = clean;
    } else {
        cs_buf_free(&clean);
    }
}

/* Kinds are for the agent to judge, unless a fault is switched on. */
static bool kind_acceptable(const struct cs_policy *policy, struct cs_view text)
{
    struct cs_view kind = {0};
    bool given = (policy->append_checks_kind || policy->append_known_kinds) &&
                 cs_json_check(text, NULL) == CS_OK &&
                 cs_json_get(text, CS_VIEW("kind"), &kind) == CS_OK;
    if (policy->append_known_kinds && given && !cs_view_eq(kind, CS_VIEW("\"message\"")) &&
        !cs_view_eq(kind, CS_VIEW("\"stop\""))) {
        return false;
    }
    return given || !policy->append_checks_kind;
}

/* False after having answered: too large (LIM-04, LIM-05), or refused by a policy. */
static bool text_acceptable(struct append_op *op)
{
    const struct cs_policy *policy = &op->endpoint->policy;
    struct cs_view text = cs_buf_view(&op->text);
    size_t weight = cs_append_weight(policy, text, cs_buf_view(&op->part_id));
    if (policy->meter_raw_bytes) {
        weight = weight - text.len + op->call->request->body.len;
    }
    if (weight > (uint64_t)policy->append_metered_limit) {
        char error[256];
        snprintf(error, sizeof(error),
                 "Record metered size %zu bytes exceeds the S2 per-record limit of %" PRId64
                 " bytes. Reduce the size of the part or split it into several parts.",
                 weight + (size_t)policy->metered_error_offset, policy->append_metered_limit);
        fail_op(op, 413, error);
        return false;
    }
    if (text.len == 0 && policy->append_empty_status != 200) {
        fail_op(op, (int)policy->append_empty_status, "Request body is empty");
        return false;
    }
    if (!kind_acceptable(policy, text)) {
        fail_op(op, 400, "Invalid body");
        return false;
    }
    return true;
}

/* ---- the store ---- */

static void tell_agent(struct append_op *op, const struct cs_store_appended *result)
{
    if (op->io != CS_IO_IN || !op->main_channel) {
        return;
    }
    struct cs_record record = {
        .seq_num = result->start.seq_num,
        .timestamp = result->start.timestamp,
        .body = cs_buf_view(&op->record),
        .kind = CS_RECORD_DATA,
        .has_timestamp = true,
        .has_body = true,
    };
    cs_agent_on_input(op->endpoint, op->session, &record);
}

static void answer_appended(struct append_op *op, uint64_t seq)
{
    const struct cs_policy *policy = &op->endpoint->policy;
    bool closed = op->session->closed_ms != CS_NO_TIME && policy->closed_append_status != 200;
    struct cs_buf text = CS_BUF((size_t)128);
    cs_buf_str(&text, "{\"ok\":true");
    if (policy->append_gives_seq) {
        cs_buf_printf(&text, ",\"seq\":%" PRIu64, seq + (uint64_t)policy->append_seq_offset);
    }
    cs_buf_char(&text, '}');
    struct cs_call *call = op_end(op);
    if (call == NULL) {
        cs_buf_free(&text);
    } else if (closed) {
        cs_buf_free(&text);
        answer_closed(call);
    } else {
        cs_answer_buf(call, 200, &text);
    }
}

static int failure_status(const struct append_op *op)
{
    return (int)op->endpoint->policy.append_failure_status;
}

static void on_stored(void *ctx, const struct cs_store_appended *result)
{
    struct append_op *op = ctx;
    if (result->status == CS_STORE_CONDITION) {
        answer_appended(op, op->raced_seq); /* the lost one of append_race_ms */
        return;
    }
    if (result->status != CS_STORE_OK) {
        fail_op(op, failure_status(op), STORE_FAILED); /* APP-31, CHN-13 */
        return;
    }
    tell_agent(op, result);
    answer_appended(op, result->start.seq_num);
}

static void ignore_result(void *ctx, const struct cs_store_appended *result)
{
    (void)ctx;
    (void)result;
}

/* A command record without any effect that uses up a number (append_gap). */
static void store_gap(struct cs_store *store, struct cs_view name)
{
    char nothing[8] = {0};
    struct cs_header header = {.value = CS_VIEW("trim")};
    struct cs_record record = {
        .headers = &header, .n_headers = 1, .body = cs_view_of(nothing, sizeof(nothing))};
    struct cs_store_append input = {.records = &record, .n_records = 1};
    store->ops->append(store, name, &input, ignore_result, NULL);
}

/* Puts the envelope into op->record. */
static void wrap_record(struct append_op *op)
{
    struct cs_policy policy = op->endpoint->policy;
    policy.append_data_as_json |= op->io == CS_IO_OUT && policy.append_out_as_json;
    cs_append_envelope(&policy, cs_buf_view(&op->text), cs_buf_view(&op->part_id), &op->record);
}

static void store_record(struct append_op *op)
{
    const struct cs_policy *policy = &op->endpoint->policy;
    struct cs_store *store = op->endpoint->store;
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_call_stream_name(op->call, policy->append_stream_by_url, &name);
    wrap_record(op);
    if (cs_buf_error(&name) != CS_OK || cs_buf_error(&op->record) != CS_OK) {
        cs_buf_free(&name);
        fail_op(op, failure_status(op), STORE_FAILED);
        return;
    }
    if (policy->append_needs_reader && cs_sse_count_readers(op->call) == 0) {
        cs_buf_free(&name);
        answer_appended(op, 0);
        return;
    }
    if (policy->append_gap) {
        store_gap(store, cs_buf_view(&name));
    }
    struct cs_header header = {CS_VIEW("content-type"), CS_VIEW("application/json")};
    struct cs_record record = {.headers = &header,
                               .n_headers = policy->append_record_header ? 1 : 0,
                               .body = cs_buf_view(&op->record)};
    struct cs_store_append input = {.records = &record,
                                    .n_records = 1,
                                    .has_match_seq_num = policy->append_race_ms > 0,
                                    .match_seq_num = op->raced_seq};
    store->ops->append(store, cs_buf_view(&name), &input, on_stored, op);
    cs_buf_free(&name);
}

/* ---- the fault of append_race_ms: a number read before it is used ---- */

static void on_race_over(struct cs_timer *timer)
{
    struct append_op *op = (struct append_op *)((char *)timer - offsetof(struct append_op, timer));
    if (op->call != NULL) {
        store_record(op);
    } else {
        op_free(op); /* the client left while the tail was read */
    }
}

static void on_race_tail(void *ctx, enum cs_store_status status, const struct cs_record *records,
                         size_t n, struct cs_position tail)
{
    (void)records;
    (void)n;
    struct append_op *op = ctx;
    op->raced_seq = status == CS_STORE_OK ? tail.seq_num : 0;
    op->timer.fire = on_race_over;
    if (cs_timer_start(op->endpoint->loop, &op->timer, op->endpoint->policy.append_race_ms) !=
        CS_OK) {
        on_race_over(&op->timer);
    }
}

static void race_record(struct append_op *op)
{
    struct cs_store *store = op->endpoint->store;
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_call_stream_name(op->call, false, &name);
    store->ops->last(store, cs_buf_view(&name), 1, on_race_tail, op);
    cs_buf_free(&name);
}

static struct append_op *op_new(struct cs_call *call)
{
    struct append_op *op = calloc(1, sizeof(*op));
    if (op == NULL) {
        return NULL;
    }
    op->call = call;
    op->endpoint = call->endpoint;
    op->session = call->session;
    op->io = call->io;
    op->main_channel = call->channel.len == 0;
    op->claim = CS_BUF(CS_STREAM_NAME_MAX + PART_ID_MAX);
    op->part_id = CS_BUF(2 * PART_ID_MAX);
    op->text = CS_BUF(TEXT_MAX);
    op->record = CS_BUF(2 * TEXT_MAX);
    call->user = op;
    call->on_gone = on_gone;
    return op;
}

void cs_route_channel_append(struct cs_call *call)
{
    if (!append_allowed(call)) {
        return;
    }
    struct append_op *op = op_new(call);
    if (op == NULL) {
        answer_refused(call, 500, STORE_FAILED);
        return;
    }
    bool closed = op->session->closed_ms != CS_NO_TIME;
    const struct cs_policy *policy = &op->endpoint->policy;
    bool wakes = op->main_channel ? op->io == CS_IO_IN || policy->out_append_ensures_run
                                  : policy->side_channel_wakes_run != 0;
    bool too_late = policy->size_before_run &&
                    cs_append_weight(policy, call->request->body, (struct cs_view){0}) >
                        (uint64_t)policy->append_metered_limit;
    if (!closed && wakes && !too_late) {
        (void)cs_session_ensure_run(op->endpoint, op->session); /* best effort: APP-30 */
    }
    bool given = read_part_id(call, &op->part_id);
    if (call->no_memory) {
        fail_op(op, 500, STORE_FAILED); /* an id that was given may be one that is known */
        return;
    }
    if (given && !claim_part_id(op)) {
        op_end(op);
        cs_answer_json_text(call, 200,
                            call->endpoint->policy.repeat_gives_seq
                                ? CS_VIEW("{\"ok\":true,\"seq\":0}")
                                : CS_VIEW("{\"ok\":true}")); /* APP-13, APP-14 */
        return;
    }
    read_text(op);
    if (!text_acceptable(op)) {
        return;
    }
    if (call->endpoint->policy.append_race_ms > 0) {
        race_record(op);
    } else {
        store_record(op);
    }
}
