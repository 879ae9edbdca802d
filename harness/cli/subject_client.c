#include "cli/subject_client.h"

#include <stdlib.h>

#include "cli/paths.h"
#include "peer/process.h"

static enum cs_err open_sdk(const char *version, struct cs_client_subject *subject,
                            struct cs_diag *diag)
{
    char *cache = cs_build_folder("sdk");
    enum cs_err err = cache ? cs_sdk_peer(version, cache, &subject->command, diag) : CS_ERR_IO;
    free(cache);
    subject->kind = "sdk";
    return err;
}

static enum cs_err open_builtin(struct cs_client_subject *subject, struct cs_diag *diag)
{
    subject->kind = "builtin";
    return cs_builtin_peer(&subject->command, diag);
}

/* Only what cannot be helped here leads to the built-in client; a fault of ours does not. */
static enum cs_err open_default(struct cs_client_subject *subject, struct cs_diag *diag)
{
    enum cs_err err = open_sdk("latest", subject, diag);
    if (err != CS_ERR_MISSING && err != CS_ERR_CONNECT) {
        return err;
    }
    fprintf(stderr, "chatspec: no SDK (%s): the built-in client is tested instead\n", diag->text);
    return open_builtin(subject, diag);
}

static enum cs_err open_command(const char *command, struct cs_client_subject *subject,
                                struct cs_diag *diag)
{
    subject->words = cs_command_split(command, diag);
    subject->kind = "command";
    return subject->words ? CS_OK : CS_ERR_USAGE;
}

/* The strings and words of the command are the subject's, so the env may point at them. */
static void describe(struct cs_client_subject *subject)
{
    bool by_words = subject->words != NULL;
    subject->name = by_words ? subject->words[0] : subject->command.name;
    subject->version = by_words ? "" : subject->command.version;
    subject->env = (struct cs_client_env){
        .argv = (const char *const *)(by_words ? subject->words : subject->command.words),
        .peer_name = by_words ? NULL : subject->name,
        .peer_version = by_words ? NULL : subject->version,
    };
}

int cs_client_subject_open(const struct cs_args *args, struct cs_client_subject *ret_subject)
{
    struct cs_diag diag = {0};
    enum cs_err err;
    *ret_subject = (struct cs_client_subject){0};
    if ((args->sdk != NULL) + (args->peer != NULL) + args->builtin > 1) {
        return cs_say(CS_EXIT_USAGE, "--sdk, --peer and --builtin exclude each other");
    }
    if (args->peer) {
        err = open_command(args->peer, ret_subject, &diag);
    } else if (args->sdk) {
        err = open_sdk(args->sdk, ret_subject, &diag);
    } else if (args->builtin) {
        err = open_builtin(ret_subject, &diag);
    } else {
        err = open_default(ret_subject, &diag);
    }
    if (err != CS_OK) {
        cs_client_subject_close(ret_subject);
        return cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                      diag.text[0] ? diag.text : "the client cannot be prepared");
    }
    describe(ret_subject);
    if (cs_client_probe(&ret_subject->env, &diag) != CS_OK) {
        int status =
            cs_say(CS_EXIT_TROUBLE, "the client %s%s%s cannot be driven: %s", ret_subject->name,
                   ret_subject->version[0] ? " " : "", ret_subject->version, diag.text);
        cs_client_subject_close(ret_subject);
        return status;
    }
    return CS_EXIT_OK;
}

void cs_client_subject_close(struct cs_client_subject *subject)
{
    cs_peer_command_free(&subject->command);
    free(subject->words);
    *subject = (struct cs_client_subject){0};
}

const char *cs_client_sdk_version(const struct cs_client_subject *subject)
{
    bool is_sdk = subject->kind && strcmp(subject->kind, "sdk") == 0;
    return is_sdk ? subject->version : NULL;
}
