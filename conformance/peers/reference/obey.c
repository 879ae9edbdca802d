#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/reference/adapter.h"
#include "conformance/peers/reference/head_start.h"
#include "conformance/peers/reference/memory.h"
#include "conformance/peers/reference/say.h"
#include "conformance/peers/reference/session.h"
#include "conformance/peers/reference/subscription.h"

void adapter_say_failed(struct adapter *adapter, const char *name, int id,
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

/* ---- the chat ---- */

void adapter_drop_chat(struct adapter *adapter)
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
                                      .start = starter ? adapter_ask_start : NULL,
                                      .refresh = agent ? NULL : adapter_ask_token,
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
            adapter_drop_chat(adapter);
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
    while (!dropped && (command = adapter_read(adapter, 0))) {
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
        adapter_say_failed(adapter, "fail", id, result);
        return;
    }
    if (adapter->reading_id >= 0 && !adapter->silent) {
        say_plain("end", adapter->reading_id);
    }
    say_stream(id, true);
    adapter->reading_id = id;
    adapter->next = READ_TURN;
}

static void do_stop(struct adapter *adapter, int id)
{
    enum cs_chat_result result = cs_chat_stop(adapter->chat, NULL);
    if (result != CS_CHAT_OK) {
        adapter_say_failed(adapter, "fail", id, result);
        return;
    }
    /* Whatever came by now was sent while the stop was not answered. */
    cJSON *waiting = adapter->policy.late_stop_ends_read ? adapter_read(adapter, 0) : NULL;
    if (waiting) {
        adapter->cut_behind = id;
        cJSON_AddItemToArray(adapter->deferred, waiting);
    }
    say_plain("ok", id);
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

void adapter_forget_opened(struct adapter *adapter)
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
    adapter_forget_opened(adapter);
    adapter->opened = cJSON_Duplicate(command, true);
    adapter->silent = true; /* the client before it is gone */
    adapter->cut_behind = 0;
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
        adapter_forget_opened(adapter);
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

void adapter_obey(struct adapter *adapter, cJSON *command)
{
    const char *name = text_of(command, "command");
    int id = number_of(command, "id");
    if (!name) {
        say_refusal(id, "a command has a name");
    } else if (!adapter_knows(name)) {
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
        do_stop(adapter, id);
    } else {
        say_refusal(id, "there is no such question"); /* an answer that nobody waits for */
    }
}
