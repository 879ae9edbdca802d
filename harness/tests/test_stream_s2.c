/* The endpoint with its streams in an S2 elsewhere: what it hands out, and what its clients see
 * when that S2 fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#include "tests/canned.h"

struct stage {
    struct world world; /* first: the helpers take it */
    struct canned *canned;
    char url[128];
};

static void stage_open(struct stage *stage, const struct canned_step *steps, size_t n,
                       const char *token)
{
    stage->canned = canned_start(steps, n);
    snprintf(stage->url, sizeof(stage->url), "%s/v1", stage->canned->url);
    const struct cs_endpoint_config config = {.seed = 7,
                                              .quiet = true,
                                              .stream_url = stage->url,
                                              .stream_basin = "a-basin-of-ours",
                                              .stream_token = token};
    world_open_config(&stage->world, &config);
}

static void stage_close(struct stage *stage)
{
    world_close(&stage->world);
    canned_free(stage->canned);
}

static void assert_header(struct reply *reply, const char *name, const char *expected)
{
    const char *value = header_of(reply, name);
    assert_non_null(value);
    assert_string_equal(value, expected);
}

static void initialise(struct stage *stage, const char *path, const char *token,
                       struct reply *reply)
{
    exchange(&stage->world, reply, "PUT", path, token, "", CS_VIEW(""));
}

static void put_hands_out_the_store_itself(void **state)
{
    (void)state;
    struct stage stage;
    struct session session;
    struct reply reply;
    stage_open(&stage, NULL, 0, NULL);
    create_plain(&stage.world, "a", &session);
    initialise(&stage, OUT_A, SECRET, &reply);
    assert_int_equal(reply.status, 202);
    assert_header(&reply, "X-S2-Endpoint", stage.url);
    assert_header(&reply, "X-S2-Basin", "a-basin-of-ours");
    assert_header(&reply, "X-S2-Access-Token", "no-token");
    const char *name = header_of(&reply, "X-S2-Stream-Name");
    assert_non_null(strstr(name, "/env/dev/chatspecenvironment000one/sessions/a/out"));
    assert_int_equal(strncmp(name, "org/", 4), 0);
    forget(&reply);
    stage_close(&stage);
}

/* The store outlives an endpoint, so the streams of the next one have other names: same seed. */
static void names_are_new_with_every_start(void **state)
{
    (void)state;
    char names[2][2048];
    for (int i = 0; i < 2; i++) {
        struct stage stage;
        struct session session;
        struct reply reply;
        stage_open(&stage, NULL, 0, NULL);
        create_plain(&stage.world, "a", &session);
        initialise(&stage, OUT_A, SECRET, &reply);
        snprintf(names[i], sizeof(names[i]), "%s", header_of(&reply, "X-S2-Stream-Name"));
        forget(&reply);
        stage_close(&stage);
    }
    assert_string_not_equal(names[0], names[1]);
}

static void the_token_is_for_secret_keys_only(void **state)
{
    (void)state;
    struct stage stage;
    struct session session;
    struct reply reply;
    stage_open(&stage, NULL, 0, "s2-token");
    create_plain(&stage.world, "a", &session);
    initialise(&stage, IN_A, SECRET, &reply);
    assert_header(&reply, "X-S2-Access-Token", "s2-token");
    forget(&reply);
    initialise(&stage, IN_A, session.token, &reply);
    assert_header(&reply, "X-S2-Access-Token", "no-token");
    forget(&reply);
    stage_close(&stage);
}

static void a_name_that_no_header_carries_is_500(void **state)
{
    (void)state;
    struct stage stage;
    struct session session;
    struct reply reply;
    stage_open(&stage, NULL, 0, NULL);
    create_plain(&stage.world, "a b", &session);
    create_plain(&stage.world, "\xc3\xa9", &session);
    initialise(&stage, "/realtime/v1/sessions/a%20b/out", SECRET, &reply);
    assert_int_equal(reply.status, 202);
    assert_non_null(strstr(header_of(&reply, "X-S2-Stream-Name"), "/sessions/a b/out"));
    forget(&reply);
    initialise(&stage, "/realtime/v1/sessions/%C3%A9/out", SECRET, &reply);
    assert_int_equal(reply.status, 500);
    forget(&reply);
    stage_close(&stage);
}

/* OUT-37, CHN-13: whatever the store's fault is, clients of the session routes see a 500. */
static void a_failing_store_is_500_everywhere(void **state)
{
    (void)state;
    static const struct canned_step broken[] = {
        {.bytes = ""},
        {.bytes = "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "garbage\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const struct canned_step steps[] = {broken[i], broken[i], broken[i], broken[i], broken[i]};
        struct stage stage;
        struct session session;
        struct reply reply;
        stage_open(&stage, steps, 5, NULL);
        create_plain(&stage.world, "a", &session);
        exchange(&stage.world, &reply, "POST", IN_A "/append", session.token, "", CS_VIEW("x"));
        assert_int_equal(reply.status, 500);
        assert_true(body_has(&reply, "{\"ok\":false,"));
        forget(&reply);
        static const char *const reads[] = {OUT_A, OUT_A "/records"};
        for (size_t r = 0; r < 2; r++) {
            assert_int_equal(status_of(&stage.world, "GET", reads[r], session.token, "", NO_BODY),
                             500);
        }
        assert_int_equal(
            status_of(&stage.world, "GET", OUT_A, session.token, "X-Peek-Settled: 1\r\n", NO_BODY),
            500);
        stage_close(&stage);
    }
}

static bool asked(struct stage *stage, size_t n)
{
    pthread_mutex_lock(&stage->canned->lock);
    bool enough = stage->canned->n_requests >= n;
    pthread_mutex_unlock(&stage->canned->lock);
    return enough;
}

/* An append, a drain, a peek, a close and an agent's turn, all on their way when the endpoint ends.
 */
static void the_endpoint_ends_with_calls_on_their_way(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {{.bytes = "", .end = CANNED_HOLD},
                                               {.bytes = "", .end = CANNED_HOLD},
                                               {.bytes = "", .end = CANNED_HOLD},
                                               {.bytes = "", .end = CANNED_HOLD},
                                               {.bytes = "", .end = CANNED_HOLD}};
    struct stage stage;
    struct session session;
    struct reply replies[4];
    stage_open(&stage, steps, 5, NULL);
    create_plain(&stage.world, "a", &session);
    create_plain(&stage.world, "b", &session);
    ask(&stage.world, &replies[0], "POST", IN_A "/append", SECRET, "X-Part-Id: p\r\n",
        CS_VIEW("x"));
    ask(&stage.world, &replies[1], "GET", OUT_A "/records", SECRET, "", NO_BODY);
    ask(&stage.world, &replies[2], "GET", OUT_A, SECRET, "X-Peek-Settled: 1\r\n", NO_BODY);
    ask(&stage.world, &replies[3], "POST", "/api/v1/sessions/b/close", SECRET, "", CS_VIEW("{}"));
    create_session(&stage.world, "c", "echo",
                   "{\"chatId\":\"c\",\"trigger\":\"submit-message\",\"message\":{\"id\":\"u\","
                   "\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"hi\"}]}}",
                   "", &session);
    WORLD_UNTIL(&stage.world, asked(&stage, 5));
    for (size_t i = 0; i < 4; i++) {
        assert_false(has_head(&replies[i]));
    }
    stage_close(&stage);
    for (size_t i = 0; i < 4; i++) {
        forget(&replies[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_hands_out_the_store_itself),
        cmocka_unit_test(names_are_new_with_every_start),
        cmocka_unit_test(the_token_is_for_secret_keys_only),
        cmocka_unit_test(a_name_that_no_header_carries_is_500),
        cmocka_unit_test(a_failing_store_is_500_everywhere),
        cmocka_unit_test(the_endpoint_ends_with_calls_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
