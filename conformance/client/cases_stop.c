/* Stopping a turn, and the turn after it. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* A turn that runs on until it is stopped: seq 0 for its message, 1 for the stop. */
static struct ck *stopped(struct cs_case_run *run, const char *later)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one | HOLD}\n"
              "app#2: APP(200,1)\n%s",
              later);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_stop(ck);
    return ck;
}

static void exact_body(struct cs_case_run *run)
{
    struct ck *ck = stopped(run, "");
    const struct cs_logged *stop = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_body(ck, stop, "kind", "\"stop\"");
    cJSON *body = cJSON_ParseWithLength(stop->body.ptr, stop->body.len);
    const char *stranger = NULL;
    const cJSON *member;
    cJSON_ArrayForEach(member, body)
    {
        bool reason = strcmp(member->string, "message") == 0 && cJSON_IsString(member);
        if (strcmp(member->string, "kind") != 0 && !reason) {
            stranger = ck_text(ck, "%s", member->string);
        }
    }
    cJSON_Delete(body);
    cs_case_check(run, !stranger, "a stop has nothing but its kind and a reason: \"%s\"", stranger);
    ck_settle(ck);
    ck_expect_counts(ck, 2, 1);
}

static void next_turn_is_clean(struct cs_case_run *run)
{
    struct ck *ck = stopped(run, "app#3: APP(200,2)\n"
                                 "out#2: OUT{T 1 tail; C 2 turn-complete session-in-event-id=0;"
                                 "T 3 second; C 4 turn-complete session-in-event-id=2}\n");
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, 3), "payload.message.id", "\"u-second\"");
    ck_expect_deltas(ck, stream, "second");
    ck_expect_counts(ck, 3, 2);
}

const struct cs_case client_stop_cases[] = {
    {.id = "client/stop/exact-body",
     .title = "a stop is one append of kind stop, without a payload",
     .requirements = "CAP-29 CST-01 CST-24",
     .run = exact_body},
    {.id = "client/stop/next-turn-is-clean",
     .title = "after a stop the next message goes out at once and shows only its own answer",
     .requirements = "CST-06 CST-07",
     .run = next_turn_is_clean},
    {0},
};
