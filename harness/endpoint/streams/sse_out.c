/* A subscription: one reader of the store whose records go out as server-sent events.
 *
 * While it waits it owns one timer, one small struct and no buffers: what it sends is written in a
 * buffer that all share. Whenever sending fails the connection is gone and on_gone has freed or
 * will free the subscriber, so nothing is touched after a failed send.
 */
#include "endpoint/streams/settled.h"
#include "endpoint/streams/streams.h"
#include "endpoint/tap/told.h"

#include <stdlib.h>

#define QUEUE_MAX     ((size_t)256 * 1024) /* more than this unsent: stop reading the store */
#define TEXT_KEEP_MAX ((size_t)1 << 20)    /* of a shared buffer, between uses */

struct cs_subscriber {
    struct cs_store_reader reader; /* first member */
    struct cs_timer timer;
    struct cs_call *call; /* NULL when the client left while the store was being asked */
    struct cs_sse_start start;
    struct cs_position tail;
    int64_t wait_ms;
    int64_t ping_at; /* cs_loop_now times, once at the edge */
    int64_t end_at;
    bool opened; /* the answer's head is out */
    bool asking; /* the store is looking at the end of the stream */
    bool settled;
    bool at_edge;
    bool blocked; /* the client reads too slowly */
    bool starved; /* not among those that get records (sse_max_readers) */
    TAILQ_ENTRY(cs_subscriber) link;
};

static struct cs_endpoint *endpoint_of(const struct cs_subscriber *sub)
{
    return sub->call->endpoint;
}

static const struct cs_policy *policy_of(const struct cs_subscriber *sub)
{
    return &sub->call->endpoint->policy;
}

/* ---- sending ---- */

static struct cs_buf *text_begin(struct cs_endpoint *endpoint)
{
    struct cs_buf *text = &endpoint->streams->text;
    cs_buf_clear(text);
    return text;
}

static void keep_small(struct cs_buf *buf)
{
    if (buf->cap > TEXT_KEEP_MAX) {
        cs_buf_free(buf);
    }
}

/* Sends what stands in the shared text as one chunk, and the last chunk when `last`. False when the
 * connection is gone. */
static bool send_text(struct cs_subscriber *sub, bool last)
{
    struct cs_buf *text = &endpoint_of(sub)->streams->text;
    struct cs_buf *chunk = &endpoint_of(sub)->streams->chunk;
    cs_buf_clear(chunk);
    if (text->len > 0) {
        cs_response_chunk(chunk, cs_buf_view(text));
    }
    if (last) {
        cs_response_chunk(chunk, (struct cs_view){0});
    }
    bool whole = cs_buf_error(text) == CS_OK && cs_buf_error(chunk) == CS_OK;
    bool sent = false;
    if (whole) {
        sent = cs_conn_send(sub->call->conn, cs_buf_view(chunk));
    } else {
        cs_conn_reset(sub->call->conn); /* half an event must not look like a whole one */
    }
    keep_small(text);
    keep_small(chunk);
    return sent;
}

static void stop_reading(struct cs_subscriber *sub)
{
    if (sub->reader.store != NULL) {
        sub->reader.store->ops->read_stop(&sub->reader);
    }
}

static void subscriber_free(struct cs_subscriber *sub)
{
    struct cs_endpoint *endpoint = endpoint_of(sub);
    stop_reading(sub);
    if (sub->opened && !sub->start.direct) {
        cs_tell_subscribed(sub->call, false);
    }
    cs_timer_stop(endpoint->loop, &sub->timer);
    TAILQ_REMOVE(&endpoint->streams->subscribers, sub, link);
    free(sub);
}

/* Sends what stands in the text and the last chunk, and lets go of the call. */
static void finish(struct cs_subscriber *sub)
{
    if (!send_text(sub, true)) {
        return;
    }
    struct cs_call *call = sub->call;
    subscriber_free(sub);
    call->user = NULL;
    call->on_gone = NULL;
    call->on_drained = NULL;
    cs_call_end(call);
}

/* [DONE], then the end of the answer (OUT-20). */
static void finish_done(struct cs_subscriber *sub)
{
    const struct cs_policy *policy = policy_of(sub);
    struct cs_buf *text = text_begin(endpoint_of(sub));
    for (int64_t i = 0; i < policy->sse_done; i++) {
        cs_buf_str(text, "data: [DONE]\n\n");
    }
    if (policy->sse_done_breaks) {
        if (send_text(sub, false)) {
            cs_conn_reset(sub->call->conn);
        }
        return;
    }
    finish(sub);
}

/* ---- time ---- */

static int64_t random_gap(struct cs_endpoint *endpoint)
{
    int64_t low = endpoint->policy.ping_min_ms;
    int64_t high = endpoint->policy.ping_max_ms;
    uint64_t span = high > low ? (uint64_t)(high - low) + 1 : 1;
    return low + (int64_t)(cs_endpoint_random(endpoint) % span);
}

static void arm(struct cs_subscriber *sub)
{
    struct cs_loop *loop = endpoint_of(sub)->loop;
    int64_t at = sub->ping_at < sub->end_at ? sub->ping_at : sub->end_at;
    int64_t delay = at - cs_loop_now(loop);
    if (cs_timer_start(loop, &sub->timer, delay > 0 ? delay : 0) != CS_OK) {
        cs_conn_reset(sub->call->conn);
    }
}

/* An event was sent: the next ping is drawn afresh; batches restart the wait too (OUT-22). */
static void restart_clocks(struct cs_subscriber *sub, bool was_batch)
{
    int64_t now = cs_loop_now(endpoint_of(sub)->loop);
    sub->ping_at = now + random_gap(endpoint_of(sub));
    if (was_batch) {
        sub->end_at = sub->wait_ms == CS_WAIT_FOREVER ? INT64_MAX : now + sub->wait_ms;
    }
    arm(sub);
}

static bool send_ping(struct cs_subscriber *sub)
{
    struct cs_endpoint *endpoint = endpoint_of(sub);
    struct cs_buf *text = text_begin(endpoint);
    /* The store itself always tells its tail, whatever a server before it does. */
    bool tells = sub->start.direct || policy_of(sub)->sse_ping_tail;
    cs_sse_put_ping(policy_of(sub), cs_endpoint_now(endpoint), tells ? &sub->tail : NULL, text);
    return send_text(sub, false);
}

static void on_timer(struct cs_timer *timer)
{
    struct cs_subscriber *sub =
        (struct cs_subscriber *)((char *)timer - offsetof(struct cs_subscriber, timer));
    if (sub->blocked) {
        return; /* the batch that it waits for starts the clocks again */
    }
    if (cs_loop_now(endpoint_of(sub)->loop) >= sub->end_at) {
        finish_done(sub);
    } else if (send_ping(sub)) {
        restart_clocks(sub, false);
    }
}

/* ---- hooks of the store ---- */

static void on_drained(struct cs_call *call)
{
    struct cs_subscriber *sub = call->user;
    if (sub->blocked) {
        sub->reader.store->ops->read_more(&sub->reader);
    }
}

static bool has_upgrade(const struct cs_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cs_view_eq(cs_record_control(&records[i]), CS_VIEW("upgrade-required"))) {
            return true;
        }
    }
    return false;
}

/* The data of those of a batch's records that are wanted: made for the first subscriber who is
 * given them, and the same for those after it. */
static struct cs_sse_batch render(struct cs_subscriber *sub, const struct cs_record *records,
                                  size_t skipped, size_t n, const struct cs_position *tail)
{
    struct cs_sse_shared *shared = &endpoint_of(sub)->streams->shared;
    enum cs_format format = sub->start.format;
    bool same = sub->reader.batch != 0 && shared->batch == sub->reader.batch &&
                shared->skipped == skipped && shared->n == n && shared->format == format &&
                shared->has_tail == (tail != NULL) &&
                (tail == NULL || (shared->tail.seq_num == tail->seq_num &&
                                  shared->tail.timestamp == tail->timestamp));
    if (!same) {
        keep_small(&shared->data);
        cs_buf_clear(&shared->data);
        cs_sse_put_data(policy_of(sub), format, records + skipped, n, tail, &shared->data);
        shared->metered = 0;
        for (size_t i = skipped; i < skipped + n; i++) {
            shared->metered +=
                cs_record_metered(records[i].headers, records[i].n_headers, records[i].body.len);
        }
        bool whole = cs_buf_error(&shared->data) == CS_OK;
        shared->batch = whole ? sub->reader.batch : 0;
        shared->skipped = skipped;
        shared->n = n;
        shared->format = format;
        shared->has_tail = tail != NULL;
        shared->tail = tail != NULL ? *tail : (struct cs_position){0};
    }
    return (struct cs_sse_batch){.records = records + skipped,
                                 .n = n,
                                 .metered = shared->metered,
                                 .data = cs_buf_view(&shared->data)};
}

/* Sends of a batch what the bounds of the read want, and ends the answer once they are met. Always
 * true: the batch was taken. */
static bool deliver(struct cs_subscriber *sub, const struct cs_record *records, size_t n,
                    const struct cs_position *tail)
{
    const struct cs_policy *policy = policy_of(sub);
    struct cs_sse_start *start = &sub->start;
    size_t skipped = cs_read_bounds_skip(&start->bounds, records, n);
    size_t wanted = cs_read_bounds_take(&start->bounds, records + skipped, n - skipped);
    if (wanted > 0) {
        struct cs_buf *text = text_begin(endpoint_of(sub));
        const struct cs_sse_batch batch = render(sub, records, skipped, wanted, tail);
        cs_sse_put_batch(policy, &batch, &start->counters, text);
        if (cs_buf_error(&endpoint_of(sub)->streams->shared.data) != CS_OK) {
            text->failed = CS_ERR_NO_MEMORY; /* or half an event would go out */
        }
        if (policy->sse_ends_at_upgrade && has_upgrade(records + skipped, wanted)) {
            finish(sub);
            return true;
        }
        if (!send_text(sub, false)) {
            return true;
        }
    }
    if (start->bounds.over) {
        finish_done(sub);
    } else if (sub->at_edge && wanted > 0) {
        restart_clocks(sub, !policy->sse_wait_total);
    }
    return true;
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    struct cs_subscriber *sub = (struct cs_subscriber *)reader;
    const struct cs_policy *policy = policy_of(sub);
    if (cs_conn_queued(sub->call->conn) > QUEUE_MAX) {
        sub->blocked = true;
        return false;
    }
    sub->blocked = false;
    sub->tail = tail;
    if (sub->starved || (sub->at_edge && !policy->sse_live)) {
        return true;
    }
    return deliver(sub, records, n, live || policy->sse_tail_always ? &tail : NULL);
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    struct cs_subscriber *sub = (struct cs_subscriber *)reader;
    const struct cs_policy *policy = policy_of(sub);
    sub->tail = tail;
    sub->at_edge = true;
    if (sub->call->fault.what == CS_FAULT_CUT) {
        cs_conn_reset(sub->call->conn);
        return;
    }
    sub->start.bounds.has_since = false; /* whatever comes now is late enough */
    bool pings = policy->edge_ping || sub->start.counters.n_records == 0;
    if ((sub->settled && policy->settled_ends) || sub->wait_ms == 0) {
        if (!sub->settled || !policy->settled_pings || send_ping(sub)) {
            finish_done(sub);
        }
    } else if (!pings || send_ping(sub)) {
        restart_clocks(sub, true);
    }
}

static bool accepts_gzip(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool accepts = cs_call_header(call, "Accept-Encoding", &value) &&
                   cs_view_find(cs_buf_view(&value), CS_VIEW("gzip")) != SIZE_MAX;
    cs_buf_free(&value);
    return accepts;
}

/* The head of the answer waits for the store: one that cannot be read is a 500 (OUT-37). */
static void on_open(struct cs_store_reader *reader)
{
    struct cs_subscriber *sub = (struct cs_subscriber *)reader;
    struct cs_call *call = sub->call;
    const struct cs_policy *policy = policy_of(sub);
    sub->opened = true;
    if (!sub->start.direct) {
        cs_tell_subscribed(call, true);
    }
    if (policy->sse_gzip && accepts_gzip(call)) {
        cs_answer_header(call, "Content-Encoding", "gzip");
    }
    if (policy->sse_version_header && !sub->start.direct) {
        cs_answer_header(call, "X-Stream-Version", "v2");
    }
    if (policy->sse_cache_headers) {
        cs_answer_header(call, "Cache-Control", "no-cache, no-transform");
        cs_answer_header(call, "X-Accel-Buffering", "no");
    }
    if (sub->settled && policy->settled_header) {
        cs_answer_header(call, "X-Session-Settled", "true");
    }
    call->on_drained = on_drained;
    const char *type = policy->sse_event_stream_type ? "text/event-stream" : "application/json";
    struct cs_conn *conn = call->conn;
    if (cs_answer_stream(call, 200, type)) {
        /* From here on the request is history and its buffers are not needed for minutes. */
        call->request = NULL;
        cs_buf_free(&call->headers);
        cs_conn_release_request(conn);
    }
}

static void refuse(struct cs_subscriber *sub, int status)
{
    struct cs_call *call = sub->call;
    subscriber_free(sub);
    call->user = NULL;
    call->on_gone = NULL;
    cs_answer_error(call, status, "Internal Server Error");
}

/* OUT-34: an error event, no [DONE]. */
static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    struct cs_subscriber *sub = (struct cs_subscriber *)reader;
    if (!sub->opened) {
        refuse(sub, 500);
        return;
    }
    cs_sse_put_error(status == CS_STORE_UNAVAILABLE ? "unavailable" : "other", message,
                     text_begin(endpoint_of(sub)));
    finish(sub);
}

/* ---- hooks of the call ---- */

static bool same_stream(const struct cs_call *a, const struct cs_call *b)
{
    return a->io == b->io && a->auth.environment == b->auth.environment &&
           cs_view_eq(a->key, b->key) && cs_view_eq(a->channel, b->channel);
}

static void starve_others(const struct cs_call *gone)
{
    struct cs_subscriber *sub;
    TAILQ_FOREACH(sub, &gone->endpoint->streams->subscribers, link)
    {
        sub->starved |= sub->call != gone && same_stream(sub->call, gone);
    }
}

static void on_gone(struct cs_call *call)
{
    struct cs_subscriber *sub = call->user;
    if (call->endpoint->policy.sse_gone_starves) {
        starve_others(call);
    }
    if (sub->asking) {
        TAILQ_REMOVE(&call->endpoint->streams->subscribers, sub, link);
        sub->call = NULL; /* the store's answer frees it */
    } else {
        subscriber_free(sub);
    }
}

/* ---- start ---- */

int64_t cs_sse_count_readers(const struct cs_call *call)
{
    const struct cs_subscriber *sub;
    int64_t n = 0;
    TAILQ_FOREACH(sub, &call->endpoint->streams->subscribers, link)
    {
        n += same_stream(sub->call, call);
    }
    return n;
}

void cs_sse_cut(const struct cs_endpoint *endpoint, const struct cs_session *session)
{
    struct cs_subscriber *next;
    for (struct cs_subscriber *sub = TAILQ_FIRST(&endpoint->streams->subscribers); sub;
         sub = next) {
        next = TAILQ_NEXT(sub, link);
        if (sub->call->session == session) {
            cs_conn_reset(sub->call->conn); /* frees the subscriber */
        }
    }
}

static void begin_stream(struct cs_subscriber *sub, uint64_t from)
{
    struct cs_call *call = sub->call;
    struct cs_endpoint *endpoint = call->endpoint;
    const struct cs_policy *policy = &endpoint->policy;
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    if (sub->start.direct) {
        cs_buf_add(&name, sub->start.stream);
        sub->start.stream = (struct cs_view){0}; /* it was lent for the start only */
    } else {
        cs_call_stream_name(call, policy->sse_stream_by_url, &name);
    }
    enum cs_err err = cs_buf_error(&name);
    if (err == CS_OK) {
        err = endpoint->store->ops->read_start(endpoint->store, cs_buf_view(&name), from,
                                               &sub->reader);
    }
    cs_buf_free(&name);
    if (err != CS_OK) {
        refuse(sub, (int)policy->sse_failure_status);
        return;
    }
    sub->starved =
        policy->sse_max_readers > 0 && cs_sse_count_readers(call) > policy->sse_max_readers;
}

/* Policies that need to see more than the end of the stream. */
static bool looks_deep(const struct cs_policy *policy)
{
    return policy->resume_trimmed_status != 200 || policy->resume_repeats_commands;
}

static bool needs_end(const struct cs_policy *policy, const struct cs_sse_start *start)
{
    if (start->direct) {
        return false; /* who started it has asked */
    }
    return start->peek || start->latest || looks_deep(policy) || policy->sse_empty_status != 200 ||
           policy->resume_beyond_status != 200;
}

/* Statuses that only a policy can make different from 200. */
static int status_for(const struct cs_subscriber *sub, const struct cs_record *records, size_t n,
                      struct cs_position tail)
{
    const struct cs_policy *policy = policy_of(sub);
    uint64_t from = sub->start.from;
    if (tail.seq_num == 0) {
        return (int)policy->sse_empty_status;
    }
    if (from >= tail.seq_num) {
        return (int)(sub->settled ? policy->settled_beyond_status : policy->resume_beyond_status);
    }
    if (from > 0 && n > 0 && from < records[0].seq_num) {
        return (int)policy->resume_trimmed_status;
    }
    return 200;
}

/* Where to begin, the end of the stream being known. */
static uint64_t first_seq(const struct cs_subscriber *sub, const struct cs_record *records,
                          size_t n, struct cs_position tail)
{
    uint64_t from = sub->start.from;
    if (sub->start.latest) {
        return n > 0 ? records[n - 1].seq_num : tail.seq_num;
    }
    for (size_t i = 0; i < n && policy_of(sub)->resume_repeats_commands; i++) {
        if (records[i].seq_num + 1 == from && records[i].kind == CS_RECORD_COMMAND) {
            return from - 1;
        }
    }
    return from;
}

/* A store that cannot tell the end does not hinder the read: RES-26. */
static void on_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                    size_t n, struct cs_position tail)
{
    struct cs_subscriber *sub = ctx;
    sub->asking = false;
    if (sub->call == NULL) {
        free(sub);
        return;
    }
    const struct cs_policy *policy = policy_of(sub);
    if (status != CS_STORE_OK) {
        n = 0;
        tail = (struct cs_position){0};
    }
    sub->settled = sub->start.peek && (policy->settled_always ||
                                       cs_is_settled(records, n, policy->settled_skips_commands));
    int answer = status_for(sub, records, n, tail);
    if (answer != 200) {
        refuse(sub, answer);
    } else {
        begin_stream(sub, first_seq(sub, records, n, tail));
    }
}

static void ask_for_end(struct cs_subscriber *sub)
{
    struct cs_store *store = endpoint_of(sub)->store;
    const struct cs_policy *policy = policy_of(sub);
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_call_stream_name(sub->call, policy->sse_stream_by_url, &name);
    if (cs_buf_error(&name) == CS_OK) {
        sub->asking = true;
        store->ops->last(store, cs_buf_view(&name),
                         looks_deep(policy) ? CS_BATCH_MAX_RECORDS : CS_SETTLED_LOOK_BACK, on_last,
                         sub);
    } else {
        refuse(sub, 500);
    }
    cs_buf_free(&name);
}

void cs_sse_out_start(struct cs_call *call, const struct cs_sse_start *start)
{
    struct cs_endpoint *endpoint = call->endpoint;
    struct cs_subscriber *sub = calloc(1, sizeof(*sub));
    if (sub == NULL) {
        cs_answer_error(call, 500, "Internal Server Error");
        return;
    }
    sub->reader.on_open = on_open;
    sub->reader.on_batch = on_batch;
    sub->reader.on_edge = on_edge;
    sub->reader.on_error = on_error;
    sub->timer.fire = on_timer;
    sub->call = call;
    sub->start = *start;
    sub->wait_ms = start->wait_ms;
    if (start->wait_ms != CS_WAIT_FOREVER) {
        sub->wait_ms = start->wait_ms * endpoint->policy.sse_wait_permille / 1000;
    }
    if (call->fault.what == CS_FAULT_END) {
        sub->wait_ms = 0;
    }
    TAILQ_INSERT_TAIL(&endpoint->streams->subscribers, sub, link);
    call->user = sub;
    call->on_gone = on_gone;
    if (needs_end(&endpoint->policy, start)) {
        ask_for_end(sub);
    } else {
        begin_stream(sub, start->from);
    }
}
