/* The life of one session of the soak, and the model that says what of it must be there in the end:
 * an append that was acknowledged is stored once and read once, one that was not at most once. */
#include "bench/soak_session.h"

#include <stdio.h>

#define CHUNKS_MAX   14u /* of an answer; with its end and the records of `in`: 10 a session */
#define JUMP_MS      5000
#define CLIENT_MS    60 /* what the client waits for a silent server, in real time */
#define BATCH_CHUNKS 4u
#define S2S_EVERY    8u

/* ---- what is stored ---- */

void soak_on_records(void *ctx, const struct cs_tap_records *records)
{
    struct soak *soak = ctx;
    struct soak_session *session = soak->session;
    soak->counts.records += records->n_records;
    if (!session || !cs_view_eq(records->stream.key, cs_view_str(session->id))) {
        return;
    }
    if (records->stream.io == CS_IO_OUT) {
        session->n_out_stored += records->n_records;
        return;
    }
    for (size_t i = 0; i < records->n_records; i++) {
        unsigned mark = soak_mark_of(records->records[i].body);
        if (mark == SOAK_MARKS) {
            continue; /* of a close */
        }
        session->stored[mark]++;
        session->in_seq = mark == 0 ? records->records[i].seq_num : session->in_seq;
        if (session->n_order < SOAK_MARKS) {
            session->order[session->n_order++] = mark;
        }
    }
}

/* ---- the agent ---- */

static void write_records(struct soak_session *session, const struct cs_record *records, size_t n)
{
    session->n_out += n;
    if (session->by_s2s) {
        if (!soak_writer_append(session->soak, &session->writer, records, n)) {
            soak_wrong(session->soak, "%s (%s): out could not be written over HTTP/2", session->id,
                       session->fault ? session->fault->name : "no fault");
        }
        return;
    }
    const struct cs_play_place place = {.session = session->id, .io = CS_IO_OUT};
    if (cs_play_records(session->soak->endpoint, &place, records, n, NULL) != CS_OK) {
        soak_wrong(session->soak, "%s: out could not be written", session->id);
    }
}

/* Some chunks more, and the end of the turn after the last. */
static void write_some(struct soak_session *session)
{
    char bodies[BATCH_CHUNKS + 1][96];
    struct cs_record records[BATCH_CHUNKS + 2];
    size_t n = 0;
    for (; n < BATCH_CHUNKS && session->n_written < session->n_chunks; session->n_written++) {
        int len = snprintf(bodies[n], sizeof bodies[n], "{\"data\":%u,\"id\":\"p%u\"}",
                           session->n_written, session->n_written);
        records[n] =
            (struct cs_record){.body = cs_view_of(bodies[n], (size_t)len), .has_body = true};
        n++;
    }
    if (session->twin && n > 0) {
        session->twin = false;
        records[n] = records[0];
        n++;
    }
    char seq[24];
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)session->in_seq);
    const struct cs_header headers[] = {{CS_VIEW("trigger-control"), CS_VIEW("turn-complete")},
                                        {CS_VIEW("session-in-event-id"), cs_view_str(seq)}};
    if (session->n_written == session->n_chunks) {
        records[n++] = (struct cs_record){.headers = headers, .n_headers = 2};
        session->complete = true;
    }
    write_records(session, records, n);
}

/* Whenever the client waits. */
static void on_wait(void *ctx)
{
    struct soak_session *session = ctx;
    soak_turn(session->soak);
    if (session->n_written > 0 && !session->complete && session->n_seen > 0) {
        write_some(session);
    }
}

/* ---- the client ---- */

static bool on_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    struct soak_session *session = ctx;
    struct soak_counts *counts = &session->soak->counts;
    uint64_t number;
    if (cs_view_u64(chunk->data, &number) != CS_OK) {
        soak_wrong(session->soak, "%s: a chunk is %.*s", session->id, CS_VIEW_ARG(chunk->data));
        return true;
    }
    counts->delivered++;
    counts->doubled += number < session->n_seen;
    if (number > session->n_seen) {
        counts->lost += number - session->n_seen;
    }
    session->n_seen = (unsigned)number + 1;
    return true;
}

static void judge(struct soak_session *session, const char *what, enum cs_chat_result result,
                  enum cs_chat_result wanted)
{
    if (result != wanted) {
        soak_wrong(session->soak, "%s (%s): %s is %s and not %s: %s", session->id,
                   session->fault ? session->fault->name : "no fault", what,
                   cs_chat_result_name(result), cs_chat_result_name(wanted),
                   cs_chat_error(session->chat)->text);
    }
}

static void cut_client(struct soak *soak)
{
    static const enum soak_cut_how hows[] = {SOAK_CUT_RESET, SOAK_CUT_END, SOAK_CUT_STALL};
    /* create, append, out: the connections of a turn; heads are some 400 bytes long */
    soak_pipe_cut(soak->pipe, (unsigned)soak_draw(soak, 3), soak_draw(soak, 4) != 0,
                  (size_t)soak_draw(soak, 1400), hows[soak_draw(soak, 3)]);
}

static bool open_chat(struct soak_session *session)
{
    struct soak *soak = session->soak;
    bool cut = session->fault && session->fault->kind == SOAK_CUT;
    struct cs_chat_policy policy = cs_chat_policy_default();
    policy.backoff_first_ms = 1;
    policy.backoff_max_ms = 2;
    policy.answer_timeout_ms = CLIENT_MS;
    policy.silence_timeout_ms = CLIENT_MS;
    const struct cs_chat_options options = {.base_url = cut ? soak_pipe_url(soak->pipe)
                                                            : cs_endpoint_url(soak->endpoint),
                                            .task = "absent-soak",
                                            .chat_id = session->id,
                                            .secret_key = CS_ENDPOINT_SECRET_KEY,
                                            .timeout_s = 600,
                                            .policy = &policy};
    session->chat = cs_chat_new(&options);
    if (!session->chat) {
        soak_wrong(soak, "%s: no memory for a client", session->id);
        return false;
    }
    cs_chat_watch(session->chat, soak->ready_fd, on_wait, session);
    if (cut) {
        cut_client(soak);
    }
    return true;
}

static void talk(struct soak_session *session)
{
    struct soak *soak = session->soak;
    const struct soak_fault *fault = session->fault;
    enum cs_chat_result wanted = fault ? fault->send : CS_CHAT_OK;
    enum cs_chat_result result = cs_chat_send(session->chat, "what a user says @0@");
    judge(session, "send", result, wanted);
    session->acknowledged[0] = result == CS_CHAT_OK;
    if (result != CS_CHAT_OK) {
        return;
    }
    if (session->by_s2s && !soak_writer_open(soak, session->id, &session->writer)) {
        soak_wrong(soak, "%s: out has no writer", session->id);
        return;
    }
    write_some(session);
    wanted = fault ? fault->read : CS_CHAT_OK;
    result = cs_chat_read_turn(session->chat, on_chunk, session, SOAK_WAIT_MS);
    judge(session, "read", result, wanted);
    if (result == CS_CHAT_OK && session->n_seen != session->n_chunks) {
        soak->counts.lost += session->n_chunks - session->n_seen;
        soak_wrong(soak, "%s (%s): %u of %u chunks came", session->id,
                   fault ? fault->name : "no fault", session->n_seen, session->n_chunks);
    }
}

/* ---- all of it ---- */

static void end_session(struct soak_session *session)
{
    struct soak *soak = session->soak;
    char path[SOAK_PATH_LEN];
    snprintf(path, sizeof path, "/api/v1/sessions/%s/close", session->id);
    bool lost = session->fault && session->fault->kind == SOAK_CLOSE;
    int status = 0;
    for (unsigned n = 0; n < 2 && status == 0; n++) {
        status = soak_answer(
            soak_ask(soak, "POST", path, NULL, CS_VIEW("{\"reason\":\"over\"}"), !lost));
        if (n == 0 && lost && status != 0) {
            soak_wrong(soak, "%s: a lost close got %d", session->id, status);
        }
    }
    /* A create call that was refused has left nothing to close. */
    if (status != 200 && !(status == 404 && !session->acknowledged[0])) {
        soak_wrong(soak, "%s: the close got %d", session->id, status);
    }
    if (status == 200 && lost) {
        int answer = soak_write_one(session, 3);
        if (answer != 409) {
            soak_wrong(soak, "%s: an append after the close got %d", session->id, answer);
        }
    }
}

static void count(struct soak_session *session, bool looked)
{
    struct soak_counts *counts = &session->soak->counts;
    for (unsigned i = 0; i < SOAK_MARKS; i++) {
        bool acknowledged = session->acknowledged[i];
        counts->acknowledged += acknowledged;
        counts->lost += acknowledged && session->stored[i] == 0;
        counts->doubled += session->stored[i] > 1;
        if (looked) {
            counts->delivered += session->seen[i];
            counts->lost += session->seen[i] < session->stored[i];
            counts->doubled += session->seen[i] > session->stored[i];
        }
    }
    counts->acknowledged += session->n_written;
    counts->lost +=
        session->n_out > session->n_out_stored ? session->n_out - session->n_out_stored : 0;
    counts->doubled +=
        session->n_out_stored > session->n_out ? session->n_out_stored - session->n_out : 0;
}

static bool begin_fault(struct soak_session *session)
{
    struct soak *soak = session->soak;
    struct cs_diag diag = {0};
    if (!session->fault) {
        return true;
    }
    soak->counts.faults++;
    soak->counts.by_kind[session->fault->kind]++;
    session->twin = session->fault->kind == SOAK_TWIN;
    session->by_s2s = session->fault->kind == SOAK_S2S;
    if (session->fault->rule &&
        cs_endpoint_fault(soak->endpoint, session->fault->rule, &diag) != CS_OK) {
        soak_wrong(soak, "%s: %s", session->fault->rule, diag.text);
        return false;
    }
    return true;
}

bool soak_run_session(struct soak *soak, const struct soak_fault *fault, bool look)
{
    struct soak_session session = {.soak = soak, .fault = fault};
    session.n_chunks = 1 + (unsigned)soak_draw(soak, CHUNKS_MAX);
    snprintf(session.id, sizeof session.id, "soak-%llu",
             (unsigned long long)soak->counts.sessions++);
    session.by_s2s = !fault && soak->counts.sessions % S2S_EVERY == 0;
    soak->session = &session;
    soak->now_ms += soak->step_ms;
    soak->jump_left_ms = JUMP_MS;
    bool ok = begin_fault(&session) && open_chat(&session);
    if (ok) {
        talk(&session);
        switch (fault ? fault->kind : SOAK_RULE) {
        case SOAK_HALF:
            soak_write_half(&session);
            break;
        case SOAK_TWICE:
            soak_write_twice(&session);
            break;
        case SOAK_REORDER:
            soak_write_reordered(&session);
            break;
        default:
            break;
        }
        look = (look || fault) && session.acknowledged[0];
        if (look) {
            soak_read_back(&session);
        }
        end_session(&session);
        count(&session, look);
    }
    cs_endpoint_clear_faults(soak->endpoint);
    cs_chat_free(session.chat);
    soak_writer_free(&session.writer);
    soak->session = NULL;
    return ok;
}
