#include "endpoint/http/ratelimit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define N_SLOTS ((size_t)4096)

/* A direct-mapped table: two tokens that share a slot take turns in it, so the memory is fixed
 * whatever is sent. */
struct slot {
    uint64_t who;
    int64_t started_ms;
    int64_t used;
};

struct cs_windows {
    struct slot slots[N_SLOTS];
};

struct cs_windows *cs_windows_new(void)
{
    return calloc(1, sizeof(struct cs_windows));
}

void cs_windows_free(struct cs_windows *windows)
{
    free(windows);
}

struct verdict {
    int64_t limit;
    int64_t remaining;
    int64_t reset_ms; /* since the epoch */
    bool allowed;
};

static uint64_t hash_of(struct cs_view text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static struct verdict take_window(struct cs_call *call, uint64_t who, int64_t limit)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    int64_t now = cs_endpoint_now(call->endpoint);
    struct slot *slot = &call->endpoint->windows->slots[who % N_SLOTS];
    if (slot->who != who || now - slot->started_ms >= policy->public_window_ms) {
        *slot = (struct slot){.who = who, .started_ms = now};
    }
    struct verdict verdict = {
        .limit = limit,
        .reset_ms = slot->started_ms + policy->public_window_ms,
        .allowed = slot->used < limit,
    };
    if (verdict.allowed) {
        slot->used++;
    }
    verdict.remaining = verdict.limit - slot->used;
    return verdict;
}

/* Whoever is not known (yet) draws on the first environment's bucket; the route refuses them. */
static struct cs_environment *bucket_of(struct cs_call *call, struct cs_view authorization)
{
    struct cs_endpoint *endpoint = call->endpoint;
    for (size_t i = 1; i < endpoint->n_environments; i++) {
        if (cs_view_find(authorization, cs_view_str(endpoint->environments[i].secret_key)) !=
            SIZE_MAX) {
            return &endpoint->environments[i];
        }
    }
    return &endpoint->environments[0];
}

static struct verdict take_bucket(struct cs_call *call, struct cs_environment *environment)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    int64_t now = cs_endpoint_now(call->endpoint);
    int64_t intervals = (now - environment->bucket_filled_ms) / policy->bucket_interval_ms;
    if (environment->bucket_filled_ms == 0 || intervals < 0) {
        environment->bucket_tokens = policy->bucket_size;
        environment->bucket_filled_ms = now;
    } else if (intervals > 0) {
        int64_t missing = policy->bucket_size - environment->bucket_tokens;
        /* Divided, not multiplied: a day of intervals must not overflow. */
        bool full = missing / policy->bucket_refill < intervals;
        environment->bucket_tokens += full ? missing : intervals * policy->bucket_refill;
        environment->bucket_filled_ms += intervals * policy->bucket_interval_ms;
    }
    struct verdict verdict = {
        .limit = policy->bucket_size,
        .reset_ms = environment->bucket_filled_ms + policy->bucket_interval_ms,
        .allowed = environment->bucket_tokens > 0,
    };
    if (verdict.allowed) {
        environment->bucket_tokens--;
    }
    verdict.remaining = environment->bucket_tokens;
    return verdict;
}

static void answer_problem(struct cs_call *call, int status, const char *title, const char *type,
                           const char *detail, const struct verdict *verdict)
{
    char text[1024];
    int len = snprintf(text, sizeof text, "{\"title\":\"%s\",\"status\":%d,\"type\":\"%s\",", title,
                       status, type);
    if (verdict) {
        int64_t wait_ms = verdict->reset_ms - cs_endpoint_now(call->endpoint);
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "\"reset\":%" PRId64 ",\"limit\":%" PRId64 ",\"remaining\":%" PRId64
                        ",\"secondsUntilReset\":%" PRId64 ",",
                        verdict->reset_ms, verdict->limit, verdict->remaining,
                        wait_ms > 0 ? (wait_ms + 999) / 1000 : 0);
    }
    len += snprintf(text + len, sizeof text - (size_t)len, "\"detail\":\"%s\",\"error\":\"%s\"}",
                    detail, detail);
    cs_answer_below(call, status, "application/problem+json; charset=utf-8",
                    cs_view_of(text, (size_t)len));
}

/* Tells the limits, and answers 429 when they are used up. */
static bool conclude(struct cs_call *call, const struct verdict *verdict)
{
    if (call->endpoint->policy.rate_limit_headers) {
        cs_answer_header(call, "x-ratelimit-limit", "%" PRId64, verdict->limit);
        cs_answer_header(call, "x-ratelimit-remaining", "%" PRId64, verdict->remaining);
        cs_answer_header(call, "x-ratelimit-reset", "%" PRId64, verdict->reset_ms);
    }
    if (!verdict->allowed && call->endpoint->policy.retry_after) {
        cs_answer_header(call, "Retry-After", "1");
    }
    if (!verdict->allowed) {
        answer_problem(call, 429, "Rate Limit Exceeded",
                       "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/429",
                       "Rate limit exceeded: wait for the reset and try again", verdict);
    }
    return verdict->allowed;
}

bool cs_rate_limit_check(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf value = CS_BUF(CS_TOKEN_MAX_LEN + 64);
    if (!cs_request_header_joined(call->request, "Authorization", &value)) {
        cs_buf_free(&value);
        if (!policy->require_auth || !policy->limiter_wants_auth) {
            return true;
        }
        answer_problem(call, 401, "Unauthorized",
                       "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401",
                       "No authorization header provided", NULL);
        return false;
    }
    struct cs_view authorization = cs_buf_view(&value);
    /* Two dots make a JWT; a secret key has none. */
    bool is_key = cs_view_find(authorization, CS_VIEW(".")) == SIZE_MAX;
    struct verdict verdict =
        is_key ? take_bucket(call, bucket_of(call, authorization))
               : take_window(call, hash_of(authorization), policy->public_window_calls);
    cs_buf_free(&value);
    return conclude(call, &verdict);
}

bool cs_rate_limit_append(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf value = CS_BUF(CS_TOKEN_MAX_LEN + 64);
    bool present = cs_request_header_joined(call->request, "Authorization", &value);
    /* A window of its own beside that of the management API. */
    uint64_t who = ~hash_of(cs_buf_view(&value));
    cs_buf_free(&value);
    if (!present || !policy->append_is_limited) {
        return true;
    }
    struct verdict verdict = take_window(call, who, policy->append_window_calls);
    return conclude(call, &verdict);
}
