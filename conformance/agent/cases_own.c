/* What any agent must show, whatever it says: these are run against somebody's own agents too
 * (agent --task-file). Nothing is scripted, so they judge the shape of what reaches the wire and
 * what a team commonly gets wrong (AGT-MIS). */
#include "conformance/agent/cases.h"

#define MARKER "run-scoped-marker"

/* An error chunk is how a mistake shows: its text says what to do. */
static void expect_no_error(struct ak *ak, size_t from)
{
    for (size_t i = from; i < ak_out_count(ak); i++) {
        const cJSON *chunk = ak_out(ak, i)->chunk;
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        if (type && strcmp(type, "error") == 0) {
            cs_case_fail(ak_run_case(ak), "the turn failed: %s", ak_member(ak, chunk, "errorText"));
        }
    }
}

/* Something was said between these records, and what ends the turn is the boundary. */
static void expect_answer(struct ak *ak, size_t from, size_t turn)
{
    expect_no_error(ak, from);
    size_t end = ak_turn_index(ak, turn);
    size_t n = 0;
    for (size_t i = from; i < end; i++) {
        n += ak_out(ak, i)->kind == CS_RECORD_DATA;
    }
    cs_case_check(ak_run_case(ak), n > 0, "the turn ended, and nothing was said in it");
    ak_expect_number(ak, "the size of the boundary's body", ak_out(ak, end)->body.len, 0);
    ak_expect_text(ak, "the boundary's first header",
                   ak_text(ak, "%.*s", CS_VIEW_ARG(ak_out(ak, end)->headers[0].name)),
                   "trigger-control");
}

/* AGT-TRN-07, AGT-TRN-08, AGT-MIS-08: also an output over the limit ends in an error chunk */
static void first_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, ak_own_agent(ak), "hello", NULL);
    ak_wait_turns(ak, 1);
    expect_answer(ak, 0, 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_number(ak, "the number of boundaries", ak_count_turns(ak), 1);
}

/* AGT-TRN-17 */
static void second_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, ak_own_agent(ak), "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    size_t from = ak_out_count(ak);
    ak_message(ak, "and now?", NULL);
    ak_wait_turns(ak, 2);
    expect_answer(ak, from, 2);
    uint64_t first = ak_turn_complete(ak, 1)->seq;
    ak_wait_word(ak, ak_text(ak, "trim(%llu)", (unsigned long long)first));
}

/* AGT-MIS-03, AGT-LOC-01: what is set up in onChatStart alone is not there */
static void continuation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, ak_own_agent(ak), "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_kill(ak);
    (void)ak_continue(ak, ak_own_agent(ak));
    ak_wait_subscribed(ak);
    size_t from = ak_out_count(ak);
    ak_message(ak, "are you still there?", NULL);
    ak_wait_turns(ak, 2);
    expect_answer(ak, from, 2);
}

/* AGT-MIS-02 */
static void tokens(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_mark_answers(ak, "x-trigger-jwt", MARKER);
    (void)ak_boot(ak, ak_own_agent(ak), "hello", NULL);
    ak_wait_turns(ak, 1);
    const struct ak_record *boundary = ak_turn_complete(ak, 1);
    const char *token = ak_record_header(ak, boundary, "public-access-token");
    cs_case_check(run, token != NULL, "the boundary carries no token");
    cs_case_check(run, strcmp(token, MARKER) != 0,
                  "the boundary carries the run-scoped token of a response header");
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const struct ak_record *record = ak_out(ak, i);
        cs_case_check(run, cs_view_find(record->body, CS_VIEW(MARKER)) == SIZE_MAX,
                      "record %llu holds the run-scoped token", (unsigned long long)record->seq);
    }
}

/* AGT-MIS-09, AGT-MIS-10 */
static void forms(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, ak_own_agent(ak), "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const cJSON *chunk = ak_out(ak, i)->chunk;
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        cs_case_check(run, !type || strncmp(type, "trigger:", 8) != 0,
                      "a data record is of the type %s: control is said in headers", type);
    }
    for (size_t n = 1; n <= ak_count(ak, "GET *"); n++) {
        const struct ak_request *request = ak_request(ak, "GET *", n);
        cs_case_check(run, !ak_request_header(ak, request, "x-peek-settled"),
                      "%s carries X-Peek-Settled", request->path);
    }
}

const struct cs_case agent_own_cases[] = {
    {"agent/own/first-turn", "a first message is answered without an error, and then the turn ends",
     "AGT-TRN-07 AGT-TRN-08 AGT-MIS-08", CS_MUST, 0, 60, first_turn},
    {"agent/own/second-turn", "so is the next, and the stream is trimmed to the first boundary",
     "AGT-TRN-17", CS_MUST, 0, 60, second_turn},
    {"agent/own/continuation", "a message to a new run of the chat is answered like any other",
     "AGT-MIS-03 AGT-LOC-01", CS_MUST, 0, 60, continuation},
    {"agent/own/tokens", "tokens come on the boundary, and never from a response header",
     "AGT-MIS-02", CS_MUST, 0, 60, tokens},
    {"agent/own/forms", "control is said in headers, and the agent's own reads do not peek",
     "AGT-MIS-09 AGT-MIS-10", CS_MUST, 0, 60, forms},
    {0},
};
