/* GET /v1/streams/{name}/records and .../records/tail: reading at the stream store's own door, as
 * one answer or as an event stream (STO-01 to STO-07).
 *
 * Where a read may start depends on the tail, so the store is asked for that first. The event
 * stream is then sse_out.c's, the same that the session routes send.
 */
#include "endpoint/s2/s2_call.h"
#include "endpoint/s2/s2_query.h"
#include "endpoint/s2/s2_unary.h"

#include <stdlib.h>

#include "wire/append.h"

#define HEADER_MAX     ((size_t)16384)
#define UNARY_WAIT_MAX 60u /* seconds */

/* A read whose tail is being asked for. */
struct read {
    struct cs_call *call; /* NULL once the client left */
    struct cs_buf name;
    struct cs_s2_query query;
    struct cs_sse_start start;
    uint64_t from;  /* seq_num or tail_offset, as the query says */
    bool by_offset; /* `from` is a tail_offset */
    bool streams;   /* server-sent events are wanted */
    bool only_tail; /* the answer is the tail */
};

static void read_free(struct read *read)
{
    cs_buf_free(&read->name);
    free(read);
}

static void on_gone(struct cs_call *call)
{
    ((struct read *)call->user)->call = NULL; /* the store's answer frees it */
}

/* ---- what the request says ---- */

/* The first media range of Accept is what counts. */
static bool wants_events(struct cs_call *call)
{
    struct cs_buf value = CS_BUF(HEADER_MAX);
    bool given = cs_call_header(call, "Accept", &value);
    struct cs_view first = cs_buf_view(&value);
    size_t end = cs_view_find(first, CS_VIEW(","));
    first.len = end == SIZE_MAX ? first.len : end;
    end = cs_view_find(first, CS_VIEW(";"));
    first.len = end == SIZE_MAX ? first.len : end;
    bool events = given && strcmp(call->method, "HEAD") != 0 &&
                  cs_view_eq_nocase(cs_view_trim(first), CS_VIEW("text/event-stream"));
    cs_buf_free(&value);
    return events;
}

/* The next number of a triple; takes the comma behind it too. */
static bool take_number(struct cs_view *text, bool last, uint64_t *ret_value)
{
    size_t comma = cs_view_find(*text, CS_VIEW(","));
    size_t len = last || comma == SIZE_MAX ? text->len : comma;
    size_t sign = len > 0 && text->ptr[0] == '+';
    bool good = (last || comma != SIZE_MAX) &&
                cs_view_u64(cs_view_of(text->ptr + sign, len - sign), ret_value) == CS_OK;
    size_t used = good && !last ? len + 1 : len;
    *text = cs_view_of(text->ptr + used, text->len - used);
    return good;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Last-Event-ID is the id line of the last batch that came: it names where to go on, and what was
 * given before counts against the bounds (STO-05). False after having answered. */
static bool read_last_event_id(struct read *read)
{
    const struct cs_policy *policy = &read->call->endpoint->policy;
    struct cs_buf value = CS_BUF(HEADER_MAX);
    uint64_t seq_num = 0;
    uint64_t count = 0;
    uint64_t bytes = 0;
    bool given = policy->s2_last_event_id && cs_call_header(read->call, "Last-Event-ID", &value);
    struct cs_view text = cs_view_trim(cs_buf_view(&value));
    bool good = !given || (text.len > 0 && take_number(&text, false, &seq_num) &&
                           take_number(&text, false, &count) && take_number(&text, true, &bytes));
    cs_buf_free(&value);
    if (!good) {
        cs_s2_fault(read->call, 400, "bad_header", "Last-Event-ID is seq_num,count,bytes");
        return false;
    }
    if (given) {
        read->from = plus(seq_num, 1);
        read->by_offset = false;
        read->start.bounds.has_since = false;
        read->start.bounds.count = minus(read->start.bounds.count, count);
        read->start.bounds.bytes = minus(read->start.bounds.bytes, bytes);
    }
    if (given && policy->s2_id_goes_on) {
        read->start.counters = (struct cs_sse_counters){.n_records = count, .metered = bytes};
    }
    return true;
}

/* One answer is always bounded, and waits for a minute at most. */
static void bound_unary(struct read *read)
{
    struct cs_read_bounds *bounds = &read->start.bounds;
    if (!bounds->has_count || bounds->count > CS_BATCH_MAX_RECORDS) {
        bounds->count = CS_BATCH_MAX_RECORDS;
    }
    if (!bounds->has_bytes || bounds->bytes > CS_RECORD_MAX_METERED) {
        bounds->bytes = CS_RECORD_MAX_METERED;
    }
    bounds->has_count = bounds->has_bytes = true;
    if (read->query.value[CS_S2_WAIT] > UNARY_WAIT_MAX) {
        read->query.value[CS_S2_WAIT] = UNARY_WAIT_MAX;
    }
}

/* Takes the query over. False after having answered. */
static bool read_query(struct read *read)
{
    const struct cs_policy *policy = &read->call->endpoint->policy;
    struct cs_s2_query *query = &read->query;
    struct cs_diag diag = {0};
    enum cs_err err = cs_s2_query_read(read->call->request->query, query, &diag);
    if (err == CS_ERR_NO_MEMORY || (err != CS_OK && policy->s2_query_strict)) {
        read->call->no_memory |= err == CS_ERR_NO_MEMORY;
        cs_s2_fault(read->call, 400, "bad_query", diag.text);
        return false;
    }
    if (query->has[CS_S2_SEQ_NUM] + query->has[CS_S2_TIMESTAMP] + query->has[CS_S2_TAIL_OFFSET] >
            1 &&
        policy->s2_query_strict) {
        cs_s2_fault(read->call, 422, "invalid", "seq_num, timestamp or tail_offset: one of them");
        return false;
    }
    /* None of them is a read from the tail on. */
    read->by_offset = !query->has[CS_S2_SEQ_NUM] && !query->has[CS_S2_TIMESTAMP];
    read->from = query->value[read->by_offset ? CS_S2_TAIL_OFFSET : CS_S2_SEQ_NUM];
    read->start.bounds = (struct cs_read_bounds){
        .has_count = query->has[CS_S2_COUNT] && policy->s2_bounds,
        .has_bytes = query->has[CS_S2_BYTES] && policy->s2_bounds,
        .has_until = query->has[CS_S2_UNTIL],
        .has_since = query->has[CS_S2_TIMESTAMP],
        .count = query->value[CS_S2_COUNT],
        .bytes = query->value[CS_S2_BYTES],
        .until = query->value[CS_S2_UNTIL],
        .since = query->value[CS_S2_TIMESTAMP] + (uint64_t)policy->s2_start_offset,
    };
    return true;
}

/* A time to start from that is not before the one to end at. False after having answered. */
static bool check_times(struct read *read)
{
    const struct cs_read_bounds *bounds = &read->start.bounds;
    if (bounds->has_since && bounds->has_until && bounds->since >= bounds->until) {
        cs_s2_fault(read->call, 422, "invalid", "timestamp has to come before until");
        return false;
    }
    return true;
}

static bool read_request(struct read *read)
{
    struct cs_call *call = read->call;
    if (read->only_tail) {
        return true;
    }
    read->streams = wants_events(call);
    if (!read_query(read) || !cs_s2_format(call, &read->start.format) ||
        (read->streams && !read_last_event_id(read))) {
        return false;
    }
    if (!read->streams) {
        bound_unary(read);
    }
    return check_times(read);
}

/* ---- once the tail is known ---- */

/* How long to wait for records: without being told, only reads without any bound do. */
static int64_t wait_ms(const struct read *read)
{
    if (read->query.has[CS_S2_WAIT]) {
        return (int64_t)read->query.value[CS_S2_WAIT] * 1000;
    }
    return cs_read_bounds_any(&read->start.bounds) ? 0 : CS_WAIT_FOREVER;
}

/* May the read stand at the tail, where there is nothing yet? */
static bool may_follow(const struct read *read)
{
    const struct cs_s2_query *query = &read->query;
    return !cs_read_bounds_any(&read->start.bounds) || query->value[CS_S2_WAIT] > 0;
}

/* Where the read starts, 416 when that is nowhere. */
static int settle_start(struct read *read, struct cs_position tail, uint64_t first_kept)
{
    const struct cs_policy *policy = &read->call->endpoint->policy;
    struct cs_sse_start *start = &read->start;
    bool clamp = read->query.value[CS_S2_CLAMP] || policy->s2_always_clamps;
    uint64_t from = read->from;
    if (read->by_offset) {
        from = plus(minus(tail.seq_num, from), (uint64_t)policy->s2_start_offset);
    }
    bool beyond = from > tail.seq_num ||
                  (start->bounds.has_since && start->bounds.since > (uint64_t)tail.timestamp);
    if (beyond && !clamp) {
        return 416;
    }
    if (beyond) {
        from = tail.seq_num;
        start->bounds.has_since = false;
    }
    start->from = from;
    if (from == tail.seq_num && !may_follow(read) && !policy->s2_always_clamps) {
        return 416;
    }
    if (from == tail.seq_num && wait_ms(read) == 0) {
        return (int)policy->settled_beyond_status;
    }
    if (from >= tail.seq_num && tail.seq_num > 0 && clamp) {
        return (int)policy->resume_beyond_status;
    }
    if (from < first_kept) {
        return (int)(clamp ? policy->resume_trimmed_status : policy->s2_below_trim_status);
    }
    return 200;
}

static void begin(struct read *read, struct cs_call *call)
{
    struct cs_sse_start *start = &read->start;
    start->direct = true;
    start->stream = cs_buf_view(&read->name);
    start->wait_ms = wait_ms(read);
    if (read->streams) {
        cs_sse_out_start(call, start);
    } else {
        cs_s2_unary_start(call, start);
    }
}

static void answer_tail(struct cs_call *call, struct cs_position tail)
{
    struct cs_buf text = CS_BUF((size_t)256);
    cs_buf_char(&text, '{');
    cs_put_tail(&call->endpoint->policy, tail, &text);
    cs_buf_char(&text, '}');
    cs_s2_answer(call, 200, &text);
}

/* A bound of zero is met before anybody asks where the read starts. */
static void on_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                    size_t n, struct cs_position tail)
{
    struct read *read = ctx;
    struct cs_call *call = read->call;
    if (call == NULL) {
        read_free(read);
        return;
    }
    call->user = NULL;
    call->on_gone = NULL;
    uint64_t first_kept = n > 0 ? records[0].seq_num : tail.seq_num;
    bool exhausted = cs_read_bounds_exhausted(&read->start.bounds);
    if (status != CS_STORE_OK && status != CS_STORE_NOT_FOUND) {
        cs_s2_store_fault(call, status, "");
    } else if (read->only_tail) {
        answer_tail(call, tail);
    } else {
        int answer = exhausted ? 200 : settle_start(read, tail, first_kept);
        read->start.bounds.over |= exhausted;
        if (answer == 200) {
            begin(read, call);
        } else if (answer == 416) {
            cs_s2_unwritten(call, tail);
        } else {
            cs_s2_fault(call, answer, "other", "not available");
        }
    }
    read_free(read);
}

static void run(struct cs_call *call, bool only_tail)
{
    struct read *read = calloc(1, sizeof(*read));
    if (read == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    read->call = call;
    read->name = CS_BUF(CS_STREAM_NAME_MAX);
    read->only_tail = only_tail;
    if (!cs_s2_open(call, "read", &read->name) || !read_request(read) || !cs_s2_basin(call)) {
        read_free(read);
        return;
    }
    call->user = read;
    call->on_gone = on_gone;
    struct cs_store *store = call->endpoint->store;
    const struct cs_policy *policy = &call->endpoint->policy;
    /* What is still kept matters to faults only. */
    bool looks_deep = policy->resume_trimmed_status != 200 || policy->s2_below_trim_status != 200;
    store->ops->last(store, cs_buf_view(&read->name), looks_deep ? CS_BATCH_MAX_RECORDS : 1,
                     on_last, read);
}

void cs_route_s2_read(struct cs_call *call)
{
    run(call, false);
}

void cs_route_s2_tail(struct cs_call *call)
{
    run(call, true);
}
