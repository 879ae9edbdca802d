#include "endpoint/s2/s2_unary.h"

#include <stdlib.h>

#include "endpoint/s2/s2_call.h"

/* 1 MiB of metered bytes, at most six times that as JSON (OUT-27). */
#define TEXT_MAX ((size_t)16 << 20)

/* One answer that is being gathered. */
struct unary {
    struct cs_store_reader reader; /* first member */
    struct cs_timer timer;
    struct cs_call *call;
    struct cs_buf text;
    struct cs_sse_start start;
    bool any;
    bool waiting; /* at the edge, with nothing so far */
};

static void unary_free(struct unary *unary)
{
    if (unary->reader.store != NULL) {
        unary->reader.store->ops->read_stop(&unary->reader);
    }
    cs_timer_stop(unary->call->endpoint->loop, &unary->timer);
    cs_buf_free(&unary->text);
    free(unary);
}

static void on_gone(struct cs_call *call)
{
    unary_free(call->user);
}

/* `tail` NULL leaves it out: it is told only with records that came while waiting (OUT-17). */
static void answer(struct unary *unary, const struct cs_position *tail)
{
    struct cs_call *call = unary->call;
    struct cs_buf text = unary->text;
    unary->text = (struct cs_buf){0};
    unary_free(unary);
    call->user = NULL;
    call->on_gone = NULL;
    cs_buf_char(&text, ']');
    if (tail != NULL) {
        cs_buf_char(&text, ',');
        cs_put_tail(&call->endpoint->policy, *tail, &text);
    }
    cs_buf_char(&text, '}');
    cs_s2_answer(call, 200, &text);
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    struct unary *unary = (struct unary *)reader;
    const struct cs_policy *policy = &unary->call->endpoint->policy;
    struct cs_read_bounds *bounds = &unary->start.bounds;
    size_t skipped = cs_read_bounds_skip(bounds, records, n);
    size_t wanted = cs_read_bounds_take(bounds, records + skipped, n - skipped);
    if (wanted > 0) {
        cs_put_records(policy, unary->start.format, records + skipped, wanted, unary->any,
                       &unary->text);
        unary->any = true;
    }
    if (unary->waiting || bounds->over) {
        answer(unary, live || policy->sse_tail_always ? &tail : NULL);
    }
    return true;
}

static void on_timer(struct cs_timer *timer)
{
    answer((struct unary *)((char *)timer - offsetof(struct unary, timer)), NULL);
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    (void)tail;
    struct unary *unary = (struct unary *)reader;
    struct cs_endpoint *endpoint = unary->call->endpoint;
    unary->start.bounds.has_since = false;
    unary->waiting = true;
    if (unary->any || unary->start.wait_ms == 0 || !endpoint->policy.s2_unary_waits ||
        cs_timer_start(endpoint->loop, &unary->timer, unary->start.wait_ms) != CS_OK) {
        answer(unary, NULL);
    }
}

static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    struct unary *unary = (struct unary *)reader;
    struct cs_call *call = unary->call;
    unary_free(unary);
    call->user = NULL;
    call->on_gone = NULL;
    cs_s2_store_fault(call, status, message);
}

void cs_s2_unary_start(struct cs_call *call, const struct cs_sse_start *start)
{
    struct unary *unary = calloc(1, sizeof(*unary));
    if (unary == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    unary->reader.on_batch = on_batch;
    unary->reader.on_edge = on_edge;
    unary->reader.on_error = on_error;
    unary->timer.fire = on_timer;
    unary->call = call;
    unary->text = CS_BUF(TEXT_MAX);
    unary->start = *start;
    call->user = unary;
    call->on_gone = on_gone;
    cs_buf_str(&unary->text, "{\"records\":[");
    struct cs_store *store = call->endpoint->store;
    if (start->bounds.over) {
        answer(unary, NULL);
    } else if (store->ops->read_start(store, start->stream, start->from, &unary->reader) != CS_OK) {
        on_error(&unary->reader, CS_STORE_UNAVAILABLE, "out of memory");
    }
}
