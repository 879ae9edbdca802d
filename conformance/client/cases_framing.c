/* Lines, events and bytes: what of an event stream is framing, in whatever pieces it comes. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

#define END(n) "C " #n " turn-complete session-in-event-id=0"

/* A batch with one text delta, line by line. */
#define DATA_OF(n, text)                                                            \
    "data: {\"records\":[{\"seq_num\":" #n ",\"timestamp\":1,\"body\":\"{"          \
    "\\\"data\\\":{\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\",\\\"delta" \
    "\\\":\\\"" text "\\\"},\\\"id\\\":\\\"f" #n "\\\"}\"}]}"
#define LINE(text) "LINE " text "\n"
#define BLANK      "LINE\n"

/* ---- lines ---- */

static void line_ends(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one; LINES crlf; T 1 two; LINES lf; RAW \"event: batch\\r\\n\";" LINE(
                    DATA_OF(2, "three")) "RAW \"\\r\\n\"; LINES crlf; [T 3 four; T 4 five];" END(5),
                "one two three four five");
}

static void lone_cr(struct cs_case_run *run)
{
    /* Something follows each time: whether a CR at the very end was a whole line end nobody knows.
     */
    ck_one_turn(run, 0,
                "LINES cr; T 0 one; T 1 two; LINES lf; RAW \": comment\\n\\n\"; T 2 three;" END(3),
                "one two three");
}

/* An accented letter, a sign of three bytes and one of four: each piece ends inside one of them. */
#define WIDE "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""

static void any_split(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "SPLIT 1; T 0 " WIDE "; PING; SPLIT 2; T 1 " WIDE "; SPLIT 3; T 2 " WIDE
                "; SPLIT 7; [T 3 four; T 4 five]; SPLIT 1;" END(5),
                "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 "
                "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 four five");
}

static void any_split_of_crlf(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "LINES crlf; SPLIT 1; T 0 one; PING; SPLIT 2; T 1 two; SPLIT 13; T 2 three;"
                "SPLIT 14; T 3 four; SPLIT 1;" END(4),
                "one two three four");
}

/* An HTTP stack may put pieces together again that came at once. Here the client has shown by what
 * it delivered that it read the CR, before the LF is sent: both are in one piece of the body,
 * behind a whole event. */
static void cut_behind_cr(struct cs_case_run *run)
{
    static const char piece[] = "event: batch\r\n" DATA_OF(0, "one") "\r\n\r\nevent: batch\r";
    char hex[2 * sizeof piece];
    struct ck *ck = ck_of(run);
    for (size_t i = 0; i + 1 < sizeof piece; i++) {
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)piece[i]);
    }
    ck_script(ck,
              "app#1: APP(200,0)\nout#1: OUT{HEX %s; AWAIT cut; RAW \"\\n\"; "
              "LINES crlf; " LINE(DATA_OF(1, "two")) BLANK END(2) "}\n",
              hex);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "hello");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "cut");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
    ck_expect_counts(ck, 1, 1);
}

static void byte_order_mark(struct cs_case_run *run)
{
    ck_one_turn(run, 0, "HEX efbbbf; T 0 one;" END(1), "one");
}

static void comments(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                LINE(":") LINE("event: batch") LINE(": data: {}") LINE(DATA_OF(0, "one"))
                    LINE(":nothing") BLANK END(1),
                "one");
}

/* ---- fields ---- */

static void several_data_lines(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                LINE("event: batch") LINE("data: {") LINE("data:   \"records\":")
                    LINE("data: [{\"seq_num\":0,") LINE("data: \"timestamp\":1,\"body\":\"{"
                                                        "\\\"data\\\":{\\\"type\\\":"
                                                        "\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\","
                                                        "\\\"delta\\\":\\\"one\\\"}}\"")
                        LINE("data") LINE("data: }]}") BLANK END(1),
                "one");
}

static void space_is_optional(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "RAW \"event:batch\\nid:0,1,9\\n\";" LINE("data:{\"records\":[{\"seq_num\":0,"
                                                          "\"timestamp\":1,\"body\":\"{"
                                                          "\\\"data\\\":{\\\"type\\\":"
                                                          "\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\""
                                                          ",\\\"delta\\\":\\\"one\\\"}}\"}]}") BLANK
                "T 1 two;" END(2),
                "one two");
}

static void data_first(struct cs_case_run *run)
{
    ck_one_turn(run, 0, LINE(DATA_OF(0, "one")) LINE("id: 0,1,9") LINE("event: batch") BLANK END(1),
                "one");
}

static void name_is_forgotten(struct cs_case_run *run)
{
    ck_one_turn(run, 0, "T 0 one;" LINE(DATA_OF(1, "stray")) BLANK "T 2 two;" END(3), "one two");
}

static void empty_event_is_forgotten(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;" LINE("event: batch") BLANK LINE(DATA_OF(1, "stray")) BLANK
                "T 2 two;" END(3),
                "one two");
}

static void unknown_fields(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                LINE("foo: bar") LINE("event: batch") LINE("foo") LINE("data-x: {}")
                    LINE(DATA_OF(0, "one")) LINE("records: []") BLANK END(1),
                "one");
}

static void look_alike_fields(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                LINE("event: batch") LINE("eventx: zork") LINE(DATA_OF(0, "one")) LINE("datax: {")
                    BLANK END(1),
                "one");
}

static void empty_data(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 one;" LINE("event: batch") LINE("data:") BLANK LINE("event: batch")
                    LINE("data") BLANK "T 1 two;" END(2),
                "one two");
}

/* ---- characters ---- */

static void odd_line_separators(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                "T 0 \"a\xe2\x80\xa8z\"; T 1 \"b\xe2\x80\xa9z\"; T 2 \"c\xc2\x85z\";" END(3),
                "a\xe2\x80\xa8z b\xe2\x80\xa9z c\xc2\x85z");
}

static void invalid_utf8(struct cs_case_run *run)
{
    ck_one_turn(run, 0,
                LINE("event: batch") "RAW \"data: {\\\"records\\\":[{\\\"seq_num\\\":0,"
                                     "\\\"timestamp\\\":1,\\\"body\\\":\\\"{\\\\\\\"data\\\\\\\":{"
                                     "\\\\\\\"type\\\\\\\":\\\\\\\"text-delta\\\\\\\","
                                     "\\\\\\\"id\\\\\\\":\\\\\\\"t1\\\\\\\",\\\\\\\"delta\\\\\\\":"
                                     "\\\\\\\"a\"; HEX ff; RAW \"z\\\\\\\"}}\\\"}]}\\n\\n\";"
                                     "T 1 two;" END(2),
                "a\xef\xbf\xbdz two");
}

/* ---- over two connections ---- */

/* Two chunks on the first, which ends as `ending` says; the rest on the second. */
static void two_connections(struct cs_case_run *run, const char *first, const char *ending,
                            const char *cursor)
{
    struct ck *ck = ck_of(run);
    const char *items = ck_text(ck, "%s; AWAIT seen; %s", first, ending);
    ck_resumed_turn(run, items, 1, cursor, "T 1 two;" END(2), "one two");
    ck_expect_counts(ck, 1, 2);
}

static void id_line(struct cs_case_run *run)
{
    two_connections(run,
                    LINE("id: 99,100,5") LINE("event: batch") LINE(DATA_OF(0, "one"))
                        BLANK LINE("id: 77") BLANK "PING",
                    "| RST", "0");
}

static void retry_line(struct cs_case_run *run)
{
    two_connections(run, LINE("retry: 600000") LINE("retry: soon") LINE("retry") BLANK "T 0 one",
                    "| RST", "0");
}

static void cut_character(struct cs_case_run *run)
{
    two_connections(run, "T 0 one", "RAW \": half a sign \"; HEX e282 | EOF", "0");
}

static void done_may_end(struct cs_case_run *run)
{
    /* Whoever stops at [DONE] gets the rest on its next connection, whoever reads on gets it here.
     */
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; DONE; T 1 two; C 2 turn-complete session-in-event-id=0}\n"
                  "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
}

/* ---- the body as a whole ---- */

static void whole_body(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT(200) header content-type=text/event-stream header "
                  "x-stream-version=v2 body \"event: batch\\ndata: {\\\"records\\\":[{"
                  "\\\"seq_num\\\":0,\\\"timestamp\\\":1,\\\"body\\\":\\\"{\\\\\\\"data\\\\\\\":{"
                  "\\\\\\\"type\\\\\\\":\\\\\\\"text-delta\\\\\\\",\\\\\\\"id\\\\\\\":"
                  "\\\\\\\"t1\\\\\\\",\\\\\\\"delta\\\\\\\":\\\\\\\"one\\\\\\\"}}\\\"},{"
                  "\\\"seq_num\\\":1,\\\"timestamp\\\":1,\\\"headers\\\":[[\\\"trigger-control\\\","
                  "\\\"turn-complete\\\"]]}]}\\n\\n\"\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 1, 1);
}

#define MIB (1024 * 1024)

static void large_event(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_sub_heavy(ck);
    char *large = malloc(5 * MIB + 1);
    cs_case_check(run, large != NULL, "out of memory");
    memset(large, 'x', 5 * MIB);
    large[5 * MIB] = '\0';
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{SPLIT 16384; T 0 %s;" END(1) "}\n", large);
    free(large);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    const struct cs_logged *out = ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_wait_end(ck, stream);
    int64_t took = ck_now(ck) - out->at_ms;
    size_t len = strlen(ck_delivered(ck, stream));
    cs_case_check(run, len == 5 * MIB, "the chunk arrived with %zu of %d bytes", len, 5 * MIB);
    ck_expect_counts(ck, 1, 1);
    cs_case_check(run, took < 5000 * cs_case_scale(run), "an event of 5 MiB took %lld ms",
                  (long long)took);
}

static void without_version(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out*: OUT{T 0 one;" END(1) "| DONE} without X-Stream-Version\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    bool over = ck_wait_over_or_request(ck, stream, CS_TARGET_OUT, 2);
    ck_expect_deltas(ck, stream, "one");
    cs_case_check(run, over, "the turn's end was not seen");
    ck_wait_end(ck, stream);
}

const struct cs_case client_framing_cases[] = {
    {.id = "client/framing/line-ends",
     .title = "LF, CRLF and both in one event end lines alike",
     .requirements = "CSE-01",
     .run = line_ends},
    {.id = "client/framing/lone-cr",
     .title = "CR alone ends a line",
     .requirements = "CSE-02",
     .level = CS_SHOULD,
     .run = lone_cr},
    {.id = "client/framing/any-split",
     .title = "the pieces in which bytes come change nothing, down to single bytes",
     .requirements = "CSE-04 CSE-06",
     .run = any_split},
    {.id = "client/framing/any-split-of-crlf",
     .title = "CR and LF in two pieces are one line end",
     .requirements = "CSE-05 CSE-06",
     .run = any_split_of_crlf},
    {.id = "client/framing/cut-behind-cr",
     .title = "a line feed that comes long after its CR belongs to it",
     .requirements = "CSE-05",
     .run = cut_behind_cr},
    {.id = "client/framing/byte-order-mark",
     .title = "a byte order mark at the very start is passed over",
     .requirements = "CSE-07",
     .level = CS_SHOULD,
     .run = byte_order_mark},
    {.id = "client/framing/comments",
     .title = "comments may stand anywhere, inside an event too",
     .requirements = "CSE-09",
     .run = comments},
    {.id = "client/framing/several-data-lines",
     .title = "data lines of one event are joined with LF before they are read as JSON",
     .requirements = "CSE-10",
     .run = several_data_lines},
    {.id = "client/framing/space-is-optional",
     .title = "a field may do without the space behind its colon",
     .requirements = "CSE-11",
     .run = space_is_optional},
    {.id = "client/framing/data-first",
     .title = "the order of the fields of an event does not matter",
     .requirements = "CSE-13",
     .run = data_first},
    {.id = "client/framing/name-is-forgotten",
     .title = "an event without a name does not inherit that of the one before",
     .requirements = "CSE-16",
     .run = name_is_forgotten},
    {.id = "client/framing/empty-event-is-forgotten",
     .title = "an event line without data is no event, and names none",
     .requirements = "CSE-17",
     .run = empty_event_is_forgotten},
    {.id = "client/framing/id-line-is-no-cursor",
     .title = "the id line of an event is never what a resume sends",
     .requirements = "CSE-18",
     .run = id_line},
    {.id = "client/framing/retry-line",
     .title = "a retry line neither disturbs the stream nor puts off the next connection",
     .requirements = "CSE-20",
     .level = CS_SHOULD,
     .run = retry_line},
    {.id = "client/framing/unknown-fields",
     .title = "fields of other names, with and without a colon, are passed over",
     .requirements = "CSE-21",
     .run = unknown_fields},
    {.id = "client/framing/look-alike-fields",
     .title = "a field whose name only begins like a known one is another field",
     .requirements = "CSE-50",
     .level = CS_SHOULD,
     .run = look_alike_fields},
    {.id = "client/framing/empty-data",
     .title = "a batch event with empty data is passed over",
     .requirements = "CSE-45",
     .level = CS_SHOULD,
     .run = empty_data},
    {.id = "client/framing/done-may-end",
     .title = "nothing is lost whether [DONE] or the end of the body counts as the end",
     .requirements = "CSE-30",
     .level = CS_SHOULD,
     .run = done_may_end},
    {.id = "client/framing/odd-line-separators",
     .title = "U+2028, U+2029 and U+0085 do not end lines",
     .requirements = "CSE-37",
     .run = odd_line_separators},
    {.id = "client/framing/invalid-utf8",
     .title = "bytes that are no UTF-8 become replacement characters, and reading goes on",
     .requirements = "CSE-34",
     .level = CS_SHOULD,
     .run = invalid_utf8},
    {.id = "client/framing/cut-character",
     .title = "a character cut off by the end of the body does no harm to what follows",
     .requirements = "CSE-35 CRS-22",
     .level = CS_SHOULD,
     .run = cut_character},
    {.id = "client/framing/whole-body",
     .title = "a body with a length, on a connection that closes, is read like a chunked one",
     .requirements = "CSE-44",
     .level = CS_SHOULD,
     .run = whole_body},
    {.id = "client/framing/large-event",
     .title = "an event of 5 MiB in small pieces takes less than a second per MiB",
     .requirements = "CSE-49",
     .level = CS_SHOULD,
     .needs = CS_TIMING,
     .run = large_event},
    {.id = "client/framing/without-version",
     .title = "batches are read as batches when the answer does not tell the stream's version",
     .requirements = "CSE-39",
     .level = CS_SHOULD,
     .run = without_version},
    {0},
};
