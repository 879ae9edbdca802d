/* The scenarios that come with the program, as they stand in scenarios/. */
#include "endpoint/scenario/scenario.h"

#include "embedded/cs_scenario_mid_turn_drop.h"
#include "embedded/cs_scenario_oversized_output.h"
#include "embedded/cs_scenario_slow_stream.h"
#include "embedded/cs_scenario_tool_approval.h"
#include "embedded/cs_scenario_upgrade.h"

#define SHIPPED(symbol)                                                                    \
    static struct cs_view symbol(void)                                                     \
    {                                                                                      \
        return cs_view_of((const char *)cs_scenario_##symbol, cs_scenario_##symbol##_len); \
    }

/* clang-format off */
SHIPPED(slow_stream)
SHIPPED(tool_approval)
SHIPPED(mid_turn_drop)
SHIPPED(upgrade)
SHIPPED(oversized_output)
/* clang-format on */

const struct cs_shipped_scenario cs_shipped_scenarios[] = {
    {"slow-stream", slow_stream},           {"tool-approval", tool_approval},
    {"mid-turn-drop", mid_turn_drop},       {"upgrade", upgrade},
    {"oversized-output", oversized_output}, {NULL, NULL},
};
