/* Getting a version of the SDK onto this machine. Only for the files of this folder. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_SDK_INSTALL_H
#define CHATSPEC_CONFORMANCE_PEERS_SDK_INSTALL_H

#include "wire/bytes.h"

#define CS_SDK_PACKAGE     "@trigger.dev/sdk"
#define CS_SDK_MAX_VERSION 64

/* Errors as for cs_sdk_peer. */
CS_MUST_USE enum cs_err cs_sdk_check_tools(struct cs_diag *diag);
/* The exact version that `version` means. */
CS_MUST_USE enum cs_err cs_sdk_resolve(const char *version, char ret_exact[CS_SDK_MAX_VERSION],
                                       struct cs_diag *diag);
/* Makes sure that `folder` holds that version. */
CS_MUST_USE enum cs_err cs_sdk_install(const char *exact, const char *cache_dir, const char *folder,
                                       struct cs_diag *diag);

#endif
