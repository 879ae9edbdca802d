/* A parser under test in a process of its own: an adapter that can `decode`. It is started anew
 * after it crashed, hung or spoke nonsense, so that one input's fault is never the next one's. */
#ifndef CHATSPEC_DECODE_PARSER_PEER_H
#define CHATSPEC_DECODE_PARSER_PEER_H

#include <signal.h>

#include "conformance/decode/event_list.h"

enum cs_decoded {
    CS_DECODED_EVENTS,  /* `list` is what it gave */
    CS_DECODED_REFUSED, /* it said that it cannot read on */
    CS_DECODED_CRASH,
    CS_DECODED_HANG,
    CS_DECODED_GARBAGE, /* an answer that is none; more events than there can be */
    CS_DECODED_LEAK,    /* events, but memory stays behind at every run */
    CS_DECODED_TROUBLE, /* no verdict about the parser: it does not start, or we are out of memory
                         */
    CS_DECODED_STOPPED  /* none either: we were told to stop, or the time given to us is over */
};

struct cs_parser_answer {
    enum cs_decoded outcome;
    struct cs_event_list list;
    /* What tells this fault from others, such as "SIGSEGV in take_field+0x1f"; "" for events. */
    char cause[256];
    struct cs_buf evidence; /* the end of its stderr, or the line that it spoke */
};

struct cs_parser_peer;

struct cs_parser_config {
    const char *library; /* a path, or "builtin" for our own reader; NULL: `command` */
    const char *command; /* a command line; NULL: `words` */
    char *const *words;  /* argv; copied */
    int64_t timeout_ms;  /* for one stream, by the clock */
    bool shares_group;   /* for a case's process: what ends that ends the parser too */
    const volatile sig_atomic_t *stop; /* not 0: nothing is waited for any more; NULL: never */
};

/* Starts it. Errors, with a line for people in diag: CS_ERR_USAGE (no such library, no parser of
 * this ABI, an adapter that cannot decode), CS_ERR_IO, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_parser_peer_start(const struct cs_parser_config *config,
                                             struct cs_parser_peer **ret_peer,
                                             struct cs_diag *diag);
void cs_parser_peer_end(struct cs_parser_peer *peer);

/* What its hello said of itself: "version" and "parser"; "" when it did not. */
const char *cs_parser_peer_version(const struct cs_parser_peer *peer);
const char *cs_parser_peer_inner(const struct cs_parser_peer *peer);
uint32_t cs_parser_peer_traits(const struct cs_parser_peer *peer);

/* From this time on (cs_now_ms) nothing is waited for; 0: no such time. */
void cs_parser_peer_until(struct cs_parser_peer *peer, int64_t until_ms);

/* One stream in pieces of these lengths, used in turn and again from the first; none: in one. */
void cs_parser_peer_decode(struct cs_parser_peer *peer, struct cs_view stream,
                           const uint64_t *pieces, size_t n_pieces,
                           struct cs_parser_answer *answer);

void cs_parser_answer_free(struct cs_parser_answer *answer);

#endif
