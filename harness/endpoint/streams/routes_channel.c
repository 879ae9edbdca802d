/* Channels: subscribe, HEAD and initialise. */
#include "endpoint/streams/js_number.h"
#include "endpoint/streams/streams.h"

#include <inttypes.h>
#include <math.h>

#define HEADER_MAX ((size_t)16384)

/* ---- GET: subscribe ---- */

static double as_number(struct cs_view text)
{
    double value = 0;
    return cs_js_number(text, &value) ? value : (double)NAN;
}

/* Timeout-Seconds (OUT-23 to OUT-26). False after having answered. */
static bool read_wait(struct cs_call *call, int64_t *ret_wait_ms)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf text = CS_BUF(HEADER_MAX);
    bool given = cs_call_header(call, "Timeout-Seconds", &text) && text.len > 0;
    double seconds = as_number(cs_buf_view(&text));
    uint64_t digits = 0;
    if (!policy->sse_wait_spellings && cs_view_u64(cs_buf_view(&text), &digits) != CS_OK) {
        seconds = (double)NAN;
    }
    cs_buf_free(&text);
    *ret_wait_ms = policy->sse_default_wait_ms;
    if (!given) {
        return true;
    }
    if (!isfinite(seconds) || seconds != floor(seconds)) {
        if (policy->sse_wait_strict) {
            cs_answer_text(call, 400, "Invalid timeout seconds");
        }
        return !policy->sse_wait_strict;
    }
    if (seconds < (double)policy->sse_min_wait_s) {
        cs_answer_text(call, 400, "Timeout seconds must be greater than 0");
        return false;
    }
    if (seconds > (double)policy->sse_max_wait_s) {
        cs_answer_text(call, 400, "Timeout seconds must be less than 600");
        return false;
    }
    *ret_wait_ms = (int64_t)(seconds * 1000);
    return true;
}

/* Last-Event-ID to the first number to send. What is not a number reads from the start (RES-03);
 * everything from the first '-' on is cut off (RES-04, RES-05). srv lets fractions and huge values
 * fail in its store; here they are text and the tail (RES-07, RES-08), unless a policy gives the
 * status to fail with in *ret_status. */
static uint64_t first_wanted(const struct cs_policy *policy, struct cs_view text, int *ret_status)
{
    if (policy->resume_reads_triple && cs_view_find(text, CS_VIEW(",")) != SIZE_MAX) {
        text.len = cs_view_find(text, CS_VIEW(","));
    }
    size_t dash = cs_view_find(text, CS_VIEW("-"));
    text.len = dash != SIZE_MAX && policy->resume_cuts_at_dash ? dash : text.len;
    double last = as_number(text);
    if (!isfinite(last)) {
        return 0;
    }
    if (last != floor(last)) {
        *ret_status = (int)policy->resume_fraction_status;
        return 0;
    }
    double next = last + (double)policy->resume_offset; /* as a double: RES-09 */
    if (next < 0) {
        return 0;
    }
    if (next >= 18446744073709551616.0) {
        *ret_status = (int)policy->resume_huge_status;
        return UINT64_MAX;
    }
    return (uint64_t)next;
}

static bool wants_peek(struct cs_call *call, struct cs_buf *text)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (call->io == CS_IO_IN && !policy->settled_on_in) { /* RES-23 */
        return false;
    }
    bool given = cs_call_header(call, "X-Peek-Settled", text);
    return policy->settled_unasked ||
           (given && (policy->settled_any_value ||
                      cs_view_eq(cs_buf_view(text), CS_VIEW("1")))); /* RES-22 */
}

/* Where to begin. False after having answered. */
static bool read_start(struct cs_call *call, struct cs_sse_start *start)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf text = CS_BUF(HEADER_MAX);
    int status = 200;
    if (cs_call_header(call, "Last-Event-ID", &text) && text.len > 0) {
        start->from = first_wanted(policy, cs_buf_view(&text), &status);
    } else {
        start->latest = policy->sse_latest &&
                        cs_call_header(call, "X-Trigger-Stream-Start", &text) &&
                        cs_view_eq(cs_buf_view(&text), CS_VIEW("latest"));
        start->from = policy->resume_default_tail ? UINT64_MAX : 0;
    }
    if (policy->resume_forgets_run && call->session != NULL && call->session->n_runs > 1) {
        start->from = 0;
    }
    start->peek = wants_peek(call, &text);
    cs_buf_free(&text);
    if (status != 200) {
        cs_answer_error(call, status, "Internal Server Error");
        return false;
    }
    return true;
}

static bool is_over(const struct cs_call *call)
{
    return call->session != NULL &&
           (call->session->closed_ms != CS_NO_TIME ||
            cs_session_expired(call->session, cs_endpoint_now(call->endpoint)));
}

/* What a policy may refuse although every rule is met; 200 when nothing. */
static int get_status(const struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (call->session == NULL && policy->sse_rowless_status != 200) {
        return (int)policy->sse_rowless_status;
    }
    if (is_over(call) && policy->sse_closed_status != 200) {
        return (int)policy->sse_closed_status;
    }
    return call->io == CS_IO_IN ? (int)policy->sse_in_status : 200;
}

/* The fault of sse_accept_decides; Accept is not looked at otherwise (OUT-02). */
static bool wants_json(struct cs_call *call)
{
    struct cs_buf accept = CS_BUF(HEADER_MAX);
    bool given = cs_call_header(call, "Accept", &accept);
    bool streams =
        given && (cs_view_find(cs_buf_view(&accept), CS_VIEW("text/event-stream")) != SIZE_MAX ||
                  cs_view_find(cs_buf_view(&accept), CS_VIEW("*/*")) != SIZE_MAX);
    cs_buf_free(&accept);
    return call->endpoint->policy.sse_accept_decides && !streams;
}

void cs_route_channel_get(struct cs_call *call)
{
    struct cs_sse_start start = {0};
    if (wants_json(call)) {
        cs_answer_json_text(call, 200, CS_VIEW("{\"records\":[]}"));
        return;
    }
    int status = get_status(call);
    if (status != 200) {
        cs_answer_error(call, status, "Not available");
        return;
    }
    if (read_wait(call, &start.wait_ms) && read_start(call, &start)) {
        cs_sse_out_start(call, &start);
    }
}

/* ---- HEAD ---- */

void cs_route_channel_head(struct cs_call *call)
{
    int64_t index = call->endpoint->policy.head_index;
    cs_answer_header(call, "X-Last-Chunk-Index", "%" PRId64, index); /* CHN-14 */
    cs_answer_body(call, 200, NULL, (struct cs_view){0});
}

/* ---- PUT: initialise ---- */

/* The name as it goes into X-S2-Stream-Name: without the environment, which the token carries
 * (CHN-03). A header holds ASCII only, so other bytes, and '%' itself, are percent-encoded;
 * routes_s2.c takes that back. */
static void public_stream_name(struct cs_view name, size_t environment_len, struct cs_buf *out)
{
    for (size_t i = environment_len; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '%') {
            cs_buf_printf(out, "%%%02X", c);
        } else {
            cs_buf_char(out, (char)c);
        }
    }
}

/* The whole name, as a self-hosted server gives it (CHN-03): the store elsewhere knows no other,
 * and nobody there takes an encoding back. A header cannot carry every name. */
static void foreign_stream_name(struct cs_view name, struct cs_buf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < ' ' || c >= 0x7f) {
            out->failed = CS_ERR_SYNTAX;
            return;
        }
    }
    cs_buf_add(out, name);
}

/* The token for a store elsewhere. Ours is good for the whole basin, so it is for those only who
 * hold a secret key; a store without tokens takes the placeholder (CHN-02). */
static void foreign_token(const struct cs_call *call, struct cs_buf *out)
{
    bool trusted = call->auth.kind == CS_AUTH_SECRET;
    const char *token = call->endpoint->stream_token;
    cs_buf_str(out, token != NULL && trusted ? token : "no-token");
}

/* False after having answered. */
static bool put_allowed(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    bool needs_secret = call->channel.len > 0 ? policy->side_channel_out_needs_secret
                                              : policy->put_out_needs_secret;
    if (call->io == CS_IO_OUT && call->auth.kind != CS_AUTH_SECRET && needs_secret) {
        cs_answer_text(call, 403,
                       "Initializing the out channel requires secret key authentication");
        return false;
    }
    if (call->session == NULL && cs_is_friendly_id(call->id)) {
        cs_answer_text(call, 404, "Session not found"); /* CHN-06 */
        return false;
    }
    if (call->session != NULL && call->session->closed_ms != CS_NO_TIME &&
        policy->put_closed_status != policy->put_status) {
        cs_answer_text(call, (int)policy->put_closed_status,
                       "Cannot initialize a channel on a closed session");
        return false;
    }
    return true;
}

void cs_route_channel_put(struct cs_call *call)
{
    if (!put_allowed(call)) {
        return;
    }
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf full = CS_BUF(CS_STREAM_NAME_MAX);
    struct cs_buf name = CS_BUF(3 * CS_STREAM_NAME_MAX);
    struct cs_buf token = CS_BUF(CS_TOKEN_MAX_LEN);
    cs_call_stream_name(call, policy->put_stream_by_url, &full);
    bool foreign = call->endpoint->stream_url != NULL;
    if (foreign) {
        foreign_stream_name(cs_buf_view(&full), &name);
    } else {
        public_stream_name(cs_buf_view(&full), strlen(call->auth.environment->stream_root), &name);
    }
    enum cs_err err = cs_buf_error(&full) != CS_OK ? cs_buf_error(&full) : cs_buf_error(&name);
    if (err == CS_OK && policy->put_token && foreign) {
        foreign_token(call, &token);
        err = cs_buf_error(&token);
    } else if (err == CS_OK && policy->put_token) {
        err = cs_s2_token(call->endpoint, call->auth.environment, cs_buf_view(&name), &token);
    }
    if (err != CS_OK) {
        cs_answer_error(call, 500, "Internal Server Error");
    } else {
        cs_answer_header(call, "X-S2-Access-Token", "%.*s", CS_VIEW_ARG(cs_buf_view(&token)));
        cs_answer_header(call, "X-S2-Stream-Name", "%.*s", CS_VIEW_ARG(cs_buf_view(&name)));
        cs_answer_header(call, "X-S2-Basin", "%s",
                         foreign ? call->endpoint->stream_basin : CS_S2_BASIN);
        cs_answer_header(call, "X-S2-Flush-Interval-Ms", "100");
        cs_answer_header(call, "X-S2-Max-Retries", "10");
        if (policy->put_endpoint && foreign) {
            cs_answer_header(call, "X-S2-Endpoint", "%s", call->endpoint->stream_url);
        } else if (policy->put_endpoint) {
            cs_answer_header(call, "X-S2-Endpoint", "%s/v1", call->endpoint->url);
        }
        cs_answer_json_text(call, (int)policy->put_status, CS_VIEW("{\"version\":\"v2\"}"));
    }
    cs_buf_free(&full);
    cs_buf_free(&name);
    cs_buf_free(&token);
}
