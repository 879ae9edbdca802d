/* A running endpoint and plain sockets that talk to it, in one thread: its loop is turned by hand
 * until what the test waits for has happened. Include after the cmocka headers. */
#ifndef CHATSPEC_TESTS_ENDPOINT_WORLD_H
#define CHATSPEC_TESTS_ENDPOINT_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint/internal.h"
#include "wire/json.h"
#include "wire/reader.h"

#define PATIENCE_MS 20000
#define BODY_MAX    ((size_t)128 << 20)
#define SECRET      CS_ENDPOINT_SECRET_KEY
#define OUT_A       "/realtime/v1/sessions/a/out"
#define IN_A        "/realtime/v1/sessions/a/in"

struct world {
    struct cs_loop *loop;
    struct cs_endpoint *endpoint;
};

/* One request on a connection of its own, and what has come back so far. */
struct reply {
    int fd;
    struct cs_buf raw; /* body bytes of the answer that are not in `body` yet, after the head */
    struct cs_buf head;
    struct cs_buf body;
    int status;
    bool chunked;
    size_t left; /* of the body, with Content-Length */
    bool complete;
    bool reset;
    bool closed;
};

struct session {
    char id[64];
    char token[1024];
};

static inline void world_open_config(struct world *world, const struct cs_endpoint_config *config)
{
    world->loop = cs_loop_new();
    assert_non_null(world->loop);
    struct cs_diag diag = {0};
    if (cs_endpoint_start(world->loop, config, &world->endpoint, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
}

static inline void world_open(struct world *world, const struct cs_violation *violation)
{
    const struct cs_endpoint_config config = {
        .violations = &violation, .n_violations = violation ? 1 : 0, .seed = 7, .quiet = true};
    world_open_config(world, &config);
}

static inline void world_close(struct world *world)
{
    cs_endpoint_stop(world->endpoint);
    cs_loop_free(world->loop);
}

static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world_open(world, NULL);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

/* One turn of the loop that waits for nothing, or one that waits for a moment. */
static inline void world_turn(struct world *world, bool waiting)
{
    (void)cs_loop_run(world->loop, cs_loop_now(world->loop) + waiting);
}

#define WORLD_UNTIL(world, condition)                                \
    do {                                                             \
        int64_t until_ms = cs_loop_now((world)->loop) + PATIENCE_MS; \
        unsigned n_waits_ = 0;                                       \
        while (!(condition)) {                                       \
            if (cs_loop_now((world)->loop) > until_ms) {             \
                fail_msg("waited in vain for: %s", #condition);      \
            }                                                        \
            world_turn(world, n_waits_++ >= 20);                     \
        }                                                            \
    } while (0)

/* ---- requests ---- */

static inline int dial(struct world *world, int receive_buffer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (receive_buffer > 0) {
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int)), 0);
    }
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(cs_server_port(world->endpoint->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static inline void send_bytes(struct world *world, int fd, struct cs_view bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            world_turn(world, true);
            n = 0;
        }
        bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
}

/* Sends a request. `headers` holds whole lines with CRLF; a body with a NULL ptr is none. */
static inline void ask(struct world *world, struct reply *reply, const char *method,
                       const char *path, const char *token, const char *headers,
                       struct cs_view body)
{
    *reply = (struct reply){.fd = dial(world, 0),
                            .raw = CS_BUF(BODY_MAX),
                            .head = CS_BUF((size_t)65536),
                            .body = CS_BUF(BODY_MAX)};
    struct cs_buf out = CS_BUF(BODY_MAX);
    cs_buf_printf(&out, "%s %s HTTP/1.1\r\nHost: x\r\n", method, path);
    if (token) {
        cs_buf_printf(&out, "Authorization: Bearer %s\r\n", token);
    }
    cs_buf_str(&out, headers);
    if (body.ptr) {
        cs_buf_printf(&out, "Content-Length: %zu\r\n", body.len);
    }
    cs_buf_str(&out, "\r\n");
    cs_buf_add(&out, body);
    assert_int_equal(cs_buf_error(&out), CS_OK);
    send_bytes(world, reply->fd, cs_buf_view(&out));
    cs_buf_free(&out);
}

static inline void forget(struct reply *reply)
{
    if (reply->fd >= 0) {
        close(reply->fd);
    }
    cs_buf_free(&reply->raw);
    cs_buf_free(&reply->head);
    cs_buf_free(&reply->body);
    reply->fd = -1;
}

/* ---- answers ---- */

/* The value of a header of the answer, or NULL; valid until the next call. */
static inline const char *header_of(const struct reply *reply, const char *name)
{
    static char value[2048];
    struct cs_view head = cs_buf_view(&reply->head);
    struct cs_view wanted = cs_view_str(name);
    while (head.len > 0) {
        size_t end = cs_view_find(head, CS_VIEW("\r\n"));
        struct cs_view line = cs_view_of(head.ptr, end == SIZE_MAX ? head.len : end);
        if (line.len > wanted.len && line.ptr[wanted.len] == ':' &&
            cs_view_eq_nocase(cs_view_of(line.ptr, wanted.len), wanted)) {
            struct cs_view text =
                cs_view_trim(cs_view_of(line.ptr + wanted.len + 1, line.len - wanted.len - 1));
            snprintf(value, sizeof(value), "%.*s", CS_VIEW_ARG(text));
            return value;
        }
        size_t used = end == SIZE_MAX ? head.len : end + 2;
        head = cs_view_of(head.ptr + used, head.len - used);
    }
    return NULL;
}

static inline void take_head(struct reply *reply)
{
    size_t end = cs_view_find(cs_buf_view(&reply->raw), CS_VIEW("\r\n\r\n"));
    if (end == SIZE_MAX) {
        return;
    }
    cs_buf_append(&reply->head, reply->raw.ptr, end);
    cs_buf_consume(&reply->raw, end + 4);
    assert_true(reply->head.len > 12);
    reply->status = (int)strtol(reply->head.ptr + 9, NULL, 10);
    reply->chunked = header_of(reply, "Transfer-Encoding") != NULL;
    const char *length = header_of(reply, "Content-Length");
    reply->left = length ? strtoul(length, NULL, 10) : 0;
    reply->complete = !reply->chunked && reply->left == 0;
}

/* Takes one whole chunk out of the raw bytes; false when none is there. */
static inline bool take_chunk(struct reply *reply)
{
    size_t line = cs_view_find(cs_buf_view(&reply->raw), CS_VIEW("\r\n"));
    if (reply->complete || line == SIZE_MAX) {
        return false;
    }
    size_t len = strtoul(reply->raw.ptr, NULL, 16);
    if (reply->raw.len < line + 2 + len + 2) {
        return false;
    }
    cs_buf_append(&reply->body, reply->raw.ptr + line + 2, len);
    cs_buf_consume(&reply->raw, line + 2 + len + 2);
    reply->complete = len == 0;
    return true;
}

/* Takes what is there now. */
static inline void look(struct reply *reply)
{
    char bytes[65536];
    ssize_t n;
    while (!reply->closed && (n = recv(reply->fd, bytes, sizeof(bytes), 0)) != -1) {
        reply->closed = n == 0;
        cs_buf_append(&reply->raw, bytes, (size_t)n);
    }
    if (!reply->closed && errno == ECONNRESET) {
        reply->closed = reply->reset = true;
    }
    if (reply->status == 0) {
        take_head(reply);
    }
    while (reply->chunked && take_chunk(reply)) {
    }
    if (reply->status != 0 && !reply->chunked && !reply->complete) {
        size_t len = reply->raw.len < reply->left ? reply->raw.len : reply->left;
        cs_buf_append(&reply->body, reply->raw.ptr, len);
        cs_buf_consume(&reply->raw, len);
        reply->left -= len;
        reply->complete = reply->left == 0;
    }
    assert_int_equal(cs_buf_error(&reply->body), CS_OK);
}

static inline bool is_complete(struct reply *reply)
{
    look(reply);
    return reply->complete || reply->closed;
}

static inline bool has_head(struct reply *reply)
{
    look(reply);
    return reply->status != 0;
}

static inline bool body_has(struct reply *reply, const char *text)
{
    look(reply);
    return cs_view_find(cs_buf_view(&reply->body), cs_view_str(text)) != SIZE_MAX;
}

/* A whole exchange; the answer is complete afterwards. */
static inline int exchange(struct world *world, struct reply *reply, const char *method,
                           const char *path, const char *token, const char *headers,
                           struct cs_view body)
{
    ask(world, reply, method, path, token, headers, body);
    WORLD_UNTIL(world, is_complete(reply));
    return reply->status;
}

#define NO_BODY ((struct cs_view){0})

/* Subscribes and reads to the end. */
static inline void subscribe(struct world *world, struct reply *reply, const char *path,
                             const char *headers)
{
    assert_int_equal(exchange(world, reply, "GET", path, SECRET, headers, NO_BODY), 200);
    assert_true(reply->complete);
    assert_false(reply->closed);
}

/* Only the status is of interest. */
static inline int status_of(struct world *world, const char *method, const char *path,
                            const char *token, const char *headers, struct cs_view body)
{
    struct reply reply;
    int status = exchange(world, &reply, method, path, token, headers, body);
    forget(&reply);
    return status;
}

static inline void assert_body(const struct reply *reply, const char *expected)
{
    if (!cs_view_eq(cs_buf_view(&reply->body), cs_view_str(expected))) {
        fail_msg("status %d body:\n%.*s\nexpected:\n%s", reply->status,
                 CS_VIEW_ARG(cs_buf_view(&reply->body)), expected);
    }
}

/* ---- the protocol ---- */

static inline void copy_member(struct cs_view object, const char *key, char *out, size_t size)
{
    struct cs_view value;
    struct cs_buf text = CS_BUF(size - 1);
    assert_int_equal(cs_json_get(object, cs_view_str(key), &value), CS_OK);
    assert_int_equal(cs_json_string(value, &text), CS_OK);
    snprintf(out, size, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
}

/* Creates a session for `task`; `more` are further members of the body, each with a leading comma.
 */
static inline void create_session(struct world *world, const char *external_id, const char *task,
                                  const char *base_payload, const char *more,
                                  struct session *session)
{
    struct cs_buf body = CS_BUF((size_t)32768);
    struct reply reply;
    cs_buf_printf(&body,
                  "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"%s\","
                  "\"triggerConfig\":{\"basePayload\":%s}%s}",
                  external_id, task, base_payload, more);
    assert_int_equal(exchange(world, &reply, "POST", "/api/v1/sessions", SECRET,
                              "Content-Type: application/json\r\n", cs_buf_view(&body)),
                     201);
    copy_member(cs_buf_view(&reply.body), "id", session->id, sizeof(session->id));
    copy_member(cs_buf_view(&reply.body), "publicAccessToken", session->token,
                sizeof(session->token));
    forget(&reply);
    cs_buf_free(&body);
}

/* A session without an agent. */
static inline void create_plain(struct world *world, const char *external_id,
                                struct session *session)
{
    create_session(world, external_id, "absent-task", "{}", "", session);
}

/* Appends by the external id with a secret key, and checks the answer. */
static inline void append_ok(struct world *world, const char *external_id, const char *io,
                             const char *text)
{
    char path[512];
    struct reply reply;
    snprintf(path, sizeof(path), "/realtime/v1/sessions/%s/%s/append", external_id, io);
    assert_int_equal(
        exchange(world, &reply, "POST", path, SECRET, "", cs_view_of(text, strlen(text))), 200);
    forget(&reply);
}

/* The /records body of a channel. */
static inline void drain(struct world *world, const char *external_id, const char *io,
                         struct reply *reply)
{
    char path[512];
    snprintf(path, sizeof(path), "/realtime/v1/sessions/%s/%s/records", external_id, io);
    assert_int_equal(exchange(world, reply, "GET", path, SECRET, "", NO_BODY), 200);
}

/* Appends straight to the store, with credentials of the PUT; `body` as in CHN-09. */
static inline int store_append(struct world *world, const char *external_id, const char *io,
                               const char *headers, const char *body, struct reply *reply)
{
    char path[512];
    struct reply put;
    snprintf(path, sizeof(path), "/realtime/v1/sessions/%s/%s", external_id, io);
    assert_int_equal(exchange(world, &put, "PUT", path, SECRET, "", CS_VIEW("")) / 100, 2);
    char token[2048];
    snprintf(token, sizeof(token), "%s", header_of(&put, "X-S2-Access-Token"));
    struct cs_buf url = CS_BUF((size_t)2048);
    cs_buf_str(&url, "/v1/streams/");
    cs_percent_encode(cs_view_str(header_of(&put, "X-S2-Stream-Name")), &url);
    cs_buf_str(&url, "/records");
    struct cs_buf lines = CS_BUF((size_t)2048);
    cs_buf_printf(&lines, "S2-Basin: %s\r\nContent-Type: application/json\r\n%s",
                  header_of(&put, "X-S2-Basin"), headers);
    char *target = cs_buf_take(&url);
    char *all = cs_buf_take(&lines);
    int status = exchange(world, reply, "POST", target, token, all, cs_view_of(body, strlen(body)));
    free(target);
    free(all);
    forget(&put);
    return status;
}

static inline void store_ok(struct world *world, const char *external_id, const char *io,
                            const char *body)
{
    struct reply reply;
    int status = store_append(world, external_id, io, "", body, &reply);
    if (status != 200) {
        fail_msg("%d %.*s", status, CS_VIEW_ARG(cs_buf_view(&reply.body)));
    }
    forget(&reply);
}

#define TURN_COMPLETE "{\"records\":[{\"headers\":[[\"trigger-control\",\"turn-complete\"]]}]}"

/* What a stream's text means, one line per event: "data 0", "control 1 turn-complete",
 * "command 2", "batch tail 3", "batch", "ping 3", "done". */
static inline void tell_events(struct cs_view text, struct cs_buf *log)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    struct cs_diag diag;
    assert_non_null(reader);
    while (cs_reader_next(reader, &text, &event, &diag) == CS_STEP_EVENT) {
        unsigned long long tail = event.tail.seq_num;
        switch (event.type) {
        case CS_EVENT_RECORD:
            cs_buf_printf(log, "%s %llu", cs_record_kind_name(event.record.kind),
                          (unsigned long long)event.record.seq_num);
            if (event.record.kind == CS_RECORD_CONTROL) {
                cs_buf_printf(log, " %.*s", CS_VIEW_ARG(cs_record_control(&event.record)));
            }
            break;
        case CS_EVENT_BATCH_END:
            cs_buf_str(log, "batch");
            if (event.has_tail) {
                cs_buf_printf(log, " tail %llu", tail);
            }
            break;
        case CS_EVENT_PING:
            cs_buf_printf(log, "ping %llu", tail);
            break;
        default:
            cs_buf_str(log, cs_event_name(event.type));
            break;
        }
        cs_buf_char(log, '\n');
    }
    assert_int_equal(cs_reader_finish(reader), 0);
    cs_reader_free(reader);
}

static inline void assert_events(const struct reply *reply, const char *expected)
{
    struct cs_buf log = CS_BUF((size_t)1 << 20);
    tell_events(cs_buf_view(&reply->body), &log);
    if (!cs_view_eq(cs_buf_view(&log), cs_view_str(expected))) {
        fail_msg("events:\n%.*s\nexpected:\n%s", CS_VIEW_ARG(cs_buf_view(&log)), expected);
    }
    cs_buf_free(&log);
}

#endif
