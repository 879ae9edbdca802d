/* POST /api/v1/runs/{run}/session-streams/wait: an agent that suspends until its channel has a
 * record (CHN-25).
 *
 * Nothing is suspended here, so a waitpoint is but an id: this endpoint's own agent has no worker
 * that could be woken.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/sessions/runs.h"
#include "endpoint/http/schema.h"
#include "endpoint/streams/streams.h"

#define SAFE_MAX ((int64_t)1 << 53)

struct wait_input {
    char *session;
    char *key; /* idempotencyKey, or NULL */
};

static void input_free(struct wait_input *input)
{
    free(input->session);
    free(input->key);
}

static bool read_io(struct cs_view body, struct cs_refusal *refusal)
{
    struct cs_view io;
    return (cs_member(body, "io", &io) &&
            (cs_view_eq(io, CS_VIEW("\"in\"")) || cs_view_eq(io, CS_VIEW("\"out\"")))) ||
           cs_refuse(refusal, 400, "io: expected \"in\" or \"out\"");
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
    return cs_schema_string(session, "session", 1, SIZE_MAX, false, &input->session, refusal) &&
           read_io(body, refusal) &&
           (!cs_member(body, "idempotencyKey", &key) ||
            cs_schema_string(key, "idempotencyKey", 0, (size_t)policy->wait_key_max, false,
                             &input->key, refusal)) &&
           (!cs_member(body, "lastSeqNum", &last) ||
            cs_schema_integer(last, "lastSeqNum", 0, SAFE_MAX, &last_seq, refusal));
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
static void answer_waitpoint(struct cs_call *call, const char *key)
{
    struct cs_endpoint *endpoint = call->endpoint;
    struct cs_buf text = CS_BUF((size_t)256);
    char id[CS_ID_LEN + 1];
    bool cached = false;
    if (key == NULL) {
        cs_random_id(endpoint, id, CS_ID_LEN);
        cs_buf_printf(&text, "{\"waitpointId\":\"waitpoint_%s\"", id);
    } else {
        /* no claim of a part id begins like this: they begin with the environment */
        struct cs_buf claim = CS_BUF((size_t)64 * 1024);
        cs_buf_printf(&claim, "wait:%s:%s", call->auth.environment->id, key);
        cached = !cs_dedupe_claim(&endpoint->streams->dedupe, cs_buf_view(&claim),
                                  cs_endpoint_now(endpoint), endpoint->policy.dedupe_window_ms);
        cs_buf_printf(&text, "{\"waitpointId\":\"waitpoint_%025" PRIu64 "\"",
                      id_of_key(cs_buf_view(&claim)));
        cs_buf_free(&claim);
    }
    cs_buf_printf(&text, ",\"isCached\":%s}", cached ? "true" : "false");
    cs_answer_buf(call, 200, &text);
}

void cs_route_run_wait(struct cs_call *call)
{
    struct wait_input input = {0};
    struct cs_refusal refusal = {0};
    const struct cs_environment *environment = call->auth.environment;
    if (!read_input(&call->endpoint->policy, cs_buf_view(&call->json), &input, &refusal)) {
        cs_answer_refusal(call, refusal.status, refusal.text);
    } else if (cs_run_find(call->endpoint, environment, call->id) == NULL) {
        cs_answer_error(call, 404, "Run not found");
    } else if (cs_is_friendly_id(cs_view_str(input.session)) &&
               cs_session_find(call->endpoint, environment, cs_view_str(input.session)) == NULL) {
        cs_answer_error(call, 404, "Session not found");
    } else {
        answer_waitpoint(call, input.key);
    }
    input_free(&input);
}
