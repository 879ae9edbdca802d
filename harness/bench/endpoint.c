/* The endpoint: what a waiting subscriber costs, and how fast a record reaches many and one. Each
 * server is a program of its own, asked over sockets as any client does it. */
#include <stdlib.h>
#include <string.h>

#include "bench/endpoint.h"

#define IDLE_SESSIONS ((size_t)100)
#define SUBSCRIBERS   ((size_t)1000)
#define WRITERS       ((size_t)8)
#define MIB           (1024.0 * 1024.0)

static void trouble(struct cs_bench *bench, const char *name, enum cs_err err, struct cs_diag *diag)
{
    if (err != CS_OK) {
        cs_bench_trouble(bench, name, diag);
    }
}

enum cs_err cs_bench_clients(const struct cs_fan_server *server,
                             struct cs_fan_clients **ret_clients, struct cs_diag *diag)
{
    *ret_clients = cs_fan_clients_new(cs_fan_url(server));
    return *ret_clients ? CS_OK : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for clients");
}

/* ---- idle subscribers ---- */

/* Subscribers of many sessions, each with the token of its session, as browsers are. */
static enum cs_err subscribe_many(struct cs_fan_server *server, struct cs_fan_clients *clients,
                                  size_t per_session, struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    for (size_t i = 0; i < IDLE_SESSIONS && err == CS_OK; i++) {
        struct cs_fan_topic topic;
        err = cs_fan_topic_new(server, &topic, diag);
        if (err == CS_OK) {
            err = cs_fan_subscribe(clients, cs_buf_view(&topic.subscribe), per_session, diag);
        }
        cs_fan_topic_free(&topic);
    }
    return err;
}

static void measure_idle(struct cs_bench *bench)
{
    bool is_short = cs_bench_is_short(bench);
    const struct cs_bench_spec spec = {
        .name = "endpoint/idle-memory",
        .what = is_short ? "resident with 1,000 idle subscribers of 100 sessions"
                         : "resident with 10,000 idle subscribers of 100 sessions",
        .unit = "MiB",
        .lower_is_better = true};
    if (!cs_bench_wants(bench, spec.name)) {
        return;
    }
    cs_bench_say(bench, "%s", spec.what);
    struct cs_fan_server *server = NULL;
    struct cs_fan_clients *clients = NULL;
    struct cs_diag diag = {0};
    enum cs_err err = cs_fan_server_start(CS_FAN_CHATSPEC, cs_bench_home(bench), &server, &diag);
    if (err == CS_OK) {
        err = cs_bench_clients(server, &clients, &diag);
    }
    if (err == CS_OK) {
        err = subscribe_many(server, clients, is_short ? 10 : 100, &diag);
    }
    if (err == CS_OK) {
        (void)cs_bench_bound(bench, &spec, cs_fan_resident(server) / MIB, is_short ? 32 : 64);
    }
    trouble(bench, spec.name, err, &diag);
    cs_fan_clients_free(clients);
    cs_fan_server_end(server);
}

/* ---- fan-out and delay ---- */

struct side {
    struct cs_bench *bench;
    enum cs_fan_kind kind;
    struct cs_fan_server *server; /* once it was needed */
    size_t n_subscribers;
    size_t n_writers;
    size_t n_records;
    double percentile; /* of delays, 0 to 1 */
};

/* A new stream with its clients on it; *ret_clients is to be freed whatever comes. */
static enum cs_err open_stream(struct side *side, struct cs_fan_topic *topic,
                               struct cs_fan_clients **ret_clients, struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    if (!side->server) {
        err = cs_fan_server_start(side->kind, cs_bench_home(side->bench), &side->server, diag);
    }
    if (err == CS_OK) {
        err = cs_fan_topic_new(side->server, topic, diag);
    }
    if (err == CS_OK) {
        err = cs_bench_clients(side->server, ret_clients, diag);
    }
    if (err == CS_OK) {
        err = cs_fan_subscribe(*ret_clients, cs_buf_view(&topic->subscribe), side->n_subscribers,
                               diag);
    }
    return err == CS_OK
               ? cs_fan_appenders(*ret_clients, cs_buf_view(&topic->append), side->n_writers, diag)
               : err;
}

/* Seconds and seconds of the server's processor until all have all. */
static enum cs_err fan_out(struct side *side, double *ret_seconds, double *ret_processor,
                           struct cs_diag *diag)
{
    struct cs_fan_topic topic = {0};
    struct cs_fan_clients *clients = NULL;
    enum cs_err err = open_stream(side, &topic, &clients, diag);
    if (err == CS_OK) {
        double start = cs_bench_now();
        double processor = cs_fan_processor(side->server);
        err = cs_fan_push(clients, side->n_records, diag);
        *ret_processor = cs_fan_processor(side->server) - processor;
        *ret_seconds = cs_bench_now() - start;
    }
    cs_fan_clients_free(clients);
    cs_fan_topic_free(&topic);
    return err;
}

static enum cs_err delivered_per_second(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct side *side = ctx;
    double seconds = 0;
    double unused = 0;
    enum cs_err err = fan_out(side, &seconds, &unused, diag);
    *ret_figure = (double)(side->n_subscribers * side->n_records) / 1e3 / seconds;
    return err;
}

static enum cs_err processor_per_record(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct side *side = ctx;
    double unused = 0;
    double processor = 0;
    enum cs_err err = fan_out(side, &unused, &processor, diag);
    *ret_figure = processor * 1e6 / (double)(side->n_subscribers * side->n_records);
    return err;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static enum cs_err delay(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct side *side = ctx;
    struct cs_fan_topic topic = {0};
    struct cs_fan_clients *clients = NULL;
    double *delays = calloc(side->n_records, sizeof *delays);
    enum cs_err err = delays ? open_stream(side, &topic, &clients, diag)
                             : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    for (size_t i = 0; i < side->n_records && err == CS_OK; i++) {
        err = cs_fan_delay(clients, &delays[i], diag);
    }
    if (err == CS_OK) {
        qsort(delays, side->n_records, sizeof *delays, compare);
        size_t at = (size_t)((double)(side->n_records - 1) * side->percentile);
        *ret_figure = delays[at] * 1e3;
    }
    free(delays);
    cs_fan_clients_free(clients);
    cs_fan_topic_free(&topic);
    return err;
}

struct comparison {
    struct cs_bench_spec spec;
    enum cs_err (*once)(void *ctx, double *ret_figure, struct cs_diag *diag);
    enum cs_fan_kind peer;
    size_t n_subscribers;
    size_t n_writers;
    size_t n_records;
    double percentile;
};

#define TO_MANY(writers, records)                                              \
    .peer = CS_FAN_NODE, .n_subscribers = SUBSCRIBERS, .n_writers = (writers), \
    .n_records = (records)
#define DELAY(label, said, of_peer, part, ...)                                                   \
    {                                                                                            \
        .spec = {.name = "endpoint/delay-" label,                                                \
                 .what = "from append to delivery, " said,                                       \
                 .unit = "ms",                                                                   \
                 .lower_is_better = true,                                                        \
                 __VA_ARGS__},                                                                   \
        .once = delay, .peer = (of_peer), .n_subscribers = 1, .n_writers = 1, .n_records = 1000, \
        .percentile = (part)                                                                     \
    }

static const struct comparison comparisons[] = {
    {.spec = {.name = "endpoint/fan-out",
              .what = "records to 1,000 subscribers, 8 writers",
              .unit = "1000/s",
              .want = 5,
              .gross = 1.5},
     .once = delivered_per_second,
     TO_MANY(WRITERS, 400)},
    {.spec = {.name = "endpoint/fan-out-processor",
              .what = "the same, the server's processor time for each delivery",
              .unit = "us",
              .lower_is_better = true},
     .once = processor_per_record,
     TO_MANY(WRITERS, 400)},
    {.spec = {.name = "endpoint/fan-out-one",
              .what = "records to 1,000 subscribers, one writer that waits for each answer",
              .unit = "1000/s"},
     .once = delivered_per_second,
     TO_MANY(1, 100)},
    DELAY("median", "median", CS_FAN_NODE, 0.5, .want = 1, .gross = 0.25),
    DELAY("p99", "99th percentile", CS_FAN_NODE, 0.99, .want = 0),
    DELAY("median-s2", "median", CS_FAN_S2, 0.5, .want = 0),
    DELAY("p99-s2", "99th percentile", CS_FAN_S2, 0.99, .want = 0),
};

static void measure(struct cs_bench *bench, const struct comparison *comparison)
{
    struct side ours = {.bench = bench,
                        .kind = CS_FAN_CHATSPEC,
                        .n_subscribers = comparison->n_subscribers,
                        .n_writers = comparison->n_writers,
                        .n_records = comparison->n_records / (cs_bench_is_short(bench) ? 10 : 1),
                        .percentile = comparison->percentile};
    struct side peer = ours;
    peer.kind = comparison->peer;
    const struct cs_bench_side our_side = {
        .name = cs_fan_name(ours.kind), .once = comparison->once, .ctx = &ours};
    const struct cs_bench_side peer_side = {
        .name = cs_fan_name(peer.kind), .once = comparison->once, .ctx = &peer};
    (void)cs_bench_pair(bench, &comparison->spec, &our_side, &peer_side);
    cs_fan_server_end(ours.server);
    cs_fan_server_end(peer.server);
}

static void run(struct cs_bench *bench)
{
    measure_idle(bench);
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        measure(bench, &comparisons[i]);
    }
    cs_bench_long_session(bench);
}

const struct cs_bench_group cs_bench_endpoint = {
    .name = "endpoint",
    .title = "subscribers, fan-out, delay, a session of a million records",
    .run = run};
