/* Compaction: when it is asked for, what it leaves of the conversation, and what it tells. */
#include "conformance/agent/cases.h"

#define ANSWER "start start-step text-start text-delta+ text-end finish-step finish"
/* The turn's answer costs more than is wanted, or less. */
#define HEAVY \
    "{'compactAbove':1000,'summary':'they met','script':[[{'text':'one'},{'tokens':2000}]]}"
#define LIGHT "{'compactAbove':1000,'script':[[{'text':'one'},{'tokens':900}]]}"
/* A step with a tool that costs more, then the answer. */
#define STEPS                                                              \
    "{'compactAbove':1000,'summary':'they met','script':[[{'tool':'look'," \
    "'id':'call1'},{'tokens':2000}],[{'text':'two'},{'tokens':%d}]]}"
#define SUMMARY "[Conversation summary]\n\nthey met"

static void need_asked(struct ak *ak, int run, const char *source, const char *tokens)
{
    const cJSON *asked = ak_wait_note(ak, run, "shouldCompact");
    ak_expect(ak, "shouldCompact", asked, "source", source);
    ak_expect(ak, "shouldCompact", asked, "totalTokens", tokens);
}

/* The n-th (from 0) record of that part, which has to be there. */
static const cJSON *part(struct ak *ak, size_t n)
{
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const cJSON *chunk = ak_out(ak, i)->chunk;
        if (strcmp(ak_member(ak, chunk, "type"), "\"data-compaction\"") == 0 && n-- == 0) {
            return chunk;
        }
    }
    return NULL;
}

static void expect_parts(struct ak *ak)
{
    ak_expect(ak, "the first part", part(ak, 0), "data",
              "{'status':'compacting','totalTokens':2000}");
    ak_expect(ak, "the second part", part(ak, 1), "data",
              "{'status':'complete','totalTokens':2000}");
    ak_expect(ak, "the first part", part(ak, 0), "transient", "true");
    ak_expect(ak, "the second part", part(ak, 1), "transient", "true");
    ak_expect_text(ak, "the second part's id", ak_member(ak, part(ak, 1), "id"),
                   ak_member(ak, part(ak, 0), "id"));
    ak_expect_text(ak, "a third part", ak_member(ak, part(ak, 2), "type"), "nothing");
}

/* AGT-CMP-01, AGT-CMP-02, AGT-CMP-04, AGT-CMP-05 */
static void after_the_answer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction", "hello", HEAVY);
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    need_asked(ak, r, "'outer'", "2000");
    ak_expect_number(ak, "calls of summarize", ak_count_hooks(ak, r, "summarize"), 1);
    ak_expect(ak, "summarize", ak_hook(ak, r, "summarize", 1), "source", "'outer'");
    ak_expect_number(ak, "calls of onCompacted", ak_count_hooks(ak, r, "onCompacted"), 1);
    ak_expect(ak, "onCompacted", ak_hook(ak, r, "onCompacted", 1), "summary", "'they met'");
    expect_parts(ak);
    ak_expect_number(ak, "the turn's last record", ak_turn_index(ak, 1), ak_out_count(ak) - 1);
    ak_expect(ak, "the first message that the user sees", ended, "uiMessages.0.role", "'user'");
    ak_expect(ak, "the second", ended, "uiMessages.1.parts.1.text", "'one'");
    ak_message(ak, "more", LIGHT);
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 2),
                   "assistant: " SUMMARY "\nuser: more");
    ended = ak_wait_hook(ak, r, "onTurnComplete", 2);
    ak_expect(ak, "the first message that the user sees", ended, "uiMessages.0.parts.0.text",
              "'hello'");
}

/* AGT-CMP-01, AGT-CMP-02: the twin that asks for none. */
static void not_wanted(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction", "hello", LIGHT);
    ak_wait_hook(ak, r, "onTurnComplete", 1);
    need_asked(ak, r, "'outer'", "900");
    ak_expect_number(ak, "calls of summarize", ak_count_hooks(ak, r, "summarize"), 0);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_message(ak, "more", LIGHT);
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: one\nuser: more");
}

/* AGT-CMP-05 */
static void of_what_is_seen(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction-ui", "hello", LIGHT);
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", HEAVY);
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 2);
    ak_expect_number(ak, "calls of onCompacted", ak_count_hooks(ak, r, "onCompacted"), 1);
    ak_expect(ak, "the first message that is left", ended, "uiMessages.0.parts.0.text", "'more'");
    ak_expect_text(ak, "the third", ak_member(ak, ended, "uiMessages.2"), "nothing");
}

/* AGT-CMP-03, AGT-CMP-04, AGT-CMP-06 */
static void between_steps(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction", "hello", ak_text(ak, STEPS, 3000));
    ak_expect_text(ak, "the next step's prompt", ak_prompt(ak, r, 2), "user: they met");
    ak_wait_hook(ak, r, "onTurnComplete", 1);
    need_asked(ak, r, "'inner'", "2000");
    ak_expect_number(ak, "questions, of which none comes after the turn",
                     ak_count_notes(ak, r, "shouldCompact"), 1);
    ak_expect_number(ak, "calls of summarize", ak_count_hooks(ak, r, "summarize"), 1);
    ak_expect_number(ak, "calls of onCompacted", ak_count_hooks(ak, r, "onCompacted"), 1);
    expect_parts(ak);
}

/* AGT-CMP-07 */
static void tells_of_steps(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "compaction", "hello", ak_text(ak, STEPS, 100));
    ak_wait_turns(ak, 1);
    size_t step_starts = 0;
    size_t starts = 0;
    size_t ends = 0;
    for (size_t i = 0; i < ak_turn_index(ak, 1); i++) {
        const char *type = ak_member(ak, ak_out(ak, i)->chunk, "type");
        step_starts += strcmp(type, "\"step-start\"") == 0;
        starts += strcmp(type, "\"start-step\"") == 0;
        ends += strcmp(type, "\"finish-step\"") == 0;
    }
    ak_record_fact(ak, "chunks of type step-start", "1", "%zu", step_starts);
    ak_record_fact(ak, "finish-step without start-step", "1", "%zu", ends - starts);
}

/* AGT-CMP-06: a turn that the user stopped; the cases above are its twins. */
static void stopped(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction", "hello",
                    "{'compactAbove':1000,'script':[[{'text':'one'},{'tokens':2000},"
                    "{'gate':'never'}]]}");
    ak_wait_word(ak, "text-delta");
    ak_stop(ak);
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect(ak, "onTurnComplete", ended, "stopped", "true");
    ak_expect_number(ak, "calls of summarize", ak_count_hooks(ak, r, "summarize"), 0);
    ak_message(ak, "more", HEAVY);
    ak_wait_hook(ak, r, "onTurnComplete", 2);
    ak_expect_number(ak, "calls of summarize after a turn that was not stopped",
                     ak_count_hooks(ak, r, "summarize"), 1);
}

/* AGT-CMP-08 */
static void in_the_next_run(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "compaction", "hello", HEAVY);
    ak_wait_stored(ak, "they met");
    ak_kill(ak);
    int r = ak_continue(ak, "compaction");
    ak_message(ak, "more", LIGHT);
    ak_expect_text(ak, "the prompt of the next run", ak_prompt(ak, r, 1),
                   "assistant: " SUMMARY "\nuser: more");
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect(ak, "the first message that the user sees", ended, "uiMessages.0.parts.0.text",
              "'hello'");
}

/* AGT-CMP-09 */
static void with_prepare_step(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "managedStreamText");
    int r = ak_boot(ak, "compaction-prepare-step", "hello", ak_text(ak, STEPS, 100));
    ak_expect_text(ak, "the next step's prompt", ak_prompt(ak, r, 2), "user: they met");
    ak_wait_turns(ak, 1);
    need_asked(ak, r, "'inner'", "2000");
    ak_expect_number(ak, "calls of the caller's prepareStep", ak_count_notes(ak, r, "prepareStep"),
                     2);
}

/* AGT-CMP-09 */
static void without_it(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "compaction-prepare-step-spread", "hello", ak_text(ak, STEPS, 100));
    ak_expect_text(ak, "the next step's prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: [tool-call]\ntool: [tool-result]");
    ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect_number(ak, "calls of the caller's prepareStep", ak_count_notes(ak, r, "prepareStep"),
                     2);
    /* Asked once, after the turn. Its tokens are the whole turn's up to 4.6.0, then the last
     * step's. */
    const cJSON *asked = ak_wait_note(ak, r, "shouldCompact");
    ak_expect_number(ak, "questions", ak_count_notes(ak, r, "shouldCompact"), 1);
    ak_expect(ak, "shouldCompact", asked, "source", "'outer'");
    ak_record_flag(ak, "the whole turn's tokens count", "outer_compaction_counts_turn",
                   strcmp(ak_member(ak, asked, "totalTokens"), "2100") == 0);
}

const struct cs_case agent_compaction_cases[] = {
    {"agent/compaction/outer", "after an answer that is too heavy the model goes on from a summary",
     "AGT-CMP-01 AGT-CMP-02 AGT-CMP-04 AGT-CMP-05", CS_MUST, 0, 0, after_the_answer},
    {"agent/compaction/outer-declined", "the conversation stays whole when none is wanted",
     "AGT-CMP-01 AGT-CMP-02", CS_MUST, 0, 0, not_wanted},
    {"agent/compaction/ui", "what the user sees is cut only when the agent says so", "AGT-CMP-05",
     CS_MUST, 0, 0, of_what_is_seen},
    {"agent/compaction/inner",
     "between steps the next step goes on from the summary, and once only",
     "AGT-CMP-03 AGT-CMP-04 AGT-CMP-06", CS_MUST, 0, 0, between_steps},
    {"agent/compaction/inner-chunks", "chunks of its own that it writes between steps",
     "AGT-CMP-07", CS_OBSERVED, 0, 0, tells_of_steps},
    {"agent/compaction/stopped", "none after a turn that was stopped", "AGT-CMP-06", CS_MUST, 0, 0,
     stopped},
    {"agent/compaction/stored", "the next run goes on from the summary", "AGT-CMP-08", CS_MUST, 0,
     0, in_the_next_run},
    {"agent/compaction/prepare-step", "a prepareStep given to the managed streamText is composed",
     "AGT-CMP-09", CS_MUST, 0, 0, with_prepare_step},
    {"agent/compaction/prepare-step-spread", "one after the spread options takes their place",
     "AGT-CMP-09", CS_MUST, 0, 0, without_it},
    {0},
};
