/* Streams of text deltas from a seed, and lists of events. */
#include "bench/stream.h"

#include <stdlib.h>

#include "wire/append.h"
#include "wire/json.h"

/* ---- the stream ---- */

/* What a model writes, cut as it comes. One in eight is of another script or an emoji, and one in
 * eight has something that JSON must escape. */
static const char *const pieces[] = {"The",
                                     " order",
                                     " of",
                                     " records",
                                     " is",
                                     " that",
                                     " of",
                                     " their",
                                     " sequence",
                                     " numbers",
                                     ",",
                                     " whatever",
                                     " happens",
                                     " to",
                                     " the",
                                     " writer",
                                     ".",
                                     " A",
                                     " reader",
                                     " keeps",
                                     " what",
                                     " it",
                                     " has",
                                     " and",
                                     " goes",
                                     " on",
                                     " from",
                                     " there",
                                     " again",
                                     "\n\n",
                                     " \"quoted\"",
                                     "\n- ",
                                     "\tif (x)",
                                     "{\n    ",
                                     " caf\xc3\xa9",
                                     " \xe2\x80\x93 ",
                                     " \xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
                                     "\xe4\xb8\x96\xe7\x95\x8c\xe5\x92\x8c\xe5\xb9\xb3",
                                     " \xf0\x9f\x9a\x80",
                                     " C:\\temp"};
#define N_PIECES (sizeof pieces / sizeof pieces[0])

#define FIRST_TIME INT64_C(1764000000000)

struct maker {
    uint64_t state;
    uint64_t seq_num;
    struct cs_buf delta;
    struct cs_buf body;
    struct cs_buf *out;
};

/* splitmix64 */
static uint64_t draw(struct maker *maker, uint64_t below)
{
    uint64_t z = maker->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static void put_body(struct maker *maker)
{
    cs_buf_clear(&maker->delta);
    cs_buf_clear(&maker->body);
    for (uint64_t n = 1 + draw(maker, 8); n > 0; n--) {
        cs_buf_str(&maker->delta, pieces[draw(maker, N_PIECES)]);
    }
    cs_buf_str(&maker->body, "{\"data\":{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"");
    cs_json_escape(&maker->body, cs_buf_view(&maker->delta));
    cs_buf_printf(&maker->body, "\"},\"id\":\"part-%llu\"}", (unsigned long long)maker->seq_num);
    cs_buf_str(maker->out, ",\"body\":\"");
    cs_json_escape(maker->out, cs_buf_view(&maker->body));
    cs_buf_str(maker->out, "\"}");
}

static void put_record(struct maker *maker)
{
    cs_buf_printf(maker->out, "{\"seq_num\":%llu,\"timestamp\":%lld",
                  (unsigned long long)maker->seq_num,
                  (long long)(FIRST_TIME + (int64_t)maker->seq_num * 20));
    if (draw(maker, 200) == 0) {
        cs_buf_str(maker->out,
                   ",\"headers\":[[\"trigger-control\",\"turn-complete\"]],\"body\":\"\"}");
    } else {
        put_body(maker);
    }
    maker->seq_num++;
}

static void put_batch(struct maker *maker)
{
    size_t n = (size_t)(1 + draw(maker, 16));
    cs_buf_printf(maker->out, "id: %llu,0,0\nevent: batch\ndata: {\"records\":[",
                  (unsigned long long)maker->seq_num);
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(maker->out, i > 0 ? "," : "");
        put_record(maker);
    }
    cs_buf_printf(maker->out, "],\"tail\":{\"seq_num\":%llu,\"timestamp\":%lld}}\n\n",
                  (unsigned long long)maker->seq_num,
                  (long long)(FIRST_TIME + (int64_t)maker->seq_num * 20));
}

bool cs_bench_stream(struct cs_buf *out, size_t len, uint64_t seed)
{
    struct maker maker = {.state = seed, .delta = CS_BUF(4096), .body = CS_BUF(16384), .out = out};
    while (out->len < len && cs_buf_error(out) == CS_OK) {
        put_batch(&maker);
        if (draw(&maker, 64) == 0) {
            cs_buf_str(out, "event: ping\ndata: {\"timestamp\":1764000000000}\n\n");
        }
    }
    cs_buf_free(&maker.delta);
    cs_buf_free(&maker.body);
    char *padding = cs_buf_reserve(out, CS_BENCH_PADDING);
    if (padding) {
        memset(padding, 0, CS_BENCH_PADDING);
    }
    return cs_buf_error(out) == CS_OK;
}

bool cs_bench_next_event(const char **at, const char *end, struct cs_view *ret_name,
                         struct cs_view *ret_data)
{
    *ret_name = *ret_data = (struct cs_view){NULL, 0};
    while (*at < end) {
        const char *line = *at;
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((lf ? lf : end) - line);
        *at = lf ? lf + 1 : end;
        if (len == 0) {
            return true;
        }
        if (len >= 6 && memcmp(line, "data: ", 6) == 0) {
            *ret_data = cs_view_of(line + 6, len - 6);
        } else if (len >= 7 && memcmp(line, "event: ", 7) == 0) {
            *ret_name = cs_view_of(line + 7, len - 7);
        }
    }
    return false;
}

bool cs_bench_each_event(struct cs_view stream, struct cs_bench_events *events,
                         bool (*read)(struct cs_view name, struct cs_view data,
                                      struct cs_bench_events *events))
{
    const char *at = stream.ptr;
    struct cs_view name;
    struct cs_view data;
    bool good = true;
    while (good && cs_bench_next_event(&at, stream.ptr + stream.len, &name, &data)) {
        good = read(name, data, events);
    }
    return good;
}

/* ---- lists of events ---- */

bool cs_bench_events_room(struct cs_bench_events *events, size_t n, size_t text)
{
    events->items = calloc(n, sizeof *events->items);
    events->cap = events->items ? n : 0;
    char *room = cs_buf_reserve(&events->text, text);
    if (room) {
        memset(room, 0, text); /* the pages are there before anything is measured */
    }
    return events->items && room;
}

void cs_bench_events_clear(struct cs_bench_events *events)
{
    events->n = 0;
    cs_buf_clear(&events->text);
}

void cs_bench_events_free(struct cs_bench_events *events)
{
    free(events->items);
    cs_buf_free(&events->text);
    *events = (struct cs_bench_events){.text = CS_BUF(events->text.max)};
}

struct cs_bench_event *cs_bench_events_add(struct cs_bench_events *events)
{
    if (events->n == events->cap) {
        return NULL;
    }
    struct cs_bench_event *event = &events->items[events->n++];
    *event = (struct cs_bench_event){0};
    return event;
}

struct cs_bench_text cs_bench_events_text(struct cs_bench_events *events, const char *ptr,
                                          size_t len)
{
    size_t at = events->text.len;
    cs_buf_append(&events->text, ptr, len);
    return (struct cs_bench_text){at, len};
}

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix_text(uint64_t hash, const struct cs_bench_events *events,
                         struct cs_bench_text text)
{
    hash = mix(hash, &text.len, sizeof text.len);
    return text.len > 0 ? mix(hash, events->text.ptr + text.at, text.len) : hash;
}

uint64_t cs_bench_events_digest(const struct cs_bench_events *events)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < events->n; i++) {
        const struct cs_bench_event *event = &events->items[i];
        hash = mix(hash, &event->seq_num, sizeof event->seq_num);
        hash = mix(hash, &event->timestamp, sizeof event->timestamp);
        hash = mix(hash, &event->n_headers, sizeof event->n_headers);
        hash = mix_text(hash, events, event->id);
        hash = mix_text(hash, events, event->type);
        hash = mix_text(hash, events, event->delta);
    }
    return hash;
}
