/* Those who write and read a session's `in` beside its client. */
#include "bench/soak_session.h"

#include <stdio.h>

#include "wire/reader.h"

unsigned soak_mark_of(struct cs_view body)
{
    size_t at = cs_view_find(body, CS_VIEW("@"));
    unsigned mark = SOAK_MARKS;
    if (at != SIZE_MAX && at + 2 < body.len && body.ptr[at + 2] == '@') {
        mark = (unsigned)(body.ptr[at + 1] - '0');
    }
    return mark < SOAK_MARKS ? mark : SOAK_MARKS;
}

struct append {
    char path[SOAK_PATH_LEN];
    char part[64];
    char part_line[96];
    char body[96];
    unsigned mark;
};

static struct append append_of(const struct soak_session *session, unsigned mark)
{
    struct append append = {.mark = mark};
    snprintf(append.path, sizeof append.path, "/realtime/v1/sessions/%s/in/append", session->id);
    snprintf(append.part, sizeof append.part, "%s-part-%u", session->id, mark);
    snprintf(append.part_line, sizeof append.part_line, "X-Part-Id: %s", append.part);
    snprintf(append.body, sizeof append.body, "{\"kind\":\"message\",\"payload\":\"@%u@\"}", mark);
    return append;
}

static struct cs_exchange *start(struct soak_session *session, const struct append *append)
{
    const char *headers[] = {append->part_line, NULL};
    return soak_ask(session->soak, "POST", append->path, headers, cs_view_str(append->body), true);
}

int soak_write_one(struct soak_session *session, unsigned mark)
{
    struct append append = append_of(session, mark);
    return soak_answer(start(session, &append));
}

static void acknowledge(struct soak_session *session, unsigned mark, int status)
{
    if (status != 200) {
        soak_wrong(session->soak, "%s (%s): an append got %d", session->id, session->fault->name,
                   status);
    }
    session->acknowledged[mark] = session->acknowledged[mark] || status == 200;
}

void soak_write_half(struct soak_session *session)
{
    struct append append = append_of(session, 1);
    for (uint64_t n = 1 + soak_draw(session->soak, 2); n > 0; n--) {
        soak_half_append(session->soak, session->id, append.part, cs_view_str(append.body),
                         (size_t)soak_draw(session->soak, 300));
    }
    acknowledge(session, 1, soak_answer(start(session, &append)));
}

void soak_write_twice(struct soak_session *session)
{
    struct append append = append_of(session, 1);
    for (uint64_t n = 2 + soak_draw(session->soak, 3); n > 0; n--) {
        acknowledge(session, 1, soak_answer(start(session, &append)));
    }
}

/* The rule holds the first one back, or only its answer. */
void soak_write_reordered(struct soak_session *session)
{
    struct soak *soak = session->soak;
    struct append first = append_of(session, 1);
    struct append second = append_of(session, 2);
    struct cs_exchange *late = start(session, &first);
    for (unsigned i = 0; i < 4; i++) { /* it is there before the second */
        cs_http_pump(soak->http, 0);
        soak_turn(soak);
    }
    struct cs_exchange *early = start(session, &second);
    acknowledge(session, 2, soak_answer(early));
    if (!late || cs_exchange_ended(late)) {
        soak_wrong(soak, "%s: the first answer came first", session->id);
    }
    acknowledge(session, 1, soak_answer(late));
    bool applied = strstr(session->fault->rule, "apply") != NULL;
    if (session->n_order != 3 || session->order[1] != (applied ? 1 : 2)) {
        soak_wrong(soak, "%s: %u records, the second is %u", session->id, session->n_order,
                   session->order[1]);
    }
}

/* ---- a reader of `in` that resumes ---- */

static void take_events(struct soak_session *session, struct cs_reader *reader,
                        struct cs_view bytes)
{
    struct cs_event event;
    enum cs_step step;
    while ((step = cs_reader_next(reader, &bytes, &event, NULL)) == CS_STEP_EVENT) {
        if (event.type == CS_EVENT_RECORD) {
            unsigned mark = soak_mark_of(event.record.body);
            session->seen[mark % SOAK_MARKS] += mark < SOAK_MARKS;
        } else if (event.type == CS_EVENT_MALFORMED || event.type == CS_EVENT_ERROR) {
            soak_wrong(session->soak, "%s: a malformed event on in", session->id);
        }
    }
}

/* One subscription, left after `most` bytes. False when it ended by itself. */
static bool subscribe(struct soak_session *session, struct cs_reader *reader, size_t most)
{
    char path[SOAK_PATH_LEN];
    char cursor[64];
    uint64_t seq;
    const char *headers[] = {"Timeout-Seconds: 1", cursor, NULL};
    snprintf(path, sizeof path, "/realtime/v1/sessions/%s/in", session->id);
    if (cs_reader_cursor(reader, &seq)) {
        snprintf(cursor, sizeof cursor, "Last-Event-ID: %llu", (unsigned long long)seq);
    } else {
        headers[1] = NULL;
    }
    cs_reader_reconnect(reader);
    struct cs_exchange *exchange =
        soak_ask(session->soak, "GET", path, headers, (struct cs_view){0}, true);
    bool left = false;
    struct cs_view bytes = {0};
    enum cs_err err = exchange ? CS_OK : CS_ERR_NO_MEMORY;
    size_t n = 0;
    do {
        left = n >= most;
        err = left || err ? err : cs_exchange_read(exchange, SOAK_WAIT_MS, &bytes);
        bytes.len = bytes.len < most - n ? bytes.len : most - n;
        if (!left && !err) {
            take_events(session, reader, bytes);
        }
        n += bytes.len;
    } while (!left && !err && bytes.len > 0);
    if (err != CS_OK) {
        soak_wrong(session->soak, "%s: a reader of in: %s", session->id, cs_err_name(err));
    }
    cs_exchange_free(exchange);
    return left && err == CS_OK;
}

void soak_read_back(struct soak_session *session)
{
    struct soak *soak = session->soak;
    struct cs_reader *reader = cs_reader_new(NULL);
    if (!reader) {
        soak_wrong(soak, "%s: no memory for a reader", session->id);
        return;
    }
    bool leaves = session->fault && session->fault->kind == SOAK_READER;
    for (uint64_t n = leaves ? 1 + soak_draw(soak, 4) : 0; n > 0; n--) {
        soak->counts.resumed++;
        if (!subscribe(session, reader, 1 + (size_t)soak_draw(soak, 400))) {
            break;
        }
    }
    while (subscribe(session, reader, SIZE_MAX)) {
    }
    cs_reader_free(reader);
}
