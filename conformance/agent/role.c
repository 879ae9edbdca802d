/* What surrounds an agent case: a worker per slot, a platform and a chat per case. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/cases.h"
#include "conformance/agent/kit_internal.h"
#include "conformance/client/adapter_slot.h"

static unsigned offers(const void *env)
{
    (void)env;
    return CS_NEEDS_LONG;
}

/* Results belong to the SDK, the model library and the stream store's client together. */
static void observe_peer(struct ak *ak)
{
    static const char *const facts[] = {"name", "version", "runtime", "ai", "s2"};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *value = cs_adapter_fact(ak->talk.adapter, facts[i]);
        if (value) {
            cs_case_observe(ak->run, ak_text(ak, "peer.%s", facts[i]), "%s", value);
        }
    }
}

static void set_up(struct cs_case_run *run)
{
    struct ak *ak = calloc(1, sizeof *ak);
    if (!ak) {
        cs_case_error(run, "out of memory");
    }
    ak->run = run;
    ak->env = cs_case_env(run);
    cs_case_set_subject(run, ak);
    ak->chat = ak_keep(ak, cs_view_str(cs_case_name(run)));
    ak->loop = cs_loop_new();
    if (!ak->loop) {
        ak_no_memory(ak);
    }
    ak->talk = (struct cs_talk){.run = run, .loop = ak->loop, .who = "worker"};
    ak_start_platform(ak);
    ak_listen(ak, cs_case_slot(run));
    observe_peer(ak);
}

static void observe_out(struct ak *ak)
{
    if (!ak->no_memory && ak->stored.n < 2000) {
        cs_case_observe(ak->run, "out", "%s", ak_notation(ak, 0));
    }
}

static void free_ak(struct ak *ak)
{
    ak_unlisten(ak);
    ak_stop_platform(ak);
    cs_loop_free(ak->loop);
    cs_talk_free(&ak->talk);
    for (size_t i = 0; i < ak->stored.n; i++) {
        cJSON_Delete((cJSON *)((struct ak_stored **)ak->stored.items)[i]->record.chunk);
    }
    free(ak->requests.items);
    free(ak->stored.items);
    free(ak->triggers.items);
    free(ak->waitpoints.items);
    cs_arena_free(&ak->arena);
    free(ak);
}

static void tear_down(struct cs_case_run *run)
{
    struct ak *ak = cs_case_subject(run);
    if (!ak) {
        return;
    }
    cs_case_set_subject(run, NULL);
    ak->talk.over = true;
    ak_client_end(ak);
    if (ak->platform) {
        observe_out(ak);
    }
    /* The next case of this slot must not inherit what is left: a worker that cannot let go of it
     * is ended, and the runner starts another. */
    if (ak->own_worker && ak->talk.adapter) {
        ak_unlisten(ak);
        cs_process_kill(ak->talk.adapter->process);
        cs_adapter_end(ak->talk.adapter);
    } else if (ak->talk.adapter &&
               (ak->talk.lost != CS_OK || (ak->talk.listening && !ak_reset(ak)))) {
        cs_process_kill(ak->talk.adapter->process);
    }
    free_ak(ak);
}

static const struct cs_case *const groups[] = {
    agent_action_cases,        agent_approval_cases,
    agent_compaction_cases,    agent_fast_start_cases,
    agent_handover_cases,      agent_head_start_cases,
    agent_hitl_cases,          agent_inject_cases,
    agent_kill_cases,          agent_large_cases,
    agent_local_cases,         agent_mistakes_cases,
    agent_mistakes_peek_cases, agent_mistakes_tools_cases,
    agent_mock_cases,          agent_mock_parts_cases,
    agent_oom_cases,           agent_own_cases,
    agent_pair_cases,          agent_pending_cases,
    agent_recovery_cases,      agent_recovery_hook_cases,
    agent_session_cases,       agent_session_in_cases,
    agent_session_out_cases,   agent_session_send_cases,
    agent_session_wait_cases,  agent_snapshot_cases,
    agent_sub_cases,           agent_turn_cases,
    agent_turn_close_cases,    agent_turn_cursor_cases,
    agent_turn_custom_cases,   agent_turn_end_cases,
    agent_turn_error_cases,    agent_turn_message_cases,
    agent_turn_stop_cases,     agent_turn_token_cases,
    agent_turn_trim_cases,     agent_upgrade_cases,
};

const struct cs_role cs_agent_role = {
    .name = "agent",
    .groups = groups,
    .n_groups = sizeof groups / sizeof groups[0],
    .offers = offers,
    .set_up = set_up,
    .tear_down = tear_down,
    .slot_open = cs_adapter_slot_open,
    .slot_poll = cs_adapter_slot_poll,
    .slot_usable = cs_adapter_slot_usable,
    .slot_close = cs_adapter_slot_close,
};
