/* Tokens that come with a turn-complete: which are taken over, and where they show. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* Two turns; the first ends with the record `boundary`. What the second one did is in *ret_second.
 */
static struct ck *two_turns(struct cs_case_run *run, const char *boundary, int *ret_second)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; %s}\n"
              "app#2: APP(200,1)\n"
              "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n",
              boundary);
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_end(ck, first);
    ck_expect_deltas(ck, first, "one");
    *ret_second = ck_send(ck, "second");
    ck_wait_over(ck, *ret_second);
    return ck;
}

#define BOUNDARY(token)                                                                        \
    "REC {\"seq_num\":1,\"timestamp\":1,\"headers\":[[\"trigger-control\",\"turn-complete\"]," \
    "[\"session-in-event-id\",\"0\"],[\"public-access-token\"," token "]]}"

static void null_value(struct cs_case_run *run)
{
    int second;
    struct ck *ck = two_turns(run, BOUNDARY("null"), &second);
    ck_wait_end(ck, second);
    ck_expect_deltas(ck, second, "two");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "P1");
    ck_expect_asks(ck, "token", 0);
    ck_expect_counts(ck, 2, 2);
}

static void state_tells(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; C 1 turn-complete public-access-token=%s}\n",
              ck_token(ck, "P2"));
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_wait_end(ck, stream);
    const char *token = ck_state(ck, "publicAccessToken");
    if (strcmp(token, "P2") != 0) {
        cs_case_fail_diff(run, "P2", token, "the storable state does not tell the new token");
    }
}

static void no_injection(struct cs_case_run *run)
{
    int second;
    struct ck *ck = two_turns(run, BOUNDARY("\"bad\\r\\nX-Evil: 1\""), &second);
    ck_settle(ck);
    ck_expect_never_sent(ck, "X-Evil", "what a token said");
}

static void wide_token(struct cs_case_run *run)
{
    int second;
    struct ck *ck = two_turns(run, BOUNDARY("\"bad \\u20ac\""), &second);
    bool first_works = cs_scripted_count_of(ck_server(ck), CS_TARGET_APP) > 1;
    int third = ck_send(ck, "third");
    ck_wait_over(ck, third);
    bool second_works = cs_scripted_count_of(ck_server(ck), CS_TARGET_APP) > 1;
    ck_record(ck, "next send", "fails", "%s", first_works ? "goes out" : "fails");
    ck_record(ck, "the one after", "fails", "%s", second_works ? "goes out" : "fails");
}

static void skipped_boundary(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,5)\n"
              "out#1: OUT{C 0 turn-complete session-in-event-id=4 public-access-token=%s; T 1 one;"
              "C 2 turn-complete session-in-event-id=5}\n"
              "app#2: APP(200,6)\n"
              "out#2: OUT{T 3 two; C 4 turn-complete session-in-event-id=6}\n",
              ck_token(ck, "P2"));
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P2");
}

/* ---- recorded ---- */

static const char *bearer_name(struct ck *ck, uint64_t append)
{
    const char *value = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, append), "Authorization");
    static const char *const names[] = {"P1", "P2", "P3", "R1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, ck_text(ck, "Bearer %s", ck_token(ck, names[i]))) == 0) {
            return names[i];
        }
    }
    return "another";
}

static void first_of_two(struct cs_case_run *run)
{
    int second;
    struct ck *ck = ck_of(run);
    two_turns(run,
              ck_text(ck, "C 1 turn-complete public-access-token=%s public-access-token=%s",
                      ck_token(ck, "P2"), ck_token(ck, "P3")),
              &second);
    ck_record(ck, "token in use", "P2", "%s", bearer_name(ck, 2));
}

static void legacy_token(struct cs_case_run *run)
{
    int second;
    struct ck *ck = ck_of(run);
    two_turns(run,
              ck_text(ck, "R 1 {\"type\":\"trigger:turn-complete\",\"publicAccessToken\":\"%s\"}",
                      ck_token(ck, "P2")),
              &second);
    ck_record(ck, "token in use", "P2", "%s", bearer_name(ck, 2));
}

static void told_from_the_start(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one; C 1 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_record(ck, "token of the state", "P1", "%s", ck_state(ck, "publicAccessToken"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "token", __VA_ARGS__)

const struct cs_case client_token_adopt_cases[] = {
    {.id = "client/token/null-value-ignored",
     .title = "a token that is null leaves the old one in use, and the turn ends as it should",
     .requirements = "CTK-08",
     .level = CS_SHOULD,
     .run = null_value},
    {.id = "client/token/state-tells-it",
     .title = "a new token is in the storable state when its turn is over",
     .requirements = "CTK-14",
     .level = CS_SHOULD,
     .run = state_tells},
    {.id = "client/token/no-injection",
     .title = "a token with line ends in it never makes a header line of its own",
     .requirements = "CTK-36",
     .level = CS_SHOULD,
     .run = no_injection},
    {.id = "client/token/on-a-skipped-boundary",
     .title = "a token on the turn-complete of an earlier turn replaces the old one too",
     .requirements = "CTK-13",
     .level = CS_SHOULD,
     .run = skipped_boundary},
    OBSERVED("wide-token-stays",
             "a token that no header can hold stays, and no send works any more", "CTK-37",
             wide_token),
    OBSERVED("first-of-two", "of two tokens on one record the first one counts", "CTK-10",
             first_of_two),
    OBSERVED("legacy-token", "a trigger:turn-complete chunk brings its token in a member", "CTK-11",
             legacy_token),
    OBSERVED("state-from-the-start", "the state tells the token as soon as there is one", "CTK-47",
             told_from_the_start),
    {0},
};
