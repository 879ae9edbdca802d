/* Records: what of a batch is a chunk, what is not, and what an odd one costs. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* `more` stands in the record in the place of its headers. */
#define TEXT_RECORD(n, more, text)                                                                 \
    "REC {\"seq_num\":" #n ",\"timestamp\":1" more ",\"body\":\"{\\\"data\\\":{\\\"type\\\":"      \
    "\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"" text "\\\"},\\\"id\\\":\\\"f" #n \
    "\\\"}\"}"
#define BODY_RECORD(n, body) "REC {\"seq_num\":" #n ",\"timestamp\":1,\"body\":" body "}"
#define DELTA(text) \
    "{\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"" text "\\\"}"
#define BATCH(data) "LINE event: batch\nLINE data: " data "\nLINE\n"
#define END(n)      "C " #n " turn-complete session-in-event-id=0"

static void empty_list(struct cs_case_run *run)
{
    ck_one_turn(run, 0, "T 0 one; []; T 1 two;" END(2), "one two");
}

static void unknown_headers(struct cs_case_run *run)
{
    ck_one_turn(
        run, 0,
        TEXT_RECORD(0, ",\"headers\":[[\"x-other\",\"y\"]]", "one") ";" TEXT_RECORD(
            1, ",\"headers\":[[\"\xc3\xa9\",\"\"],[\"trigger-controls\",\"z\"]]", "two") ";" END(2),
        "one two");
}

static void no_headers(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;" TEXT_RECORD(1, ",\"headers\":null", "two") ";" TEXT_RECORD(
                    2, ",\"headers\":[]", "three") ";" END(3),
                "one two three");
}

static void unknown_members(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                TEXT_RECORD(0, ",\"x_future\":{\"deep\":[1]}", "one") ";\n" BATCH(
                    "{\"x_first\":null,\"records\":[{\"seq_num\":1,\"timestamp\":1,\"body\":\"{"
                    "\\\"x_data\\\":0,\\\"data\\\":" DELTA("two") "}\"}],\"x_last\":[]}") END(2),
                "one two");
}

static void no_timestamp(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                BATCH("{\"records\":[{\"seq_num\":0,\"body\":\"{\\\"data\\\":" DELTA(
                    "one") "}\"}]}") "T 1 two;" END(2),
                "one two");
}

static void proto_members(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                BATCH("{\"__proto__\":{\"records\":[]},\"records\":[{\"__proto__\":{\"seq_num\":7},"
                      "\"seq_num\":0,\"timestamp\":1,\"body\":\"{\\\"__proto__\\\":{\\\"data\\\":"
                      "\\\"evil\\\"},\\\"data\\\":" DELTA("one") "}\"}]}") "T 1 two;" END(2),
                "one two");
}

/* ---- chunks ---- */

static void same_as_written(struct cs_case_run *run)
{
    static const char chunk[] =
        "{\"type\":\"data-thing\",\"id\":\"\",\"data\":{\"text\":\"gr\xc3\xbc\xc3\x9f "
        "\xf0\x9f\x98\x80 \\\"q\\\" \\\\ \\u0001 \\t\",\"none\":null,\"no\":false,\"list\":[1,"
        "2.5,-3e2,[],{}],\"deep\":{\"\":{\"a b\":0}}},\"transient\":true}";
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{R 0 %s; T 1 two;" END(2) "}\n", chunk);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_chunk(ck, stream, 0, chunk);
    ck_expect_texts(ck, stream, "two");
    ck_expect_counts(ck, 1, 1);
}

static void unknown_type(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; R 1 {\"type\":\"zork\",\"zorkness\":9}; T 2 two;" END(3) "}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_texts(ck, stream, "one two");
    ck_expect_counts(ck, 1, 1);
}

static void legacy_boundary(struct cs_case_run *run)
{
    ck_one_turn(run, 5, "T 0 one; R 1 {\"type\":\"trigger:turn-complete\"}; T 2 later", "one");
}

static void unknown_control_with_body(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;" TEXT_RECORD(1, ",\"headers\":[[\"trigger-control\",\"flux-capacitor\"]]",
                                       "hidden") "; T 2 two;" END(3),
                "one two");
}

/* ---- bodies ---- */

static void no_id(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                BODY_RECORD(0, "\"{\\\"data\\\":" DELTA("one") "}\"") ";" BODY_RECORD(
                    1, "\"{\\\"data\\\":" DELTA("one") "}\"") ";" END(2),
                "one one");
}

/* Odd bodies among good ones, and the cursor behind them. */
static void odd_bodies(struct cs_case_run *run, const char *records, const char *cursor)
{
    struct ck *ck = ck_of(run);
    const char *first = ck_text(ck, "[T 0 one; %s]; AWAIT seen | RST", records);
    ck_resumed_turn(run, first, 1, cursor, "T 20 two;" END(21), "one two");
    ck_expect_counts(ck, 1, 2);
}

static void bodies_without_chunk(struct cs_case_run *run)
{
    odd_bodies(run,
               BODY_RECORD(1, "\"not json\"") ";" BODY_RECORD(2, "\"\"") ";" BODY_RECORD(3, "null") "; REC {\"seq_num\":4,\"timestamp\":1};" BODY_RECORD(
                   5,
                   "7") ";" BODY_RECORD(6,
                                        "\"\\\"text\\\"\"") ";" BODY_RECORD(7,
                                                                            "\"null\"") ";" BODY_RECORD(8,
                                                                                                        "\"{\\\"data\\\":\""),
               "8");
}

static void bodies_without_data(struct cs_case_run *run)
{
    odd_bodies(run,
               BODY_RECORD(1, "\"{\\\"id\\\":\\\"a\\\"}\"") ";" BODY_RECORD(
                   2, "\"{\\\"data\\\":null,\\\"id\\\":\\\"b\\\"}\"") ";" BODY_RECORD(3, "\"{}\""),
               "3");
}

/* ---- batches that are none ---- */

static void odd_batches(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;\n" BATCH("{\"tail\":{\"seq_num\":9,\"timestamp\":1}}")
                    BATCH("{\"records\":null}") BATCH("{\"records\":{\"0\":1}}") BATCH("null")
                        BATCH("7") BATCH("[]") BATCH("not json") "T 1 two;" END(2),
                "one two");
}

static void poison(struct cs_case_run *run, const char *record)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout*: OUT{[T 0 one; %s; T 1 two];" END(2) "}\n", record);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    bool over = ck_wait_over_or_request(ck, stream, CS_TARGET_OUT, 3);
    cs_case_check(run, over, "the client asks for the odd record again and again");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
}

static void null_record(struct cs_case_run *run)
{
    poison(run, "REC null");
}

static void records_of_other_types(struct cs_case_run *run)
{
    poison(run, "REC \"text\"; REC 7; REC []; REC {}; REC {\"seq_num\":null,\"timestamp\":1}");
}

static void before_an_odd_one(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{[T 0 one; T 1 two; T 2 three; REC null] | RST}\n"
                  "out#2: OUT{T 3 four; C 4 turn-complete session-in-event-id=0}\n"
                  "out#3+: OUT{C 4 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    const char *cursor = ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID");
    /* A reset may come before the bytes: then nothing was skipped either. */
    bool early = strcmp(cursor, "2") != 0;
    if (!early) {
        ck_expect_deltas(ck, stream, "one two three four");
    }
    cs_case_observe(run, "cursor", "%s", cursor);
}

static void odd_headers(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;" TEXT_RECORD(1, ",\"headers\":{}", "two") ";" TEXT_RECORD(
                    2, ",\"headers\":5", "three") ";" END(3),
                "one two three");
}

/* ---- sequence numbers ---- */

/* Records, a reset, and the cursor that the next connection asks from. */
static void cursor_after(struct cs_case_run *run, const char *records, size_t n_chunks,
                         const char *cursor)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{%s; AWAIT seen | RST}\n"
              "out#2: OUT{C 9007199254740999 turn-complete session-in-event-id=0}\n",
              records);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, n_chunks);
    ck_release(ck, "seen");
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID", cursor);
    ck_wait_end(ck, stream);
}

static void largest_safe_number(struct cs_case_run *run)
{
    cursor_after(run, "T 9007199254740991 one", 1, "9007199254740991");
}

static void larger_numbers(struct cs_case_run *run)
{
    cursor_after(run, "T 9007199254740993 one", 1, "9007199254740993");
}

static void never_backwards(struct cs_case_run *run)
{
    cursor_after(run, "[T 7 one; T 5 two]", 1, "7");
}

static void no_injection(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; REC {\"seq_num\":\"1\\r\\nX-Evil: 1\",\"timestamp\":1};"
                  "T 1 two; REC {\"seq_num\":\"2\\r\\nX-Evil: 1\",\"timestamp\":1};"
                  "AWAIT seen | RST}\n"
                  "out#2: OUT{C 3 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 2);
    ck_release(ck, "seen");
    /* A client that cannot make the header any more makes no request: that is the next case's. */
    ck_settle_for(ck, CS_TARGET_OUT, 2);
    ck_expect_never_sent(ck, "X-Evil", "what a seq_num said");
}

static void number_of_text(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; T 1 two; REC {\"seq_num\":\"2\\nx\",\"timestamp\":1};"
                  "AWAIT seen | RST}\n"
                  "out#2: OUT{T 3 three; C 4 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 2);
    ck_release(ck, "seen");
    cs_case_check(run, ck_settle_for(ck, CS_TARGET_OUT, 2),
                  "after a seq_num that is no number the client never connects again");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two three");
}

const struct cs_case client_record_cases[] = {
    {.id = "client/record/empty-list",
     .title = "a batch without records delivers nothing and ends nothing",
     .requirements = "CRE-02",
     .run = empty_list},
    {.id = "client/record/unknown-headers",
     .title = "a data record may have headers of any name",
     .requirements = "CRE-20",
     .run = unknown_headers},
    {.id = "client/record/no-headers",
     .title = "absent, null and empty header lists make a data record",
     .requirements = "CRE-21",
     .run = no_headers},
    {.id = "client/record/unknown-members",
     .title = "members that nobody knows are passed over, in batches, records and bodies",
     .requirements = "CRE-50",
     .run = unknown_members},
    {.id = "client/record/no-timestamp",
     .title = "a record without a timestamp is delivered",
     .requirements = "CRE-51",
     .level = CS_SHOULD,
     .run = no_timestamp},
    {.id = "client/record/proto-members",
     .title = "members named __proto__ are members like any other",
     .requirements = "CRE-52",
     .level = CS_SHOULD,
     .run = proto_members},
    {.id = "client/record/same-as-written",
     .title = "a chunk reaches the consumer as it was written, whatever is in it",
     .requirements = "CRE-55 CRE-25",
     .run = same_as_written},
    {.id = "client/record/unknown-type",
     .title = "a chunk of an unknown type does not disturb the turn",
     .requirements = "CRE-31",
     .level = CS_SHOULD,
     .run = unknown_type},
    {.id = "client/record/legacy-boundary",
     .title = "a trigger:turn-complete chunk of an older agent ends the turn, whatever its number",
     .requirements = "CRE-14 CTC-28",
     .level = CS_SHOULD,
     .run = legacy_boundary},
    {.id = "client/record/unknown-control-with-body",
     .title = "an unknown control record is not delivered though its body holds a chunk",
     .requirements = "CRE-19b",
     .level = CS_SHOULD,
     .run = unknown_control_with_body},
    {.id = "client/record/no-id",
     .title = "bodies without an id are delivered, and are never taken for repeats",
     .requirements = "CRE-28",
     .level = CS_SHOULD,
     .run = no_id},
    {.id = "client/record/bodies-without-chunk",
     .title = "bodies that hold no chunk deliver nothing, and the cursor moves over them",
     .requirements = "CRE-26",
     .level = CS_SHOULD,
     .run = bodies_without_chunk},
    {.id = "client/record/bodies-without-data",
     .title = "bodies without data deliver nothing, and the cursor moves over them",
     .requirements = "CRE-27",
     .level = CS_SHOULD,
     .run = bodies_without_data},
    {.id = "client/record/odd-batches",
     .title = "batches that are none are passed over",
     .requirements = "CRE-49",
     .level = CS_SHOULD,
     .run = odd_batches},
    {.id = "client/record/null-record",
     .title = "a null among the records costs none of the others, and no second connection",
     .requirements = "CRE-37",
     .level = CS_SHOULD,
     .run = null_record},
    {.id = "client/record/records-of-other-types",
     .title = "what is no record costs none of the others, and no second connection",
     .requirements = "CRE-38",
     .level = CS_SHOULD,
     .run = records_of_other_types},
    {.id = "client/record/before-an-odd-one",
     .title = "records in front of an odd one are delivered before the cursor passes them",
     .requirements = "CRE-39",
     .level = CS_SHOULD,
     .run = before_an_odd_one},
    {.id = "client/record/odd-headers",
     .title = "header lists that are none do not make the turn fail",
     .requirements = "CRE-23",
     .level = CS_SHOULD,
     .run = odd_headers},
    {.id = "client/record/largest-safe-number",
     .title = "sequence numbers are exact up to 2^53-1",
     .requirements = "CRE-44",
     .level = CS_SHOULD,
     .run = largest_safe_number},
    {.id = "client/record/larger-numbers",
     .title = "sequence numbers are exact above 2^53",
     .requirements = "CRE-45",
     .level = CS_SHOULD,
     .run = larger_numbers},
    {.id = "client/record/never-backwards",
     .title = "a lower number does not move the cursor back",
     .requirements = "CRE-46",
     .level = CS_SHOULD,
     .run = never_backwards},
    {.id = "client/record/no-injection",
     .title = "a seq_num never makes a header line of its own",
     .requirements = "CRE-43",
     .run = no_injection},
    {.id = "client/record/number-of-text",
     .title = "a seq_num that cannot stand in a header does not end all reconnecting",
     .requirements = "CRE-42",
     .level = CS_SHOULD,
     .run = number_of_text},
    {0},
};
