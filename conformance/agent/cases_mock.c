/* The SDK's offline harness: what it offers, and whether it shows what reaches the wire. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

/* ---- the order of imports ---- */

/* AGT-MCK-01 */
static void imported_first(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_mock(ak, "--mock-late");
    const char *late = ak_do(ak, "mock", "{'task':'everything','script':[]}");
    if (!strstr(late, "no task registered") || !strstr(late, "everything")) {
        cs_case_fail_diff(run, "an error: no task registered with id \"everything\"", late,
                          "a harness that is imported after its agent does not say so");
    }
    ak_use_mock(ak, "--mock");
    const cJSON *value =
        ak_mock(ak, "everything", NULL, "[{'sendMessage':{'id':'u1','role':'user','parts':[]}}]");
    ak_expect_text(ak, "what an agent answers that was imported after the harness",
                   ak_mock_notation(ak, cJSON_GetObjectItemCaseSensitive(value, "rawChunks")),
                   "start start-step text-start text-delta text-end finish-step finish TC");
}

/* ---- the same conversation twice ---- */

/* What reached the wire as the harness would list it: without trims. Freed by the caller. */
static cJSON *wire_chunks(struct ak *ak)
{
    cJSON *chunks = cJSON_CreateArray();
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const struct ak_record *record = ak_out(ak, i);
        const char *control = ak_record_header(ak, record, "trigger-control");
        cJSON *chunk = record->chunk ? cJSON_Duplicate(record->chunk, true) : NULL;
        if (!chunk && control) {
            chunk = cJSON_CreateObject();
            cJSON_AddStringToObject(chunk, "type", ak_text(ak, "trigger:%s", control));
        }
        if (chunk) {
            cJSON_AddItemToArray(chunks, chunk);
        }
    }
    return chunks;
}

/* Chunks of the harness without `abort`, which versions before 4.7 show there alone (AGT-MCK-08).
 */
static const char *mock_without_abort(struct ak *ak, const cJSON *raw)
{
    cJSON *kept = cJSON_CreateArray();
    const cJSON *chunk;
    cJSON_ArrayForEach(chunk, raw)
    {
        if (strcmp(ak_member(ak, chunk, "type"), "\"abort\"") != 0) {
            cJSON_AddItemToArray(kept, cJSON_Duplicate(chunk, true));
        }
    }
    const char *notation = ak_mock_notation(ak, kept);
    cJSON_Delete(kept);
    return notation;
}

struct seen {
    const char *out;     /* in the notation, without trims */
    const char *hooks;   /* in their order */
    const char *prompts; /* one after the other */
};

static const char *all_prompts(struct ak *ak, int run)
{
    const char *text = "";
    for (size_t n = 1; n <= ak_count_prompts(ak, run); n++) {
        text = ak_text(ak, "%s-- %zu --\n%s\n", text, n, ak_prompt(ak, run, n));
    }
    return text;
}

static struct seen on_wire(struct ak *ak, int run)
{
    cJSON *chunks = wire_chunks(ak);
    struct seen seen = {ak_mock_notation(ak, chunks), ak_hooks(ak, run), all_prompts(ak, run)};
    cJSON_Delete(chunks);
    return seen;
}

static void expect_same(struct ak *ak, const struct seen *wire, const cJSON *mock)
{
    int run = ak_mock_number(ak);
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(mock, "rawChunks");
    ak_expect_text(ak, "what the harness shows of .out", mock_without_abort(ak, raw), wire->out);
    ak_expect_text(ak, "the hooks in the harness", ak_hooks(ak, run), wire->hooks);
    ak_expect_text(ak, "the prompts in the harness", all_prompts(ak, run), wire->prompts);
}

#define PART(text) "{'type':'text','text':'" text "'}"
#define USER(id)   "{'id':'" id "','role':'user','parts':[" PART(id) "]}"
#define ANSWER                                                                         \
    "'role':'assistant','parts':[{'type':'tool-ask','toolCallId':'call-1','input':{}," \
    "'state':'output-available','output':{'n':42}}]}"

/* What scripts each turn of the conversation. */
#define ONE    "{'script':[[{'text':'one'}]]}"
#define TWO    "{'script':[[{'text':'two'}]]}"
#define ACTION "{'x':1}"
#define AGAIN  "{'script':[[{'text':'again'}]]}"
#define ASK    "{'script':[[{'tool':'ask','id':'call-1'}]]}"
#define AFTER  "{'script':[[{'text':'thanks'}]]}"
#define LONG   "{'script':[[{'text':'begun '},{'gate':'middle','quiet':true},{'text':'never'}]]}"
#define BROKEN "{'script':[[{'text':'half'},{'error':'broken'}]]}"

static void user(struct ak *ak, const char *message, const char *metadata, size_t turn)
{
    ak_wait_subscribed(ak);
    ak_submit(ak, NULL, message, metadata);
    ak_wait_turns(ak, turn);
}

static const char *last_message_id(struct ak *ak)
{
    const char *id = "";
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const cJSON *chunk = ak_out(ak, i)->chunk;
        if (strcmp(ak_member(ak, chunk, "type"), "\"start\"") == 0) {
            id = ak_member(ak, chunk, "messageId");
        }
    }
    return id;
}

static int talk(struct ak *ak)
{
    int run = ak_run(ak, "everything", "{'trigger':'preload'}", NULL);
    ak_wait_hook(ak, run, "onPreload", 1);
    user(ak, USER("u1"), ONE, 1);
    user(ak, USER("u2"), TWO, 2);
    ak_action(ak, "{'type':'nothing'}", ACTION);
    ak_wait_turns(ak, 3);
    ak_submit(ak, "regenerate-message", NULL, AGAIN);
    ak_wait_turns(ak, 4);
    ak_wait_hook(ak, run, "onTurnComplete", 3);
    user(ak, USER("u3"), ASK, 5);
    user(ak, ak_text(ak, "{'id':%s," ANSWER, last_message_id(ak)), AFTER, 6);
    /* Stopped when the answer's first four records are there, and nothing else is on its way. */
    unsigned long long fifth = ak_turn_complete(ak, 5)->seq;
    ak_wait_word(ak, ak_text(ak, "trim(%llu)", fifth));
    size_t n = ak_out_count(ak);
    ak_submit(ak, NULL, USER("u4"), LONG);
    ak_wait_out(ak, n + 4);
    ak_stop(ak);
    ak_wait_turns(ak, 7);
    user(ak, USER("u5"), BROKEN, 8);
    ak_wait_hook(ak, run, "onTurnComplete", 7);
    return run;
}

/* AGT-MCK-02, and what AGT-MCK-08 leaves out. */
static void conversation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    struct seen wire = on_wire(ak, talk(ak));
    ak_use_mock(ak, "--mock");
    const cJSON *value =
        ak_mock(ak, "everything", NULL,
                "[{'metadata':" ONE "},{'sendMessage':" USER(
                    "u1") "},"
                          "{'metadata':" TWO "},{'sendMessage':" USER(
                              "u2") "},"
                                    "{'metadata':" ACTION "},{'sendAction':{'type':'nothing'}},"
                                    "{'metadata':" AGAIN "},{'sendRegenerate':[]},"
                                    "{'metadata':" ASK "},{'sendMessage':" USER(
                                        "u3") "},"
                                              "{'metadata':" AFTER
                                              "},{'sendMessage':{'id':'$messageId'," ANSWER "},"
                                              "{'metadata':" LONG "},{'sendMessage':" USER(
                                                  "u4") ",'during':[{'seen':{'delta':'begun '}},"
                                                        "{'sendStop':[]}]},"
                                                        "{'metadata':" BROKEN
                                                        "},{'sendMessage':" USER("u5") "}]");
    expect_same(ak, &wire, value);
}

/* AGT-MCK-02: a run that takes over from one that died in the middle of an answer. */
static void recovery(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_seed_chunk(ak, "{'type':'start','messageId':'a1'}");
    ak_seed_chunk(ak, "{'type':'text-start','id':'t'}");
    ak_seed_chunk(ak, "{'type':'text-delta','id':'t','delta':'half an'}");
    ak_submit(ak, NULL, USER("u1"), TWO);
    ak_submit(ak, NULL, USER("u2"), TWO);
    int heir = ak_continue(ak, "everything");
    ak_wait_turns(ak, 1);
    ak_wait_hook(ak, heir, "onTurnComplete", 1);
    struct seen wire = on_wire(ak, heir);
    ak_use_mock(ak, "--mock");
    const cJSON *value = ak_mock(
        ak, "everything",
        "'options':{'continuation':true,'previousRunId':'run_previous','clientData':" TWO "},"
        "'seeds':{'seedSessionOutPartial':{'id':'a1','role':'assistant','parts':[" PART(
            "half an") "]},'seedSessionInTail':[" USER("u1") "," USER("u2") "]}",
        "[{'turns':1}]");
    expect_same(ak, &wire, value);
}

#define WARM "{'role':'assistant','content':[{'type':'text','text':'warm words'}]}"

/* AGT-MCK-02: the first step came from elsewhere. */
static void handover(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_run(ak, "everything",
                      "{'trigger':'handover-prepare','headStartMessages':[" USER("u1") "]}", NULL);
    ak_wait_subscribed(ak);
    ak_append(ak, "{'kind':'handover','partialAssistantMessage':[" WARM "],'messageId':'a1',"
                  "'isFinal':true}");
    ak_wait_turns(ak, 1);
    ak_wait_hook(ak, turn, "onTurnComplete", 1);
    struct seen wire = on_wire(ak, turn);
    ak_use_mock(ak, "--mock");
    const cJSON *value =
        ak_mock(ak, "everything",
                "'options':{'mode':'handover-prepare','headStartMessages':[" USER("u1") "]}",
                "[{'sendHandover':{'partialAssistantMessage':[" WARM "],'messageId':'a1',"
                "'isFinal':true}}]");
    expect_same(ak, &wire, value);
}

/* Each starts a process or two of its own, which a busy machine may take long for. */
#define START_S 90

const struct cs_case agent_mock_cases[] = {
    {"agent/mock/imported-first", "the harness has to be imported before the agent", "AGT-MCK-01",
     CS_MUST, 0, START_S, imported_first},
    {"agent/mock/conversation", "a conversation in the harness is the one on the wire",
     "AGT-MCK-02", CS_MUST, 0, START_S, conversation},
    {"agent/mock/recovery", "a recovery in the harness is the one on the wire", "AGT-MCK-02",
     CS_MUST, 0, START_S, recovery},
    {"agent/mock/handover", "a handover in the harness is the one on the wire", "AGT-MCK-02",
     CS_MUST, 0, START_S, handover},
    {0},
};
