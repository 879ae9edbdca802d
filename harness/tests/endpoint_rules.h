/* A reference endpoint with two sessions, for tests of what stands before every route. */
#ifndef CHATSPEC_TESTS_ENDPOINT_RULES_H
#define CHATSPEC_TESTS_ENDPOINT_RULES_H

#include "endpoint_fixture.h"

#define KEY   CS_ENDPOINT_SECRET_KEY
#define OTHER CS_ENDPOINT_OTHER_SECRET_KEY

struct world {
    struct host *host;
    char environment[64]; /* of KEY */
    char other_environment[64];
    char id[64];      /* friendly id of the session "alpha" */
    char token[1024]; /* its token */
    char beta_token[1024];
};

static inline void ask_environment(struct host *host, const char *key, char *ret_id, size_t size)
{
    struct reply claims = call(host, "POST", "/api/v1/auth/jwt/claims", key, NULL, NULL);
    assert_int_equal(claims.status, 200);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(claims.json, "pub")));
    snprintf(ret_id, size, "%s", text_of(&claims, "sub"));
    reply_free(&claims);
}

static inline int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->host = host_start(NULL, 0);
    ask_environment(world->host, KEY, world->environment, sizeof world->environment);
    ask_environment(world->host, OTHER, world->other_environment, sizeof world->other_environment);
    struct reply alpha = create(world->host, "alpha");
    snprintf(world->id, sizeof world->id, "%s", text_of(&alpha, "id"));
    snprintf(world->token, sizeof world->token, "%s", text_of(&alpha, "publicAccessToken"));
    struct reply beta = create(world->host, "beta");
    snprintf(world->beta_token, sizeof world->beta_token, "%s",
             text_of(&beta, "publicAccessToken"));
    reply_free(&alpha);
    reply_free(&beta);
    *state = world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    host_end(world->host);
    free(world);
    return 0;
}

#endif
