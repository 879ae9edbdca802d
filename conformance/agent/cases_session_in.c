/* A session's .in, read by a task on its handle, and the subscription that brings it. */
#include "conformance/agent/cases.h"

#define SUBSCRIPTIONS "GET /realtime/v1/sessions/{chat}/in*"
#define WAITS         "POST /api/v1/runs/*/session-streams/wait"

static int raw(struct ak *ak, const char *steps)
{
    return ak_run(ak, "raw", ak_text(ak, "{'steps':[%s]}", steps), NULL);
}

static void ends_well(struct ak *ak, int run)
{
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, run), "done");
}

/* The last-event-id of the n-th subscription, or "". */
static const char *resumed_at(struct ak *ak, size_t n)
{
    const struct ak_request *request = ak_wait_request(ak, SUBSCRIPTIONS, n);
    const char *value = ak_request_header(ak, request, "last-event-id");
    return value ? value : "";
}

/* Every value that the handler `heard` was given so far, as JSON. */
static const char *heard(struct ak *ak, int run)
{
    const char *all = "";
    for (size_t n = 1;; n++) {
        const cJSON *note = ak_note(ak, run, "heard", n);
        if (!note) {
            return all;
        }
        all = ak_text(ak, "%s%s%s", all, n > 1 ? " " : "", ak_member(ak, note, "value"));
    }
}

/* AGT-SES-15 */
static void once(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'came'},"
                       "{'on':'in','call':'once','args':[{'timeoutMs':100}],'as':'late'}");
    ak_wait_subscribed(ak);
    ak_append(ak, "{'deep':{'list':[1,'two',null]}}");
    ak_expect_note(ak, task, "came", "value",
                   "{'ok':true,'output':{'deep':{'list':[1,'two',null]}}}");
    ends_well(ak, task);
    ak_expect_note(ak, task, "late", "value.ok", "false");
    ak_expect_has(ak, "what a timeout gives",
                  ak_member(ak, ak_wait_note(ak, task, "late"), "value.error"), "{");
    ak_expect_number(ak, "the number of waits", ak_count(ak, WAITS), 0);
}

/* AGT-SES-23 */
static void on(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_append(ak, "{'n':0}");
    ak_append(ak, "{'n':1}");
    ak_append(ak, "{'n':2}");
    int task = raw(ak, "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'first'},"
                       "{'on':'in','call':'on','as':'heard','consume':true},{'gate':'more'},"
                       "{'on':'in','call':'off'},"
                       "{'on':'in','call':'once','args':[{'timeoutMs':100}],'as':'left'}");
    ak_expect_note(ak, task, "first", "value.output", "{'n':0}");
    (void)ak_wait_nth_note(ak, task, "heard", 2);
    ak_append(ak, "{'n':3}");
    (void)ak_wait_nth_note(ak, task, "heard", 3);
    ak_open(ak, "more");
    ends_well(ak, task);
    ak_expect_text(ak, "what the handler heard", heard(ak, task), "{\"n\":1} {\"n\":2} {\"n\":3}");
    ak_expect_note(ak, task, "left", "value.ok", "false");
}

/* AGT-SES-23: the twin, where the handler keeps nothing to itself. */
static void on_listening(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'in','call':'on','as':'heard'},{'gate':'more'},"
                       "{'on':'in','call':'off'},"
                       "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'left'}");
    ak_append(ak, "{'n':0}");
    (void)ak_wait_nth_note(ak, task, "heard", 1);
    ak_open(ak, "more");
    ak_expect_note(ak, task, "left", "value.output", "{'n':0}");
    ends_well(ak, task);
    ak_expect_text(ak, "what the handler heard", heard(ak, task), "{\"n\":0}");
}

/* AGT-SES-24 */
static void peek(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_append(ak, "{'n':0}");
    ak_append(ak, "{'n':1}");
    int task = raw(ak, "{'on':'in','call':'peek','as':'before'},"
                       "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'first'},"
                       "{'on':'in','call':'peek','as':'head'},"
                       "{'on':'in','call':'peek','as':'again'},"
                       "{'on':'in','call':'once','args':[{'timeoutMs':20000}],'as':'second'},"
                       "{'on':'in','call':'peek','as':'after'}");
    ends_well(ak, task);
    ak_expect_note(ak, task, "before", "value", "null");
    ak_expect_note(ak, task, "first", "value.output", "{'n':0}");
    ak_expect_note(ak, task, "head", "value", "{'n':1}");
    ak_expect_note(ak, task, "again", "value", "{'n':1}");
    ak_expect_note(ak, task, "second", "value.output", "{'n':1}");
    ak_expect_note(ak, task, "after", "value", "null");
}

/* AGT-SES-25, AGT-SES-26: the first connection ends after the first record, the second is cut. */
static void subscribes_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_append(ak, "{'n':0}");
    ak_fault(ak, "in 1: end");
    int task = raw(ak, "{'on':'in','call':'on','as':'heard','consume':true},{'gate':'end'}");
    (void)ak_wait_nth_note(ak, task, "heard", 1);
    ak_expect_text(ak, "the first subscription's last-event-id", resumed_at(ak, 1), "");
    ak_expect_text(ak, "the last-event-id after an end", resumed_at(ak, 2), "0");
    ak_append(ak, "{'n':1}");
    (void)ak_wait_nth_note(ak, task, "heard", 2);
    ak_cut(ak);
    ak_expect_text(ak, "the last-event-id after a reset", resumed_at(ak, 3), "1");
    ak_append(ak, "{'n':2}");
    (void)ak_wait_nth_note(ak, task, "heard", 3);
    for (size_t n = 1; n <= 3; n++) {
        const struct ak_request *request = ak_request(ak, SUBSCRIPTIONS, n);
        ak_expect_text(ak, "accept", ak_request_header(ak, request, "accept"), "text/event-stream");
        ak_expect_text(ak, "timeout-seconds", ak_request_header(ak, request, "timeout-seconds"),
                       "600");
    }
    ak_open(ak, "end");
    ends_well(ak, task);
    ak_expect_text(ak, "what came", heard(ak, task), "{\"n\":0} {\"n\":1} {\"n\":2}");
}

/* AGT-SES-27 */
static void same_part(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'in','call':'on','as':'heard','consume':true},{'gate':'end'}");
    ak_append_to(ak, NULL, "part-a", "{\"n\":0}");
    ak_append_to(ak, NULL, "part-a", "{\"n\":1}");
    ak_append_to(ak, NULL, "part-b", "{\"n\":2}");
    uint64_t last = ak_append_to(ak, NULL, "part-b", "{\"n\":3}");
    (void)ak_wait_nth_note(ak, task, "heard", 2);
    ak_settle(ak); /* the last record is there by now, and nobody was given it */
    ak_expect_text(ak, "what came", heard(ak, task), "{\"n\":0} {\"n\":2}");
    ak_cut(ak);
    ak_expect_text(ak, "the last-event-id after a reset", resumed_at(ak, 2),
                   ak_text(ak, "%llu", (unsigned long long)last));
    ak_open(ak, "end");
    ends_well(ak, task);
}

/* AGT-SES-28 */
static void no_data(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const struct cs_header trim = {{"", 0}, {"trim", 4}};
    static const struct cs_header fence = {{"", 0}, {"fence", 5}};
    const struct cs_record trims = {.headers = &trim,
                                    .n_headers = 1,
                                    .kind = CS_RECORD_COMMAND,
                                    .body = {"\0\0\0\0\0\0\0\0", 8},
                                    .has_body = true,
                                    .has_headers = true};
    const struct cs_record fences = {.headers = &fence,
                                     .n_headers = 1,
                                     .kind = CS_RECORD_COMMAND,
                                     .body = {"", 0},
                                     .has_body = true,
                                     .has_headers = true};
    ak_append(ak, "{'n':0}");
    ak_seed_records(ak, false, &trims);
    ak_seed_control(ak, false, "trigger-control=turn-complete session-in-event-id=0");
    ak_seed_records(ak, false, &fences);
    ak_append(ak, "{'n':4}");
    int task = raw(ak, "{'on':'in','call':'on','as':'heard','consume':true},{'gate':'end'}");
    (void)ak_wait_nth_note(ak, task, "heard", 2);
    ak_open(ak, "end");
    ends_well(ak, task);
    ak_expect_text(ak, "what came", heard(ak, task), "{\"n\":0} {\"n\":4}");
}

#define CASE(name, what, ids, level, function)                  \
    {                                                           \
        "agent/session/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_session_in_cases[] = {
    CASE("once", "one record, or a timeout, without suspending", "AGT-SES-15", CS_MUST, once),
    CASE("on", "a handler gets what was buffered and what comes, and may keep it", "AGT-SES-23",
         CS_MUST, on),
    CASE("on-listening", "a handler that only listens leaves the record to others", "AGT-SES-23",
         CS_MUST, on_listening),
    CASE("peek", "the buffered head, left where it is", "AGT-SES-24", CS_MUST, peek),
    CASE("subscribes-again", "a subscription that ended goes on from the last sequence",
         "AGT-SES-25 AGT-SES-26", CS_MUST, subscribes_again),
    CASE("same-part", "a record whose id came before is not delivered twice", "AGT-SES-27", CS_MUST,
         same_part),
    CASE("in-no-data", "commands and control records are not handed out as data", "AGT-SES-28",
         CS_MUST, no_data),
    {0},
};
