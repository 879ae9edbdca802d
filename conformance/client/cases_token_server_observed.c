/* The credential of clients that run on a server and know the secret key: which one they send, and
 * what they make of one that is refused. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_subscription.h"

#define TURN              \
    "app#1: APP(200,0)\n" \
    "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0 | EOF}\n"

static struct ck *opened(struct cs_case_run *run, const char *kind, const char *script,
                         const char *members)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "%s", script);
    ck_open_kind(ck, kind, members);
    return ck;
}

/* Of all requests so far: "the secret key", or that of the first one with another. */
static const char *bearers(struct ck *ck)
{
    const char *key = ck_text(ck, "Bearer %s", ck_secret_key());
    for (size_t i = 0; i < cs_scripted_count(ck_server(ck)); i++) {
        const struct cs_logged *request = cs_scripted_request(ck_server(ck), i);
        if (strcmp(ck_header(ck, request, "Authorization"), key) != 0) {
            return ck_text(ck, "another on %s", cs_target_name(request->target));
        }
    }
    return "the secret key";
}

/* ---- which one is sent ---- */

static void agent_key(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "agent", TURN, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_record(ck, "every request has", "the secret key", "%s", bearers(ck));
}

static void handle_key(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "out#1: OUT{T 0 one | EOF}\n", NULL);
    ck_do(ck, "write", "{\"value\":\"x\"}");
    ck_wait_over(ck, ck_begin(ck, "read", NULL));
    ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_record(ck, "every request has", "the secret key", "%s", bearers(ck));
}

/* The route of a web server that runs the first turn itself. */
static void route_key(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "head-start", "",
                           "{\"model\":{\"text\":\"hi\",\"chunks\":[{\"type\":\"text-delta\","
                           "\"id\":\"t\",\"delta\":\"hi\"}]}}");
    int stream =
        ck_begin(ck, "head-start",
                 ck_text(ck,
                         "{\"body\":{\"chatId\":\"%s\",\"trigger\":\"submit-message\","
                         "\"headStartMessages\":[{\"id\":\"u1\",\"role\":\"user\",\"parts\":"
                         "[{\"type\":\"text\",\"text\":\"q\"}]}]}}",
                         ck_chat(ck)));
    ck_wait_over(ck, stream);
    ck_wait_request(ck, CS_TARGET_CREATE, 1);
    ck_record(ck, "every request has", "the secret key", "%s", bearers(ck));
}

static void refreshed_is_ignored(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app*: APP(200,+)\n"
              "out#1: OUT{T 0 one; C 1 turn-complete public-access-token=%s}\n"
              "out#2: OUT{T 2 two; C 3 turn-complete}\n",
              ck_token(ck, "P2"));
    ck_open_kind(ck, "agent", NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    int second = ck_send(ck, "second");
    ck_wait_over(ck, second);
    ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_record(ck, "the second turn delivers", "two", "%s", ck_delivered(ck, second));
    ck_record(ck, "every request has", "the secret key", "%s", bearers(ck));
}

static void branch(struct cs_case_run *run, const char *members)
{
    struct ck *ck = opened(run, "agent", TURN, members);
    ck_wait_over(ck, ck_send(ck, "first"));
    static const enum cs_target targets[] = {CS_TARGET_CREATE, CS_TARGET_APP, CS_TARGET_OUT};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        ck_record(ck, ck_text(ck, "the branch on %s", cs_target_name(targets[i])), "feat-1", "%s",
                  ck_header(ck, ck_wait_request(ck, targets[i], 1), "x-trigger-branch"));
    }
}

static void branch_of_options(struct cs_case_run *run)
{
    branch(run, "{\"options\":{\"previewBranch\":\"feat-1\"}}");
}

static void branch_of_environment(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "environment");
    branch(run, "{\"environment\":{\"TRIGGER_PREVIEW_BRANCH\":\"feat-1\"}}");
}

/* The key comes from the environment, and is another one before the connection is lost. */
#define KEY_OF_NOW(name) "\"secretKey\":null,\"environment\":{\"TRIGGER_SECRET_KEY\":\"" name "\"}"

static void rotated(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "environment");
    struct ck *ck = opened(run, "agent",
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 0 one; AWAIT rotated | RST}\n"
                           "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=0}\n",
                           "{" KEY_OF_NOW("tr_dev_old") "}");
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_open_kind(ck, "agent", "{\"client\":\"second\"," KEY_OF_NOW("tr_dev_new") "}");
    ck_release(ck, "rotated");
    ck_wait_over(ck, stream);
    ck_record(ck, "the first subscription has", "Bearer tr_dev_old", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Authorization"));
    const char *second = ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Authorization");
    cs_case_observe(run, "the second has", "%s", second);
    ck_record_flag(ck, "the second has the key of then", "agent_key_per_attempt",
                   strcmp(second, "Bearer tr_dev_new") == 0);
}

/* The same for a key that the client was configured with. */
static void reconfigured(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run, "agent",
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 0 one; AWAIT rotated | RST}\n"
                           "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=0}\n",
                           "{\"secretKey\":\"tr_dev_old\"}");
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_open_kind(ck, "agent", "{\"client\":\"second\",\"secretKey\":\"tr_dev_new\"}");
    ck_release(ck, "rotated");
    ck_wait_over(ck, stream);
    ck_record(ck, "the second subscription has", "Bearer tr_dev_old", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Authorization"));
}

/* ---- refused ---- */

static void agent_append_refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "agent", "app*: APP(401)\n", NULL);
    int stream = ck_send(ck, "first");
    const cJSON *error = ck_wait_error(ck, stream);
    ck_settle(ck);
    ck_record(ck, "it fails with", "TriggerApiError 401", "%s", ck_error_text(ck, error));
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
    ck_record(ck, "creates", "1", "%llu", ck_count(ck, CS_TARGET_CREATE));
}

static void agent_read_refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "agent", "app#1: APP(200,0)\nout*: OUT(401)\n", NULL);
    int stream = ck_send(ck, "first");
    const cJSON *error = ck_wait_error(ck, stream);
    ck_settle(ck);
    ck_record(ck, "it fails with", "TriggerApiError 401", "%s", ck_error_text(ck, error));
    ck_record(ck, "subscriptions", "1", "%llu", ck_count(ck, CS_TARGET_OUT));
}

static void subscription_refused(struct cs_case_run *run)
{
    static const int statuses[] = {401, 403};
    struct ck *ck = ck_of(run);
    for (size_t i = 0; i < 2; i++) {
        unsigned long long before = ck_count(ck, CS_TARGET_OUT);
        size_t told = ck_count_events(ck, "error");
        ck_script(ck, "out*: OUT(%d)\n", statuses[i]);
        ck_sub_open(ck, "{\"retryDelayMs\":1,\"maxRetryDelayMs\":1}");
        int stream = ck_sub_read(ck);
        const char *error = ck_error_text(ck, ck_wait_error(ck, stream));
        ck_settle(ck);
        ck_record(ck, ck_text(ck, "after %d it fails with", statuses[i]),
                  ck_text(ck, "TriggerApiError %d", statuses[i]), "%s", error);
        ck_record(ck, ck_text(ck, "subscriptions, %d", statuses[i]), "1", "%llu",
                  ck_count(ck, CS_TARGET_OUT) - before);
        ck_record(ck, ck_text(ck, "calls of the callback, %d", statuses[i]), "1", "%zu",
                  ck_count_events(ck, "error") - told);
    }
}

static void handle_read_refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "session", "out*: OUT(401)\n", NULL);
    int stream = ck_begin(ck, "read", NULL);
    const cJSON *error = ck_wait_error(ck, stream);
    ck_settle(ck);
    ck_record(ck, "it fails with", "TriggerApiError 401", "%s", ck_error_text(ck, error));
    ck_record(ck, "subscriptions", "1", "%llu", ck_count(ck, CS_TARGET_OUT));
    ck_record(ck, "calls of the callback", "1", "%zu", ck_count_events(ck, "error"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "token-server", __VA_ARGS__)

const struct cs_case client_token_server_observed_cases[] = {
    OBSERVED("key-of-an-agent", "an agent's client sends its key, whatever token create gave",
             "CTK-03", agent_key),
    OBSERVED("key-of-a-handle", "so does the handle of a session", "CTK-03", handle_key),
    OBSERVED("key-of-a-route", "so does the head-start handler", "CTK-03", route_key),
    OBSERVED("refreshed-is-ignored", "a new token on a turn-complete changes nothing", "CTK-12",
             refreshed_is_ignored),
    OBSERVED("append-refused", "a refused append fails at once", "CTK-27", agent_append_refused),
    OBSERVED("read-refused", "a refused subscription fails at once", "CTK-27", agent_read_refused),
    OBSERVED("subscription-refused",
             "a bare subscription without fresh headers fails at once, and tells it once", "CTK-28",
             subscription_refused),
    OBSERVED("handle-read-refused", "so does the read of a session's handle", "CTK-28",
             handle_read_refused),
    OBSERVED("branch", "a preview branch is named on every request", "CTK-44", branch_of_options),
    OBSERVED("branch-of-environment", "one from the environment too", "CTK-44",
             branch_of_environment),
    OBSERVED("rotated", "whether a reconnect has the environment's key of then", "CTK-45", rotated),
    OBSERVED("reconfigured", "a reconnect keeps the key that the turn began with", "CTK-45",
             reconfigured),
    {0},
};
