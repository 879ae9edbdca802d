/* A scenario: what the scripted agent answers, as data (README.md beside this,
 * scenario.schema.json).
 *
 * It is read and checked as a whole; afterwards nothing in it can be wrong, so composing an answer
 * from it cannot fail but for memory.
 */
#ifndef CHATSPEC_ENDPOINT_SCENARIO_H
#define CHATSPEC_ENDPOINT_SCENARIO_H

#include "endpoint/agent/agent_input.h"
#include "endpoint/agent/agent_script.h"

#define CS_SCENARIO_FORMAT    "chatspec-scenario/1"
#define CS_SCENARIO_FILE_MAX  ((size_t)4 << 20) /* bytes of the file */
#define CS_SCENARIO_MEMBERS   256               /* answers, and steps of each */
#define CS_SCENARIO_FAULTS    64
#define CS_SCENARIO_DELAY_MAX 600000.0          /* milliseconds */
#define CS_SCENARIO_TEXT_MAX  ((size_t)8 << 20) /* bytes of one text with its repetitions */

struct cs_scenario;

/* Reads and checks a file's text. On failure `why` gets one line for people: the path to the
 * member, what is wrong and what is allowed. Free the result with cs_scenario_free. Errors:
 * CS_ERR_LIMIT, CS_ERR_SYNTAX, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_scenario_read(struct cs_view text, struct cs_scenario **ret_scenario,
                                         struct cs_buf *why);
void cs_scenario_free(struct cs_scenario *scenario);

/* Its line for people; valid as long as the scenario. */
const char *cs_scenario_about(const struct cs_scenario *scenario);
/* Its fault rules (../faults/README.md), checked; valid as long as the scenario. */
size_t cs_scenario_n_faults(const struct cs_scenario *scenario);
const char *cs_scenario_fault(const struct cs_scenario *scenario, size_t i);

/* What is asked, as the conditions of an answer see it. */
struct cs_scenario_asked {
    const struct cs_agent_input *input;
    struct cs_view text;         /* the user's, of a regeneration the last one */
    uint64_t turn;               /* of the session, from 1 */
    uint64_t run;                /* likewise */
    bool was_handed_over;        /* an upgrade brought it: no answer hands it over again */
    const char *message_id;      /* of the answer */
    struct cs_view tool_call_id; /* for calls that the answer makes */
};

/* Composes the first answer whose conditions hold into an empty script. False: none does, and the
 * agent answers as without a scenario. */
bool cs_scenario_answer(const struct cs_scenario *scenario, const struct cs_scenario_asked *asked,
                        struct cs_script *script);

/* ---- the scenarios that come with the program (shipped.c) ---- */

struct cs_shipped_scenario {
    const char *name;
    struct cs_view (*text)(void);
};
/* Ended by a NULL name. */
extern const struct cs_shipped_scenario cs_shipped_scenarios[];

#endif
