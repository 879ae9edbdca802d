/* How long and how often a client tries again: what an upgrade changes without a word. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* Between a first backoff of 100 ms and one of a second, wherever jitter and load put them. */
#define LONG_PAUSE_MS 400

static void after_a_drop(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; AWAIT seen | RST}\n"
                  "out#2: OUT{C 1 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    int64_t dropped = ck_now(ck);
    ck_release(ck, "seen");
    int64_t pause = ck_wait_request(ck, CS_TARGET_OUT, 2)->at_ms - dropped;
    ck_wait_over(ck, stream);
    ck_record_flag(ck, "the pause is one of a second", "long_first_backoff", pause > LONG_PAUSE_MS);
}

/* Accepted and dropped without a record, again and again. */
#define MANY 6

static void dropped_at_once(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout*: OUT{ | RST}\n");
    ck_open(ck, NULL);
    (void)ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    bool many = ck_settle_for(ck, CS_TARGET_OUT, MANY);
    ck_record_flag(ck, "six connections in little more than a second", "empty_drops_hammer", many);
}

static void empty_windows(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout*: OUT{ | DONE}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    bool ended = ck_wait_over(ck, stream);
    ck_settle(ck);
    uint64_t n = cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT);
    ck_record_flag(ck, "the turn fails after six windows", "empty_window_budget", !ended && n == 6);
    cs_case_observe(run, "windows", "%llu", (unsigned long long)n);
    cs_case_observe(run, "ends", "%s", ended ? "well" : "with an error");
}

static void windows_of_one_record(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 a | DONE}\nout#2: OUT{T 1 b | DONE}\nout#3: OUT{T 2 c | DONE}\n"
                  "out#4: OUT{T 3 d | DONE}\nout#5: OUT{T 4 e | DONE}\nout#6: OUT{T 5 f | DONE}\n"
                  "out#7: OUT{T 6 g | DONE}\nout#8: OUT{C 7 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record_flag(ck, "eight windows are read", "empty_window_budget",
                   strcmp(ck_delivered(ck, stream), "a b c d e f g") == 0);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "resume", __VA_ARGS__)

const struct cs_case client_retry_cases[] = {
    OBSERVED("pause-after-a-drop", "whether a first retry waits a tenth of a second or a whole one",
             "CRS-11", after_a_drop),
    OBSERVED("dropped-at-once", "whether a server that accepts and drops is hammered", "CRS-12",
             dropped_at_once),
    OBSERVED("empty-windows", "how many empty windows in a row a turn survives", "CRS-23",
             empty_windows),
    OBSERVED("windows-of-one-record", "a record in each window keeps a turn going", "CRS-24",
             windows_of_one_record),
    {0},
};
