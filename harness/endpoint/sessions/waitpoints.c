#include "endpoint/sessions/waitpoints.h"

#include <stdlib.h>

#include "endpoint/sessions/runs.h"
#include "endpoint/tap/told.h"
#include "wire/json.h"

#define OUTPUT_MAX                                                                \
    ((size_t)8 << 20) /* a record's text is at most 1 MiB, and grows when escaped \
                       */

struct cs_waitpoint {
    struct cs_store_reader reader; /* first member: of the channel, until the waitpoint is done */
    struct cs_endpoint *endpoint;
    char id[CS_WAITPOINT_ID_SIZE];
    char run_id[sizeof("run_") + CS_ID_LEN];
    const struct cs_environment *environment;
    struct cs_buf key;
    enum cs_io io;
    struct cs_timer timer; /* the end of its time */
    struct cs_timer tell;  /* hears of it in the next turn, after the answer to its request */
    struct cs_buf output;
    bool is_error;
    bool is_done;
    bool is_blocked;
    bool is_told;
    TAILQ_ENTRY(cs_waitpoint) link;
};

static void tell_tap(const struct cs_waitpoint *waitpoint, enum cs_waitpoint_state state)
{
    const struct cs_tap *tap = waitpoint->endpoint->tap;
    if (!tap || !tap->on_waitpoint) {
        return;
    }
    const struct cs_tap_waitpoint told = {
        .state = state,
        .id = waitpoint->id,
        .run_id = waitpoint->run_id,
        .key = cs_buf_view(&waitpoint->key),
        .io = waitpoint->io,
        .output =
            state == CS_WAITPOINT_DONE ? cs_buf_view(&waitpoint->output) : (struct cs_view){0},
        .is_error = state == CS_WAITPOINT_DONE && waitpoint->is_error,
        .at_ms = cs_told_at(waitpoint->endpoint),
    };
    tap->on_waitpoint(tap->ctx, &told);
}

/* A run that has ended is not woken. */
static bool run_is_over(const struct cs_waitpoint *waitpoint)
{
    const struct cs_run *run =
        cs_run_find(waitpoint->endpoint, waitpoint->environment, cs_view_str(waitpoint->run_id));
    return !run || cs_run_terminal(run);
}

static void on_tell(struct cs_timer *timer)
{
    struct cs_waitpoint *waitpoint =
        (struct cs_waitpoint *)((char *)timer - offsetof(struct cs_waitpoint, tell));
    if (waitpoint->is_told || run_is_over(waitpoint)) {
        return;
    }
    waitpoint->is_told = true;
    tell_tap(waitpoint, CS_WAITPOINT_DONE);
    cs_buf_free(&waitpoint->output);
}

static void tell_later(struct cs_waitpoint *waitpoint)
{
    if (waitpoint->is_done && waitpoint->is_blocked && !waitpoint->is_told &&
        cs_timer_start(waitpoint->endpoint->loop, &waitpoint->tell, 0) != CS_OK) {
        on_tell(&waitpoint->tell);
    }
}

static void stop(struct cs_waitpoint *waitpoint)
{
    if (waitpoint->reader.store) {
        waitpoint->reader.store->ops->read_stop(&waitpoint->reader);
        waitpoint->reader.store = NULL;
    }
    cs_timer_stop(waitpoint->endpoint->loop, &waitpoint->timer);
}

static void finish(struct cs_waitpoint *waitpoint, bool is_error)
{
    stop(waitpoint);
    waitpoint->is_done = true;
    waitpoint->is_error = is_error;
    tell_later(waitpoint);
}

/* The text that was appended: what the envelope's `data` says, itself JSON when the SDK wrote it
 * (AGT-SES-20). What is no envelope is given as it is. */
static void put_output(const struct cs_record *record, struct cs_buf *out)
{
    struct cs_view data = record->body;
    struct cs_view id;
    if (cs_envelope_decode(record->body, &data, &id, NULL) != CS_OK ||
        cs_json_string(data, out) != CS_OK) {
        cs_buf_add(out, data);
    }
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    (void)live;
    (void)tail;
    struct cs_waitpoint *waitpoint = (struct cs_waitpoint *)reader;
    for (size_t i = 0; i < n; i++) {
        if (records[i].kind == CS_RECORD_DATA) {
            put_output(&records[i], &waitpoint->output);
            finish(waitpoint, false);
            break;
        }
    }
    return true;
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    (void)reader;
    (void)tail;
}

/* A store that fails wakes nobody; the time still ends. */
static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    (void)status;
    (void)message;
    reader->store->ops->read_stop(reader);
    reader->store = NULL;
}

static void on_time(struct cs_timer *timer)
{
    struct cs_waitpoint *waitpoint =
        (struct cs_waitpoint *)((char *)timer - offsetof(struct cs_waitpoint, timer));
    struct cs_buf at = CS_BUF((size_t)64);
    cs_json_time(&at, cs_endpoint_now(waitpoint->endpoint));
    cs_buf_str(&waitpoint->output, "{\"code\":\"TRIGGER_WAITPOINT_TIMEOUT\",\"message\":"
                                   "\"Waitpoint timed out at ");
    if (at.len > 2) {
        cs_buf_add(&waitpoint->output, cs_view_of(at.ptr + 1, at.len - 2)); /* without quotes */
    }
    cs_buf_str(&waitpoint->output, "\"}");
    cs_buf_free(&at);
    finish(waitpoint, true);
}

static struct cs_waitpoint *find(const struct cs_endpoint *endpoint, struct cs_view id)
{
    struct cs_waitpoint *waitpoint;
    TAILQ_FOREACH(waitpoint, &endpoint->waitpoints, link)
    {
        if (cs_view_eq(cs_view_str(waitpoint->id), id)) {
            return waitpoint;
        }
    }
    return NULL;
}

static void waitpoint_free(struct cs_waitpoint *waitpoint)
{
    stop(waitpoint);
    cs_timer_stop(waitpoint->endpoint->loop, &waitpoint->tell);
    cs_buf_free(&waitpoint->key);
    cs_buf_free(&waitpoint->output);
    free(waitpoint);
}

static enum cs_err begin(struct cs_waitpoint *waitpoint, const struct cs_waitpoint_wish *wish)
{
    struct cs_endpoint *endpoint = waitpoint->endpoint;
    struct cs_buf name = CS_BUF((size_t)4096);
    cs_stream_name(wish->environment, wish->key, (struct cs_view){0}, wish->io, &name);
    enum cs_err err = cs_buf_error(&name);
    if (err == CS_OK) {
        err = endpoint->store->ops->read_start(endpoint->store, cs_buf_view(&name), wish->from,
                                               &waitpoint->reader);
    }
    cs_buf_free(&name);
    if (err == CS_OK && wish->time_ms != CS_WAITPOINT_NO_LIMIT) {
        err = cs_timer_start(endpoint->loop, &waitpoint->timer, wish->time_ms);
    }
    return err == CS_OK ? cs_buf_error(&waitpoint->key) : err;
}

static void forget(struct cs_endpoint *endpoint, struct cs_waitpoint *waitpoint)
{
    TAILQ_REMOVE(&endpoint->waitpoints, waitpoint, link);
    endpoint->n_waitpoints--;
    waitpoint_free(waitpoint);
}

enum cs_err cs_waitpoint_add(struct cs_endpoint *endpoint, const struct cs_waitpoint_wish *wish)
{
    if (find(endpoint, cs_view_str(wish->id))) {
        return CS_OK;
    }
    if (endpoint->n_waitpoints >= CS_WAITPOINTS_MAX) {
        forget(endpoint, TAILQ_LAST(&endpoint->waitpoints, cs_waitpoint_list));
    }
    struct cs_waitpoint *waitpoint = calloc(1, sizeof(*waitpoint));
    if (!waitpoint) {
        return CS_ERR_NO_MEMORY;
    }
    *waitpoint = (struct cs_waitpoint){
        .reader = {.on_batch = on_batch, .on_edge = on_edge, .on_error = on_error},
        .endpoint = endpoint,
        .environment = wish->environment,
        .io = wish->io,
        .timer.fire = on_time,
        .tell.fire = on_tell,
        .key = CS_BUF(wish->key.len),
        .output = CS_BUF(OUTPUT_MAX),
    };
    cs_buf_add(&waitpoint->key, wish->key);
    (void)strncpy(waitpoint->id, wish->id, sizeof(waitpoint->id) - 1);
    memcpy(waitpoint->run_id, wish->run->id, sizeof(waitpoint->run_id));
    enum cs_err err = begin(waitpoint, wish);
    if (err != CS_OK) {
        waitpoint_free(waitpoint);
        return err;
    }
    TAILQ_INSERT_HEAD(&endpoint->waitpoints, waitpoint, link);
    endpoint->n_waitpoints++;
    tell_tap(waitpoint, CS_WAITPOINT_CREATED);
    return CS_OK;
}

bool cs_waitpoint_block(struct cs_endpoint *endpoint, struct cs_view id, const struct cs_run *run)
{
    struct cs_waitpoint *waitpoint = find(endpoint, id);
    if (!waitpoint || strcmp(waitpoint->run_id, run->id) != 0) {
        return false;
    }
    if (!waitpoint->is_blocked) {
        waitpoint->is_blocked = true;
        tell_tap(waitpoint, CS_WAITPOINT_BLOCKED);
        tell_later(waitpoint);
    }
    return true;
}

void cs_waitpoints_free(struct cs_endpoint *endpoint)
{
    struct cs_waitpoint *waitpoint;
    while ((waitpoint = TAILQ_FIRST(&endpoint->waitpoints))) {
        forget(endpoint, waitpoint);
    }
}
