/* The subject of the client role: an SDK version, a command, or the built-in client. */
#ifndef CHATSPEC_CLI_SUBJECT_CLIENT_H
#define CHATSPEC_CLI_SUBJECT_CLIENT_H

#include "cli/options.h"
#include "conformance/client/client_role.h"
#include "conformance/peers/peers.h"
#include "reports/report.h"

/* Which adapter drives the SDK: that of its clients, or the worker that runs its agents. */
enum cs_client_part {
    CS_PART_CLIENTS,
    CS_PART_AGENTS
};

struct cs_client_subject {
    const char *kind;    /* "sdk", "command", "builtin" */
    const char *name;    /* what a client of a --peer says of itself */
    const char *version; /* "" when not known */
    const char *source;  /* where an SDK comes from when that is no version: "latest"; else NULL */
    char *label;         /* tells it from others: "4.8.3 (latest) parser 3.0.0" */
    char *options;       /* that lead to the same subject again: "--sdk 4.8.3" */
    struct cs_client_facts facts;
    struct cs_client_env env;
    struct cs_peer_command command;
    struct cs_peer_command client; /* of agents: the same SDK's clients; else empty */
    char **words;                  /* of --peer */
    struct cs_adapter *adapter;    /* from cs_client_subject_begin until a case takes it over */
};

/* From --sdk, --peer and --builtin. With none of them: the newest SDK, and the built-in client
 * where that cannot be had, which is said on stderr. Its adapter is tried once, so that one which
 * cannot be driven is told in one line. On failure says why and gives the exit status;
 * 0 otherwise. */
CS_MUST_USE int cs_client_subject_open(const struct cs_args *args, enum cs_client_part part,
                                       struct cs_client_subject *ret_subject);
/* The same without a word: why not is in diag. */
CS_MUST_USE enum cs_err cs_client_subject_try(const struct cs_args *args, enum cs_client_part part,
                                              struct cs_client_subject *ret_subject,
                                              struct cs_diag *diag);
/* The same in two parts, with the same args: the adapter is started, and its hello waited for, so
 * that several of them start side by side. After an error the subject is closed. */
CS_MUST_USE enum cs_err cs_client_subject_begin(const struct cs_args *args,
                                                enum cs_client_part part,
                                                struct cs_client_subject *ret_subject,
                                                struct cs_diag *diag);
CS_MUST_USE enum cs_err cs_client_subject_end(const struct cs_args *args,
                                              struct cs_client_subject *subject,
                                              struct cs_diag *diag);
/* Ends an adapter that nobody will want for long: each takes tens of megabytes. */
void cs_client_subject_rest(struct cs_client_subject *subject);
void cs_client_subject_close(struct cs_client_subject *subject);

/* Who that is, for a report: borrowed from the subject. */
struct cs_report_peer cs_client_subject_peer(const struct cs_client_subject *subject);

/* The version of an SDK, which it is held to; NULL for other clients. */
const char *cs_client_sdk_version(const struct cs_client_subject *subject);

#endif
