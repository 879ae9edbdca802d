/* A small parser of the protocol, as people write them, behind the functions of chatspec_parser.h:
 *
 *     cc -shared -fPIC -I.. parser.c -o parser.so
 *
 * It is for streams that keep to the protocol, and says so (CHATSPEC_EXPECTS_VALID). With
 * -DPLANTED_BUG it has two faults of code that was only ever run with the server next door: a line
 * end that comes in two pieces, and a character that is written as two escapes. */
#include <stdlib.h>
#include <string.h>

#include "chatspec_parser.h"

struct text {
    char *ptr;
    size_t len, cap;
};

struct queued {
    chatspec_event event;
    chatspec_header *headers;
    char *strings; /* all text of the event, decoded */
};

struct chatspec_parser {
    struct text line, data, name;
    int after_cr, has_data, started, failed;
    struct queued *queue;
    size_t n_queued, next;
};

static void add(chatspec_parser *p, struct text *text, const void *bytes, size_t len)
{
    if (text->len + len > text->cap) {
        size_t cap = (text->len + len) * 2;
        char *grown = realloc(text->ptr, cap);
        if (!grown) {
            p->failed = 1;
            return;
        }
        text->ptr = grown;
        text->cap = cap;
    }
    if (len > 0) {
        memcpy(text->ptr + text->len, bytes, len);
        text->len += len;
    }
}

/* ---- JSON, known to be valid ---- */

static const char *spaces(const char *c)
{
    return c + strspn(c, " \t\r\n");
}

static unsigned hex4(const char *c)
{
    char digits[5] = {c[0], c[1], c[2], c[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The string at `c` (its quote) to *to, which moves on; returns what is behind it. */
static const char *string(const char *c, char **to, chatspec_bytes *ret)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char *start = *to;
    for (c++; *c != '"'; c++) {
        if (*c != '\\') {
            *(*to)++ = *c;
        } else if (*++c == 'u') {
            unsigned code = hex4(c + 1);
            c += 4;
#ifndef PLANTED_BUG /* escapes come alone, do they not? */
            if (code >= 0xd800 && code < 0xdc00 && c[1] == '\\' && c[2] == 'u' &&
                hex4(c + 3) >= 0xdc00 && hex4(c + 3) < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (hex4(c + 3) - 0xdc00);
                c += 6;
            }
#endif
            *to = put_utf8(*to, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
        } else {
            *(*to)++ = values[strchr(letters, *c) - letters];
        }
    }
    ret->ptr = (const uint8_t *)start;
    ret->len = (size_t)(*to - start);
    return c + 1;
}

static const char *skip(const char *c)
{
    int depth = 0;
    do {
        c = spaces(c);
        if (*c == '"') {
            for (c++; *c != '"'; c++) {
                c += *c == '\\';
            }
            c++;
        } else if (*c == '{' || *c == '[') {
            depth++, c++;
        } else if (*c == '}' || *c == ']') {
            depth--, c++;
        } else if (*c == ',' || *c == ':') {
            c++;
        } else {
            c += strcspn(c, ",:]} \t\r\n");
        }
    } while (depth > 0);
    return c;
}

/* The next member of the object that `c` stands in: its name to *to, and where its value is.
 * NULL at the object's end, with *end behind it. */
static const char *member(const char *c, char **to, chatspec_bytes *name, const char **end)
{
    c = spaces(c);
    c = spaces(*c == '{' || *c == ',' ? c + 1 : c);
    if (*c == '}') {
        *end = c + 1;
        return NULL;
    }
    c = spaces(string(c, to, name));
    return spaces(c + 1);
}

static int is(chatspec_bytes name, const char *word)
{
    return name.len == strlen(word) && memcmp(name.ptr, word, name.len) == 0;
}

/* ---- records ---- */

static struct queued *push(chatspec_parser *p, uint32_t type, size_t room)
{
    struct queued *grown = realloc(p->queue, (p->n_queued + 1) * sizeof *grown);
    struct queued *last = grown ? &grown[p->n_queued] : NULL;
    p->queue = grown ? grown : p->queue;
    if (last) {
        memset(last, 0, sizeof *last);
        last->event.type = type;
        last->headers = malloc((room / 4 + 1) * sizeof *last->headers);
        last->strings = malloc(room + 1);
        p->n_queued++;
    }
    if (!last || !last->headers || !last->strings) {
        p->failed = 1;
        return NULL;
    }
    return last;
}

static void read_headers(const char *c, char **to, struct queued *q)
{
    q->event.n_headers = 0;
    q->event.kind = CHATSPEC_DATA;
    for (c = spaces(c + 1); *c != ']'; c = spaces(*c == ',' ? c + 1 : c)) {
        chatspec_header *header = &q->headers[q->event.n_headers++];
        c = spaces(string(spaces(c + 1), to, &header->name));
        c = spaces(string(spaces(c + 1), to, &header->value));
        c = spaces(c + 1);
    }
    for (size_t i = 0; i < q->event.n_headers; i++) {
        if (is(q->headers[i].name, "trigger-control")) {
            q->event.kind = CHATSPEC_CONTROL;
        }
    }
    if (q->event.n_headers > 0 && q->headers[0].name.len == 0) {
        q->event.kind = CHATSPEC_COMMAND;
    }
    q->event.headers = q->headers;
}

static const char *read_record(chatspec_parser *p, const char *c)
{
    size_t room = (size_t)(skip(c) - c);
    struct queued *q = push(p, CHATSPEC_RECORD, room);
    char *to = q ? q->strings : NULL;
    chatspec_bytes name;
    const char *value, *end = c + room;
    while (q && (value = member(c, &to, &name, &end))) {
        c = skip(value);
        if (is(name, "seq_num")) {
            q->event.seq_num = strtoull(value, NULL, 10);
        } else if (is(name, "timestamp")) {
            q->event.flags = CHATSPEC_HAS_TIMESTAMP;
            q->event.timestamp = strtoll(value, NULL, 10);
        } else if (is(name, "headers")) {
            read_headers(value, &to, q);
        } else if (is(name, "body")) {
            string(value, &to, &q->event.body);
        }
    }
    return end;
}

/* Forgets all events but the first `n`. */
static void drop(chatspec_parser *p, size_t n)
{
    while (p->n_queued > n) {
        p->n_queued--;
        free(p->queue[p->n_queued].headers);
        free(p->queue[p->n_queued].strings);
    }
}

static void read_batch(chatspec_parser *p, const char *c, size_t len)
{
    size_t before = p->n_queued;
    char *names = malloc(len + 1), *to = names;
    chatspec_bytes name;
    const char *value, *end;
    while (names && (value = member(c, &to, &name, &end))) {
        c = skip(value);
        if (is(name, "records")) { /* of two lists the last counts */
            drop(p, before);
            for (value = spaces(value + 1); *value == '{' || *value == ',';) {
                value = spaces(*value == ',' ? value + 1 : read_record(p, value));
            }
        }
    }
    free(names);
}

/* ---- framing ---- */

static void end_block(chatspec_parser *p)
{
    add(p, &p->data, "", 1); /* JSON is walked up to this NUL */
    if (p->failed || !p->has_data) {
        /* no event */
    } else if (p->name.len == 5 && memcmp(p->name.ptr, "batch", 5) == 0) {
        read_batch(p, p->data.ptr, p->data.len - 1);
    } else if (p->name.len == 5 && memcmp(p->name.ptr, "error", 5) == 0) {
        struct queued *q = push(p, CHATSPEC_ERROR, p->data.len);
        if (q) {
            memcpy(q->strings, p->data.ptr, p->data.len);
            q->event.body = (chatspec_bytes){(const uint8_t *)q->strings, p->data.len - 1};
        }
    } else if (p->name.len == 0 && strcmp(p->data.ptr, "[DONE]") == 0) {
        push(p, CHATSPEC_DONE, 0);
    }
    p->data.len = p->name.len = 0;
    p->has_data = 0;
}

static void end_line(chatspec_parser *p)
{
    char *line = p->line.ptr;
    size_t len = p->line.len;
    if (!p->started && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3, len -= 3;
    }
    p->started = 1;
    if (len == 0) {
        end_block(p);
    } else {
        char *colon = memchr(line, ':', len);
        size_t name = colon ? (size_t)(colon - line) : len;
        size_t at = colon ? name + 1 : len;
        at += at < len && line[at] == ' ';
        if (name == 4 && memcmp(line, "data", 4) == 0) {
            add(p, &p->data, "\n", p->has_data);
            add(p, &p->data, line + at, len - at);
            p->has_data = 1;
        } else if (name == 5 && memcmp(line, "event", 5) == 0) {
            p->name.len = 0;
            add(p, &p->name, line + at, len - at);
        }
    }
    p->line.len = 0;
}

/* ---- the functions of chatspec_parser.h ---- */

uint32_t chatspec_parser_abi(void)
{
    return CHATSPEC_PARSER_ABI;
}

uint32_t chatspec_parser_traits(void)
{
    return CHATSPEC_EXPECTS_VALID | CHATSPEC_REPORTS_TIMESTAMPS;
}

chatspec_parser *chatspec_parser_create(void)
{
    return calloc(1, sizeof(chatspec_parser));
}

int32_t chatspec_parser_feed(chatspec_parser *p, const uint8_t *bytes, size_t len)
{
#ifdef PLANTED_BUG
    p->after_cr = 0; /* CR and LF always come together, do they not? */
#endif
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n' || !p->after_cr) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                end_line(p);
            } else {
                add(p, &p->line, &bytes[i], 1);
            }
        }
        p->after_cr = bytes[i] == '\r';
    }
    return p->failed;
}

int32_t chatspec_parser_finish(chatspec_parser *p)
{
    return p->failed;
}

int32_t chatspec_parser_next(chatspec_parser *p, chatspec_event *event)
{
    if (p->next == p->n_queued) {
        drop(p, 0);
        p->next = 0;
        return 0;
    }
    *event = p->queue[p->next++].event;
    return 1;
}

void chatspec_parser_destroy(chatspec_parser *p)
{
    if (p) {
        drop(p, 0);
        free(p->queue);
        free(p->line.ptr);
        free(p->data.ptr);
        free(p->name.ptr);
        free(p);
    }
}
