/* Our own reader as a library would be: so the vectors hold it to what they ask of others, and the
 * whole way through the child process is proven by it. */
#include <stdlib.h>

#include "conformance/decode/host/parser.h"
#include "wire/reader.h"

#define STREAM_MAX ((size_t)64 * 1024 * 1024)

struct chatspec_parser {
    struct cs_reader *reader;
    struct cs_buf piece; /* the reader's views point into it */
    struct cs_view rest;
    chatspec_header *headers;
    struct chatspec_event tail; /* still to be given; type 0: none */
    struct cs_diag diag;
};

static uint32_t abi(void)
{
    return CHATSPEC_PARSER_ABI;
}

static uint32_t traits(void)
{
    return CHATSPEC_REPORTS_PINGS | CHATSPEC_REPORTS_TAILS | CHATSPEC_REPORTS_UNKNOWN |
           CHATSPEC_REPORTS_TIMESTAMPS;
}

static chatspec_parser *create(void)
{
    chatspec_parser *parser = calloc(1, sizeof *parser);

    if (parser) {
        parser->piece = CS_BUF(STREAM_MAX);
        parser->reader = cs_reader_new(NULL);
        if (!parser->reader) {
            free(parser);
            return NULL;
        }
    }
    return parser;
}

static void destroy(chatspec_parser *parser)
{
    if (parser) {
        cs_reader_free(parser->reader);
        cs_buf_free(&parser->piece);
        free(parser->headers);
        free(parser);
    }
}

static int32_t feed(chatspec_parser *parser, const uint8_t *bytes, size_t len)
{
    cs_buf_clear(&parser->piece);
    cs_buf_append(&parser->piece, bytes, len);
    parser->rest = cs_buf_view(&parser->piece);
    return cs_buf_error(&parser->piece) == CS_OK && parser->diag.code == CS_OK ? 0 : 1;
}

static int32_t finish(chatspec_parser *parser)
{
    (void)cs_reader_finish(parser->reader);
    return 0;
}

static chatspec_bytes bytes_of(struct cs_view view)
{
    return (chatspec_bytes){(const uint8_t *)view.ptr, view.len};
}

static bool fill_record(chatspec_parser *parser, const struct cs_record *record,
                        chatspec_event *event)
{
    free(parser->headers);
    parser->headers = calloc(record->n_headers + 1, sizeof *parser->headers);
    if (!parser->headers) {
        return false;
    }
    for (size_t i = 0; i < record->n_headers; i++) {
        parser->headers[i].name = bytes_of(record->headers[i].name);
        parser->headers[i].value = bytes_of(record->headers[i].value);
    }
    event->type = CHATSPEC_RECORD;
    event->kind = (uint32_t)record->kind;
    event->flags = record->has_timestamp ? CHATSPEC_HAS_TIMESTAMP : 0;
    event->seq_num = record->seq_num;
    event->timestamp = record->timestamp;
    event->headers = parser->headers;
    event->n_headers = record->n_headers;
    event->body = bytes_of(record->body);
    return true;
}

static void note_tail(chatspec_parser *parser, const struct cs_event *ours)
{
    if (ours->has_tail) {
        parser->tail = (struct chatspec_event){.type = CHATSPEC_TAIL,
                                               .seq_num = ours->tail.seq_num,
                                               .timestamp = ours->tail.timestamp};
    }
}

/* False where ours is an event that the ABI does not have. */
static bool fill(chatspec_parser *parser, const struct cs_event *ours, chatspec_event *event)
{
    switch (ours->type) {
    case CS_EVENT_RECORD:
        return fill_record(parser, &ours->record, event);
    case CS_EVENT_BATCH_END:
        note_tail(parser, ours);
        return false;
    case CS_EVENT_PING:
        note_tail(parser, ours);
        event->type = CHATSPEC_PING;
        event->timestamp = ours->timestamp;
        return true;
    case CS_EVENT_ERROR:
        event->type = CHATSPEC_ERROR;
        event->body = bytes_of(ours->sse->data);
        return true;
    case CS_EVENT_DONE:
        event->type = CHATSPEC_DONE;
        return true;
    case CS_EVENT_UNKNOWN:
        event->type = CHATSPEC_UNKNOWN;
        return true;
    case CS_EVENT_MALFORMED:
        event->type = CHATSPEC_MALFORMED;
        return true;
    }
    return false;
}

static int32_t next(chatspec_parser *parser, chatspec_event *event)
{
    struct cs_event ours;

    for (;;) {
        if (parser->tail.type != 0) {
            *event = parser->tail;
            parser->tail.type = 0;
            return 1;
        }
        if (cs_reader_next(parser->reader, &parser->rest, &ours, &parser->diag) != CS_STEP_EVENT) {
            return 0;
        }
        if (fill(parser, &ours, event)) {
            return 1;
        }
    }
}

const struct parser_functions parser_of_ours = {abi, traits, create, feed, finish, next, destroy};
