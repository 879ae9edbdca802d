/* Which token goes where, and what a refused one leads to. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static void two_turns(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; C 1 turn-complete public-access-token=%s"
              " session-in-event-id=0}\n"
              "app#2: APP(200,1)\n"
              "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n",
              ck_token(ck, "P2"));
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_end(ck, first);
    ck_expect_deltas(ck, first, "one");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "P1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "P1");

    int second = ck_send(ck, "second");
    ck_wait_end(ck, second);
    ck_expect_deltas(ck, second, "two");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P2");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "P2");
    ck_expect_counts(ck, 2, 2);
}

/* Two plain turns; `with` goes on every answer, `boundary` on the first turn's end. */
static void two_plain_turns(struct ck *ck, const char *with, const char *boundary)
{
    ck_script(ck,
              "create*: CREATE(201) %s\n"
              "app#1: APP(200,0) %s\n"
              "out#1: OUT{T 0 one; %s} %s\n"
              "app#2: APP(200,1) %s\n"
              "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1} %s\n",
              with, with, boundary, with, with, with);
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_end(ck, first);
    ck_expect_deltas(ck, first, "one");
    int second = ck_send(ck, "second");
    ck_wait_end(ck, second);
    ck_expect_deltas(ck, second, "two");
    ck_expect_counts(ck, 2, 2);
}

#define PLAIN_BOUNDARY "C 1 turn-complete session-in-event-id=0"

static void kept_when_absent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    two_plain_turns(ck, "", PLAIN_BOUNDARY);
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "P1");
    ck_expect_asks(ck, "token", 0);
}

static void jwt_header_never_used(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    two_plain_turns(ck, ck_text(ck, "header x-trigger-jwt=%s", ck_token(ck, "EVIL")),
                    PLAIN_BOUNDARY);
    ck_expect_never_sent(ck, ck_token(ck, "EVIL"), "what x-trigger-jwt said");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P1");
}

static void found_in_any_position(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    two_plain_turns(ck, "",
                    ck_text(ck,
                            "REC {\"seq_num\":1,\"timestamp\":1767225600001,\"headers\":"
                            "[[\"x-other\",\"y\"],[\"public-access-token\",\"%s\"],"
                            "[\"trigger-control\",\"turn-complete\"],"
                            "[\"session-in-event-id\",\"0\"]]}",
                            ck_token(ck, "P2")));
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P2");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "P2");
}

static void empty_value(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    two_plain_turns(ck, "", "C 1 turn-complete public-access-token=\"\" session-in-event-id=0");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "P1");
    ck_expect_asks(ck, "token", 0);
}

static bool holds_elsewhere(const struct cs_logged *request, struct cs_view token)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct cs_header *header = &request->headers[i];
        if (!cs_view_eq_nocase(header->name, CS_VIEW("authorization")) &&
            cs_view_find(header->value, token) != SIZE_MAX) {
            return true;
        }
    }
    return cs_view_find(request->path, token) != SIZE_MAX ||
           cs_view_find(request->body, token) != SIZE_MAX;
}

static void only_in_authorization(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    two_plain_turns(ck, "", PLAIN_BOUNDARY);
    for (uint64_t k = 1; k <= 2; k++) {
        const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, k);
        const struct cs_logged *out = ck_wait_request(ck, CS_TARGET_OUT, k);
        ck_expect_bearer(ck, append, "P1");
        ck_expect_bearer(ck, out, "P1");
        struct cs_view token = cs_view_str(ck_token(ck, "P1"));
        cs_case_check(run, !holds_elsewhere(append, token) && !holds_elsewhere(out, token),
                      "the token is in a request outside its Authorization header");
    }
}

static void stored_token(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 more; C 12 turn-complete}\n");
    ck_open(ck, ck_text(ck,
                        "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\","
                        "\"isStreaming\":false}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    int stream = ck_send(ck, "again");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "more");
    ck_expect_asks(ck, "start", 0);
    ck_expect_asks(ck, "token", 0);
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "S1");
    const struct cs_logged *out = ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_expect_bearer(ck, out, "S1");
    ck_expect_header(ck, out, "Last-Event-ID", "10");
    ck_expect_counts(ck, 1, 1);
}

/* ---- refused on append ---- */

static void refused_once(struct ck *ck, int status)
{
    ck_script(ck,
              "app#1: APP(%d)\n"
              "app#2: APP(200,0)\n"
              "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n",
              status);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");

    const struct cs_logged *refused = ck_wait_request(ck, CS_TARGET_APP, 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_asks(ck, "token", 1);
    ck_expect_bearer(ck, refused, "P1");
    ck_expect_bearer(ck, resent, "R1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "R1");
    ck_expect_header(ck, resent, "X-Part-Id", ck_need_header(ck, refused, "X-Part-Id"));
    ck_expect_counts(ck, 2, 1);
}

static void append_401(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    refused_once(ck, 401);
    const struct cs_logged *refused = ck_wait_request(ck, CS_TARGET_APP, 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 2);
    cs_case_check(run, cs_view_eq(refused->body, resent->body),
                  "the resent append has another body than the refused one");
}

static void append_403(struct cs_case_run *run)
{
    refused_once(ck_of(run), 403);
}

static void append_401_twice(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(401)\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    const cJSON *error = ck_wait_error(ck, stream);
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(error, "status");
    cs_case_observe(run, "error.status", "%d", cJSON_IsNumber(status) ? status->valueint : 0);
    ck_settle(ck);
    ck_expect_counts(ck, 2, 0);
    ck_expect_asks(ck, "token", 1);
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "R1");
}

static void refresher_fails(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(401)\n");
    ck_refuse_tokens(ck);
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 0);
    ck_expect_asks(ck, "token", 1);
}

/* ---- refused on .out ---- */

static void out_401(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT(401)\n"
                  "out#2: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_asks(ck, "token", 1);
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "P1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "R1");
    ck_expect_counts(ck, 1, 2);
}

static void out_401_twice(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out*: OUT(401)\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 2);
    ck_expect_asks(ck, "token", 1);
}

const struct cs_case client_token_cases[] = {
    {.id = "client/token/two-turns-roll-over",
     .title = "a turn-complete's token is what the next append and subscription carry",
     .requirements = "CTK-01 CTK-02 CTK-05",
     .run = two_turns},
    {.id = "client/token/kept-when-absent",
     .title = "a turn-complete without a token leaves the old one in use",
     .requirements = "CTK-01 CTK-06",
     .run = kept_when_absent},
    {.id = "client/token/jwt-header-never-used",
     .title = "x-trigger-jwt on an answer is never used as a token",
     .requirements = "CTK-04",
     .run = jwt_header_never_used},
    {.id = "client/token/found-in-any-position",
     .title = "the new token is found wherever it stands among the record's headers",
     .requirements = "CTK-09 CRE-10",
     .run = found_in_any_position},
    {.id = "client/token/empty-value-ignored",
     .title = "an empty token on a turn-complete leaves the old one in use",
     .requirements = "CTK-07",
     .level = CS_SHOULD,
     .run = empty_value},
    {.id = "client/token/only-in-authorization",
     .title = "the token travels in the Authorization header and nowhere else",
     .requirements = "CTK-35",
     .level = CS_SHOULD,
     .run = only_in_authorization},
    {.id = "client/token/stored-is-used",
     .title = "a restored chat uses its stored token and cursor without asking for new ones",
     .requirements = "CTK-33 CRS-05",
     .run = stored_token},
    {.id = "client/token/append-401-refreshed-once",
     .title = "401 on an append leads to one fresh token and one identical append with it",
     .requirements = "CTK-15 CAP-45",
     .run = append_401},
    {.id = "client/token/append-403-refreshed-once",
     .title = "403 on an append is handled like 401",
     .requirements = "CTK-16 CAP-45",
     .run = append_403},
    {.id = "client/token/second-refusal-surfaced",
     .title = "an append refused again after the refresh is an error, with no third try",
     .requirements = "CTK-17 CAP-72",
     .run = append_401_twice},
    {.id = "client/token/refresher-fails",
     .title = "without a fresh token the refused append is an error and is not repeated",
     .requirements = "CTK-19",
     .run = refresher_fails},
    {.id = "client/token/out-401-refreshed-once",
     .title = "401 on the subscription leads to one fresh token and one new subscription",
     .requirements = "CTK-20",
     .run = out_401},
    {.id = "client/token/out-second-refusal-surfaced",
     .title = "a subscription refused again after the refresh is an error, with no third try",
     .requirements = "CTK-21",
     .run = out_401_twice},
    {0},
};
