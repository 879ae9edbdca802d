#include "conformance/peers/reference/adapter.h"
#include "conformance/peers/reference/say.h"

#define PROTOCOL 1

static const char *const commands[] = {
    "send",   "regenerate", "action", "stop",  "session", "reconnect", "pending", "close", "open",
    "answer", "reset",      "quit",   "write", "read",    "call",      "resume",  "memory"};
#define N_OF_A_CHAT 7 /* the first of them */
static const char *const of_session[] = {"write", "read", "call"};
static const char *const of_subscription[] = {"read", "resume"};
static const char *const features[] = {"head-start", "aborted-send"};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

bool adapter_knows(const char *command)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i], command) == 0) {
            return true;
        }
    }
    return false;
}

void adapter_say_hello(void)
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
