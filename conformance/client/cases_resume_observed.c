/* Cursors, windows and connections of turns: what the published SDK does and nobody promises. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

static uint64_t n_subscriptions(struct ck *ck)
{
    return cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT);
}

static void record_streaming(struct ck *ck, const char *recorded)
{
    ck_record(ck, "isStreaming of the state", recorded, "%s", ck_state(ck, "isStreaming"));
}

/* ---- cursors ---- */

static void cursor_in_mid_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "out#1: OUT{T 3 one; C 4 turn-complete}\nout#2: OUT{T 5 two; T 6 three | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "after a turn", "4", "%s", ck_state(ck, "lastEventId"));
    ck_wait_chunks(ck, ck_send(ck, "second"), 2);
    const char *cursor = ck_state(ck, "lastEventId");
    ck_record_flag(ck, "in mid-turn it is that of the turn's start", "cursor_of_turn_start",
                   strcmp(cursor, "4") == 0);
    cs_case_observe(run, "in mid-turn", "%s", cursor);
}

static void cursor_after_the_end(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 5 one; T 6 two | HOLD}\n"
                  "out#2: OUT{T 8 three; AWAIT seen | RST}\nout#3: OUT(404)\n");
    ck_open(ck, NULL);
    ck_wait_chunks(ck, ck_send(ck, "first"), 2);
    ck_stop(ck);
    ck_record(ck, "after a stop", "6", "%s", ck_state(ck, "lastEventId"));
    ck_open(ck, NULL);
    int stream = ck_send(ck, "second");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_wait_over(ck, stream);
    ck_record(ck, "after an error", "8", "%s", ck_state(ck, "lastEventId"));
}

static void cursor_after_a_restart(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(404)\nout#1: OUT{T 0 one; C 1 turn-complete}\n");
    ck_open(ck, ck_text(ck, "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\"}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "cursor of the new session", "none", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID"));
}

static void seeded_cursor(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 8 one; C 9 turn-complete}\nout#2: OUT{C 10 turn-complete}\n");
    ck_open(ck, NULL);
    ck_sub_seed_cursor(ck, "7");
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_sub_seed_cursor(ck, "3");
    ck_wait_over(ck, ck_send(ck, "second"));
    ck_record(ck, "first subscription", "7", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID"));
    ck_record(ck, "after a second seed", "9", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID"));
}

/* ---- ends in mid-turn ---- */

static void budget_spent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{| DONE}\n");
    ck_open(ck, NULL);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "the turn", "fails", "%s", ended ? "ends well" : "fails");
    record_streaming(ck, "false");
    ck_record(ck, "stream-error events", "1", "%zu", ck_count_events(ck, "stream-error"));
}

static void settled_in_mid_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | DONE} header X-Session-Settled=true\n");
    ck_open(ck, NULL);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "the turn", "ends well", "%s", ended ? "ends well" : "fails");
    ck_record(ck, "turn-completed events", "0", "%zu", ck_count_events(ck, "turn-completed"));
    ck_record(ck, "subscriptions", "1", "%llu", (unsigned long long)n_subscriptions(ck));
    record_streaming(ck, "false");
}

static void stream_error(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT(410)\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    const cJSON *event = ck_life_event(ck, "stream-error", 0);
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(event, "status");
    ck_record(ck, "stream-error events", "1", "%zu", ck_count_events(ck, "stream-error"));
    ck_record(ck, "status of the event", "410", "%d",
              cJSON_IsNumber(status) ? status->valueint : 0);
    ck_record(ck, "the event has the error", "yes", "%s",
              cJSON_GetObjectItemCaseSensitive(event, "error") ? "yes" : "no");
}

static void flag_after_stream_error(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT(410)\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_record_flag(ck, "still streaming after a stream error", "streaming_after_stream_error",
                   strcmp(ck_state(ck, "isStreaming"), "true") == 0);
}

static void connected_event(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one; AWAIT seen | RST}\nout#2: OUT{C 1 turn-complete}\n"
                  "out#3: OUT{C 2 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_wait_over(ck, stream);
    ck_wait_over(ck, ck_send(ck, "second"));
    size_t n = ck_count_events(ck, "stream-connected");
    for (size_t i = 0; i < n; i++) {
        const cJSON *event = ck_life_event(ck, "stream-connected", i);
        const cJSON *resumed = cJSON_GetObjectItemCaseSensitive(event, "resumed");
        const char *cursor =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "lastEventId"));
        cs_case_observe(run, ck_text(ck, "event %zu", i + 1), "%sresumed, cursor %s",
                        cJSON_IsTrue(resumed) ? "" : "not ", cursor ? cursor : "none");
    }
    ck_record(ck, "stream-connected events are told", "yes", "%s", n > 0 ? "yes" : "no");
}

/* ---- connections ---- */

static void superseded(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\nout#2: OUT{T 1 two; C 2 turn-complete}\n");
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_chunks(ck, first, 1);
    ck_wait_over(ck, ck_send(ck, "second"));
    ck_record(ck, "the superseded stream", "ends well", "%s",
              ck_wait_over(ck, first) ? "ends well" : "fails");
}

static void cancelled(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_sub_cancel(ck, stream);
    ck_settle(ck);
    ck_record_flag(ck, "the connection is closed", "cancel_closes_turn",
                   ck_wait_request(ck, CS_TARGET_OUT, 1)->gone_ms >= 0);
    ck_record(ck, "further subscriptions", "0", "%llu",
              (unsigned long long)n_subscriptions(ck) - 1);
}

static void disposed(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_chunks(ck, ck_send(ck, "first"), 1);
    ck_sub_close(ck);
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_settle(ck);
    ck_record(ck, "further subscriptions", "0", "%llu",
              (unsigned long long)n_subscriptions(ck) - 1);
}

static void redirected(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "out#1: OUT(307) header Location=\"%s/realtime/v1/sessions/%s/out\"\n"
              "out#2: OUT{T 0 one; C 1 turn-complete}\n",
              cs_scripted_url(ck_server(ck)), ck_chat(ck));
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

/* ---- the time limit of a window ---- */

static void timeout_values(struct cs_case_run *run)
{
    static const char *const values[][2] = {{"0", "none"},  {"601", "601"}, {"100000", "100000"},
                                            {"1.5", "1.5"}, {"-1", "-1"},   {"1", "1"}};
    struct ck *ck = ck_of(run);
    ck_script(ck, "out*: OUT{T 0 one; C 1 turn-complete}\n");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_open_with(ck, ck_text(ck, "{\"streamTimeoutSeconds\":%s}", values[i][0]), true);
        ck_wait_over(ck, ck_send(ck, "first"));
        ck_record(ck, ck_text(ck, "sent for %s", values[i][0]), values[i][1], "%s",
                  ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, i + 1), "Timeout-Seconds"));
    }
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "resume", __VA_ARGS__)

const struct cs_case client_resume_observed_cases[] = {
    OBSERVED("cursor-in-mid-turn", "which cursor is stored while a turn is streaming", "CRS-06",
             cursor_in_mid_turn),
    OBSERVED("cursor-after-the-end", "after a stop or an error it is that of the last record",
             "CRS-07", cursor_after_the_end),
    OBSERVED("budget-spent", "too many empty windows end the turn with an event", "CRS-25",
             budget_spent),
    OBSERVED("settled-in-mid-turn", "a settled end in mid-turn is no error", "CRS-28",
             settled_in_mid_turn),
    OBSERVED("timeout-values", "Timeout-Seconds is not kept between 1 and 600", "CRS-43",
             timeout_values),
    OBSERVED("superseded", "a superseded stream ends without an error", "CRS-45", superseded),
    OBSERVED("cancelled", "what cancelling the reader closes", "CRS-47", cancelled),
    OBSERVED("disposed", "disposing of the client closes its subscriptions", "CRS-49", disposed),
    OBSERVED("connected-event", "subscriptions are told as events", "CRS-57", connected_event),
    OBSERVED("stream-error", "a failed stream is told as an event", "CRS-58", stream_error),
    OBSERVED("flag-after-stream-error", "whether a failed stream is streaming still", "CRS-59",
             flag_after_stream_error),
    OBSERVED("seeded-cursor", "a seeded cursor begins a chat and never goes back", "CRS-60",
             seeded_cursor),
    OBSERVED("cursor-after-a-restart", "a session made anew begins without a cursor", "CRS-61",
             cursor_after_a_restart),
    OBSERVED("redirected", "redirects of a subscription are followed", "CRS-63", redirected),
    {0},
};
