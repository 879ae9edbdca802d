/* What surrounds a client case: an adapter per worker slot, a server and a chat per case. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/adapter_slot.h"
#include "conformance/client/cases.h"
#include "conformance/client/kit_internal.h"
#include "wire/utf8.h"

static unsigned offers(const void *env)
{
    (void)env;
    return CS_NEEDS_LONG;
}

/* A fact is shown as it is, so nothing in it may disturb a terminal. */
static void copy_fact(const struct cs_adapter *adapter, const char *name,
                      char ret_text[CS_CLIENT_FACT_MAX])
{
    const char *said = cs_adapter_fact(adapter, name);
    struct cs_buf text = CS_BUF(4096);
    cs_buf_readable(&text, cs_view_str(said ? said : ""), CS_CLIENT_FACT_MAX - 1);
    char *shown = cs_buf_take(&text);
    struct cs_view whole = cs_view_str(shown ? shown : "");
    size_t len = whole.len < CS_CLIENT_FACT_MAX ? whole.len : CS_CLIENT_FACT_MAX - 1;
    len = cs_utf8_valid_prefix(cs_view_of(whole.ptr, len));
    snprintf(ret_text, CS_CLIENT_FACT_MAX, "%.*s", (int)len, whole.ptr);
    free(shown);
}

enum cs_err cs_client_probe_begin(const struct cs_client_env *env, struct cs_adapter **ret_adapter,
                                  struct cs_diag *diag)
{
    return cs_adapter_begin(env, ret_adapter, diag);
}

void cs_client_probe_cancel(struct cs_adapter *adapter)
{
    cs_adapter_end(adapter);
}

enum cs_err cs_client_probe_end(struct cs_adapter *adapter, struct cs_client_facts *ret_facts,
                                struct cs_diag *diag)
{
    enum cs_err err = cs_adapter_await(adapter, diag);
    if (err == CS_OK) {
        copy_fact(adapter, "name", ret_facts->name);
        copy_fact(adapter, "version", ret_facts->version);
        copy_fact(adapter, "runtime", ret_facts->runtime);
        copy_fact(adapter, "parser", ret_facts->parser);
        copy_fact(adapter, "ai", ret_facts->ai);
    }
    return err;
}

static void on_change(void *ctx)
{
    cs_loop_stop(((struct ck *)ctx)->loop);
}

struct cs_scripted *ck_new_server(struct ck *ck)
{
    struct cs_scripted *server;
    struct cs_scripted_config config = {.loop = ck->loop,
                                        .session = ck->chat,
                                        .token = ck_token(ck, "P1"),
                                        .changed = on_change,
                                        .sent = ck_show_sent,
                                        .ctx = ck};
    struct cs_diag diag;
    if (cs_scripted_start(&config, &server, &diag) != CS_OK) {
        cs_case_error(ck->run, "the scripted server cannot start: %s", diag.text);
    }
    return server;
}

void ck_start_server(struct ck *ck)
{
    ck->server = ck_new_server(ck);
}

/* Tells what was driven, since results belong to (client, parser) and not to the client alone. */
static void observe_peer(struct ck *ck)
{
    static const char *const facts[] = {"name", "version", "runtime", "parser", "ai"};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *value = cs_adapter_fact(ck->talk.adapter, facts[i]);
        if (value) {
            char title[32];
            snprintf(title, sizeof title, "peer.%s", facts[i]);
            cs_case_observe(ck->run, title, "%s", value);
        }
    }
}

static void set_up(struct cs_case_run *run)
{
    struct ck *ck = calloc(1, sizeof *ck);
    if (!ck) {
        cs_case_error(run, "out of memory");
    }
    ck->run = run;
    ck->env = cs_case_env(run);
    cs_case_set_subject(run, ck);
    ck->chat = ck_keep(ck, cs_view_str(cs_case_name(run)));
    ck->loop = cs_loop_new();
    if (!ck->loop) {
        ck_no_memory(ck);
    }
    ck->talk = (struct cs_talk){
        .run = run, .loop = ck->loop, .adapter = cs_case_slot(run), .who = "adapter"};
    ck_start_server(ck);
    ck_listen(ck);
    observe_peer(ck);
}

static void free_ck(struct ck *ck)
{
    cs_talk_unlisten(&ck->talk);
    cs_scripted_stop(ck->server);
    cs_scripted_stop(ck->other);
    cs_loop_free(ck->loop);
    cs_talk_free(&ck->talk);
    cs_arena_free(&ck->arena);
    free(ck);
}

/* The order of the requests and the cursors of the subscriptions: what tells two versions apart
 * that both pass. */
static void observe_requests(struct ck *ck)
{
    struct cs_buf order = CS_BUF(1024);
    struct cs_buf cursors = CS_BUF(1024);
    for (size_t i = 0; ck->server && i < cs_scripted_count(ck->server); i++) {
        const struct cs_logged *request = cs_scripted_request(ck->server, i);
        cs_buf_printf(&order, "%s%s", i > 0 ? " " : "", cs_target_name(request->target));
        if (request->target == CS_TARGET_OUT) {
            const struct cs_header *cursor = cs_logged_header(request, "Last-Event-ID");
            struct cs_view shown = cursor ? cursor->value : CS_VIEW("none");
            cs_buf_printf(&cursors, "%s%.*s", cursors.len > 0 ? " " : "", CS_VIEW_ARG(shown));
        }
    }
    const cJSON *unhandled = ck_find_event(ck, "unhandled");
    if (unhandled) {
        const cJSON *error = cJSON_GetObjectItemCaseSensitive(unhandled, "error");
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
        cs_case_observe(ck->run, "unhandled error", "%s", text ? text : "without a message");
    }
    cs_case_observe(ck->run, "requests", "%.*s", CS_VIEW_ARG(cs_buf_view(&order)));
    cs_case_observe(ck->run, "cursors", "%.*s", CS_VIEW_ARG(cs_buf_view(&cursors)));
    cs_buf_free(&order);
    cs_buf_free(&cursors);
}

static void tear_down(struct cs_case_run *run)
{
    struct ck *ck = cs_case_subject(run);
    if (!ck) {
        return;
    }
    cs_case_set_subject(run, NULL);
    ck->talk.over = true;
    observe_requests(ck);
    /* First, so that a client which waits for more of a stream has nothing left to wait for. */
    if (ck->server) {
        cs_scripted_refuse(ck->server);
    }
    if (ck->other) {
        cs_scripted_refuse(ck->other);
    }
    if (ck->talk.lost != CS_OK || (ck->talk.listening && !ck_reset(ck))) {
        /* The next case of this slot must not inherit what is left: an adapter that does not
         * answer, or says what nobody understands, is ended, and the runner starts another. */
        cs_process_kill(ck->talk.adapter->process);
    }
    /* Not before the client is quiet: its next try would reach the server of another case. */
    cs_scripted_stop(ck->server);
    ck->server = NULL;
    ck_platform_end(ck->platform);
    free_ck(ck);
}

static const struct cs_case *const groups[] = {
    client_token_cases,
    client_token_adopt_cases,
    client_token_refresh_cases,
    client_token_server_observed_cases,
    client_append_cases,
    client_append_refused_cases,
    client_append_server_observed_cases,
    client_message_cases,
    client_message_observed_cases,
    client_framing_cases,
    client_framing_observed_cases,
    client_record_cases,
    client_record_observed_cases,
    client_turn_cases,
    client_turn_observed_cases,
    client_resume_cases,
    client_large_cases,
    client_resume_observed_cases,
    client_reconnect_observed_cases,
    client_subscription_cases,
    client_subscription_observed_cases,
    client_subscription_record_cases,
    client_stop_cases,
    client_stop_observed_cases,
    client_stop_late_cases,
    client_retry_cases,
    client_steer_cases,
    client_create_cases,
    client_start_observed_cases,
    client_head_start_cases,
    client_head_start_handler_cases,
    client_head_start_handler_observed_cases,
    client_agent_chat_cases,
    client_agent_chat_observed_cases,
    client_agent_chat_stream_cases,
    client_agent_chat_turn_cases,
    client_session_handle_cases,
    client_session_handle_observed_cases,
    client_writer_cases,
    client_writer_size_cases,
    client_address_observed_cases,
};

const struct cs_role cs_client_role = {
    .name = "client",
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
