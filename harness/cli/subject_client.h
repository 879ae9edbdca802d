/* The subject of the client role: an SDK version, a command, or the built-in client. */
#ifndef CHATSPEC_CLI_SUBJECT_CLIENT_H
#define CHATSPEC_CLI_SUBJECT_CLIENT_H

#include "cli/options.h"
#include "conformance/client/client_role.h"
#include "conformance/peers/peers.h"

struct cs_client_subject {
    const char *kind; /* "sdk", "command", "builtin" */
    const char *name;
    const char *version; /* "" when not known */
    struct cs_client_env env;
    struct cs_peer_command command;
    char **words; /* of --peer */
};

/* From --sdk, --peer and --builtin. With none of them: the newest SDK, and the built-in client
 * where that cannot be had, which is said on stderr. Its adapter is tried once, so that one which
 * cannot be driven is told in one line. On failure says why and gives the exit status;
 * 0 otherwise. */
CS_MUST_USE int cs_client_subject_open(const struct cs_args *args,
                                       struct cs_client_subject *ret_subject);
void cs_client_subject_close(struct cs_client_subject *subject);

/* The version of an SDK, which it is held to; NULL for other clients. */
const char *cs_client_sdk_version(const struct cs_client_subject *subject);

#endif
