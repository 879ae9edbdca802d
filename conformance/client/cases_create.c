/* Clients that create their session themselves: kind "agent", which is given a secret key. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define ONE_TURN "out#1: OUT{T 0 one; C 1 turn-complete}\n"

/* Opened, one message sent; gives its stream. */
static int first_send(struct ck *ck, const char *script)
{
    ck_script(ck, "%s", script);
    ck_open_kind(ck, "agent", NULL);
    return ck_send(ck, "first");
}

static const struct cs_logged *created(struct cs_case_run *run, struct ck *ck)
{
    int stream = first_send(ck, ONE_TURN);
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    cs_case_check(run, ck_count(ck, CS_TARGET_CREATE) == 1, "the session was created %llu times",
                  ck_count(ck, CS_TARGET_CREATE));
    return ck_wait_request(ck, CS_TARGET_CREATE, 1);
}

static void shape(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_logged *create = created(run, ck);
    ck_expect_header(ck, create, "Authorization", ck_text(ck, "Bearer %s", ck_secret_key()));
    ck_expect_body(ck, create, "type", "\"chat.agent\"");
    ck_expect_body(ck, create, "taskIdentifier", "\"scripted-agent\"");
    ck_expect_body(ck, create, "externalId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    const char *chat = ck_body(ck, create, "triggerConfig.basePayload.chatId");
    cs_case_check(run, *chat == '"', "triggerConfig.basePayload.chatId is no string: %s", chat);
    const char *trigger = ck_body(ck, create, "triggerConfig.basePayload.trigger");
    cs_case_check(run,
                  strcmp(trigger, "\"preload\"") == 0 || strcmp(trigger, "\"submit-message\"") == 0,
                  "the run begins with preload or submit-message, and not with %s", trigger);
}

static void same_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_logged *create = created(run, ck);
    ck_expect_body(ck, create, "triggerConfig.basePayload.chatId",
                   ck_body(ck, create, "externalId"));
    /* The same shape as on each turn: there is none on either, or an object on both. */
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 1);
    const char *at_first = ck_body(ck, create, "triggerConfig.basePayload.metadata");
    const char *per_turn = ck_body(ck, append, "payload.metadata");
    cs_case_check(run, *at_first == *per_turn, "metadata is %s at first, and %s on a turn",
                  at_first, per_turn);
}

static void was_there_already(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = first_send(ck, "create#1: CREATE(200)\n" ONE_TURN);
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 1, 1);
    cs_case_check(run, ck_count(ck, CS_TARGET_CREATE) == 1, "the session was created %llu times",
                  ck_count(ck, CS_TARGET_CREATE));
    /* A client of a server may go on with its key. */
    const char *bearer = ck_need_header(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "Authorization");
    cs_case_check(run,
                  strcmp(bearer, ck_text(ck, "Bearer %s", ck_secret_key())) == 0 ||
                      strcmp(bearer, ck_text(ck, "Bearer %s", ck_token(ck, "P1"))) == 0,
                  "the append carries neither the fresh token nor the key");
}

static void refused_id(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_chat(ck, ck_text(ck, "%s:channels:x", ck_chat(ck)));
    int stream = first_send(ck, "create#1+: CREATE(400)\n" ONE_TURN);
    (void)ck_wait_error(ck, stream);
    cs_case_check(run, ck_count(ck, CS_TARGET_CREATE) > 0 || ck_said(ck, stream, "fail", 0),
                  "the client neither asked for the session nor refused the send");
    ck_expect_counts(ck, 0, 0);
    cs_case_observe(run, "create calls", "%llu", ck_count(ck, CS_TARGET_CREATE));
}

const struct cs_case client_create_cases[] = {
    {.id = "client/create/shape",
     .title = "a session is created with type, task, and a payload that begins a run",
     .requirements = "CAP-86",
     .run = shape},
    {.id = "client/create/same-chat",
     .title = "the payload names the session's external id as its chat",
     .requirements = "CAP-87",
     .level = CS_SHOULD,
     .run = same_chat},
    {.id = "client/create/was-there-already",
     .title = "a session that is there already is as good as a new one",
     .requirements = "CAP-88",
     .run = was_there_already},
    {.id = "client/create/refused-id",
     .title = "an id that no session may have goes no further than the create call",
     .requirements = "CAP-86",
     .run = refused_id},
    {0},
};
