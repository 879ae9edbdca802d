#include "conformance/decode/host/decode.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/decode/event_list.h"
#include "wire/json.h"
#include "wire/utf8.h"

#define N_REPEATS 3 /* runs that must all leave memory behind before it is called a leak */

/* Pages whose last byte lies right before one that may not be touched, so that a parser that reads
 * past its piece crashes there and then, in any build. */
struct decode_room {
    char *start;
    size_t len; /* without the guard */
};

struct decode_room *decode_room_new(void)
{
    return calloc(1, sizeof(struct decode_room));
}

static char *piece_in(struct decode_room *room, struct cs_view piece)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t len = (piece.len / page + 1) * page;

    if (len > room->len) {
        if (room->start) {
            (void)munmap(room->start, room->len + page);
        }
        room->len = len * 2;
        room->start = mmap(NULL, room->len + page, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room->start == MAP_FAILED || mprotect(room->start + room->len, page, PROT_NONE) != 0) {
            abort();
        }
    }
    char *at = room->start + room->len - piece.len;
    if (piece.len > 0) {
        memcpy(at, piece.ptr, piece.len);
    }
    return at;
}

static size_t piece_len(const uint64_t *pieces, size_t n_pieces, size_t n, size_t left)
{
    uint64_t any = 0;

    for (size_t i = 0; i < n_pieces; i++) {
        any |= pieces[i];
    }
    if (any == 0 || pieces[n % n_pieces] > left) {
        return left;
    }
    return (size_t)pieces[n % n_pieces];
}

static void add_string(struct cs_buf *out, chatspec_bytes bytes)
{
    struct cs_view text = cs_view_of((const char *)bytes.ptr, bytes.len);

    cs_buf_char(out, '"');
    if (cs_utf8_valid_prefix(text) == text.len) {
        cs_json_escape(out, text);
    } else {
        cs_buf_str(out, "(not UTF-8) ");
        struct cs_buf shown = CS_BUF(8192);
        cs_buf_escaped(&shown, text, 1024);
        cs_json_escape(out, cs_buf_view(&shown));
        cs_buf_free(&shown);
    }
    cs_buf_char(out, '"');
}

static void add_number(struct cs_buf *out, const char *name, uint64_t value, bool is_signed)
{
    if (is_signed) {
        cs_buf_printf(out, ",\"%s\":%lld", name, (long long)(int64_t)value);
    } else {
        cs_buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)value);
    }
}

static void add_record(struct cs_buf *out, const struct chatspec_event *event)
{
    const char *kind = cs_parser_kind_name(event->kind);

    add_number(out, "seq_num", event->seq_num, false);
    cs_buf_printf(out, ",\"kind\":\"%s\"", kind ? kind : "(none)");
    if (event->flags & CHATSPEC_HAS_TIMESTAMP) {
        add_number(out, "timestamp", (uint64_t)event->timestamp, true);
    }
    cs_buf_str(out, ",\"headers\":[");
    for (size_t i = 0; i < event->n_headers; i++) {
        cs_buf_str(out, i == 0 ? "[" : ",[");
        add_string(out, event->headers[i].name);
        cs_buf_char(out, ',');
        add_string(out, event->headers[i].value);
        cs_buf_char(out, ']');
    }
    cs_buf_str(out, "],\"body\":");
    add_string(out, event->body);
}

static void add_event(struct cs_buf *out, const struct chatspec_event *event)
{
    const char *name = cs_parser_event_name(event->type);

    if (out->len > 0 && out->ptr[out->len - 1] == '}') {
        cs_buf_char(out, ',');
    }
    if (name) {
        cs_buf_printf(out, "{\"type\":\"%s\"", name);
    } else {
        cs_buf_printf(out, "{\"type\":\"%u\"", (unsigned)event->type);
    }
    if (event->type == CHATSPEC_RECORD) {
        add_record(out, event);
    }
    if (event->type == CHATSPEC_TAIL) {
        add_number(out, "seq_num", event->seq_num, false);
    }
    if (event->type == CHATSPEC_TAIL || event->type == CHATSPEC_PING) {
        add_number(out, "timestamp", (uint64_t)event->timestamp, true);
    }
    if (event->type == CHATSPEC_ERROR) {
        cs_buf_str(out, ",\"body\":");
        add_string(out, event->body);
    }
    cs_buf_char(out, '}');
}

/* All events that are ready. False when there are more than any stream of that length can hold. */
static bool take_events(const struct parser_functions *parser, chatspec_parser *state,
                        size_t *events_left, struct cs_buf *out)
{
    struct chatspec_event event = {0};

    while (parser->next(state, &event) != 0) {
        if (*events_left == 0) {
            return false;
        }
        --*events_left;
        if (out) {
            add_event(out, &event);
        }
        event = (struct chatspec_event){0};
    }
    return true;
}

/* `out` may be NULL: nothing is kept. */
static struct decode_result run(const struct parser_functions *parser, struct decode_room *room,
                                struct cs_view stream, const uint64_t *pieces, size_t n_pieces,
                                struct cs_buf *out)
{
    struct decode_result result = {0};
    size_t events_left = stream.len + 1;
    chatspec_parser *state = parser->create();

    if (!state) {
        return (struct decode_result){.refused = "create"};
    }
    for (size_t n = 0; stream.len > 0 && !result.refused && !result.endless; n++) {
        struct cs_view piece = cs_view_of(stream.ptr, piece_len(pieces, n_pieces, n, stream.len));
        char *at = piece_in(room, piece);

        result.refused = parser->feed(state, (const uint8_t *)at, piece.len) != 0 ? "feed" : NULL;
        memset(at, 0xdd, piece.len); /* gone, as the header says */
        stream = cs_view_of(stream.ptr + piece.len, stream.len - piece.len);
        result.endless = !result.refused && !take_events(parser, state, &events_left, out);
    }
    if (!result.refused && !result.endless) {
        result.refused = parser->finish(state) != 0 ? "finish" : NULL;
        result.endless = !result.refused && !take_events(parser, state, &events_left, out);
    }
    parser->destroy(state);
    return result;
}

struct decode_result decode(const struct parser_functions *parser, struct decode_room *room,
                            struct cs_view stream, const uint64_t *pieces, size_t n_pieces,
                            struct cs_buf *out)
{
    size_t before = mallinfo2().uordblks;
    struct decode_result result = run(parser, room, stream, pieces, n_pieces, out);
    size_t least = SIZE_MAX;

    if (mallinfo2().uordblks <= before) {
        return result;
    }
    /* Our own `out` may have grown, or a cache of theirs: a leak is what comes every time. */
    for (int i = 0; i < N_REPEATS && least > 0; i++) {
        before = mallinfo2().uordblks;
        (void)run(parser, room, stream, pieces, n_pieces, NULL);
        size_t after = mallinfo2().uordblks;
        least = after <= before ? 0 : after - before < least ? after - before : least;
    }
    result.leaked = least;
    return result;
}
