/* Is there a server, and does it do what all cases begin with? Asked by the runner, between cases.
 */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_REACH_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_REACH_H

#include "conformance/endpoint/endpoint_role.h"

/* The hooks of struct cs_role. */
CS_MUST_USE enum cs_err ep_probe(const void *env, struct cs_diag *diag);
CS_MUST_USE enum cs_err ep_canary(const void *env, const char **ret_requirement,
                                  struct cs_diag *diag);
void ep_waits_for(const void *env, char *text, size_t size);

#endif
