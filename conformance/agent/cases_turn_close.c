/* chat.close: the agent closes its session. */
#include "conformance/agent/cases.h"

#define CLOSE "POST /api/v1/sessions/*/close"

/* Closes when the answer is there: earlier it would stop the model. */
static int boot_closing(struct ak *ak, const char *reason)
{
    return ak_boot(
        ak, "plain", "hello",
        ak_text(ak,
                "{'script':[[{'text':'bye'}]],"
                "'do':{'onBeforeTurnComplete':[{'call':'chat.close','args':[{'reason':'%s'}]}]}}",
                reason));
}

/* AGT-TRN-40 */
static void in_order(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_closing(ak, "done");
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    ak_expect_out(ak, 0,
                  "start ... finish TC{session-closed=true,session-closed-reason=done} "
                  "ctl:session-closed{session-closed-reason=done}");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "bye");
    ak_expect_number(ak, "the closes", ak_count(ak, CLOSE), 1);
    const struct ak_request *close = ak_request(ak, CLOSE, 1);
    ak_expect_text(ak, "the reason of the close", ak_request_member(ak, close, "reason"),
                   "\"done\"");
    ak_expect_text(ak, "the run that closes", ak_request_member(ak, close, "callingRunId"),
                   ak_text(ak, "\"%s\"", ak_run_id(ak, agent)));
    cs_case_check(run, close->at_ms >= ak_out(ak, ak_turn_index(ak, 1) + 1)->at_ms,
                  "the session was closed before its record was written");
}

#define X16  "xxxxxxxxxxxxxxxx"
#define X64  X16 X16 X16 X16
#define X254 X64 X64 X64 X16 X16 X16 "xxxxxxxxxxxxxx"
#define FACE "\xf0\x9f\x98\x80" /* two UTF-16 units */

/* AGT-TRN-41 */
static void long_reason(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_closing(ak, X254 "x" FACE "and more");
    (void)ak_wait_end(ak, agent);
    ak_expect_header(ak, ak_turn_complete(ak, 1), "session-closed-reason", X254 "x");
}

/* AGT-TRN-41: the pair fits. */
static void reason_that_fits(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_closing(ak, X254 FACE);
    (void)ak_wait_end(ak, agent);
    ak_expect_header(ak, ak_turn_complete(ak, 1), "session-closed-reason", X254 FACE);
}

/* AGT-TRN-42 */
static void refused(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "close: 422");
    int agent = boot_closing(ak, "done");
    (void)ak_wait_request(ak, CLOSE, 1);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC ctl:session-closed");
}

const struct cs_case agent_turn_close_cases[] = {
    {"agent/turn/closes-session", "boundary, closing record, closing call, and the run's end",
     "AGT-TRN-40", CS_MUST, 0, 0, in_order},
    {"agent/turn/close-reason-cut", "a long reason is cut, and no character in two", "AGT-TRN-41",
     CS_MUST, 0, 0, long_reason},
    {"agent/turn/close-reason-fits", "a reason of 256 units is kept", "AGT-TRN-41", CS_MUST, 0, 0,
     reason_that_fits},
    {"agent/turn/close-refused", "a close that is refused ends the run all the same", "AGT-TRN-42",
     CS_SHOULD, 0, 0, refused},
    {0},
};
