/* Sessions that were closed long ago are forgotten, and those that are still needed are not: in
 * scripted time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#define FORGET_MS 600000

static int64_t now(void *ctx)
{
    return *(const int64_t *)ctx;
}

static void open_scripted(struct world *world, int64_t *time_ms)
{
    const struct cs_endpoint_config config = {.seed = 7,
                                              .quiet = true,
                                              .clock = now,
                                              .clock_ctx = time_ms,
                                              .forget_closed_ms = FORGET_MS};
    world_open_config(world, &config);
}

static void close_session(struct world *world, const char *id)
{
    char path[128];
    snprintf(path, sizeof(path), "/api/v1/sessions/%s/close", id);
    assert_int_equal(
        status_of(world, "POST", path, SECRET, "Content-Type: application/json\r\n", CS_VIEW("{}")),
        200);
}

static int get(struct world *world, const char *path)
{
    return status_of(world, "GET", path, SECRET, "", NO_BODY);
}

static void a_closed_session_is_forgotten_in_time(void **state)
{
    (void)state;
    struct world world;
    struct session session;
    int64_t time_ms = INT64_C(1787300000000);
    open_scripted(&world, &time_ms);
    create_plain(&world, "a", &session);
    append_ok(&world, "a", "in", "{\"kind\":\"message\"}");
    close_session(&world, "a");
    create_plain(&world, "open", &session);
    time_ms += FORGET_MS - 1;
    assert_int_equal(get(&world, "/api/v1/sessions/a"), 200);
    assert_int_equal(world.endpoint->n_runs, 2);
    time_ms += 1;
    assert_int_equal(get(&world, "/api/v1/sessions/a"), 404);
    assert_int_equal(get(&world, "/api/v1/sessions/open"), 200);
    assert_int_equal(world.endpoint->n_sessions, 1);
    assert_int_equal(world.endpoint->n_runs, 1);
    /* Its name is new again, and its streams begin anew. */
    struct reply reply;
    create_plain(&world, "a", &session);
    drain(&world, "a", "in", &reply);
    assert_body(&reply, "{\"records\":[]}");
    forget(&reply);
    world_close(&world);
}

static void who_is_read_stays(void **state)
{
    (void)state;
    struct world world;
    struct session session;
    struct reply reply;
    int64_t time_ms = INT64_C(1787300000000);
    open_scripted(&world, &time_ms);
    create_plain(&world, "a", &session);
    ask(&world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    WORLD_UNTIL(&world, has_head(&reply));
    close_session(&world, "a");
    time_ms += FORGET_MS;
    assert_int_equal(get(&world, "/api/v1/sessions/a"), 200);
    forget(&reply); /* the reader leaves: it is forgotten, but not before another such time */
    time_ms += FORGET_MS;
    WORLD_UNTIL(&world, get(&world, "/api/v1/sessions/a") == 404);
    world_close(&world);
}

/* Part ids are known for five minutes, so a session lives that long after its close. */
static void no_session_before_its_part_ids(void **state)
{
    (void)state;
    struct world world;
    struct session session;
    int64_t time_ms = INT64_C(1787300000000);
    const struct cs_endpoint_config config = {
        .seed = 7, .quiet = true, .clock = now, .clock_ctx = &time_ms, .forget_closed_ms = 1};
    world_open_config(&world, &config);
    create_plain(&world, "a", &session);
    close_session(&world, "a");
    time_ms += 299999;
    assert_int_equal(get(&world, "/api/v1/sessions/a"), 200);
    time_ms += 1;
    assert_int_equal(get(&world, "/api/v1/sessions/a"), 404);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_session_is_forgotten_in_time),
        cmocka_unit_test(who_is_read_stays),
        cmocka_unit_test(no_session_before_its_part_ids),
    };
    return cmocka_run_group_tests_name("forget", tests, NULL, NULL) != 0;
}
