/* Large payloads: the limit of one record, and what a turn that meets it leaves behind. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

/* UTF-8 bytes of a data record's envelope. */
#define LIMIT ((size_t)1047552)

#define TOO_LARGE "{'script':[[{'tool':'look','input':{'bytes':1200000}}],[{'text':'after'}]]}"

/* ---- the edge ---- */

/* A run that writes one chunk to .out; gives the run's number. */
static int write_chunk(struct ak *ak, const char *chunk)
{
    int run = ak_run(ak, "raw",
                     ak_text(ak,
                             "{'steps':[{'on':'out','call':'writer','args':[[%s]],"
                             "'as':'write','caught':true}]}",
                             chunk),
                     NULL);
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, run), "done");
    return run;
}

/* A chunk whose envelope has that size; `of` is the text that it is made of. */
static const char *chunk_of(struct ak *ak, size_t envelope, size_t overhead, const char *of)
{
    return ak_text(ak, "{'type':'data-big','data':{'$bytes':%zu,'of':'%s'}}", envelope - overhead,
                   of);
}

/* What the envelope has beside the text; measured, since the part id is in it. */
static size_t measure(struct ak *ak)
{
    write_chunk(ak, "{'type':'data-big','data':'x'}");
    ak_expect_number(ak, "records of .out", ak_out_count(ak), 1);
    return ak_out(ak, 0)->body.len - 1;
}

static const cJSON *refused(struct ak *ak, const char *chunk)
{
    const cJSON *note = ak_wait_note(ak, write_chunk(ak, chunk), "write");
    ak_expect(ak, "the write", note, "error.name", "'ChatChunkTooLargeError'");
    return note;
}

/* AGT-BIG-01 */
static void edge(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    size_t overhead = measure(ak);
    write_chunk(ak, chunk_of(ak, LIMIT, overhead, "x"));
    ak_expect_number(ak, "records of .out", ak_out_count(ak), 2);
    ak_expect_number(ak, "bytes of the largest record", ak_out(ak, 1)->body.len, LIMIT);
    size_t puts = ak_count(ak, "PUT */{chat}/out");
    size_t stores = ak_count(ak, "POST *records*");
    refused(ak, chunk_of(ak, LIMIT + 1, overhead, "x"));
    ak_expect_number(ak, "requests to the store", ak_count(ak, "POST *records*"), stores);
    ak_expect_number(ak, "requests for credentials", ak_count(ak, "PUT */{chat}/out"), puts + 1);
    /* Bytes count, and not characters: half as many letters are as much. */
    write_chunk(ak, chunk_of(ak, LIMIT / 2, overhead, "\xc3\xa9"));
    ak_expect_number(ak, "records of .out", ak_out_count(ak), 3);
    refused(ak, chunk_of(ak, LIMIT + 2, overhead, "\xc3\xa9"));
    ak_expect_number(ak, "records of .out", ak_out_count(ak), 3);
}

/* AGT-BIG-02 */
static void error_says(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    size_t overhead = measure(ak);
    const cJSON *note = refused(ak, chunk_of(ak, LIMIT + 7, overhead, "x"));
    const char *size = ak_text(ak, "%zu", LIMIT + 7);
    ak_expect(ak, "the error", note, "error.chunkSize", size);
    ak_expect(ak, "the error", note, "error.maxSize", "1047552");
    ak_expect(ak, "the error", note, "error.chunkType", "'data-big'");
    const char *message = ak_member(ak, note, "error.message");
    if (!strstr(message, size) || !strstr(message, "1047552") || !strstr(message, "data-big")) {
        cs_case_fail(run, "the message does not name size, limit and type: %s", message);
    }
}

/* AGT-BIG-03 */
static void chunk_type(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char big[] = "'data':{'$bytes':1100000}";
    const cJSON *note = refused(ak, ak_text(ak, "{'type':'data-a','kind':'b',%s}", big));
    ak_expect(ak, "a chunk with a type", note, "error.chunkType", "'data-a'");
    note = refused(ak, ak_text(ak, "{'kind':'audit',%s}", big));
    ak_expect(ak, "a chunk with a kind", note, "error.chunkType", "'audit'");
    note = refused(ak, ak_text(ak, "{%s}", big));
    ak_expect_text(ak, "the type of a chunk without one", ak_member(ak, note, "error.chunkType"),
                   "nothing");
}

/* ---- turns ---- */

/* AGT-BIG-04, AGT-BIG-09 */
static void what_is_lost(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "impatient", "hello", TOO_LARGE);
    ak_wait_hook(ak, turn, "onTurnComplete", 1);
    ak_wait_suspended(ak, turn);
    const char *out = ak_notation(ak, 0);
    ak_record_flag(ak, "the call of the tool reached the wire", "oversized_output_keeps_call",
                   strstr(out, "tool-input-available") != NULL);
    const char *saved = ak_snapshot(ak);
    ak_record_flag(ak, "the output is in the saved transcript", "oversized_output_saved",
                   saved && strlen(saved) > 1200000);
}

/* AGT-BIG-05. A run that suspends has written all that it will. */
static void turn_ends(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "impatient", "hello", TOO_LARGE);
    ak_wait_word(ak, "error");
    ak_wait_suspended(ak, turn);
    ak_expect_out(ak, 0, "... error ... TC ...");
}

/* AGT-BIG-08 */
static void hook_sees_error(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "megabyte-output", "hello", TOO_LARGE);
    const cJSON *hook = ak_wait_hook(ak, turn, "onTurnComplete", 1);
    ak_expect(ak, "onTurnComplete", hook, "finishReason", "'error'");
    ak_expect(ak, "onTurnComplete", hook, "error.name", "'ChatChunkTooLargeError'");
}

/* AGT-BIG-06 */
static void next_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "megabyte-output", "hello", TOO_LARGE);
    ak_wait_hook(ak, turn, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "second", "{'script':[[{'text':'two'}]]}");
    ak_wait_hook(ak, turn, "onTurnComplete", 2);
    ak_message(ak, "third", "{'script':[[{'text':'three'}]]}");
    /* By then the second turn has written all that it will. */
    ak_wait_hook(ak, turn, "onTurnComplete", 3);
    if (!strstr(ak_out_text(ak, 0), "two")) {
        cs_case_fail_diff(run, "an answer to the second message", ak_notation(ak, 0),
                          "the turn after one with too large an output is not answered");
    }
    ak_wait_turns(ak, 3);
    ak_expect_text(ak, "what was answered", ak_out_text(ak, 0), "twothree");
}

/* AGT-BIG-07 */
static void response_part(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char part[] = "{'do':{'run':[{'call':'chat.response.write','caught':true,"
                               "'args':[{'type':'data-big','data':{'$bytes':%d}}]}]},"
                               "'script':[[{'text':'beside'}]]}";
    /* The accepted twin. */
    int turn = ak_boot(ak, "impatient", "hello", ak_text(ak, part, 1000));
    ak_wait_turns(ak, 1);
    ak_wait_word(ak, "data-big");
    ak_message(ak, "more", ak_text(ak, part, 1200000));
    const cJSON *hook = ak_wait_hook(ak, turn, "onTurnComplete", 2);
    ak_wait_suspended(ak, turn);
    ak_expect(ak, "onTurnComplete", hook, "finishReason", "'error'");
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1, "... error ...");
}

/* AGT-BIG-10 */
static void summary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_boot(ak, "tools", "hello",
            "{'script':[[{'tool':'look','id':'call-1','input':{'result':{'id':'doc-7',"
            "'summary':'short'}}}],[{'text':'see doc-7'}]]}");
    ak_wait_turns(ak, 1);
    size_t at = ak_wait_word(ak, "tool-output-available");
    ak_expect(ak, "the tool's output", ak_out(ak, at)->chunk, "output",
              "{'id':'doc-7','summary':'short'}");
    ak_expect_out(ak, 0, "start start-step ... tool-output-available ... finish TC ...");
}

static void expect_in_prompt(struct cs_case_run *run, int turn, size_t n, const char *what,
                             const char *text)
{
    struct ak *ak = ak_of(run);
    const char *prompt = ak_member(ak, ak_wait_prompt(ak, turn, n), "");
    if (!strstr(prompt, text)) {
        cs_case_fail_diff(run, text, prompt, "prompt %zu lacks %s", n, what);
    }
}

/* AGT-BIG-11 */
static void no_limit_inside(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(
        ak, "plain", "hello",
        "{'do':{"
        "'onTurnStart':[{'call':'chat.history.set','args':[[{'id':'h1','role':'user','parts':"
        "[{'type':'text','text':{'$bytes':1100001}}]}]]}],"
        "'run':[{'call':'chat.inject','args':[[{'role':'user','content':{'$bytes':1100002}}]]},"
        "{'defer':[{'note':'large','data':{'$bytes':1100003}}]}]}}");
    ak_wait_turns(ak, 1);
    expect_in_prompt(run, turn, 1, "the history", "\"length\":1100001");
    ak_expect(ak, "the deferred work", ak_wait_note(ak, turn, "large"), "length", "1100003");
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 2);
    expect_in_prompt(run, turn, 2, "what was injected", "\"length\":1100002");
    ak_expect_out(ak, 0, "... start ... finish TC ... start ... finish TC ...");
}

const struct cs_case agent_large_cases[] = {
    {"agent/large/edge", "a record of 1047552 bytes is sent, one byte more is refused unsent",
     "AGT-BIG-01", CS_MUST, 0, 0, edge},
    {"agent/large/error-says", "the error names size, limit and type", "AGT-BIG-02", CS_MUST, 0, 0,
     error_says},
    {"agent/large/chunk-type", "the error's chunkType is the type, else the kind", "AGT-BIG-03",
     CS_MUST, 0, 0, chunk_type},
    {"agent/large/what-is-lost", "what a too large output leaves on the wire and in the transcript",
     "AGT-BIG-04 AGT-BIG-09", CS_OBSERVED, 0, 0, what_is_lost},
    {"agent/large/turn-ends", "after a too large output come an error and the boundary",
     "AGT-BIG-05", CS_MUST, 0, 0, turn_ends},
    {"agent/large/next-turns", "the turns after a too large output are answered", "AGT-BIG-06",
     CS_MUST, 0, 0, next_turns},
    {"agent/large/response-part", "a too large part of the response fails the turn visibly",
     "AGT-BIG-07", CS_MUST, 0, 0, response_part},
    {"agent/large/hook-sees-error", "onTurnComplete is told of the too large output", "AGT-BIG-08",
     CS_MUST, 0, 0, hook_sees_error},
    {"agent/large/summary", "a tool that returns an id and a summary completes its turn",
     "AGT-BIG-10", CS_MUST, 0, 0, summary},
    {"agent/large/no-limit-inside", "history, injection and deferred work may be larger",
     "AGT-BIG-11", CS_MUST, 0, 0, no_limit_inside},
    {0},
};
