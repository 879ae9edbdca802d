/* What a turn does beside its records: trims, and requests. */
#include "conformance/agent/cases.h"

static const char *trim_to(struct ak *ak, const struct ak_record *record)
{
    return ak_text(ak, "trim(%llu)", (unsigned long long)record->seq);
}

/* AGT-TRN-17: the chain over three turns. */
static void chain(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC");
    for (size_t n = 2; n <= 3; n++) {
        ak_message(ak, "more", NULL);
        ak_wait_word(ak, trim_to(ak, ak_turn_complete(ak, n - 1)));
        ak_settle(ak);
        ak_expect_out(ak, ak_turn_index(ak, n),
                      ak_text(ak, "TC %s", trim_to(ak, ak_turn_complete(ak, n - 1))));
    }
}

#define UPLOAD "PUT /packets/*" /* to where the platform's presigned URLs lead */

/* Until the transcript is uploaded after that time. */
static void wait_upload(struct ak *ak, int64_t since_ms)
{
    for (size_t n = 1; ak_wait_request(ak, UPLOAD, n)->at_ms < since_ms; n++) {
        /* one of an earlier turn, or of this one's beginning */
    }
}

/* A first run with two turns whose transcript is stored, then gone. */
static void leave_a_turn(struct ak *ak)
{
    (void)ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_word(ak, trim_to(ak, ak_turn_complete(ak, 1)));
    wait_upload(ak, ak_turn_complete(ak, 2)->at_ms);
    ak_settle(ak); /* until it is stored */
    ak_kill(ak);
}

/* AGT-TRN-18 */
static void of_continuation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    leave_a_turn(ak);
    const char *stored = ak_snapshot(ak);
    const char *cursor = stored ? strstr(stored, "\"lastOutEventId\":\"") : NULL;
    cs_case_check(run, cursor, "the stored transcript has no lastOutEventId: %s",
                  stored ? stored : "there is none");
    cursor += strlen("\"lastOutEventId\":\"");
    const char *trim = ak_text(ak, "trim(%.*s)", (int)strcspn(cursor, "\""), cursor);
    size_t before = ak_out_count(ak);
    (void)ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_message(ak, "go on", NULL);
    ak_wait_turns(ak, 3);
    ak_wait_out(ak, ak_turn_index(ak, 3) + 2);
    ak_settle(ak);
    ak_expect_out(ak, before, ak_text(ak, "start ... finish TC %s ...", trim));
}

/* AGT-TRN-18: without a snapshot there is nothing known to trim to. The second turn trims again. */
static void of_continuation_without_snapshot(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    leave_a_turn(ak);
    ak_forget_snapshot(ak);
    size_t before = ak_out_count(ak);
    int agent = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_message(ak, "go on", NULL);
    ak_wait_turns(ak, 3);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_settle(ak);
    ak_expect_out(ak, before, "start ... finish TC ...");
    cs_case_check(run, strncmp(ak_notation(ak, ak_turn_index(ak, 3)), "TC trim", 7) != 0,
                  "the first turn of the continuation is followed by a trim: %s",
                  ak_notation(ak, before));
    ak_message(ak, "and on", NULL);
    ak_wait_word(ak, trim_to(ak, ak_turn_complete(ak, 3)));
}

/* AGT-TRN-19 */
static void may_fail(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "proto 1-3: 500"); /* one trim, which is tried three times */
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 2);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 2);
    ak_settle(ak);
    ak_expect_out(ak, ak_turn_index(ak, 2), "TC");
    ak_message(ak, "and more", NULL);
    ak_wait_turns(ak, 3);
    ak_wait_word(ak, trim_to(ak, ak_turn_complete(ak, 2)));
    ak_expect_out(ak, ak_turn_index(ak, 2) + 1,
                  ak_text(ak, "start ... finish TC %s", trim_to(ak, ak_turn_complete(ak, 2))));
}

#define CLAIMS  "POST /api/v1/auth/jwt/claims"
#define PRESIGN "PUT /api/v1/sessions/{chat}/snapshot-url*"
#define GRANT   "PUT /realtime/v1/sessions/{chat}/out*"

/* Requests that match, of those that came after that time. */
static size_t count_since(struct ak *ak, const char *pattern, int64_t since_ms)
{
    size_t n = 0;
    const struct ak_request *request;
    for (size_t i = 1; (request = ak_request(ak, pattern, i)) != NULL; i++) {
        n += request->at_ms >= since_ms;
    }
    return n;
}

/* AGT-TRN-20: of the second turn, so that nothing of the boot is among them. */
static void side_requests(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    wait_upload(ak, ak_turn_complete(ak, 1)->at_ms);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    size_t claims = ak_count(ak, CLAIMS);
    size_t grants = ak_count(ak, GRANT);
    cs_case_check(run, claims > 0 && grants > 0, "the agent wrote without credentials or claims");
    ak_message(ak, "more", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 2);
    int64_t over = ak_turn_complete(ak, 2)->at_ms;
    wait_upload(ak, over);
    ak_settle(ak);
    ak_expect_number(ak, "the claims calls of a turn", ak_count(ak, CLAIMS) - claims, 1);
    cs_case_check(run, ak_count(ak, GRANT) > grants, "the turn asked for no credentials");
    size_t presigns = count_since(ak, PRESIGN, over);
    size_t uploads = count_since(ak, UPLOAD, over);
    ak_expect_number(ak, "the requests after the turn for a place of the transcript", presigns, 1);
    ak_expect_number(ak, "the uploads of the transcript after the turn", uploads, 1);
}

const struct cs_case agent_turn_trim_cases[] = {
    {"agent/turn/trim-chain", "each boundary but the first is followed by one trim to that before",
     "AGT-TRN-17", CS_MUST, 0, 0, chain},
    {"agent/turn/trim-of-continuation",
     "the first turn of a continuation trims to the transcript's", "AGT-TRN-18", CS_MUST, 0, 0,
     of_continuation},
    {"agent/turn/trim-without-snapshot",
     "without a transcript a continuation's first turn trims not", "AGT-TRN-18", CS_MUST, 0, 0,
     of_continuation_without_snapshot},
    {"agent/turn/trim-may-fail", "a trim that fails is made up for by the next", "AGT-TRN-19",
     CS_MUST, 0, 0, may_fail},
    {"agent/turn/side-requests", "a turn asks for claims once, and stores its transcript after it",
     "AGT-TRN-20", CS_MUST, 0, 0, side_requests},
    {0},
};
