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
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/reference/adapter.h"
#include "conformance/peers/reference/say.h"

static cJSON *next_command(struct adapter *adapter)
{
    if (cJSON_GetArraySize(adapter->deferred) > 0) {
        return cJSON_DetachItemFromArray(adapter->deferred, 0);
    }
    return adapter_read(adapter, ADAPTER_FOR_EVER);
}

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
    adapter_say_hello();
    while (!adapter.over) {
        cJSON *command = next_command(&adapter);
        if (command) {
            adapter_obey(&adapter, command);
            cJSON_Delete(command);
            adapter_read_turns(&adapter);
        }
    }
    adapter_drop_chat(&adapter);
    adapter_forget_opened(&adapter);
    cJSON_Delete(adapter.deferred);
    cJSON_Delete(adapter.kept);
    cs_buf_free(&adapter.lines.bytes);
    return 0;
}
