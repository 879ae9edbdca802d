/* A session with a million records: the next append costs what the first one did, and a read from
 * anywhere what one from the start does. Measured side by side, in turns, since what one machine
 * does in one minute says little about the next. */
#include <string.h>

#include "bench/endpoint.h"

#define FILLERS      ((size_t)16)
#define APPENDS      ((size_t)2000)
#define READS        ((size_t)20)
#define READ_RECORDS ((size_t)1000) /* one batch (LIM-25) */
#define REQUEST_MAX  ((size_t)64 * 1024)

struct session {
    struct cs_fan_server *server;
    struct cs_fan_topic topic;
    struct cs_fan_clients *writer; /* one that waits for each answer */
    size_t from;                   /* where reads begin */
};

static enum cs_err open_session(struct session *session, struct cs_diag *diag)
{
    enum cs_err err = cs_fan_topic_new(session->server, &session->topic, diag);
    if (err == CS_OK) {
        err = cs_bench_clients(session->server, &session->writer, diag);
    }
    return err == CS_OK
               ? cs_fan_appenders(session->writer, cs_buf_view(&session->topic.append), 1, diag)
               : err;
}

static void close_session(struct session *session)
{
    cs_fan_clients_free(session->writer);
    cs_fan_topic_free(&session->topic);
}

/* Appends the first records, several at a time. */
static enum cs_err fill(struct session *session, size_t n_records, struct cs_diag *diag)
{
    struct cs_fan_clients *clients = NULL;
    enum cs_err err = cs_bench_clients(session->server, &clients, diag);
    if (err == CS_OK) {
        err = cs_fan_appenders(clients, cs_buf_view(&session->topic.append), FILLERS, diag);
    }
    if (err == CS_OK) {
        err = cs_fan_push(clients, n_records, diag);
    }
    cs_fan_clients_free(clients);
    return err;
}

static enum cs_err append(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct session *session = ctx;
    double start = cs_bench_now();
    enum cs_err err = cs_fan_push(session->writer, APPENDS, diag);
    *ret_figure = (cs_bench_now() - start) * 1e6 / (double)APPENDS;
    return err;
}

/* One batch from session->from on, over a connection of its own. */
static enum cs_err read_once(struct session *session, struct cs_view request, struct cs_diag *diag)
{
    struct cs_fan_clients *clients = NULL;
    enum cs_err err = cs_bench_clients(session->server, &clients, diag);
    if (err == CS_OK) {
        err = cs_fan_subscribe(clients, request, 1, diag);
    }
    if (err == CS_OK) {
        err = cs_fan_receive(clients, READ_RECORDS, diag);
    }
    cs_fan_clients_free(clients);
    return err;
}

static enum cs_err read_some(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct session *session = ctx;
    struct cs_buf request = CS_BUF(REQUEST_MAX);
    struct cs_view whole = cs_buf_view(&session->topic.subscribe);
    cs_buf_add(&request, cs_view_of(whole.ptr, whole.len - strlen("\r\n")));
    if (session->from > 0) {
        cs_buf_printf(&request, "Last-Event-ID: %zu\r\n", session->from - 1);
    }
    cs_buf_str(&request, "\r\n");
    enum cs_err err = cs_buf_error(&request);
    double start = cs_bench_now();
    for (size_t i = 0; i < READS && err == CS_OK; i++) {
        err = read_once(session, cs_buf_view(&request), diag);
    }
    *ret_figure = (cs_bench_now() - start) * 1e3 / (double)READS;
    cs_buf_free(&request);
    return err;
}

static void compare(struct cs_bench *bench, struct session *long_one, struct session *new_one,
                    size_t n_records)
{
    const struct cs_bench_spec appends = {.name = "endpoint/long-append",
                                          .what = "append to a session of so many records",
                                          .unit = "us",
                                          .lower_is_better = true,
                                          .want = 0.5,
                                          .gross = 0.2};
    const struct cs_bench_side ours = {.name = "the long session", .once = append, .ctx = long_one};
    const struct cs_bench_side peer = {.name = "a new session", .once = append, .ctx = new_one};
    (void)cs_bench_pair(bench, &appends, &ours, &peer);

    struct cs_bench_spec reads = {.unit = "ms", .lower_is_better = true, .want = 0.5, .gross = 0.2};
    struct session middle = *long_one;
    struct session end = *long_one;
    struct session start = *long_one;
    middle.from = n_records / 2;
    end.from = n_records - READ_RECORDS;
    const struct cs_bench_side at_start = {
        .name = "at the start", .once = read_some, .ctx = &start};
    const struct cs_bench_side at_middle = {
        .name = "in the middle", .once = read_some, .ctx = &middle};
    const struct cs_bench_side at_end = {.name = "at the end", .once = read_some, .ctx = &end};
    reads.name = "endpoint/long-resume-middle";
    reads.what = "a batch of 1,000 records, resumed in the middle";
    (void)cs_bench_pair(bench, &reads, &at_middle, &at_start);
    reads.name = "endpoint/long-resume-end";
    reads.what = "a batch of 1,000 records, resumed at the end";
    (void)cs_bench_pair(bench, &reads, &at_end, &at_start);
}

void cs_bench_long_session(struct cs_bench *bench)
{
    static const char name[] = "endpoint/long-session";
    if (!cs_bench_wants(bench, "endpoint/long-append") &&
        !cs_bench_wants(bench, "endpoint/long-resume-middle") &&
        !cs_bench_wants(bench, "endpoint/long-resume-end") && !cs_bench_wants(bench, name)) {
        return;
    }
    size_t n_records = cs_bench_is_short(bench) ? 50000 : 1000000;
    cs_bench_say(bench, "a session of %zu records", n_records);
    struct session long_one = {0};
    struct session new_one = {0};
    struct cs_fan_server *server = NULL;
    struct cs_diag diag = {0};
    enum cs_err err = cs_fan_server_start(CS_FAN_CHATSPEC, cs_bench_home(bench), &server, &diag);
    long_one.server = server;
    new_one.server = server;
    if (err == CS_OK) {
        err = open_session(&long_one, &diag);
    }
    if (err == CS_OK) {
        err = open_session(&new_one, &diag);
    }
    if (err == CS_OK) {
        double before = cs_fan_resident(server);
        err = fill(&long_one, n_records, &diag);
        const struct cs_bench_spec spec = {.name = name,
                                           .what = "memory for each record of it",
                                           .unit = "bytes",
                                           .lower_is_better = true};
        double each = (cs_fan_resident(server) - before) / (double)n_records;
        if (err == CS_OK) {
            (void)cs_bench_note(bench, &spec, each);
            compare(bench, &long_one, &new_one, n_records);
        }
    }
    if (err != CS_OK) {
        cs_bench_trouble(bench, name, &diag);
    }
    close_session(&long_one);
    close_session(&new_one);
    cs_fan_server_end(server);
}
