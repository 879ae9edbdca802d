#include "endpoint/http/router.h"

#define SESSION  "/api/v1/sessions/{id}"
#define CHANNELS "/realtime/v1/sessions/{id}"

#define FIELD(field)  offsetof(struct cs_policy, field)
#define MISSING(text) .missing = (text), .missing_status = FIELD(missing_session_status)

/* The two shapes of a channel's routes: the reserved pair, and side channels (CHN-26). */
#define CHANNEL_ROUTES(base, exists_field)                                         \
    {.method = "GET",                                                              \
     .path = base "/{io}",                                                         \
     .exists = (exists_field),                                                     \
     .run = cs_route_channel_get,                                                  \
     .action = "read",                                                             \
     .row = CS_ROW_OPTIONAL,                                                       \
     .flags = CS_ROUTE_IO | CS_ROUTE_NO_HEAD},                                     \
        {.method = "HEAD",                                                         \
         .path = base "/{io}",                                                     \
         .exists = (exists_field),                                                 \
         .run = cs_route_channel_head,                                             \
         .action = "read",                                                         \
         .row = CS_ROW_OPTIONAL,                                                   \
         .flags = CS_ROUTE_IO},                                                    \
        {.method = "PUT",                                                          \
         .path = base "/{io}",                                                     \
         .exists = (exists_field),                                                 \
         .run = cs_route_channel_put,                                              \
         .action = "write",                                                        \
         .row = CS_ROW_OPTIONAL,                                                   \
         .flags = CS_ROUTE_IO | CS_ROUTE_LITERAL},                                 \
        {.method = "POST",                                                         \
         .path = base "/{io}/append",                                              \
         .exists = (exists_field),                                                 \
         .run = cs_route_channel_append,                                           \
         .action = "write",                                                        \
         .row = CS_ROW_REQUIRED,                                                   \
         .missing = "Resource not found",                                          \
         .missing_status = FIELD(append_missing_status),                           \
         .flags = CS_ROUTE_IO,                                                     \
         .body_limit = FIELD(append_body_limit)},                                  \
    {                                                                              \
        .method = "GET", .path = base "/{io}/records", .exists = (exists_field),   \
        .run = cs_route_channel_records, .check = cs_check_records_query,          \
        .action = "read", .row = CS_ROW_OPTIONAL,                                  \
        .flags = CS_ROUTE_IO                                                       \
    }

/* clang-format off */
const struct cs_route cs_routes[] = {
    {.method = "GET", .path = "/api/v1/sessions", .run = cs_route_session_list},
    {.method = "POST", .path = "/api/v1/sessions", .run = cs_route_session_create,
     .flags = CS_ROUTE_JSON, .body_limit = FIELD(create_body_limit)},
    {.method = "GET", .path = SESSION, .run = cs_route_session_retrieve, .action = "read",
     .row = CS_ROW_REQUIRED},
    {.method = "PATCH", .path = SESSION, .run = cs_route_session_patch, .check = cs_check_session_patch,
     .action = "admin",
     .row = CS_ROW_REQUIRED, MISSING("Session not found"),
     .flags = CS_ROUTE_JSON | CS_ROUTE_LITERAL, .body_limit = FIELD(patch_body_limit)},
    {.method = "POST", .path = SESSION "/close", .run = cs_route_session_close,
     .check = cs_check_session_close, .action = "admin",
     .row = CS_ROW_REQUIRED, .missing = "Session not found",
     .missing_status = FIELD(close_missing_status),
     .flags = CS_ROUTE_JSON | CS_ROUTE_LITERAL | CS_ROUTE_BODY_MAY_MISS,
     .body_limit = FIELD(close_body_limit)},
    {.method = "POST", .path = SESSION "/end-and-continue",
     .run = cs_route_session_end_and_continue, .check = cs_check_session_continue,
     .action = "write", .row = CS_ROW_REQUIRED,
     MISSING("Resource not found"), .flags = CS_ROUTE_JSON,
     .body_limit = FIELD(continue_body_limit)},
    {.method = "GET", .path = SESSION "/snapshot-url", .run = cs_route_snapshot_url,
     .action = "read", .row = CS_ROW_REQUIRED, .flags = CS_ROUTE_UNLIMITED},
    {.method = "PUT", .path = SESSION "/snapshot-url", .run = cs_route_snapshot_url,
     .action = "write", .row = CS_ROW_REQUIRED, .missing = "Resource not found",
     .missing_status = FIELD(snapshot_put_missing_status), .flags = CS_ROUTE_UNLIMITED},
    {.method = "GET", .path = SESSION "/transcript", .run = cs_route_session_transcript,
     .action = "read", .row = CS_ROW_REQUIRED, .flags = CS_ROUTE_SECRET,
     .exists = FIELD(transcripts)},
    {.method = "POST", .path = "/api/v1/auth/public-tokens", .run = cs_route_public_token,
     .exists = FIELD(public_tokens), .flags = CS_ROUTE_JSON | CS_ROUTE_SECRET, .body_limit = FIELD(create_body_limit)},
    {.method = "POST", .path = "/api/v1/auth/jwt/claims", .run = cs_route_jwt_claims,
     .flags = CS_ROUTE_SECRET | CS_ROUTE_UNLIMITED},
    {.method = "GET", .path = "/api/v1/runs", .run = cs_route_run_list, .flags = CS_ROUTE_SECRET},
    {.method = "GET", .path = "/api/v3/runs/{id}", .run = cs_route_run_retrieve},
    {.method = "POST", .path = "/api/v2/runs/{id}/cancel", .run = cs_route_run_cancel,
     .flags = CS_ROUTE_SECRET},
    {.method = "POST", .path = "/api/v1/runs/{id}/session-streams/wait", .run = cs_route_run_wait,
     .flags = CS_ROUTE_JSON | CS_ROUTE_SECRET, .body_limit = FIELD(create_body_limit)},
    {.method = "POST", .path = "/engine/v1/runs/{id}/waitpoints/tokens/{channel}/wait",
     .run = cs_route_token_wait, .flags = CS_ROUTE_SECRET},
    {.method = "POST", .path = "/api/v1/tasks/{id}/trigger", .run = cs_route_task_trigger,
     .flags = CS_ROUTE_JSON | CS_ROUTE_SECRET, .body_limit = FIELD(create_body_limit)},
    CHANNEL_ROUTES(CHANNELS, 0),
    CHANNEL_ROUTES(CHANNELS "/channels/{channel}", FIELD(side_channels)),
    {.method = "POST", .path = "/v1/streams", .run = cs_route_s2_create, .flags = CS_ROUTE_NO_AUTH},
    {.method = "POST", .path = "/v1/streams/{id}/records", .run = cs_route_s2_append,
     .flags = CS_ROUTE_NO_AUTH},
    {.method = "GET", .path = "/v1/streams/{id}/records", .run = cs_route_s2_read,
     .flags = CS_ROUTE_NO_AUTH},
    {.method = "GET", .path = "/v1/streams/{id}/records/tail", .run = cs_route_s2_tail,
     .flags = CS_ROUTE_NO_AUTH},
    {.method = "GET", .path = "/packets/{rest}", .run = cs_route_object_get,
     .flags = CS_ROUTE_NO_AUTH},
    {.method = "PUT", .path = "/packets/{rest}", .run = cs_route_object_put,
     .flags = CS_ROUTE_NO_AUTH},
    {0},
};
/* clang-format on */

/* The next segment of a path that begins with '/'; moves the path past it. */
static struct cs_view take_segment(struct cs_view *path)
{
    struct cs_view rest = {path->ptr + 1, path->len - 1};
    size_t end = cs_view_find(rest, CS_VIEW("/"));
    size_t len = end == SIZE_MAX ? rest.len : end;
    *path = (struct cs_view){rest.ptr + len, rest.len - len};
    return (struct cs_view){rest.ptr, len};
}

static bool match_path(const char *pattern, struct cs_view path, struct cs_match *match)
{
    struct cs_view expected = cs_view_str(pattern);
    while (expected.len > 0 && path.len > 0) {
        struct cs_view want = take_segment(&expected);
        if (cs_view_eq(want, CS_VIEW("{rest}"))) {
            return true;
        }
        struct cs_view have = take_segment(&path);
        if (have.len == 0) {
            return false;
        }
        if (cs_view_eq(want, CS_VIEW("{id}"))) {
            match->id = have;
        } else if (cs_view_eq(want, CS_VIEW("{channel}"))) {
            match->channel = have;
        } else if (cs_view_eq(want, CS_VIEW("{io}"))) {
            match->io = have;
        } else if (!cs_view_eq(want, have)) {
            return false;
        }
    }
    return expected.len == 0 && path.len == 0;
}

struct cs_match cs_route_match(struct cs_view method, struct cs_view path)
{
    struct cs_match found = {0};
    if (path.len == 0 || path.ptr[0] != '/') {
        return found;
    }
    bool is_head = cs_view_eq(method, CS_VIEW("HEAD"));
    for (const struct cs_route *route = cs_routes; route->path; route++) {
        struct cs_match parts = {0};
        if (!match_path(route->path, path, &parts)) {
            continue;
        }
        found.any = route;
        found.id = parts.id;
        found.channel = parts.channel;
        found.io = parts.io;
        bool is_get_row = strcmp(route->method, "GET") == 0;
        if (cs_view_eq(method, cs_view_str(route->method)) ||
            (is_head && is_get_row && !(route->flags & CS_ROUTE_NO_HEAD))) {
            found.route = route;
        }
        if (!is_get_row && strcmp(route->method, "HEAD") != 0) {
            found.mutator = route;
        }
    }
    return found;
}
