/* The endpoint when memory runs out: whichever allocation fails, a peer is told so or loses its
 * connection, nobody is told anything false, and the endpoint serves the next one as if nothing had
 * been. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"
#include "failing_memory.h"
#include "h2_client.h"

bool __real_cs_loop_run(struct cs_loop *loop, int64_t deadline_ms);
bool __wrap_cs_loop_run(struct cs_loop *loop, int64_t deadline_ms);
enum cs_err __real_cs_endpoint_start(struct cs_loop *loop, const struct cs_endpoint_config *config,
                                     struct cs_endpoint **ret_endpoint, struct cs_diag *diag);
enum cs_err __wrap_cs_endpoint_start(struct cs_loop *loop, const struct cs_endpoint_config *config,
                                     struct cs_endpoint **ret_endpoint, struct cs_diag *diag);

/* What the endpoint does is done in these two. */
bool __wrap_cs_loop_run(struct cs_loop *loop, int64_t deadline_ms)
{
    memory_on();
    bool stopped = __real_cs_loop_run(loop, deadline_ms);
    memory_off();
    return stopped;
}

enum cs_err __wrap_cs_endpoint_start(struct cs_loop *loop, const struct cs_endpoint_config *config,
                                     struct cs_endpoint **ret_endpoint, struct cs_diag *diag)
{
    memory_on();
    enum cs_err err = __real_cs_endpoint_start(loop, config, ret_endpoint, diag);
    memory_off();
    return err;
}

/* One request of a scenario. "A" in a path stands for the session. */
struct step {
    const char *method;
    const char *path;
    const char *headers;
    const char *body; /* NULL: none */
    int status;       /* when no allocation fails */
};

struct scenario {
    const char *task;
    const char *fault;         /* rule, or NULL */
    const struct step *before; /* with all memory there is; ended by {0} */
    const struct step *steps;
};

#define JSON "Content-Type: application/json\r\n"
#define CREATE_BODY                                                                \
    "{\"type\":\"chat.agent\",\"externalId\":\"a\",\"taskIdentifier\":\"absent\"," \
    "\"triggerConfig\":{\"basePayload\":{\"x\":[1,{}]},\"tags\":[\"t\"]},"         \
    "\"metadata\":{\"m\":1}}"
#define CREATE                                             \
    {                                                      \
        "POST", "/api/v1/sessions", JSON, CREATE_BODY, 201 \
    }
#define APPEND(io, part, text)                                                                     \
    {                                                                                              \
        "POST", "/realtime/v1/sessions/a/" io "/append", JSON "X-Part-Id: " part "\r\n", text, 200 \
    }

/* As `memory`, for want of a context: told one by one, since one failure says little. */
static unsigned n_wrong;

/* An exchange whose end may also be that of its connection: then 0. */
static int try(struct world *world, const struct step *step)
{
    struct reply reply;
    ask(world, &reply, step->method, step->path, SECRET, step->headers,
        step->body ? cs_view_str(step->body) : NO_BODY);
    WORLD_UNTIL(world, is_complete(&reply));
    int status = reply.complete ? reply.status : 0;
    if (status >= 200 && status < 300 && reply.body.len > 0 && reply.body.ptr[0] == '{') {
        assert_int_equal(cs_json_check(cs_buf_view(&reply.body), NULL), CS_OK);
    }
    forget(&reply);
    return status;
}

static void run_steps(struct world *world, const struct step *steps)
{
    for (const struct step *step = steps; step->method; step++) {
        int status = try(world, step);
        bool clean = status == step->status || (memory.failed && (status == 0 || status >= 500));
        if (!clean) {
            print_error("%s %s: %d and not %d, with a failure %s\n", step->method, step->path,
                        status, step->status, memory.failed ? "behind it" : "to come");
            n_wrong++;
        }
        if (memory.failed && status != step->status) {
            return; /* the next ones build on this one */
        }
    }
}

static void play(void *ctx)
{
    const struct scenario *scenario = ctx;
    size_t armed = memory.until_failure;
    memory.until_failure = 0;
    struct world world;
    const char *const faults[] = {scenario->fault};
    const struct cs_endpoint_config config = {
        .seed = 7, .quiet = true, .faults = faults, .n_faults = scenario->fault ? 1 : 0};
    world_open_config(&world, &config);
    if (scenario->before) {
        run_steps(&world, scenario->before);
    }
    memory.until_failure = armed;
    run_steps(&world, scenario->steps);
    memory.until_failure = 0;
    cs_endpoint_clear_faults(world.endpoint);
    const struct step after[] = {
        {"POST", "/api/v1/sessions", JSON,
         "{\"type\":\"chat.agent\",\"externalId\":\"b\",\"taskIdentifier\":\"absent\","
         "\"triggerConfig\":{\"basePayload\":{}}}",
         201},
        {"POST", "/realtime/v1/sessions/b/in/append", JSON, "{\"kind\":\"message\"}", 200},
        {"GET", "/realtime/v1/sessions/b/in/records", "", NULL, 200},
        {0}};
    bool failed = memory.failed;
    memory.failed = false; /* from here on everything has to work */
    run_steps(&world, after);
    memory.failed = failed;
    world_close(&world);
}

static void each(const struct step *before, const struct step *steps, const char *fault)
{
    struct scenario scenario = {.before = before, .steps = steps, .fault = fault};
    n_wrong = 0;
    assert_in_range(memory_fail_each(play, &scenario), 5, MEMORY_TURNS_MAX);
    assert_int_equal(n_wrong, 0);
}

static const struct step created[] = {CREATE, {0}};
static const struct step written[] = {CREATE,
                                      APPEND("in", "p", "{\"kind\":\"message\"}"),
                                      APPEND("out", "q", "{\"type\":\"x\"}"),
                                      {0}};

/* ---- the scenarios ---- */

static void start_or_not(void *ctx)
{
    (void)ctx;
    struct cs_loop *loop = cs_loop_new();
    struct cs_endpoint *endpoint = NULL;
    struct cs_diag diag = {0};
    const char *const rules[] = {"put 1: 500 {\"error\":\"x\"}", "out 2+: cut"};
    const struct cs_endpoint_config config = {
        .seed = 7, .quiet = true, .faults = rules, .n_faults = 2};
    assert_non_null(loop);
    enum cs_err err = cs_endpoint_start(loop, &config, &endpoint, &diag);
    assert_true(memory.failed ? err == CS_ERR_NO_MEMORY || err == CS_ERR_IO : err == CS_OK);
    assert_true(err == CS_OK || diag.text[0] != '\0');
    if (err == CS_OK) {
        cs_endpoint_stop(endpoint);
    }
    cs_loop_free(loop);
}

static void an_endpoint_that_cannot_start_says_so(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(start_or_not, NULL), 5, MEMORY_TURNS_MAX);
}

static void sessions(void **state)
{
    (void)state;
    static const struct step steps[] = {
        CREATE,
        {"GET", "/api/v1/sessions/a", "", NULL, 200},
        {"PATCH", "/api/v1/sessions/a", JSON, "{\"tags\":[\"u\"],\"metadata\":{\"n\":2}}", 200},
        {"GET", "/api/v1/sessions?page%5Bsize%5D=10&filter%5Btags%5D=u", "", NULL, 200},
        {0}};
    each(NULL, steps, NULL);
}

static void appends(void **state)
{
    (void)state;
    static const struct step steps[] = {APPEND("in", "p", "{\"kind\":\"message\"}"),
                                        APPEND("in", "p", "{\"kind\":\"message\"}"),
                                        APPEND("out", "q", "{\"type\":\"x \\u00e9\"}"),
                                        {0}};
    each(created, steps, NULL);
}

static void reads(void **state)
{
    (void)state;
    static const struct step before[] = {
        CREATE,
        APPEND("in", "p", "{\"kind\":\"message\"}"),
        {"POST", "/realtime/v1/sessions/a/out/append", JSON, "{\"type\":\"x\"}", 200},
        {0}};
    static const struct step steps[] = {
        {"GET", "/realtime/v1/sessions/a/in/records", "", NULL, 200},
        {"GET", "/realtime/v1/sessions/a/out/records?afterEventId=0", "", NULL, 200},
        {0}};
    each(before, steps, NULL);
}

static void subscriptions(void **state)
{
    (void)state;
    static const struct step out[] = {
        {"GET", "/realtime/v1/sessions/a/out", "", NULL, 200},
        {"GET", "/realtime/v1/sessions/a/out", "Last-Event-ID: 0\r\n", NULL, 200},
        {0}};
    static const struct step in[] = {{"GET", "/realtime/v1/sessions/a/in", "", NULL, 200}, {0}};
    each(written, out, "out: end");
    each(written, in, "in: end");
}

static void ends(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"POST", "/api/v1/sessions/a/close", JSON, "{\"reason\":\"over \\u00e9\"}", 200},
        {"POST", "/realtime/v1/sessions/a/in/append", JSON, "{}", 409},
        {"POST", "/api/v1/sessions/a/close", JSON, "{}", 200},
        {0}};
    each(created, steps, NULL);
}

static void snapshots(void **state)
{
    (void)state;
    static const struct step steps[] = {{"GET", "/api/v1/sessions/a/snapshot-url", "", NULL, 200},
                                        {"PUT", "/api/v1/sessions/a/snapshot-url", JSON, "{}", 200},
                                        {0}};
    each(created, steps, NULL);
}

static void faults(void **state)
{
    (void)state;
    static const struct step late[] = {APPEND("in", "p", "{\"kind\":\"message\"}"), {0}};
    static const struct step refused[] = {
        {"POST", "/realtime/v1/sessions/a/in/append", JSON, "{}", 503}, {0}};
    each(created, late, "append: delay 1");
    each(created, late, "append: apply-delay 1");
    each(created, refused, "append: 503 {\"error\":\"x\"}");
}

#define S2    "/v1/streams/a%2Fb/records"
#define BASIN "S2-Basin: chatspec-basin\r\n" JSON

static void the_store_door(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"PUT", "/realtime/v1/sessions/a/out", "", "", 202},
        {"POST", S2, BASIN,
         "{\"records\":[{\"headers\":[[\"a\",\"b\"]],\"body\":\"x\"},{\"body\":\"y\"}]}", 200},
        {"POST", S2, BASIN, "{\"records\":[{\"body\":\"z\"}],\"match_seq_num\":2}", 200},
        {"GET", S2 "?seq_num=0&count=2", "S2-Basin: chatspec-basin\r\n", NULL, 200},
        {"GET", S2 "/tail", "S2-Basin: chatspec-basin\r\n", NULL, 200},
        {0}};
    each(created, steps, NULL);
}

/* ---- an append session over HTTP/2 ---- */

#define FRAME CS_VIEW("\0\0\6\0\x0a\3\x1a\1x")

static void append_session(void *ctx)
{
    (void)ctx;
    static const char *const lines[] = {"authorization",
                                        "Bearer " SECRET,
                                        "content-type",
                                        "s2s/proto",
                                        "s2-basin",
                                        "chatspec-basin",
                                        NULL};
    size_t armed = memory.until_failure;
    memory.until_failure = 0;
    struct world world;
    struct h2_client client;
    world_open(&world, NULL);
    memory.until_failure = armed;
    h2_client_open(&client, dial(&world, 0));
    h2_client_ask(&client, "POST", S2, lines, true);
    h2_client_send(&client, FRAME, false);
    h2_client_send(&client, FRAME, true);
    WORLD_UNTIL(&world, h2_client_closed(&world, &client));
    if (!memory.failed) {
        assert_int_equal(client.status, 200);
        assert_true(client.body.len >= 40);
    }
    h2_client_free(&client);
    memory.until_failure = 0;
    const struct step after = {"GET", S2 "/tail", "S2-Basin: chatspec-basin\r\n", NULL, 200};
    int status = try(&world, &after);
    assert_true(status == 200 || (memory.failed && status == 404)); /* never stored */
    world_close(&world);
}

static void append_sessions(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(append_session, NULL), 10, MEMORY_TURNS_MAX);
}

/* ---- the scripted agent ---- */

/* A turn may then be lost, but what is on `out` stays whole events. */
static void agent_turn(void *ctx)
{
    (void)ctx;
    size_t armed = memory.until_failure;
    memory.until_failure = 0;
    struct world world;
    struct session session;
    world_open(&world, NULL);
    create_session(&world, "a", "some-task", "{\"trigger\":\"preload\"}", "", &session);
    memory.until_failure = armed;
    const struct step say = {
        "POST", "/realtime/v1/sessions/a/in/append", JSON,
        "{\"kind\":\"message\",\"payload\":{\"trigger\":\"submit-message\",\"message\":{\"id\":"
        "\"m\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"tool hello\"}]}}}",
        200};
    int status = try(&world, &say);
    assert_true(status == 200 || (memory.failed && (status == 0 || status >= 500)));
    for (unsigned i = 0; i < 200; i++) {
        world_turn(&world, false);
    }
    memory.until_failure = 0;
    struct reply reply;
    struct cs_buf log = CS_BUF((size_t)1 << 20);
    exchange(&world, &reply, "GET", OUT_A, SECRET, "X-Peek-Settled: 1\r\nTimeout-Seconds: 1\r\n",
             NO_BODY);
    tell_events(cs_buf_view(&reply.body), &log);
    assert_true(memory.failed ||
                cs_view_find(cs_buf_view(&log), CS_VIEW("turn-complete")) != SIZE_MAX);
    cs_buf_free(&log);
    forget(&reply);
    world_close(&world);
}

static void the_agent(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(agent_turn, NULL), 10, MEMORY_TURNS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_that_cannot_start_says_so),
        cmocka_unit_test(sessions),
        cmocka_unit_test(appends),
        cmocka_unit_test(reads),
        cmocka_unit_test(subscriptions),
        cmocka_unit_test(ends),
        cmocka_unit_test(snapshots),
        cmocka_unit_test(faults),
        cmocka_unit_test(the_store_door),
        cmocka_unit_test(append_sessions),
        cmocka_unit_test(the_agent),
    };
    return cmocka_run_group_tests_name("memory_endpoint", tests, NULL, NULL) != 0;
}
