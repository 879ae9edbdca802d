/* What the files of the server share: server.c (listening), conn.c (a connection's life and
 * output), conn_input.c (from its bytes to the hooks). */
#ifndef CHATSPEC_NET_SERVER_IMPL_H
#define CHATSPEC_NET_SERVER_IMPL_H

#include "net/server.h"

/* "PRI " and "PRIX" part at the fourth byte: so many are looked at before a connection is HTTP. */
enum {
    SNIFF_MAX = 4
};
enum {
    READ_MAX = 64 * 1024
};

enum conn_state {
    CONN_SNIFFING,    /* what protocol this is does not show yet */
    CONN_READING,     /* between requests, or within one */
    CONN_ANSWERING,   /* a complete request is out; nothing is read until cs_conn_next */
    CONN_RAW,         /* a hook took the connection over */
    CONN_FINISHING,   /* no more to say: queue, FIN, read to the peer's end, close */
    CONN_HALF_CLOSED, /* the same, but for as long as the peer likes */
    CONN_DEAD         /* closed; waits for its on_close */
};

struct cs_server {
    struct cs_loop *loop;
    struct cs_server_hooks hooks;
    void *ctx;
    struct cs_request_limits limits;
    size_t max_connections;
    int64_t drain_ms;      /* between requests */
    int64_t long_drain_ms; /* in the middle of one, and after a bad one */
    struct cs_watch listener;
    bool refusing;                /* nobody is let in any more */
    struct cs_timer accept_again; /* accepting is paused while it runs */
    struct cs_timer reap;         /* ends what has died, from the loop and never from a hook */
    struct cs_conn *live;
    struct cs_conn *dead;
    size_t n_live;
    uint64_t n_accepted;
    uint16_t port;
    char scratch[SNIFF_MAX + READ_MAX]; /* what was just read, of whatever connection */
};

struct cs_conn {
    struct cs_watch watch;
    struct cs_timer timer; /* end of a drain, or: look at `pending` */
    struct cs_server *server;
    struct cs_conn *prev;
    struct cs_conn *next;
    void *user;
    uint64_t number;
    uint64_t n_requests;
    uint64_t n_sent;
    struct cs_request_reader *reader;
    const struct cs_request *request;
    struct cs_buf out; /* from out_at on not yet taken by the kernel */
    size_t out_at;
    struct cs_buf pending; /* came behind the request that is being answered */
    uint64_t drain_left;   /* bytes that will still be read and thrown away */
    enum conn_state state;
    bool busy;        /* its events are being handled: the watch is brought up to date after */
    bool parsing;     /* the request loop runs: it sees by itself that a next request is wanted */
    bool keep_alive;  /* of the current request */
    bool answered;    /* from on_head: the rest of the body is thrown away */
    bool next_wanted; /* cs_conn_next came before that body was complete */
    bool long_drain;  /* the peer may be in the middle of a long body: more patience at the end */
    bool paused;
    bool taken;       /* by on_other_protocol, from when that is called */
    bool half_closed; /* the peer's FIN was seen, and told */
    bool eof;         /* and everything before it was read */
    bool write_shut;  /* our FIN is out */
    uint8_t n_first;
    char first[SNIFF_MAX]; /* bytes that came before it was clear what they are */
};

/* Thousands of these wait in event streams at the same time. */
_Static_assert(sizeof(struct cs_conn) <= 512, "an idle connection must stay small");

static inline struct cs_server *cs_server_of(void *member, size_t offset)
{
    return (struct cs_server *)(void *)((char *)member - offset);
}

/* Takes an accepted descriptor over; it is closed when memory is short. */
void cs_conn_open(struct cs_server *server, int fd);
/* Closes the descriptor now, with RST or without; on_close follows from the loop. */
void cs_conn_end(struct cs_conn *conn, bool reset);
void cs_conn_free(struct cs_conn *conn);
/* Brings the watch in line with the state. */
void cs_conn_update(struct cs_conn *conn);
/* The current request is over, whatever became of its views: the reader is made ready. */
void cs_conn_begin_next(struct cs_conn *conn);
/* Something died: on_close will come from the loop. */
void cs_server_reap_soon(struct cs_server *server);

/* conn_input.c */
void cs_conn_readable(struct cs_conn *conn);
/* The peer will send no more while an answer is open. */
void cs_conn_peer_half_closed(struct cs_conn *conn);
/* Goes on with the bytes that came behind the last request. */
void cs_conn_read_pending(struct cs_conn *conn);

#endif
