/* The agent's turns. Everything it does it does from its timer, never from inside the call that
 * brought the input: an append is answered before its turn begins. */
#include "endpoint/agent/agent.h"

#include <stdlib.h>

#include "endpoint/sessions/runs.h"
#include "endpoint/sessions/session.h"
#include "endpoint/sessions/session_config.h"
#include "endpoint/streams/streams.h"
#include "wire/json.h"

#define LAST_TEXT_MAX ((size_t)4 << 20)

static void item_free(struct cs_agent_item *item)
{
    cs_agent_input_free(&item->input);
    free(item);
}

static void agent_free(struct cs_agent *agent)
{
    cs_timer_stop(agent->endpoint->loop, &agent->timer);
    while (!TAILQ_EMPTY(&agent->items)) {
        struct cs_agent_item *item = TAILQ_FIRST(&agent->items);
        TAILQ_REMOVE(&agent->items, item, link);
        item_free(item);
    }
    if (agent->item) {
        item_free(agent->item);
    }
    cs_script_free(&agent->script);
    cs_buf_free(&agent->last_text);
    cs_buf_free(&agent->out);
    agent->run->agent = NULL;
    free(agent);
}

/* The run is over by the agent's own will. */
static void leave(struct cs_agent *agent, enum cs_run_status status)
{
    cs_run_set_status(agent->endpoint, agent->run, status);
    agent_free(agent);
}

/* False when the agent had to give up and is gone. */
static bool wake_in(struct cs_agent *agent, int64_t delay_ms)
{
    if (cs_timer_start(agent->endpoint->loop, &agent->timer, delay_ms) == CS_OK) {
        return true;
    }
    leave(agent, CS_RUN_FAILED);
    return false;
}

/* ---- a turn ---- */

static void begin_turn(struct cs_agent *agent, struct cs_agent_item *item)
{
    cs_script_free(&agent->script);
    agent->in_turn = true;
    agent->item = item;
    agent->session->n_turns++;
    agent->with_token = item->input.ask != CS_ASK_ACTION;
    if (item->input.ask == CS_ASK_ANSWER) {
        cs_buf_clear(&agent->last_text);
        cs_buf_add(&agent->last_text, cs_buf_view(&item->input.text));
    }
    cs_agent_compose(agent, item);
    if (item->has_seq && agent->script.end == CS_END_COMPLETE) {
        agent->has_handled = true;
        agent->handled = item->seq;
    }
    if (agent->endpoint->policy.agent_completes_first) {
        cs_agent_write_complete(agent);
    }
}

/* Hands the message over to a new run (AGT-VUP-01), which takes this agent's place and frees it.
 * The record goes first because afterwards nobody is there to write it; nothing reads in between.
 */
static void hand_over(struct cs_agent *agent)
{
    struct cs_endpoint *endpoint = agent->endpoint;
    struct cs_session *session = agent->session;
    struct cs_run *next = cs_run_trigger(endpoint, session, agent->run);
    if (next == NULL) {
        leave(agent, CS_RUN_FAILED);
        return;
    }
    cs_agent_write_upgrade(agent);
    agent->item->was_handed_over = true;
    TAILQ_INSERT_HEAD(&agent->items, agent->item, link);
    agent->n_items++;
    agent->item = NULL;
    session->n_turns--; /* the same turn is begun again */
    cs_session_repin(session, (struct cs_view){0});
    cs_run_make_current(endpoint, next);
}

/* What comes next waits until turn-complete is stored: its trim follows it (REC-18), and a run does
 * not end with a record on its way. */
static void end_turn(struct cs_agent *agent)
{
    enum cs_script_end end = agent->script.end;
    agent->in_turn = false;
    if (end == CS_END_UPGRADE) {
        hand_over(agent);
        return;
    }
    if (end == CS_END_CRASH) {
        leave(agent, CS_RUN_FAILED);
        return;
    }
    item_free(agent->item);
    agent->item = NULL;
    agent->ends_run = agent->script.ends_run;
    agent->closes = agent->script.closes;
    cs_script_free(&agent->script);
    if (agent->endpoint->policy.agent_completes_first || end == CS_END_SILENT) {
        (void)wake_in(agent, 0);
    } else {
        agent->completing = true;
        cs_agent_write_complete(agent);
    }
}

void cs_agent_completed(struct cs_agent *agent)
{
    if (agent->completing) {
        agent->completing = false;
        (void)wake_in(agent, 0);
    }
}

/* Says what can be said now. True when the turn has come to its end. */
static bool go_on(struct cs_agent *agent, bool waited)
{
    for (;;) {
        int64_t wait_ms = cs_script_wait(&agent->script, agent->endpoint->policy.agent_delta_ms);
        if (!waited && wait_ms >= 0) {
            (void)wake_in(agent, wait_ms);
            return false;
        }
        waited = false;
        struct cs_view chunk = cs_script_next(&agent->script);
        if (chunk.len == 0) {
            return true;
        }
        if (cs_view_eq(chunk, CS_VIEW(CS_SCRIPT_CUT))) {
            cs_sse_cut(agent->endpoint, agent->session);
        } else if (!cs_agent_write_chunk(agent, chunk) && agent->script.is_whole) {
            cs_agent_write_too_large(agent, chunk);
            return true;
        }
    }
}

static void nothing_left(void *ctx)
{
    (void)ctx;
}

/* Says on `out` that the session is closed, and closes the row (CLS-14). */
static void close_chat(struct cs_agent *agent)
{
    agent->closes = false;
    cs_session_close(agent->endpoint, agent->session, CS_AGENT_CLOSE_REASON, agent->run->id,
                     nothing_left, NULL);
    if (agent->endpoint->policy.agent_announces_close) {
        agent->completing = true; /* as after a turn: the run does not end before it is stored */
        cs_agent_write_closed(agent);
    } else {
        (void)wake_in(agent, 0);
    }
}

static void on_timer(struct cs_timer *timer)
{
    struct cs_agent *agent = (struct cs_agent *)((char *)timer - offsetof(struct cs_agent, timer));
    bool waited = agent->in_turn;
    if (agent->completing) {
        return;
    }
    if (agent->closes) {
        close_chat(agent);
        return;
    }
    if (agent->ends_run) {
        leave(agent, CS_RUN_COMPLETED);
        return;
    }
    if (!agent->in_turn) {
        struct cs_agent_item *item = TAILQ_FIRST(&agent->items);
        if (item == NULL) {
            cs_run_set_status(agent->endpoint, agent->run, CS_RUN_WAITING);
            return;
        }
        TAILQ_REMOVE(&agent->items, item, link);
        agent->n_items--;
        if (item->input.ask == CS_ASK_CLOSE) {
            item_free(item);
            leave(agent, CS_RUN_COMPLETED);
            return;
        }
        cs_run_set_status(agent->endpoint, agent->run, CS_RUN_EXECUTING);
        begin_turn(agent, item);
    }
    if (go_on(agent, waited)) {
        end_turn(agent);
    }
}

/* ---- input ---- */

static void enqueue(struct cs_agent *agent, struct cs_agent_input *input, const uint64_t *seq)
{
    struct cs_agent_item *item =
        agent->n_items < CS_AGENT_MAX_WAITING ? calloc(1, sizeof(*item)) : NULL;
    if (item == NULL) {
        cs_agent_input_free(input);
        return;
    }
    item->input = *input;
    item->has_seq = seq != NULL;
    item->seq = seq != NULL ? *seq : 0;
    TAILQ_INSERT_TAIL(&agent->items, item, link);
    agent->n_items++;
    if (!agent->in_turn) {
        (void)wake_in(agent, 0);
    }
}

/* A record that starts no turn is handled as soon as it is read, unless others still wait before
 * it. */
static void pass_over(struct cs_agent *agent, uint64_t seq)
{
    if (TAILQ_EMPTY(&agent->items)) {
        agent->has_handled = true;
        agent->handled = seq;
    }
}

void cs_agent_on_input(struct cs_endpoint *endpoint, struct cs_session *session,
                       const struct cs_record *in_record)
{
    (void)endpoint;
    struct cs_agent *agent = session->run != NULL ? session->run->agent : NULL;
    if (agent == NULL) {
        return;
    }
    agent->has_seen = true;
    agent->seen = in_record->seq_num;
    struct cs_agent_input input;
    cs_agent_input_read(in_record->body, &input);
    switch (input.ask) {
    case CS_ASK_NOTHING:
        pass_over(agent, in_record->seq_num);
        break;
    case CS_ASK_STOP:
        pass_over(agent, in_record->seq_num);
        if (agent->in_turn) {
            cs_script_skip(&agent->script);
            (void)wake_in(agent, 0);
        }
        break;
    default:
        enqueue(agent, &input, &in_record->seq_num);
        return;
    }
    cs_agent_input_free(&input);
}

/* The run that this one continues may still live: end-and-continue is called by the run itself,
 * which then exits. What it had not begun is the new one's to do. */
static void take_over(struct cs_agent *agent)
{
    struct cs_view continuation;
    if (cs_json_get(cs_view_str(agent->run->payload), CS_VIEW("continuation"), &continuation) !=
        CS_OK) {
        return; /* the first run of its session */
    }
    struct cs_run *run;
    TAILQ_FOREACH_REVERSE(run, &agent->endpoint->runs, cs_run_list, link)
    {
        if (run->session == agent->session && run != agent->run && run->agent != NULL) {
            TAILQ_CONCAT(&agent->items, &run->agent->items, link);
            agent->n_items += run->agent->n_items;
            leave(run->agent, CS_RUN_COMPLETED);
            return;
        }
    }
}

void cs_agent_on_run_started(struct cs_endpoint *endpoint, struct cs_session *session,
                             struct cs_run *run)
{
    if (endpoint->no_agent ||
        strncmp(session->task, CS_AGENT_ABSENT_TASK, strlen(CS_AGENT_ABSENT_TASK)) == 0) {
        return;
    }
    struct cs_agent *agent = calloc(1, sizeof(*agent));
    if (agent == NULL) {
        return; /* as if nobody had taken the run up */
    }
    agent->endpoint = endpoint;
    agent->session = session;
    agent->run = run;
    agent->timer.fire = on_timer;
    agent->last_text = CS_BUF(LAST_TEXT_MAX);
    agent->out = CS_BUF((size_t)4096);
    TAILQ_INIT(&agent->items);
    cs_stream_name(session->environment, session->key, (struct cs_view){0}, CS_IO_OUT, &agent->out);
    run->agent = agent;
    take_over(agent);
    struct cs_agent_input input;
    cs_agent_payload_read(cs_view_str(run->payload), &input);
    if (input.ask == CS_ASK_NOTHING || input.ask == CS_ASK_CLOSE) {
        cs_agent_input_free(&input);
        (void)wake_in(agent, 0);
    } else {
        enqueue(agent, &input, NULL);
    }
}

void cs_agent_on_run_ended(struct cs_endpoint *endpoint, struct cs_run *run)
{
    (void)endpoint;
    if (run->agent != NULL) {
        agent_free(run->agent);
    }
}
