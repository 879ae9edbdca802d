/* The scripted agent: it answers what is appended to `in`, as an agent of the SDK would write it to
 * `out`, without any model.
 *
 * It lives in every run, unless the session's taskIdentifier begins with "absent": such a task is
 * not deployed, so its runs stay queued (SES-07) and the streams belong to the test alone.
 *
 * A turn writes data records (start, start-step, text-start, text-delta..., text-end, finish-step,
 * finish), then a turn-complete control record, and from a run's second turn on a trim to the
 * turn-complete before (REC-18). What it says is the user's text, except that the first word can be
 *   tool ...      a tool call with its result comes first
 *   approve ...   a tool call that asks for approval ends the turn; the answer is awaited
 *   several N     N deltas, "1 ", "2 ", ...
 *   slow ...      a pause before each delta, so that a stop can come between
 *   end           the run ends after the turn: the next append is a continuation
 *   goodbye ...   the agent closes the session after the turn (CLS-14), then the run ends
 * A stop ends the turn that is going on and is otherwise passed over. regenerate-message answers
 * the last text again under a new message id; an action is a turn without an answer; close ends
 * the run without a record; unknown kinds and broken JSON are passed over.
 *
 * With a scenario (../scenario/README.md) the first of its answers whose conditions hold is given
 * instead.
 */
#ifndef CHATSPEC_ENDPOINT_AGENT_H
#define CHATSPEC_ENDPOINT_AGENT_H

#include "endpoint/agent/agent_input.h"
#include "endpoint/agent/agent_script.h"
#include "endpoint/internal.h"

#define CS_AGENT_ABSENT_TASK "absent"
#define CS_AGENT_MAX_WAITING ((size_t)1024) /* inputs that wait for their turn */

/* What is asked, and waits for its turn or is answered. */
struct cs_agent_item {
    struct cs_agent_input input;
    bool has_seq; /* false: from the run's payload */
    uint64_t seq;
    bool was_handed_over; /* an upgrade brought it */
    TAILQ_ENTRY(cs_agent_item) link;
};

TAILQ_HEAD(cs_agent_items, cs_agent_item);

#define CS_AGENT_ID_LEN 16

struct cs_agent {
    struct cs_endpoint *endpoint;
    struct cs_session *session;
    struct cs_run *run;
    struct cs_buf out; /* name of the stream it writes */
    struct cs_timer timer;
    struct cs_agent_items items; /* asked for, not yet begun */
    size_t n_items;
    /* The turn that is going on: */
    bool in_turn;
    bool with_token;            /* turn-complete carries one (not after an action) */
    struct cs_agent_item *item; /* what it answers; only while the turn goes on */
    struct cs_script script;
    bool completing; /* its turn-complete is on its way to the store: nothing else begins */
    bool ends_run;   /* the run ends once that is stored */
    bool closes;     /* ... and the session is closed */
    /* What it remembers: */
    struct cs_buf last_text;
    char message_id[CS_AGENT_ID_LEN + 1]; /* of the last answer */
    bool has_handled; /* session-in-event-id: the last record of `in` that no longer waits */
    uint64_t handled;
    bool has_seen; /* session-in-consumed-id: the last that came */
    uint64_t seen;
    bool has_complete; /* seq_num of the last turn-complete, for the trim */
    uint64_t complete;
};

/* ---- agent_answer.c ---- */

/* Composes the answer into the agent's script, which is empty. */
void cs_agent_compose(struct cs_agent *agent, const struct cs_agent_item *item);

/* ---- agent_write.c ---- */

/* False: it is too large for a record and was not written (LIM-24). */
bool cs_agent_write_chunk(struct cs_agent *agent, struct cs_view chunk);
/* What a turn fails with for such a chunk. */
void cs_agent_write_too_large(struct cs_agent *agent, struct cs_view chunk);
/* upgrade-required: another run goes on with the message. */
void cs_agent_write_upgrade(struct cs_agent *agent);
/* turn-complete, and the trim that follows once its number is known. */
void cs_agent_write_complete(struct cs_agent *agent);
/* session-closed: the last record of a session that its agent closes. */
void cs_agent_write_closed(struct cs_agent *agent);

#define CS_AGENT_CLOSE_REASON "goodbye"

/* ---- agent.c ---- */

/* The turn-complete of a turn that has ended is stored, or lost. */
void cs_agent_completed(struct cs_agent *agent);

#endif
