/* POST /api/v1/runs/{run}/session-streams/wait: an agent that suspends until its channel has a
 * record (CHN-25).
 *
 * Nothing is suspended here: whoever executes the run hears of its waitpoints by the tap
 * (waitpoints.h) and wakes it. Then the run says that it waits now:
 * POST /engine/v1/runs/{run}/waitpoints/tokens/{waitpoint}/wait (AGT-SES-18).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/http/schema.h"
#include "endpoint/sessions/span.h"
#include "endpoint/sessions/waitpoints.h"
#include "endpoint/streams/streams.h"

#define SAFE_MAX ((int64_t)1 << 53)

struct wait_input {
    char *session;
    char *key;     /* idempotencyKey, or NULL */
    char *timeout; /* "1h", a date, or NULL */
    enum cs_io io;
    uint64_t from;   /* the first record that counts */
    int64_t time_ms; /* from now, or CS_WAITPOINT_NO_LIMIT */
};

static void input_free(struct wait_input *input)
{
    free(input->session);
    free(input->key);
    free(input->timeout);
}

static bool read_io(struct cs_view body, enum cs_io *ret_io, struct cs_refusal *refusal)
{
    struct cs_view io = {0};
    bool given = cs_member(body, "io", &io);
    *ret_io = cs_view_eq(io, CS_VIEW("\"out\"")) ? CS_IO_OUT : CS_IO_IN;
    return (given && (*ret_io == CS_IO_OUT || cs_view_eq(io, CS_VIEW("\"in\"")))) ||
           cs_refuse(refusal, 400, "io: expected \"in\" or \"out\"");
}

/* What is no time is passed over: then there is no limit. */
static void read_time(const struct cs_endpoint *endpoint, struct cs_view body,
                      struct wait_input *input)
{
    struct cs_view value;
    struct cs_refusal ignored = {0};
    int64_t number = 0;
    input->time_ms = CS_WAITPOINT_NO_LIMIT;
    if (!cs_member(body, "timeout", &value) ||
        !cs_schema_string(value, "timeout", 1, 64, false, &input->timeout, &ignored)) {
        return;
    }
    if (cs_span_read(input->timeout, &number)) {
        input->time_ms = number > 0 ? number * 1000 : 0;
    } else if (cs_iso_time(input->timeout, &number)) {
        int64_t left = number - cs_endpoint_now(endpoint);
        input->time_ms = left > 0 ? left : 0;
    }
}

static bool read_input(const struct cs_policy *policy, struct cs_view body,
                       struct wait_input *input, struct cs_refusal *refusal)
{
    struct cs_view session;
    struct cs_view key;
    struct cs_view last;
    int64_t last_seq = 0;
    if (!cs_is_object(body) || !cs_member(body, "session", &session)) {
        return cs_refuse(refusal, 400, "session: required");
    }
    bool ok = cs_schema_string(session, "session", 1, SIZE_MAX, false, &input->session, refusal) &&
              read_io(body, &input->io, refusal) &&
              (!cs_member(body, "idempotencyKey", &key) ||
               cs_schema_string(key, "idempotencyKey", 0, (size_t)policy->wait_key_max, false,
                                &input->key, refusal)) &&
              (!cs_member(body, "lastSeqNum", &last) ||
               cs_schema_integer(last, "lastSeqNum", 0, SAFE_MAX, &last_seq, refusal));
    input->from = ok && cs_member(body, "lastSeqNum", &last) ? (uint64_t)last_seq + 1 : 0;
    return ok;
}

/* The id that belongs to a key, so that nothing has to be kept of it: FNV-1a. */
static uint64_t id_of_key(struct cs_view key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * 0x100000001b3u;
    }
    return hash;
}

/* A key that was used before gives the waitpoint of then; it is remembered for as long as a part
 * id, whatever idempotencyKeyTTL says. */
static bool name_waitpoint(struct cs_call *call, const char *key, char ret_id[CS_WAITPOINT_ID_SIZE])
{
    struct cs_endpoint *endpoint = call->endpoint;
    memcpy(ret_id, "waitpoint_", sizeof("waitpoint_"));
    char *end = ret_id + sizeof("waitpoint_") - 1;
    if (key == NULL) {
        cs_random_id(endpoint, end, CS_ID_LEN);
        return false;
    }
    /* no claim of a part id begins like this: they begin with the environment */
    struct cs_buf claim = CS_BUF((size_t)64 * 1024);
    cs_buf_printf(&claim, "wait:%s:%s", call->auth.environment->id, key);
    bool cached = !cs_dedupe_claim(&endpoint->streams->dedupe, cs_buf_view(&claim),
                                   cs_endpoint_now(endpoint), endpoint->policy.dedupe_window_ms);
    snprintf(end, CS_ID_LEN + 1, "%025" PRIu64, id_of_key(cs_buf_view(&claim)));
    cs_buf_free(&claim);
    return cached;
}

/* The session may have no row yet: then it is its external id. */
static void add_waitpoint(struct cs_call *call, const struct cs_run *run,
                          const struct wait_input *input)
{
    char id[CS_WAITPOINT_ID_SIZE];
    bool cached = name_waitpoint(call, input->key, id);
    const struct cs_session *session =
        cs_session_find(call->endpoint, call->auth.environment, cs_view_str(input->session));
    const struct cs_waitpoint_wish wish = {
        .id = id,
        .run = run,
        .environment = call->auth.environment,
        .key = session ? session->key : cs_view_str(input->session),
        .io = input->io,
        .from = input->from,
        .time_ms = input->time_ms,
    };
    if (cs_waitpoint_add(call->endpoint, &wish) != CS_OK) {
        cs_answer_error(call, 500, "Something went wrong");
        return;
    }
    struct cs_buf text = CS_BUF((size_t)256);
    cs_buf_printf(&text, "{\"waitpointId\":\"%s\",\"isCached\":%s}", id, cached ? "true" : "false");
    cs_answer_buf(call, 200, &text);
}

void cs_route_token_wait(struct cs_call *call)
{
    const struct cs_run *run = cs_run_find(call->endpoint, call->auth.environment, call->id);
    if (!run) {
        cs_answer_error(call, 404, "Run not found");
    } else if (!cs_waitpoint_block(call->endpoint, call->channel, run)) {
        cs_answer_error(call, 404, "Waitpoint not found");
    } else {
        cs_answer_json_text(call, 200, CS_VIEW("{\"success\":true}"));
    }
}

void cs_route_run_wait(struct cs_call *call)
{
    struct wait_input input = {0};
    struct cs_refusal refusal = {0};
    const struct cs_environment *environment = call->auth.environment;
    const struct cs_run *run = cs_run_find(call->endpoint, environment, call->id);
    if (!read_input(&call->endpoint->policy, cs_buf_view(&call->json), &input, &refusal)) {
        cs_answer_refusal(call, refusal.status, refusal.text);
    } else if (run == NULL) {
        cs_answer_error(call, 404, "Run not found");
    } else if (cs_is_friendly_id(cs_view_str(input.session)) &&
               cs_session_find(call->endpoint, environment, cs_view_str(input.session)) == NULL) {
        cs_answer_error(call, 404, "Session not found");
    } else {
        read_time(call->endpoint, cs_buf_view(&call->json), &input);
        add_waitpoint(call, run, &input);
    }
    input_free(&input);
}
