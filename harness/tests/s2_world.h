/* The S2 backend on a loop, in front of a scripted S2. Include after the cmocka headers. */
#ifndef CHATSPEC_TESTS_S2_WORLD_H
#define CHATSPEC_TESTS_S2_WORLD_H

#include "endpoint/store/store_s2.h"
#include "net/loop.h"
#include "tests/canned.h"

#define PATIENCE_MS 20000
#define HASTE_MS    200

struct world {
    struct cs_loop *loop;
    struct cs_store *store;
    struct canned *canned;
    char url[128];
};

/* A store whose S2 plays these steps, and what it takes for silence. */
static inline void world_open(struct world *world, const struct canned_step *steps, size_t n,
                              int64_t patience_ms)
{
    world->canned = canned_start(steps, n);
    snprintf(world->url, sizeof(world->url), "%s/v1", world->canned->url);
    world->loop = cs_loop_new();
    assert_non_null(world->loop);
    const struct cs_store_s2_config config = {.url = world->url,
                                              .basin = "chatspec-basin",
                                              .token = "secret",
                                              .patience_ms = patience_ms,
                                              .silence_ms = patience_ms,
                                              .retry_ms = 1};
    world->store = cs_store_s2_new(world->loop, &config);
    assert_non_null(world->store);
}

#define WORLD(world, steps) \
    world_open((world), (steps), sizeof(steps) / sizeof(steps)[0], PATIENCE_MS)
/* For a step that never answers, which is to be noticed soon; others get all the time they need. */
#define PATIENCE_WITH(step) ((step).end == CANNED_HOLD ? HASTE_MS : PATIENCE_MS)

static inline void world_close(struct world *world)
{
    if (world->store != NULL) {
        world->store->ops->free(world->store);
    }
    cs_loop_free(world->loop);
    canned_free(world->canned);
}

#define UNTIL(world, condition)                                         \
    do {                                                                \
        int64_t until_ = cs_loop_now((world)->loop) + PATIENCE_MS;      \
        while (!(condition)) {                                          \
            if (cs_loop_now((world)->loop) > until_) {                  \
                fail_msg("waited in vain for: %s", #condition);         \
            }                                                           \
            cs_loop_run((world)->loop, cs_loop_now((world)->loop) + 1); \
        }                                                               \
    } while (0)

/* An answer with its length, which has to be counted by whoever writes it. */
#define ANSWER(status, len, body)                                                            \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nContent-Length: " len "\r\n\r" \
    "\n" body

#endif
