/* For the endpoint's figures: servers as programs of their own, and very many clients of one in
 * this process. The clients are bare sockets on one epoll, so that they cost little beside what is
 * measured.
 */
#ifndef CHATSPEC_BENCH_FAN_H
#define CHATSPEC_BENCH_FAN_H

#include "bench/bench.h"

/* ---- servers (fan_server.c) ---- */

struct cs_fan_server;

enum cs_fan_kind {
    CS_FAN_CHATSPEC, /* `chatspec serve`, beside this program */
    CS_FAN_NODE,     /* peers/fanout.mjs */
    CS_FAN_S2        /* what CHATSPEC_S2 names */
};

/* What one stream's clients send, whole requests. */
struct cs_fan_topic {
    struct cs_buf subscribe;
    struct cs_buf append; /* one record whose text holds CS_FAN_MARK once */
    struct cs_buf name;   /* of the session or the stream */
};
#define CS_FAN_MARK '~'

const char *cs_fan_name(enum cs_fan_kind kind); /* for tables */
/* Starts one and waits until it answers. Errors, with diag: CS_ERR_MISSING: its program is not
 * here; CS_ERR_IO and others: it does not start. Free with cs_fan_server_end. */
CS_MUST_USE enum cs_err cs_fan_server_start(enum cs_fan_kind kind, const char *home,
                                            struct cs_fan_server **ret_server,
                                            struct cs_diag *diag);
void cs_fan_server_end(struct cs_fan_server *server); /* NULL is fine */
/* A new stream of it, empty. The session has a task that nobody deployed, so no agent writes.
 * Free with cs_fan_topic_free, on failure too. Errors: as the server answers, with diag. */
CS_MUST_USE enum cs_err cs_fan_topic_new(struct cs_fan_server *server,
                                         struct cs_fan_topic *ret_topic, struct cs_diag *diag);
void cs_fan_topic_free(struct cs_fan_topic *topic);
/* "http://127.0.0.1:PORT" */
const char *cs_fan_url(const struct cs_fan_server *server);
/* What the process has in memory now, in bytes, and has used of processors so far, in seconds; 0
 * where the system does not tell. */
double cs_fan_resident(const struct cs_fan_server *server);
double cs_fan_processor(const struct cs_fan_server *server);

/* ---- clients (fan_clients.c) ---- */

struct cs_fan_clients;

/* NULL when out of memory or descriptors. */
struct cs_fan_clients *cs_fan_clients_new(const char *url);
void cs_fan_clients_free(struct cs_fan_clients *clients); /* closes all; NULL is fine */
/* Opens so many more subscribers, and waits until each has the head of its answer. The views live
 * as long as the clients. */
CS_MUST_USE enum cs_err cs_fan_subscribe(struct cs_fan_clients *clients, struct cs_view request,
                                         size_t n, struct cs_diag *diag);
/* So many connections that append, each the next record once the last is answered. */
CS_MUST_USE enum cs_err cs_fan_appenders(struct cs_fan_clients *clients, struct cs_view request,
                                         size_t n, struct cs_diag *diag);
/* Appends `n` records and waits until every subscriber has got each. Errors: CS_ERR_RANGE: one
 * got more than there are; CS_ERR_TIMEOUT: nothing came for long. */
CS_MUST_USE enum cs_err cs_fan_push(struct cs_fan_clients *clients, size_t n, struct cs_diag *diag);
/* One record of the first appender: seconds until the first subscriber has it. */
CS_MUST_USE enum cs_err cs_fan_delay(struct cs_fan_clients *clients, double *ret_seconds,
                                     struct cs_diag *diag);
/* Waits until subscribers have got `n` records in all, of those that were there before. */
CS_MUST_USE enum cs_err cs_fan_receive(struct cs_fan_clients *clients, size_t n,
                                       struct cs_diag *diag);

#endif
