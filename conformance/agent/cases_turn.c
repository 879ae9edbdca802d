/* The turn loop: what reaches .out, and in which order. */
#include "conformance/agent/cases.h"

/* AGT-TRN-04, AGT-TRN-07, AGT-TRN-08, AGT-TRN-17 */
static void two_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, "start start-step text-start text-delta+ text-end finish-step finish TC");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "one");
    const struct ak_record *first = ak_turn_complete(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    const char *trim = ak_text(ak, "trim(%llu)", (unsigned long long)first->seq);
    ak_wait_word(ak, trim);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1,
                  ak_text(ak,
                          "start start-step text-start text-delta+ text-end finish-step finish "
                          "TC{session-in-event-id=0} %s",
                          trim));
}

const struct cs_case agent_turn_cases[] = {
    {"agent/turn/two-turns", "an answer's records in order, then the boundary, then the trim",
     "AGT-TRN-04 AGT-TRN-07 AGT-TRN-08 AGT-TRN-17", CS_MUST, 0, 0, two_turns},
    {0},
};
