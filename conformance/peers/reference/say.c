#include "conformance/peers/reference/say.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    exit(1);
}

/* Prints the event as a line and frees it. */
void say(cJSON *event)
{
    char *line = event ? cJSON_PrintUnformatted(event) : NULL;
    if (!line) {
        out_of_memory();
    }
    printf("%s\n", line);
    fflush(stdout);
    cJSON_free(line);
    cJSON_Delete(event);
}

cJSON *event_of(const char *name, int id)
{
    cJSON *event = cJSON_CreateObject();
    if (!event || !cJSON_AddStringToObject(event, "event", name) ||
        !(id >= 0 ? cJSON_AddNumberToObject(event, "id", id)
                  : cJSON_AddNullToObject(event, "id"))) {
        out_of_memory();
    }
    return event;
}

void say_plain(const char *name, int id)
{
    say(event_of(name, id));
}

void say_stream(int id, bool stream)
{
    cJSON *event = event_of("ok", id);
    cJSON_AddBoolToObject(event, "stream", stream);
    say(event);
}

cJSON *error_of(const char *name, int id, const char *kind, const char *message, int status)
{
    cJSON *event = event_of(name, id);
    cJSON *told = cJSON_AddObjectToObject(event, "error");
    cJSON_AddStringToObject(told, "name", kind);
    cJSON_AddStringToObject(told, "message", message);
    if (status > 0) {
        cJSON_AddNumberToObject(told, "status", status);
    }
    return event;
}

void say_error(const char *name, int id, const char *kind, const char *message, int status)
{
    say(error_of(name, id, kind, message, status));
}

void say_refusal(int id, const char *message)
{
    say_error("fail", id, "usage", message, 0);
}

void say_unsupported(int id, const char *name, const char *what)
{
    cJSON *event = event_of("unsupported", id);
    cJSON_AddStringToObject(event, "command", name);
    if (what) {
        cJSON_AddStringToObject(event, "what", what);
    }
    say(event);
}

const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}
