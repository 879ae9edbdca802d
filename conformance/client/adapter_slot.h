/* An adapter as what a role keeps in a place between its cases: for `slot_open` and its fellows in
 * struct cs_role (suite/case.h). The env is a struct cs_client_env.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_SLOT_H
#define CHATSPEC_CONFORMANCE_CLIENT_ADAPTER_SLOT_H

#include "suite/case.h"

void *cs_adapter_slot_open(const void *env, struct cs_diag *diag);
enum cs_err cs_adapter_slot_poll(void *slot, int *ret_fd, struct cs_diag *diag);
bool cs_adapter_slot_usable(void *slot);
void cs_adapter_slot_close(void *slot);

#endif
