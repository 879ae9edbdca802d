/* AgentChat, the client of a server: what is judged of it.
 *
 * The reference client is no client of this kind. That these cases can fail is seen on published
 * versions: up to 4.5.16 AgentChat takes any clean end for the end of the turn.
 */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static void clean_end(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one | EOF}\n"
                  "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=0}\n");
    ck_open_kind(ck, "agent", NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID", "0");
}

const struct cs_case client_agent_chat_cases[] = {
    {.id = "client/agent-chat/clean-end",
     .title = "a window that ends in the middle of a turn is followed by the next one",
     .requirements = "CAC-16",
     .level = CS_SHOULD,
     .run = clean_end},
    {0},
};
