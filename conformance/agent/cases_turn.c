/* The turn loop: what reaches .out, and in which order. */
#include "conformance/agent/cases.h"

#define ANSWER      "start start-step text-start text-delta+ text-end finish-step finish"
#define PART_ID_LEN 7

/* AGT-TRN-04, AGT-TRN-07, AGT-TRN-08, AGT-TRN-17 */
static void two_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "one");
    const struct ak_record *first = ak_turn_complete(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    const char *trim = ak_text(ak, "trim(%llu)", (unsigned long long)first->seq);
    ak_wait_word(ak, trim);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1,
                  ak_text(ak, ANSWER " TC{session-in-event-id=0} %s", trim));
    for (size_t n = 1; n <= 2; n++) {
        const struct ak_record *complete = ak_turn_complete(ak, n);
        ak_expect_number(ak, "the length of a turn-complete's body", complete->body.len, 0);
        ak_expect_text(ak, "the first header of a turn-complete",
                       ak_text(ak, "%.*s", CS_VIEW_ARG(complete->headers[0].name)),
                       "trigger-control");
    }
}

/* AGT-TRN-04: deltas keep their order, and parts theirs, with a tool call between. */
static void long_answer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "tools", "hello",
                  "{'script':[[{'text':'abcdefghijklmnopqrstuvwxyz','delta':1},"
                  "{'tool':'look','id':'call1','input':{'result':7}}],"
                  "[{'text':'0123456789','delta':1}]]}");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end tool-input-available "
                  "tool-output-available finish-step "
                  "start-step text-start text-delta+ text-end finish-step finish TC");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "abcdefghijklmnopqrstuvwxyz0123456789");
}

/* AGT-TRN-01: each gate shows what has not happened while the hook before it is still at work. */
static void hook_order(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello",
                        "{'do':{'onBoot':[{'gate':'boot'}],'onTurnStart':[{'gate':'begin'}],"
                        "'onBeforeTurnComplete':[{'gate':'end'}]}}");
    (void)ak_wait_hook(ak, agent, "onBoot", 1);
    ak_settle(ak);
    ak_expect_text(ak, "what was called while onBoot worked", ak_hooks(ak, agent), "onBoot");
    ak_open(ak, "boot");
    (void)ak_wait_hook(ak, agent, "onTurnStart", 1);
    ak_settle(ak);
    ak_expect_number(ak, "the model's calls while onTurnStart worked", ak_count_prompts(ak, agent),
                     0);
    ak_open(ak, "begin");
    (void)ak_wait_hook(ak, agent, "onBeforeTurnComplete", 1);
    ak_wait_word(ak, "finish");
    ak_settle(ak);
    ak_expect_out(ak, 0, ANSWER);
    /* So late that a hook which does not wait for the record would come first. */
    ak_fault(ak, "json/turn-complete 1: delay 300");
    ak_open(ak, "end");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "the calls of onTurnComplete before the turn-complete",
                     ak_count_hooks(ak, agent, "onTurnComplete"), 0);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_expect_text(ak, "the hooks", ak_hooks(ak, agent),
                   "onBoot onChatStart onTurnStart run onBeforeTurnComplete onTurnComplete");
}

/* AGT-TRN-02 */
static void fresh_boot(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_expect_number(ak, "the reads of the snapshot",
                     ak_count(ak, "GET /api/v1/sessions/*/snapshot-url*"), 0);
    ak_expect_number(ak, "the drains of .in",
                     ak_count(ak, "GET /realtime/v1/sessions/*/in/records*"), 0);
    const struct ak_request *opened = ak_request(ak, "GET /realtime/v1/sessions/{chat}/in", 1);
    cs_case_check(run, opened != NULL, "the agent has not opened its own .in");
    ak_expect_text(ak, "last-event-id of the first subscription",
                   ak_request_header(ak, opened, "last-event-id") ? "there" : "none", "none");
}

/* AGT-TRN-03 */
static void fresh_boot_reads_out(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    const struct ak_request *opened = ak_request(ak, "GET /realtime/v1/sessions/{chat}/in", 1);
    size_t before = 0;
    for (size_t n = 1;; n++) {
        const struct ak_request *read =
            ak_request(ak, "GET /realtime/v1/sessions/{chat}/out/records*", n);
        if (!read || !opened || read->number > opened->number) {
            break;
        }
        before++;
    }
    ak_record_flag(ak, "agent.fresh_run_reads_out", "fresh_run_reads_out", before == 1);
}

/* AGT-TRN-05 */
static void data_records(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "tools", "hello",
                  "{'script':[[{'tool':'look','input':{}}],[{'text':'done','delta':1}]]}");
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'script':[[{'text':'again','delta':1}]]}");
    ak_wait_turns(ak, 2);
    size_t seen = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const struct ak_record *record = ak_out(ak, i);
        if (record->kind != CS_RECORD_DATA) {
            continue;
        }
        seen++;
        cJSON *body = cJSON_ParseWithLength(record->body.ptr, record->body.len);
        int members = cJSON_GetArraySize(body); /* a chunk was found, so it is an object */
        cJSON_Delete(body);
        ak_expect_number(ak, "the headers of a data record", record->n_headers, 0);
        cs_case_check(run, cJSON_IsObject(record->chunk) && record->part_id && members == 2,
                      "record %llu has not exactly `data` and `id`: %.*s",
                      (unsigned long long)record->seq, CS_VIEW_ARG(record->body));
        ak_expect_number(ak, "the length of a record's id", strlen(record->part_id), PART_ID_LEN);
        for (size_t k = 0; k < i; k++) {
            const struct ak_record *other = ak_out(ak, k);
            cs_case_check(run, !other->part_id || strcmp(other->part_id, record->part_id) != 0,
                          "two records have the id %s", record->part_id);
        }
    }
    cs_case_check(run, seen > 15, "only %zu data records came of two answers", seen);
}

/* AGT-TRN-06 */
static void message_id(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    const char *id = ak_member(ak, ak_out(ak, ak_wait_word(ak, "start"))->chunk, "messageId");
    cs_case_check(run, id[0] == '"' && id[1] != '"', "the start chunk's messageId is %s", id);
    ak_expect_text(ak, "the id of onTurnComplete's responseMessage",
                   ak_member(ak, over, "responseMessage.id"), id);
}

const struct cs_case agent_turn_cases[] = {
    {"agent/turn/two-turns", "an answer's records in order, then the boundary, then the trim",
     "AGT-TRN-04 AGT-TRN-07 AGT-TRN-08 AGT-TRN-17", CS_MUST, 0, 0, two_turns},
    {"agent/turn/long-answer", "deltas, steps and a tool's records keep the model's order",
     "AGT-TRN-04 AGT-TRN-07", CS_MUST, 0, 0, long_answer},
    {"agent/turn/hook-order", "hooks in order, with the boundary on the wire before onTurnComplete",
     "AGT-TRN-01", CS_MUST, 0, 0, hook_order},
    {"agent/turn/fresh-boot", "a fresh run reads neither snapshot nor .in from before",
     "AGT-TRN-02", CS_MUST, 0, 0, fresh_boot},
    {"agent/turn/fresh-boot-reads-out", "whether a fresh run reads .out before it opens .in",
     "AGT-TRN-03", CS_OBSERVED, 0, 0, fresh_boot_reads_out},
    {"agent/turn/data-records", "a data record has no headers and exactly `data` and a fresh id",
     "AGT-TRN-05", CS_MUST, 0, 0, data_records},
    {"agent/turn/message-id", "the answer begins with the id that its message has in the end",
     "AGT-TRN-06", CS_MUST, 0, 0, message_id},
    {0},
};
