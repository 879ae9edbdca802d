#include "client/policy.h"

struct cs_chat_policy cs_chat_policy_default(void)
{
    return (struct cs_chat_policy){
#define CS_CHAT_POLICY_FIELD(name, value, text) .name = (value),
        CS_CHAT_POLICY_FIELDS(CS_CHAT_POLICY_FIELD)
#undef CS_CHAT_POLICY_FIELD
    };
}
