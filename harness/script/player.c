#include "script/player.h"

#include <stdlib.h>

/* How long a reset waits for the client's kernel to have all bytes: a connection that takes none
 * is reset all the same. */
#define ACK_TICK_MS   1
#define MAX_ACK_TICKS 500

#define CHUNK_OVERHEAD 32

struct cs_player {
    struct cs_timer ack_timer; /* first, so that the timer's callback finds its player */
    const struct cs_player_host *host;
    struct cs_conn *conn; /* NULL once it is gone */
    const struct cs_answer *answer;
    struct cs_logged *entry;
    const struct cs_play *next;
    struct cs_view rest; /* of the play that is being sent */
    size_t split;
    uint64_t n_begun; /* bytes of the plays that were begun */
    struct cs_buf head;
    unsigned ack_ticks;
    bool head_sent;
    bool running; /* inside cs_player_go_on: whoever ends the player must leave the freeing to it */
    bool over;
};

static void free_player(struct cs_player *player)
{
    cs_timer_stop(player->host->loop, &player->ack_timer);
    cs_buf_free(&player->head);
    free(player);
}

/* Leaves the connection to itself. */
static struct cs_conn *detach(struct cs_player *player)
{
    struct cs_conn *conn = player->conn;
    if (conn) {
        cs_conn_set_user(conn, NULL);
        player->conn = NULL;
    }
    player->over = true;
    return conn;
}

static void tick(struct cs_timer *timer)
{
    cs_player_go_on((struct cs_player *)timer);
}

static bool send_piece(struct cs_player *player)
{
    struct cs_view piece = player->rest;
    if (player->split > 0 && piece.len > player->split) {
        piece.len = player->split;
    }
    player->rest = cs_view_of(player->rest.ptr + piece.len, player->rest.len - piece.len);
    struct cs_buf chunk = CS_BUF(piece.len + CHUNK_OVERHEAD);
    cs_response_chunk(&chunk, piece);
    bool sent = cs_buf_error(&chunk) == CS_OK && cs_conn_send(player->conn, cs_buf_view(&chunk));
    cs_buf_free(&chunk);
    return sent;
}

/* True when all plays are through; false when something has to happen first. */
static bool play_on(struct cs_player *player)
{
    for (;;) {
        if (player->over || !player->conn || cs_conn_queued(player->conn) > 0) {
            return false;
        }
        if (player->rest.len > 0) {
            if (!send_piece(player)) {
                return false;
            }
            continue;
        }
        const struct cs_play *play = player->next;
        if (!play) {
            return true;
        }
        if (play->kind == CS_PLAY_AWAIT && !player->host->met(player->host->ctx, &play->await)) {
            return false;
        }
        if (play->kind == CS_PLAY_SPLIT) {
            player->split = play->split;
        } else if (play->kind == CS_PLAY_BYTES) {
            player->rest = play->bytes;
            player->host->sent(player->host->ctx, player->entry, false, player->n_begun,
                               play->bytes);
            player->n_begun += play->bytes.len;
        }
        player->next = play->next;
    }
}

/* A reset throws away what the kernel has not delivered, so it comes after the last byte was
 * acknowledged; there is no event for that, hence the timer. */
static bool wait_for_acks(struct cs_player *player)
{
    if (cs_conn_unacked(player->conn) == 0 || player->ack_ticks++ == MAX_ACK_TICKS) {
        return false;
    }
    return cs_timer_start(player->host->loop, &player->ack_timer, ACK_TICK_MS) == CS_OK;
}

static void end(struct cs_player *player)
{
    const struct cs_answer *answer = player->answer;
    if (answer->ending == CS_ENDING_HOLD) {
        return;
    }
    if (answer->ending == CS_ENDING_RST) {
        if (wait_for_acks(player)) {
            return;
        }
        player->entry->ended = true;
        cs_conn_reset(detach(player));
    } else if (answer->is_stream) {
        struct cs_buf last = CS_BUF(CHUNK_OVERHEAD);
        cs_response_chunk(&last, (struct cs_view){0});
        bool sent = cs_conn_send(player->conn, cs_buf_view(&last));
        cs_buf_free(&last);
        if (sent && player->conn) {
            player->entry->ended = true;
            cs_conn_next(detach(player));
        }
    } else {
        player->entry->ended = true;
        cs_conn_finish(detach(player));
    }
    player->host->changed(player->host->ctx);
}

static void run(struct cs_player *player)
{
    const struct cs_answer *answer = player->answer;
    if (!player->head_sent) {
        if (answer->has_await && !player->host->met(player->host->ctx, &answer->await)) {
            return;
        }
        player->head_sent = true;
        player->entry->status = answer->status;
        player->host->sent(player->host->ctx, player->entry, true, 0, cs_buf_view(&player->head));
        if (player->head.len > 0 && !cs_conn_send(player->conn, cs_buf_view(&player->head))) {
            return;
        }
    }
    if (play_on(player)) {
        end(player);
    }
}

void cs_player_go_on(struct cs_player *player)
{
    if (player->running || player->over) {
        return;
    }
    player->running = true;
    run(player);
    player->running = false;
    if (player->over) {
        free_player(player);
    }
}

void cs_player_gone(struct cs_player *player, int64_t at_ms)
{
    player->conn = NULL;
    player->over = true;
    player->entry->gone_ms = at_ms;
    if (!player->running) {
        free_player(player);
    }
}

struct cs_player *cs_player_start(const struct cs_player_host *host, struct cs_conn *conn,
                                  const struct cs_answer *answer, struct cs_logged *entry,
                                  struct cs_buf *head)
{
    struct cs_player *player = calloc(1, sizeof *player);
    if (!player) {
        return NULL;
    }
    *player = (struct cs_player){.ack_timer = {.fire = tick},
                                 .host = host,
                                 .conn = conn,
                                 .answer = answer,
                                 .entry = entry,
                                 .next = answer->plays,
                                 .head = *head};
    *head = CS_BUF(head->max);
    cs_conn_set_user(conn, player);
    return player;
}
