/* Cursors: where a lost connection, an ended window or a reloaded page takes up again. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* A turn over two connections; the first ends as `ending` says, after its chunks were seen. */
static void interrupted(struct cs_case_run *run, const char *ending)
{
    struct ck *ck = ck_of(run);
    const char *first = ck_text(ck, "T 0 one; T 1 two; AWAIT seen; %s", ending);
    ck_resumed_turn(run, first, 2, "1", "T 2 three; C 3 turn-complete session-in-event-id=0",
                    "one two three");
    const struct cs_logged *second = ck_wait_request(ck, CS_TARGET_OUT, 2);
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID", NULL);
    ck_expect_header(ck, second, "X-Peek-Settled", NULL);
    ck_expect_counts(ck, 1, 2);
}

static void after_reset(struct cs_case_run *run)
{
    interrupted(run, "| RST");
}

static void after_clean_end(struct cs_case_run *run)
{
    interrupted(run, "| DONE");
}

static void after_error_event(struct cs_case_run *run)
{
    /* The connection stays open, so that a client which only waits for its end is found out. */
    interrupted(run, "ERR the read failed | HOLD");
}

static void cursor_zero(struct cs_case_run *run)
{
    struct ck *ck = ck_resumed_turn(run, "T 0 one; AWAIT seen | RST", 1, "0",
                                    "T 1 two; C 2 turn-complete session-in-event-id=0", "one two");
    ck_expect_counts(ck, 1, 2);
}

static void half_an_event(struct cs_case_run *run)
{
    ck_resumed_turn(run,
                    "T 0 one; RAW \"event: batch\\ndata: {\\\"records\\\":"
                    "[{\\\"seq_num\\\":1,\"; AWAIT seen | RST",
                    1, "0", "T 1 two; C 2 turn-complete session-in-event-id=0", "one two");
}

static void lost_before_the_answer(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT(RST)\n"
                  "out#2: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID", NULL);
    ck_expect_counts(ck, 1, 2);
}

static void next_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"
                  "app#2: APP(200,1)\n"
                  "out#2: OUT{K 2 trim 1; T 3 two;"
                  "C 4 turn-complete session-in-event-id=1}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
    const struct cs_logged *first = ck_wait_request(ck, CS_TARGET_OUT, 1);
    const struct cs_logged *second = ck_wait_request(ck, CS_TARGET_OUT, 2);
    ck_expect_header(ck, first, "Last-Event-ID", NULL);
    ck_expect_header(ck, second, "Last-Event-ID", "1");
    /* Neither is a page reload: the settled probe could end a turn that is only just starting. */
    ck_expect_header(ck, first, "X-Peek-Settled", NULL);
    ck_expect_header(ck, second, "X-Peek-Settled", NULL);
    const char *accept = ck_need_header(ck, first, "Accept");
    cs_case_check(run, strstr(accept, "text/event-stream") != NULL,
                  "the subscription accepts \"%s\"", accept);
    ck_expect_counts(ck, 2, 2);
}

static void repeated_after_resume(struct cs_case_run *run)
{
    ck_resumed_turn(run, "T 0 one; T 1 two; AWAIT seen | RST", 2, NULL,
                    "T 0 one; R 1 id=another {\"type\":\"text-delta\",\"id\":\"t1\","
                    "\"delta\":\"two\"}; T 2 three; C 3 turn-complete session-in-event-id=0",
                    "one two three");
}

static void one_at_a_time(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one | HOLD}\n"
                  "app#2: APP(200,1)\n"
                  "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=1}\n");
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_chunks(ck, first, 1);
    int second = ck_send(ck, "second");
    ck_wait_end(ck, second);
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_expect_deltas(ck, second, "two");
    ck_expect_counts(ck, 2, 2);
}

static void timeout_header(struct cs_case_run *run)
{
    static const char *const rows[][2] = {{"{}", "120"}, {"{\"streamTimeoutSeconds\":30}", "30"}};
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(200,0)\n"
                  "out*: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    for (unsigned i = 0; i < 2; i++) {
        ck_open_with(ck, rows[i][0], true);
        int stream = ck_send(ck, "first");
        ck_wait_end(ck, stream);
        ck_expect_deltas(ck, stream, "one");
        ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, i + 1), "Timeout-Seconds",
                         rows[i][1]);
    }
}

/* ---- page reloads ---- */

static int reload(struct ck *ck, const char *script)
{
    ck_script(ck, "%s", script);
    ck_open(ck, ck_text(ck,
                        "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\","
                        "\"isStreaming\":true}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    return ck_reconnect(ck);
}

static void reconnect_peeks(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = reload(ck, "out#1: OUT{T 11 rest; C 12 turn-complete}\n");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "rest");
    const struct cs_logged *out = ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_expect_header(ck, out, "X-Peek-Settled", "1");
    ck_expect_header(ck, out, "Last-Event-ID", "10");
    ck_expect_bearer(ck, out, "S1");
    ck_expect_counts(ck, 0, 1);
}

static void settled_is_the_end(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = reload(ck, "out#1: OUT{| DONE} header X-Session-Settled=true\n");
    ck_wait_end(ck, stream);
    ck_settle(ck);
    ck_expect_deltas(ck, stream, "");
    ck_expect_counts(ck, 0, 1);
}

static void trimmed_bookmark(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = reload(ck, "out#1: OUT{T 40 rest; C 41 turn-complete}\n");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "rest");
    ck_expect_counts(ck, 0, 1);
}

static void unknown_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{C 0 turn-complete}\n");
    ck_open(ck, NULL);
    bool resumed = ck_wait_stream(ck, ck_reconnect(ck));
    ck_settle(ck);
    cs_case_check(run, !resumed, "a chat that the client does not know was resumed");
    ck_expect_counts(ck, 0, 0);
    /* A client that never connects would pass so far. */
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_counts(ck, 1, 1);
}

const struct cs_case client_resume_cases[] = {
    {.id = "client/resume/after-reset",
     .title = "a reset in mid-turn is resumed from the last seq, nothing lost or repeated",
     .requirements = "CRS-01 CRS-02 CRS-08",
     .run = after_reset},
    {.id = "client/resume/after-clean-end",
     .title = "[DONE] and a clean end in mid-turn are not the end of the turn",
     .requirements = "CRS-22 CSE-31",
     .run = after_clean_end},
    {.id = "client/resume/after-error-event",
     .title = "an error event is taken as a dropped connection",
     .requirements = "CSE-25",
     .run = after_error_event},
    {.id = "client/resume/from-zero",
     .title = "seq 0 is a cursor like any other",
     .requirements = "CRS-03",
     .run = cursor_zero},
    {.id = "client/resume/half-an-event",
     .title = "an unfinished event is discarded and the cursor stays before it",
     .requirements = "CSE-32 CSE-33",
     .run = half_an_event},
    {.id = "client/resume/lost-before-the-answer",
     .title = "a connection lost before any answer is retried",
     .requirements = "CRS-09",
     .run = lost_before_the_answer},
    {.id = "client/resume/next-turn",
     .title = "the next send reads on from the last turn, and no active send peeks",
     .requirements = "CRS-01 CRS-04 CRS-30 CSE-47",
     .run = next_turn},
    {.id = "client/resume/repeated-records-dropped",
     .title = "records at or below the cursor are not delivered again after a resume",
     .requirements = "CRS-51 CRS-50",
     .level = CS_SHOULD,
     .run = repeated_after_resume},
    {.id = "client/resume/one-at-a-time",
     .title = "a new send closes the subscription of the one before",
     .requirements = "CRS-44 CST-23",
     .run = one_at_a_time},
    {.id = "client/resume/timeout-header",
     .title = "Timeout-Seconds is what was configured, and 120 when nothing was",
     .requirements = "CRS-42",
     .run = timeout_header},
    {.id = "client/resume/reconnect-peeks",
     .title = "a reload resumes from the stored cursor and asks whether the session is settled",
     .requirements = "CRS-05 CRS-29",
     .run = reconnect_peeks},
    {.id = "client/resume/settled-is-the-end",
     .title = "X-Session-Settled makes the end of the body the end of the stream",
     .requirements = "CRS-26",
     .run = settled_is_the_end},
    {.id = "client/resume/trimmed-bookmark",
     .title = "records that start later than the cursor are no error",
     .requirements = "CRS-62",
     .level = CS_SHOULD,
     .run = trimmed_bookmark},
    {.id = "client/resume/unknown-chat",
     .title = "resuming a chat that is not known does nothing",
     .requirements = "CRS-35",
     .run = unknown_chat},
    {0},
};
