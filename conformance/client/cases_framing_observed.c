/* Framing that nobody promises: what the published SDK, and the parser it uses, make of it. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* A turn whose stream holds something odd: what was delivered of it is what is recorded. */
static void delivers(struct cs_case_run *run, const char *items, const char *recorded)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{%s; C 90 turn-complete session-in-event-id=0}\n",
              items);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_record(ck, "delivered", recorded, "%s", ck_delivered(ck, stream));
}

#define BODY                                                                                    \
    "{\"records\":[{\"seq_num\":1,\"timestamp\":1,\"body\":\"{\\\"data\\\":{\\\"type\\\":"      \
    "\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"odd\\\"},\\\"id\\\":\\\"f\\\"}" \
    "\"}]}"

static void late_mark(struct cs_case_run *run)
{
    delivers(run, "T 0 one; HEX efbbbf; T 1 lost; T 2 two", "one two");
}

static void padded_name(struct cs_case_run *run)
{
    delivers(run, "T 0 one;\nLINE event:  batch\nLINE data: " BODY "\nLINE\nT 2 two", "one two");
}

static void two_names(struct cs_case_run *run)
{
    delivers(run,
             "T 0 one;\nLINE event: ping\nLINE event: batch\nLINE data: " BODY "\nLINE\nT 2 two",
             "one odd two");
}

static void name_in_capitals(struct cs_case_run *run)
{
    delivers(run, "T 0 one;\nLINE Event: batch\nLINE data: " BODY "\nLINE\nT 2 two", "one two");
}

static void message_event(struct cs_case_run *run)
{
    delivers(run, "T 0 one;\nLINE event: message\nLINE data: " BODY "\nLINE\nT 2 two", "one two");
}

static void nul_in_json(struct cs_case_run *run)
{
    delivers(run,
             "T 0 one; RAW \"event: batch\\ndata: {\\\"records\\\":[{\\\"seq_num\\\":1,"
             "\\\"timestamp\\\":1,\\\"body\\\":\\\"\\u0000\\\"}]}\\n\\n\"; T 2 two",
             "one two");
}

static void nul_in_id(struct cs_case_run *run)
{
    delivers(run,
             "T 0 one; RAW \"event: batch\\nid: 1\\u00002\\n\";\nLINE data: " BODY
             "\nLINE\nT 2 two",
             "one odd two");
}

static void done_as_batch(struct cs_case_run *run)
{
    delivers(run, "T 0 one;\nLINE event: batch\nLINE data: [DONE]\nLINE\nT 2 two", "one two");
}

static void blank_lines(struct cs_case_run *run)
{
    delivers(run, "T 0 one;\nLINE\nLINE\nLINE\nLINE\nLINE\nT 2 two", "one two");
}

/* ---- the answer's head ---- */

static void delivers_under(struct cs_case_run *run, const char *headers)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one; C 1 turn-complete} %s\n", headers);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

static void other_version(struct cs_case_run *run)
{
    delivers_under(run, "header X-Stream-Version=v3");
}

static void other_type(struct cs_case_run *run)
{
    delivers_under(run, "header Content-Type=text/html");
}

/* The stream of a turn with the text "one", made by gzip. */
#define GZIPPED                                                                        \
    "1f8b08000000000002035d8ec10a83301044ef7e85cc3942bdeeafa8946816154c62d76da948febd" \
    "b1eda1f436f37696197e70502a7babc35438ab96ca03c24314b7819a031bdfaee1ee4117039d3d6f" \
    "6afd0aaa0dfae876108e16e75f0bca4af795b3ca829f5a395ece836931bb0faddfeecb338821c753" \
    "42323f4df57fd3c4d6b19c7b1aa8cce3c8520d31a8c405397b9790ad5f175646d7a52e15c50ba47e" \
    "ffecd8000000"

static void gzip(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 zero; C 1 turn-complete}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    const char *accepts = ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Accept-Encoding");
    ck_record(ck, "accept-encoding", "gzip, deflate", "%s", accepts);
    if (!strstr(accepts, "gzip")) {
        return;
    }
    ck_script(ck, "out#2: OUT{HEX " GZIPPED " | EOF} header Content-Encoding=gzip\n");
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

/* ---- the end of the stream ---- */

static void cr_at_the_end(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{LINES cr; T 0 one | EOF}\n"
                  "out#2: OUT{C 1 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "", "%s", ck_delivered(ck, stream));
}

static void done_ends_nothing(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; DONE; AWAIT app#2; T 1 two; C 2 turn-complete}\n"
                  "out#2+: OUT{T 1 two; C 2 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    bool again = ck_settle_for(ck, CS_TARGET_OUT, 2);
    ck_record(ck, "after [DONE]", "waits", "%s", again ? "reconnects" : "waits");
}

/* The same connection again and again: as many as five, to tell going on from giving up. */
static void errors_for_ever(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout*: OUT{ERR broken | EOF}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    bool over = ck_wait_over_or_request(ck, stream, CS_TARGET_OUT, 3);
    ck_record_flag(ck, "a third connection", "recurring_errors_reconnect", !over);
}

static void error_then_silence(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; ERR broken | HOLD}\n"
                  "out#2: OUT{T 1 two; C 2 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    cs_case_check(run, ck_settle_for(ck, CS_TARGET_OUT, 2),
                  "an error event on a connection that stays open is waited out");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "framing", __VA_ARGS__)

const struct cs_case client_framing_observed_cases[] = {
    OBSERVED("late-byte-order-mark", "a byte order mark in mid-stream spoils its event", "CSE-08",
             late_mark),
    OBSERVED("padded-name", "a second space makes another event name", "CSE-12", padded_name),
    OBSERVED("two-names", "of two event lines the last one counts", "CSE-14", two_names),
    OBSERVED("name-in-capitals", "field names are told by their case", "CSE-15", name_in_capitals),
    OBSERVED("message-event", "events named message deliver nothing", "CSE-23", message_event),
    OBSERVED("nul-in-json", "a raw NUL spoils its batch, without an error", "CSE-36", nul_in_json),
    OBSERVED("nul-in-id", "an id line with a NUL changes nothing", "CSE-19", nul_in_id),
    OBSERVED("done-as-batch", "a batch event that holds [DONE] delivers nothing", "CSE-46",
             done_as_batch),
    OBSERVED("blank-lines", "blank lines between events are harmless", "CSE-48", blank_lines),
    OBSERVED("other-version", "any other stream version is read as batches", "CSE-40",
             other_version),
    OBSERVED("other-content-type", "the content type of the answer does not matter", "CSE-42",
             other_type),
    OBSERVED("gzip", "a compressed stream is read", "CSE-43", gzip),
    OBSERVED("cr-at-the-end", "an event that ends in CR at the end of the body is lost", "CSE-03",
             cr_at_the_end),
    OBSERVED("done-ends-nothing", "[DONE] does not end a connection that stays open", "CSE-29",
             done_ends_nothing),
    OBSERVED("errors-for-ever", "error events on every connection lead to ever new ones", "CSE-28",
             errors_for_ever),
    {.id = "client/framing/error-then-silence",
     .title = "an error event leads to a new connection though the old one stays open",
     .requirements = "CSE-26",
     .level = CS_SHOULD,
     .run = error_then_silence},
    {0},
};
