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

/* What a request is for, and the session id in its path (appended to `session`). */
static enum cs_target target_of(const struct cs_request *request, struct cs_buf *session)
{
    bool post = cs_view_eq(request->method, CS_VIEW("POST"));
    if (post && cs_view_eq(request->path, CS_VIEW("/api/v1/sessions"))) {
        return CS_TARGET_CREATE;
    }
    if (post && cs_view_eq(request->path, CS_VIEW("/head-start"))) {
        return CS_TARGET_HOP;
    }
    struct cs_view rest = request->path;
    if (!take_prefix(&rest, "/realtime/v1/sessions/")) {
        return CS_TARGET_OTHER;
    }
    size_t slash = cs_view_find(rest, CS_VIEW("/"));
    if (slash == SIZE_MAX || cs_percent_decode(cs_view_of(rest.ptr, slash), session) != CS_OK) {
        return CS_TARGET_OTHER;
    }
    struct cs_view tail = cs_view_of(rest.ptr + slash, rest.len - slash);
    if (post && cs_view_eq(tail, CS_VIEW("/in/append"))) {
        return CS_TARGET_APP;
    }
    if (cs_view_eq(request->method, CS_VIEW("GET")) && cs_view_eq(tail, CS_VIEW("/out"))) {
        return CS_TARGET_OUT;
    }
    return CS_TARGET_OTHER;
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
    if ((target == CS_TARGET_APP || target == CS_TARGET_OUT) &&
        !is_ours(log, cs_buf_view(&session))) {
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
