/* Getting an SDK onto this machine. Only for the files of this folder. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_SDK_INSTALL_H
#define CHATSPEC_CONFORMANCE_PEERS_SDK_INSTALL_H

#include "wire/bytes.h"

#define CS_SDK_PACKAGE     "@trigger.dev/sdk"
#define CS_PARSER_PACKAGE  "eventsource-parser"
#define CS_AI_PACKAGE      "ai"
#define CS_SDK_MAX_VERSION 64
#define CS_SDK_MAX_PATH    4096

/* What exactly is to be installed. */
struct cs_sdk_choice {
    char exact[CS_SDK_MAX_VERSION];  /* version of the SDK */
    char parser[CS_SDK_MAX_VERSION]; /* exact version that is pinned; "": the one that npm takes */
    char ai[CS_SDK_MAX_VERSION];     /* the same of the model library */
    char key[256];                   /* its folder in the cache: what differs has another key */
    char what[256];                  /* for people: "@trigger.dev/sdk 4.8.3" */
    char package[CS_SDK_MAX_PATH];   /* for npm: "@trigger.dev/sdk@4.8.3", or a packed file */
    char scratch[CS_SDK_MAX_PATH];   /* folder of that file; "" when there is none */
};

/* Errors of all of these as for cs_sdk_peer. */
CS_MUST_USE enum cs_err cs_sdk_check_tools(struct cs_diag *diag);
/* What `source` and the pins (NULL: none is pinned) mean now. */
CS_MUST_USE enum cs_err cs_sdk_resolve(const char *source, const char *parser, const char *ai,
                                       const char *cache_dir, struct cs_sdk_choice *ret_choice,
                                       struct cs_diag *diag);
/* Makes sure that `folder` holds that. */
CS_MUST_USE enum cs_err cs_sdk_install(const struct cs_sdk_choice *choice, const char *cache_dir,
                                       const char *folder, struct cs_diag *diag);
/* Removes what was packed on the way. */
void cs_sdk_choice_end(const struct cs_sdk_choice *choice);

/* Creates a folder and those above it. */
CS_MUST_USE enum cs_err cs_make_folders(const char *path, struct cs_diag *diag);
void cs_remove_tree(const char *path);

#endif
