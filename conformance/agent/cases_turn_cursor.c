/* The two cursors of a boundary: how far .in has been handled, and how far it has been seen. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

#define HANDLED "session-in-event-id"
#define SEEN    "session-in-consumed-id"

/* AGT-TRN-12 */
static void decimal(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_expect_header(ak, ak_turn_complete(ak, 1), HANDLED, NULL);
    ak_wait_subscribed(ak);
    for (size_t turn = 2; turn <= 3; turn++) {
        uint64_t seq = ak_message(ak, "more", NULL);
        ak_wait_turns(ak, turn);
        ak_expect_header(ak, ak_turn_complete(ak, turn), HANDLED,
                         ak_text(ak, "%llu", (unsigned long long)seq));
    }
}

/* A turn that waits at the gate "go" while three messages come, which then are let in. */
static void queue_three(struct ak *ak)
{
    int agent = ak_boot(ak, "plain", "hello", "{'script':[[{'text':'zero '},{'gate':'go'}]]}");
    (void)ak_wait_note(ak, agent, "gate");
    ak_wait_subscribed(ak);
    ak_message(ak, "first", "{'script':[[{'text':'one '}]]}");
    ak_message(ak, "second", "{'script':[[{'text':'two '}]]}");
    ak_message(ak, "third", "{'script':[[{'text':'three'}]]}");
    ak_settle(ak); /* so that the agent has them all before the turn ends */
    ak_open(ak, "go");
}

/* AGT-TRN-26. Broken in 4.5.0. */
static void messages_in_order(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    queue_three(ak);
    ak_wait_turns(ak, 4);
    ak_settle(ak);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "zero one two three");
    ak_expect_out(ak, 0, "start ... TC start ... TC ... start ... TC ... start ... TC ...");
}

/* AGT-TRN-13. Broken up to 4.5.12. */
static void held_back(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    queue_three(ak);
    ak_wait_turns(ak, 1);
    ak_expect_header(ak, ak_turn_complete(ak, 1), HANDLED, NULL);
    static const char *const values[] = {"0", "1", "2"};
    for (size_t i = 0; i < 3; i++) {
        ak_wait_turns(ak, i + 2);
        ak_expect_header(ak, ak_turn_complete(ak, i + 2), HANDLED, values[i]);
    }
}

/* AGT-TRN-14 */
static void seen_is_ahead(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    queue_three(ak);
    for (size_t n = 1; n <= 4; n++) {
        ak_wait_turns(ak, n);
        ak_expect_header(ak, ak_turn_complete(ak, n), SEEN, "2");
    }
    ak_expect_header(ak, ak_turn_complete(ak, 4), HANDLED, "2");
}

/* AGT-TRN-15: over answers, a failure, a stop and what is skipped. */
static void never_back(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 2);
    ak_message(ak, "fail", "{'do':{'run':[{'throw':'no'}]}}");
    ak_wait_turns(ak, 3);
    ak_append(ak, "{'kind':'strange'}");
    ak_message(ak, "slow", "{'script':[[{'text':'slow'},{'gate':'never'}]]}");
    (void)ak_wait_note(ak, agent, "gate");
    ak_stop(ak);
    ak_wait_turns(ak, 4);
    ak_message(ak, "last", "{}");
    ak_wait_turns(ak, 5);
    unsigned long long last = 0;
    size_t seen = 0;
    for (size_t n = 1; n <= 5; n++) {
        const char *value = ak_record_header(ak, ak_turn_complete(ak, n), HANDLED);
        unsigned long long at = value ? strtoull(value, NULL, 10) : last;
        cs_case_check(run, at >= last, "the cursor of boundary %zu is %llu, before it was %llu", n,
                      at, last);
        last = at;
        seen += value != NULL;
    }
    cs_case_check(run, seen >= 3, "only %zu of the boundaries have a cursor", seen);
}

/* AGT-TRN-16. Broken in 4.5.0. */
static void of_woken_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "impatient", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_suspended(ak, agent);
    ak_message(ak, "wake up", NULL);
    ak_wait_turns(ak, 2);
    ak_expect_header(ak, ak_turn_complete(ak, 2), HANDLED, "0");
    ak_wait_suspended(ak, agent);
    ak_message(ak, "and again", NULL);
    ak_wait_turns(ak, 3);
    ak_expect_header(ak, ak_turn_complete(ak, 3), HANDLED, "1");
}

/* AGT-TRN-25 */
static void bad_records(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_append_to(ak, NULL, NULL, "this is no JSON");
    ak_append(ak, "{'kind':'strange','payload':{'trigger':'submit-message'}}");
    uint64_t seq = ak_message(ak, "good", "{'script':[[{'text':' good'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_header(ak, ak_turn_complete(ak, 2), HANDLED,
                     ak_text(ak, "%llu", (unsigned long long)seq));
    ak_settle(ak);
    ak_expect_number(ak, "the model's calls", ak_count_prompts(ak, agent), 2);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "ok good");
}

const struct cs_case agent_turn_cursor_cases[] = {
    {"agent/turn/cursor-decimal",
     "the cursor is the sequence of the message, and first there is none", "AGT-TRN-12", CS_MUST, 0,
     0, decimal},
    {"agent/turn/messages-in-order", "messages that come during a turn are answered each, in order",
     "AGT-TRN-26", CS_MUST, 0, 0, messages_in_order},
    {"agent/turn/cursor-held-back", "the cursor does not pass a message that still waits",
     "AGT-TRN-13", CS_MUST, 0, 0, held_back},
    {"agent/turn/cursor-seen", "the other cursor tells what has been seen, waiting or not",
     "AGT-TRN-14", CS_MUST, 0, 0, seen_is_ahead},
    {"agent/turn/cursor-never-back", "the cursor never goes back", "AGT-TRN-15", CS_SHOULD, 0, 0,
     never_back},
    {"agent/turn/cursor-of-woken-turn", "the turn of a woken run counts the record that woke it",
     "AGT-TRN-16", CS_MUST, 0, 0, of_woken_turn},
    {"agent/turn/bad-records", "a record that is no message is passed over, and so is its cursor",
     "AGT-TRN-25", CS_MUST, 0, 0, bad_records},
    {0},
};
