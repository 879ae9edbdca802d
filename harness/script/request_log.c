#include "script/request_log.h"

#include <stdlib.h>

#define MAX_LOG_BYTES  ((size_t)128 * 1024 * 1024)
#define MAX_SESSION_ID ((size_t)16384)

static bool take_prefix(struct cs_view *text, const char *prefix)
{
    struct cs_view view = cs_view_str(prefix);
    if (!cs_view_starts_with(*text, view)) {
        return false;
    }
    *text = cs_view_of(text->ptr + view.len, text->len - view.len);
    return true;
}

/* The segment up to the next slash or the end, decoded; `rest` begins behind it. */
static bool take_id(struct cs_view *rest, struct cs_buf *id)
{
    size_t slash = cs_view_find(*rest, CS_VIEW("/"));
    size_t len = slash == SIZE_MAX ? rest->len : slash;
    bool taken = len > 0 && cs_percent_decode(cs_view_of(rest->ptr, len), id) == CS_OK;
    *rest = cs_view_of(rest->ptr + len, rest->len - len);
    return taken;
}

struct route {
    const char *method;
    const char *tail; /* behind the session's id */
    enum cs_target target;
};

static enum cs_target route(const struct route *routes, size_t n, struct cs_view method,
                            struct cs_view tail)
{
    for (size_t i = 0; i < n; i++) {
        if (cs_view_eq(method, cs_view_str(routes[i].method)) &&
            cs_view_eq(tail, cs_view_str(routes[i].tail))) {
            return routes[i].target;
        }
    }
    return CS_TARGET_OTHER;
}

static const struct route realtime[] = {{"POST", "/in/append", CS_TARGET_APP},
                                        {"GET", "/out", CS_TARGET_OUT},
                                        {"PUT", "/out", CS_TARGET_PUT}};
static const struct route side[] = {{"POST", "/in/append", CS_TARGET_SIDE_APP},
                                    {"GET", "/out", CS_TARGET_SIDE_OUT}};
static const struct route api[] = {{"GET", "", CS_TARGET_RETRIEVE},
                                   {"PATCH", "", CS_TARGET_UPDATE},
                                   {"POST", "/close", CS_TARGET_CLOSE}};
/* Those without a session's id, by their whole path. */
static const struct route whole_paths[] = {{"POST", "/api/v1/sessions", CS_TARGET_CREATE},
                                           {"POST", "/head-start", CS_TARGET_HOP},
                                           {"GET", "/api/v1/sessions", CS_TARGET_LIST},
                                           {"POST", "/api/v1/auth/jwt/claims", CS_TARGET_CLAIMS}};
#define ROUTES(table) (table), sizeof(table) / sizeof((table)[0])

/* What a request is for, and the session id in its path (appended to `session`). */
static enum cs_target target_of(const struct cs_request *request, struct cs_buf *session)
{
    struct cs_view rest = request->path;
    enum cs_target whole = route(ROUTES(whole_paths), request->method, rest);
    if (whole != CS_TARGET_OTHER) {
        return whole;
    }
    if (take_prefix(&rest, "/api/v1/sessions/")) {
        return take_id(&rest, session) ? route(ROUTES(api), request->method, rest)
                                       : CS_TARGET_OTHER;
    }
    if (!take_prefix(&rest, "/realtime/v1/sessions/") || !take_id(&rest, session)) {
        return CS_TARGET_OTHER;
    }
    if (!take_prefix(&rest, "/channels/")) {
        return route(ROUTES(realtime), request->method, rest);
    }
    struct cs_buf name = CS_BUF(MAX_SESSION_ID);
    bool named = take_id(&rest, &name);
    cs_buf_free(&name);
    return named ? route(ROUTES(side), request->method, rest) : CS_TARGET_OTHER;
}

/* An entry is one allocation: the struct, its headers, then all bytes that it points to. */
struct room {
    char *next;
};

static struct cs_view keep(struct room *room, struct cs_view bytes)
{
    if (bytes.len > 0) {
        memcpy(room->next, bytes.ptr, bytes.len);
    }
    struct cs_view kept = cs_view_of(room->next, bytes.len);
    room->next += bytes.len;
    return kept;
}

static size_t size_of(const struct cs_request *request, struct cs_view session)
{
    /* Each part is bounded by the request reader's limits, so the sum cannot overflow. */
    size_t size = request->method.len + request->target.len + request->head.len +
                  request->body.len + session.len;
    for (size_t i = 0; i < request->n_headers; i++) {
        size += request->headers[i].name.len + request->headers[i].value.len;
    }
    return size;
}

static bool is_ours(const struct cs_request_log *log, struct cs_view session)
{
    return !log->session || cs_view_eq(session, cs_view_str(log->session)) ||
           cs_view_eq(session, CS_VIEW(CS_SCRIPT_SESSION_ID));
}

struct cs_logged *cs_request_log_add(struct cs_request_log *log, const struct cs_request *request)
{
    struct cs_buf session = CS_BUF(MAX_SESSION_ID);
    enum cs_target target = target_of(request, &session);
    bool of_any = cs_buf_view(&session).len == 0;
    if (!of_any && !is_ours(log, cs_buf_view(&session))) {
        target = CS_TARGET_OTHER;
    }
    size_t size = size_of(request, cs_buf_view(&session));
    struct cs_logged *entry = NULL;
    size_t fixed = sizeof *entry + request->n_headers * sizeof(struct cs_header);
    if (log->n < CS_SCRIPT_MAX_REQUESTS && size <= MAX_LOG_BYTES - log->bytes &&
        (entry = calloc(1, fixed + size))) {
        struct cs_header *headers = (struct cs_header *)(entry + 1);
        struct room room = {(char *)(headers + request->n_headers)};
        for (size_t i = 0; i < request->n_headers; i++) {
            headers[i].name = keep(&room, request->headers[i].name);
            headers[i].value = keep(&room, request->headers[i].value);
        }
        entry->target = target;
        entry->number = ++log->n_of[target];
        entry->method = keep(&room, request->method);
        entry->path = keep(&room, request->target);
        entry->session = keep(&room, cs_buf_view(&session));
        entry->headers = headers;
        entry->n_headers = request->n_headers;
        entry->head = keep(&room, request->head);
        entry->body = keep(&room, request->body);
        entry->gone_ms = -1;
        log->entries[log->n++] = entry;
        log->bytes += size;
    }
    cs_buf_free(&session);
    return entry;
}

void cs_request_log_free(struct cs_request_log *log)
{
    for (size_t i = 0; i < log->n; i++) {
        free(log->entries[i]);
    }
    *log = (struct cs_request_log){0};
}

const struct cs_header *cs_logged_header(const struct cs_logged *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        if (cs_view_eq_nocase(request->headers[i].name, cs_view_str(name))) {
            return &request->headers[i];
        }
    }
    return NULL;
}
