/* Waits for a session's .in that suspend the run. */

#include "conformance/agent/cases.h"

#define SUBSCRIPTIONS "GET /realtime/v1/sessions/{chat}/in*"
#define WAITS         "POST /api/v1/runs/*/session-streams/wait"
#define WAIT(name)    "{'on':'in','call':'wait','args':[{'timeout':'1h'}],'as':'" name "'}"
#define ONCE(name)    "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'" name "'}"
#define NOTHING(name) "{'on':'in','call':'once','args':[{'timeoutMs':100}],'as':'" name "'}"

static int raw(struct ak *ak, const char *steps)
{
    return ak_run(ak, "raw", ak_text(ak, "{'steps':[%s]}", steps), NULL);
}

static void ends_well(struct ak *ak, int run)
{
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, run), "done");
}

/* AGT-SES-18, AGT-SES-19: ak_wait_suspended holds when no subscription is open any more. */
static void wait_requests(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, WAIT("fresh") "," ONCE("once") "," WAIT("later"));
    ak_wait_suspended(ak, task);
    const struct ak_request *first = ak_request(ak, WAITS, 1);
    ak_expect_text(ak, "the path", first->path,
                   ak_text(ak, "/api/v1/runs/%s/session-streams/wait", ak_run_id(ak, task)));
    ak_expect_body(ak, first, "",
                   ak_text(ak, "{'session':'%s','io':'in','timeout':'1h'}", ak_chat(ak)));
    const char *token =
        ak_text(ak, "POST /engine/v1/runs/%s/waitpoints/tokens/*/wait", ak_run_id(ak, task));
    ak_expect_number(ak, "the number of waits for the waitpoint", ak_count(ak, token), 1);
    ak_append(ak, "{'n':0}");
    ak_expect_note(ak, task, "fresh", "value.output", "{'n':0}");
    ak_wait_subscribed(ak);
    ak_append(ak, "{'n':1}");
    ak_expect_note(ak, task, "once", "value.output", "{'n':1}");
    ak_wait_suspended(ak, task);
    ak_expect_body(
        ak, ak_request(ak, WAITS, 2), "",
        ak_text(ak, "{'session':'%s','io':'in','timeout':'1h','lastSeqNum':1}", ak_chat(ak)));
    ak_expect_number(ak, "the number of waits for the waitpoint", ak_count(ak, token), 2);
}

/* AGT-SES-20 */
static void wake(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, ONCE("first") "," WAIT("woken") "," NOTHING("twice") "," ONCE("next"));
    ak_wait_subscribed(ak);
    ak_append(ak, "{'n':0}");
    ak_wait_suspended(ak, task);
    size_t before = ak_count(ak, SUBSCRIPTIONS);
    ak_append(ak, "{'n':1}");
    ak_expect_note(ak, task, "woken", "value", "{'ok':true,'output':{'n':1}}");
    ak_expect_note(ak, task, "twice", "value.ok", "false");
    const struct ak_request *again = ak_wait_request(ak, SUBSCRIPTIONS, before + 1);
    const char *id = ak_request_header(ak, again, "last-event-id");
    ak_append(ak, "{'n':2}");
    ak_expect_note(ak, task, "next", "value.output", "{'n':2}");
    ends_well(ak, task);
    /* Either it reads the record itself, or it was given it by the platform and goes on behind. */
    ak_expect_text(ak, "the last-event-id after the wake", id ? id : "nothing",
                   cs_case_fact(run, "wake_reads_channel") ? "0" : "1");
}

/* AGT-SES-21: the second wait is woken as usual. */
static void wait_error(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_hold_wakes(ak);
    int task = raw(ak, WAIT("failed") "," WAIT("woken"));
    ak_wait_suspended(ak, task);
    ak_wake_as(ak, task, "{'name':'TimeoutError','message':'the time is up'}", true);
    ak_expect_note(ak, task, "failed", "value.ok", "false");
    ak_expect_has(ak, "what a failed wait gives",
                  ak_member(ak, ak_wait_note(ak, task, "failed"), "value.error"), "{");
    (void)ak_wait_request(ak, WAITS, 2);
    ak_wait_suspended(ak, task);
    ak_append(ak, "{'n':0}");
    ak_wake_as(ak, task, "{'n':0}", false);
    ak_expect_note(ak, task, "woken", "value", "{'ok':true,'output':{'n':0}}");
    ends_well(ak, task);
}

#define IDLE(seconds, more, name)                                                      \
    "{'on':'in','call':'waitWithIdleTimeout','args':[{'idleTimeoutInSeconds':" seconds \
    ",'timeout':'1h'" more "}],'as':'" name "'}"

/* AGT-SES-22 */
static void idle(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, IDLE("20", "", "warm") "," IDLE("0.3", ",'skipSuspend':true",
                                                       "skipped") "," IDLE("0.3", "", "cold"));
    ak_wait_subscribed(ak);
    ak_append(ak, "{'n':0}");
    ak_expect_note(ak, task, "warm", "value", "{'ok':true,'output':{'n':0}}");
    ak_expect_note(ak, task, "skipped", "value.ok", "false");
    ak_expect_number(ak, "the number of waits without suspension", ak_count(ak, WAITS), 0);
    ak_wait_suspended(ak, task);
    int64_t idle_ms =
        ak_told_at(ak, task, "suspended", NULL, 1) - ak_told_at(ak, task, "note", "skipped", 1);
    if (idle_ms < 295) {
        cs_case_fail(run, "after %lld ms of 300 the idle wait suspends", (long long)idle_ms);
    }
    ak_append(ak, "{'n':1}");
    ak_expect_note(ak, task, "cold", "value", "{'ok':true,'output':{'n':1}}");
    ends_well(ak, task);
    ak_expect_number(ak, "the number of waits in all", ak_count(ak, WAITS), 1);
}

#define CASE(name, what, ids, level, function)                  \
    {                                                           \
        "agent/session/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_session_wait_cases[] = {
    CASE("wait", "a wait's requests, with and without a position; nothing is read meanwhile",
         "AGT-SES-18 AGT-SES-19", CS_MUST, wait_requests),
    CASE("wake", "after a wake the next record comes once, and reading goes on behind it",
         "AGT-SES-20", CS_MUST, wake),
    CASE("wait-error", "a waitpoint that failed", "AGT-SES-21", CS_MUST, wait_error),
    CASE("idle", "subscribed while idle, then suspended, unless told not to", "AGT-SES-22", CS_MUST,
         idle),
    {0},
};
