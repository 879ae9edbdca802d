/* Plays one scripted answer on one connection. Only for the files of this folder. */
#ifndef CHATSPEC_SCRIPT_PLAYER_H
#define CHATSPEC_SCRIPT_PLAYER_H

#include "net/server.h"
#include "script/scripted_server.h"

struct cs_player;

/* What a player asks its server. */
struct cs_player_host {
    struct cs_loop *loop;
    bool (*met)(void *ctx, const struct cs_await *await);
    void (*changed)(void *ctx);
    void (*sent)(void *ctx, const struct cs_logged *request, bool is_head, uint64_t offset,
                 struct cs_view bytes);
    void *ctx;
};

/* Starts to play: `head` (moved in) is sent first; for a stream its plays follow as chunks. `host`,
 * `answer` and `entry` outlive the player. The player is the connection's user pointer from here on
 * and frees itself when the answer is over. NULL when out of memory. */
struct cs_player *cs_player_start(const struct cs_player_host *host, struct cs_conn *conn,
                                  const struct cs_answer *answer, struct cs_logged *entry,
                                  struct cs_buf *head);
/* Something that it may wait for has happened, or its connection has room. It may free itself. */
void cs_player_go_on(struct cs_player *player);
/* Its connection is gone; `at_ms` goes into the request's entry. */
void cs_player_gone(struct cs_player *player, int64_t at_ms);

#endif
