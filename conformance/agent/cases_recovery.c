/* A continuation's boot: what it reads, from where, and which messages it answers. */
#include "conformance/agent/cases.h"
#include "conformance/agent/kit_past.h"

#define OUT_READS  "GET /realtime/v1/sessions/{chat}/out/records*"
#define IN_READS   "GET /realtime/v1/sessions/{chat}/in/records*"
#define SUBSCRIBE  "GET /realtime/v1/sessions/{chat}/in"
#define SNAP_URL   "GET /api/v1/sessions/{chat}/snapshot-url"
#define SNAP_GET   "GET /packets/*"
#define NEVER_SENT "never"

#define SAYS(text) "{'script':[[{'text':'" text "'}]]}"

/* Two answered messages in the past: in[0], in[1]. */
static uint64_t two_answered(struct ak *ak)
{
    ak_past_user(ak, AK_USER("u1", "one"), SAYS("again"));
    ak_past_user(ak, AK_USER("u2", "two"), SAYS("again"));
    ak_past_answer(ak, "a1", "first");
    ak_past_boundary(ak, 0);
    ak_past_answer(ak, "a2", "second");
    return ak_past_boundary(ak, 1);
}

#define TWO_ANSWERED_MESSAGES                                             \
    "[" AK_USER("u1", "one") "," AK_ASSISTANT("a1", "first") "," AK_USER( \
        "u2", "two") "," AK_ASSISTANT("a2", "second") "]"

/* The n-th request carries that cursor (NULL: none). */
static void expect_after(struct ak *ak, const char *pattern, size_t n, const char *cursor)
{
    const char *path = ak_wait_request(ak, pattern, n)->path;
    const char *at = strstr(path, "afterEventId=");
    ak_expect_text(ak, ak_text(ak, "afterEventId of \"%s\"", path), at ? at + 13 : NEVER_SENT,
                   cursor ? cursor : NEVER_SENT);
}

/* All reads of .in carry the cursor, and so does the subscription. */
static void expect_in_cursor(struct ak *ak, const char *cursor)
{
    for (size_t n = 1; ak_request(ak, IN_READS, n); n++) {
        expect_after(ak, IN_READS, n, cursor);
    }
    const struct ak_request *subscribed = ak_wait_request(ak, SUBSCRIBE, 1);
    const char *last = ak_request_header(ak, subscribed, "last-event-id");
    ak_expect_text(ak, "last-event-id of the first subscription", last ? last : NEVER_SENT,
                   cursor ? cursor : NEVER_SENT);
}

/* What the agent says to a message that comes now, and that it has said nothing else. */
static void expect_only_answer(struct ak *ak, int run, const char *prompt)
{
    ak_message(ak, "next", SAYS("now"));
    ak_wait_turns(ak, 1);
    ak_settle(ak);
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "now");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, run), 1);
    if (prompt) {
        ak_expect_text(ak, "the prompt", ak_prompt(ak, run, 1), prompt);
    }
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end finish-step finish "
                  "TC{session-in-event-id=2} ...");
}

/* AGT-REC-01, AGT-REC-02, AGT-REC-04: the cursor is the transcript's. */
static void boot_reads(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    uint64_t last = two_answered(ak);
    ak_past_transcript(ak, TWO_ANSWERED_MESSAGES, (int64_t)last, 1);
    int next = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_expect_order(ak, SNAP_URL, SNAP_GET);
    ak_expect_order(ak, SNAP_GET, OUT_READS);
    ak_expect_order(ak, SNAP_GET, IN_READS);
    ak_expect_order(ak, OUT_READS, SUBSCRIBE);
    ak_expect_order(ak, IN_READS, SUBSCRIBE);
    expect_after(ak, OUT_READS, 1, ak_text(ak, "%llu", (unsigned long long)last));
    expect_in_cursor(ak, "1");
    expect_only_answer(ak, next,
                       "user: one\nassistant: first\nuser: two\nassistant: second\nuser: next");
}

/* AGT-REC-01, AGT-REC-02, AGT-REC-04: without a transcript it is the last boundary's. */
static void cursor_of_boundary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)two_answered(ak);
    int next = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_expect_order(ak, OUT_READS, SUBSCRIBE);
    expect_after(ak, OUT_READS, 1, NULL);
    expect_in_cursor(ak, "1");
    /* what the user said is not on .out */
    expect_only_answer(ak, next, NULL);
}

/* AGT-REC-01 */
static void no_cursor(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int next = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_expect_order(ak, OUT_READS, SUBSCRIBE);
    ak_expect_order(ak, IN_READS, SUBSCRIBE);
    expect_after(ak, OUT_READS, 1, NULL);
    expect_in_cursor(ak, NULL);
    ak_message(ak, "first", SAYS("now"));
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1), "user: first");
}

/* AGT-REC-03 */
static void tail_merges(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    uint64_t stored = ak_past_boundary(ak, 0);
    ak_past_answer(ak, "a1", "new");
    ak_past_answer(ak, "a2", "more");
    ak_past_boundary(ak, 0);
    ak_past_transcript(ak, "[" AK_USER("u1", "one") "," AK_ASSISTANT("a1", "old") "]",
                       (int64_t)stored, 0);
    int next = ak_continue(ak, "plain");
    ak_message(ak, "next", NULL);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1),
                   "user: one\nassistant: new\nassistant: more\nuser: next");
}

/* AGT-REC-05 */
static void open_answered_once(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)two_answered(ak);
    ak_past_user(ak, AK_USER("u3", "three"), SAYS("third"));
    int next = ak_continue(ak, "plain");
    ak_wait_turns(ak, 1);
    ak_message(ak, "four", SAYS(" fourth"));
    ak_wait_word(ak, "TC{session-in-event-id=3}");
    ak_settle(ak);
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "third fourth");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, next), 2);
    ak_expect_out(ak, 0,
                  "start ... finish TC{session-in-event-id=2} ... start ... finish "
                  "TC{session-in-event-id=3} ...");
}

/* AGT-REC-06 */
static void hooks_of_a_continuation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)two_answered(ak);
    int next = ak_continue(ak, "plain");
    const cJSON *boot = ak_wait_hook(ak, next, "onBoot", 1);
    ak_expect(ak, "onBoot", boot, "continuation", "true");
    ak_expect(ak, "onBoot", boot, "previousRunId", "'run_previous'");
    ak_message(ak, "next", NULL);
    ak_wait_hook(ak, next, "onTurnComplete", 1);
    ak_expect_text(ak, "the hooks", ak_hooks(ak, next),
                   "onBoot onTurnStart run onBeforeTurnComplete onTurnComplete");
}

/* AGT-REC-06: the twin, a chat that begins. */
static void hooks_of_a_beginning(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "plain", "hello", NULL);
    ak_expect(ak, "onBoot", ak_wait_hook(ak, first, "onBoot", 1), "continuation", "false");
    ak_wait_hook(ak, first, "onTurnComplete", 1);
    ak_expect_text(ak, "the hooks", ak_hooks(ak, first),
                   "onBoot onChatStart onTurnStart run onBeforeTurnComplete onTurnComplete");
}

/* AGT-REC-16 */
static void waits_without_message(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int next = ak_continue(ak, "impatient");
    ak_wait_suspended(ak, next);
    ak_expect(ak, "onChatSuspend", ak_wait_hook(ak, next, "onChatSuspend", 1), "phase",
              "'continuation'");
    ak_expect_text(ak, "the hooks", ak_hooks(ak, next), "onBoot onChatSuspend");
    ak_expect_text(ak, "the records", ak_notation(ak, 0), "");
    ak_message(ak, "next", SAYS("now"));
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "calls of onChatStart", ak_count_hooks(ak, next, "onChatStart"), 0);
    ak_expect_number(ak, "calls of onPreload", ak_count_hooks(ak, next, "onPreload"), 0);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "now");
}

/* ---- AGT-REC-18: a transcript that is of no use ---- */

static void with_stored(struct cs_case_run *run, const char *stored)
{
    struct ak *ak = ak_of(run);
    (void)two_answered(ak);
    if (stored) {
        ak_seed_snapshot(ak, stored);
    }
    int next = ak_continue(ak, "plain");
    ak_wait_request(ak, SNAP_GET, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "next", SAYS("now"));
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1),
                   "assistant: first\nassistant: second\nuser: next");
    ak_wait_turns(ak, 1);
    expect_after(ak, OUT_READS, 1, NULL);
    ak_expect_out(ak, 0, "start ... finish TC{session-in-event-id=2} ...");
}

static void snapshot_missing(struct cs_case_run *run)
{
    with_stored(run, NULL);
}

static void snapshot_garbage(struct cs_case_run *run)
{
    with_stored(run, "{\"version\":1,\"messages\":[{\"id\":");
}

static void snapshot_unknown_version(struct cs_case_run *run)
{
    with_stored(run, "{\"version\":99,\"savedAt\":1000,\"lastOutEventId\":\"15\",\"lastInEventId\":"
                     "\"0\",\"messages\":[]}");
}

/* ---- AGT-REC-20: each read is tried five times, which takes about nine seconds ---- */

#define TRIES    5
#define PAUSE_MS 12000 /* the longest between two tries is about four seconds */

static void with_failing(struct cs_case_run *run, const char *fault, const char *read, size_t times)
{
    struct ak *ak = ak_of(run);
    uint64_t last = two_answered(ak);
    ak_past_transcript(ak, TWO_ANSWERED_MESSAGES, (int64_t)last, 1);
    ak_fault(ak, fault);
    int next = ak_continue(ak, "plain");
    ak_be_patient(ak, PAUSE_MS);
    for (size_t n = 1; n <= times; n++) {
        ak_wait_request(ak, read, n);
    }
    ak_be_patient(ak, 0);
    ak_wait_hook(ak, next, "onBoot", 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "next", SAYS("now"));
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "now");
    ak_expect_out(ak, 0, "start ... finish TC{session-in-event-id=2} ...");
}

static void snapshot_url_fails(struct cs_case_run *run)
{
    with_failing(run, "snapshot-url/get: 500", SNAP_URL, TRIES);
}

static void snapshot_object_fails(struct cs_case_run *run)
{
    with_failing(run, "object-get: 500", SNAP_GET, 1);
}

static void out_read_fails(struct cs_case_run *run)
{
    with_failing(run, "out-records 1-5: 500", OUT_READS, TRIES);
}

static void in_read_fails(struct cs_case_run *run)
{
    with_failing(run, "in-records 1-5: 500", IN_READS, TRIES);
}

const struct cs_case agent_recovery_cases[] = {
    {"agent/recovery/boot-reads",
     "a continuation reads the transcript, both tails and .in from the cursor on",
     "AGT-REC-01 AGT-REC-02 AGT-REC-04", CS_MUST, 0, 0, boot_reads},
    {"agent/recovery/cursor-of-boundary", "without a transcript the last boundary's cursor counts",
     "AGT-REC-01 AGT-REC-02 AGT-REC-04", CS_MUST, 0, 0, cursor_of_boundary},
    {"agent/recovery/no-cursor", "without any cursor the channels are read from the start",
     "AGT-REC-01", CS_MUST, 0, 0, no_cursor},
    {"agent/recovery/tail-merges",
     "answers after the transcript replace those of their id or follow", "AGT-REC-03", CS_MUST, 0,
     0, tail_merges},
    {"agent/recovery/open-answered-once", "a message above the cursor is answered once",
     "AGT-REC-05", CS_MUST, 0, 0, open_answered_once},
    {"agent/recovery/hooks-of-a-continuation", "a continuation calls onBoot and not onChatStart",
     "AGT-REC-06", CS_MUST, 0, 0, hooks_of_a_continuation},
    {"agent/recovery/hooks-of-a-beginning", "a fresh chat calls onBoot and onChatStart",
     "AGT-REC-06", CS_MUST, 0, 0, hooks_of_a_beginning},
    {"agent/recovery/waits-without-message", "a continuation without a message suspends as such",
     "AGT-REC-16", CS_MUST, 0, 0, waits_without_message},
    {"agent/recovery/snapshot-missing", "no transcript: the tail is all there is", "AGT-REC-18",
     CS_MUST, 0, 0, snapshot_missing},
    {"agent/recovery/snapshot-garbage", "an unreadable transcript counts as none", "AGT-REC-18",
     CS_MUST, 0, 0, snapshot_garbage},
    {"agent/recovery/snapshot-unknown-version", "a transcript of an unknown version counts as none",
     "AGT-REC-18", CS_MUST, 0, 0, snapshot_unknown_version},
    {"agent/recovery/snapshot-url-fails", "a boot goes on without the transcript's address",
     "AGT-REC-20", CS_SHOULD, 0, 0, snapshot_url_fails},
    {"agent/recovery/snapshot-object-fails", "a boot goes on without the transcript", "AGT-REC-20",
     CS_SHOULD, 0, 0, snapshot_object_fails},
    {"agent/recovery/out-read-fails", "a boot goes on without the tail of .out", "AGT-REC-20",
     CS_SHOULD, 0, 0, out_read_fails},
    {"agent/recovery/in-read-fails", "a boot goes on without the tail of .in", "AGT-REC-20",
     CS_SHOULD, 0, 0, in_read_fails},
    {0},
};
