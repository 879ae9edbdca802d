/* Starting a session: by asking for it, and by creating it with a key. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* ---- by asking ---- */

static void once(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open(ck, NULL);
    int calls[] = {ck_begin(ck, "preload", NULL), ck_begin(ck, "start", NULL),
                   ck_begin(ck, "start", NULL)};
    unsigned n_done = 0;
    for (size_t i = 0; i < 3; i++) {
        n_done += strncmp(ck_outcome(ck, calls[i]), "an error", strlen("an error")) != 0;
    }
    ck_settle(ck);
    ck_record(ck, "calls that succeed", "3", "%u", n_done);
    ck_record(ck, "asked for a session", "1", "%u", ck_asks(ck, "start"));
    ck_record(ck, "requests", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

static void with_a_token(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open(ck, ck_text(ck, "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\"}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    cJSON *given = cJSON_Parse(ck_do(ck, "start", NULL));
    const char *token =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(given, "publicAccessToken"));
    ck_record(ck, "gives the stored token", "yes", "%s",
              token && strcmp(token, ck_token(ck, "S1")) == 0 ? "yes" : "no");
    cJSON_Delete(given);
    ck_settle(ck);
    ck_record(ck, "asked for a session", "0", "%u", ck_asks(ck, "start"));
    ck_record(ck, "asked for a token", "0", "%u", ck_asks(ck, "token"));
    ck_record(ck, "requests", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

/* ---- by creating it ---- */

#define BODY                                                                   \
    "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"t\"," \
    "\"triggerConfig\":{\"basePayload\":{}%s}}"

static const char *start(struct ck *ck, const char *more)
{
    const char *body = ck_text(ck, BODY, ck_chat(ck), more);
    return ck_try(ck, "call", ck_text(ck, "{\"method\":\"start\",\"arguments\":[%s]}", body));
}

/* A whole answer to a create. */
#define ANSWER                                                                      \
    "{\"id\":\"session_x\",\"externalId\":\"x\",\"type\":\"chat.agent\","           \
    "\"taskIdentifier\":\"t\",\"triggerConfig\":{\"basePayload\":{}},\"tags\":[],"  \
    "\"metadata\":null,\"closedAt\":null,\"closedReason\":null,\"expiresAt\":null," \
    "\"currentRunId\":null,\"createdAt\":\"2026-01-01T00:00:00.000Z\","             \
    "\"updatedAt\":\"2026-01-01T00:00:00.000Z\",\"runId\":\"run_x\","               \
    "\"publicAccessToken\":\"P\",\"isCached\":false}"

/* The same without that member ("": the whole). */
static const char *answer_without(struct ck *ck, const char *member)
{
    cJSON *answer = cJSON_Parse(ANSWER);
    cJSON_DeleteItemFromObjectCaseSensitive(answer, member);
    char *text = cJSON_PrintUnformatted(answer);
    cJSON_Delete(answer);
    const char *kept = ck_text(ck, "%s", text ? text : "");
    cJSON_free(text);
    return kept;
}

static const char *start_answered(struct ck *ck, const char *answer)
{
    ck_script(ck, "create*: CREATE(201) body %s\n", answer);
    const char *given = start(ck, "");
    return strncmp(given, "an error", strlen("an error")) == 0 ? given : "it is taken";
}

static void incomplete_answers(struct cs_case_run *run)
{
    static const char *const needed[] = {"id",
                                         "externalId",
                                         "type",
                                         "taskIdentifier",
                                         "tags",
                                         "metadata",
                                         "closedAt",
                                         "closedReason",
                                         "expiresAt",
                                         "createdAt",
                                         "updatedAt",
                                         "runId",
                                         "publicAccessToken",
                                         "isCached"};
    struct ck *ck = ck_of(run);
    ck_open_kind(ck, "session", NULL);
    ck_record(ck, "the whole answer", "it is taken", "%s",
              start_answered(ck, answer_without(ck, "")));
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        ck_record(ck, ck_text(ck, "without %s", needed[i]), "an error: TriggerApiError 200", "%s",
                  start_answered(ck, answer_without(ck, needed[i])));
    }
    static const char *const spare[] = {"triggerConfig", "currentRunId"};
    for (size_t i = 0; i < sizeof spare / sizeof spare[0]; i++) {
        ck_record(ck, ck_text(ck, "without %s", spare[i]), "it is taken", "%s",
                  start_answered(ck, answer_without(ck, spare[i])));
    }
    ck_settle(ck);
    ck_record(ck, "creates", "17", "%llu", ck_count(ck, CS_TARGET_CREATE));
}

static void incomplete_for_an_agent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "create*: CREATE(201) body {\"id\":\"session_x\"}\n");
    ck_open_kind(ck, "agent", NULL);
    int stream = ck_send(ck, "first");
    const cJSON *error = ck_wait_error(ck, stream);
    ck_settle(ck);
    ck_record(ck, "it fails with", "TriggerApiError 200", "%s", ck_error_text(ck, error));
    ck_record(ck, "creates", "1", "%llu", ck_count(ck, CS_TARGET_CREATE));
    ck_record(ck, "appends", "0", "%llu", ck_count(ck, CS_TARGET_APP));
}

/* ---- the deployment that a session is bound to ---- */

static const char *bound_to(struct ck *ck, uint64_t number)
{
    return ck_body(ck, ck_wait_request(ck, CS_TARGET_CREATE, number),
                   "triggerConfig.externalDeploymentId");
}

static void record_bound(struct cs_case_run *run, const char *name, const char *deployment,
                         uint64_t number)
{
    struct ck *ck = ck_of(run);
    const char *sent = bound_to(ck, number);
    cs_case_observe(run, ck_text(ck, "bound by %s", name), "%s", sent);
    ck_record_flag(ck, ck_text(ck, "%s binds the session", name), "create_binds_deployment",
                   strcmp(sent, ck_text(ck, "\"%s\"", deployment)) == 0);
}

static void deployment(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "environment");
    ck_open_kind(ck, "session", "{\"options\":{\"externalDeploymentId\":\"of-config\"}}");
    start(ck, "");
    record_bound(run, "the configuration", "of-config", 1);
    ck_open_kind(ck, "session",
                 "{\"environment\":{\"TRIGGER_EXTERNAL_DEPLOYMENT_ID\":\"of-env\"}}");
    start(ck, "");
    record_bound(run, "the environment", "of-env", 2);
    start(ck, ",\"externalDeploymentId\":\"mine\"");
    ck_record(ck, "the caller's own", "\"mine\"", "%s", bound_to(ck, 3));
    start(ck, ",\"externalDeploymentId\":null");
    const char *opted_out = bound_to(ck, 4);
    ck_record_flag(ck, "null opts out and is left out", "create_binds_deployment",
                   strcmp(opted_out, "nothing") == 0);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "start", __VA_ARGS__)

const struct cs_case client_start_observed_cases[] = {
    OBSERVED("once", "calls at the same time ask for a session once", "CTK-32", once),
    OBSERVED("with-a-token", "a start with a stored token does nothing", "CTK-34", with_a_token),
    OBSERVED("incomplete-answers", "which members the answer to a create needs", "CAP-89",
             incomplete_answers),
    OBSERVED("incomplete-for-an-agent", "an incomplete one fails a send, once", "CAP-89",
             incomplete_for_an_agent),
    OBSERVED("deployment", "what binds a session to a deployment", "CAP-90", deployment),
    {0},
};
