#include "conformance/client/adapter_slot.h"

#include "conformance/client/adapter.h"

void *cs_adapter_slot_open(const void *env, struct cs_diag *diag)
{
    return cs_adapter_take(env, diag);
}

enum cs_err cs_adapter_slot_poll(void *slot, int *ret_fd, struct cs_diag *diag)
{
    return cs_adapter_greeted(slot, ret_fd, diag);
}

bool cs_adapter_slot_usable(void *slot)
{
    return cs_adapter_usable(slot);
}

void cs_adapter_slot_close(void *slot)
{
    cs_adapter_end(slot);
}
