/* The append path: a message of a user as the body of an append, wrapped into a record and metered
 * against the cap of a record, at the size of the cap. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "wire/append.h"

#define BODY_BYTES  ((size_t)1000 * 1000) /* its record stays below 1 MiB (LIM-01) */
#define REPETITIONS 400u

struct bodies {
    struct cs_buf body;
    struct cs_buf record;
    char *copy;
    unsigned repetitions;
};

static double megabytes_per_second(const struct bodies *bodies, double seconds)
{
    return (double)bodies->body.len * bodies->repetitions / 1e6 / seconds;
}

static enum cs_err wrap(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct bodies *bodies = ctx;
    struct cs_view body = cs_buf_view(&bodies->body);
    struct cs_view part_id = CS_VIEW("0123456789");
    double start = cs_bench_now();
    for (unsigned i = 0; i < bodies->repetitions; i++) {
        cs_buf_clear(&bodies->record);
        if (cs_append_metered(body, part_id) > CS_RECORD_MAX_METERED) {
            return cs_fail(diag, CS_ERR_LIMIT, 0, "a body of %zu bytes is too much", body.len);
        }
        cs_append_wrap(&bodies->record, body, part_id);
    }
    *ret_figure = megabytes_per_second(bodies, cs_bench_now() - start);
    enum cs_err err = cs_buf_error(&bodies->record);
    return err == CS_OK ? err : cs_fail(diag, err, 0, "out of memory");
}

static enum cs_err copy(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct bodies *bodies = ctx;
    double start = cs_bench_now();
    for (unsigned i = 0; i < bodies->repetitions; i++) {
        memcpy(bodies->copy, bodies->body.ptr, bodies->body.len);
        __asm__ volatile("" : : "r"(bodies->copy) : "memory"); /* or it would be left out */
    }
    *ret_figure = megabytes_per_second(bodies, cs_bench_now() - start);
    (void)diag;
    return CS_OK;
}

/* Prose, as people write it; a line's end now and then has to be escaped. */
static void fill_plain(struct cs_buf *body)
{
    while (body->len < BODY_BYTES) {
        cs_buf_str(body, "The order of the records is that of their sequence numbers, whatever "
                         "the order in which they were written. ");
    }
}

/* What a browser sends: JSON, whose quotes have to be escaped once more. */
static void fill_json(struct cs_buf *body)
{
    cs_buf_str(body, "{\"kind\":\"message\",\"payload\":{\"parts\":[");
    while (body->len < BODY_BYTES * 9 / 10) {
        cs_buf_str(body, "{\"type\":\"text\",\"text\":\"a line of a user,\\n and another "
                         "\xe2\x80\x93 longer than most words that are typed\"},");
    }
    cs_buf_str(body, "{}]}}");
}

static void compare(struct cs_bench *bench, const struct cs_bench_spec *spec,
                    void (*fill)(struct cs_buf *))
{
    struct bodies bodies = {.body = CS_BUF((size_t)2 << 20),
                            .record = CS_BUF((size_t)4 << 20),
                            .repetitions =
                                cs_bench_is_short(bench) ? REPETITIONS / 10 : REPETITIONS};
    fill(&bodies.body);
    bodies.copy = malloc(bodies.body.cap);
    const struct cs_bench_side ours = {.name = "chatspec", .once = wrap, .ctx = &bodies};
    const struct cs_bench_side peer = {.name = "memcpy", .once = copy, .ctx = &bodies};
    if (bodies.copy && cs_buf_error(&bodies.body) == CS_OK) {
        (void)cs_bench_pair(bench, spec, &ours, &peer);
    } else {
        struct cs_diag diag = {0};
        cs_fail(&diag, CS_ERR_NO_MEMORY, 0, "out of memory");
        cs_bench_trouble(bench, spec->name, &diag);
    }
    free(bodies.copy);
    cs_buf_free(&bodies.body);
    cs_buf_free(&bodies.record);
}

static void run(struct cs_bench *bench)
{
    static const struct cs_bench_spec plain = {.name = "append/plain",
                                               .what = "wrap and meter a body of 1 MB, plain text",
                                               .unit = "MB/s",
                                               .want = 0.25,
                                               .gross = 0.05};
    static const struct cs_bench_spec json = {
        .name = "append/json", .what = "the same, JSON that has to be escaped", .unit = "MB/s"};
    compare(bench, &plain, fill_plain);
    compare(bench, &json, fill_json);
}

const struct cs_bench_group cs_bench_append = {
    .name = "append", .title = "what the write path costs beside copying", .run = run};
