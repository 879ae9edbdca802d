/* A stop whose answer takes its time, and the message behind it. A page's stop handler is two calls
 * (frontend page, reference page): useChat's stop, which aborts the signal of the send, and
 * stopGeneration. After the first the page is ready for a message while the second is under way;
 * the client protocol page says that a message may follow a stop at once. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define FIRST "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n"
/* Of the turn behind the stop: the rest comes when everything that the stop does is done. */
#define SECOND(seq)                                                               \
    "out#2: OUT{C 1 turn-complete session-in-event-id=0; T 2 second; AWAIT done;" \
    "T 3 more; C 4 turn-complete session-in-event-id=" seq "}\n"

static int running(struct ck *ck, const char *script)
{
    ck_script(ck, "%s", script);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    return stream;
}

/* Sends while append number `stop` is not answered, answers it when the message has had its time
 * to go out, and then lets the turn end. True when the message did not wait for the stop. */
static bool send_behind(struct ck *ck, int stop_command, uint64_t stop, int *ret_stream)
{
    ck_wait_request(ck, CS_TARGET_APP, stop);
    *ret_stream = ck_send(ck, "second");
    bool overtook = ck_settle_for(ck, CS_TARGET_APP, stop + 1);
    if (overtook) {
        (void)ck_settle_for(ck, CS_TARGET_OUT, 2);
    }
    ck_release(ck, "late");
    ck_outcome(ck, stop_command);
    ck_release(ck, "done");
    return overtook;
}

/* ---- judged ---- */

static void answered_late(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, FIRST "app#2: APP(200,1) after late\napp#3: APP(200,2)\n" SECOND("2"));
    int stream;
    bool overtook = send_behind(ck, ck_begin(ck, "stop", NULL), 2, &stream);
    cs_case_observe(run, "the message waits for the stop's answer", "%s", overtook ? "no" : "yes");
    bool ended = ck_wait_over(ck, stream);
    const char *shown = ck_delivered(ck, stream);
    cs_case_observe(run, "its turn", "%s", ended ? "ends well" : "fails");
    if (!ended || strcmp(shown, "second more") != 0) {
        cs_case_fail_diff(run, "second more", shown,
                          "the answer to a message that was sent before a stop was answered is "
                          "cut off, and its turn %s",
                          ended ? "ends as if it were whole" : "fails");
    }
}

/* ---- recorded ---- */

/* The stop handler of the documents: which of both calls comes first differs between the pages. */
static void handler(struct cs_case_run *run, bool abort_first)
{
    struct ck *ck = ck_of(run);
    int first = running(ck, ck_text(ck,
                                    FIRST "app#%d: APP(200,1)\napp#%d: APP(200,2) after late\n"
                                          "app#4: APP(200,3)\n" SECOND("3"),
                                    abort_first ? 2 : 3, abort_first ? 3 : 2));
    int stop = 0;
    for (int call = 0; call < 2; call++) {
        if ((call == 0) == abort_first) {
            ck_abort(ck, first);
        } else {
            stop = ck_begin(ck, "stop", NULL);
        }
        const struct cs_logged *posted = ck_wait_request(ck, CS_TARGET_APP, 2 + (uint64_t)call);
        ck_record(ck, call == 0 ? "the first call posts" : "the second call posts", "\"stop\"",
                  "%s", ck_body(ck, posted, "kind"));
    }
    ck_record(ck, "their part ids are the same", "no", "%s",
              strcmp(ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "X-Part-Id"),
                     ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 3), "X-Part-Id")) == 0
                  ? "yes"
                  : "no");
    ck_record(ck, "the page is ready before both are answered", "yes", "%s",
              ck_wait_over(ck, first) ? "yes" : "no");
    int stream;
    bool overtook = send_behind(ck, stop, 3, &stream);
    ck_record(ck, "a message goes out before both are answered", "yes", "%s",
              overtook ? "yes" : "no");
    ck_record(ck, "its turn ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "and shows of \"second more\"", "second", "%s", ck_delivered(ck, stream));
    ck_settle(ck);
    ck_record(ck, "appends", "4", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void handler_abort_first(struct cs_case_run *run)
{
    handler(run, true);
}

static void handler_stop_first(struct cs_case_run *run)
{
    handler(run, false);
}

/* The stop is refused, a message goes out meanwhile, and with a fresh token the stop is sent again:
 * an agent takes it for a stop of the message's turn. */
static void behind_the_message(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, FIRST "app#2: APP(401) after late\napp#3: APP(200,1)\napp#4: APP(200,2)\n"
                      "out#2: OUT{C 1 turn-complete session-in-event-id=0; T 2 second;"
                      "C 3 turn-complete session-in-event-id=2}\n");
    int stream;
    bool overtook = send_behind(ck, ck_begin(ck, "stop", NULL), 2, &stream);
    ck_wait_over(ck, stream);
    ck_settle(ck);
    const char *kinds = "";
    for (uint64_t i = 3; i <= ck_count(ck, CS_TARGET_APP); i++) {
        kinds = ck_text(ck, "%s%s%s", kinds, *kinds ? " " : "",
                        ck_body(ck, ck_wait_request(ck, CS_TARGET_APP, i), "kind"));
    }
    ck_record(ck, "a message goes out before the stop is answered", "yes", "%s",
              overtook ? "yes" : "no");
    ck_record(ck, "what follows the refused stop", "\"message\" \"stop\"", "%s", kinds);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "stop", __VA_ARGS__)

const struct cs_case client_stop_late_cases[] = {
    {.id = "client/stop/answered-late",
     .title = "a message that is sent before a stop is answered keeps its own answer",
     .requirements = "CST-26",
     .level = CS_SHOULD,
     .run = answered_late},
    OBSERVED("handler-abort-first", "the frontend page's stop handler, and a message behind it",
             "CST-16 CST-26", handler_abort_first),
    OBSERVED("handler-stop-first", "the reference page's stop handler, and a message behind it",
             "CST-16 CST-26", handler_stop_first),
    OBSERVED("behind-the-message", "whether a stop can reach .in behind the message after it",
             "CST-27", behind_the_message),
    {0},
};
