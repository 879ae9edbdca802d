/* A request out of letters, who makes it, and what they may do.
 *
 * A line is a request: d ROUTE TARGET WHO HEADERS NUMBER REST (rest: body, or "METHOD PATH BODY" of
 * the route n), or else @ and a number (time goes on, by its square in seconds), a (a client
 * leaves), b (a client stops reading), c (and goes on), with the number of its read.
 */
#ifndef CHATSPEC_FUZZ_ENDPOINT_OPS_H
#define CHATSPEC_FUZZ_ENDPOINT_OPS_H

#include "fuzz/endpoint_reads.h"

enum route {
    ROUTE_APPEND,    /* @ */
    ROUTE_SUBSCRIBE, /* a */
    ROUTE_RECORDS,   /* b */
    ROUTE_PUT,       /* c */
    ROUTE_HEAD,      /* d */
    ROUTE_RETRIEVE,  /* e */
    ROUTE_PATCH,     /* f */
    ROUTE_CLOSE,     /* g */
    ROUTE_CONTINUE,  /* h */
    ROUTE_SNAPSHOT,  /* i */
    ROUTE_S2_APPEND, /* j */
    ROUTE_S2_READ,   /* k */
    ROUTE_S2_TAIL,   /* l */
    ROUTE_CREATE,    /* m */
    ROUTE_RAW,       /* n */
    N_ROUTES
};

enum who {
    WHO_NOBODY,     /* @ */
    WHO_KEY,        /* a: the first environment's secret key */
    WHO_OTHER_KEY,  /* b: the second one's */
    WHO_TOKEN,      /* c: a token of the session that is asked for */
    WHO_ANOTHER,    /* d: of another session */
    WHO_EXPIRED,    /* e */
    WHO_FORGED,     /* f: signed with another key */
    WHO_READER,     /* g: a token that may only read */
    WHO_WRITER,     /* h: that may only write */
    WHO_RESTRICTED, /* i: a key that may only write */
    WHO_NONSENSE,   /* j */
    WHO_PREVIEW,    /* k: the key of a preview environment, without the branch */
    WHO_ADMIN,      /* l: a token that may administer the session */
    WHO_ABROAD,     /* m: a token of the second environment, for its session of that name */
    WHO_STORE,      /* n: the store token that the last PUT gave */
    N_WHO
};

struct op {
    enum route route;
    enum who who;
    int key; /* s0, s1 or s2, which nobody made */
    bool by_friendly_id;
    bool side;
    enum cs_io io;
    size_t
        headers; /* 1: X-Part-Id, 2: a cursor, 4: X-Peek-Settled, 8: Timeout-Seconds, 16: Origin */
    size_t number; /* of part id and cursor */
    struct cs_view rest;
};

/* What somebody may do, told without the code that judges it. */
struct authority {
    const struct cs_environment *environment; /* NULL: nothing at all */
    int key;                                  /* of the one session; -1: all */
    bool reads, writes, administers;
    bool secret;
    const struct model_stream *stream; /* a store token's: that stream, appends only */
};

struct store_token {
    char text[1024];
    struct model_stream *stream;
};

static const char *const op_keys[] = {"s0", "s1", "s2"};

static inline struct op op_read(struct cs_view *line)
{
    struct op op = {.route = (enum route)(fuzz_number(line) % N_ROUTES)};
    size_t target = fuzz_number(line);

    op.key = (int)(target & 3) % 3;
    op.by_friendly_id = target & 4;
    op.side = target & 8;
    op.io = target & 16 ? CS_IO_OUT : CS_IO_IN;
    op.who = (enum who)(fuzz_number(line) % N_WHO);
    op.headers = fuzz_number(line);
    op.number = fuzz_number(line);
    op.rest = *line;
    return op;
}

static inline bool op_is_s2(const struct op *op)
{
    return op->route >= ROUTE_S2_APPEND && op->route <= ROUTE_S2_TAIL;
}

static inline struct authority op_authority(const struct cs_endpoint *endpoint, const struct op *op,
                                            const struct store_token *store)
{
    const struct cs_environment *first = &endpoint->environments[0];
    struct authority all = {first, -1, true, true, true, true, NULL};
    struct authority one = {first, op->key, true, true, false, false, NULL};

    switch (op->who) {
    case WHO_KEY:
        return all;
    case WHO_OTHER_KEY:
        all.environment = &endpoint->environments[1];
        return all;
    case WHO_PREVIEW: /* the store asks for no branch */
        all.environment = &endpoint->environments[2];
        return op_is_s2(op) ? all : (struct authority){0};
    case WHO_RESTRICTED:
        all.reads = all.administers = false;
        return all;
    case WHO_ANOTHER:
        one.key = (op->key + 1) % 3;
        return one;
    case WHO_READER:
        one.writes = false;
        return one;
    case WHO_WRITER:
        one.reads = false;
        return one;
    case WHO_ADMIN:
        one.administers = true;
        return one;
    case WHO_ABROAD:
        one.environment = &endpoint->environments[1];
        return one;
    case WHO_TOKEN:
        return one;
    case WHO_STORE:
        return (struct authority){.environment = store->stream ? store->stream->environment : NULL,
                                  .stream = store->stream};
    default:
        return (struct authority){0};
    }
}

/* A token for the session's name, as the endpoint would sign it. */
static inline void op_mint(const struct cs_endpoint *endpoint, const struct op *op,
                           struct cs_buf *out)
{
    const struct cs_environment *environment = &endpoint->environments[op->who == WHO_ABROAD];
    const char *key = op_keys[op->who == WHO_ANOTHER ? (op->key + 1) % 3 : op->key];
    int64_t now_s = net_loop.now_ms / 1000;
    char texts[3][40];
    const char *scopes[] = {texts[0], texts[1], texts[2]};
    size_t n = 0;

    if (op->who != WHO_WRITER) {
        (void)snprintf(texts[n++], sizeof(texts[0]), "read:sessions:%s", key);
    }
    if (op->who != WHO_READER) {
        (void)snprintf(texts[n++], sizeof(texts[0]), "write:sessions:%s", key);
    }
    if (op->who == WHO_ADMIN) {
        (void)snprintf(texts[n++], sizeof(texts[0]), "admin:sessions:%s", key);
    }
    struct cs_token_claims claims = CS_TOKEN_CLAIMS(environment->id, scopes, n, now_s);
    claims.exp = op->who == WHO_EXPIRED ? now_s : claims.exp;
    FUZZ_CHECK(cs_token_mint(&claims,
                             op->who == WHO_FORGED ? CS_VIEW("another key")
                                                   : cs_view_str(environment->secret_key),
                             out) == CS_OK);
}

static inline void op_bearer(const struct cs_endpoint *endpoint, const struct op *op,
                             const struct store_token *store, struct cs_buf *out)
{
    static const char *const plain[N_WHO] = {[WHO_KEY] = CS_ENDPOINT_SECRET_KEY,
                                             [WHO_OTHER_KEY] = CS_ENDPOINT_OTHER_SECRET_KEY,
                                             [WHO_RESTRICTED] = CS_ENDPOINT_RESTRICTED_KEY,
                                             [WHO_NONSENSE] = "tr_dev_nonsense",
                                             [WHO_PREVIEW] = CS_ENDPOINT_PREVIEW_KEY};

    if (op->who == WHO_NOBODY) {
        return;
    }
    cs_buf_str(out, "Authorization: Bearer ");
    if (plain[op->who]) {
        cs_buf_str(out, plain[op->who]);
    } else if (op->who == WHO_STORE) {
        cs_buf_str(out, store->stream ? store->text : "none");
    } else {
        op_mint(endpoint, op, out);
    }
    cs_buf_str(out, "\r\n");
}

/* ---- the request ---- */

static inline void op_target(const struct cs_endpoint *endpoint, const struct op *op,
                             const struct authority *authority, struct cs_buf *out)
{
    const char *tails[N_ROUTES] = {
        [ROUTE_APPEND] = "/append",         [ROUTE_RECORDS] = "/records",
        [ROUTE_CLOSE] = "/close",           [ROUTE_CONTINUE] = "/end-and-continue",
        [ROUTE_SNAPSHOT] = "/snapshot-url", [ROUTE_S2_TAIL] = "/tail"};
    struct cs_view key = cs_view_str(op_keys[op->key]);
    const struct cs_session *session = cs_session_find(endpoint, &endpoint->environments[0], key);
    const struct cs_environment *environment =
        authority->environment ? authority->environment : &endpoint->environments[0];

    if (op_is_s2(op)) {
        struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);

        cs_stream_name(environment, key, op->side ? CS_VIEW("x") : (struct cs_view){0}, op->io,
                       &name);
        FUZZ_CHECK(cs_buf_error(&name) == CS_OK);
        cs_buf_consume(&name, cs_view_str(environment->stream_root).len);
        cs_buf_str(out, "/v1/streams/");
        cs_percent_encode(cs_buf_view(&name), out);
        cs_buf_str(out, "/records");
        cs_buf_free(&name);
    } else {
        bool channel = op->route <= ROUTE_HEAD;

        cs_buf_printf(out, "%s/v1/sessions/%s", channel ? "/realtime" : "/api",
                      op->by_friendly_id ? session ? session->id : "session_none" : key.ptr);
        if (channel) {
            cs_buf_printf(out, "%s/%s", op->side ? "/channels/x" : "", cs_io_name(op->io));
        }
    }
    cs_buf_str(out, tails[op->route] ? tails[op->route] : "");
    if (op->headers & 2 && op->route == ROUTE_RECORDS) {
        cs_buf_printf(out, "?afterEventId=%zu", op->number);
    } else if (op->headers & 2 && op->route == ROUTE_S2_READ) {
        cs_buf_printf(out, "?seq_num=%zu", op->number);
    }
}

static inline void op_headers(const struct op *op, struct cs_buf *out)
{
    if (op->headers & 1) {
        cs_buf_printf(out, "X-Part-Id: p%zu\r\n", op->number);
    }
    if (op->headers & 2) {
        cs_buf_printf(out, "Last-Event-ID: %zu\r\n", op->number);
    }
    cs_buf_str(out, op->headers & 4 ? "X-Peek-Settled: 1\r\n" : "");
    cs_buf_str(out, op->headers & 8 ? "Timeout-Seconds: 5\r\n" : "");
    cs_buf_str(out, op->headers & 16 ? "Origin: http://o\r\n" : "");
    cs_buf_str(out, op_is_s2(op) ? "S2-Basin: " CS_S2_BASIN "\r\n" : "");
}

static inline void op_request(const struct cs_endpoint *endpoint, const struct op *op,
                              const struct store_token *store, struct cs_buf *out)
{
    static const char *const methods[N_ROUTES] = {
        [ROUTE_APPEND] = "POST", [ROUTE_PUT] = "PUT",       [ROUTE_HEAD] = "HEAD",
        [ROUTE_PATCH] = "PATCH", [ROUTE_CLOSE] = "POST",    [ROUTE_CONTINUE] = "POST",
        [ROUTE_CREATE] = "POST", [ROUTE_S2_APPEND] = "POST"};
    struct authority authority = op_authority(endpoint, op, store);
    struct cs_view body = op->rest;
    const char *method = methods[op->route] ? methods[op->route] : "GET";

    if (op->route == ROUTE_RAW) { /* up to the second space */
        cs_buf_add(out, fuzz_take(&body, cs_view_find(body, CS_VIEW(" "))));
        cs_buf_add(out, fuzz_take(&body, 1));
        cs_buf_add(out, fuzz_take(&body, cs_view_find(body, CS_VIEW(" "))));
        (void)fuzz_take(&body, 1);
    } else {
        cs_buf_printf(out, "%s ", method);
        if (op->route == ROUTE_CREATE) {
            cs_buf_str(out, "/api/v1/sessions");
        } else {
            op_target(endpoint, op, &authority, out);
        }
    }
    cs_buf_str(out, " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n");
    op_bearer(endpoint, op, store, out);
    op_headers(op, out);
    if (strcmp(method, "GET") != 0 || op->route == ROUTE_RAW) {
        cs_buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
        cs_buf_add(out, body);
    } else {
        cs_buf_str(out, "\r\n");
    }
    FUZZ_CHECK(cs_buf_error(out) == CS_OK);
}

#endif
