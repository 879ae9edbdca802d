#include "conformance/agent/hitl.h"

int hitl_ask(struct ak *ak, const char *tool)
{
    int number = ak_boot(ak, "hitl", "hello",
                         ak_text(ak,
                                 "{'script':[[{'text':'wait'},{'tool':'%s','id':'call1',"
                                 "'input':{'q':1}}]],'do':{'onTurnComplete':["
                                 "{'call':'chat.history.getPendingToolCalls','as':'pending'}]}}",
                                 tool));
    ak_wait_turns(ak, 1);
    (void)ak_wait_note(ak, number, "pending");
    ak_wait_subscribed(ak);
    return number;
}

uint64_t hitl_answer(struct ak *ak, const char *message_id, const char *tool, const char *members,
                     const char *metadata)
{
    return ak_submit(ak, NULL,
                     ak_text(ak,
                             "{'id':'%s','role':'assistant','parts':[{'type':'tool-%s',"
                             "'toolCallId':'call1',%s}]}",
                             message_id, tool, members),
                     metadata);
}

const cJSON *hitl_part(const cJSON *messages, const char *call)
{
    const cJSON *message;
    cJSON_ArrayForEach(message, messages)
    {
        const cJSON *part;
        cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(message, "parts"))
        {
            const char *id =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "toolCallId"));
            if (id && strcmp(id, call) == 0) {
                return part;
            }
        }
    }
    return NULL;
}

const cJSON *hitl_part_after(struct ak *ak, int run, size_t n)
{
    const cJSON *over = ak_wait_hook(ak, run, "onTurnComplete", n);
    return hitl_part(cJSON_GetObjectItemCaseSensitive(over, "uiMessages"), "call1");
}
