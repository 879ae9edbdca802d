/* A session's .out, written by a task on its handle. */
#include "conformance/agent/cases.h"

#define CREDENTIALS "PUT /realtime/v1/sessions/{chat}/out"

/* A task that does these steps on the chat's handle. */
static int raw(struct ak *ak, const char *steps)
{
    return ak_run(ak, "raw", ak_text(ak, "{'steps':[%s]}", steps), NULL);
}

static void ends_well(struct ak *ak, int run)
{
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, run), "done");
}

/* AGT-SES-09: the chunks' types begin with `raw`, which is what violations go by. */
static void objects(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'out','call':'append','args':[{'type':'raw-append','n':[1]}]},"
                       "{'on':'out','call':'pipe','args':[[{'type':'raw-pipe','n':2},"
                       "{'type':'raw-pipe','n':3}]]},"
                       "{'on':'out','call':'writer','args':[[{'type':'raw-writer','n':{'a':4}}]]}");
    ends_well(ak, task);
    ak_expect_out(ak, 0, "raw-append raw-pipe+ raw-writer");
    static const char *const values[] = {
        "{'type':'raw-append','n':[1]}",
        "{'type':'raw-pipe','n':2}",
        "{'type':'raw-pipe','n':3}",
        "{'type':'raw-writer','n':{'a':4}}",
    };
    for (size_t i = 0; i < 4; i++) {
        const struct ak_record *record = ak_out(ak, i);
        ak_expect(ak, ak_text(ak, "record %zu", i), record->chunk, "", values[i]);
        if (!record->part_id || !*record->part_id) {
            cs_case_fail(run, "record %zu has no id in its envelope", i);
        }
    }
}

/* AGT-SES-10 */
static void credentials(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char *const steps[] = {
        "{'on':'out','call':'append','args':[{'type':'raw-a'}]},"
        "{'on':'out','call':'append','args':[{'type':'raw-b'}]},"
        "{'on':'out','call':'pipe','args':[[{'type':'raw-c'}]]},{'gate':'data'}",
        "{'on':'out','call':'writeControl','args':['mark']},{'gate':'control'}",
        "{'on':'out','call':'trimTo','args':[1]},{'gate':'trim'}",
    };
    int task = raw(ak, ak_text(ak, "%s,%s,%s", steps[0], steps[1], steps[2]));
    ak_wait_out(ak, 3);
    size_t after_data = ak_count(ak, CREDENTIALS);
    ak_open(ak, "data");
    ak_wait_word(ak, "ctl:mark");
    size_t after_control = ak_count(ak, CREDENTIALS);
    ak_open(ak, "control");
    ak_wait_word(ak, "trim(1)");
    ak_record_fact(ak, "data_writes", "1", "%zu", after_data);
    ak_record_fact(ak, "control", "1", "%zu", after_control - after_data);
    ak_record_fact(ak, "trim", "1", "%zu", ak_count(ak, CREDENTIALS) - after_control);
    ak_open(ak, "trim");
    ends_well(ak, task);
}

/* AGT-SES-11 */
static void credentials_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "put/out 1: 403");
    int task = raw(ak, "{'on':'out','call':'append','args':[{'type':'raw-a'}],'as':'first',"
                       "'caught':true},"
                       "{'on':'out','call':'append','args':[{'type':'raw-b'}],'as':'second'},"
                       "{'on':'out','call':'append','args':[{'type':'raw-c'}],'as':'third'}");
    ends_well(ak, task);
    ak_expect_has(ak, "the write without credentials",
                  ak_member(ak, ak_wait_note(ak, task, "first"), "error.message"), "\"");
    ak_expect_out(ak, 0, "raw-b raw-c");
    ak_expect_number(ak, "the number of requests for credentials", ak_count(ak, CREDENTIALS), 2);
}

/* AGT-SES-11 */
static void credentials_after_write(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "s2s 1: terminal 403");
    int task = raw(ak, "{'on':'out','call':'append','args':[{'type':'raw-a'}],'as':'first',"
                       "'caught':true},"
                       "{'on':'out','call':'append','args':[{'type':'raw-b'}],'as':'second'},"
                       "{'on':'out','call':'append','args':[{'type':'raw-c'}],'as':'third'}");
    ends_well(ak, task);
    ak_expect_has(ak, "the write that was refused",
                  ak_member(ak, ak_wait_note(ak, task, "first"), "error.message"), "\"");
    ak_expect_out(ak, 0, "raw-b raw-c");
    ak_expect_number(ak, "the number of requests for credentials", ak_count(ak, CREDENTIALS), 2);
}

/* AGT-SES-12 */
static void control(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'out','call':'pipe','args':[[{'type':'raw-a'},{'type':'raw-b'}]]},"
                       "{'on':'out','call':'writeControl','args':['mark',[['zeta','1'],"
                       "['alpha','2'],['mid','3']]],'as':'control'},"
                       "{'on':'out','call':'writeControl','args':['bare'],'as':'bare'}");
    ends_well(ak, task);
    ak_expect_out(ak, 0, "raw-a raw-b ctl:mark ctl:bare");
    const struct ak_record *record = ak_out(ak, 2);
    static const char *const headers[][2] = {
        {"trigger-control", "mark"}, {"zeta", "1"}, {"alpha", "2"}, {"mid", "3"}};
    ak_expect_number(ak, "the number of headers", record->n_headers, 4);
    for (size_t i = 0; i < 4; i++) {
        ak_expect_text(ak, ak_text(ak, "header %zu", i),
                       ak_text(ak, "%.*s: %.*s", CS_VIEW_ARG(record->headers[i].name),
                               CS_VIEW_ARG(record->headers[i].value)),
                       ak_text(ak, "%s: %s", headers[i][0], headers[i][1]));
    }
    ak_expect_number(ak, "the bytes of the body", record->body.len, 0);
    ak_expect_note(ak, task, "control", "value.lastEventId",
                   ak_text(ak, "'%llu'", (unsigned long long)record->seq));
    record = ak_out(ak, 3);
    ak_expect_number(ak, "the number of headers without extras", record->n_headers, 1);
    ak_expect_note(ak, task, "bare", "value.lastEventId",
                   ak_text(ak, "'%llu'", (unsigned long long)record->seq));
}

/* AGT-SES-13 */
static void trim(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'out','call':'pipe','args':[[{'type':'raw-a'},{'type':'raw-b'}]]},"
                       "{'on':'out','call':'trimTo','args':[1]}");
    ends_well(ak, task);
    ak_expect_out(ak, 0, "raw-a raw-b trim(1)");
    ak_expect_number(ak, "the bytes of the trim's body", ak_out(ak, 2)->body.len, 8);
}

/* AGT-SES-14: a known defect up to 4.5.9. */
static void last_event_id(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int task = raw(ak, "{'on':'out','call':'pipe','args':[[{'type':'raw-a'},{'type':'raw-b'},"
                       "{'type':'raw-c'}]],'as':'piped'},"
                       "{'on':'out','call':'writer','args':[[{'type':'raw-d'}]],'as':'written'}");
    ends_well(ak, task);
    ak_expect_out(ak, 0, "raw-a raw-b raw-c raw-d");
    ak_expect_note(ak, task, "piped", "value.lastEventId", "'2'");
    ak_expect_note(ak, task, "written", "value.lastEventId", "'3'");
}

#define CASE(name, what, ids, level, function)                  \
    {                                                           \
        "agent/session/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_session_out_cases[] = {
    CASE("out-objects", "append, pipe and writer store objects in an envelope", "AGT-SES-09",
         CS_MUST, objects),
    CASE("out-credentials", "how often credentials are asked for", "AGT-SES-10", CS_OBSERVED,
         credentials),
    CASE("out-credentials-again", "after refused credentials a write asks again", "AGT-SES-11",
         CS_MUST, credentials_again),
    CASE("out-credentials-after-write", "after a refused write the next one asks again",
         "AGT-SES-11", CS_MUST, credentials_after_write),
    CASE("out-control", "a control record: its headers in order, no body, its sequence",
         "AGT-SES-12", CS_MUST, control),
    CASE("out-trim", "a trim is one command for that sequence", "AGT-SES-13", CS_MUST, trim),
    CASE("out-last-event-id", "a data writer tells the last record's own sequence", "AGT-SES-14",
         CS_MUST, last_event_id),
    {0},
};
