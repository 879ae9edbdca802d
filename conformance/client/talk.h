/* What a case and the process of an adapter say to each other, a JSON object a line: commands out,
 * events in, each of them evidence.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_TALK_H
#define CHATSPEC_CONFORMANCE_CLIENT_TALK_H

#include "conformance/client/adapter.h"
#include "net/loop.h"
#include "suite/case.h"

/* Set run, loop, adapter, who and, where wanted, on_event; zero the rest. */
struct cs_talk {
    struct cs_case_run *run;
    struct cs_loop *loop;
    struct cs_adapter *adapter;
    const char *who; /* in evidence: "adapter", "worker", "client" */
    /* Each event as it comes, inside the loop; NULL: nobody wants to know. */
    void (*on_event)(struct cs_talk *talk, const cJSON *event);
    bool over; /* the case has its verdict: nothing is evidence any more */
    bool listening;
    int last_command; /* the number that was given last */
    cJSON **events;   /* every line since the case began, at most 65,536 and 256 MiB */
    size_t n_events;
    size_t cap_events;
    size_t n_bytes;   /* of all those lines */
    enum cs_err lost; /* why it can no longer be heard: CS_ERR_CLOSED it ended, CS_ERR_SYNTAX a line
                         that is no event, CS_ERR_LIMIT more than there is to say */
    struct cs_watch out;
};

/* Starts and stops listening; what is wrong later is noted in `lost`, and the loop stops for each
 * line. Errors: those of cs_watch_add. Stopping is fine when nobody listens. */
CS_MUST_USE enum cs_err cs_talk_listen(struct cs_talk *talk);
void cs_talk_unlisten(struct cs_talk *talk);
/* Frees what was heard. Nobody may be listening. */
void cs_talk_free(struct cs_talk *talk);

/* A command with the next number, to be added to and sent; NULL: out of memory. */
cJSON *cs_talk_command(struct cs_talk *talk, const char *name);
/* Writes an object (NULL: out of memory) as a line and frees it. Errors: CS_ERR_NO_MEMORY, and
 * those of cs_process_write_line. */
CS_MUST_USE enum cs_err cs_talk_send(struct cs_talk *talk, cJSON *object);
/* Sends a command of that name alone and runs the loop until one of its events is `answer`, at most
 * that long. The event, or NULL. */
const cJSON *cs_talk_ask(struct cs_talk *talk, const char *name, const char *answer,
                         int64_t patience_ms);

/* The n-th event (from 0) of that name (NULL: any) that answers the command, or NULL. */
const cJSON *cs_talk_event(const struct cs_talk *talk, int command, const char *name, size_t n);
/* The n-th event (from 0) of that name, whatever it answers, or NULL. */
const cJSON *cs_talk_named(const struct cs_talk *talk, const char *name, size_t n);
/* Keeps an object with the events, to be freed with them. CS_ERR_NO_MEMORY or CS_ERR_LIMIT: it was
 * freed. */
CS_MUST_USE enum cs_err cs_talk_keep(struct cs_talk *talk, cJSON *object);

#endif
