/* The adapter's events, one line each. Out of memory ends the program. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_SAY_H
#define CHATSPEC_CONFORMANCE_PEERS_SAY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

_Noreturn void out_of_memory(void);
/* Prints the event as a line and frees it. */
void say(cJSON *event);
/* An event for a command; a negative id: for none. */
cJSON *event_of(const char *name, int id);
void say_plain(const char *name, int id);
void say_stream(int id, bool stream);
/* `fail` for what was asked of the adapter and is wrong. */
void say_refusal(int id, const char *message);
/* `fail` for a command, `error` for a stream; status 0: none. */
cJSON *error_of(const char *event, int id, const char *name, const char *message, int status);
void say_error(const char *event, int id, const char *name, const char *message, int status);
/* `what` of the command is missing; NULL: all of it. */
void say_unsupported(int id, const char *name, const char *what);

/* A member that is a string, or NULL. */
const char *text_of(const cJSON *object, const char *name);

#endif
