/* GET .../records: everything after a cursor, without waiting (CHN-15 to CHN-24). */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/streams/sse_render.h"
#include "endpoint/streams/streams.h"

#define DRAIN_MAX ((size_t)256 << 20) /* of one answer: not paginated, but not without bound */

/* One answer that is being gathered. */
struct drain {
    struct cs_store_reader reader; /* first member */
    struct cs_timer timer;
    struct cs_call *call;
    struct cs_buf text;
    size_t n; /* items so far */
};

static void drain_free(struct drain *drain)
{
    if (drain->reader.store != NULL) {
        drain->reader.store->ops->read_stop(&drain->reader);
    }
    cs_timer_stop(drain->call->endpoint->loop, &drain->timer);
    cs_buf_free(&drain->text);
    free(drain);
}

static void on_gone(struct cs_call *call)
{
    drain_free(call->user);
}

static void answer(struct drain *drain, bool whole)
{
    struct cs_call *call = drain->call;
    struct cs_buf text = drain->text;
    int status = drain->n > 0 ? 200 : (int)call->endpoint->policy.records_empty_status;
    drain->text = (struct cs_buf){0};
    drain_free(drain);
    call->user = NULL;
    call->on_gone = NULL;
    cs_buf_str(&text, "]}");
    if (whole && cs_buf_error(&text) == CS_OK) {
        cs_answer_json_text(call, status, cs_buf_view(&text));
    } else {
        int failure = (int)call->endpoint->policy.records_failure_status;
        cs_answer_error(call, failure, "Internal Server Error");
    }
    cs_buf_free(&text);
}

static void on_timer(struct cs_timer *timer)
{
    answer((struct drain *)((char *)timer - offsetof(struct drain, timer)), true);
}

/* `data` and `id` of the item, out of the envelope; both empty for records that have none. */
static void put_envelope(const struct cs_policy *policy, const struct cs_record *record,
                         struct cs_buf *out)
{
    struct cs_view data = CS_VIEW("\"\"");
    struct cs_view id = {0};
    if (record->kind == CS_RECORD_DATA && record->body.len > 0 &&
        cs_envelope_decode(record->body, &data, &id, NULL) != CS_OK) {
        data = CS_VIEW("null"); /* written straight to the store, and no envelope */
    }
    cs_buf_str(out, "{\"data\":");
    cs_buf_add(out, data);
    if (policy->records_id_as_number) {
        cs_buf_printf(out, ",\"id\":%" PRIu64, record->seq_num);
    } else {
        cs_buf_str(out, ",\"id\":\"");
        cs_buf_add(out, id); /* as it stands between its quotes */
        cs_buf_char(out, '"');
    }
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    (void)live;
    (void)tail;
    struct drain *drain = (struct drain *)reader;
    const struct cs_policy *policy = &drain->call->endpoint->policy;
    for (size_t i = 0; i < n; i++) {
        const struct cs_record *record = &records[i];
        if (record->kind == CS_RECORD_COMMAND && !policy->records_shows_commands) {
            continue; /* CHN-19 */
        }
        if (policy->records_max > 0 && drain->n >= (size_t)policy->records_max) {
            break;
        }
        cs_buf_str(&drain->text, drain->n > 0 ? "," : "");
        drain->n++;
        put_envelope(policy, record, &drain->text);
        cs_buf_printf(&drain->text, ",\"seqNum\":%" PRIu64, record->seq_num);
        if (record->n_headers > 0 && policy->records_has_headers) {
            cs_buf_str(&drain->text, ",\"headers\":");
            cs_put_headers(&drain->text, record->headers, record->n_headers, false);
        }
        cs_buf_char(&drain->text, '}');
    }
    return true;
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    (void)tail;
    struct drain *drain = (struct drain *)reader;
    struct cs_endpoint *endpoint = drain->call->endpoint;
    int64_t wait = endpoint->policy.records_wait_ms;
    if (wait == 0 || cs_timer_start(endpoint->loop, &drain->timer, wait) != CS_OK) {
        answer(drain, true);
    }
}

static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    (void)message;
    answer((struct drain *)reader,
           status == CS_STORE_NOT_FOUND); /* no stream, no records: CHN-13 */
}

static void answer_query_error(struct cs_call *call)
{
    cs_answer_json_text(call, 400,
                        CS_VIEW("{\"error\":\"Query Error\",\"details\":[{\"code\":"
                                "\"invalid_string\",\"path\":[\"afterEventId\"],\"message\":"
                                "\"afterEventId must be a sequence number\"}]}"));
}

/* afterEventId to the first number to give (CHN-16, CHN-17). False after having answered. */
static bool read_cursor(struct cs_call *call, uint64_t *ret_from)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf text = CS_BUF((size_t)16384);
    *ret_from = 0;
    uint64_t after = 0;
    enum cs_err err = CS_ERR_MISSING;
    if (cs_call_query(call, "afterEventId", &text)) {
        err = cs_view_u64(cs_buf_view(&text), &after);
    }
    cs_buf_free(&text);
    if (err == CS_ERR_RANGE) {
        cs_answer_error(call, (int)policy->records_huge_status,
                        "Internal Server Error"); /* CHN-22 */
        return false;
    }
    if (err == CS_ERR_SYNTAX && policy->records_cursor_strict) {
        answer_query_error(call);
        return false;
    }
    if (err == CS_OK) {
        *ret_from = policy->records_inclusive || after == UINT64_MAX ? after : after + 1;
    }
    return true;
}

bool cs_check_records_query(struct cs_call *call)
{
    uint64_t from = 0;
    return read_cursor(call, &from);
}

static bool is_closed(const struct cs_call *call)
{
    return call->session != NULL && call->session->closed_ms != CS_NO_TIME;
}

void cs_route_channel_records(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    uint64_t from = 0;
    if (!read_cursor(call, &from)) {
        return;
    }
    if (call->channel.len > 0 && policy->side_records_status != 200) {
        cs_answer_error(call, (int)policy->side_records_status, "Not found");
        return;
    }
    if (is_closed(call) && policy->records_closed_status != 200) {
        cs_answer_error(call, (int)policy->records_closed_status, "The session is closed");
        return;
    }
    struct drain *drain = calloc(1, sizeof(*drain));
    if (drain == NULL) {
        cs_answer_error(call, 500, "Internal Server Error");
        return;
    }
    drain->reader.on_batch = on_batch;
    drain->reader.on_edge = on_edge;
    drain->reader.on_error = on_error;
    drain->timer.fire = on_timer;
    drain->call = call;
    drain->text = CS_BUF(DRAIN_MAX);
    cs_buf_str(&drain->text, "{\"records\":[");
    call->user = drain;
    call->on_gone = on_gone;
    struct cs_store *store = call->endpoint->store;
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_call_stream_name(call, policy->sse_stream_by_url, &name);
    if (cs_buf_error(&name) != CS_OK ||
        store->ops->read_start(store, cs_buf_view(&name), from, &drain->reader) != CS_OK) {
        answer(drain, false);
    }
    cs_buf_free(&name);
}
