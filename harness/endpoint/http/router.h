/* Routes: what there is, and the checks that come before a route's own function. */
#ifndef CHATSPEC_ENDPOINT_ROUTER_H
#define CHATSPEC_ENDPOINT_ROUTER_H

#include "endpoint/internal.h"

/* Which row of a session the route needs. */
enum cs_row {
    CS_ROW_NONE,
    CS_ROW_REQUIRED,
    CS_ROW_OPTIONAL /* an unknown external id is fine (section 0.1) */
};

enum {
    CS_ROUTE_JSON = 1u << 0,          /* the body is JSON: call->json */
    CS_ROUTE_IO = 1u << 1,            /* the path ends in {io} */
    CS_ROUTE_LITERAL = 1u << 2,       /* scopes are compared with the URL's value only (TOK-07) */
    CS_ROUTE_UNLIMITED = 1u << 3,     /* under /api but not rate-limited (LIM-23) */
    CS_ROUTE_NO_AUTH = 1u << 4,       /* checks who calls by itself */
    CS_ROUTE_SECRET = 1u << 5,        /* public tokens are 401 */
    CS_ROUTE_BODY_MAY_MISS = 1u << 6, /* no body counts as {} (CLS-05) */
    CS_ROUTE_NO_HEAD = 1u << 7        /* HEAD has a row of its own */
};

struct cs_route {
    const char *method;
    const char *path; /* segments as they are, or {id}, {channel}, {io}, {rest} */
    void (*run)(struct cs_call *call);
    /* Judges query or body by themselves, before the row is looked up (ERR-01, ERR-02): false after
     * having answered; NULL: nothing to judge. `run` reads them again. */
    bool (*check)(struct cs_call *call);
    const char *action;    /* scope action on sessions; NULL: the route judges */
    const char *missing;   /* error text for a missing row of a mutating route */
    size_t missing_status; /* ... and the offset of its status in the policy */
    enum cs_row row;
    unsigned flags;
    size_t body_limit; /* offset of the policy field; 0: none */
    size_t exists; /* offset of the policy field without which there is no such path; 0: always */
};

extern const struct cs_route cs_routes[]; /* ended by a row without a path */

/* What the path of a request matched. */
struct cs_match {
    const struct cs_route *route;   /* for this method, or NULL */
    const struct cs_route *any;     /* any row of the path, or NULL: unknown path */
    const struct cs_route *mutator; /* the row that is not GET or HEAD, or NULL */
    struct cs_view id, channel, io; /* raw */
};

struct cs_match cs_route_match(struct cs_view method, struct cs_view path);

/* GET or HEAD. */
bool cs_is_reading(const struct cs_call *call);
/* The field of the policy at that offset. */
int64_t cs_policy_field(const struct cs_call *call, size_t offset);

/* Hooks of the server; ctx is the endpoint. */
enum cs_head_action cs_router_on_head(void *ctx, struct cs_conn *conn,
                                      const struct cs_request *request);
void cs_router_on_request(void *ctx, struct cs_conn *conn, const struct cs_request *request);
void cs_router_on_bad_request(void *ctx, struct cs_conn *conn, int status,
                              const struct cs_diag *why);
/* A new call for a request; its connection or stream is the caller's to set. NULL: no memory. */
struct cs_call *cs_call_new(struct cs_endpoint *endpoint, const struct cs_request *request);
/* The checks that need the head only. False when it answered: the call is gone. */
bool cs_router_check_head(struct cs_call *call);
/* The request is complete: the other checks, then the route. */
void cs_router_run(struct cs_call *call);

/* HTTP/2 on the same port (router_h2.c). */
bool cs_router_on_other_protocol(void *ctx, struct cs_conn *conn, struct cs_view first_bytes);
void cs_router_on_raw(void *ctx, struct cs_conn *conn, struct cs_view bytes);
void cs_router_on_drained(void *ctx, struct cs_conn *conn);
void cs_router_on_close(void *ctx, struct cs_conn *conn);

/* Routes of this folder, and what they check first. */
bool cs_check_session_patch(struct cs_call *call);
bool cs_check_session_close(struct cs_call *call);
bool cs_check_session_continue(struct cs_call *call);
bool cs_check_records_query(struct cs_call *call);
void cs_route_session_create(struct cs_call *call);
void cs_route_session_list(struct cs_call *call);
void cs_route_session_retrieve(struct cs_call *call);
void cs_route_session_patch(struct cs_call *call);
void cs_route_session_close(struct cs_call *call);
void cs_route_session_end_and_continue(struct cs_call *call);
void cs_route_snapshot_url(struct cs_call *call);
void cs_route_session_transcript(struct cs_call *call);
void cs_route_object_get(struct cs_call *call);
void cs_route_object_put(struct cs_call *call);
void cs_route_public_token(struct cs_call *call);
void cs_route_jwt_claims(struct cs_call *call);
void cs_route_run_list(struct cs_call *call);
void cs_route_run_retrieve(struct cs_call *call);
void cs_route_run_cancel(struct cs_call *call);
void cs_route_run_wait(struct cs_call *call);
void cs_route_token_wait(struct cs_call *call);
void cs_route_task_trigger(struct cs_call *call);

#endif
