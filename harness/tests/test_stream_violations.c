/* Every violation of the streams shows: one rich conversation is held with a faultless endpoint and
 * with each of its faulty twins, and its transcript must differ. What may differ from run to run
 * (times, signatures, ports) is taken out of the transcript; ids come from a fixed seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>

#include "endpoint_world.h"

#include "endpoint/streams/streams.h"

#define A     "/realtime/v1/sessions/a"
#define QUICK "Timeout-Seconds: 1\r\n" /* 2 ms: see set_pace */

struct talk {
    struct world world;
    struct session a;
    struct session b;
    struct cs_buf log;
    char a_by_id[128];
};

/* ---- the transcript ---- */

/* Copies text, leaving out the values of timestamps (but not their order and type) and tokens. */
static void put_masked(struct cs_buf *log, struct cs_view text)
{
    static const struct cs_view stamp = {"\"timestamp\":", 12};
    long long last = LLONG_MIN;
    while (text.len > 0) {
        if (cs_view_starts_with(text, CS_VIEW("\"tail\":"))) {
            last = LLONG_MIN; /* of a ping: older than the ping's own time */
        }
        if (cs_view_starts_with(text, stamp)) {
            size_t at = stamp.len;
            bool quoted = at < text.len && text.ptr[at] == '"';
            long long value = strtoll(text.ptr + at + quoted, NULL, 10);
            cs_buf_str(log, quoted ? "TIME-TEXT" : value < last ? "TIME-BACK" : "TIME");
            last = value;
            while (at < text.len && strchr(",}", text.ptr[at]) == NULL) {
                at++;
            }
            text = cs_view_of(text.ptr + at, text.len - at);
        } else if (cs_view_starts_with(text, CS_VIEW("eyJ"))) {
            size_t at = 0;
            while (at < text.len && strchr("\"\r ", text.ptr[at]) == NULL) {
                at++;
            }
            cs_buf_str(log, "TOKEN");
            text = cs_view_of(text.ptr + at, text.len - at);
        } else {
            cs_buf_char(log, text.ptr[0]);
            text = cs_view_of(text.ptr + 1, text.len - 1);
        }
    }
}

static void note(struct talk *talk, const char *what, struct reply *reply)
{
    static const char *const headers[] = {
        "Content-Type",      "X-Stream-Version", "X-Session-Settled",
        "X-S2-Access-Token", "X-S2-Stream-Name", "X-S2-Basin",
        "Cache-Control",     "Content-Encoding", "X-Last-Chunk-Index"};
    cs_buf_printf(&talk->log, "== %s: %d%s\n", what, reply->status, reply->reset ? " reset" : "");
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *value = header_of(reply, headers[i]);
        if (value != NULL) {
            cs_buf_printf(&talk->log, "%s: ", headers[i]);
            put_masked(&talk->log, cs_view_str(value));
            cs_buf_char(&talk->log, '\n');
        }
    }
    cs_buf_str(&talk->log, header_of(reply, "X-S2-Endpoint") ? "has endpoint\n" : "");
    struct cs_view body = cs_buf_view(&reply->body);
    if (body.len > 100000) {
        cs_buf_printf(&talk->log, "%zu bytes\n", body.len);
    } else {
        put_masked(&talk->log, body);
        cs_buf_char(&talk->log, '\n');
    }
    forget(reply);
}

static void talk_once(struct talk *talk, const char *method, const char *path, const char *token,
                      const char *headers, struct cs_view body)
{
    struct reply reply;
    exchange(&talk->world, &reply, method, path, token, headers, body);
    for (int i = 0; i < 8; i++) { /* readers and the agent take up what it left */
        (void)cs_loop_run(talk->world.loop, cs_loop_now(talk->world.loop));
    }
    note(talk, path, &reply);
}

static void post(struct talk *talk, const char *path, const char *token, const char *part_id,
                 const char *text)
{
    char header[64] = "";
    if (part_id[0] != '\0') {
        snprintf(header, sizeof(header), "X-Part-Id: %s\r\n", part_id);
    }
    talk_once(talk, "POST", path, token, header, cs_view_of(text, strlen(text)));
}

static void read_stream(struct talk *talk, const char *path, const char *headers)
{
    talk_once(talk, "GET", path, SECRET, headers, NO_BODY);
}

static void store(struct talk *talk, const char *io, const char *headers, const char *body)
{
    struct reply reply;
    store_append(&talk->world, "a", io, headers, body, &reply);
    note(talk, "store", &reply);
}

/* ---- the conversation ---- */

static void talk_appends(struct talk *talk)
{
    static char long_text[70001];
    const char *key = talk->a.token;
    char by_id[160];
    snprintf(by_id, sizeof(by_id), "%s/in/append", talk->a_by_id);
    memset(long_text, 'x', sizeof(long_text) - 1);
    post(talk, A "/in/append", key, "p", "{\"kind\":\"k\",\"data\":{\"n\":1}}");
    post(talk, A "/in/append", key, "p", "repeat");
    post(talk, by_id, key, "p", "repeat by the other id");
    post(talk, by_id, key, "", "by the other id");
    post(talk, "/realtime/v1/sessions/b/in/append", talk->b.token, "p", "{\"kind\":\"b\"}");
    post(talk, A "/in/append", key, "", "no kind");
    post(talk, A "/in/append", key, "", "{\"payload\":{\"actionSource\":\"webhook\"}}");
    post(talk, A "/in/append", key, "", "{\"payload\":{\"action\\u0053ource\":\"webhook\"}}");
    post(talk, A "/in/append", key, "", long_text);
    post(talk, A "/out/append", key, "", "by a public token");
    post(talk, A "/channels/side/out/append", key, "", "by a public token");
}

static void talk_sizes(struct talk *talk)
{
    static char text[1048544];
    static const struct {
        char fill;
        size_t len;
    } rows[] = {{'7', 1048542}, {'7', 1048543}, {'"', 524272}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(text, rows[i].fill, rows[i].len);
        talk_once(talk, "POST", "/realtime/v1/sessions/b/in/append", SECRET, "",
                  cs_view_of(text, rows[i].len));
    }
    memset(text, '"', 600000);
    talk_once(talk, "POST", A "/in/append", SECRET, "X-Part-Id: q\r\n", cs_view_of(text, 600000));
    post(talk, A "/in/append", SECRET, "q", "small");
}

static void talk_drains(struct talk *talk)
{
    char path[256];
    static const char *const queries[] = {"", "?afterEventId=1", "?afterEventId=abc"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), A "/in/records%s", queries[i]);
        read_stream(talk, path, "");
    }
    read_stream(talk, A "/out/records", "");
    read_stream(talk, "/realtime/v1/sessions/nobody/out/records", "");
}

static void talk_to_the_store(struct talk *talk)
{
    static const char *const open =
        "S2-Basin: chatspec-basin\r\nContent-Type: application/json\r\n";
    char path[160];
    talk_once(talk, "PUT", A "/out", SECRET, "", CS_VIEW(""));
    talk_once(talk, "PUT", A "/out", talk->a.token, "", CS_VIEW(""));
    snprintf(path, sizeof(path), "%s/out", talk->a_by_id);
    talk_once(talk, "PUT", path, SECRET, "", CS_VIEW(""));
    talk_once(talk, "POST", "/v1/streams/%2Fsessions%2Fz%2Fout/records", "nothing", open,
              CS_VIEW("{\"records\":[{}]}"));
    struct reply put;
    exchange(&talk->world, &put, "PUT", A "/in", SECRET, "", CS_VIEW(""));
    const char *value = header_of(&put, "X-S2-Access-Token");
    char *token = strdup(value ? value : "");
    forget(&put);
    talk_once(talk, "POST", "/v1/streams/%2Fsessions%2Fz%2Fout/records", token, open,
              CS_VIEW("{\"records\":[{}]}"));
    free(token);
    store(talk, "out", "",
          "{\"records\":[{\"body\":\"{\\\"data\\\":{\\\"type\\\":\\\"trigger:x\\\"},\\\"id\\\":"
          "\\\"i\\\"}\"},"
          "{\"headers\":[[\"X-Odd\",\"y\"]]}]}");
    store(talk, "out", "", "{\"records\":[{\"headers\":[[\"trigger-control\",\"invented\"]]}]}");
    store(talk, "out", "S2-Format: base64\r\n", "{\"records\":[{\"body\":\"eHg=\"}]}");
    store(talk, "out", "", "{\"records\":[]}");
    store(talk, "out", "", "{\"records\":");
    store(talk, "out", "", "{\"records\":[{}],\"match_seq_num\":99}");
    store(talk, "out", "", TURN_COMPLETE);
}

static void talk_reads(struct talk *talk)
{
    read_stream(talk, A "/out", QUICK);
    read_stream(talk, A "/in", QUICK);
    char path[160];
    snprintf(path, sizeof(path), "%s/in", talk->a_by_id);
    read_stream(talk, path, QUICK);
    read_stream(talk, "/realtime/v1/sessions/nobody/out", QUICK);
    read_stream(talk, A "/out", QUICK "X-Trigger-Stream-Start: latest\r\n");
    static const char *const ids[] = {"1", "2,1,1", "1.5", "1e21", "999"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char headers[96];
        snprintf(headers, sizeof(headers), QUICK "Last-Event-ID: %s\r\n", ids[i]);
        read_stream(talk, A "/out", headers);
    }
    static const char *const waits[] = {"0", "601", "abc"};
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        char headers[96];
        snprintf(headers, sizeof(headers), "X-Peek-Settled: 1\r\nTimeout-Seconds: %s\r\n",
                 waits[i]);
        read_stream(talk, A "/out", headers);
    }
    read_stream(talk, A "/out", "X-Peek-Settled: 1\r\nTimeout-Seconds: 600\r\n");
}

static void talk_trims(struct talk *talk)
{
    store(talk, "out", "S2-Format: base64\r\n",
          "{\"records\":[{\"headers\":[[\"\",\"dHJpbQ==\"]],\"body\":\"AAAAAAAAAAI=\"}]}");
    read_stream(talk, A "/out", QUICK);
    read_stream(talk, A "/out", QUICK "Last-Event-ID: 0\r\n");
    read_stream(talk, A "/out", QUICK "Last-Event-ID: 5\r\n");
    read_stream(talk, A "/out", QUICK "X-Peek-Settled: 1\r\n");
    read_stream(talk, A "/out", QUICK "X-Peek-Settled: 1\r\nLast-Event-ID: 99\r\n");
    read_stream(talk, A "/out/records", "");
    post(talk, A "/out/append", SECRET, "", "unsettled");
    read_stream(talk, A "/out", QUICK "X-Peek-Settled: 1\r\n");
}

#define DIRECT "/v1/streams/%2Fsessions%2Fa%2Fout/records"

static void read_store(struct talk *talk, const char *path, const char *headers)
{
    char lines[160];
    snprintf(lines, sizeof(lines), "S2-Basin: chatspec-basin\r\n%s", headers);
    talk_once(talk, "GET", path, SECRET, lines, NO_BODY);
}

/* The same channel at the store's own door; its first two records are trimmed. */
static void talk_directly(struct talk *talk)
{
    static const char *const events = "Accept: text/event-stream\r\n";
    static const char *const queries[] = {
        "?seq_num=0",   "?seq_num=2&count=1",     "?tail_offset=1", "?seq_num=99",
        "?seq_num=abc", "?seq_num=99&clamp=true", "/tail",
    };
    store(talk, "out", "S2-Format: base64\r\n",
          "{\"records\":[{\"headers\":[[\"\",\"dHJpbQ==\"]],\"body\":\"/////wAAAAA=\"}]}");
    store(talk, "out", "", "{\"records\":[{\"headers\":[[\"\",\"fence\"]],\"body\":\"mine\"}]}");
    store(talk, "out", "", "{\"records\":[{},{},{}]}");
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", DIRECT, queries[i]);
        read_store(talk, path, "");
    }
    read_stream(talk, DIRECT "?seq_num=0", "S2-Basin: another-basin\r\n");
    char resume[96];
    snprintf(resume, sizeof(resume), "%sLast-Event-ID: 2,5,100\r\n", events);
    read_store(talk, DIRECT "?seq_num=0&wait=0", resume);
    read_store(talk, DIRECT "?seq_num=2&wait=1", events);
    read_store(talk, "/v1/streams/%2Fsessions%2Fb%2Fin/records?tail_offset=1", "");
    struct cs_buf many = CS_BUF((size_t)65536);
    cs_buf_str(&many, "{\"records\":[{}");
    for (int i = 0; i < 1000; i++) {
        cs_buf_str(&many, ",{}");
    }
    cs_buf_str(&many, "]}");
    cs_buf_char(&many, '\0');
    store(talk, "out", "", many.ptr);
    cs_buf_free(&many);
}

/* What the agent answered, and whether the last token that it gave out is any good. */
static void talk_with_the_agent(struct talk *talk)
{
    struct session session;
    create_session(&talk->world, "c", "task", "{}", "", &session);
    static const char say[] =
        "{\"kind\":\"message\",\"payload\":{\"message\":{\"role\":\"user\",\"parts\":[{\"type\":"
        "\"text\",\"text\":\"hi\"}]}}}";
    for (int i = 0; i < 2; i++) {
        post(talk, "/realtime/v1/sessions/c/in/append", SECRET, "", say);
    }
    struct reply reply;
    exchange(&talk->world, &reply, "GET", "/realtime/v1/sessions/c/out/records", SECRET, "",
             NO_BODY);
    static const struct cs_view name = {"\"public-access-token\",\"", 23};
    struct cs_view body = cs_buf_view(&reply.body);
    size_t at = cs_view_find(body, name);
    if (at != SIZE_MAX) {
        struct cs_view token = cs_view_of(body.ptr + at + name.len, body.len - at - name.len);
        token.len = cs_view_find(token, CS_VIEW("\""));
        char *text = strndup(token.ptr, token.len);
        talk_once(talk, "GET", "/realtime/v1/sessions/c/in/records", text, "", NO_BODY);
        free(text);
    }
    note(talk, "agent", &reply);
    read_stream(talk, "/realtime/v1/sessions/c/out", QUICK);
}

static void talk_side_channel(struct talk *talk)
{
    struct cs_session *row =
        cs_session_find(talk->world.endpoint, &talk->world.endpoint->environments[0], CS_VIEW("a"));
    assert_non_null(row);
    char path[128];
    snprintf(path, sizeof(path), "/api/v2/runs/%s/cancel", row->run ? row->run->id : "none");
    talk_once(talk, "POST", path, SECRET, "", CS_VIEW(""));
    const struct cs_run *before = row->run;
    post(talk, A "/channels/side/in/append", SECRET, "", "x");
    cs_buf_printf(&talk->log, "same run: %d\n", row->run == before);
}

/* What well-behaved clients seldom say. */
static void talk_oddly(struct talk *talk)
{
#define B "/realtime/v1/sessions/b"
    char path[160];
    post(talk, B "/out/append", SECRET, "", "{\"n\":1}");
    post(talk, B "/in/append", SECRET, "", "");
    read_stream(talk, B "/out/records", "");
    read_stream(talk, B "/in/records?afterEventId=99999999999999999999", "");
    read_stream(talk, B "/in", QUICK "Accept-Encoding: gzip\r\n");
    read_stream(talk, B "/in", QUICK "Last-Event-ID: 0-5\r\n");
    read_stream(talk, B "/in", "Timeout-Seconds: 0x1\r\n");
    talk_once(talk, "HEAD", B "/in", SECRET, "", NO_BODY);
    talk_once(talk, "PUT", B "/in", talk->a.token, "", CS_VIEW(""));
    read_stream(talk, B "/channels/side/in/records", "");
    snprintf(path, sizeof(path), B "/channels/%065d/in/records", 0);
    read_stream(talk, path, "");
    store(talk, "out", "",
          "{\"records\":[{\"headers\":[[\"trigger-control\",\"upgrade-required\"]]},"
          "{\"headers\":[[\"trigger-control\",\"session-closed\"]]},"
          "{\"headers\":[[\"trigger-control\",\"turn-complete\"]]}]}");
    read_stream(talk, A "/out", QUICK "X-Peek-Settled: yes\r\n");
#undef B
}

static void talk_close(struct talk *talk)
{
    assert_int_equal(status_of(&talk->world, "POST", "/api/v1/sessions/b/close", SECRET,
                               "Content-Type: application/json\r\n", CS_VIEW("{}")),
                     200);
    post(talk, "/realtime/v1/sessions/b/in/append", SECRET, "", "too late");
    read_stream(talk, "/realtime/v1/sessions/b/in/records?afterEventId=1", "");
    read_stream(talk, "/realtime/v1/sessions/b/in", QUICK "Last-Event-ID: 1\r\n");
    talk_once(talk, "PUT", "/realtime/v1/sessions/b/in", SECRET, "", CS_VIEW(""));
    post(talk, "/realtime/v1/sessions/b/out/append", talk->b.token, "",
         "too late, and not allowed");
    post(talk, "/realtime/v1/sessions/nobody/in/append", SECRET, "", "to nobody");
}

/* Waits are a small part of what they say. */
static void set_pace(struct cs_policy *policy)
{
    policy->sse_wait_permille = policy->sse_wait_permille / 500;
    policy->records_wait_ms = policy->records_wait_ms / 100;
}

/* Holds the whole conversation. */
static char *transcript(const struct cs_violation *violation)
{
    struct talk talk = {.log = CS_BUF((size_t)16 << 20)};
    struct reply early[2];
    world_open(&talk.world, violation);
    set_pace(&talk.world.endpoint->policy);
    create_plain(&talk.world, "a", &talk.a);
    create_plain(&talk.world, "b", &talk.b);
    snprintf(talk.a_by_id, sizeof(talk.a_by_id), "/realtime/v1/sessions/%s", talk.a.id);
    for (int i = 0; i < 2; i++) { /* two readers that are there before the first record */
        ask(&talk.world, &early[i], "GET", A "/in", SECRET, "Timeout-Seconds: 600\r\n", NO_BODY);
        WORLD_UNTIL(&talk.world,
                    has_head(&early[i]) && (is_complete(&early[i]) || body_has(&early[i], "ping")));
    }
    post(&talk, A "/in/append", talk.a.token, "first", "{\"kind\":\"first\"}");
    for (int i = 0; i < 2; i++) {
        look(&early[i]);
        note(&talk, "early", &early[i]);
    }
    WORLD_UNTIL(&talk.world, cs_server_connections(talk.world.endpoint->server) == 0);
    post(&talk, A "/in/append", talk.a.token, "second", "{\"kind\":\"second\"}");
    talk_appends(&talk);
    talk_sizes(&talk);
    talk_drains(&talk);
    talk_to_the_store(&talk);
    talk_reads(&talk);
    talk_trims(&talk);
    talk_directly(&talk);
    talk_with_the_agent(&talk);
    talk_side_channel(&talk);
    talk_oddly(&talk);
    talk_close(&talk);
    world_close(&talk.world);
    assert_int_equal(cs_buf_error(&talk.log), CS_OK);
    return cs_buf_take(&talk.log);
}

/* Rows whose only effect is time; what waits longer cannot be told from a slow machine here, so
 * just the lower bound is checked. */
static bool is_about_time(const struct cs_violation *violation)
{
    return violation->field == offsetof(struct cs_policy, sse_wait_permille) ||
           violation->field == offsetof(struct cs_policy, sse_default_wait_ms) ||
           violation->field == offsetof(struct cs_policy, sse_wait_total) ||
           violation->field == offsetof(struct cs_policy, s2_unary_waits) ||
           violation->field == offsetof(struct cs_policy, records_wait_ms);
}

/* Rows that take much data or time, appends at once, a swap of runs or a store that fails: selftest
 * shows them. */
static bool is_shown_by_cases(const struct cs_violation *violation)
{
#define FIELD(name) offsetof(struct cs_policy, name)
    static const size_t fields[] = {
        FIELD(append_failure_status), FIELD(append_race_ms),       FIELD(dedupe_window_ms),
        FIELD(expired_append_status), FIELD(records_max),          FIELD(records_failure_status),
        FIELD(resume_forgets_run),    FIELD(s2_token_life_s),      FIELD(settled_on_in),
        FIELD(sse_failure_status),    FIELD(sse_gone_starves),     FIELD(sse_max_body_text),
        FIELD(sse_overfull),          FIELD(sse_tail_time_offset), FIELD(stream_per_run),
        FIELD(wait_key_max),
    };
#undef FIELD
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (violation->field == fields[i]) {
            return true;
        }
    }
    return false;
}

#define ROW(name, requirement, title, field, value)                          name
#define ROW_AFFECTS(name, requirement, title, field, value, affects, reason) name

static const char *const rows[] = {
#include "endpoint/policy/violations_stream.inc"
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Shows the line where two transcripts part, not all of them. */
static void assert_same(const char *first, const char *second)
{
    size_t line = 0;
    size_t i = 0;
    for (; first[i] != '\0' && first[i] == second[i]; i++) {
        line = first[i] == '\n' ? i + 1 : line;
    }
    if (first[i] != second[i]) {
        fail_msg("one says:\n%.400s\nthe other:\n%.400s", first + line, second + line);
    }
}

static void faultless_conversations_are_alike(void **state)
{
    (void)state;
    char *first = transcript(NULL);
    char *second = transcript(NULL);
    assert_non_null(first);
    assert_same(first, second);
    free(first);
    free(second);
}

static void every_violation_shows(void **state)
{
    (void)state;
    char *good = transcript(NULL);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct cs_violation *violation = cs_violation_find(rows[i]);
        assert_non_null(violation);
        if (is_about_time(violation) || is_shown_by_cases(violation)) {
            continue;
        }
        char *bad = transcript(violation);
        if (strcmp(good, bad) == 0) {
            print_error("%s does not show\n", rows[i]);
            fail();
        }
        free(bad);
    }
    free(good);
}

static void violations_of_time_take_longer(void **state)
{
    static const struct {
        const char *id;
        const char *path;
        const char *headers;
        int64_t least_ms;
    } timed[] = {
        {"drain-waits", A "/out/records", "", 15},
        {"default-wait-short", A "/out", "", 40},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++) {
        struct world world;
        struct session session;
        struct reply reply;
        world_open(&world, cs_violation_find(timed[i].id));
        set_pace(&world.endpoint->policy);
        create_plain(&world, "a", &session);
        int64_t start = cs_loop_now(world.loop);
        assert_int_equal(
            exchange(&world, &reply, "GET", timed[i].path, SECRET, timed[i].headers, NO_BODY), 200);
        assert_true(cs_loop_now(world.loop) - start >= timed[i].least_ms);
        forget(&reply);
        world_close(&world);
    }
}

/* Which of two comes first is sure on any machine: the end of the halved wait, or the time that was
 * asked for. Both run on the endpoint's loop. */
struct race {
    struct cs_timer timer;
    struct world *world;
    bool over;
    bool stream_was_open;
};

static void on_race_timer(struct cs_timer *timer)
{
    struct race *race = (struct race *)timer;
    race->over = true;
    race->stream_was_open = !TAILQ_EMPTY(&race->world->endpoint->streams->subscribers);
}

static void halved_wait_ends_early(void **state)
{
    (void)state;
    static const char *const ids[] = {NULL, "wait-halved"};
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        struct session session;
        struct reply reply;
        struct race race = {.timer.fire = on_race_timer, .world = &world};
        world_open(&world, ids[i] ? cs_violation_find(ids[i]) : NULL);
        create_plain(&world, "a", &session);
        ask(&world, &reply, "GET", A "/out", SECRET, QUICK, NO_BODY);
        WORLD_UNTIL(&world, body_has(&reply, "ping"));
        assert_int_equal(cs_timer_start(world.loop, &race.timer, 700), CS_OK);
        WORLD_UNTIL(&world, race.over);
        assert_int_equal(race.stream_was_open, i == 0);
        forget(&reply);
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faultless_conversations_are_alike),
        cmocka_unit_test(every_violation_shows),
        cmocka_unit_test(violations_of_time_take_longer),
        cmocka_unit_test(halved_wait_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
