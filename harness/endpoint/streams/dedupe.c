#include "endpoint/streams/dedupe.h"

#include <search.h>
#include <stdlib.h>

struct cs_claim {
    struct cs_view key; /* in the same block */
    int64_t at_ms;
    TAILQ_ENTRY(cs_claim) link;
};

static int compare_keys(const void *a, const void *b)
{
    struct cs_view x = ((const struct cs_claim *)a)->key;
    struct cs_view y = ((const struct cs_claim *)b)->key;
    if (x.len != y.len) {
        return x.len < y.len ? -1 : 1;
    }
    return x.len == 0 ? 0 : memcmp(x.ptr, y.ptr, x.len);
}

static void forget(struct cs_dedupe *dedupe, struct cs_claim *claim)
{
    tdelete(claim, &dedupe->by_key, compare_keys);
    TAILQ_REMOVE(&dedupe->claims, claim, link);
    dedupe->n_claims--;
    free(claim);
}

void cs_dedupe_free(struct cs_dedupe *dedupe)
{
    while (!TAILQ_EMPTY(&dedupe->claims)) {
        forget(dedupe, TAILQ_FIRST(&dedupe->claims));
    }
}

static struct cs_claim *find(struct cs_dedupe *dedupe, struct cs_view key)
{
    struct cs_claim probe = {.key = key};
    struct cs_claim *const *found = tfind(&probe, &dedupe->by_key, compare_keys);
    return found != NULL ? *found : NULL;
}

static void forget_old(struct cs_dedupe *dedupe, int64_t now_ms, int64_t window_ms)
{
    while (!TAILQ_EMPTY(&dedupe->claims)) {
        struct cs_claim *oldest = TAILQ_FIRST(&dedupe->claims);
        if (now_ms - oldest->at_ms < window_ms && dedupe->n_claims < CS_DEDUPE_MAX_CLAIMS) {
            return;
        }
        forget(dedupe, oldest);
    }
}

bool cs_dedupe_claim(struct cs_dedupe *dedupe, struct cs_view key, int64_t now_ms,
                     int64_t window_ms)
{
    forget_old(dedupe, now_ms, window_ms);
    if (find(dedupe, key) != NULL) {
        return false;
    }
    struct cs_claim *claim =
        key.len < SIZE_MAX - sizeof(*claim) ? malloc(sizeof(*claim) + key.len) : NULL;
    if (claim == NULL) {
        return true;
    }
    if (key.len > 0) {
        memcpy(claim + 1, key.ptr, key.len);
    }
    claim->key = cs_view_of((const char *)(claim + 1), key.len);
    claim->at_ms = now_ms;
    if (tsearch(claim, &dedupe->by_key, compare_keys) == NULL) {
        free(claim);
        return true;
    }
    TAILQ_INSERT_TAIL(&dedupe->claims, claim, link);
    dedupe->n_claims++;
    return true;
}

void cs_dedupe_release(struct cs_dedupe *dedupe, struct cs_view key)
{
    struct cs_claim *claim = find(dedupe, key);
    if (claim != NULL) {
        forget(dedupe, claim);
    }
}
