/* Reads the `triggerConfig` of a create body. */
#ifndef CHATSPEC_ENDPOINT_SESSION_CONFIG_H
#define CHATSPEC_ENDPOINT_SESSION_CONFIG_H

#include "endpoint/sessions/session.h"

/* Known members, checked, as the echo shows them, and the base payload by itself; both owned by the
 * caller, also after a failure. */
bool cs_session_config_read(const struct cs_policy *policy, struct cs_view object,
                            char **ret_config, char **ret_payload, struct cs_refusal *refusal);

/* Pins the session to that deployment; an empty target takes the pin away. Leaves it as it is when
 * there is no memory. `lockToVersion` stays in any case. */
void cs_session_repin(struct cs_session *session, struct cs_view target);

#endif
