/* The bare subscription below a client: retries, silence, cancelling, as the published SDK does
 * them. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

#define QUICK "\"retryDelayMs\":1,\"maxRetryDelayMs\":1"

static uint64_t n_subscriptions(struct ck *ck)
{
    return cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT);
}

/* Opens and reads after the script. */
static int begin(struct ck *ck, const char *options)
{
    ck_sub_open(ck, options);
    return ck_sub_read(ck);
}

/* ---- retries ---- */

/* Without jitter and from 40 ms on; clocks of a busy machine only ever lengthen a pause. */
static void backoff(struct cs_case_run *run)
{
    static const int64_t least[] = {40, 80, 160, 160};
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1-4: OUT(503)\nout#5: OUT{T 0 one | EOF}\n");
    int stream = begin(ck, "{\"retryJitter\":0,\"retryDelayMs\":40,\"maxRetryDelayMs\":160}");
    ck_wait_over(ck, stream);
    unsigned n_long = 0;
    int64_t before = ck_wait_request(ck, CS_TARGET_OUT, 1)->at_ms;
    for (unsigned i = 0; i < 4; i++) {
        int64_t at = ck_wait_request(ck, CS_TARGET_OUT, i + 2)->at_ms;
        n_long += at - before >= least[i] - 2;
        before = at;
    }
    ck_record(ck, "pauses of at least 40, 80, 160, 160 ms", "4", "%u", n_long);
    ck_record(ck, "delivered", "one", "%s", ck_sub_deltas(ck, stream));
}

static void final_statuses(struct cs_case_run *run)
{
    static const int statuses[] = {400, 404, 409, 410, 422};
    struct ck *ck = ck_of(run);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        uint64_t before = n_subscriptions(ck);
        ck_script(ck, "out*: OUT(%d)\n", statuses[i]);
        int stream = begin(ck, "{" QUICK "}");
        const char *end = ck_wait_over(ck, stream) ? "ends well" : "fails";
        ck_settle(ck);
        ck_record(ck, ck_text(ck, "status %d", statuses[i]), "fails after 1 try",
                  "%s after %llu try", end, (unsigned long long)(n_subscriptions(ck) - before));
    }
}

static void passing_statuses(struct cs_case_run *run)
{
    static const int statuses[] = {408, 429, 500, 502, 503};
    struct ck *ck = ck_of(run);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        uint64_t next = n_subscriptions(ck) + 1;
        ck_script(ck,
                  "out#%llu: OUT(%d) header Retry-After=60 header x-ratelimit-reset=4102444800000\n"
                  "out#%llu: OUT{T 0 one | EOF}\n",
                  (unsigned long long)next, statuses[i], (unsigned long long)next + 1);
        int stream = begin(ck, "{" QUICK "}");
        bool well = ck_wait_over(ck, stream);
        ck_record(ck, ck_text(ck, "status %d", statuses[i]), "retried at once", "%s",
                  well ? "retried at once" : "fails");
    }
}

static void no_content(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT(204)\nout#2: OUT{T 0 one | EOF}\n");
    int stream = begin(ck, "{" QUICK "}");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_sub_deltas(ck, stream));
}

static void no_answer(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT(HOLD)\nout#2: OUT{T 0 one | EOF}\n");
    int stream = begin(ck, "{" QUICK ",\"fetchTimeoutMs\":100}");
    ck_wait_over(ck, stream);
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_record(ck, "delivered", "one", "%s", ck_sub_deltas(ck, stream));
}

static void wakes(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT(503)\nout#2: OUT{T 0 one | HOLD}\nout#3: OUT{T 1 two | EOF}\n");
    int stream = begin(ck, "{\"retryDelayMs\":60000,\"maxRetryDelayMs\":60000}");
    ck_sub_wait_event(ck, "error", 1);
    ck_settle(ck);
    ck_sub_retry_now(ck);
    ck_wait_chunks(ck, stream, 1);
    ck_sub_force_reconnect(ck);
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 2));
    ck_settle(ck);
    ck_sub_retry_now(ck);
    ck_wait_over(ck, stream);
    ck_record(ck, "cursor of the third", "0", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 3), "Last-Event-ID"));
    ck_record(ck, "delivered", "one two", "%s", ck_sub_deltas(ck, stream));
}

/* What a retry keeps alive is freed when the subscription ends, and not before. */
#define RETRIES 2000

/* Each step is waited for anew: a busy machine makes all of them slow. */
static void wait_retries(struct ck *ck, uint64_t from, unsigned n)
{
    for (unsigned i = RETRIES / 20; i <= n; i += RETRIES / 20) {
        ck_wait_request(ck, CS_TARGET_OUT, from + i);
    }
}

static void memory_of_retries(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT(503)\n");
    (void)begin(ck, "{" QUICK "}");
    wait_retries(ck, 0, RETRIES / 4);
    double before = ck_sub_memory(ck);
    uint64_t from = n_subscriptions(ck);
    wait_retries(ck, from, RETRIES);
    double each = (ck_sub_memory(ck) - before) / (double)(n_subscriptions(ck) - from);
    ck_record(ck, "every retry keeps a kilobyte or more", "yes", "%s", each > 1000 ? "yes" : "no");
}

/* ---- silence ---- */

/* Pings come three times within the time that a stream may be silent for. */
static void pings_are_no_life(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "out#1: OUT{PING; AWAIT a; PING; AWAIT b; PING; AWAIT c; RAW \": life\\n\" | HOLD}\n"
              "out#2: OUT{T 0 one | EOF}\n");
    int stream = begin(ck, "{" QUICK ",\"stallTimeoutMs\":1200}");
    const struct cs_logged *first = ck_wait_request(ck, CS_TARGET_OUT, 1);
    for (const char *gate = "a\0b\0c\0"; *gate; gate += 2) {
        ck_settle(ck);
        ck_release(ck, gate);
    }
    ck_wait_over(ck, stream);
    int64_t took = ck_wait_request(ck, CS_TARGET_OUT, 2)->at_ms - first->at_ms;
    ck_record(ck, "pings and comments keep a stream", "no", "%s", took < 1900 ? "no" : "yes");
    ck_record(ck, "delivered", "one", "%s", ck_sub_deltas(ck, stream));
}

static void silent_commands(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{K 3 trim 0 | HOLD}\nout#2: OUT{K 4 trim 0 | HOLD}\n"
                  "out#3: OUT{T 5 one | EOF}\n");
    int stream = begin(ck, "{" QUICK ",\"stallTimeoutMs\":200}");
    ck_wait_over(ck, stream);
    for (unsigned i = 2; i <= 3; i++) {
        ck_record(ck, ck_text(ck, "cursor of subscription %u", i), i == 2 ? "3" : "4", "%s",
                  ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, i), "Last-Event-ID"));
    }
    ck_record(ck, "delivered", "one", "%s", ck_sub_deltas(ck, stream));
}

static void stall_budget(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{PING | HOLD}\n");
    int stream = begin(ck, "{" QUICK ",\"stallTimeoutMs\":100,\"maxStallRetries\":5}");
    bool over = ck_wait_over_or_request(ck, stream, CS_TARGET_OUT, 8);
    ck_record_flag(ck, "the sixth silent window is the last", "stall_budget",
                   over && n_subscriptions(ck) == 6 && !ck_wait_over(ck, stream));
}

/* ---- ends ---- */

static void settled_exactly(struct cs_case_run *run)
{
    static const char *const values[] = {"true", "TRUE", "1"};
    struct ck *ck = ck_of(run);
    for (size_t i = 0; i < 3; i++) {
        ck_script(ck, "out*: OUT{T 0 one | EOF} header X-Session-Settled=%s\n", values[i]);
        ck_wait_over(ck, begin(ck, "{}"));
        ck_record(ck, ck_text(ck, "X-Session-Settled: %s is settled", values[i]),
                  i == 0 ? "true" : "false", "%s", ck_sub_settled(ck));
    }
}

static void cancelled(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one; AWAIT on; T 1 two | HOLD}\n");
    int stream = begin(ck, "{" QUICK "}");
    const struct cs_logged *first = ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_wait_chunks(ck, stream, 1);
    ck_sub_cancel(ck, stream);
    ck_settle(ck);
    ck_record_flag(ck, "the connection is closed", "cancel_closes_subscription",
                   first->gone_ms >= 0);
    ck_record(ck, "further subscriptions", "0", "%llu",
              (unsigned long long)n_subscriptions(ck) - 1);
}

static void completion(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | EOF}\nout*: OUT{T 0 one | HOLD}\n");
    ck_wait_over(ck, begin(ck, "{}"));
    ck_settle(ck);
    size_t before = ck_count_events(ck, "complete");
    ck_record(ck, "calls at an end", "1", "%zu", before);

    int stream = begin(ck, "{}");
    ck_wait_chunks(ck, stream, 1);
    ck_abort(ck, stream);
    ck_settle(ck);
    ck_record(ck, "calls at an abort", "1", "%zu", ck_count_events(ck, "complete") - before);
    before = ck_count_events(ck, "complete");

    stream = begin(ck, "{}");
    ck_wait_chunks(ck, stream, 1);
    ck_sub_cancel(ck, stream);
    ck_settle(ck);
    ck_record(ck, "calls at a cancel", "1", "%zu", ck_count_events(ck, "complete") - before);
}

static void from_latest(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{T 7 one | EOF}\n");
    ck_wait_over(ck, begin(ck, "{\"from\":\"latest\"}"));
    ck_wait_over(ck, begin(ck, "{\"from\":\"latest\",\"lastEventId\":\"6\"}"));
    static const char name[] = "X-Trigger-Stream-Start";
    ck_record(ck, "without a cursor", "latest", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), name));
    ck_record(ck, "with a cursor", "none", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), name));
}

/* More than sockets hold, for a consumer that takes nothing. */
static void unread_without_bound(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{LONG 0 8388608; LONG 1 8388608; LONG 2 8388608; LONG 3 8388608"
                  " | EOF}\n");
    ck_sub_open(ck, "{}");
    (void)ck_sub_read_paused(ck);
    ck_sub_wait_sent(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_record(ck, "32 MiB are taken from the server", "yes", "yes");
}

/* Fresh headers may be asked for. */
static void refused_with_resolver(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT(401)\nout#2: OUT(401)\n");
    ck_open_kind(ck, "subscription",
                 ck_text(ck,
                         "{\"url\":\"%s/realtime/v1/sessions/%s/out\",\"resolver\":true,"
                         "\"headers\":{\"Authorization\":\"Bearer %s\"}}",
                         cs_scripted_url(ck_server(ck)), ck_chat(ck), ck_token(ck, "P1")));
    int stream = ck_sub_read(ck);
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_wait_over(ck, stream);
    ck_settle(ck);
    unsigned long long n = ck_count(ck, CS_TARGET_OUT);
    ck_record(ck, "subscriptions", "2", "%llu", n);
    if (n > 1) {
        ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "R1");
    }
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "subscription", __VA_ARGS__)

const struct cs_case client_subscription_observed_cases[] = {
    OBSERVED("backoff", "pauses between tries double up to a cap", "CRS-10", backoff),
    OBSERVED("memory-of-retries", "every retry keeps memory alive", "CRS-13", memory_of_retries),
    OBSERVED("final-statuses", "which statuses end a subscription", "CRS-14", final_statuses),
    OBSERVED("passing-statuses", "which statuses are retried, whatever they ask for", "CRS-15",
             passing_statuses),
    OBSERVED("no-content", "an answer without a body is retried", "CRS-16", no_content),
    OBSERVED("no-answer", "an answer that does not come is given up", "CRS-17", no_answer),
    OBSERVED("pings-are-no-life", "pings and comments do not keep a silent stream", "CRS-18",
             pings_are_no_life),
    OBSERVED("silent-commands", "after silence a stream goes on behind its command records",
             "CRS-19", silent_commands),
    OBSERVED("stall-budget", "how many silent windows a budget of five allows", "CRS-20",
             stall_budget),
    OBSERVED("settled-exactly", "only X-Session-Settled: true is settled", "CRS-27",
             settled_exactly),
    OBSERVED("cancelled", "what cancelling the reader closes", "CRS-48", cancelled),
    OBSERVED("unread-without-bound", "what nobody reads is kept without bound", "CRS-53",
             unread_without_bound),
    OBSERVED("wakes", "retryNow ends a pause, forceReconnect a connection", "CRS-54", wakes),
    OBSERVED("from-latest", "from=latest asks for the stream's end", "CRS-55", from_latest),
    OBSERVED("completion", "the completion callback comes once", "CRS-56", completion),
    OBSERVED("refused-with-resolver", "whether fresh headers are used after a 401", "CTK-29",
             refused_with_resolver),
    {0},
};
