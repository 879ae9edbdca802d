/* The adapter around the reference client (harness/client), and the shortest whole example of the
 * line protocol in ../PROTOCOL.md.
 *
 *     chatspec-reference-client [--fault NAME=VALUE]...
 *
 * The client is blocking: while a turn is read, commands are seen when a chunk has been delivered.
 * So after each chunk the suite gets a moment to say something, which is when it does: it stops or
 * supersedes a turn because it has seen a chunk of it.
 *
 * A fault overrides one decision of the client (harness/client/policy.h); that is how the cases of
 * the client role are shown to be able to fail.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/chat.h"
#include "conformance/peers/reference/head_start.h"
#include "conformance/peers/reference/lines.h"
#include "conformance/peers/reference/memory.h"
#include "conformance/peers/reference/say.h"
#include "conformance/peers/reference/session.h"
#include "conformance/peers/reference/subscription.h"

#define PROTOCOL       1
#define CHUNK_GRACE_MS 200
/* After so many chunks of a turn commands are waited for; after each, those that are there already
 * are seen. */
#define GRACED_CHUNKS   5
#define FOR_EVER        INT64_MAX
#define TURN_TIMEOUT_MS 600000

enum reading {
    READ_NOTHING,
    READ_TURN,
    READ_RESUMED
};

struct adapter {
    struct cs_lines lines;
    struct cs_chat_policy policy;
    struct cs_chat *chat;
    cJSON *opened;                     /* the `open` command */
    struct session *session;           /* of the kind `session`; NULL: a transport */
    struct subscription *subscription; /* of the kind `subscription`; or NULL */
    bool hopped;                       /* a head start has been used */
    cJSON *kept;                       /* all chunks that were delivered: the keep_chunks fault */
    cJSON *deferred;                   /* commands that came while an answer was waited for */
    int last_ask;
    int reading_id; /* the command whose turn is read, or is to be read next */
    enum reading next;
    int n_chunks; /* of the turn that is read */
    bool silent;  /* what is read now was dropped by a reset */
    bool over;
};

/* ---- saying ---- */

/* "fail" for a command, "error" for a stream. */
static void say_failed(struct adapter *adapter, const char *name, int id,
                       enum cs_chat_result result)
{
    const struct cs_chat_error *error = cs_chat_error(adapter->chat);
    cJSON *event = event_of(name, id);
    cJSON *told = cJSON_AddObjectToObject(event, "error");
    cJSON_AddStringToObject(told, "name", cs_chat_result_name(result));
    cJSON_AddStringToObject(told, "message", error->text);
    if (error->status > 0) {
        cJSON_AddNumberToObject(told, "status", error->status);
    }
    if (error->code[0]) {
        cJSON_AddStringToObject(told, "code", error->code);
    }
    say(event);
}

static const char *const commands[] = {
    "send",   "regenerate", "action", "stop",  "session", "reconnect", "pending", "close", "open",
    "answer", "reset",      "quit",   "write", "read",    "call",      "resume",  "memory"};
#define N_OF_A_CHAT 7 /* the first of them */
static const char *const of_session[] = {"write", "read", "call"};
static const char *const of_subscription[] = {"read", "resume"};
static const char *const features[] = {"head-start", "aborted-send"};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static bool is_known(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void say_hello(void)
{
    cJSON *hello = cJSON_CreateObject();
    if (!hello) {
        out_of_memory();
    }
    cJSON_AddStringToObject(hello, "event", "hello");
    cJSON_AddNumberToObject(hello, "protocol", PROTOCOL);
    cJSON_AddStringToObject(hello, "name", "chatspec-reference-client");
    cJSON_AddStringToObject(hello, "version", CHATSPEC_VERSION);
    cJSON_AddItemToObject(hello, "capabilities",
                          cJSON_CreateStringArray(commands, (int)N_COMMANDS));
    /* The same client twice: as a browser's, and as a server's, which has the key. */
    cJSON *kinds = cJSON_AddObjectToObject(hello, "kinds");
    cJSON_AddItemToObject(kinds, "transport", cJSON_CreateStringArray(commands, N_OF_A_CHAT));
    cJSON_AddItemToObject(kinds, "agent", cJSON_CreateStringArray(commands, N_OF_A_CHAT));
    cJSON_AddItemToObject(
        kinds, "session",
        cJSON_CreateStringArray(of_session, sizeof of_session / sizeof *of_session));
    cJSON_AddItemToObject(
        kinds, "subscription",
        cJSON_CreateStringArray(of_subscription, sizeof of_subscription / sizeof *of_subscription));
    cJSON_AddItemToObject(hello, "features",
                          cJSON_CreateStringArray(features, sizeof features / sizeof *features));
    say(hello);
}

/* ---- reading commands ---- */

static int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

/* The next command, or NULL when there was none in time; at the end of input the adapter is over.
 */
static cJSON *read_command(struct adapter *adapter, int64_t timeout_ms)
{
    char *line;
    enum cs_err err = cs_lines_next(&adapter->lines, timeout_ms, &line);
    if (err != CS_OK) {
        adapter->over = adapter->over || err != CS_ERR_TIMEOUT;
        return NULL;
    }
    cJSON *command = cJSON_Parse(line);
    free(line);
    if (!command) {
        say_refusal(-1, "the line is not JSON");
    }
    return command;
}

/* ---- questions ---- */

/* Asks, and keeps whatever else comes until the answer is there for later. */
static bool ask(struct adapter *adapter, const char *kind, struct cs_buf *ret_token,
                struct cs_diag *diag)
{
    int number = ++adapter->last_ask;
    cJSON *question = cJSON_CreateObject();
    if (!question) {
        out_of_memory();
    }
    cJSON_AddStringToObject(question, "event", "ask");
    cJSON_AddNumberToObject(question, "ask", number);
    cJSON_AddStringToObject(question, "kind", kind);
    say(question);
    while (!adapter->over) {
        cJSON *command = read_command(adapter, FOR_EVER);
        const char *name = text_of(command, "command");
        if (!name || strcmp(name, "answer") != 0 || number_of(command, "ask") != number) {
            cJSON_AddItemToArray(adapter->deferred, command);
            continue;
        }
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(command, "value");
        const char *token = cJSON_IsObject(value) ? text_of(value, "publicAccessToken")
                                                  : cJSON_GetStringValue(value);
        if (token) {
            cs_buf_str(ret_token, token);
        } else {
            const char *why = text_of(command, "error");
            cs_fail(diag, CS_ERR_MISSING, 0, "%.150s", why ? why : "no token was given");
        }
        say_plain("ok", number_of(command, "id"));
        cJSON_Delete(command);
        return token != NULL;
    }
    return false;
}

static bool ask_start(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag)
{
    return ask(ctx, "start", ret_token, diag);
}

static bool ask_token(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag)
{
    return ask(ctx, "token", ret_token, diag);
}

/* ---- the chat ---- */

static void drop_chat(struct adapter *adapter)
{
    cs_chat_free(adapter->chat);
    adapter->chat = NULL;
}

/* The chat of a command; made at its first use, from what `open` said. */
static bool need_chat(struct adapter *adapter, const cJSON *command)
{
    if (adapter->chat) {
        return true;
    }
    const char *id = text_of(command, "chat");
    if (!adapter->opened || !id) {
        return false;
    }
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(adapter->opened, "options"), "streamTimeoutSeconds");
    bool starter = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(adapter->opened, "starter"));
    const char *kind = text_of(adapter->opened, "kind");
    bool agent = kind && strcmp(kind, "agent") == 0;
    struct cs_chat_options options = {.base_url = text_of(adapter->opened, "baseUrl"),
                                      .task = text_of(adapter->opened, "task"),
                                      .chat_id = id,
                                      .start = starter ? ask_start : NULL,
                                      .refresh = agent ? NULL : ask_token,
                                      .secret_key =
                                          agent ? text_of(adapter->opened, "secretKey") : NULL,
                                      .ctx = adapter,
                                      .timeout_s = cJSON_IsNumber(timeout) ? timeout->valueint : 0,
                                      .policy = &adapter->policy};
    adapter->chat = cs_chat_new(&options);
    const cJSON *stored = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(adapter->opened, "options"), "sessions"),
        id);
    if (adapter->chat && stored) {
        char *state = cJSON_PrintUnformatted(stored);
        bool taken = state && cs_chat_import(adapter->chat, state) == CS_OK;
        cJSON_free(state);
        if (!taken) {
            drop_chat(adapter);
        }
    }
    return adapter->chat != NULL;
}

/* ---- commands while something is read ---- */

static void do_session(struct adapter *adapter, int id)
{
    char *state = cs_chat_export(adapter->chat);
    cJSON *event = event_of("ok", id);
    cJSON_AddItemToObject(event, "value", state ? cJSON_Parse(state) : NULL);
    free(state);
    say(event);
}

static void do_memory(int id)
{
    cJSON *event = event_of("ok", id);
    double held = held_bytes();
    cJSON_AddItemToObject(event, "value", held < 0 ? cJSON_CreateNull() : cJSON_CreateNumber(held));
    say(event);
}

static bool drops(const char *name)
{
    return strcmp(name, "reset") == 0 || strcmp(name, "close") == 0 || strcmp(name, "open") == 0 ||
           strcmp(name, "quit") == 0;
}

/* For struct heed. */
static bool heed_waiting(void *ctx)
{
    struct adapter *adapter = ctx;
    cJSON *command;
    bool dropped = false;
    while (!dropped && (command = read_command(adapter, 0))) {
        const char *name = text_of(command, "command");
        int id = number_of(command, "id");
        if (name && strcmp(name, "memory") == 0) {
            do_memory(id);
        } else if (name && strcmp(name, "session") == 0 && adapter->chat) {
            do_session(adapter, id);
        } else if (name && strcmp(name, "resume") == 0 && adapter->subscription) {
            subscription_resume(adapter->subscription, id);
        } else {
            dropped = name && drops(name);
            cJSON_AddItemToArray(adapter->deferred, command);
            continue;
        }
        cJSON_Delete(command);
    }
    return dropped || adapter->over;
}

/* ---- commands ---- */

static enum cs_chat_result send_last_message(struct adapter *adapter, const cJSON *command)
{
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(command, "messages");
    int n = cJSON_GetArraySize(messages);
    char *last = n > 0 ? cJSON_PrintUnformatted(cJSON_GetArrayItem(messages, n - 1)) : NULL;
    if (!last) {
        return CS_CHAT_USAGE;
    }
    enum cs_chat_result result = cs_chat_send_message(adapter->chat, last);
    cJSON_free(last);
    return result;
}

static enum cs_chat_result send_action(struct adapter *adapter, const cJSON *command)
{
    char *json = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(command, "action"));
    if (!json) {
        return CS_CHAT_USAGE;
    }
    enum cs_chat_result result = cs_chat_action(adapter->chat, json);
    cJSON_free(json);
    return result;
}

static void do_pending(struct adapter *adapter, const cJSON *command, int id)
{
    char *message = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(command, "message"));
    enum cs_chat_result result = cs_chat_steer_message(adapter->chat, message);
    cJSON_free(message);
    cJSON *event = event_of("ok", id);
    cJSON_AddBoolToObject(event, "value", result == CS_CHAT_OK);
    say(event);
}

/* A command that begins a stream was accepted or not. A turn that is read now is superseded. */
static void began(struct adapter *adapter, int id, enum cs_chat_result result)
{
    if (result != CS_CHAT_OK) {
        say_failed(adapter, "fail", id, result);
        return;
    }
    if (adapter->reading_id >= 0 && !adapter->silent) {
        say_plain("end", adapter->reading_id);
    }
    say_stream(id, true);
    adapter->reading_id = id;
    adapter->next = READ_TURN;
}

static void do_reconnect(struct adapter *adapter, int id)
{
    bool resumes = cs_chat_token(adapter->chat) && cs_chat_streaming(adapter->chat) &&
                   !cs_chat_closed(adapter->chat) && adapter->reading_id < 0;
    say_stream(id, resumes);
    if (resumes) {
        adapter->reading_id = id;
        adapter->next = READ_RESUMED;
    }
}

/* Is this the first send of a session that begins elsewhere? */
static bool begins_elsewhere(const struct adapter *adapter)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(adapter->opened, "options");
    return text_of(options, "headStart") &&
           (adapter->policy.hop_every_turn || (!adapter->hopped && !cs_chat_token(adapter->chat)));
}

static void do_send(struct adapter *adapter, const cJSON *command, int id)
{
    if (!begins_elsewhere(adapter)) {
        began(adapter, id, send_last_message(adapter, command));
        return;
    }
    adapter->hopped = true;
    const struct head_start start = {.opened = adapter->opened,
                                     .policy = &adapter->policy,
                                     .chat = adapter->chat,
                                     .heed = {heed_waiting, adapter}};
    head_start_send(&start, command, id);
}

static void forget_opened(struct adapter *adapter)
{
    cJSON_Delete(adapter->opened);
    adapter->opened = NULL;
    session_free(adapter->session);
    adapter->session = NULL;
    subscription_free(adapter->subscription);
    adapter->subscription = NULL;
    adapter->hopped = false;
}

/* True: the command is answered. */
static bool open_client(struct adapter *adapter, const cJSON *command, int id)
{
    const char *kind = text_of(command, "kind");
    forget_opened(adapter);
    adapter->opened = cJSON_Duplicate(command, true);
    adapter->silent = true; /* the client before it is gone */
    adapter->next = READ_NOTHING;
    if (kind && strcmp(kind, "session") == 0) {
        adapter->session = session_open(command, &adapter->policy, id);
        return true;
    }
    if (kind && strcmp(kind, "subscription") == 0) {
        adapter->subscription =
            subscription_open(command, &adapter->policy, (struct heed){heed_waiting, adapter}, id);
        return true;
    }
    say_plain("ok", id);
    return true;
}

/* Commands about the adapter itself; false when this is none of them. */
static bool obey_housekeeping(struct adapter *adapter, cJSON *command, const char *name, int id)
{
    if (strcmp(name, "open") == 0) {
        return open_client(adapter, command, id);
    }
    if (strcmp(name, "memory") == 0) {
        do_memory(id);
        return true;
    }
    if (strcmp(name, "reset") == 0 || strcmp(name, "close") == 0) {
        /* The chat cannot go while it is read; what it still says is not passed on. */
        forget_opened(adapter);
        adapter->silent = true;
        adapter->next = READ_NOTHING;
    } else if (strcmp(name, "quit") == 0) {
        adapter->over = true;
    } else {
        return false;
    }
    say_plain("ok", id);
    return true;
}

/* Its caller no longer wants it (CAP-75). */
static bool is_aborted(const cJSON *command)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "aborted"));
}

static void obey(struct adapter *adapter, cJSON *command)
{
    const char *name = text_of(command, "command");
    int id = number_of(command, "id");
    if (!name) {
        say_refusal(id, "a command has a name");
    } else if (!is_known(name)) {
        say_unsupported(id, name, NULL);
    } else if (obey_housekeeping(adapter, command, name, id)) {
        return;
    } else if (adapter->session) {
        session_obey(adapter->session, command, name, id);
    } else if (adapter->subscription && strcmp(name, "read") == 0) {
        subscription_read(adapter->subscription, command, id);
    } else if (adapter->subscription && strcmp(name, "resume") == 0) {
        subscription_resume(adapter->subscription, id);
    } else if (!need_chat(adapter, command)) {
        say_refusal(id, "no such chat is open");
    } else if (strcmp(name, "send") == 0 && is_aborted(command) && !adapter->policy.post_aborted) {
        say_error("fail", id, "AbortError", "the send was aborted", 0);
    } else if (strcmp(name, "send") == 0) {
        do_send(adapter, command, id);
    } else if (strcmp(name, "regenerate") == 0) {
        began(adapter, id, cs_chat_regenerate(adapter->chat));
    } else if (strcmp(name, "action") == 0) {
        began(adapter, id, send_action(adapter, command));
    } else if (strcmp(name, "reconnect") == 0) {
        do_reconnect(adapter, id);
    } else if (strcmp(name, "pending") == 0) {
        do_pending(adapter, command, id);
    } else if (strcmp(name, "session") == 0) {
        do_session(adapter, id);
    } else if (strcmp(name, "stop") == 0) {
        enum cs_chat_result result = cs_chat_stop(adapter->chat, NULL);
        if (result == CS_CHAT_OK) {
            say_plain("ok", id);
        } else {
            say_failed(adapter, "fail", id, result);
        }
    } else {
        say_refusal(id, "there is no such question"); /* an answer that nobody waits for */
    }
}

/* ---- turns ---- */

static bool on_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    struct adapter *adapter = ctx;
    int id = adapter->reading_id;
    cJSON *event = event_of("chunk", id);
    cJSON *value = cJSON_ParseWithLength(chunk->data.ptr, chunk->data.len);
    cJSON_AddItemToObject(event, "chunk", value ? value : cJSON_CreateNull());
    if (adapter->policy.keep_chunks) {
        cJSON_AddItemToArray(adapter->kept, cJSON_Duplicate(event, true));
    }
    say(event);
    int64_t grace = adapter->n_chunks++ < GRACED_CHUNKS ? CHUNK_GRACE_MS : 0;
    cJSON *command;
    while (!adapter->silent && adapter->reading_id == id &&
           (command = read_command(adapter, grace))) {
        obey(adapter, command);
        cJSON_Delete(command);
    }
    return !adapter->silent && !adapter->over;
}

static bool ended_well(enum cs_chat_result result)
{
    return result == CS_CHAT_OK || result == CS_CHAT_SETTLED || result == CS_CHAT_STOPPED;
}

/* Reads turns until there is none left to read: one may supersede the other. */
static void read_turns(struct adapter *adapter)
{
    while (adapter->next != READ_NOTHING) {
        enum reading kind = adapter->next;
        int id = adapter->reading_id;
        adapter->next = READ_NOTHING;
        adapter->silent = false;
        adapter->n_chunks = 0;
        enum cs_chat_result result =
            kind == READ_TURN
                ? cs_chat_read_turn(adapter->chat, on_chunk, adapter, TURN_TIMEOUT_MS)
                : cs_chat_reconnect(adapter->chat, on_chunk, adapter, TURN_TIMEOUT_MS);
        if (adapter->reading_id != id) {
            continue; /* superseded, and its end was told */
        }
        if (!adapter->silent && ended_well(result)) {
            say_plain("end", id);
        } else if (!adapter->silent) {
            say_failed(adapter, "error", id, result);
        }
        adapter->reading_id = -1;
    }
    if (adapter->silent) {
        adapter->silent = false;
        adapter->reading_id = -1;
        drop_chat(adapter);
    }
}

static cJSON *next_command(struct adapter *adapter)
{
    if (cJSON_GetArraySize(adapter->deferred) > 0) {
        return cJSON_DetachItemFromArray(adapter->deferred, 0);
    }
    return read_command(adapter, FOR_EVER);
}

/* ---- start ---- */

/* NAME=VALUE: false when the policy has no such field or it is no number. */
static bool set_fault(struct cs_chat_policy *policy, const char *text)
{
    const char *equals = strchr(text, '=');
    struct cs_view name = cs_view_of(text, equals ? (size_t)(equals - text) : 0);
    char *end;
    int64_t value = equals ? strtoll(equals + 1, &end, 10) : 0;
    if (!equals || end == equals + 1 || *end != '\0') {
        return false;
    }
#define SET_FIELD(field, preset, what)       \
    if (cs_view_eq(name, CS_VIEW(#field))) { \
        policy->field = value;               \
        return true;                         \
    }
    CS_CHAT_POLICY_FIELDS(SET_FIELD)
#undef SET_FIELD
    return false;
}

static bool take_arguments(struct adapter *adapter, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--fault") != 0 || i + 1 == argc ||
            !set_fault(&adapter->policy, argv[i + 1])) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct adapter adapter = {.lines = {.fd = STDIN_FILENO, .bytes = CS_BUF(CS_LINES_MAX)},
                              .policy = cs_chat_policy_default(),
                              .deferred = cJSON_CreateArray(),
                              .kept = cJSON_CreateArray(),
                              .reading_id = -1};
    if (!adapter.deferred || !adapter.kept) {
        out_of_memory();
    }
    if (!take_arguments(&adapter, argc, argv)) {
        fputs("usage: chatspec-reference-client [--fault NAME=VALUE]...\n", stderr);
        cJSON_Delete(adapter.deferred);
        cJSON_Delete(adapter.kept);
        return 2;
    }
    say_hello();
    while (!adapter.over) {
        cJSON *command = next_command(&adapter);
        if (command) {
            obey(&adapter, command);
            cJSON_Delete(command);
            read_turns(&adapter);
        }
    }
    drop_chat(&adapter);
    forget_opened(&adapter);
    cJSON_Delete(adapter.deferred);
    cJSON_Delete(adapter.kept);
    cs_buf_free(&adapter.lines.bytes);
    return 0;
}
