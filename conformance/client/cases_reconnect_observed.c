/* Reloads and standing subscriptions: what the published SDK does, and what it is known to lose. */
#include <stdio.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

/* Opens with a stored state that has these members beside token and cursor. */
static void restore(struct ck *ck, const char *members, bool watch)
{
    ck_open_with(ck,
                 ck_text(ck,
                         "{\"watch\":%s,\"sessions\":{\"%s\":{\"publicAccessToken\":\"%s\","
                         "\"lastEventId\":\"10\"%s}}}",
                         watch ? "true" : "false", ck_chat(ck), ck_token(ck, "S1"), members),
                 true);
}

static const char *peek_of(struct ck *ck, uint64_t number)
{
    return ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, number), "X-Peek-Settled");
}

static void active_seq_peeks(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{C 11 turn-complete session-in-event-id=3}\n");
    restore(ck, ",\"isStreaming\":true,\"activeInputSeq\":3", false);
    ck_wait_over(ck, ck_reconnect(ck));
    ck_record_flag(ck, "a known active send is not probed", "active_send_not_probed",
                   strcmp(peek_of(ck, 1), "none") == 0);
}

static void watch_peeks(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 one | HOLD}\n");
    restore(ck, ",\"isStreaming\":true", true);
    ck_wait_chunks(ck, ck_reconnect(ck), 1);
    ck_record(ck, "X-Peek-Settled of a watcher", "none", "%s", peek_of(ck, 1));
}

static void retries_peek(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "out#1: OUT{T 11 one; AWAIT seen | RST}\nout#2: OUT{T 12 two; C 13 turn-complete}\n");
    restore(ck, ",\"isStreaming\":true", false);
    int stream = ck_reconnect(ck);
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_wait_over(ck, stream);
    ck_record(ck, "X-Peek-Settled of the retry", "1", "%s", peek_of(ck, 2));
}

static void streaming_flag(struct cs_case_run *run)
{
    static const char *const rows[][3] = {{"true", ",\"isStreaming\":true", "a stream"},
                                          {"false", ",\"isStreaming\":false", "null"},
                                          {"absent", "", "a stream"}};
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{C 11 turn-complete}\n");
    for (size_t i = 0; i < 3; i++) {
        restore(ck, rows[i][1], false);
        int stream = ck_reconnect(ck);
        bool resumed = ck_wait_stream(ck, stream);
        if (resumed) {
            ck_wait_over(ck, stream);
        }
        ck_record(ck, ck_text(ck, "flag %s", rows[i][0]), rows[i][2], "%s",
                  resumed ? "a stream" : "null");
    }
}

static void without_flag(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 one | DONE}\nout#2: OUT{T 12 two; C 13 turn-complete}\n");
    restore(ck, "", false);
    int stream = ck_reconnect(ck);
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
    ck_expect_counts(ck, 0, 2);
}

/* The stream of a reload, or 0 where there is none; that is recorded. */
static int watched(struct ck *ck)
{
    int stream = ck_reconnect(ck);
    bool resumed = ck_wait_stream(ck, stream);
    ck_record(ck, "reconnect of a watcher", "a stream", "%s", resumed ? "a stream" : "null");
    return resumed ? stream : 0;
}

static void watcher_stays(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 a; C 12 turn-complete; T 13 b; C 14 turn-complete | DONE}\n"
                  "out#2: OUT{T 15 c | HOLD}\n");
    restore(ck, ",\"isStreaming\":false", true);
    int stream = watched(ck);
    if (!stream) {
        return;
    }
    ck_wait_chunks(ck, stream, 3);
    ck_record(ck, "delivered", "a b c", "%s", ck_delivered(ck, stream));
    ck_record(ck, "the stream", "goes on", "%s", ck_is_over(ck, stream) ? "is over" : "goes on");
}

/* More empty windows than a turn survives; their pauses double. */
static void watcher_without_budget(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{| DONE}\n");
    restore(ck, ",\"isStreaming\":false", true);
    int stream = watched(ck);
    for (uint64_t n = 1; stream && n <= 8; n++) {
        ck_wait_request(ck, CS_TARGET_OUT, n);
    }
    if (!stream) {
        return;
    }
    ck_record(ck, "after seven empty windows", "goes on", "%s",
              ck_is_over(ck, stream) ? "is over" : "goes on");
    ck_abort(ck, stream);
    ck_record(ck, "after an abort", "ends well", "%s",
              ck_wait_over(ck, stream) ? "ends well" : "fails");
}

static void while_active(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_chunks(ck, ck_send(ck, "first"), 1);
    bool resumed = ck_wait_stream(ck, ck_reconnect(ck));
    ck_record(ck, "reconnect during a turn", "null", "%s", resumed ? "a stream" : "null");
    ck_record(ck, "subscriptions", "1", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT));
}

static void settled_in_capitals(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 one | DONE} header X-Session-Settled=TRUE\n"
                  "out#2: OUT{T 12 two; C 13 turn-complete}\n");
    restore(ck, ",\"isStreaming\":true", false);
    int stream = ck_reconnect(ck);
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
}

/* ---- silence of minutes ---- */

static void silent_minute(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one; PING | HOLD}\nout#2: OUT{C 1 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    int64_t at = ck_sub_wait_long(ck, 2, 80000);
    int64_t rounded = (at + 2000) / 5000 * 5;
    ck_record(ck, "a silent connection is given up after", "60 s", "%lld s", (long long)rounded);
}

/* An agent that works for seven minutes without a word, on connections that live: as from the real
 * server, a ping comes now and then. */
static void silent_minutes(struct cs_case_run *run)
{
    enum {
        N_PINGS = 21,
        PING_EVERY_MS = 20000
    };
    struct ck *ck = ck_of(run);
    char script[1024] = "app#1: APP(200,0)\nout*: OUT{PING; ";
    for (int i = 1; i <= N_PINGS; i++) {
        size_t len = strlen(script);
        snprintf(script + len, sizeof script - len, "AWAIT p%d; PING; ", i);
    }
    strcat(script, "T 0 one; C 1 turn-complete}\n");
    ck_script(ck, "%s", script);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    for (int i = 1; i <= N_PINGS && !ck_is_over(ck, stream);) {
        ck_settle(ck);
        if (ck_now(ck) >= (int64_t)i * PING_EVERY_MS) {
            char gate[16];
            snprintf(gate, sizeof gate, "p%d", i++);
            ck_release(ck, gate);
        }
    }
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "resume", __VA_ARGS__)

const struct cs_case client_reconnect_observed_cases[] = {
    OBSERVED("active-seq-peeks", "whether a reload asks for settled when a send is under way",
             "CRS-31", active_seq_peeks),
    OBSERVED("watch-peeks", "a watcher does not ask for settled", "CRS-32", watch_peeks),
    OBSERVED("retries-peek", "retries of a reload ask for settled again", "CRS-33", retries_peek),
    OBSERVED("streaming-flag", "what a reload makes of the streaming flag", "CRS-36",
             streaming_flag),
    OBSERVED("watcher-stays", "a watcher reads on over turns and windows", "CRS-38", watcher_stays),
    OBSERVED("watcher-without-budget", "a watcher outlives any number of empty windows", "CRS-39",
             watcher_without_budget),
    OBSERVED("while-active", "a reload while a turn is read does nothing", "CRS-40", while_active),
    OBSERVED("settled-in-capitals", "X-Session-Settled: TRUE is not true", "CRS-27",
             settled_in_capitals),
    {.id = "client/resume/without-flag",
     .title = "a turn resumed without the streaming flag is read to its end",
     .requirements = "CRS-37",
     .level = CS_SHOULD,
     .run = without_flag},
    {.id = "client/resume/silent-minute",
     .title = "when a connection without records is given up",
     .requirements = "CRS-18",
     .level = CS_OBSERVED,
     .needs = CS_NEEDS_LONG,
     .timeout_s = 120,
     .run = silent_minute},
    {.id = "client/resume/silent-minutes",
     .title = "a turn outlives minutes without a record",
     .requirements = "CRS-20",
     .level = CS_SHOULD,
     .needs = CS_NEEDS_LONG,
     .timeout_s = 480,
     .run = silent_minutes},
    {0},
};
