/* The bare subscription below a client: what is judged of it. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

static void timeout_of(struct cs_case_run *run, const char *options, uint64_t number,
                       const char *expected)
{
    struct ck *ck = ck_of(run);
    ck_sub_open(ck, options);
    int stream = ck_sub_read(ck);
    ck_wait_end(ck, stream);
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, number), "Timeout-Seconds", expected);
    cs_case_check(run, strcmp(ck_sub_deltas(ck, stream), "one") == 0, "delivered: %s",
                  ck_sub_deltas(ck, stream));
}

static void timeout_header(struct cs_case_run *run)
{
    ck_script(ck_of(run), "out*: OUT{T 0 one | EOF}\n");
    timeout_of(run, "{}", 1, NULL);
    timeout_of(run, "{\"timeoutInSeconds\":30}", 2, "30");
}

/* The consumer is slow: it takes nothing before the stream has failed. */
static void unread_records(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{MANY 0 50; AWAIT go | RST}\nout#2+: OUT(401)\n");
    ck_sub_open(ck, "{\"retryDelayMs\":1}");
    int stream = ck_sub_read_paused(ck);
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_settle(ck);
    ck_release(ck, "go");
    const struct cs_logged *second = ck_wait_request(ck, CS_TARGET_OUT, 2);
    ck_expect_header(ck, second, "Last-Event-ID", "49");
    ck_sub_wait_event(ck, "error", 1);
    ck_sub_resume(ck, stream);
    (void)ck_wait_error(ck, stream);
    size_t n = ck_sub_count(ck, stream);
    cs_case_check(run, n == 50, "of 50 decoded records %zu were delivered before the error", n);
}

/* A connection that says nothing at all, not even pings. */
#define DEAD_MS 90000

static void dead_connection(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\nout#2: OUT{T 1 two | EOF}\n");
    ck_sub_open(ck, "{}");
    int stream = ck_sub_read(ck);
    ck_wait_chunks(ck, stream, 1);
    cs_case_check(run, ck_sub_wait_long(ck, 2, DEAD_MS) >= 0,
                  "a connection without a byte is still waited for after %d s", DEAD_MS / 1000);
    ck_wait_end(ck, stream);
}

const struct cs_case client_subscription_cases[] = {
    {.id = "client/subscription/timeout-header",
     .title = "Timeout-Seconds is what was configured, and absent when nothing was",
     .requirements = "CRS-42",
     .run = timeout_header},
    {.id = "client/subscription/unread-records",
     .title = "records that a slow consumer has not taken yet outlive an error",
     .requirements = "CRS-52",
     .level = CS_SHOULD,
     .run = unread_records},
    {.id = "client/subscription/dead-connection",
     .title = "a connection that brings no byte is taken up again",
     .requirements = "CRS-21",
     .level = CS_SHOULD,
     .needs = CS_NEEDS_LONG,
     .timeout_s = 120,
     .run = dead_connection},
    {0},
};
