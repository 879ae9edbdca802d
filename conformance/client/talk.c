#include "conformance/client/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "net/http_client.h"

#define WRITE_PATIENCE_MS 5000
#define MAX_EVENTS        65536
/* What an adapter may say in a case; behind it is no client any more but a flood. */
#define MAX_HEARD ((size_t)256 * 1024 * 1024)

static const char *name_of(const cJSON *event)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));
    return name ? name : "";
}

static void show(const struct cs_talk *talk, const char *kind, const char *way, struct cs_view line)
{
    if (!talk->over) {
        char title[64];
        snprintf(title, sizeof title, "%s the %s", way, talk->who);
        cs_case_evidence(talk->run, kind, title, line);
    }
}

/* ---- in ---- */

enum cs_err cs_talk_keep(struct cs_talk *talk, cJSON *object)
{
    if (talk->n_events == MAX_EVENTS) {
        cJSON_Delete(object);
        return CS_ERR_LIMIT;
    }
    if (talk->n_events == talk->cap_events) {
        size_t cap = talk->cap_events ? talk->cap_events * 2 : 64;
        cJSON **grown = realloc(talk->events, cap * sizeof(cJSON *));
        if (!grown) {
            cJSON_Delete(object);
            return CS_ERR_NO_MEMORY;
        }
        talk->events = grown;
        talk->cap_events = cap;
    }
    talk->events[talk->n_events++] = object;
    return CS_OK;
}

static enum cs_err hear(struct cs_talk *talk, struct cs_view line)
{
    show(talk, "received", "from", line);
    talk->n_bytes += line.len;
    if (talk->n_bytes > MAX_HEARD) {
        return CS_ERR_LIMIT;
    }
    size_t n_replaced;
    cJSON *event = ck_parse_line(line, &n_replaced);
    if (n_replaced > 0 && !talk->over) {
        cs_case_evidence(talk->run, "note", "about the line above",
                         CS_VIEW("\\u0000 and halves of surrogate pairs in it are read as U+FFFD"));
    }
    if (!*name_of(event)) {
        cJSON_Delete(event);
        return CS_ERR_SYNTAX;
    }
    enum cs_err err = cs_talk_keep(talk, event);
    if (err == CS_OK && talk->on_event) {
        talk->on_event(talk, event);
    }
    return err;
}

/* Inside the loop nothing may leave by a jump: what is wrong is noted and told by who waits. */
static void readable(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct cs_talk *talk = (struct cs_talk *)((char *)watch - offsetof(struct cs_talk, out));
    while (talk->lost == CS_OK) {
        struct cs_view line;
        enum cs_err err = cs_process_poll_line(talk->adapter->process, &line);
        if (err == CS_OK && !line.ptr) {
            break;
        }
        err = err == CS_OK ? hear(talk, line) : err;
        talk->lost = talk->lost == CS_OK ? err : talk->lost;
    }
    if (talk->lost != CS_OK) {
        cs_talk_unlisten(talk);
    }
    cs_loop_stop(talk->loop);
}

enum cs_err cs_talk_listen(struct cs_talk *talk)
{
    talk->out = (struct cs_watch){
        .fd = cs_process_out(talk->adapter->process), .events = EPOLLIN, .ready = readable};
    enum cs_err err = cs_watch_add(talk->loop, &talk->out);
    talk->listening = err == CS_OK;
    return err;
}

void cs_talk_unlisten(struct cs_talk *talk)
{
    if (talk->listening) {
        cs_watch_remove(talk->loop, &talk->out);
        talk->listening = false;
    }
}

void cs_talk_free(struct cs_talk *talk)
{
    for (size_t i = 0; i < talk->n_events; i++) {
        cJSON_Delete(talk->events[i]);
    }
    free(talk->events);
    talk->events = NULL;
    talk->n_events = talk->cap_events = 0;
}

const cJSON *cs_talk_event(const struct cs_talk *talk, int command, const char *name, size_t n)
{
    for (size_t i = 0; i < talk->n_events; i++) {
        const cJSON *event = talk->events[i];
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(event, "id");
        if (cJSON_IsNumber(id) && id->valueint == command &&
            (!name || strcmp(name_of(event), name) == 0) && n-- == 0) {
            return event;
        }
    }
    return NULL;
}

const cJSON *cs_talk_named(const struct cs_talk *talk, const char *name, size_t n)
{
    for (size_t i = 0; i < talk->n_events; i++) {
        if (strcmp(name_of(talk->events[i]), name) == 0 && n-- == 0) {
            return talk->events[i];
        }
    }
    return NULL;
}

/* ---- out ---- */

cJSON *cs_talk_command(struct cs_talk *talk, const char *name)
{
    cJSON *command = cJSON_CreateObject();
    if (!command || !cJSON_AddNumberToObject(command, "id", ++talk->last_command) ||
        !cJSON_AddStringToObject(command, "command", name)) {
        cJSON_Delete(command);
        return NULL;
    }
    return command;
}

enum cs_err cs_talk_send(struct cs_talk *talk, cJSON *object)
{
    char *line = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!line) {
        return CS_ERR_NO_MEMORY;
    }
    enum cs_err err =
        cs_process_write_line(talk->adapter->process, cs_view_str(line), WRITE_PATIENCE_MS);
    show(talk, "sent", "to", cs_view_str(line));
    cJSON_free(line);
    return err;
}

const cJSON *cs_talk_ask(struct cs_talk *talk, const char *name, const char *answer,
                         int64_t patience_ms)
{
    if (cs_talk_send(talk, cs_talk_command(talk, name)) != CS_OK) {
        return NULL;
    }
    int command = talk->last_command;
    int64_t deadline = cs_now_ms() + patience_ms;
    while (!cs_talk_event(talk, command, answer, 0) && talk->lost == CS_OK &&
           cs_loop_run(talk->loop, deadline)) {
        /* what else it has to say is nobody's business any more */
    }
    return cs_talk_event(talk, command, answer, 0);
}
