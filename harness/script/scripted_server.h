/* The server that a client under test talks to: answers as a script says, records every request.
 *
 * A client is judged by what it put on the wire, so requests are kept exactly: method, target,
 * headers, body, time, connection. Requests that the script has no answer for: creates and appends
 * are answered as a healthy server would (the whole session item; 200 with the next seq), anything
 * else gets a 404 and is marked unexpected.
 */
#ifndef CHATSPEC_SCRIPT_SCRIPTED_SERVER_H
#define CHATSPEC_SCRIPT_SCRIPTED_SERVER_H

#include "net/loop.h"
#include "script/notation.h"
#include "wire/record.h"

#define CS_SCRIPT_MAX_REQUESTS 4096 /* per server; a client that sends more is cut off */

/* One request, as it came. Lives as long as the server. */
struct cs_logged {
    enum cs_target target;
    uint64_t number; /* the how-many-th of its target, from 1 */
    struct cs_view method;
    struct cs_view path;    /* as sent, with the query */
    struct cs_view session; /* the id in the path, percent-decoded; empty when there is none */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view head; /* exact bytes of request line and headers */
    struct cs_view body;
    int64_t at_ms; /* since the server started */
    uint64_t connection;
    bool unexpected;
    int status;      /* of the answer; 0 while there is none */
    bool ended;      /* the answer is complete, or its connection was reset by us */
    int64_t gone_ms; /* when the client left while the answer was open; -1 if it did not */
};

struct cs_scripted_config {
    struct cs_loop *loop;
    const char *session; /* the id that requests are expected for, or the session_... id that create
                            gives; requests for another are unexpected. NULL: any */
    const char *token;   /* what create hands out as publicAccessToken */
    /* Something happened that a wait may be about: a request came, an answer ended, a client left.
     */
    void (*changed)(void *ctx);
    /* An answer begins to go out: its head with what it has for a body, or, from `offset` of a
     * stream's body on, what the script writes next. NULL: nobody wants to know. */
    void (*sent)(void *ctx, const struct cs_logged *request, bool is_head, uint64_t offset,
                 struct cs_view bytes);
    void *ctx;
};

struct cs_scripted;

/* Errors: those of cs_server_start. Strings of the config are copied. */
CS_MUST_USE enum cs_err cs_scripted_start(const struct cs_scripted_config *config,
                                          struct cs_scripted **ret_server, struct cs_diag *diag);
/* Resets what is open and whatever comes from now on (cs_server_refuse). */
void cs_scripted_refuse(struct cs_scripted *server);
/* Resets what is open. NULL is fine. */
void cs_scripted_stop(struct cs_scripted *server);
/* "http://127.0.0.1:PORT" */
const char *cs_scripted_url(const struct cs_scripted *server);
/* From now on this script decides (owned here from now on); requests keep their numbers, answers
 * that are under way go on. False when out of memory. */
bool cs_scripted_play(struct cs_scripted *server, struct cs_notation *script);
/* Opens a gate that the script waits for; it stays open. False when out of memory. */
bool cs_scripted_release(struct cs_scripted *server, const char *gate);

/* Milliseconds since the server started. */
int64_t cs_scripted_now(const struct cs_scripted *server);

/* All requests in the order in which they were complete. */
size_t cs_scripted_count(const struct cs_scripted *server);
const struct cs_logged *cs_scripted_request(const struct cs_scripted *server, size_t index);
/* How many of one target, and the number-th of them (NULL when it has not come yet). */
uint64_t cs_scripted_count_of(const struct cs_scripted *server, enum cs_target target);
const struct cs_logged *cs_scripted_find(const struct cs_scripted *server, enum cs_target target,
                                         uint64_t number);
size_t cs_scripted_unexpected(const struct cs_scripted *server);
/* First header of that name in any case, or NULL. */
const struct cs_header *cs_logged_header(const struct cs_logged *request, const char *name);

#endif
