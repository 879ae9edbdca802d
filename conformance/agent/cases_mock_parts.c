/* The SDK's offline harness: what it consists of, and what it does not model. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

#define PART(text) "{'type':'text','text':'" text "'}"
#define USER(id)   "{'id':'" id "','role':'user','parts':[" PART(id) "]}"
#define LONG       "{'script':[[{'text':'begun '},{'gate':'middle','quiet':true},{'text':'never'}]]}"

/* ---- what it consists of ---- */

/* Those of the list, divided by spaces, that are not among the names. */
static const char *missing(struct ak *ak, const cJSON *names, const char *list)
{
    const char *told = ak_member(ak, names, "");
    const char *lacks = "";
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t len = strcspn(word, " ");
        if (!strstr(told, ak_text(ak, "\"%.*s\"", (int)len, word))) {
            lacks = ak_text(ak, "%s%s%.*s", lacks, *lacks ? " " : "", (int)len, word);
        }
        word += len;
    }
    return lacks;
}

static const cJSON *harness_of(struct ak *ak)
{
    ak_use_mock(ak, "--mock");
    return ak_mock(ak, "everything", NULL, "[]");
}

/* AGT-MCK-03 */
static void members(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(harness_of(ak), "members");
    ak_expect_text(ak, "what the harness lacks",
                   missing(ak, names,
                           "sendMessage sendRegenerate sendAction sendStop sendHeadStart "
                           "sendHandover sendHandoverSkip seedSnapshot seedSessionOutTail "
                           "seedSessionOutPartial seedSessionInTail getSnapshot close allChunks "
                           "allRawChunks"),
                   "");
}

/* AGT-MCK-04 */
static void later_members(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(harness_of(ak), "members");
    ak_record_fact(ak, "members of 4.6 that the harness lacks", "", "%s",
                   missing(ak, names,
                           "sendPendingMessage sendClose waitForExit getCloseCalls "
                           "failNextCloseCalls deliverSessionInAtSeq"));
}

/* The names that a module exports, as JSON. */
static const char *exports(struct ak *ak, const char *args)
{
    return ak_sdk(ak, "exports", ak_text(ak, "[%s]", args));
}

/* AGT-MCK-05 */
static void channels(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(harness_of(ak), "members");
    ak_record_fact(ak, "members of 4.8 that the harness lacks", "", "%s",
                   missing(ak, names,
                           "sendWebhookAction sendChannelEvent deliverChannelEvent "
                           "sendPendingChannelEvent"));
    const char *entry = exports(ak, "{'entry':'./ai/test'}");
    ak_record_fact(ak, "recordingChannelConnector is exported", "true", "%s",
                   strstr(entry, "\"recordingChannelConnector\"") ? "true" : "false");
    ak_record_fact(ak, "runTranscriptStorageTests is exported", "true", "%s",
                   strstr(entry, "\"runTranscriptStorageTests\"") ? "true" : "false");
}

/* AGT-MCK-11 */
static void model_library(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *names = exports(ak, "{'package':'ai','entry':'./test'}");
    ak_record_fact(ak, "MockLanguageModelV3", "true", "%s",
                   strstr(names, "\"MockLanguageModelV3\"") ? "true" : "false");
    ak_record_fact(ak, "MockLanguageModelV2", "false", "%s",
                   strstr(names, "\"MockLanguageModelV2\"") ? "true" : "false");
    ak_record_fact(ak, "simulateReadableStream", "true", "%s",
                   strstr(names, "\"simulateReadableStream\"") ? "true" : "false");
}

/* ---- what it does not model ---- */

/* AGT-MCK-06, AGT-MCK-07, AGT-BIG-12 */
static void not_modelled(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_mock(ak, "--mock");
    const cJSON *value =
        ak_mock(ak, "everything",
                "'options':{'clientData':{'script':[[{'tool':'look','input':{'bytes':1200000}}],"
                "[{'text':'done'}]]}}",
                "[{'sendMessage':" USER("u1") "},{'sendMessage':" USER("u2") "}]");
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(value, "rawChunks");
    const char *out = ak_mock_notation(ak, raw);
    ak_record_fact(ak, "a tool's output of 1.2 MB is shown", "true", "%s",
                   strstr(out, "tool-output-available") && !strstr(out, "error") ? "true"
                                                                                 : "false");
    ak_record_fact(ak, "a trim is shown", "false", "%s", strstr(out, "trim") ? "true" : "false");
    ak_record_fact(ak, "requests that reach a platform", "0", "%zu", ak_count(ak, "*"));
    const cJSON *last = cJSON_GetArrayItem(raw, cJSON_GetArraySize(raw) - 1);
    ak_record_fact(ak, "the boundary", "\"trigger:turn-complete\"", "%s",
                   ak_member(ak, last, "type"));
    ak_record_flag(ak, "the boundary has a cursor", "mock_cursor",
                   strstr(ak_member(ak, last, ""), "sessionInEventId") != NULL);
}

/* AGT-MCK-08 */
static void abort_chunk(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_mock(ak, "--mock");
    const cJSON *value = ak_mock(
        ak, "everything", NULL,
        "[{'metadata':" LONG
        "},{'sendMessage':" USER("u1") ",'during':[{'seen':{'delta':'begun '}},{'sendStop':[]}]}]");
    const char *out = ak_mock_notation(ak, cJSON_GetObjectItemCaseSensitive(value, "rawChunks"));
    ak_record_fact(ak, "a stop shows a chunk \"abort\"", "true", "%s",
                   strstr(out, "abort") ? "true" : "false");
}

/* AGT-MCK-09 */
static void upgrade(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_mock(ak, "--mock");
    const cJSON *value =
        ak_mock(ak, "everything",
                "'options':{'clientData':{'do':{'onTurnStart':[{'call':'chat.requestUpgrade'}]}}}",
                "[{'sendMessage':" USER("u1") "}]");
    const char *out = ak_mock_notation(ak, cJSON_GetObjectItemCaseSensitive(value, "rawChunks"));
    ak_record_flag(ak, "requestUpgrade shows upgrade-required", "mock_upgrade_required",
                   strcmp(out, "ctl:upgrade-required") == 0);
}

/* ---- retries ---- */

#define KEPT                                                 \
    "'snapshot':{'version':1,'savedAt':1,'messages':[" USER( \
        "kept-before") ",{'id':'a1',"                        \
                       "'role':'assistant','parts':[" PART(  \
                           "an old answer") "]}],'lastOutEventId':'3'}"

static const char *second_attempt(struct ak *ak, int number)
{
    (void)ak_mock(
        ak, "oom",
        ak_text(ak, "'options':{" KEPT ",'taskContext':{'ctx':{'attempt':{'number':%d}}}}", number),
        "[{'sendMessage':" USER("u1") "}]");
    return ak_prompt(ak, ak_mock_number(ak), 1);
}

/* AGT-MCK-10 */
static void retry(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_mock(ak, "--mock");
    ak_expect_text(ak, "the prompt of the first attempt", second_attempt(ak, 1), "user: u1");
    ak_expect_text(ak, "the prompt of the second attempt", second_attempt(ak, 2),
                   "user: kept-before\nassistant: an old answer\nuser: u1");
}

/* Each starts a process or two of its own, which a busy machine may take long for. */
#define START_S 90

const struct cs_case agent_mock_parts_cases[] = {
    {"agent/mock/members", "what the harness has in every version", "AGT-MCK-03", CS_MUST, 0,
     START_S, members},
    {"agent/mock/later-members", "what the harness has since 4.6", "AGT-MCK-04", CS_OBSERVED, 0,
     START_S, later_members},
    {"agent/mock/channels", "what the harness has for channels and storage", "AGT-MCK-05",
     CS_OBSERVED, 0, START_S, channels},
    {"agent/mock/model-library", "what the model library offers to tests", "AGT-MCK-11",
     CS_OBSERVED, 0, START_S, model_library},
    {"agent/mock/not-modelled", "what the harness leaves out", "AGT-MCK-06 AGT-MCK-07 AGT-BIG-12",
     CS_OBSERVED, 0, START_S, not_modelled},
    {"agent/mock/abort-chunk", "a stop shows a chunk that no wire carries", "AGT-MCK-08",
     CS_OBSERVED, 0, START_S, abort_chunk},
    {"agent/mock/upgrade", "an upgrade without a platform", "AGT-MCK-09", CS_OBSERVED, 0, START_S,
     upgrade},
    {"agent/mock/retry", "a context with a second attempt is a retry", "AGT-MCK-10", CS_MUST, 0,
     START_S, retry},
    {0},
};
