/* What clients that know the secret key make of a request that is refused, and how often they send
 * it again. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"
#include "net/http_client.h"

#define CLOSED \
    " body "   \
    "{\"ok\":false,\"error\":\"closed\",\"code\":\"session_closed\",\"closedReason\":\"x\"}\n"

static struct ck *opened(struct cs_case_run *run, const char *kind, const char *script)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "%s", script);
    ck_open_kind(ck, kind, NULL);
    return ck;
}

/* ---- judged: a session that is closed ---- */

static void closed_for_agent(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "agent", "app*: APP(409)" CLOSED);
    const cJSON *error = ck_wait_error(ck, ck_send(ck, "first"));
    cs_case_observe(run, "the first fails with", "%s", ck_error_text(ck, error));
    (void)ck_wait_error(ck, ck_send(ck, "second"));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 0);
}

static void closed_for_handle(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "app*: APP(409)" CLOSED);
    int write = ck_begin(ck, "write", "{\"value\":\"x\"}");
    ck_wait_request(ck, CS_TARGET_APP, 1);
    (void)ck_wait_over_or_request(ck, write, CS_TARGET_APP, 2);
    ck_expect_counts(ck, 1, 0);
    cs_case_observe(run, "it fails with", "%s", ck_error_text(ck, ck_wait_error(ck, write)));
}

static void closed_at_create(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "agent", "create*: CREATE(409)" CLOSED);
    int stream = ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_CREATE, 1);
    (void)ck_wait_over_or_request(ck, stream, CS_TARGET_CREATE, 2);
    ck_expect_counts(ck, 0, 0);
    cs_case_observe(run, "it fails with", "%s", ck_error_text(ck, ck_wait_error(ck, stream)));
}

/* ---- recorded: what is sent again ---- */

static unsigned long long n_appends(struct ck *ck)
{
    return ck_count(ck, CS_TARGET_APP);
}

/* Of the last two appends. */
static const char *same_part_id(struct ck *ck)
{
    unsigned long long n = n_appends(ck);
    if (n < 2) {
        return "there is one append";
    }
    const char *before = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, n - 1), "X-Part-Id");
    const char *after = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, n), "X-Part-Id");
    return strcmp(before, after) == 0 ? "yes" : "no";
}

/* A write whose first append gets that answer, and all later ones 200. */
static void record_one(struct ck *ck, const char *answer, unsigned n_recorded)
{
    unsigned long long before = n_appends(ck);
    ck_script(ck, "app#%llu: APP%s\n", before + 1, answer);
    ck_try(ck, "write", "{\"value\":\"x\"}");
    unsigned long long n = n_appends(ck) - before;
    ck_record(ck, ck_text(ck, "appends, first answer %s", answer), ck_text(ck, "%u", n_recorded),
              "%llu", n);
    if (n > 1) {
        ck_record(ck, ck_text(ck, "the same part id after %s", answer), "yes", "%s",
                  same_part_id(ck));
    }
}

static void passing(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "");
    record_one(ck, "(503)", 2);
    record_one(ck, "(408)", 2);
    record_one(ck, "(409)", 2);
    record_one(ck, "(RST)", 2);
    record_one(ck, "(400)", 1);
}

static void told_whether(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "");
    record_one(ck, "(400) header x-should-retry=true", 2);
    record_one(ck, "(500) header x-should-retry=false", 1);
}

/* Pauses of 1, 1.6, 2.56 and 4.1 s; clocks of a busy machine only ever lengthen one. */
static void five_tries(struct cs_case_run *run)
{
    static const int64_t least[] = {1000, 1600, 2560, 4096};
    struct ck *ck = opened(run, "session", "app*: APP(500)\n");
    int write = ck_begin(ck, "write", "{\"value\":\"x\"}");
    int64_t before = ck_wait_request(ck, CS_TARGET_APP, 1)->at_ms;
    unsigned n_long = 0;
    for (unsigned i = 0; i < 4 && !ck_wait_over_or_request(ck, write, CS_TARGET_APP, i + 2); i++) {
        int64_t at = ck_wait_request(ck, CS_TARGET_APP, i + 2)->at_ms;
        n_long += at - before >= least[i] - 20;
        before = at;
    }
    ck_record(ck, "pauses of at least 1, 1.6, 2.6, 4.1 s", "4", "%u", n_long);
    ck_record(ck, "it fails with", "TriggerApiError 500", "%s",
              ck_error_text(ck, ck_wait_error(ck, write)));
    ck_settle(ck);
    ck_record(ck, "appends", "5", "%llu", n_appends(ck));
    ck_record(ck, "the same part id", "yes", "%s", same_part_id(ck));
}

/* How long each limit lasts; the client adds up to a second. */
#define RESET_MS 400
#define SLACK_MS 20

/* Is that append no earlier than the limit's end? */
static bool waited(struct ck *ck, uint64_t number, int64_t reset)
{
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_APP, number);
    return cs_wall_ms() - (ck_now(ck) - request->at_ms) >= reset - SLACK_MS;
}

static void rate_limited(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "");
    int64_t reset = cs_wall_ms() + RESET_MS;
    ck_script(ck, "app*: APP(429) header x-ratelimit-reset=%lld\n", (long long)reset);
    int write = ck_begin(ck, "write", "{\"value\":\"x\"}");
    ck_wait_request(ck, CS_TARGET_APP, 1);
    unsigned n_waited = 0;
    for (unsigned i = 2; i <= 5; i++) {
        /* What this one answers is asked for the next, so its limit is known before it comes. */
        int64_t next = reset + RESET_MS + 1000;
        ck_script(ck, "app#%u: APP(429) header x-ratelimit-reset=%lld\n", i, (long long)next);
        if (ck_wait_over_or_request(ck, write, CS_TARGET_APP, i)) {
            break;
        }
        n_waited += waited(ck, i, reset);
        reset = next;
    }
    ck_record(ck, "times that the limit was waited for", "4", "%u", n_waited);
    ck_record(ck, "it fails with", "TriggerApiError 429", "%s",
              ck_error_text(ck, ck_wait_error(ck, write)));
    ck_settle(ck);
    ck_record(ck, "appends", "5", "%llu", n_appends(ck));
    ck_record(ck, "the same part id", "yes", "%s", same_part_id(ck));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "append-server", __VA_ARGS__)
#define SHOULD(name, what, ids, function)                                           \
    {                                                                               \
        .id = "client/append-server/" name, .title = (what), .requirements = (ids), \
        .level = CS_SHOULD, .run = (function)                                       \
    }

const struct cs_case client_append_server_observed_cases[] = {
    SHOULD("closed-for-an-agent", "409 session_closed ends the chat of a server's client too",
           "CAP-62", closed_for_agent),
    SHOULD("closed-for-a-handle", "409 session_closed is final for the handle of a session",
           "CAP-63", closed_for_handle),
    SHOULD("closed-at-create", "409 session_closed on a create is final", "CAP-79",
           closed_at_create),
    OBSERVED("passing-failures", "which failures of an append are tried again, as it was", "CAP-70",
             passing),
    OBSERVED("told-whether", "x-should-retry decides it", "CAP-70", told_whether),
    OBSERVED("five-tries", "how often and how long after each other", "CAP-70", five_tries),
    OBSERVED("rate-limited", "a rate limit is waited for, five tries in all", "CAP-67",
             rate_limited),
    {0},
};
