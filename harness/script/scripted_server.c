#include "script/scripted_server.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/http_client.h"
#include "net/server.h"
#include "script/player.h"
#include "script/replies.h"
#include "script/request_log.h"

#define MAX_GATES 256
#define MAX_HEAD  ((size_t)32 * 1024 * 1024)

/* Scripts stay until the end, since answers under way still play them. */
struct kept_script {
    struct cs_notation *script;
    struct kept_script *next;
};

struct open_conn {
    struct cs_conn *conn;
    struct open_conn *next;
};

struct cs_scripted {
    struct cs_scripted_config config;
    char *session;
    char *token;
    char url[64];
    int64_t started_ms;
    struct cs_server *server;
    struct kept_script *scripts; /* the newest first */
    struct open_conn *conns;
    struct cs_player_host host;
    struct cs_request_log log;
    char *gates[MAX_GATES];
    size_t n_gates;
    uint64_t next_seq; /* what the next append would get */
};

static void tell(struct cs_scripted *server)
{
    if (server->config.changed) {
        server->config.changed(server->config.ctx);
    }
}

/* Connections may come and go while their players are told. */
static void go_on_all(struct cs_scripted *server)
{
    struct open_conn *open = server->conns;
    while (open) {
        struct open_conn *next = open->next;
        struct cs_player *player = cs_conn_user(open->conn);
        if (player) {
            cs_player_go_on(player);
        }
        open = next;
    }
}

static bool is_met(void *ctx, const struct cs_await *await)
{
    const struct cs_scripted *server = ctx;
    if (await->number > 0) {
        return server->log.n_of[await->target] >= await->number;
    }
    for (size_t i = 0; i < server->n_gates; i++) {
        if (strcmp(server->gates[i], await->gate) == 0) {
            return true;
        }
    }
    return false;
}

static void player_changed(void *ctx)
{
    tell(ctx);
}

static void player_sent(void *ctx, const struct cs_logged *request, bool is_head, uint64_t offset,
                        struct cs_view bytes)
{
    const struct cs_scripted *server = ctx;
    if (server->config.sent) {
        server->config.sent(server->config.ctx, request, is_head, offset, bytes);
    }
}

/* What a request gets that the script says nothing about. */
static const struct cs_answer *default_answer(enum cs_target target)
{
    static const struct cs_answer create = {.status = 201, .ending = CS_ENDING_EOF};
    static const struct cs_answer append = {
        .status = 200, .seq_kind = CS_SEQ_NEXT, .ending = CS_ENDING_EOF};
    static const struct cs_answer unknown = {.status = 404, .ending = CS_ENDING_EOF};
    switch (target) {
    case CS_TARGET_CREATE:
        return &create;
    case CS_TARGET_APP:
        return &append;
    default:
        return &unknown;
    }
}

/* The seq that this answer tells. Only an accepted append takes one. */
static uint64_t take_seq(struct cs_scripted *server, const struct cs_answer *answer)
{
    uint64_t seq = answer->seq_kind == CS_SEQ_GIVEN ? answer->seq : server->next_seq;
    if (answer->status >= 200 && answer->status < 300) {
        server->next_seq = seq + 1;
    }
    return seq;
}

static const struct cs_answer *choose_answer(struct cs_scripted *server, struct cs_logged *entry)
{
    const struct cs_notation *script = server->scripts ? server->scripts->script : NULL;
    const struct cs_rule *rule = cs_notation_find(script, entry->target, entry->number);
    if (rule) {
        return &rule->answer;
    }
    const struct cs_answer *answer = default_answer(entry->target);
    entry->unexpected = answer->status == 404;
    server->log.n_unexpected += entry->unexpected;
    return answer;
}

static struct cs_player *start_player(struct cs_scripted *server, struct cs_conn *conn,
                                      struct cs_logged *entry)
{
    const struct cs_answer *answer = choose_answer(server, entry);
    struct cs_reply_facts facts = {.request = entry,
                                   .session = server->session,
                                   .token = server->token,
                                   .has_seq = answer->seq_kind != CS_SEQ_NONE};
    if (entry->target == CS_TARGET_APP || entry->target == CS_TARGET_SIDE_APP) {
        facts.seq = take_seq(server, answer);
    }
    struct cs_buf head = CS_BUF(MAX_HEAD);
    cs_reply_build(&head, answer, &facts);
    struct cs_player *player = NULL;
    if (cs_buf_error(&head) == CS_OK) {
        player = cs_player_start(&server->host, conn, answer, entry, &head);
    }
    cs_buf_free(&head);
    return player;
}

static void on_request(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    struct cs_scripted *server = ctx;
    struct cs_logged *entry = cs_request_log_add(&server->log, request);
    struct cs_player *player = NULL;
    if (entry) {
        entry->at_ms = cs_loop_now(server->config.loop) - server->started_ms;
        entry->connection = cs_conn_number(conn);
        player = start_player(server, conn, entry);
    }
    if (!player) {
        cs_conn_reset(conn);
    }
    /* This one, and whoever waited for it. */
    go_on_all(server);
    tell(server);
}

static void on_accept(void *ctx, struct cs_conn *conn)
{
    struct cs_scripted *server = ctx;
    struct open_conn *open = malloc(sizeof *open);
    if (!open) {
        cs_conn_reset(conn);
        return;
    }
    *open = (struct open_conn){conn, server->conns};
    server->conns = open;
}

static void on_drained(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    struct cs_player *player = cs_conn_user(conn);
    if (player) {
        cs_player_go_on(player);
    }
}

static void on_close(void *ctx, struct cs_conn *conn)
{
    struct cs_scripted *server = ctx;
    struct open_conn **at = &server->conns;
    while (*at && (*at)->conn != conn) {
        at = &(*at)->next;
    }
    if (*at) {
        struct open_conn *open = *at;
        *at = open->next;
        free(open);
    }
    struct cs_player *player = cs_conn_user(conn);
    if (player) {
        cs_conn_set_user(conn, NULL);
        cs_player_gone(player, cs_loop_now(server->config.loop) - server->started_ms);
        tell(server);
    }
}

static enum cs_err copy_strings(struct cs_scripted *server, struct cs_diag *diag)
{
    const struct cs_scripted_config *config = &server->config;
    if ((config->session && !(server->session = strdup(config->session))) ||
        (config->token && !(server->token = strdup(config->token)))) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    server->log.session = server->session;
    return CS_OK;
}

enum cs_err cs_scripted_start(const struct cs_scripted_config *config,
                              struct cs_scripted **ret_server, struct cs_diag *diag)
{
    static const struct cs_server_hooks hooks = {.on_accept = on_accept,
                                                 .on_request = on_request,
                                                 .on_drained = on_drained,
                                                 .on_close = on_close};
    struct cs_scripted *server = calloc(1, sizeof *server);
    if (!server) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    server->config = *config;
    server->started_ms = cs_now_ms();
    server->host = (struct cs_player_host){.loop = config->loop,
                                           .met = is_met,
                                           .changed = player_changed,
                                           .sent = player_sent,
                                           .ctx = server};
    struct cs_server_config net = {.hooks = &hooks, .ctx = server};
    enum cs_err err = copy_strings(server, diag);
    if (err == CS_OK) {
        err = cs_server_start(config->loop, &net, &server->server, diag);
    }
    if (err != CS_OK) {
        cs_scripted_stop(server);
        return err;
    }
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u",
             (unsigned)cs_server_port(server->server));
    *ret_server = server;
    return CS_OK;
}

void cs_scripted_refuse(struct cs_scripted *server)
{
    server->config.changed = NULL;
    server->config.sent = NULL;
    cs_server_refuse(server->server);
}

void cs_scripted_stop(struct cs_scripted *server)
{
    if (!server) {
        return;
    }
    server->config.changed = NULL;
    if (server->server) {
        cs_server_stop(server->server);
    }
    while (server->scripts) {
        struct kept_script *next = server->scripts->next;
        cs_notation_free(server->scripts->script);
        free(server->scripts);
        server->scripts = next;
    }
    for (size_t i = 0; i < server->n_gates; i++) {
        free(server->gates[i]);
    }
    cs_request_log_free(&server->log);
    free(server->session);
    free(server->token);
    free(server);
}

const char *cs_scripted_url(const struct cs_scripted *server)
{
    return server->url;
}

bool cs_scripted_play(struct cs_scripted *server, struct cs_notation *script)
{
    struct kept_script *kept = malloc(sizeof *kept);
    if (!kept) {
        cs_notation_free(script);
        return false;
    }
    *kept = (struct kept_script){script, server->scripts};
    server->scripts = kept;
    return true;
}

bool cs_scripted_release(struct cs_scripted *server, const char *gate)
{
    char *copy = server->n_gates < MAX_GATES ? strdup(gate) : NULL;
    if (!copy) {
        return false;
    }
    server->gates[server->n_gates++] = copy;
    go_on_all(server);
    return true;
}

int64_t cs_scripted_now(const struct cs_scripted *server)
{
    return cs_now_ms() - server->started_ms;
}

size_t cs_scripted_count(const struct cs_scripted *server)
{
    return server->log.n;
}

const struct cs_logged *cs_scripted_request(const struct cs_scripted *server, size_t index)
{
    return server->log.entries[index];
}

uint64_t cs_scripted_count_of(const struct cs_scripted *server, enum cs_target target)
{
    return server->log.n_of[target];
}

const struct cs_logged *cs_scripted_find(const struct cs_scripted *server, enum cs_target target,
                                         uint64_t number)
{
    for (size_t i = 0; i < server->log.n; i++) {
        const struct cs_logged *entry = server->log.entries[i];
        if (entry->target == target && entry->number == number) {
            return entry;
        }
    }
    return NULL;
}

size_t cs_scripted_unexpected(const struct cs_scripted *server)
{
    return server->log.n_unexpected;
}
