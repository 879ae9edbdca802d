/* Reads the `triggerConfig` of a create body. */
#ifndef CHATSPEC_ENDPOINT_SESSION_CONFIG_H
#define CHATSPEC_ENDPOINT_SESSION_CONFIG_H

#include "endpoint/sessions/session.h"

/* Known members, checked, as the echo shows them, and the base payload by itself; both owned by the
 * caller, also after a failure. */
bool cs_session_config_read(const struct cs_policy *policy, struct cs_view object,
                            char **ret_config, char **ret_payload, struct cs_refusal *refusal);

#endif
