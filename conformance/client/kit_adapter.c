/* The kit's ear and mouth to the adapter: commands out, events in, questions answered. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "conformance/client/kit_internal.h"

#define WRITE_PATIENCE_MS 5000

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

/* Writes one JSON object as a line; it is freed. */
static enum cs_err write_json(struct ck *ck, cJSON *object)
{
    char *line = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!line) {
        return CS_ERR_NO_MEMORY;
    }
    enum cs_err err =
        cs_process_write_line(ck->adapter->process, cs_view_str(line), WRITE_PATIENCE_MS);
    if (!ck->over) {
        cs_case_evidence(ck->run, "sent", "to the adapter", cs_view_str(line));
    }
    cJSON_free(line);
    return err;
}

/* ---- questions ---- */

static cJSON *start_value(struct ck *ck)
{
    cJSON *value = cJSON_CreateObject();
    if (!value || !cJSON_AddStringToObject(value, "publicAccessToken", ck_token(ck, "P1"))) {
        cJSON_Delete(value);
        return NULL;
    }
    return value;
}

/* A fresh token, or headers with it. */
static bool add_fresh(struct ck *ck, cJSON *reply, const char *token, bool in_headers)
{
    cJSON *headers = in_headers ? cJSON_AddObjectToObject(reply, "value") : NULL;
    const char *bearer = in_headers ? ck_text(ck, "Bearer %s", token) : token;
    return (headers || !in_headers) &&
           cJSON_AddStringToObject(in_headers ? headers : reply,
                                   in_headers ? "Authorization" : "value", bearer) != NULL;
}

static void answer(struct ck *ck, const cJSON *question)
{
    const char *kind = text_of(question, "kind");
    bool start = kind && strcmp(kind, "start") == 0;
    unsigned n = ++ck->n_asks[start ? CK_ASK_START : CK_ASK_TOKEN];
    cJSON *reply = cJSON_CreateObject();
    bool made = reply && cJSON_AddNumberToObject(reply, "id", ++ck->next_command) &&
                cJSON_AddStringToObject(reply, "command", "answer") &&
                cJSON_AddNumberToObject(reply, "ask", number_of(question, "ask"));
    if (made && start) {
        made = cJSON_AddItemToObject(reply, "value", start_value(ck));
    } else if (made && ck->refuse_tokens) {
        made = cJSON_AddStringToObject(reply, "error", "no token for you") != NULL;
    } else if (made) {
        char name[16];
        snprintf(name, sizeof name, "R%u", n);
        made = add_fresh(ck, reply, ck_token(ck, name), kind && strcmp(kind, "headers") == 0);
    }
    if (!made) {
        cJSON_Delete(reply);
        reply = NULL;
    }
    enum cs_err err = write_json(ck, reply);
    if (err != CS_OK) {
        ck->lost = err;
    }
}

void ck_refuse_tokens(struct ck *ck)
{
    ck->refuse_tokens = true;
}

/* ---- events ---- */

static enum cs_err add_event(struct ck *ck, struct cs_view line)
{
    ck->n_bytes += line.len;
    if (ck->n_events == CK_MAX_EVENTS || ck->n_bytes > CK_MAX_HEARD) {
        return CS_ERR_LIMIT;
    }
    if (ck->n_events == ck->cap_events) {
        size_t cap = ck->cap_events ? ck->cap_events * 2 : 64;
        cJSON **grown = realloc(ck->events, cap * sizeof(cJSON *));
        if (!grown) {
            return CS_ERR_NO_MEMORY;
        }
        ck->events = grown;
        ck->cap_events = cap;
    }
    size_t n_replaced;
    cJSON *event = ck_parse_line(line, &n_replaced);
    if (n_replaced > 0 && !ck->over) {
        cs_case_evidence(ck->run, "note", "about the line above",
                         CS_VIEW("\\u0000 and halves of surrogate pairs in it are read as U+FFFD"));
    }
    if (!text_of(event, "event")) {
        cJSON_Delete(event);
        return CS_ERR_SYNTAX;
    }
    ck->events[ck->n_events++] = event;
    if (strcmp(text_of(event, "event"), "ask") == 0) {
        answer(ck, event);
    }
    return CS_OK;
}

/* Inside the loop nothing may leave by a jump: what is wrong is noted and told by who waits. */
static void readable(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct ck *ck = (struct ck *)((char *)watch - offsetof(struct ck, out));
    while (ck->lost == CS_OK) {
        struct cs_view line;
        ck->lost = cs_process_poll_line(ck->adapter->process, &line);
        if (ck->lost == CS_OK && !line.ptr) {
            break;
        }
        if (ck->lost == CS_OK && !ck->over) {
            cs_case_evidence(ck->run, "received", "from the adapter", line);
        }
        if (ck->lost == CS_OK) {
            ck->lost = add_event(ck, line);
        }
    }
    if (ck->lost != CS_OK) {
        ck_unlisten(ck);
    }
    cs_loop_stop(ck->loop);
}

void ck_listen(struct ck *ck)
{
    ck->out = (struct cs_watch){
        .fd = cs_process_out(ck->adapter->process), .events = EPOLLIN, .ready = readable};
    if (cs_watch_add(ck->loop, &ck->out) != CS_OK) {
        cs_case_error(ck->run, "the adapter's output cannot be watched");
    }
    ck->watching = true;
}

void ck_unlisten(struct ck *ck)
{
    if (ck->watching) {
        cs_watch_remove(ck->loop, &ck->out);
        ck->watching = false;
    }
}

const cJSON *ck_find_event(const struct ck *ck, const char *name)
{
    for (size_t i = 0; i < ck->n_events; i++) {
        if (strcmp(text_of(ck->events[i], "event"), name) == 0) {
            return ck->events[i];
        }
    }
    return NULL;
}

const cJSON *ck_event(const struct ck *ck, int command, const char *name, size_t n)
{
    for (size_t i = 0; i < ck->n_events; i++) {
        const cJSON *event = ck->events[i];
        if (number_of(event, "id") == command &&
            (!name || strcmp(text_of(event, "event"), name) == 0) && n-- == 0) {
            return event;
        }
    }
    return NULL;
}

/* ---- commands ---- */

int ck_command(struct ck *ck, cJSON *command)
{
    const char *name = command ? text_of(command, "command") : NULL;
    if (!name || !cJSON_AddNumberToObject(command, "id", ++ck->next_command)) {
        cJSON_Delete(command);
        ck_no_memory(ck);
    }
    if (!cs_adapter_offers(ck->adapter, name)) {
        const char *kept = ck_text(ck, "%s", name);
        cJSON_Delete(command);
        cs_case_skip(ck->run, "the adapter does not offer the command \"%s\"", kept);
    }
    enum cs_err err = write_json(ck, command);
    if (err == CS_ERR_NO_MEMORY) {
        ck_no_memory(ck);
    }
    if (err != CS_OK) {
        ck->lost = err;
        ck_adapter_lost(ck, "take a command");
    }
    return ck->next_command;
}

/* Waits for whatever is still on its way up to the answer of this one, so that the next case starts
 * on a line of its own. Called when the case is over: nothing here may fail it. */
bool ck_reset(struct ck *ck)
{
    cJSON *command = cJSON_CreateObject();
    int id = ++ck->next_command;
    if (!command || !cJSON_AddNumberToObject(command, "id", id) ||
        !cJSON_AddStringToObject(command, "command", "reset")) {
        cJSON_Delete(command);
        return false;
    }
    if (write_json(ck, command) != CS_OK) {
        return false;
    }
    int64_t deadline = cs_now_ms() + cs_client_patience(ck->env);
    while (!ck_event(ck, id, "ok", 0)) {
        if (ck->lost != CS_OK || !cs_loop_run(ck->loop, deadline)) {
            return ck_event(ck, id, "ok", 0) != NULL;
        }
    }
    return true;
}
