/* Odd records: what the published SDK makes of what nobody should write. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define DELTA(text) \
    "{\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"" text "\\\"}"
/* `members` are whatever stands beside seq_num and timestamp. */
#define RECORD(n, members) "REC {\"seq_num\":" #n ",\"timestamp\":1," members "}"
#define BODY(text)         "\"body\":\"{\\\"data\\\":" DELTA(text) ",\\\"id\\\":\\\"" text "\\\"}\""
#define DATA(json)         "\"body\":\"{\\\"data\\\":" json "}\""

/* A turn with something odd between "one" and "two"; records what was delivered. */
static void delivers(struct cs_case_run *run, const char *odd, const char *recorded)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; %s; T 50 two; C 90 turn-complete session-in-event-id=0}\n",
              odd);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", recorded, "%s", ck_delivered(ck, stream));
}

static void empty_name_second(struct cs_case_run *run)
{
    delivers(run, RECORD(1, "\"headers\":[[\"x\",\"y\"],[\"\",\"trim\"]]," BODY("odd")),
             "one odd two");
}

static void empty_entry(struct cs_case_run *run)
{
    delivers(run, RECORD(1, "\"headers\":[\"\"]," BODY("odd")), "one odd two");
}

static void control_in_capitals(struct cs_case_run *run)
{
    delivers(run, RECORD(1, "\"headers\":[[\"Trigger-Control\",\"turn-complete\"]]"), "one two");
}

static void two_controls(struct cs_case_run *run)
{
    delivers(run,
             RECORD(1, "\"headers\":[[\"trigger-control\",\"upgrade-required\"],"
                       "[\"trigger-control\",\"turn-complete\"]]"),
             "one two");
}

static void boundary_with_body(struct cs_case_run *run)
{
    delivers(run, RECORD(1, "\"headers\":[[\"trigger-control\",\"turn-complete\"]]," BODY("odd")),
             "one");
}

static void control_with_legacy_body(struct cs_case_run *run)
{
    delivers(run,
             RECORD(1, "\"headers\":[[\"trigger-control\",\"upgrade-required\"]]," DATA(
                           "{\\\"type\\\":\\\"trigger:turn-complete\\\"}")),
             "one two");
}

static void harmless_headers(struct cs_case_run *run)
{
    delivers(run,
             RECORD(1, "\"headers\":\"text\"," BODY("a")) ";" RECORD(
                 2, "\"headers\":[null]," BODY("b")) ";" RECORD(3, "\"headers\":[[]]," BODY("c")),
             "one a b c two");
}

static void control_of_no_string(struct cs_case_run *run)
{
    delivers(run,
             RECORD(1, "\"headers\":[[\"trigger-control\",5]]," BODY("a")) ";" RECORD(
                 2, "\"headers\":[[\"trigger-control\",null]]," BODY("b")),
             "one a b two");
}

static void body_is_object(struct cs_case_run *run)
{
    delivers(run,
             RECORD(1, "\"body\":{\"data\":{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":"
                       "\"odd\"},\"id\":\"x\"}"),
             "one odd two");
}

static void any_chunk(struct cs_case_run *run)
{
    delivers(
        run,
        RECORD(1, DATA("\\\"text\\\"")) ";" RECORD(2, DATA("false")) ";" RECORD(
            3,
            DATA(
                "7")) ";" RECORD(4,
                                 DATA(
                                     "[1]")) ";" RECORD(5,
                                                        DATA(
                                                            "{\\\"no\\\":1}")) ";" RECORD(6,
                                                                                          DATA(
                                                                                              "{\\"
                                                                                              "\"ty"
                                                                                              "pe\\"
                                                                                              "\":"
                                                                                              "3"
                                                                                              "}")),
        "one \"text\" false 7 [1] {\"no\":1} {\"type\":3} two");
}

static void number_as_id(struct cs_case_run *run)
{
    delivers(
        run,
        RECORD(1, "\"body\":\"{\\\"data\\\":" DELTA("a") ",\\\"id\\\":7}\"") ";" RECORD(
            2,
            "\"body"
            "\":\"{"
            "\\\"dat"
            "a\\\""
            ":" DELTA(
                "b") ",\\\"id\\\":7}\"") ";" RECORD(3,
                                                    "\"body\":\"{\\\"data\\\":" DELTA(
                                                        "c") ",\\\"id\\\":\\\"\\\"}"
                                                             "\"") ";" RECORD(4,
                                                                              "\"body"
                                                                              "\":\"{"
                                                                              "\\\"da"
                                                                              "ta\\\""
                                                                              ":" DELTA(
                                                                                  "d") ",\\\"id\\\""
                                                                                       ":\\\"\\\"}"
                                                                                       "\""),
        "one a c d two");
}

static void same_number_twice(struct cs_case_run *run)
{
    delivers(run, RECORD(1, BODY("a")) ";" RECORD(1, BODY("b")), "one a b two");
}

static void member_twice(struct cs_case_run *run)
{
    delivers(run,
             "RAW \"event: batch\\n\";\nLINE data: {\"records\":[],\"records\":[{\"seq_num\":1,"
             "\"timestamp\":1," BODY("a") "}]}\nLINE\nPING",
             "one a two");
}

static void wrong_tail(struct cs_case_run *run)
{
    delivers(
        run,
        "\nLINE event: batch\nLINE data: {\"records\":[{\"seq_num\":1,\"timestamp\":1," BODY(
            "a") "}],\"tail\":{\"seq_num\":0,\"timestamp\":0}}\nLINE\n"
                 "LINE event: batch\nLINE data: {\"records\":[{\"seq_num\":2,\"timestamp\":1," BODY(
                     "b") "}],\"tail\":\"none\"}\nLINE\nPING",
        "one a b two");
}

static void subagent_chunk(struct cs_case_run *run)
{
    delivers(run, "R 1 {\"type\":\"data-subagent\",\"data\":{\"toolCallId\":\"c\",\"seq\":1}}",
             "one {\"type\":\"data-subagent\",\"data\":{\"toolCallId\":\"c\",\"seq\":1}} two");
}

/* ---- cursors ---- */

static void cursor_of(struct cs_case_run *run, const char *seq_num, const char *recorded)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{[T 0 one; REC {\"seq_num\":%s,\"timestamp\":1}]; AWAIT seen | RST}\n"
              "out#2: OUT{C 90 turn-complete session-in-event-id=0}\n",
              seq_num);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_wait_over(ck, stream);
    const char *cursor = ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID");
    ck_record(ck, "cursor", recorded, "%s", cursor);
}

static void text_as_number(struct cs_case_run *run)
{
    cursor_of(run, "\"3\"", "3");
}

static void truth_as_number(struct cs_case_run *run)
{
    cursor_of(run, "true", "true");
}

static void fraction_as_number(struct cs_case_run *run)
{
    cursor_of(run, "3.5", "3.5");
}

static void object_as_number(struct cs_case_run *run)
{
    cursor_of(run, "{}", "[object Object]");
}

static void behind_the_boundary(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{[T 0 one; C 1 turn-complete session-in-event-id=0; K 2 trim 1]}\n"
                  "out#2: OUT{K 2 trim 1; T 3 two; C 4 turn-complete}\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_wait_over(ck, ck_send(ck, "second"));
    ck_record(ck, "cursor of the next turn", "1", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "record", __VA_ARGS__)

const struct cs_case client_record_observed_cases[] = {
    OBSERVED("empty-name-second", "an empty header name in second place makes no command", "CRE-05",
             empty_name_second),
    OBSERVED("empty-entry", "a header that is an empty string makes no command", "CRE-06",
             empty_entry),
    OBSERVED("control-in-capitals", "Trigger-Control makes no control record", "CRE-11",
             control_in_capitals),
    OBSERVED("two-controls", "of two control headers the first decides", "CRE-12", two_controls),
    OBSERVED("boundary-with-body", "the body of a turn-complete is not delivered", "CRE-13",
             boundary_with_body),
    OBSERVED("control-with-legacy-body", "a control record is judged by its header alone", "CRE-18",
             control_with_legacy_body),
    OBSERVED("harmless-headers", "header lists of text, null and empty entries are harmless",
             "CRE-22", harmless_headers),
    OBSERVED("control-of-no-string", "a control header that is no string controls nothing",
             "CRE-24", control_of_no_string),
    OBSERVED("body-is-object", "a body that is an object is taken as it is", "CRE-29",
             body_is_object),
    OBSERVED("any-chunk", "chunks of any JSON type are handed on", "CRE-30 CRE-32", any_chunk),
    OBSERVED("number-as-id", "ids are compared as they are, and an empty one never", "CRE-35",
             number_as_id),
    OBSERVED("same-number-twice", "two records of one number and two ids are both delivered",
             "CRE-47", same_number_twice),
    OBSERVED("member-twice", "of two members of one name the last one counts", "CRE-53",
             member_twice),
    OBSERVED("wrong-tail", "the tail does not matter", "CRE-54", wrong_tail),
    OBSERVED("subagent-chunk", "a data-subagent chunk is handed on", "CRE-60", subagent_chunk),
    OBSERVED("text-as-number", "a seq_num of text becomes the cursor", "CRE-40", text_as_number),
    OBSERVED("truth-as-number", "a seq_num of true becomes the cursor", "CRE-40", truth_as_number),
    OBSERVED("fraction-as-number", "a fraction becomes the cursor", "CRE-40", fraction_as_number),
    OBSERVED("object-as-number", "an object becomes a cursor of no use", "CRE-41",
             object_as_number),
    OBSERVED("behind-the-boundary", "the next turn reads again what came behind the boundary",
             "CRE-59", behind_the_boundary),
    {0},
};
