/* SES rows that a server may meet or not: what it does is recorded. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define PAST   "\"expiresAt\":\"2020-01-01T00:00:00.000Z\""
#define FUTURE "\"expiresAt\":\"2099-01-01T00:00:00.000Z\""

/* A create body with this triggerConfig; `extra` as in ep_create_body. */
static const char *config_body(struct ep *ep, const char *id, const char *config, const char *extra)
{
    return ep_text(ep,
                   "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"externalId\":\"%s\","
                   "\"triggerConfig\":%s%s%s}",
                   ep_env(ep)->task, id, config, extra ? "," : "", extra ? extra : "");
}

static const struct ep_answer *retrieve(struct ep *ep, const char *id)
{
    return ep_do(ep, .path = ep_api(ep, id, ""), .auth = ep_env(ep)->secret_key);
}

static const char *status_of(struct ep *ep, const struct ep_answer *answer)
{
    return ep_text(ep, "%d", answer->status);
}

/* ---- ids and runs ---- */

static bool is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0';
}

/* Run ids come in more than one length, so only their characters are recorded. */
static void opaque_ids(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *id = strchr(session->id, '_');
    const char *run_id = strchr(session->run_id, '_');
    cs_case_observe_as(run, "session_id", "25 small letters and digits", "%zu %s",
                       id ? strlen(id + 1) : 0,
                       id && is_plain(id + 1) ? "small letters and digits" : "characters");
    cs_case_observe_as(run, "run_id", "small letters and digits", "%s",
                       run_id && is_plain(run_id + 1) ? "small letters and digits" : "others");
}

static void unknown_task(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *created = ep_post_session(
        ep, ep_text(ep,
                    "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",\"triggerConfig\":"
                    "{\"basePayload\":{}}}",
                    ep_own_task(ep)));
    bool accepted = created->status / 100 == 2;
    cs_case_observe_as(run, "create", "accepted", "%s",
                       accepted ? "accepted" : ep_said(ep, created));
    if (!accepted) {
        return;
    }
    const struct ep_answer *item = ep_run_item(ep, ep_need_text(ep, created, "runId"));
    const char *status = cJSON_GetStringValue(ep_get(item, "status"));
    cs_case_observe_as(run, "run", "queued", "%s",
                       cJSON_IsTrue(ep_get(item, "isQueued")) ? "queued"
                       : status                               ? status
                                                              : "without a status");
}

static void pending_version(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const cJSON *flag = ep_get(ep_session(ep)->created, "pendingVersion");
    cs_case_observe_as(run, "pendingVersion", "absent", "%s",
                       !flag                ? "absent"
                       : cJSON_IsTrue(flag) ? "true"
                                            : "another value");
}

/* ---- repeats ---- */

/* The pages say that tags, metadata and expiresAt are written through as well; srv does not. */
static void repeat_keeps_the_rest(struct cs_case_run *run)
{
    static const struct {
        const char *name, *recorded;
    } members[] = {{"triggerConfig", "replaced"}, {"type", "kept"},
                   {"taskIdentifier", "kept"},    {"tags", "kept"},
                   {"metadata", "kept"},          {"expiresAt", "kept"}};
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const struct ep_session *session =
        ep_session_with(ep, id, "\"tags\":[\"a\"],\"metadata\":{\"k\":1}," FUTURE);
    const struct ep_answer *before = ep_item(ep, session);
    const struct ep_answer *again = ep_need(
        ep,
        ep_post_session(ep, ep_text(ep,
                                    "{\"type\":\"other\",\"taskIdentifier\":\"%s-other\","
                                    "\"externalId\":\"%s\",\"triggerConfig\":{\"basePayload\":{}},"
                                    "\"tags\":[\"b\"],\"metadata\":{\"k\":2},"
                                    "\"expiresAt\":\"2098-01-01T00:00:00.000Z\"}",
                                    ep_env(ep)->task, id)));
    if (strcmp(ep_need_text(ep, again, "id"), session->id) != 0) {
        cs_case_error(run, "the repeat made another session");
    }
    const struct ep_answer *after = ep_item(ep, session);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const cJSON *old = ep_get(before, members[i].name);
        if (!old) {
            cs_case_error(run, "the item has no member \"%s\"", members[i].name);
        }
        cs_case_observe_as(run, members[i].name, members[i].recorded, "%s",
                           cJSON_Compare(old, ep_get(after, members[i].name), true) ? "kept"
                                                                                    : "replaced");
    }
}

/* Posts a create for the session with this in its config; `extra` as in ep_create_body. */
static const struct ep_answer *post_config(struct ep *ep, const char *id, const char *value,
                                           const char *extra)
{
    const char *config = ep_text(ep, "{\"basePayload\":{\"k\":\"%s\"}}", value);
    return ep_post_session(ep, config_body(ep, id, config, extra));
}

static bool has_config(struct ep *ep, const char *id, const char *value)
{
    const struct ep_answer *item = ep_need(ep, retrieve(ep, id));
    const char *text = cJSON_GetStringValue(ep_get(item, "triggerConfig.basePayload.k"));
    return text && !strcmp(text, value);
}

static void observe_refused_config(struct ep *ep, const char *id, const char *name,
                                   const char *extra)
{
    if (post_config(ep, id, "refused", extra)->status / 100 == 2) {
        cs_case_error(ep_run(ep), "the repeat of a session that is over was accepted");
    }
    cs_case_observe_as(ep_run(ep), name, "replaced", "%s",
                       has_config(ep, id, "refused") ? "replaced" : "kept");
}

static void refused_repeat_writes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, post_config(ep, session->external_id, "accepted", NULL));
    if (!has_config(ep, session->external_id, "accepted")) {
        cs_case_error(run, "not even an accepted repeat replaces the trigger config");
    }
    ep_need(ep, ep_close(ep, session, "{}"));
    observe_refused_config(ep, session->external_id, "closed", NULL);
    observe_refused_config(ep, ep_expired_session(ep), "expired", PAST);
}

/* ---- creates that fail ---- */

static void expired_create(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const struct ep_answer *refused = ep_post_session(ep, ep_create_body(ep, id, PAST));
    const struct ep_answer *item = retrieve(ep, id);
    cs_case_observe_as(run, "status", "409", "%d", refused->status);
    cs_case_observe_as(run, "retrieve", "200", "%d", item->status);
    const cJSON *current = ep_get(item, "currentRunId");
    cs_case_observe_as(run, "currentRunId", "null", "%s",
                       cJSON_IsNull(current)     ? "null"
                       : cJSON_IsString(current) ? "a run"
                                                 : "absent");
}

/* How the server took an expiry: "refused", or as which time. A time that is over may be refused
 * for that (SES-18). */
static const char *taken_as(const struct ep_answer *answer)
{
    const char *at = cJSON_GetStringValue(ep_get(answer, "expiresAt"));
    if (answer->status == 409 || (at && !strncmp(at, "1970", 4))) {
        return "a time that is over";
    }
    if (answer->status / 100 != 2) {
        return answer->status == 400 ? "refused with 400" : "refused";
    }
    return !at ? "no time" : !strcmp(at, "2099-01-01T00:00:00.000Z") ? "the time" : "another time";
}

static void expiry_forms(struct cs_case_run *run)
{
    static const struct {
        const char *name, *value, *recorded;
    } forms[] = {
        {"iso_text", "\"2099-01-01T00:00:00.000Z\"", "the time"},
        {"iso_date", "\"2099-01-01\"", "the time"},
        {"epoch_ms", "4070908800000", "the time"},
        {"null", "null", "a time that is over"},
        {"unparsable", "\"some day\"", "refused with 400"},
    };
    struct ep *ep = ep_of(run);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *extra = ep_text(ep, "\"expiresAt\":%s", forms[i].value);
        const char *body = ep_create_body(ep, ep_unique(ep, "chat"), extra);
        cs_case_observe_as(run, forms[i].name, forms[i].recorded, "%s",
                           taken_as(ep_post_session(ep, body)));
    }
}

static const char *row_of(struct ep *ep, const char *id)
{
    const struct ep_answer *item = retrieve(ep, id);
    return item->status != 200                          ? status_of(ep, item)
           : cJSON_IsNull(ep_get(item, "currentRunId")) ? "there, without a run"
                                                        : "there, with a run";
}

static void missing_version(struct cs_case_run *run)
{
    static const char pinned[] = "{\"basePayload\":{},\"lockToVersion\":\"no-such-version\"}";
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const struct ep_answer *refused = ep_post_session(ep, config_body(ep, id, pinned, NULL));
    cs_case_observe_as(run, "missing_version", "422, error is a text", "%d, error is %s",
                       refused->status,
                       cJSON_IsString(ep_get(refused, "error")) ? "a text" : "none");
    cs_case_observe_as(run, "row", "there, without a run", "%s", row_of(ep, id));
    const struct ep_answer *mended =
        ep_post_session(ep, config_body(ep, id, "{\"basePayload\":{}}", NULL));
    cs_case_observe_as(run, "without_the_pin", "200, cached", "%d, %s", mended->status,
                       cJSON_IsTrue(ep_get(mended, "isCached")) ? "cached" : "fresh");
}

/* What the schema takes and the database does not (ERR-21) is the one failure at hand. */
static void failure_is_repeatable(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const char *bad = ep_create_body(ep, id, "\"metadata\":{\"k\":\"\\u0000\"}");
    cs_case_observe_as(run, "failure", "500 Something went wrong", "%s",
                       ep_said(ep, ep_post_session(ep, bad)));
    const char *good = ep_create_body(ep, id, "\"metadata\":{\"k\":\"\"}");
    const struct ep_answer *repeat = ep_post_session(ep, good);
    cs_case_observe_as(run, "repeat", "accepted", "%s",
                       repeat->status / 100 == 2 ? "accepted" : ep_said(ep, repeat));
}

/* ---- PATCH ---- */

static void patch_when_over(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_close(ep, session, "{}"));
    const struct {
        const char *name, *id, *recorded;
    } rows[] = {{"unknown", ep_unique(ep, "nobody"), "404 Session not found"},
                {"closed", session->id, "200"},
                {"expired", ep_expired_session(ep), "200"}};
    for (size_t i = 0; i < 3; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = "PATCH", .path = ep_api(ep, rows[i].id, ""),
                  .auth = ep_env(ep)->secret_key, .body = "{\"tags\":[\"t\"]}");
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%s",
                           ep_said(ep, ep_allowed(ep, answer)));
    }
}

/* ---- right after create ---- */

static const char *found_at_once(struct ep *ep, const struct ep_call *call)
{
    return ep_call(ep, call)->status == 404 ? "not found" : "found";
}

/* These may be 404 while a replica lags, so only that they come to find it is the same each time.
 */
static const char *found_in_time(struct ep *ep, const struct ep_call *call)
{
    int64_t until = cs_now_ms() + ep_env(ep)->patience_ms;
    while (ep_call(ep, call)->status == 404) {
        if (cs_now_ms() >= until) {
            return "not found";
        }
        ep_pause(ep, 50);
    }
    return "found";
}

static void observe_replica_routes(struct ep *ep)
{
    const char *key = ep_env(ep)->secret_key;
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, "{\"kind\":\"stop\"}"); /* an empty drain may be a 404 too */
    const struct {
        const char *name;
        struct ep_call call;
    } routes[] = {
        {"retrieve", {.path = ep_api(ep, session->key, ""), .auth = key}},
        {"patch",
         {.method = "PATCH", .path = ep_api(ep, session->key, ""), .auth = key, .body = "{}"}},
        {"records", {.path = ep_realtime(ep, session->key, "in/records"), .auth = key}},
        {"snapshot_url", {.path = ep_api(ep, session->key, "/snapshot-url"), .auth = key}},
        {"end_and_continue",
         {.path = ep_api(ep, session->key, "/end-and-continue"),
          .auth = key,
          .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"x\"}", session->run_id)}},
        {"close", {.path = ep_api(ep, session->id, "/close"), .auth = key, .body = "{}"}},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        cs_case_observe_as(ep_run(ep), routes[i].name, "found", "%s",
                           found_in_time(ep, &routes[i].call));
    }
}

static void found_after_create(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    cs_case_observe_as(
        run, "append", "found", "%s",
        found_at_once(ep, &(struct ep_call){.path = ep_realtime(ep, session->key, "in/append"),
                                            .auth = session->token,
                                            .body = "{\"kind\":\"stop\"}"}));
    session = ep_session(ep);
    const char *in = ep_realtime(ep, session->key, "in");
    cs_case_observe_as(run, "put", "found", "%s",
                       found_at_once(ep, &(struct ep_call){.method = "PUT",
                                                           .path = in,
                                                           .auth = ep_env(ep)->secret_key,
                                                           .body = ""}));
    session = ep_session(ep);
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token, NULL);
    cs_case_observe_as(run, "subscribe", "found", "%s", sub->status == 404 ? "not found" : "found");
    ep_unsubscribe(sub);
    observe_replica_routes(ep);
}

/* ---- paths ---- */

static const char *addressed(struct ep *ep, const char *segment, const char *id)
{
    const char *path = ep_text(ep, "/api/v1/sessions/%s", segment);
    const struct ep_answer *answer = ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key);
    const char *found = cJSON_GetStringValue(ep_get(answer, "externalId"));
    return found && !strcmp(found, id) ? "finds it" : "does not";
}

/* "." and ".." are the same for every run, so their creates may well be repeats or refused ones. */
static void odd_paths(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    ep_allowed(ep, ep_post_session(ep, ep_create_body(ep, ".", NULL)));
    ep_allowed(ep, ep_post_session(ep, ep_create_body(ep, "..", NULL)));
    cs_case_observe_as(run, "dot", "does not", "%s", addressed(ep, ".", "."));
    cs_case_observe_as(run, "dot_escaped", "does not", "%s", addressed(ep, "%2E", "."));
    cs_case_observe_as(run, "two_dots", "does not", "%s", addressed(ep, "..", ".."));
    cs_case_observe_as(run, "two_dots_escaped", "does not", "%s", addressed(ep, "%2e%2E", ".."));
    const char *unique = ep_unique(ep, "chat");
    const struct ep_session *text = ep_session_with(ep, ep_text(ep, "%s%%2Fx", unique), NULL);
    const struct ep_session *slash = ep_session_with(ep, ep_text(ep, "%s/x", unique), NULL);
    const struct ep_answer *plain = ep_need(ep, retrieve(ep, slash->external_id));
    if (strcmp(ep_need_text(ep, plain, "id"), slash->id) != 0) {
        cs_case_error(run, "an id with a slash finds another session");
    }
    const struct ep_answer *answer = retrieve(ep, text->external_id);
    const char *found = cJSON_GetStringValue(ep_get(answer, "id"));
    cs_case_observe_as(run, "text_%2F", "finds the one with a slash", "%s",
                       found && !strcmp(found, slash->id)  ? "finds the one with a slash"
                       : found && !strcmp(found, text->id) ? "finds it"
                                                           : "finds nothing");
}

#define SK   CS_NEEDS_SECRET_KEY
#define RUNS (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
const struct cs_case endpoint_observed_session_cases[] = {
    {"endpoint/session/opaque-ids", "What ids are made of", "SES-04", CS_OBSERVED, SK, 0,
     opaque_ids},
    {"endpoint/session/unknown-task", "A task that is not deployed gets a run that waits", "SES-07",
     CS_OBSERVED, RUNS, 0, unknown_task},
    {"endpoint/session/repeat-keeps-the-rest", "A repeat replaces the trigger config only",
     "SES-11", CS_OBSERVED, SK, 0, repeat_keeps_the_rest},
    {"endpoint/session/refused-repeat-writes", "A refused repeat has replaced the trigger config",
     "SES-17", CS_OBSERVED, SK, 0, refused_repeat_writes},
    {"endpoint/session/expired-create", "A first create that has expired leaves a row without run",
     "SES-19", CS_OBSERVED, SK, 0, expired_create},
    {"endpoint/session/expiry-forms", "expiresAt is read as JavaScript's Date reads it", "SES-20",
     CS_OBSERVED, SK, 0, expiry_forms},
    {"endpoint/session/missing-version", "A pin to a missing version leaves a row without run",
     "SES-34", CS_OBSERVED, SK, 0, missing_version},
    {"endpoint/session/failure-is-repeatable", "A create that failed inside can be repeated",
     "SES-35", CS_OBSERVED, SK, 0, failure_is_repeatable},
    {"endpoint/session/pending-version", "Create may say that its run waits for a deployment",
     "SES-37", CS_MAY, SK, 0, pending_version},
    {"endpoint/session/patch-when-over", "PATCH works on closed and expired sessions", "SES-43",
     CS_OBSERVED, SK, 0, patch_when_over},
    {"endpoint/session/found-after-create", "What finds a session right after its create", "SES-52",
     CS_OBSERVED, SK, 0, found_after_create},
    {"endpoint/session/odd-paths", "Dots and %2F in ids do not survive a path", "SES-53",
     CS_OBSERVED, SK, 0, odd_paths},
    {0},
};
