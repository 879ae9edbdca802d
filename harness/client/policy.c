#include "client/policy.h"

#include <stddef.h>
#include <string.h>

struct cs_chat_policy cs_chat_policy_default(void)
{
    return (struct cs_chat_policy){
#define CS_CHAT_POLICY_FIELD(name, value, text) .name = (value),
        CS_CHAT_POLICY_FIELDS(CS_CHAT_POLICY_FIELD)
#undef CS_CHAT_POLICY_FIELD
    };
}

int64_t *cs_chat_policy_field(struct cs_chat_policy *policy, const char *name)
{
    struct {
        const char *name;
        int64_t *field;
    } fields[] = {
#define CS_CHAT_POLICY_FIELD(name, value, text) {#name, &policy->name},
        CS_CHAT_POLICY_FIELDS(CS_CHAT_POLICY_FIELD)
#undef CS_CHAT_POLICY_FIELD
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return fields[i].field;
        }
    }
    return NULL;
}

const char *cs_chat_policy_text(const char *name)
{
    static const struct {
        const char *name;
        const char *text;
    } fields[] = {
#define CS_CHAT_POLICY_FIELD(name, value, text) {#name, text},
        CS_CHAT_POLICY_FIELDS(CS_CHAT_POLICY_FIELD)
#undef CS_CHAT_POLICY_FIELD
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}
