#include "conformance/decode/event_list.h"

#include <stdlib.h>

#include "conformance/decode/parts.h"
#include "wire/json.h"
#include "wire/reader.h"

#define BODY_MAX ((size_t)64 * 1024 * 1024)

static const char *const event_names[] = {
    NULL, "record", "tail", "ping", "error", "done", "unknown", "malformed", "failed",
};
static const char *const kind_names[] = {"data", "control", "command"};
static const char *const trait_names[] = {"pings",   "tails",         "unknown", "timestamps",
                                          "lenient", "expects-valid", "parts"};
#define N_OF(array) (sizeof(array) / sizeof(array)[0])

const char *cs_parser_event_name(uint32_t type)
{
    return type < N_OF(event_names) ? event_names[type] : NULL;
}

const char *cs_parser_kind_name(uint32_t kind)
{
    return kind < N_OF(kind_names) ? kind_names[kind] : NULL;
}

const char *cs_parser_trait_name(unsigned bit)
{
    return bit < N_OF(trait_names) ? trait_names[bit] : NULL;
}

uint32_t cs_parser_event_type(struct cs_view name)
{
    for (uint32_t i = 1; i < N_OF(event_names); i++) {
        if (cs_view_eq(cs_view_str(event_names[i]), name)) {
            return i;
        }
    }
    return 0;
}

uint32_t cs_parser_kind(struct cs_view name)
{
    for (uint32_t i = 0; i < N_OF(kind_names); i++) {
        if (cs_view_eq(cs_view_str(kind_names[i]), name)) {
            return i;
        }
    }
    return UINT32_MAX;
}

void cs_event_list_clear(struct cs_event_list *list)
{
    list->text.max = CS_EVENT_LIST_MAX;
    cs_buf_clear(&list->text);
    list->n = 0;
    list->ended = false;
}

void cs_event_list_free(struct cs_event_list *list)
{
    cs_buf_free(&list->text);
    *list = (struct cs_event_list){.traits = list->traits};
}

static void add_bytes(struct cs_buf *text, chatspec_bytes bytes)
{
    cs_buf_char(text, '"');
    cs_buf_escaped(text, cs_view_of((const char *)bytes.ptr, bytes.len), SIZE_MAX);
    cs_buf_char(text, '"');
}

static void add_record(struct cs_event_list *list, const struct chatspec_event *event)
{
    struct cs_buf *text = &list->text;
    const char *kind = cs_parser_kind_name(event->kind);

    if (kind && list->traits & CS_DECODE_PARTS) {
        kind = "part"; /* its headers tell the rest */
    }
    cs_buf_printf(text, "record %llu %s", (unsigned long long)event->seq_num,
                  kind ? kind : "(of no kind)");
    if (!(list->traits & CHATSPEC_REPORTS_TIMESTAMPS)) {
        /* not asked for */
    } else if (event->flags & CHATSPEC_HAS_TIMESTAMP) {
        cs_buf_printf(text, " @%lld", (long long)event->timestamp);
    } else {
        cs_buf_str(text, " @-");
    }
    for (size_t i = 0; i < event->n_headers; i++) {
        cs_buf_char(text, ' ');
        add_bytes(text, event->headers[i].name);
        cs_buf_char(text, '=');
        add_bytes(text, event->headers[i].value);
    }
    cs_buf_str(text, " body ");
    add_bytes(text, event->body);
}

static bool reported(const struct cs_event_list *list, uint32_t type)
{
    switch (type) {
    case CHATSPEC_PING:
        return list->traits & CHATSPEC_REPORTS_PINGS;
    case CHATSPEC_TAIL:
        return list->traits & CHATSPEC_REPORTS_TAILS;
    case CHATSPEC_UNKNOWN:
        return list->traits & CHATSPEC_REPORTS_UNKNOWN;
    case CHATSPEC_DONE:
    case CHATSPEC_MALFORMED:
        return !(list->traits & CS_DECODE_PARTS);
    default:
        return true;
    }
}

void cs_event_list_add(struct cs_event_list *list, const struct chatspec_event *event)
{
    struct cs_buf *text = &list->text;
    const char *name = cs_parser_event_name(event->type);

    if (list->ended || !reported(list, event->type)) {
        return;
    }
    list->ended = event->type == CHATSPEC_DONE || event->type == CHATSPEC_ERROR ||
                  event->type == CS_DECODE_FAILED;
    list->n++;
    if (event->type == CHATSPEC_RECORD) {
        add_record(list, event);
    } else {
        cs_buf_str(text, name ? name : "(of no type)");
    }
    if (event->type == CHATSPEC_TAIL) {
        cs_buf_printf(text, " %llu", (unsigned long long)event->seq_num);
    }
    if (event->type == CHATSPEC_TAIL || event->type == CHATSPEC_PING) {
        cs_buf_printf(text, " @%lld", (long long)event->timestamp);
    }
    if (event->type == CHATSPEC_ERROR || event->type == CS_DECODE_FAILED) {
        cs_buf_char(text, ' ');
        add_bytes(text, event->body);
    }
    cs_buf_char(text, '\n');
}

struct cs_view cs_event_list_line(const struct cs_event_list *list, size_t n)
{
    struct cs_view rest = cs_buf_view(&list->text);

    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = (size_t)(end - rest.ptr);

        if (n-- == 0) {
            return cs_view_of(rest.ptr, len);
        }
        rest = cs_view_of(end + 1, rest.len - len - 1);
    }
    return (struct cs_view){NULL, 0};
}

/* ---- ours ---- */

static chatspec_bytes bytes_of(struct cs_view view)
{
    return (chatspec_bytes){(const uint8_t *)view.ptr, view.len};
}

/* A record as the caller of a client gets it: commands and repeats not at all, of the body what its
 * envelope holds. */
static enum cs_err add_part(struct cs_event_list *list, struct chatspec_event *event,
                            struct cs_part_ids *seen)
{
    struct cs_buf data = CS_BUF(BODY_MAX);
    enum cs_part part = CS_PART_AGAIN;

    if (event->kind != CHATSPEC_COMMAND) {
        part =
            cs_part_take(seen, cs_view_of((const char *)event->body.ptr, event->body.len), &data);
    }
    event->body = bytes_of(cs_buf_view(&data));
    if (part == CS_PART_NEW) {
        cs_event_list_add(list, event);
    }
    cs_buf_free(&data);
    return part == CS_PART_NO_MEMORY  ? CS_ERR_NO_MEMORY
           : part == CS_PART_TOO_DEEP ? CS_ERR_LIMIT
                                      : CS_OK;
}

/* A batch as the ABI has it: its records, then its tail where there is one. */
static enum cs_err add_ours(struct cs_event_list *list, const struct cs_event *ours,
                            struct cs_part_ids *seen)
{
    static const uint32_t types[] = {
        [CS_EVENT_RECORD] = CHATSPEC_RECORD,      [CS_EVENT_BATCH_END] = 0,
        [CS_EVENT_PING] = CHATSPEC_PING,          [CS_EVENT_ERROR] = CHATSPEC_ERROR,
        [CS_EVENT_DONE] = CHATSPEC_DONE,          [CS_EVENT_UNKNOWN] = CHATSPEC_UNKNOWN,
        [CS_EVENT_MALFORMED] = CHATSPEC_MALFORMED};
    struct chatspec_event event = {.type = types[ours->type], .timestamp = ours->timestamp};
    chatspec_header *headers = NULL;
    enum cs_err err = CS_OK;

    if (ours->type == CS_EVENT_RECORD) {
        const struct cs_record *record = &ours->record;

        headers = calloc(record->n_headers + 1, sizeof *headers);
        if (!headers) {
            return CS_ERR_NO_MEMORY;
        }
        for (size_t i = 0; i < record->n_headers; i++) {
            headers[i] = (chatspec_header){bytes_of(record->headers[i].name),
                                           bytes_of(record->headers[i].value)};
        }
        event.kind = (uint32_t)record->kind;
        event.flags = record->has_timestamp ? CHATSPEC_HAS_TIMESTAMP : 0;
        event.seq_num = record->seq_num;
        event.timestamp = record->timestamp;
        event.headers = headers;
        event.n_headers = record->n_headers;
        event.body = bytes_of(record->body);
    } else if (ours->type == CS_EVENT_ERROR) {
        event.body = bytes_of(ours->sse->data);
    }
    if (event.type == CHATSPEC_RECORD && list->traits & CS_DECODE_PARTS) {
        err = add_part(list, &event, seen);
    } else if (event.type != 0) {
        cs_event_list_add(list, &event);
    }
    if (ours->has_tail && (ours->type == CS_EVENT_PING || ours->type == CS_EVENT_BATCH_END)) {
        event = (struct chatspec_event){.type = CHATSPEC_TAIL,
                                        .seq_num = ours->tail.seq_num,
                                        .timestamp = ours->tail.timestamp};
        cs_event_list_add(list, &event);
    }
    free(headers);
    return err;
}

_Static_assert((int)CS_RECORD_DATA == CHATSPEC_DATA && (int)CS_RECORD_CONTROL == CHATSPEC_CONTROL &&
                   (int)CS_RECORD_COMMAND == CHATSPEC_COMMAND,
               "kinds are numbered alike");

enum cs_err cs_event_list_ours(struct cs_view stream, struct cs_event_list *list)
{
    const struct cs_reader_limits limits = {.batch.lenient = list->traits & CHATSPEC_LENIENT};
    struct cs_reader *reader = cs_reader_new(&limits);
    struct cs_event event;
    struct cs_part_ids seen = {0};
    struct cs_diag diag = {0};
    enum cs_step step = CS_STEP_MORE;
    enum cs_err err = reader ? CS_OK : CS_ERR_NO_MEMORY;

    cs_event_list_clear(list);
    /* For a parser of valid streams alone what follows the end counts too: it will see it. */
    while (err == CS_OK && (!list->ended || list->traits & CHATSPEC_EXPECTS_VALID) &&
           (step = cs_reader_next(reader, &stream, &event, &diag)) == CS_STEP_EVENT) {
        bool odd = event.type == CS_EVENT_MALFORMED || event.sse->flags & CS_SSE_REPLACED;

        if (event.type == CS_EVENT_MALFORMED && event.fault.code == CS_ERR_LIMIT) {
            err = CS_ERR_LIMIT;
        } else if (odd && list->traits & CHATSPEC_EXPECTS_VALID) {
            err = CS_ERR_RANGE;
        } else {
            err = add_ours(list, &event, &seen);
        }
    }
    if (err == CS_OK && step == CS_STEP_ERROR) {
        err = diag.code;
    }
    cs_reader_free(reader);
    cs_part_ids_free(&seen);
    return err ? err : cs_buf_error(&list->text);
}

/* ---- theirs, as told in JSON ---- */

struct told {
    struct cs_buf strings; /* decoded; grows only before the first view into it is taken */
    struct cs_buf content; /* of a part, canonical */
    chatspec_header *headers;
};

static bool take_string(struct told *told, struct cs_view json, chatspec_bytes *ret_bytes)
{
    size_t start = told->strings.len;

    if (cs_json_string(json, &told->strings) != CS_OK) {
        return false;
    }
    *ret_bytes =
        (chatspec_bytes){(const uint8_t *)told->strings.ptr + start, told->strings.len - start};
    return true;
}

/* Numbers may be told as strings, since not every language has 64 bits of them. */
static bool take_number(struct cs_view json, bool is_signed, uint64_t *ret_value)
{
    struct cs_json scanner;
    struct cs_json_token token;
    int64_t number = 0;

    if (json.len > 2 && json.ptr[0] == '"') {
        json = cs_view_of(json.ptr + 1, json.len - 2);
    }
    cs_json_init(&scanner, json);
    (void)cs_json_next(&scanner, &token, NULL);
    if (!is_signed) {
        return cs_json_u64(&token, ret_value) == CS_OK;
    }
    if (cs_json_i64(&token, &number) != CS_OK) {
        return false;
    }
    *ret_value = (uint64_t)number;
    return true;
}

/* The header list of an event: an array of arrays of two strings. Two passes: counted, then taken.
 */
static bool take_headers(struct told *told, struct cs_view json, struct chatspec_event *event)
{
    struct cs_json scanner;
    struct cs_json_token token;
    size_t n = 0;

    cs_json_init(&scanner, json);
    while (cs_json_next(&scanner, &token, NULL) != CS_JSON_END) {
        bool fine =
            token.depth == 0   ? token.type == CS_JSON_ARRAY || token.type == CS_JSON_ARRAY_END
            : token.depth == 1 ? token.type == CS_JSON_ARRAY || token.type == CS_JSON_ARRAY_END
                               : token.type == CS_JSON_STRING && token.depth == 2;
        if (!fine) {
            return false;
        }
        n += token.type == CS_JSON_STRING;
    }
    told->headers = calloc(n / 2 + 1, sizeof *told->headers);
    if (!told->headers || n % 2 != 0) {
        return false;
    }
    n = 0;
    cs_json_init(&scanner, json);
    while (cs_json_next(&scanner, &token, NULL) != CS_JSON_END) {
        if (token.type == CS_JSON_STRING) {
            chatspec_header *header = &told->headers[n / 2];
            struct cs_view quoted = cs_view_of(token.raw.ptr - 1, token.raw.len + 2);

            if (!take_string(told, quoted, n % 2 == 0 ? &header->name : &header->value)) {
                return false;
            }
            n++;
        }
    }
    event->headers = told->headers;
    event->n_headers = n / 2;
    return true;
}

static enum cs_err take_event(struct told *told, struct cs_view json, struct chatspec_event *event,
                              struct cs_diag *diag)
{
    struct cs_view value;
    chatspec_bytes name;
    uint64_t number = 0;

    if (cs_json_get(json, CS_VIEW("type"), &value) || !take_string(told, value, &name)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "an event without type");
    }
    event->type = cs_parser_event_type(cs_view_of((const char *)name.ptr, name.len));
    if (event->type == 0) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "an event of the type \"%.*s\"",
                       CS_VIEW_ARG(cs_view_of((const char *)name.ptr, name.len)));
    }
    if (cs_json_get(json, CS_VIEW("kind"), &value) == CS_OK) {
        if (!take_string(told, value, &name)) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "kind is no string");
        }
        event->kind = cs_parser_kind(cs_view_of((const char *)name.ptr, name.len));
    }
    if (cs_json_get(json, CS_VIEW("seq_num"), &value) == CS_OK &&
        !take_number(value, false, &event->seq_num)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "seq_num is no integer from 0 to 2^64-1");
    }
    if (cs_json_get(json, CS_VIEW("timestamp"), &value) == CS_OK) {
        if (!take_number(value, true, &number)) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "timestamp is no integer of 64 bits");
        }
        event->timestamp = (int64_t)number;
        event->flags = CHATSPEC_HAS_TIMESTAMP;
    }
    if (cs_json_get(json, CS_VIEW("headers"), &value) == CS_OK &&
        !take_headers(told, value, event)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "headers are no pairs of strings");
    }
    if (cs_json_get(json, CS_VIEW("body"), &value) == CS_OK &&
        !take_string(told, value, &event->body)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "body is no string");
    }
    return CS_OK;
}

static enum cs_err tell(struct cs_event_list *list, struct cs_view json, struct cs_diag *diag)
{
    struct told told = {.strings = CS_BUF(BODY_MAX), .content = CS_BUF(BODY_MAX)};
    struct chatspec_event event = {0};
    enum cs_err err = CS_ERR_NO_MEMORY;

    /* A string is never longer than its JSON: with this room views into it stay where they are. */
    if (cs_buf_reserve(&told.strings, json.len + 1)) {
        err = take_event(&told, json, &event, diag);
    }
    if (err == CS_OK && list->traits & CS_DECODE_PARTS && event.type == CHATSPEC_RECORD &&
        cs_json_canonical(cs_view_of((const char *)event.body.ptr, event.body.len),
                          &told.content) == CS_OK) {
        event.body = bytes_of(cs_buf_view(&told.content));
    }
    if (err == CS_OK) {
        cs_event_list_add(list, &event);
    }
    free(told.headers);
    cs_buf_free(&told.content);
    cs_buf_free(&told.strings);
    return err;
}

enum cs_err cs_event_list_told(struct cs_view json, struct cs_event_list *list,
                               struct cs_diag *diag)
{
    struct cs_json scanner;
    struct cs_json_token token;
    struct cs_view text;
    enum cs_err err = CS_OK;

    cs_event_list_clear(list);
    cs_json_init(&scanner, json);
    if (cs_json_next(&scanner, &token, diag) != CS_JSON_ARRAY) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "value is no array of events");
    }
    while (err == CS_OK && cs_json_next(&scanner, &token, diag) != CS_JSON_ARRAY_END) {
        if (token.type != CS_JSON_OBJECT) {
            return cs_fail(diag, CS_ERR_TYPE, token.offset, "an event is no object");
        }
        err = cs_json_value_text(&scanner, &token, &text, diag);
        err = err ? err : tell(list, text, diag);
    }
    return err ? err : cs_buf_error(&list->text);
}
