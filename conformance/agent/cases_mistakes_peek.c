/* AGT-MIS-09: peeking at .out, by the agent itself and by whoever has just sent a message. */
#include <string.h>

#include "conformance/agent/cases.h"
#include "conformance/agent/kit_internal.h"
#include "net/http_client.h"

static void no_peeks(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_kill(ak);
    (void)ak_continue(ak, "plain");
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    size_t n = ak_count(ak, "GET *");
    if (ak_count(ak, "GET /realtime/v1/sessions/{chat}/*") < 3) {
        cs_case_fail(run, "the agent made only %zu reads", n);
    }
    for (size_t i = 1; i <= n; i++) {
        const struct ak_request *request = ak_request(ak, "GET *", i);
        if (ak_request_header(ak, request, "x-peek-settled")) {
            cs_case_fail(run, "X-Peek-Settled is sent with %s", request->path);
        }
    }
}

/* A reader of .out behind the first turn, on a connection of its own. */
struct reader {
    struct cs_http *http;
    struct cs_exchange *exchange;
};

static void close_reader(struct reader *reader)
{
    cs_exchange_free(reader->exchange);
    cs_http_free(reader->http);
}

static struct reader open_reader(struct ak *ak, bool peeks)
{
    const char *const headers[] = {
        "Authorization: Bearer " CS_ENDPOINT_SECRET_KEY,
        "Accept: text/event-stream",
        ak_text(ak, "Last-Event-ID: %llu", (unsigned long long)ak_turn_complete(ak, 1)->seq),
        "X-Peek-Settled: 1",
    };
    const struct cs_http_request request = {
        .url = ak_text(ak, "%s/realtime/v1/sessions/%s/out", ak_url(ak), ak_chat(ak)),
        .headers = headers,
        .n_headers = peeks ? 4 : 3,
    };
    struct reader reader = {.http = cs_http_new()};
    reader.exchange = reader.http ? cs_http_start(reader.http, &request) : NULL;
    if (!reader.exchange) {
        close_reader(&reader);
        ak_no_memory(ak);
    }
    return reader;
}

/* Until the reader has that text, or its stream has ended. The platform runs in this process, so it
 * and the reader take turns. */
static bool reads(struct ak *ak, struct reader *reader, const char *text)
{
    int64_t deadline = cs_now_ms() + ak_patience(ak);
    bool has = false;
    while (!has && !cs_exchange_ended(reader->exchange) && cs_now_ms() < deadline) {
        cs_http_pump(reader->http, 1);
        (void)cs_loop_run(ak->loop, cs_now_ms() + 5);
        has = cs_view_find(cs_exchange_body(reader->exchange), cs_view_str(text)) != SIZE_MAX;
    }
    return has;
}

/* A message was sent, and its turn has written nothing yet. */
static struct reader after_send(struct ak *ak, bool peeks)
{
    int r = ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", "{'script':[[{'text':'second'}]],'do':{'onTurnStart':[{'gate':'go'}]}}");
    (void)ak_wait_hook(ak, r, "onTurnStart", 2);
    return open_reader(ak, peeks);
}

static void peeks_on_send(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    struct reader reader = after_send(ak, true);
    bool has = reads(ak, &reader, "second");
    bool ended = cs_exchange_ended(reader.exchange);
    int status = cs_exchange_status(reader.exchange);
    const char *settled = cs_exchange_header(reader.exchange, "x-session-settled");
    settled = ak_text(ak, "%s", settled ? settled : "nothing");
    close_reader(&reader);
    ak_expect_number(ak, "the status of the read", (uint64_t)status, 200);
    ak_expect_text(ak, "x-session-settled while the answer is being made", settled, "true");
    if (has || !ended) {
        cs_case_fail(run, "the read that peeked did not end without the answer");
    }
    ak_open(ak, "go");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answers, which the reader has missed", ak_out_text(ak, 0), "onesecond");
}

static void reads_on_send(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    struct reader reader = after_send(ak, false);
    ak_begin(ak, "open", "{'gate':'go'}");
    bool has = reads(ak, &reader, "second");
    close_reader(&reader);
    if (!has) {
        cs_case_fail(run, "the read of an active send did not get its answer");
    }
    ak_wait_turns(ak, 2);
}

#define CASE(name, what, ids, level, function)                   \
    {                                                            \
        "agent/mistakes/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_mistakes_peek_cases[] = {
    CASE("no-peeks-right", "the agent reads without peeking", "AGT-MIS-09", CS_MUST, no_peeks),
    CASE("peek-on-send-wrong", "a read that peeks right after a send misses the answer",
         "AGT-MIS-09", CS_MUST, peeks_on_send),
    CASE("read-on-send-right", "a read without peeking gets the answer", "AGT-MIS-09", CS_MUST,
         reads_on_send),
    {0},
};
