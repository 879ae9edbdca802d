/* The fault rules: their language, how they count, and each of them as a plain client sees it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint/faults/rule.h"
#include "endpoint_world.h"

#define CLAIMS "/api/v1/auth/jwt/claims"
#define DATA   "{\"records\":[{\"body\":\"x\"}]}"

/* ---- the language ---- */

struct reading {
    const char *text;
    enum cs_form form;
    const char *part;
    uint64_t first, last;
    enum cs_fault_do what;
    int status;
    int64_t delay_ms;
    const char *body;
};

static void test_rules_are_read(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"put: 500", CS_FORM_PUT, "", 1, UINT64_MAX, CS_FAULT_STATUS, 500, 0, ""},
        {" put/out 2 :  404  {\"a\": 1} ", CS_FORM_PUT, "out", 2, 2, CS_FAULT_STATUS, 404, 0,
         "{\"a\": 1}"},
        {"json/turn-complete 1-3: silent", CS_FORM_JSON, "turn-complete", 1, 3, CS_FAULT_SILENT, 0,
         0, ""},
        {"s2s 2+: terminal 404 {}", CS_FORM_S2S, "", 2, UINT64_MAX, CS_FAULT_TERMINAL, 404, 0,
         "{}"},
        {"s2s-batch 3:no-positions", CS_FORM_S2S_BATCH, "", 3, 3, CS_FAULT_NO_POSITIONS, 0, 0, ""},
        {"s2s: no-credit", CS_FORM_S2S, "", 1, UINT64_MAX, CS_FAULT_NO_CREDIT, 0, 0, ""},
        {"wait: delay 250", CS_FORM_WAIT, "", 1, UINT64_MAX, CS_FAULT_DELAY, 0, 250, ""},
        {"in 1: end", CS_FORM_IN, "", 1, 1, CS_FAULT_END, 0, 0, ""},
        {"out: cut", CS_FORM_OUT, "", 1, UINT64_MAX, CS_FAULT_CUT, 0, 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct reading *row = &rows[i];
        struct cs_fault_rule rule;
        struct cs_diag diag = {0};
        if (cs_fault_rule_read(cs_view_str(row->text), &rule, &diag) != CS_OK) {
            fail_msg("'%s': %s", row->text, diag.text);
        }
        assert_int_equal(rule.form, row->form);
        assert_true(cs_view_eq(rule.part, cs_view_str(row->part)));
        assert_int_equal(rule.first, row->first);
        assert_int_equal(rule.last, row->last);
        assert_int_equal(rule.action.what, row->what);
        assert_int_equal(rule.action.status, row->status);
        assert_int_equal(rule.action.delay_ms, row->delay_ms);
        assert_true(cs_view_eq(rule.action.body, cs_view_str(row->body)));
    }
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "put",
        "put 500",
        "puts: 500",
        "put/: 500",
        "put 0: 500",
        "put 3-2: 500",
        "put -1: 500",
        "put 99999999999999999999: 500",
        "put: 99",
        "put: 600",
        "put: 500 {",
        "put: vanish",
        "put:",
        "put: silent now",
        "put: end",            /* no event stream */
        "claims: wrong-count", /* no append */
        "json: terminal 404",  /* no append session */
        "s2s-batch: 503",      /* its head is out long since */
        "in: apply-reset",
        "s2s: terminal",
        "wait: delay",
        "wait: delay 3600001",
        "wait: delay soon",
        "other: 500",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cs_fault_rule rule;
        struct cs_diag diag = {0};
        if (cs_fault_rule_read(cs_view_str(rows[i]), &rule, &diag) == CS_OK) {
            fail_msg("'%s' was read", rows[i]);
        }
        assert_true(diag.text[0] != '\0');
    }
}

static void add(struct cs_faults *faults, const char *rule)
{
    assert_int_equal(cs_faults_add(faults, cs_view_str(rule), NULL), CS_OK);
}

static enum cs_fault_do ask_for(struct cs_faults *faults, enum cs_form form, const char *part)
{
    return cs_faults_decide(faults, form, cs_view_str(part)).what;
}

static void test_rules_count(void **state)
{
    (void)state;
    struct cs_faults *faults = cs_faults_new();
    assert_non_null(faults);
    assert_false(cs_faults_any(faults));
    add(faults, "json/turn-complete 2: reset");
    add(faults, "json 3+: silent");
    assert_int_equal(ask_for(faults, CS_FORM_JSON, "turn-complete"), CS_FAULT_NONE);
    assert_int_equal(ask_for(faults, CS_FORM_PROTO, ""), CS_FAULT_NONE);
    assert_int_equal(ask_for(faults, CS_FORM_JSON, "data"), CS_FAULT_NONE);
    /* the third for the second rule and the second for the first, which decides */
    assert_int_equal(ask_for(faults, CS_FORM_JSON, "turn-complete"), CS_FAULT_RESET);
    assert_int_equal(ask_for(faults, CS_FORM_JSON, "turn-complete"), CS_FAULT_SILENT);
    cs_faults_clear(faults);
    assert_int_equal(ask_for(faults, CS_FORM_JSON, "data"), CS_FAULT_NONE);
    for (size_t i = 0; i < CS_FAULTS_MAX; i++) {
        add(faults, "put: 500 {}");
    }
    assert_int_equal(cs_faults_add(faults, CS_VIEW("put: 500"), NULL), CS_ERR_LIMIT);
    cs_faults_free(faults);
}

/* ---- as a client sees them ---- */

static void fault(struct world *world, const char *rule)
{
    struct cs_diag diag = {0};
    if (cs_endpoint_fault(world->endpoint, rule, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
}

static int claims(struct world *world)
{
    return status_of(world, "POST", CLAIMS, SECRET, "", CS_VIEW(""));
}

static uint64_t tail_of(struct world *world, const char *io)
{
    struct reply reply;
    drain(world, "a", io, &reply);
    uint64_t n = 0;
    for (struct cs_view text = cs_buf_view(&reply.body);;) {
        size_t at = cs_view_find(text, CS_VIEW("\"seqNum\":"));
        if (at == SIZE_MAX) {
            break;
        }
        n++;
        text = cs_view_of(text.ptr + at + 1, text.len - at - 1);
    }
    forget(&reply);
    return n;
}

static void test_status(void **state)
{
    struct world *world = *state;
    struct reply reply;
    fault(world, "claims 2: 404");
    fault(world, "claims 3: 200 {\"sub\":\"x\"}");
    assert_int_equal(claims(world), 200);
    exchange(world, &reply, "POST", CLAIMS, SECRET, "", CS_VIEW(""));
    assert_int_equal(reply.status, 404);
    assert_body(&reply, "{\"error\":\"A fault that was asked for\"}");
    forget(&reply);
    exchange(world, &reply, "POST", CLAIMS, SECRET, "", CS_VIEW(""));
    assert_int_equal(reply.status, 200);
    assert_body(&reply, "{\"sub\":\"x\"}");
    forget(&reply);
    assert_int_equal(claims(world), 200);
    fault(world, "claims: 500");
    assert_int_equal(claims(world), 500);
    assert_int_equal(status_of(world, "POST", CLAIMS, "wrong", "", CS_VIEW("")), 401);
    cs_endpoint_clear_faults(world->endpoint);
    assert_int_equal(claims(world), 200);
}

static void test_refused_appends(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    fault(world, "json/turn-complete 1: 503");
    store_ok(world, "a", "out", DATA);
    assert_int_equal(store_append(world, "a", "out", "", TURN_COMPLETE, &reply), 503);
    assert_body(&reply, "{\"code\":\"injected\",\"message\":\"a fault that was asked for\"}");
    forget(&reply);
    assert_int_equal(tail_of(world, "out"), 1);
    store_ok(world, "a", "out", TURN_COMPLETE);
    assert_int_equal(tail_of(world, "out"), 2);
    fault(world, "append/in: 500");
    assert_int_equal(status_of(world, "POST", IN_A "/append", SECRET, "", CS_VIEW("x")), 500);
    append_ok(world, "a", "out", "x");
}

/* A request that the endpoint has taken and will not answer: the next one on another connection is
 * answered, and this one still is not. */
static void assert_silence(struct world *world, struct reply *reply)
{
    assert_int_equal(claims(world), 200);
    look(reply);
    assert_int_equal(reply->status, 0);
    assert_false(reply->closed);
}

static void test_silence(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    fault(world, "append 1: silent");
    fault(world, "append 2: apply-silent");
    ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
    assert_silence(world, &reply);
    assert_int_equal(tail_of(world, "in"), 0);
    forget(&reply);
    ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
    WORLD_UNTIL(world, tail_of(world, "in") == 1);
    assert_silence(world, &reply);
    forget(&reply);
    append_ok(world, "a", "in", "x");
    assert_int_equal(tail_of(world, "in"), 2);
}

static void test_reset(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    fault(world, "append 1: reset");
    fault(world, "append 2: apply-reset");
    for (uint64_t n = 0; n < 2; n++) {
        ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
        WORLD_UNTIL(world, is_complete(&reply));
        assert_true(reply.reset);
        assert_int_equal(reply.status, 0);
        forget(&reply);
        assert_int_equal(tail_of(world, "in"), n);
    }
}

static void test_delay(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    fault(world, "append 1: delay 40");
    fault(world, "append 2: apply-delay 40");
    fault(world, "append 3: apply-delay 3600000");
    fault(world, "append 4: delay 3600000");
    int64_t begin_ms = cs_loop_now(world->loop);
    append_ok(world, "a", "in", "x");
    assert_true(cs_loop_now(world->loop) - begin_ms >= 40);
    begin_ms = cs_loop_now(world->loop);
    append_ok(world, "a", "in", "x");
    assert_true(cs_loop_now(world->loop) - begin_ms >= 40);
    ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
    WORLD_UNTIL(world, tail_of(world, "in") == 3);
    assert_silence(world, &reply);
    forget(&reply); /* a client that leaves while its answer is held */
    ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
    assert_silence(world, &reply);
    forget(&reply);
    assert_int_equal(tail_of(world, "in"), 3);
}

static void test_bent_acknowledgements(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    fault(world, "json 1: wrong-count");
    fault(world, "json 2: no-positions");
    assert_int_equal(store_append(world, "a", "out", "", DATA, &reply), 200);
    assert_true(body_has(&reply, "\"start\":{\"seq_num\":0,"));
    assert_true(body_has(&reply, "\"end\":{\"seq_num\":2,"));
    forget(&reply);
    assert_int_equal(store_append(world, "a", "out", "", DATA, &reply), 200);
    assert_body(&reply, "{}");
    forget(&reply);
    assert_int_equal(tail_of(world, "out"), 2);
}

static void test_subscriptions(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "x");
    fault(world, "in 1: end");
    fault(world, "in 2: cut");
    fault(world, "in 3: 503");
    subscribe(world, &reply, IN_A, "Timeout-Seconds: 600\r\n"); /* to the end, which comes */
    assert_events(&reply, "data 0\nbatch\ndone\n");
    forget(&reply);
    ask(world, &reply, "GET", IN_A, SECRET, "Timeout-Seconds: 600\r\n", NO_BODY);
    WORLD_UNTIL(world, is_complete(&reply));
    assert_true(reply.reset);
    assert_int_equal(reply.status, 200);
    assert_true(body_has(&reply, "\"seq_num\":0"));
    forget(&reply);
    assert_int_equal(status_of(world, "GET", IN_A, SECRET, "", NO_BODY), 503);
    fault(world, "in-records: 500");
    fault(world, "out-records: 404");
    assert_int_equal(status_of(world, "GET", IN_A "/records", SECRET, "", NO_BODY), 500);
    assert_int_equal(status_of(world, "GET", OUT_A "/records", SECRET, "", NO_BODY), 404);
}

/* One of each of the other forms. */
static void test_forms(void **state)
{
    struct world *world = *state;
    struct session session;
    create_plain(world, "a", &session);
    static const struct {
        const char *rule, *method, *path, *headers, *body;
    } rows[] = {
        {"put/out: 521", "PUT", OUT_A, "", ""},
        {"snapshot-url/get: 521", "GET", "/api/v1/sessions/a/snapshot-url", "", NULL},
        {"snapshot-url/put: 521", "PUT", "/api/v1/sessions/a/snapshot-url", "", ""},
        {"object-get: 521", "GET", "/packets/x", "", NULL},
        {"object-put: 521", "PUT", "/packets/x", "", "x"},
        {"wait: 521", "POST", "/api/v1/runs/r/session-streams/wait", "", "{}"},
        {"token-wait: 521", "POST", "/engine/v1/runs/r/waitpoints/tokens/w/wait", "", ""},
        {"end-and-continue: 521", "POST", "/api/v1/sessions/a/end-and-continue", "", "{}"},
        {"close: 521", "POST", "/api/v1/sessions/a/close", "", "{}"},
        {"session-get: 521", "GET", "/api/v1/sessions/a", "", NULL},
        {"create: 521", "POST", "/api/v1/sessions", "", "{}"},
        {"out: 521", "GET", OUT_A, "", NULL},
        {"proto: 521", "POST", "/v1/streams/s/records", "Content-Type: application/protobuf\r\n",
         "x"},
        {"s2s: 521", "POST", "/v1/streams/s/records", "Content-Type: s2s/proto\r\n", "x"},
        {"json/trim: 521", "POST", "/v1/streams/s/records", "Content-Type: application/json\r\n",
         "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"12345678\"}]}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cs_endpoint_clear_faults(world->endpoint);
        struct cs_view body = rows[i].body ? cs_view_str(rows[i].body) : NO_BODY;
        bool endless = strcmp(rows[i].rule, "out: 521") == 0; /* without a fault */
        int without =
            endless ? 200
                    : status_of(world, rows[i].method, rows[i].path, SECRET, rows[i].headers, body);
        fault(world, rows[i].rule);
        int with = status_of(world, rows[i].method, rows[i].path, SECRET, rows[i].headers, body);
        if (without == 521 || with != 521) {
            fail_msg("%s: %d without, %d with", rows[i].rule, without, with);
        }
    }
}

static void test_given_at_the_start(void **state)
{
    (void)state;
    struct world world;
    const char *const rules[] = {"claims 1: 500", "claims 3: 503"};
    const struct cs_endpoint_config config = {
        .seed = 7, .quiet = true, .faults = rules, .n_faults = 2};
    world_open_config(&world, &config);
    assert_int_equal(claims(&world), 500);
    assert_int_equal(claims(&world), 200);
    assert_int_equal(claims(&world), 503);
    world_close(&world);
    struct cs_diag diag = {0};
    const char *const wrong[] = {"claims: vanish"};
    const struct cs_endpoint_config bad = {.quiet = true, .faults = wrong, .n_faults = 1};
    world.loop = cs_loop_new();
    assert_int_equal(cs_endpoint_start(world.loop, &bad, &world.endpoint, &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "'vanish': nothing that could be done is called so");
    cs_loop_free(world.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_read),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_rules_count),
        WORLD_TEST(test_status),
        WORLD_TEST(test_refused_appends),
        WORLD_TEST(test_silence),
        WORLD_TEST(test_reset),
        WORLD_TEST(test_delay),
        WORLD_TEST(test_bent_acknowledgements),
        WORLD_TEST(test_subscriptions),
        WORLD_TEST(test_forms),
        cmocka_unit_test(test_given_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
