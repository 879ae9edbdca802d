#include "conformance/peers/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/sdk_install.h"
#include "peer/place.h"

/* The file of an adapter. CHATSPEC_DATA_DIR in the environment moves them all; otherwise they are
 * those that were installed with the program, or those of the source. */
static char *data_file(const char *name)
{
    const char *folder = getenv("CHATSPEC_DATA_DIR");
    char *installed = folder && *folder ? NULL : cs_place_shared("peers");
    char *path = NULL;
    if (installed) {
        folder = installed;
    } else if (!folder || !*folder) {
        folder = CHATSPEC_DATA_DIR;
    }
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        path = NULL;
    }
    free(installed);
    return path;
}

void cs_peer_command_free(struct cs_peer_command *command)
{
    for (size_t i = 0; i < sizeof command->words / sizeof command->words[0]; i++) {
        free(command->words[i]);
    }
    free(command->name);
    free(command->version);
    free(command->parser);
    free(command->key);
    *command = (struct cs_peer_command){0};
}

static enum cs_err no_memory(struct cs_diag *diag)
{
    return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
}

static enum cs_err check_file(const char *path, struct cs_diag *diag)
{
    return access(path, R_OK) == 0
               ? CS_OK
               : cs_fail(diag, CS_ERR_MISSING, 0,
                         "%.120s cannot be read: set CHATSPEC_DATA_DIR to conformance/peers", path);
}

static enum cs_err fill_sdk_command(const struct cs_sdk_choice *choice, const char *folder,
                                    struct cs_peer_command *command, struct cs_diag *diag)
{
    command->words[0] = strdup("node");
    command->words[1] = data_file("sdk/adapter.mjs");
    command->words[2] = strdup("--root");
    command->words[3] = strdup(folder);
    command->name = strdup(CS_SDK_PACKAGE);
    command->version = strdup(choice->exact);
    command->parser = choice->parser[0] ? strdup(choice->parser) : NULL;
    command->key = strdup(choice->key);
    if (!command->words[0] || !command->words[1] || !command->words[2] || !command->words[3] ||
        !command->name || !command->version || !command->key ||
        (choice->parser[0] && !command->parser)) {
        return no_memory(diag);
    }
    return check_file(command->words[1], diag);
}

/* Appends "--name value" where there is a value. */
static bool add_option(struct cs_peer_command *command, size_t *at, const char *name,
                       const char *value)
{
    if (!value) {
        return true;
    }
    command->words[*at] = strdup(name);
    command->words[*at + 1] = strdup(value);
    *at += 2;
    return command->words[*at - 2] && command->words[*at - 1];
}

enum cs_err cs_sdk_worker(struct cs_peer_command *command, const char *agents,
                          const char *violation, struct cs_diag *diag)
{
    size_t at = 4; /* behind "node FILE --root FOLDER" */
    free(command->words[1]);
    command->words[1] = data_file("worker/worker.mjs");
    if (!command->words[1] || !add_option(command, &at, "--agents", agents) ||
        !add_option(command, &at, "--violate", violation)) {
        return no_memory(diag);
    }
    return check_file(command->words[1], diag);
}

static enum cs_err install(const struct cs_sdk_choice *choice, const char *cache_dir,
                           struct cs_peer_command *ret_command, struct cs_diag *diag)
{
    char *folder;
    if (asprintf(&folder, "%s/%s", cache_dir, choice->key) < 0) {
        return no_memory(diag);
    }
    struct cs_peer_command command = {0};
    enum cs_err err = fill_sdk_command(choice, folder, &command, diag);
    if (err == CS_OK) {
        err = cs_sdk_install(choice, cache_dir, folder, diag);
    }
    free(folder);
    if (err != CS_OK) {
        cs_peer_command_free(&command);
        return err;
    }
    *ret_command = command;
    return CS_OK;
}

enum cs_err cs_sdk_peer(const char *source, const char *parser, const char *cache_dir,
                        struct cs_peer_command *ret_command, struct cs_diag *diag)
{
    return cs_sdk_peer_pinned(source, parser, NULL, cache_dir, ret_command, diag);
}

enum cs_err cs_sdk_peer_pinned(const char *source, const char *parser, const char *ai,
                               const char *cache_dir, struct cs_peer_command *ret_command,
                               struct cs_diag *diag)
{
    struct cs_sdk_choice choice;
    enum cs_err err = cs_sdk_check_tools(diag);
    if (err == CS_OK) {
        err = cs_sdk_resolve(source, parser, ai, cache_dir, &choice, diag);
    }
    if (err == CS_OK) {
        err = install(&choice, cache_dir, ret_command, diag);
        cs_sdk_choice_end(&choice);
    }
    return err;
}

enum cs_err cs_builtin_peer(struct cs_peer_command *ret_command, struct cs_diag *diag)
{
    struct cs_peer_command command = {0};
    command.words[0] = cs_place_program("chatspec-reference-client");
    command.name = strdup("chatspec-reference-client");
    command.version = strdup(CHATSPEC_VERSION);
    enum cs_err err = CS_OK;
    if (!command.words[0] || !command.name || !command.version) {
        err = no_memory(diag);
    } else if (access(command.words[0], X_OK) != 0) {
        err = cs_fail(diag, CS_ERR_MISSING, 0, "%.150s was not built", command.words[0]);
    }
    if (err != CS_OK) {
        cs_peer_command_free(&command);
        return err;
    }
    *ret_command = command;
    return CS_OK;
}
