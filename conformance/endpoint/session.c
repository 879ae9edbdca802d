/* SES: create, and create again. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

static void create_fresh(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *answer =
        ep_post_session(ep, ep_create_body(ep, ep_unique(ep, "chat"), NULL));
    ep_expect(ep, answer, 201);
    const char *type = ep_header(answer, "Content-Type");
    cs_case_check(run, type && !strncmp(type, "application/json", 16),
                  "content-type is %s, expected application/json", type ? type : "missing");
    cs_case_check(run, cJSON_IsFalse(ep_get(answer, "isCached")),
                  "isCached is not false on a fresh create");
}

static void create_body_keys(struct cs_case_run *run)
{
    static const char *const keys[] = {
        "id",           "externalId", "type",      "taskIdentifier", "triggerConfig",
        "currentRunId", "tags",       "metadata",  "closedAt",       "closedReason",
        "expiresAt",    "createdAt",  "updatedAt", "runId",          "publicAccessToken",
        "isCached",
    };
    struct ep *ep = ep_of(run);
    /* how unset members are shown is another case's question (SES-05) */
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), "\"metadata\":{\"k\":1}");
    const struct ep_answer *answer = ep_need(ep, ep_post_session(ep, body));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        cs_case_check(run, ep_get(answer, keys[i]), "the answer has no member \"%s\"", keys[i]);
    }
}

static void id_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const struct ep_answer *answer = ep_need(ep, ep_post_session(ep, body));
    const char *id = ep_get_text(ep, answer, "id");
    const char *run_id = ep_get_text(ep, answer, "runId");
    const char *current = ep_get_text(ep, answer, "currentRunId");
    cs_case_check(run, !strncmp(id, "session_", 8), "id \"%s\" does not start with session_", id);
    cs_case_check(run, !strncmp(run_id, "run_", 4), "runId \"%s\" does not start with run_",
                  run_id);
    cs_case_check(run, !strcmp(current, run_id), "currentRunId %s differs from runId %s", current,
                  run_id);
}

/* 2026-04-24T09:00:00.000Z */
static bool is_timestamp(const cJSON *value)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    const char *text = cJSON_GetStringValue(value);
    if (!text || strlen(text) != sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i]) {
            return false;
        }
    }
    return true;
}

static void unset_members(struct cs_case_run *run)
{
    static const char *const nulls[] = {"metadata", "closedAt", "closedReason", "expiresAt"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session_with(ep, NULL, NULL);
    const struct ep_answer *answer = session->created;
    cs_case_check(run, cJSON_IsNull(ep_get(answer, "externalId")), "unset externalId is not null");
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        cs_case_check(run, cJSON_IsNull(ep_get(answer, nulls[i])), "unset %s is not null",
                      nulls[i]);
    }
    const cJSON *tags = ep_get(answer, "tags");
    cs_case_check(run, cJSON_IsArray(tags) && cJSON_GetArraySize(tags) == 0,
                  "unset tags is not an empty array");
    cs_case_check(run, is_timestamp(ep_get(answer, "createdAt")),
                  "createdAt is not an ISO-8601 UTC time with milliseconds");
    cs_case_check(run, is_timestamp(ep_get(answer, "updatedAt")),
                  "updatedAt is not an ISO-8601 UTC time with milliseconds");
}

/* A step on the way of cases about repeats: that it is the same session at all. */
static const struct ep_answer *need_same(struct ep *ep, const struct ep_answer *repeat,
                                         const char *id)
{
    if (strcmp(ep_need_text(ep, ep_need(ep, repeat), "id"), id) != 0) {
        cs_case_error(ep_run(ep), "a repeated create made another session");
    }
    return repeat;
}

static void repeat_is_cached(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const struct ep_answer *first = ep_need(ep, ep_post_session(ep, body));
    const struct ep_answer *again = ep_expect(ep, ep_post_session(ep, body), 200);
    cs_case_check(run, cJSON_IsTrue(ep_get(again, "isCached")), "isCached is not true on a repeat");
    cs_case_check(run, !strcmp(ep_need_text(ep, first, "id"), ep_need_text(ep, again, "id")),
                  "the repeat answered another session id");
    cs_case_check(run, !strcmp(ep_need_text(ep, first, "runId"), ep_need_text(ep, again, "runId")),
                  "the repeat answered another run id while the first run is alive");
}

static void repeat_refreshes_token(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    ep_need(ep, ep_post_session(ep, body));
    int64_t before = cs_wall_ms() / 1000;
    const struct ep_answer *again = ep_need(ep, ep_post_session(ep, body));
    int64_t after = cs_wall_ms() / 1000;
    const struct cs_token *token = ep_decode(ep, ep_need_text(ep, again, "publicAccessToken"));
    cs_case_check(run, token->has_exp, "the token has no exp");
    /* clocks of two machines may differ by a little */
    cs_case_check(run, token->exp >= before + 3600 - 30 && token->exp <= after + 3600 + 30,
                  "exp is %lld s from now, expected about 3600", (long long)(token->exp - after));
}

static void repeat_drops_message(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const struct ep_session *session = ep_session_with(ep, id, NULL);
    int before = ep_drain_count(ep, session, "in");
    const char *body =
        ep_text(ep,
                "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"externalId\":\"%s\","
                "\"triggerConfig\":"
                "{\"basePayload\":{\"chatId\":\"%s\",\"trigger\":\"submit-message\",\"message\":{"
                "\"id\":\"u1\","
                "\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"lost\"}]}}}}",
                ep_env(ep)->task, id, id);
    ep_need(ep, ep_post_session(ep, body));
    cs_case_check(run, ep_drain_count(ep, session, "in") == before,
                  "a repeated create put its message on .in: a follow-up belongs in /in/append");
    /* the drain does show what is there: the same message by append arrives */
    ep_append_need(ep, session, ep_message(ep, session, "kept"));
    if (ep_drain_count(ep, session, "in") != before + 1) {
        cs_case_error(run, "an appended message did not reach .in");
    }
}

static void without_external_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, NULL, NULL);
    const struct ep_answer *one = ep_need(ep, ep_post_session(ep, body));
    const struct ep_answer *two = ep_need(ep, ep_post_session(ep, body));
    cs_case_check(run, strcmp(ep_need_text(ep, one, "id"), ep_need_text(ep, two, "id")) != 0,
                  "two creates without externalId gave one session");
}

static void concurrent_creates(struct cs_case_run *run)
{
    enum {
        N = 8
    };
    struct ep *ep = ep_of(run);
    struct ep_call call = {.path = "/api/v1/sessions",
                           .auth = ep_env(ep)->secret_key,
                           .body = ep_create_body(ep, ep_unique(ep, "chat"), NULL)};
    struct ep_pending *pending[N];
    for (int i = 0; i < N; i++) {
        pending[i] = ep_begin(ep, &call);
    }
    int fresh = 0;
    const struct ep_answer *first = NULL;
    for (int i = 0; i < N; i++) {
        const struct ep_answer *answer = ep_end(ep, pending[i]);
        fresh += answer->status == 201;
        cs_case_check(run, answer->status == 201 || answer->status == 200,
                      "a concurrent create answered %d", answer->status);
        first = first ? first : answer;
        cs_case_check(run, !strcmp(ep_need_text(ep, first, "id"), ep_need_text(ep, answer, "id")),
                      "concurrent creates of one externalId gave two sessions");
        cs_case_check(run,
                      !strcmp(ep_need_text(ep, first, "runId"), ep_need_text(ep, answer, "runId")),
                      "concurrent creates of one externalId gave two runs");
    }
    cs_case_check(run, fresh == 1, "%d of %d concurrent creates answered 201, expected one", fresh,
                  N);
}

static void closed_is_409(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const char *id = ep_need_text(ep, ep_need(ep, ep_post_session(ep, body)), "id");
    need_same(ep, ep_post_session(ep, body), id); /* while it is open */
    ep_need(ep, ep_do(ep, .path = ep_api(ep, id, "/close"), .auth = ep_env(ep)->secret_key,
                      .body = "{}"));
    const struct ep_answer *refused = ep_expect(ep, ep_post_session(ep, body), 409);
    cs_case_check(run, cJSON_IsString(ep_get(refused, "error")),
                  "the 409 has no text in \"error\"");
}

static void reserved_prefix(struct cs_case_run *run)
{
    static const char *const bad[] = {"session_x", "  session_x"};
    struct ep *ep = ep_of(run);
    for (size_t i = 0; i < 2; i++) {
        const struct ep_answer *answer = ep_post_session(ep, ep_create_body(ep, bad[i], NULL));
        cs_case_check(run, answer->status == 400 || answer->status == 422,
                      "externalId \"%s\" answered %d, expected 400", bad[i], answer->status);
        cs_case_observe(run, "status", "%d", answer->status);
    }
    ep_accept(ep, ep_post_session(ep, ep_create_body(ep, ep_unique(ep, "sessionx"), NULL)));
}

static void external_id_length(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *unique = ep_unique(ep, "chat");
    const char *longest = ep_text(ep, "%s%s", unique, ep_fill(ep, 'x', 256 - strlen(unique)));
    const struct ep_answer *answer =
        ep_accept(ep, ep_post_session(ep, ep_create_body(ep, longest, NULL)));
    cs_case_check(run, !strcmp(ep_get_text(ep, answer, "externalId"), longest),
                  "an externalId of 256 characters was not echoed");
    ep_expect(ep, ep_post_session(ep, ep_create_body(ep, ep_text(ep, "%sy", longest), NULL)), 400);
    ep_expect(ep, ep_post_session(ep, ep_create_body(ep, "", NULL)), 400);
    ep_expect(ep, ep_post_session(ep, ep_create_body(ep, "   ", NULL)), 400);
    const char *padded = ep_unique(ep, "chat");
    const char *body = ep_create_body(ep, ep_text(ep, "  %s ", padded), NULL);
    answer = ep_accept(ep, ep_post_session(ep, body));
    cs_case_check(run, !strcmp(ep_get_text(ep, answer, "externalId"), padded),
                  "a padded externalId was not trimmed");
}

static void encoded_external_ids(struct cs_case_run *run)
{
    static const char *const odd[] = {
        "a:b", "a/b", "a%b", "a?b=c", "a#b", "a b", "a\xc3\xa9\xf0\x9f\x98\x80"};
    struct ep *ep = ep_of(run);
    const struct ep_session *plain = ep_session(ep);
    ep_append_need(ep, plain, "{\"kind\":\"stop\"}");
    if (ep_drain_count(ep, plain, "in") != 1) {
        cs_case_error(run, "an append to a session with a plain id is not in its drain");
    }
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        const char *id = ep_text(ep, "%s%s", ep_unique(ep, "chat"), odd[i]);
        const struct ep_session *session = ep_session_with(ep, id, NULL);
        ep_accept(ep, ep_append(ep, session, NULL, "{\"kind\":\"stop\"}"));
        const char *path = ep_realtime(ep, session->id, "in/records");
        const struct ep_answer *drain =
            ep_accept(ep, ep_do(ep, .path = path, .auth = session->token));
        cs_case_check(run, cJSON_GetArraySize(ep_get(drain, "records")) == 1,
                      "externalId \"%s\": the append is not in the session's drain", id);
    }
}

static void trigger_config_required(struct cs_case_run *run)
{
    static const char *const bad[] = {
        "", ",\"triggerConfig\":{}", ",\"triggerConfig\":{\"basePayload\":[]}",
        ",\"triggerConfig\":{\"basePayload\":\"x\"}", ",\"triggerConfig\":null"};
    struct ep *ep = ep_of(run);
    const char *start =
        ep_text(ep, "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\"", ep_env(ep)->task);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ep_expect(ep, ep_post_session(ep, ep_text(ep, "%s%s}", start, bad[i])), 400);
    }
    ep_accept(
        ep, ep_post_session(ep, ep_text(ep, "%s,\"triggerConfig\":{\"basePayload\":{}}}", start)));
}

static void first_run_exists(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_expect(ep,
              ep_do(ep, .path = ep_text(ep, "/api/v3/runs/%s", session->run_id),
                    .auth = ep_env(ep)->secret_key),
              200);
}

static void key_is_external_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const struct ep_session *session = ep_session_with(ep, id, NULL);
    const char *other = ep_text(ep,
                                "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s-other\","
                                "\"externalId\":\"%s\",\"triggerConfig\":{\"basePayload\":{}}}",
                                ep_env(ep)->task, id);
    need_same(ep, ep_post_session(ep, ep_create_body(ep, id, NULL)), session->id);
    const struct ep_answer *again = ep_need(ep, ep_post_session(ep, other));
    cs_case_check(run, !strcmp(ep_need_text(ep, again, "id"), session->id),
                  "a repeat with another task made another session");
    cs_case_check(run, !strcmp(ep_need_text(ep, again, "taskIdentifier"), ep_env(ep)->task),
                  "a repeat with another task changed the session's task");
}

static const char *payload_metadata(struct ep *ep, const char *run_id)
{
    const struct ep_answer *item = ep_run_item(ep, run_id);
    return ep_need_text(ep, item, "payload.metadata.k");
}

static void config_for_later_runs(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const char *bodies[2];
    for (int i = 0; i < 2; i++) {
        bodies[i] =
            ep_text(ep,
                    "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"externalId\":\"%s\","
                    "\"triggerConfig\":{\"basePayload\":{\"metadata\":{\"k\":\"%s\"}}}}",
                    ep_env(ep)->task, id, i ? "new" : "old");
    }
    const struct ep_session *session = ep_session_from(ep, ep_post_session(ep, bodies[0]));
    need_same(ep, ep_post_session(ep, bodies[1]), session->id);
    cs_case_check(run, !strcmp(payload_metadata(ep, session->run_id), "old"),
                  "a repeat changed the payload of the live run");
    ep_cancel_run(ep, session->run_id);
    ep_append_need(ep, session, "{\"kind\":\"stop\"}");
    const char *next = ep_current_run(ep, session);
    if (!strcmp(next, session->run_id)) {
        cs_case_error(run, "there is no later run to look at");
    }
    cs_case_check(run, !strcmp(payload_metadata(ep, next), "new"),
                  "a later run was not started with the repeat's config");
}

static void expired_is_409(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    int64_t at = cs_wall_ms() + 1500;
    const char *body = ep_create_body(ep, id, ep_text(ep, "\"expiresAt\":%lld", (long long)at));
    const char *first = ep_need_text(ep, ep_need(ep, ep_post_session(ep, body)), "id");
    need_same(ep, ep_post_session(ep, body), first); /* before it expires */
    while (cs_wall_ms() <= at) {
        ep_pause(ep, at - cs_wall_ms() + 1);
    }
    const struct ep_answer *refused = ep_expect(ep, ep_post_session(ep, body), 409);
    cs_case_check(run, cJSON_IsString(ep_get(refused, "error")),
                  "the 409 has no text in \"error\"");
}

static void ended_run_is_replaced(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const struct ep_session *session = ep_session_from(ep, ep_post_session(ep, body));
    ep_cancel_run(ep, session->run_id);
    const struct ep_answer *again =
        ep_expect(ep, need_same(ep, ep_post_session(ep, body), session->id), 200);
    cs_case_check(run, strcmp(ep_need_text(ep, again, "runId"), session->run_id) != 0,
                  "a repeat after the run's end started no other run");
}

/* With or without the header, the token of the body is the whole one. */
static void body_token_is_enough(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *header = ep_header(session->created, "x-trigger-jwt");
    cs_case_observe(run, "x-trigger-jwt", "%s", header ? "present" : "absent");
    ep_expect(ep, ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token), 200);
    ep_expect(ep, ep_append(ep, session, NULL, "{\"kind\":\"stop\"}"), 200);
    const struct cs_token *body = ep_decode(ep, session->token);
    const struct cs_token *other = header ? ep_decode(ep, header) : body;
    for (size_t i = 0; i < other->n_scopes; i++) {
        cs_case_check(run, ep_has_scope(body, other->scopes[i]),
                      "the token of x-trigger-jwt has the scope %s and that of the body has not",
                      other->scopes[i]);
    }
}

#define SK   CS_NEEDS_SECRET_KEY
#define RUNS (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
const struct cs_case endpoint_session_cases[] = {
    {"endpoint/session/create-fresh", "A fresh create answers 201 JSON with isCached false",
     "SES-01", CS_MUST, SK, 0, create_fresh},
    {"endpoint/session/create-members", "The create answer has every documented member", "SES-02",
     CS_MUST, SK, 0, create_body_keys},
    {"endpoint/session/id-forms", "Ids carry their prefixes and the run is the current one",
     "SES-03", CS_MUST, SK, 0, id_forms},
    {"endpoint/session/unset-members", "Unset members are null, unset tags an empty list", "SES-05",
     CS_MUST, SK, 0, unset_members},
    {"endpoint/session/first-run-exists", "Create starts the first run", "SES-06", CS_MUST, RUNS, 0,
     first_run_exists},
    {"endpoint/session/repeat-is-cached", "A repeated create answers the same session and run",
     "SES-08", CS_MUST, SK, 0, repeat_is_cached},
    {"endpoint/session/repeat-refreshes-token", "A repeated create hands out a fresh hour of token",
     "SES-09", CS_MUST, SK, 0, repeat_refreshes_token},
    {"endpoint/session/key-is-external-id", "A repeat with another task is the same session",
     "SES-10", CS_SHOULD, SK, 0, key_is_external_id},
    {"endpoint/session/config-for-later-runs", "A repeat's config is for later runs only", "SES-12",
     CS_MUST, RUNS, 0, config_for_later_runs},
    {"endpoint/session/repeat-drops-message",
     "A repeated create delivers no message; an append does", "SES-13", CS_MUST, SK, 0,
     repeat_drops_message},
    {"endpoint/session/without-external-id", "Without externalId every create is a new session",
     "SES-14", CS_MUST, SK, 0, without_external_id},
    {"endpoint/session/concurrent-creates", "Concurrent creates converge on one session and run",
     "SES-15", CS_MUST, SK, 0, concurrent_creates},
    {"endpoint/session/closed-is-409", "Creating a closed session again is refused with 409",
     "SES-16", CS_MUST, SK, 0, closed_is_409},
    {"endpoint/session/expired-is-409", "Creating an expired session again is refused with 409",
     "SES-18", CS_MUST, SK | CS_WAITS, 0, expired_is_409},
    {"endpoint/session/ended-run-is-replaced", "A repeat after the run's end starts another",
     "SES-21", CS_MUST, RUNS, 0, ended_run_is_replaced},
    {"endpoint/session/reserved-prefix", "An externalId may not start with session_", "SES-22",
     CS_MUST, SK, 0, reserved_prefix},
    {"endpoint/session/external-id-length", "externalId is trimmed and 1 to 256 characters long",
     "SES-23", CS_MUST, SK, 0, external_id_length},
    {"endpoint/session/encoded-external-ids", "Any externalId works when percent-encoded", "SES-24",
     CS_MUST, SK, 0, encoded_external_ids},
    {"endpoint/session/trigger-config-required", "basePayload must be an object", "SES-29", CS_MUST,
     SK, 0, trigger_config_required},
    {"endpoint/session/body-token-is-enough",
     "The token in the create answer's body is all it takes", "SES-36", CS_SHOULD, SK, 0,
     body_token_is_enough},
    {0},
};
