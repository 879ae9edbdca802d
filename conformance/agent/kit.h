/* What an agent case works with: the platform on one side of the agent, played by us, and the
 * worker that runs it on the other. A case boots a run, puts messages on .in, and judges what
 * reached the wire: the records of .out in their order, the requests, and what the worker tells of
 * hooks and prompts.
 *
 * Every wait has a deadline and ends the case with a failure when it passes; every request, every
 * record and every line of the worker is evidence without further ado. What a helper returns lives
 * until the end of the case; nothing has to be freed.
 *
 * JSON in arguments may be written with ' in the place of ": "{'text':'hi'}".
 */
#ifndef CHATSPEC_CONFORMANCE_AGENT_KIT_H
#define CHATSPEC_CONFORMANCE_AGENT_KIT_H

#include <cjson/cJSON.h>

#include "conformance/agent/agent_role.h"
#include "wire/record.h"

struct ak; /* the agent under test, as one case sees it */

struct ak *ak_of(struct cs_case_run *run);
struct cs_case_run *ak_run_case(const struct ak *ak);

/* ---- names ---- */

/* The chat id of the case: unique to it, and the external id of its session. */
const char *ak_chat(const struct ak *ak);
/* Another chat id from here on; before anything else is done. */
void ak_use_chat(struct ak *ak, const char *chat);
/* printf into memory of the case. */
const char *ak_text(struct ak *ak, const char *fmt, ...) CS_PRINTF(2, 3);

/* ---- the platform ---- */

/* "http://127.0.0.1:PORT" */
const char *ak_url(const struct ak *ak);
/* From now on the platform does this wrong: "json/turn-complete 1-3: 503"
 * (harness/endpoint/faults/README.md). */
void ak_fault(struct ak *ak, const char *rule);
/* The session row's trigger config from now on, a whole JSON object. */
void ak_set_session(struct ak *ak, const char *trigger_config);
/* Every answer carries this header from now on. */
void ak_mark_answers(struct ak *ak, const char *header, const char *value);
/* What the next end-and-continue does: fails with that status (0: no), says that the version is
 * still to come, or has lost against another run. */
void ak_next_continue(struct ak *ak, int status, bool pending_version, bool lost);
/* Resets all open subscriptions of the chat. */
void ak_cut(struct ak *ak);
/* Milliseconds since the platform started: the time of requests and records. */
int64_t ak_now(const struct ak *ak);

/* ---- records on the channels ---- */

/* Puts a record on the chat's .in as the append route does: the JSON is the text of its data. Gives
 * its sequence. */
uint64_t ak_append(struct ak *ak, const char *json);
/* The same with any text, on a side channel (NULL: the main one), with that part id (NULL: fresh).
 */
uint64_t ak_append_to(struct ak *ak, const char *channel, const char *part_id, const char *text);
/* What an earlier run left: a data record of .out with that chunk (JSON), a control record of .out
 * or .in ("trigger-control=turn-complete session-in-event-id=4"), or any record. Seeded records are
 * not among ak_out. */
uint64_t ak_seed_chunk(struct ak *ak, const char *chunk);
uint64_t ak_seed_control(struct ak *ak, bool out, const char *headers);
uint64_t ak_seed_records(struct ak *ak, bool out, const struct cs_record *record);
/* The stored transcript that the next boot finds: the object's exact bytes. */
void ak_seed_snapshot(struct ak *ak, const char *text);
void ak_forget_snapshot(struct ak *ak);
/* The transcript as the agent stored it last, or NULL. */
const char *ak_snapshot(struct ak *ak);

/* ---- runs ---- */

/* A fresh chat with its first message: `agent` is a task of the worker (peers/worker/README.md),
 * `metadata` what is to happen in this turn (a JSON object; NULL: the model says "ok"). Gives the
 * run's number. */
int ak_boot(struct ak *ak, const char *agent, const char *text, const char *metadata);
/* Any payload (a JSON object; chatId is added) and any other member of the command `run`
 * ({"attempt":2,"deployment":{...}}; NULL: none). */
int ak_run(struct ak *ak, const char *agent, const char *payload, const char *members);
/* A new run for the chat, as the platform makes one when the old run is gone. */
int ak_continue(struct ak *ak, const char *agent);
/* The same agent once more after an out-of-memory end: attempt 2 with the payload of `run`. */
int ak_retry(struct ak *ak, int run);
/* The same as ak_run for a run that the platform was asked to make (ak_trigger). */
int ak_run_as(struct ak *ak, const char *run_id, const char *agent, const char *payload,
              const char *members);
/* A user message as JSON, with an id of its own. */
const char *ak_user_message(struct ak *ak, const char *text);

struct ak_trigger {
    const char *run_id;
    const char *key; /* of the session */
    const char *task;
    const char *payload; /* JSON */
};
/* Runs that somebody has triggered through the platform, those of this kit included. */
size_t ak_count_triggers(const struct ak *ak);
const struct ak_trigger *ak_trigger(struct ak *ak, size_t index);
/* The agent of somebody's own module (--task-file), or the suite's plain one. */
const char *ak_own_agent(struct ak *ak);
/* The run's id, as the platform knows it. */
const char *ak_run_id(struct ak *ak, int run);

/* What a client puts on .in: a user message, and what is to happen in its turn. Gives the
 * record's sequence. */
uint64_t ak_message(struct ak *ak, const char *text, const char *metadata);
/* A whole message (a UI message as JSON), with a trigger of its own (NULL: submit-message). */
uint64_t ak_submit(struct ak *ak, const char *trigger, const char *message, const char *metadata);
uint64_t ak_action(struct ak *ak, const char *action, const char *metadata);
uint64_t ak_stop(struct ak *ak);
uint64_t ak_close(struct ak *ak);

/* Metadata of its own for a turn of which nothing is asked: the model says "ok". Without any the
 * agents go by what they had before. */
#define AK_SAYS_OK "{'script':[]}"

/* Opens a gate that a script of the model or of a hook waits for. */
void ak_open(struct ak *ak, const char *gate);
/* A suspended run is woken as soon as a record is there for it, or its time is up; from here on it
 * is not, and the case wakes it itself, with that JSON as the waitpoint's output. */
void ak_hold_wakes(struct ak *ak);
void ak_wake_as(struct ak *ak, int run, const char *output, bool is_error);
/* The platform cancels the run. */
void ak_abort(struct ak *ak, int run);
/* From here on runs are those of the older version, in a process of its own; skips the case when
 * none was named. Then: from here on those of the version under test again; the older's process is
 * gone. */
void ak_use_older(struct ak *ak);
void ak_use_newer(struct ak *ak);
/* The worker's process is gone, now, as in a crash; the next run gets a new one. */
void ak_kill(struct ak *ak);
/* An SDK call outside any run (peers/PROTOCOL.md, "Agents"): its value as JSON, or "an error: NAME:
 * MESSAGE". */
const char *ak_sdk(struct ak *ak, const char *call, const char *args);
/* Any command of the worker: waits for its answer; as ak_sdk. */
const char *ak_do(struct ak *ak, const char *command, const char *members);
/* Begins one and does not wait; ak_outcome does. */
int ak_begin(struct ak *ak, const char *command, const char *members);
const char *ak_outcome(struct ak *ak, int command);
/* ak_sdk without the wait. */
int ak_begin_sdk(struct ak *ak, const char *call, const char *args);
/* The value itself; fails unless the command was done. */
const cJSON *ak_outcome_value(struct ak *ak, int command);
bool ak_is_done(const struct ak *ak, int command);
/* Skips the case unless the worker's hello lists that feature. */
void ak_need_feature(struct ak *ak, const char *feature);

/* ---- the offline harness (kit_mock.c) ---- */

/* From here on commands go to a second process of the same worker, started with that option
 * ("--mock"): it offers `mock` in place of `run`. What the first was still doing is ended. */
void ak_use_mock(struct ak *ak, const char *option);
/* The command `mock` (peers/worker/mock.mjs) with a list of steps; `members`
 * ("'options':{},'seeds':{}", NULL: none) join it. Gives its value, {results, chunks, rawChunks,
 * snapshot, members}. An error of the harness fails the case. */
const cJSON *ak_mock(struct ak *ak, const char *task, const char *members, const char *script);
/* The number of the last command: under it hooks and prompts of the harness are told. */
int ak_mock_number(const struct ak *ak);
/* rawChunks in the notation of ak_notation. */
const char *ak_mock_notation(struct ak *ak, const cJSON *raw);

/* ---- another chat: a sub-agent's (kit_child.c) ---- */

/* Its agent, played: a data record of its .out with that chunk, or a control record. */
void ak_play_chunk(struct ak *ak, const char *chat, const char *chunk);
void ak_play_control(struct ak *ak, const char *chat, const char *headers);
/* Counts the subscriptions of a stream ("child/out") from here on; waits until there are so many.
 */
void ak_watch_readers(struct ak *ak, const char *stream);
void ak_wait_readers(struct ak *ak, size_t n);

/* ---- waiting ---- */

/* Until .out holds so many turn-complete records in all; the trim and the transcript come later. */
void ak_wait_turns(struct ak *ak, size_t n);
/* Until .out holds so many records in all. */
void ak_wait_out(struct ak *ak, size_t n);
/* Until a record of .out matches the notation's word ("trim(8)", "text-delta"); gives its index. */
size_t ak_wait_word(struct ak *ak, const char *word);
/* Until the hook was called for the n-th time (from 1) in that run; gives what it was given. */
const cJSON *ak_wait_hook(struct ak *ak, int run, const char *hook, size_t n);
/* Until the model was called for the n-th time (from 1) in that run; gives the event. */
const cJSON *ak_wait_prompt(struct ak *ak, int run, size_t n);
/* Until the agent has told a note of that name. */
const cJSON *ak_wait_note(struct ak *ak, int run, const char *name);
/* The same for the n-th of them (from 1). */
const cJSON *ak_wait_nth_note(struct ak *ak, int run, const char *name, size_t n);
/* Until the run is over: "done", or "an error: NAME: MESSAGE". */
const char *ak_wait_end(struct ak *ak, int run);
/* Until the run is suspended: its wait request, and the pause of its subscription. */
void ak_wait_suspended(struct ak *ak, int run);
/* Until the agent has an open subscription of the chat's .in. */
void ak_wait_subscribed(struct ak *ak);
/* From here on waits last at least so long (milliseconds), for what the SDK itself takes its time
 * with; 0: as long as ever. */
void ak_be_patient(struct ak *ak, int64_t at_least_ms);
/* Gives an agent the time in which something hasty would come that must not. */
void ak_settle(struct ak *ak);
/* Until the script waits at that gate of the run. */
void ak_wait_gate(struct ak *ak, int run, const char *gate);
/* Until the transcript was stored with that text in it. */
void ak_wait_stored(struct ak *ak, const char *text);

/* ---- what reached the wire ---- */

struct ak_record {
    uint64_t seq;
    int64_t at_ms;
    enum cs_record_kind kind;
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body;
    const cJSON *chunk; /* of a data record: the member `data`; else NULL */
    const char *part_id;
};

/* Records of the chat's .out, without those that the case seeded, from 0. */
size_t ak_out_count(const struct ak *ak);
const struct ak_record *ak_out(const struct ak *ak, size_t index);
/* The n-th (from 1) turn-complete among them, and its index. */
const struct ak_record *ak_turn_complete(struct ak *ak, size_t n);
size_t ak_count_turns(struct ak *ak);
size_t ak_turn_index(struct ak *ak, size_t n);
/* A header's value, or NULL. */
const char *ak_record_header(struct ak *ak, const struct ak_record *record, const char *name);
/* Records of another chat's or side channel's .out: the public name of its stream. */
size_t ak_stream_count(const struct ak *ak, const char *stream);
const struct ak_record *ak_stream_record(const struct ak *ak, const char *stream, size_t index);
/* The records from `from` on in the catalogue's notation: types of chunks, `TC`, other control
 * records as `ctl:NAME`, `trim(n)`; equal types in a row once, with a +. */
const char *ak_notation(struct ak *ak, size_t from);
/* Exactly these, in that order. `type+` stands for one or more, `TC{name=value,other}` for headers
 * that must be there, `TC{!name}` for one that must not, `...` for any number of records. */
void ak_expect_out(struct ak *ak, size_t from, const char *pattern);
/* The text deltas from `from` on, put together. */
const char *ak_out_text(struct ak *ak, size_t from);
/* The n-th (from 1) chunk of that type on .out, or NULL; how many there are; and the index of the
 * record that holds it. */
const cJSON *ak_chunk(struct ak *ak, const char *type, size_t n);
size_t ak_count_chunks(struct ak *ak, const char *type);
size_t ak_chunk_index(struct ak *ak, const char *type, size_t n);
/* The messageId of the n-th (from 1) answer's `start`; the case fails without one. */
const char *ak_answer_id(struct ak *ak, size_t n);

struct ak_request {
    uint64_t number;
    const char *method;
    const char *path; /* with the query, as sent */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body;
    int64_t at_ms;
    uint64_t connection;
    int status; /* 0: not answered yet */
};

/* Requests that match "METHOD /path" with * for any text (a method of * too); {chat} stands for the
 * chat's id. The n-th, from 1, or NULL. */
size_t ak_count(const struct ak *ak, const char *pattern);
const struct ak_request *ak_request(const struct ak *ak, const char *pattern, size_t n);
const struct ak_request *ak_wait_request(struct ak *ak, const char *pattern, size_t n);
const char *ak_request_header(struct ak *ak, const struct ak_request *request, const char *name);
/* The member at a dotted path of the JSON body as JSON, or "nothing". */
const char *ak_request_member(struct ak *ak, const struct ak_request *request, const char *path);

/* ---- what the worker tells ---- */

/* Names of the hooks that were called in the run so far, divided by spaces. */
const char *ak_hooks(struct ak *ak, int run);
size_t ak_count_hooks(const struct ak *ak, int run, const char *hook);
size_t ak_count_prompts(const struct ak *ak, int run);
size_t ak_count_notes(const struct ak *ak, int run, const char *name);
const cJSON *ak_hook(const struct ak *ak, int run, const char *hook, size_t n);
/* The n-th note (from 1) of that name, or NULL. */
const cJSON *ak_note(const struct ak *ak, int run, const char *name, size_t n);
/* When the worker told the n-th event (from 1) of that kind ("note", "hook", "suspended"...) and
 * name (NULL: any), which has come: ms since the run began, by the worker's clock. */
int64_t ak_told_at(struct ak *ak, int run, const char *kind, const char *name, size_t n);
/* The prompt of the n-th model call as text, one message per line: "user: hello". */
const char *ak_prompt(struct ak *ak, int run, size_t n);
/* The same prompt's messages as JSON: with calls of tools and their results. */
const char *ak_prompt_json(struct ak *ak, int run, size_t n);

/* ---- judging ---- */

/* The member at a dotted path as JSON, or "nothing". */
const char *ak_member(struct ak *ak, const cJSON *value, const char *path);
/* It equals this JSON (with ' for "). `what` says whose member it is. */
void ak_expect(struct ak *ak, const char *what, const cJSON *value, const char *path,
               const char *json);
void ak_expect_text(struct ak *ak, const char *what, const char *actual, const char *expected);
/* `text` is somewhere in it, or nowhere. */
void ak_expect_holds(struct ak *ak, const char *what, const char *actual, const char *text);
void ak_expect_lacks(struct ak *ak, const char *what, const char *actual, const char *text);
void ak_expect_number(struct ak *ak, const char *what, uint64_t actual, uint64_t expected);
void ak_expect_header(struct ak *ak, const struct ak_record *record, const char *name,
                      const char *value);
/* The same of JSON that comes as text, such as the value of a call; and a member of it. */
void ak_expect_value(struct ak *ak, const char *what, const char *text, const char *path,
                     const char *json);
const char *ak_value_member(struct ak *ak, const char *text, const char *path);
/* Of a request's body (NULL fails: it did not come), and of a note's data, which is waited for. */
void ak_expect_body(struct ak *ak, const struct ak_request *request, const char *path,
                    const char *json);
void ak_expect_note(struct ak *ak, int run, const char *name, const char *path, const char *json);
/* The text has that part. */
void ak_expect_has(struct ak *ak, const char *what, const char *text, const char *part);
/* A fact that the catalogue records of the published SDK ("": it records none), and one that
 * changed between versions. */
void ak_record_fact(struct ak *ak, const char *name, const char *recorded, const char *fmt, ...)
    CS_PRINTF(4, 5);
void ak_record_flag(struct ak *ak, const char *name, const char *fact, bool value);

#endif
