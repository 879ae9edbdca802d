/* Another chat beside the agent's own: a sub-agent's, whose part the case plays. */
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

/* The seeding functions with another chat in hand. */
struct other {
    const char *own;
};

static struct other enter(struct ak *ak, const char *chat)
{
    struct other other = {ak->chat};
    ak->chat = chat;
    return other;
}

static void leave(struct ak *ak, struct other other)
{
    ak->chat = other.own;
}

void ak_play_chunk(struct ak *ak, const char *chat, const char *chunk)
{
    struct other other = enter(ak, chat);
    (void)ak_seed_chunk(ak, chunk);
    leave(ak, other);
}

void ak_play_control(struct ak *ak, const char *chat, const char *headers)
{
    struct other other = enter(ak, chat);
    (void)ak_seed_control(ak, true, headers);
    leave(ak, other);
}

/* ---- who reads it ---- */

void ak_watch_readers(struct ak *ak, const char *stream)
{
    ak->watched = ak_text(ak, "%s", stream);
    ak->n_watching = 0;
}

static bool readers_are(struct ak *ak, const void *arg)
{
    return ak->n_watching == *(const size_t *)arg;
}

void ak_wait_readers(struct ak *ak, size_t n)
{
    ak_wait(ak, readers_are, &n, "leave %s with %zu readers", ak->watched, n);
}
