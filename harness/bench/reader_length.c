/* A stream's length: what a byte costs, and what memory the reader takes, from 1 KB to 1 GB. Longer
 * streams than the one at hand are that one again and again, and nothing of them is kept. */
#include <malloc.h>
#include <stdio.h>

#include "bench/reader.h"

#define PIECE       ((size_t)65536) /* what a socket gives at once */
#define LEAST_WORK  ((size_t)4 * 1000 * 1000)
#define SHORTEST    ((size_t)1000)
#define LONGEST     ((size_t)1000 * 1000 * 1000)
#define LARGE_EVENT ((size_t)4 * 1000 * 1000)

/* Bytes that the program has from its heap. */
static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Reads `len` bytes; *ret_peak is the most that the reader took of the heap, seen after every
 * piece. To ask that takes as long as to read a short stream: NULL where time is measured. The list
 * is emptied at every turn, as by a consumer that keeps up. */
static bool read_long(struct cs_view stream, size_t len, struct cs_bench_events *events,
                      size_t *ret_peak)
{
    size_t before = ret_peak ? heap() : 0;
    struct cs_reader *reader = cs_reader_new(NULL);
    bool good = reader != NULL;
    size_t peak = 0;
    for (size_t done = 0; good && done < len;) {
        cs_bench_events_clear(events);
        for (size_t at = 0; good && at < stream.len && done < len;) {
            size_t n = stream.len - at < len - done ? stream.len - at : len - done;
            n = n < PIECE ? n : PIECE;
            good = cs_bench_read_piece(reader, cs_view_of(stream.ptr + at, n), events);
            at += n;
            done += n;
            size_t now = ret_peak ? heap() - before : 0;
            peak = now > peak ? now : peak;
        }
    }
    cs_reader_free(reader);
    if (ret_peak) {
        *ret_peak = peak;
    }
    return good;
}

/* Nanoseconds for a byte of a stream of `len` bytes: the best of some, since what disturbs only
 * makes it slower. */
static bool cost(struct cs_view stream, size_t len, struct cs_bench_events *events,
                 double *ret_cost)
{
    size_t times = len < LEAST_WORK ? LEAST_WORK / len : 1;
    unsigned tries = len > LONGEST / 10 ? 1 : CS_BENCH_PAIRS;
    for (unsigned i = 0; i < tries; i++) {
        double start = cs_bench_processor();
        for (size_t n = 0; n < times; n++) {
            if (!read_long(stream, len, events, NULL)) {
                return false;
            }
        }
        double took = (cs_bench_processor() - start) * 1e9 / (double)(len * times);
        *ret_cost = i == 0 || took < *ret_cost ? took : *ret_cost;
    }
    return true;
}

static void fail(struct cs_bench *bench, const char *name)
{
    struct cs_diag diag = {0};
    cs_fail(&diag, CS_ERR_SYNTAX, 0, "the stream was not read to its end");
    cs_bench_trouble(bench, name, &diag);
}

/* One event of about LARGE_EVENT bytes between small ones. */
static void large_event(struct cs_bench *bench, struct cs_bench_events *events)
{
    static const struct cs_bench_spec spec = {
        .name = "reader/memory-large",
        .what = "heap of the reader, in sizes of the largest event (4 MB)",
        .unit = "x",
        .lower_is_better = true};
    struct cs_buf text = CS_BUF(2 * LARGE_EVENT);
    size_t peak = 0;
    if (!cs_bench_wants(bench, spec.name)) {
        return;
    }
    cs_buf_str(&text, "event: batch\ndata: {\"records\":[{\"seq_num\":1,\"timestamp\":2,\"body\":"
                      "\"{\\\"data\\\":{\\\"type\\\":\\\"t\\\",\\\"delta\\\":\\\"");
    while (text.len < LARGE_EVENT) {
        cs_buf_str(&text, "no more than one of these at a time ");
    }
    cs_buf_str(&text, "\\\"},\\\"id\\\":\\\"1\\\"}\"}]}\n\n");
    if (cs_buf_error(&text) == CS_OK &&
        read_long(cs_buf_view(&text), 8 * text.len, events, &peak)) {
        cs_bench_bound(bench, &spec, (double)peak / (double)text.len, 5);
    } else {
        fail(bench, spec.name);
    }
    cs_buf_free(&text);
}

void cs_bench_reader_length(struct cs_bench *bench, struct cs_view stream,
                            struct cs_bench_events *events)
{
    static const struct cs_bench_spec flat = {
        .name = "reader/length",
        .what = "cost of a byte from 1 KB to 1 GB, dearest by cheapest",
        .unit = "x",
        .lower_is_better = true};
    static const struct cs_bench_spec memory = {.name = "reader/memory",
                                                .what = "heap of the reader after 1 GB",
                                                .unit = "bytes",
                                                .lower_is_better = true};
    large_event(bench, events);
    if (!cs_bench_wants(bench, flat.name) && !cs_bench_wants(bench, memory.name)) {
        return;
    }
    size_t longest = cs_bench_is_short(bench) ? LONGEST / 10 : LONGEST;
    double least = 0;
    double most = 0;
    size_t peak = 0;
    for (size_t len = SHORTEST; len <= longest; len *= 10) {
        double took = 0;
        /* Whole events: most of the shortest stream would be one that never ends. */
        const char *last =
            len < stream.len ? memmem(stream.ptr + len, stream.len - len, "\n\n", 2) : NULL;
        size_t whole = last ? (size_t)(last - stream.ptr) + 2 : len;
        if (!cost(stream, whole, events, &took) || !read_long(stream, whole, events, &peak)) {
            fail(bench, flat.name);
            return;
        }
        cs_bench_say(bench, "%zu bytes: %.2f ns a byte, %zu bytes of heap", len, took, peak);
        least = len == SHORTEST || took < least ? took : least;
        most = took > most ? took : most;
    }
    /* Short runs are for gross losses, and their lengths take too little time for more. */
    cs_bench_bound(bench, &flat, most / least, cs_bench_is_short(bench) ? 6 : 2);
    cs_bench_bound(bench, &memory, (double)peak, 65536);
}
