/* The bare subscription: which records it hands on, and as what. */
#include <string.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

/* A subscription to what the script says, read to its end; gives its stream. */
static int read_all(struct ck *ck, const char *options, const char *script)
{
    ck_script(ck, "%s", script);
    ck_sub_open(ck, options);
    int stream = ck_sub_read(ck);
    ck_wait_over(ck, stream);
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    return stream;
}

/* A member of the n-th part (from 0). */
static const char *part(struct ck *ck, int stream, size_t n, const char *path)
{
    const cJSON *found = NULL;
    size_t at = 0;
    for (size_t i = 0; i <= n; i++) {
        found = ck_sub_next_chunk(ck, stream, &at);
    }
    return found ? ck_member(ck, found, path) : "no such part";
}

static void control_parts(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = read_all(ck, "{}",
                          "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0;"
                          "C 2 flux-capacitor; T 3 two | EOF}\n");
    ck_record(ck, "parts", "4", "%zu", ck_sub_count(ck, stream));
    ck_record(ck, "headers of a turn-complete",
              "[[\"trigger-control\",\"turn-complete\"],[\"session-in-event-id\",\"0\"]]", "%s",
              part(ck, stream, 1, "headers"));
    ck_record(ck, "its chunk", "nothing", "%s", part(ck, stream, 1, "chunk"));
    ck_record(ck, "its id", "\"1\"", "%s", part(ck, stream, 1, "id"));
    ck_record(ck, "headers of an unknown one", "[[\"trigger-control\",\"flux-capacitor\"]]", "%s",
              part(ck, stream, 2, "headers"));
}

static void legacy_parts(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = read_all(ck, "{}",
                          "out#1: OUT{R 0 {\"type\":\"trigger:turn-complete\"};"
                          "R 1 {\"type\":\"trigger:future\"}; T 2 two | EOF}\n");
    ck_record(ck, "first chunk", "{\"type\":\"trigger:turn-complete\"}", "%s",
              part(ck, stream, 0, "chunk"));
    ck_record(ck, "second chunk", "{\"type\":\"trigger:future\"}", "%s",
              part(ck, stream, 1, "chunk"));
    ck_record(ck, "parts", "3", "%zu", ck_sub_count(ck, stream));
}

static void record_ids(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream =
        read_all(ck, "{}", "out#1: OUT{R 7 id=mine {\"type\":\"x\"}; C 8 turn-complete | EOF}\n");
    const char *id = part(ck, stream, 0, "recordId");
    cs_case_observe(run, "recordId", "%s", id);
    ck_record_flag(ck, "it is the body's id", "parts_have_record_id", strcmp(id, "\"mine\"") == 0);
    ck_record(ck, "of a control record", "nothing", "%s", part(ck, stream, 1, "recordId"));
    ck_record(ck, "id of the part", "\"7\"", "%s", part(ck, stream, 0, "id"));
}

/* The same id once more, so many other ids later; gives how many parts come. */
static unsigned long long repeated_after(struct ck *ck, unsigned n_between)
{
    ck_script(ck,
              "out*: OUT{R 0 id=same {\"type\":\"x\"}; MANY 1 4000; MANY 4001 %u;"
              "R 9000 id=same {\"type\":\"x\"} | EOF}\n",
              n_between - 4000);
    ck_sub_open(ck, "{}");
    int stream = ck_sub_read(ck);
    ck_wait_over(ck, stream);
    return ck_sub_count(ck, stream);
}

static void remembered_ids(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    unsigned long long within = repeated_after(ck, 4990);
    unsigned long long beyond = repeated_after(ck, 5001);
    ck_wait_request(ck, CS_TARGET_OUT, 2);
    ck_record(ck, "parts where 4990 other ids are between", "4991", "%llu", within);
    ck_record(ck, "where 5001 are", "5003", "%llu", beyond);
}

/* ---- errors and the old format ---- */

/* What a subscription without retries says of that error event: its text, or "nothing". */
static const char *error_of(struct ck *ck, const char *data_lines)
{
    ck_script(ck, "out*: OUT{RAW \"event: error\\n%s\\n\"; PING | EOF}\n", data_lines);
    ck_sub_open(ck, "{\"maxRetries\":0}");
    int stream = ck_sub_read(ck);
    ck_wait_over(ck, stream);
    return ck_member(ck, ck_said(ck, stream, "error", 0), "error.message");
}

static void error_texts(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const char *lines = error_of(ck, "data: one\\ndata: two\\n");
    const char *empty = error_of(ck, "data:\\n");
    ck_wait_request(ck, CS_TARGET_OUT, 2);
    cs_case_observe(run, "of two lines", "%s", lines);
    cs_case_observe(run, "of an empty text", "%s", empty);
    ck_record_flag(ck, "both lines are told", "error_event_fails_read",
                   strstr(lines, "one\\ntwo") != NULL);
    ck_record_flag(ck, "an empty error event is an error", "error_event_fails_read",
                   strcmp(empty, "nothing") != 0);
}

static void first_format(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = read_all(ck, "{}",
                          "out#1: OUT{RAW \"data: {\\\"a\\\":1}\\n\\n\";"
                          "RAW \"id: 5-0\\ndata: {\\\"a\\\":2}\\n\\n\"; DONE;"
                          "PING {\"timestamp\":1} | EOF} header X-Stream-Version=v1\n");
    ck_record(ck, "chunk without an id", "{\"a\":1}", "%s", part(ck, stream, 0, "chunk"));
    ck_record(ck, "its id", "\"unknown\"", "%s", part(ck, stream, 0, "id"));
    ck_record(ck, "id of the one that has it", "\"5-0\"", "%s", part(ck, stream, 1, "id"));
    ck_record(ck, "chunk of [DONE]", "\"[DONE]\"", "%s", part(ck, stream, 2, "chunk"));
    ck_record(ck, "chunk of a ping", "{\"timestamp\":1}", "%s", part(ck, stream, 3, "chunk"));
}

#define OBSERVED(name, what, ids, function)                                        \
    {                                                                              \
        .id = "client/subscription/" name, .title = (what), .requirements = (ids), \
        .level = CS_OBSERVED, .run = (function)                                    \
    }

const struct cs_case client_subscription_record_cases[] = {
    OBSERVED("control-parts", "control records are parts with headers and without a chunk",
             "CRE-09", control_parts),
    OBSERVED("legacy-parts", "control chunks of old agents are data", "CRE-17", legacy_parts),
    OBSERVED("record-ids", "whether parts tell the id in the record's body", "CRE-36", record_ids),
    OBSERVED("remembered-ids", "of 5000 ids it is remembered that they came", "CRE-34",
             remembered_ids),
    OBSERVED("error-texts", "what an error event's text becomes", "CSE-27", error_texts),
    OBSERVED("first-format", "what the first format's events become", "CSE-41", first_format),
    {0},
};
