/* Where a turn ends, and what of the stream reaches the consumer. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static void ends_and_closes(struct cs_case_run *run)
{
    struct ck *ck =
        ck_one_turn(run, 0, "T 0 one; C 1 turn-complete session-in-event-id=0 | HOLD", "one");
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
}

static void earlier_boundary(struct cs_case_run *run)
{
    ck_one_turn(run, 5,
                "C 0 turn-complete session-in-event-id=4; T 1 mine;"
                "C 2 turn-complete session-in-event-id=5",
                "mine");
}

static void later_boundary(struct cs_case_run *run)
{
    ck_one_turn(run, 5,
                "T 0 mine; C 1 turn-complete session-in-event-id=99;"
                "T 2 later",
                "mine");
}

static void boundary_without_number(struct cs_case_run *run)
{
    ck_one_turn(run, 5, "T 0 mine; C 1 turn-complete; T 2 later", "mine");
}

static void control_stays_inside(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one; C 1 flux-capacitor level=9; T 2 two;"
                "C 3 turn-complete session-in-event-id=0",
                "one two");
}

static void upgrade_required(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one; C 1 upgrade-required; T 2 two;"
                "C 3 turn-complete session-in-event-id=0",
                "one two");
}

static void nothing_after_the_boundary(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "[T 0 one; C 1 turn-complete session-in-event-id=0;"
                "T 2 later; K 3 trim 1]",
                "one");
}

static void batch_order(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "[T 0 one; T 1 two; T 5 three];"
                "[T 500 four]; C 501 turn-complete session-in-event-id=0",
                "one two three four");
}

static void empty_turn(struct cs_case_run *run)
{
    ck_one_turn(run, 0, "C 0 turn-complete session-in-event-id=0", "");
}

static void legacy_controls(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one; R 1 {\"type\":\"trigger:upgrade-required\"};"
                "R 2 {\"type\":\"trigger:future\"}; T 3 two;"
                "C 4 turn-complete session-in-event-id=0",
                "one two");
}

static void repeated_id(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "R 0 id=same {\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"one\"};"
                "R 1 id=same {\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"again\"};"
                "T 2 two; C 3 turn-complete session-in-event-id=0",
                "one two");
}

static void command_records(struct cs_case_run *run)
{
    struct ck *ck =
        ck_resumed_turn(run, "[T 0 one; K 1 trim 0; K 2 fence]; AWAIT seen | RST", 1, "2",
                        "T 3 two; C 4 turn-complete session-in-event-id=0", "one two");
    ck_expect_counts(ck, 1, 2);
}

static void pings_and_strangers(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "PING; PING {\"timestamp\":1,\"tail\":{\"seq_num\":9,\"timestamp\":1}};"
                "RAW \"event: ping\\ndata: not json\\n\\n\";"
                "RAW \"event: zork\\ndata: {\\\"records\\\":[]}\\n\\n\"; RAW \": a comment\\n\\n\";"
                "T 0 one; PING; C 1 turn-complete session-in-event-id=0",
                "one");
}

const struct cs_case client_turn_cases[] = {
    {.id = "client/turn/ends-and-closes",
     .title = "the own turn-complete ends the stream and the client closes the connection",
     .requirements = "CTC-01 CRS-46",
     .run = ends_and_closes},
    {.id = "client/turn/earlier-boundary-skipped",
     .title = "a turn-complete of an earlier turn does not end this one",
     .requirements = "CTC-02 CAP-50",
     .run = earlier_boundary},
    {.id = "client/turn/later-boundary-ends",
     .title = "a turn-complete with a higher number ends the turn",
     .requirements = "CTC-03",
     .run = later_boundary},
    {.id = "client/turn/boundary-without-number-ends",
     .title = "a turn-complete without session-in-event-id counts as the own one",
     .requirements = "CTC-04",
     .run = boundary_without_number},
    {.id = "client/turn/control-stays-inside",
     .title = "control records, unknown ones too, never reach the consumer and reading goes on",
     .requirements = "CRE-07 CRE-08 CRE-19",
     .run = control_stays_inside},
    {.id = "client/turn/upgrade-required-is-silent",
     .title = "after upgrade-required the same turn goes on, without any request",
     .requirements = "CTC-11 CRE-08",
     .run = upgrade_required},
    {.id = "client/turn/nothing-after-the-boundary",
     .title = "records behind the own turn-complete in its batch are not delivered in this turn",
     .requirements = "CRE-58",
     .run = nothing_after_the_boundary},
    {.id = "client/turn/batch-order",
     .title = "records are delivered in order, batch by batch, over gaps in the numbers",
     .requirements = "CRE-01 CRE-48 CSE-38",
     .run = batch_order},
    {.id = "client/turn/empty-turn",
     .title = "a turn-complete with nothing before it is a valid turn",
     .requirements = "CTC-19",
     .level = CS_SHOULD,
     .run = empty_turn},
    {.id = "client/turn/legacy-controls-dropped",
     .title = "chunks whose type starts with trigger: are not shown",
     .requirements = "CRE-15 CRE-16",
     .level = CS_SHOULD,
     .run = legacy_controls},
    {.id = "client/turn/repeated-id-dropped",
     .title = "a record whose envelope id was seen on this connection is not delivered again",
     .requirements = "CRE-33",
     .level = CS_OBSERVED,
     .run = repeated_id},
    {.id = "client/turn/command-records",
     .title = "command records are not delivered, and the cursor moves over them",
     .requirements = "CRE-03 CRE-04",
     .run = command_records},
    {.id = "client/turn/pings-and-strangers",
     .title = "pings, comments and events of unknown names deliver nothing",
     .requirements = "CSE-09 CSE-22 CSE-24",
     .run = pings_and_strangers},
    {0},
};
