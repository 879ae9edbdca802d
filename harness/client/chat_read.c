/* Reading `.out`: one subscription after the other until the turn is at its end. */
#include "client/chat_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* More than a server of today sends at once, so that a client of today reads one of tomorrow. */
#define MAX_EVENT   ((size_t)32 * 1024 * 1024)
#define MAX_RECORDS 65536

/* How one subscription ended. */
enum window {
    WINDOW_TURN_DONE, /* turn->result says how */
    WINDOW_SETTLED,
    WINDOW_CLEAN,   /* [DONE] or the end of the body: there may be more (CRS-22) */
    WINDOW_DROPPED, /* lost, reset, silent, or an error event: there is more */
    WINDOW_REFUSED, /* an error status: see chat->error */
    WINDOW_OVERDUE, /* the caller's time is over */
    WINDOW_FAILED   /* out of memory */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void put_cursor(struct cs_buf *out, const struct cs_chat *chat)
{
    const struct cs_chat_policy *policy = &chat->policy;
    if (chat->distort.cursor.len > 0) {
        cs_buf_printf(out, "Last-Event-ID: %.*s", CS_VIEW_ARG(cs_buf_view(&chat->distort.cursor)));
    } else if (policy->cursor_as_float && chat->cursor.known) {
        cs_buf_printf(out, "Last-Event-ID: %.0f", (double)(float)chat->cursor.number);
    } else if (policy->cursor_from_id_line && chat->id_line[0]) {
        cs_buf_printf(out, "Last-Event-ID: %s", chat->id_line);
    } else if (chat->cursor.known && !policy->forget_cursor &&
               !(chat->cursor.number == 0 && policy->cursor_never_zero)) {
        cs_buf_printf(out, "Last-Event-ID: %" PRIu64, chat->cursor.number);
    } else if (policy->cursor_always) {
        cs_buf_str(out, "Last-Event-ID: 0");
    }
}

/* Starts the subscription as chat->out; false when out of memory. */
static bool subscribe(struct turn *turn)
{
    struct cs_chat *chat = turn->chat;
    struct cs_buf bearer = CS_BUF(CHAT_MAX_TOKEN + 64);
    struct cs_buf cursor = CS_BUF(128);
    char timeout[64];
    cs_buf_printf(&bearer, "Authorization: Bearer %s", chat->token);
    put_cursor(&cursor, chat);
    snprintf(timeout, sizeof timeout, "Timeout-Seconds: %" PRId64,
             chat->policy.fixed_timeout ? 120 : chat->timeout_s);
    char *texts[3] = {cs_buf_take(&bearer), cursor.len > 0 ? cs_buf_take(&cursor) : NULL,
                      cs_chat_url(chat, "out")};
    const char *headers[5] = {
        texts[0], chat->policy.accept_event_stream ? "Accept: text/event-stream" : "Accept: */*"};
    size_t n = 2;
    if (texts[1]) {
        headers[n++] = texts[1];
    }
    if (chat->timeout_s > 0) {
        headers[n++] = timeout;
    }
    if (turn->peek) {
        headers[n++] = "X-Peek-Settled: 1";
    }
    struct cs_http_request request = {.url = texts[2], .headers = headers, .n_headers = n};
    cs_exchange_free(chat->out);
    chat->out = texts[0] && texts[2] ? cs_http_start(chat->http, &request) : NULL;
    for (size_t i = 0; i < 3; i++) {
        free(texts[i]);
    }
    cs_buf_free(&cursor);
    return chat->out != NULL;
}

/* The need_stream_version fault: the data of the event as it stands. */
static void deliver_event(struct turn *turn, const struct cs_event *event)
{
    struct cs_chat_chunk chunk = {.data = event->sse->data};
    if (turn->on_chunk && event->type == CS_EVENT_RECORD && event->index == 0) {
        turn->on_chunk(turn->ctx, &chunk);
    }
}

/* The events in what has arrived. False when this subscription is over; *ret_window says how. */
static bool read_events(struct turn *turn, struct cs_reader *reader, struct cs_view bytes,
                        enum window *ret_window)
{
    struct cs_chat *chat = turn->chat;
    const struct cs_chat_policy *policy = &chat->policy;
    struct cs_event event;
    enum cs_step step;
    while ((step = cs_reader_next(reader, &bytes, &event, NULL)) == CS_STEP_EVENT) {
        if (turn->done && event.type != CS_EVENT_RECORD) {
            break; /* only the read_past_boundary fault gets here, with the rest of a batch */
        }
        if (event.sse->id.len > 0) {
            snprintf(chat->id_line, sizeof chat->id_line, "%.*s", CS_VIEW_ARG(event.sse->id));
        }
        if (policy->need_stream_version && !cs_exchange_header(chat->out, "x-stream-version")) {
            deliver_event(turn, &event);
        } else if (event.type == CS_EVENT_RECORD && policy->batch_keeps > 0 &&
                   event.index >= (uint64_t)policy->batch_keeps) {
            continue;
        } else if (event.type == CS_EVENT_RECORD) {
            cs_chat_on_record(turn, &event.record);
        } else if (event.type == CS_EVENT_DONE) {
            if (policy->deliver_done && turn->on_chunk) {
                struct cs_chat_chunk chunk = {.data = CS_VIEW("[DONE]")};
                turn->on_chunk(turn->ctx, &chunk);
            }
            *ret_window = WINDOW_CLEAN; /* the last thing on a connection (CSE-30) */
            return false;
        } else if (event.type == CS_EVENT_ERROR && policy->error_event_is_drop) {
            *ret_window = WINDOW_DROPPED;
            return false;
        } else if (event.type == CS_EVENT_BATCH_END) {
            chat->oddities += (unsigned)event.batch->n_left_out;
            if (policy->fail_on_odd_record && event.batch->n_left_out > 0) {
                turn->done = true;
                turn->result = CS_CHAT_GAVE_UP;
            }
        } else if (event.type == CS_EVENT_UNKNOWN && policy->deliver_unknown && turn->on_chunk) {
            struct cs_chat_chunk chunk = {.data = event.sse->data};
            turn->on_chunk(turn->ctx, &chunk);
        } else if (event.type == CS_EVENT_MALFORMED) {
            chat->oddities++; /* the stream goes on (CRE-49) */
            turn->done = turn->done || policy->fail_on_malformed;
            turn->result = policy->fail_on_malformed ? CS_CHAT_GAVE_UP : turn->result;
        }
        if (turn->done && !policy->read_past_boundary) {
            break; /* what follows belongs to another turn (CRE-58) */
        }
    }
    if (turn->done || step == CS_STEP_ERROR) {
        chat->oddities += step == CS_STEP_ERROR ? 1 : 0;
        *ret_window = turn->done ? WINDOW_TURN_DONE : WINDOW_DROPPED;
        return false;
    }
    return true;
}

static enum window read_body(struct turn *turn, struct cs_reader *reader)
{
    struct cs_chat *chat = turn->chat;
    enum window window = WINDOW_CLEAN;
    bool open = true;
    bool distorts = cs_distort_needed(&chat->policy);
    cs_reader_reconnect(reader);
    if (distorts) {
        cs_distort_restart(&chat->distort, &chat->policy);
    }
    while (open) {
        int64_t left = turn->deadline - cs_now_ms();
        struct cs_view bytes;
        enum cs_err err =
            cs_exchange_read(chat->out, least(left, chat->policy.silence_timeout_ms), &bytes);
        if (err == CS_ERR_TIMEOUT && cs_now_ms() >= turn->deadline) {
            return WINDOW_OVERDUE;
        }
        if (err) {
            cs_chat_failed(chat, CS_CHAT_UNREACHABLE, err, 0, "the stream was lost: %s",
                           cs_exchange_error(chat->out));
            return WINDOW_DROPPED;
        }
        /* An event that the end of the body cuts off is discarded (CSE-32). */
        open = bytes.len > 0;
        bytes = open && distorts ? cs_distort(&chat->distort, &chat->policy, bytes) : bytes;
        open = open && read_events(turn, reader, bytes, &window);
    }
    return window;
}

static bool is_settled(const struct cs_chat *chat)
{
    const char *value = cs_exchange_header(chat->out, "x-session-settled");
    return chat->policy.honour_settled && value &&
           cs_view_eq_nocase(cs_view_str(value), CS_VIEW("true"));
}

/* The error body too, but not for long. */
static enum window refused(struct turn *turn)
{
    struct cs_chat *chat = turn->chat;
    int64_t left = least(turn->deadline - cs_now_ms(), chat->policy.answer_timeout_ms);
    if (cs_exchange_wait_end(chat->out, left)) {
        cs_exchange_cancel(chat->out); /* the status says enough */
    }
    cs_chat_refused(chat, chat->out);
    chat->reset_wait_ms = cs_chat_reset_wait(chat, chat->out);
    return WINDOW_REFUSED;
}

static enum window read_window(struct turn *turn, struct cs_reader *reader)
{
    struct cs_chat *chat = turn->chat;
    if (!subscribe(turn)) {
        return WINDOW_FAILED;
    }
    int64_t left = turn->deadline - cs_now_ms();
    enum cs_err err = cs_exchange_wait_head(chat->out, least(left, chat->policy.answer_timeout_ms));
    enum window window;
    if (err) {
        cs_chat_failed(chat, CS_CHAT_UNREACHABLE, err, 0, "no answer: %s",
                       cs_exchange_error(chat->out));
        window = cs_now_ms() >= turn->deadline ? WINDOW_OVERDUE : WINDOW_DROPPED;
    } else if (cs_exchange_status(chat->out) >= 300) {
        window = refused(turn);
    } else if (chat->policy.need_chunked && cs_exchange_header(chat->out, "content-length")) {
        window = WINDOW_CLEAN;
    } else {
        window = read_body(turn, reader);
        window = window == WINDOW_CLEAN && is_settled(chat) ? WINDOW_SETTLED : window;
    }
    cs_chat_exchanged(chat, chat->out);
    if (window != WINDOW_TURN_DONE || chat->policy.close_after_turn) {
        cs_exchange_free(chat->out);
        chat->out = NULL;
    }
    return window;
}

/* ---- from one subscription to the next ---- */

struct retries {
    int64_t n_failed;    /* in a row, without a new record */
    int64_t n_refreshed; /* likewise */
    int64_t delay_ms;    /* before the next one */
};

/* A refused subscription: CS_CHAT_OK when another try makes sense. */
static enum cs_chat_result after_refusal(struct cs_chat *chat, struct retries *retries)
{
    int status = chat->error.status;
    if ((status == 401 || status == 403) && chat->policy.refresh_on_401 &&
        retries->n_refreshed < chat->policy.max_refreshes) {
        retries->n_refreshed++;
        retries->delay_ms = 0;
        return cs_chat_ask_refresh(chat);
    }
    if (status == 429 && chat->reset_wait_ms >= 0) {
        retries->delay_ms = chat->reset_wait_ms;
        return CS_CHAT_OK;
    }
    return status >= 500 || status == 408 ? CS_CHAT_OK : CS_CHAT_REFUSED;
}

/* CS_CHAT_OK: subscribe again after retries->delay_ms. Anything else is the end of the read. */
static enum cs_chat_result after_window(struct turn *turn, enum window window,
                                        struct retries *retries)
{
    struct cs_chat *chat = turn->chat;
    if (turn->progressed) {
        *retries = (struct retries){0};
    } else {
        retries->n_failed++;
    }
    retries->delay_ms =
        turn->progressed && window == WINDOW_CLEAN ? 0 : cs_chat_backoff(chat, retries->n_failed);
    enum cs_chat_result last_word = CS_CHAT_GAVE_UP;
    switch (window) {
    case WINDOW_REFUSED:
        last_word = after_refusal(chat, retries);
        if (last_word) {
            return last_word;
        }
        last_word = CS_CHAT_REFUSED;
        break;
    case WINDOW_SETTLED:
        chat->streaming = false;
        return CS_CHAT_SETTLED;
    case WINDOW_CLEAN:
        cs_chat_failed(chat, CS_CHAT_GAVE_UP, CS_OK, 0, "the stream ended before the turn did");
        if (!chat->policy.resume_after_end) {
            return CS_CHAT_GAVE_UP;
        }
        break;
    case WINDOW_DROPPED:
        if (!chat->policy.resume_after_drop) {
            return CS_CHAT_GAVE_UP;
        }
        break;
    case WINDOW_OVERDUE:
        return cs_chat_failed(chat, CS_CHAT_TIMEOUT, CS_ERR_TIMEOUT, 0, "the turn did not end");
    case WINDOW_FAILED:
        return cs_chat_failed(chat, CS_CHAT_NO_MEMORY, CS_ERR_NO_MEMORY, 0, "out of memory");
    case WINDOW_TURN_DONE:
        return turn->result;
    }
    return retries->n_failed < chat->policy.max_tries ? CS_CHAT_OK : last_word;
}

static enum cs_chat_result read_windows(struct turn *turn, struct cs_reader *reader)
{
    struct cs_chat *chat = turn->chat;
    struct retries retries = {0};
    for (;;) {
        turn->progressed = false;
        enum window window = read_window(turn, reader);
        if (turn->done) {
            return turn->result;
        }
        if (chat->interrupted) { /* by a send, a stop or cs_chat_cancel */
            return CS_CHAT_STOPPED;
        }
        enum cs_chat_result result = after_window(turn, window, &retries);
        if (result) {
            return result;
        }
        if (!cs_chat_wait(chat, retries.delay_ms, turn->deadline)) {
            return cs_chat_failed(chat, CS_CHAT_TIMEOUT, CS_ERR_TIMEOUT, 0, "the turn did not end");
        }
        if (chat->interrupted) {
            return CS_CHAT_STOPPED;
        }
    }
}

static enum cs_chat_result read_turn(struct cs_chat *chat, cs_chat_chunk_fn *on_chunk, void *ctx,
                                     int64_t timeout_ms, bool peek)
{
    int64_t now = cs_now_ms();
    struct turn turn = {
        .chat = chat,
        .on_chunk = on_chunk,
        .ctx = ctx,
        .deadline = timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms,
        .peek = peek,
    };
    if (chat->reading) {
        return cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_USAGE, 0, "a read is under way already");
    }
    if (chat->closed && !chat->streaming) {
        return cs_chat_failed(chat, CS_CHAT_CLOSED, CS_OK, 0, "the session is closed");
    }
    enum cs_chat_result result = chat->token ? CS_CHAT_OK : cs_chat_ask_start(chat);
    if (result) {
        return result;
    }
    int64_t max_event = chat->policy.max_event_bytes;
    const struct cs_reader_limits limits = {
        .max_event = max_event > 0 ? (size_t)max_event : MAX_EVENT,
        .batch = {.lenient = !chat->policy.all_or_nothing, .max_records = MAX_RECORDS}};
    struct cs_reader *reader = cs_reader_new(&limits);
    if (!reader) {
        return cs_chat_failed(chat, CS_CHAT_NO_MEMORY, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    chat->reading = true;
    chat->interrupted = false;
    chat->oddities = 0;
    chat->n_hidden = 0;
    result = read_windows(&turn, reader);
    chat->reading = false;
    cs_reader_free(reader);
    return result;
}

enum cs_chat_result cs_chat_read_turn(struct cs_chat *chat, cs_chat_chunk_fn *on_chunk, void *ctx,
                                      int64_t timeout_ms)
{
    return read_turn(chat, on_chunk, ctx, timeout_ms, chat->policy.peek_on_active_send != 0);
}

enum cs_chat_result cs_chat_reconnect(struct cs_chat *chat, cs_chat_chunk_fn *on_chunk, void *ctx,
                                      int64_t timeout_ms)
{
    if (!chat->token || chat->closed || !chat->streaming) { /* CRS-35, CRS-36, CRS-41 */
        return CS_CHAT_NOTHING;
    }
    return read_turn(chat, on_chunk, ctx, timeout_ms, chat->policy.peek_on_reconnect != 0);
}
