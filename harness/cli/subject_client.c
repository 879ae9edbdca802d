#include "cli/subject_client.h"

#include <stdlib.h>

#include "cli/paths.h"
#include "peer/process.h"

static enum cs_err open_sdk(const char *source, const struct cs_args *args,
                            struct cs_client_subject *subject, struct cs_diag *diag)
{
    char *cache = cs_build_folder("sdk");
    enum cs_err err =
        cache ? cs_sdk_peer_pinned(source, args->parser, args->ai, cache, &subject->command, diag)
              : CS_ERR_IO;
    free(cache);
    subject->kind = "sdk";
    bool is_version = err == CS_OK && strcmp(source, subject->command.version) == 0;
    subject->source = is_version ? NULL : source;
    return err;
}

static enum cs_err open_builtin(struct cs_client_subject *subject, struct cs_diag *diag)
{
    subject->kind = "builtin";
    return cs_builtin_peer(&subject->command, diag);
}

/* Only what cannot be helped here leads to the built-in client; a fault of ours does not. */
static enum cs_err open_default(const struct cs_args *args, struct cs_client_subject *subject,
                                struct cs_diag *diag)
{
    enum cs_err err = open_sdk("latest", args, subject, diag);
    if (args->parser || args->ai || (err != CS_ERR_MISSING && err != CS_ERR_CONNECT)) {
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
static void point_at_command(struct cs_client_subject *subject)
{
    bool by_words = subject->words != NULL;
    subject->name = by_words ? subject->words[0] : subject->command.name;
    subject->version = by_words ? "" : subject->command.version;
    bool has_client = subject->client.words[0] != NULL;
    subject->env = (struct cs_client_env){
        .argv = (const char *const *)(by_words ? subject->words : subject->command.words),
        .client_argv = has_client ? (const char *const *)subject->client.words : NULL,
        .started = &subject->adapter,
    };
}

static bool is_path(const char *source)
{
    return strchr(source, '/') || strchr(source, '.');
}

static bool describe(const struct cs_args *args, struct cs_client_subject *subject)
{
    struct cs_buf label = CS_BUF(4096);
    struct cs_buf options = CS_BUF(8192);
    const char *parser = subject->command.parser;
    if (subject->words) { /* a command's last words say little of who it is */
        subject->name = subject->facts.name[0] ? subject->facts.name : subject->name;
        subject->version = subject->facts.version;
    }
    cs_buf_str(&label, subject->version[0] ? subject->version : subject->name);
    if (subject->source) {
        const char *slash = strrchr(subject->source, '/');
        cs_buf_printf(&label, " (%s)", slash && slash[1] ? slash + 1 : subject->source);
    }
    if (args->peer) {
        cs_buf_str(&options, "--peer ");
        cs_command_quote(&options, args->peer);
    } else if (strcmp(subject->kind, "sdk") == 0) {
        cs_buf_str(&options, "--sdk ");
        bool path = subject->source && is_path(subject->source);
        cs_command_quote(&options, path ? subject->source : subject->version);
    } else {
        cs_buf_str(&options, "--builtin");
    }
    if (parser) {
        cs_buf_printf(&label, " parser %s", parser);
        cs_buf_printf(&options, " --parser %s", parser);
    }
    if (args->profile) { /* or a run would be held to another version than this one was */
        cs_buf_str(&options, " --profile ");
        cs_command_quote(&options, args->profile);
    }
    if (args->ai) {
        cs_buf_printf(&label, " ai %s", args->ai);
        cs_buf_printf(&options, " --ai %s", args->ai);
    }
    subject->label = cs_buf_take(&label);
    subject->options = cs_buf_take(&options);
    return subject->label && subject->options;
}

static enum cs_err open_any(const struct cs_args *args, struct cs_client_subject *subject,
                            struct cs_diag *diag)
{
    if ((args->sdk != NULL) + (args->peer != NULL) + args->builtin > 1) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "--sdk, --peer and --builtin exclude each other");
    }
    if ((args->parser || args->ai) && (args->peer || args->builtin)) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "--%s is of an SDK: give its --sdk",
                       args->parser ? "parser" : "ai");
    }
    if (args->peer) {
        return open_command(args->peer, subject, diag);
    }
    if (args->sdk) {
        return open_sdk(args->sdk, args, subject, diag);
    }
    return args->builtin ? open_builtin(subject, diag) : open_default(args, subject, diag);
}

/* Why an adapter did not start; it is no fault of the command line. */
static enum cs_err not_driven(const struct cs_client_subject *subject, enum cs_err err,
                              const struct cs_diag *why, struct cs_diag *diag)
{
    return cs_fail(diag, err == CS_ERR_USAGE ? CS_ERR_IO : err, 0,
                   "the client %.60s%s%.40s cannot be driven: %s", subject->name,
                   subject->version[0] ? " " : "", subject->version, why->text);
}

/* The worker in the place of the clients, which stay at hand: agents are also tested with a client
 * on the other side. */
static enum cs_err turn_to_agents(const struct cs_args *args, struct cs_client_subject *subject,
                                  struct cs_diag *diag)
{
    struct cs_peer_command *client = &subject->client;
    for (size_t i = 0; subject->command.words[i]; i++) {
        client->words[i] = strdup(subject->command.words[i]);
        if (!client->words[i]) {
            return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
        }
    }
    return cs_sdk_worker(&subject->command, args->task_file, NULL, diag);
}

enum cs_err cs_client_subject_begin(const struct cs_args *args, enum cs_client_part part,
                                    struct cs_client_subject *ret_subject, struct cs_diag *diag)
{
    *ret_subject = (struct cs_client_subject){0};
    enum cs_err err = open_any(args, ret_subject, diag);
    if (err == CS_OK && part == CS_PART_AGENTS && !args->peer) {
        err = turn_to_agents(args, ret_subject, diag);
    }
    if (err == CS_OK) {
        struct cs_diag why = {0};
        point_at_command(ret_subject);
        err = cs_client_probe_begin(&ret_subject->env, &ret_subject->adapter, &why);
        err = err == CS_OK ? err : not_driven(ret_subject, err, &why, diag);
    }
    if (err != CS_OK) {
        cs_client_subject_close(ret_subject);
    }
    return err;
}

enum cs_err cs_client_subject_end(const struct cs_args *args, struct cs_client_subject *subject,
                                  struct cs_diag *diag)
{
    struct cs_diag why = {0};
    enum cs_err err = cs_client_probe_end(subject->adapter, &subject->facts, &why);
    if (err != CS_OK) {
        subject->adapter = NULL;
        err = not_driven(subject, err, &why, diag);
    } else if (!describe(args, subject)) {
        err = cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    if (err != CS_OK) {
        cs_client_subject_close(subject);
    }
    return err;
}

enum cs_err cs_client_subject_try(const struct cs_args *args, enum cs_client_part part,
                                  struct cs_client_subject *ret_subject, struct cs_diag *diag)
{
    enum cs_err err = cs_client_subject_begin(args, part, ret_subject, diag);
    return err == CS_OK ? cs_client_subject_end(args, ret_subject, diag) : err;
}

int cs_client_subject_open(const struct cs_args *args, enum cs_client_part part,
                           struct cs_client_subject *ret_subject)
{
    struct cs_diag diag = {0};
    enum cs_err err = cs_client_subject_try(args, part, ret_subject, &diag);
    if (err == CS_OK) {
        return CS_EXIT_OK;
    }
    return cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                  diag.text[0] ? diag.text : "the client cannot be prepared");
}

void cs_client_subject_rest(struct cs_client_subject *subject)
{
    cs_client_probe_cancel(subject->adapter);
    subject->adapter = NULL;
}

void cs_client_subject_close(struct cs_client_subject *subject)
{
    cs_client_subject_rest(subject);
    cs_peer_command_free(&subject->command);
    cs_peer_command_free(&subject->client);
    free(subject->words);
    free(subject->label);
    free(subject->options);
    *subject = (struct cs_client_subject){0};
}

struct cs_report_peer cs_client_subject_peer(const struct cs_client_subject *subject)
{
    return (struct cs_report_peer){
        .kind = subject->kind,
        .name = subject->name,
        .version = subject->version,
        .source = subject->source,
        .label = subject->label,
        .runtime = subject->facts.runtime,
        .parser = subject->facts.parser,
        .ai = subject->facts.ai,
    };
}

const char *cs_client_sdk_version(const struct cs_client_subject *subject)
{
    bool is_sdk = subject->kind && strcmp(subject->kind, "sdk") == 0;
    return is_sdk ? subject->version : NULL;
}
