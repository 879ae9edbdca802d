/* The events of one stream as a text, one line each: what two parsers are compared by.
 *
 * Ours and theirs become such texts in the same way, with the same things left out, so that equal
 * texts are equal events, and a difference can be shown as it is.
 */
#ifndef CHATSPEC_DECODE_EVENT_LIST_H
#define CHATSPEC_DECODE_EVENT_LIST_H

#include "conformance/peers/library/chatspec_parser.h"
#include "wire/bytes.h"

/* Of adapters alone, beside what chatspec_parser.h has: the trait `parts` (a client that tells what
 * its caller gets, PROTOCOL.md) and the event `failed`, with which such a client gives up. */
#define CS_DECODE_PARTS  64u
#define CS_DECODE_FAILED 8u

#define CS_EVENT_LIST_MAX ((size_t)256 * 1024 * 1024)

struct cs_event_list {
    struct cs_buf text;
    uint32_t traits; /* of the parser that is compared: CHATSPEC_REPORTS_... */
    size_t n;
    bool ended; /* DONE or ERROR has come: what follows is not compared */
};

/* Zeroes all but the traits and keeps the memory. */
void cs_event_list_clear(struct cs_event_list *list);
void cs_event_list_free(struct cs_event_list *list);
void cs_event_list_add(struct cs_event_list *list, const struct chatspec_event *event);
/* Line `n`, counted from 0, without its end; the empty view when there is none. */
struct cs_view cs_event_list_line(const struct cs_event_list *list, size_t n);

/* What our own reader makes of a stream, under list->traits; `list` is cleared first.
 * CS_OK: this is what the other parser must give. CS_ERR_LIMIT: beyond our limits. CS_ERR_RANGE:
 * the stream breaks the protocol, and the other parser is for valid ones alone, and never given to
 * it. */
CS_MUST_USE enum cs_err cs_event_list_ours(struct cs_view stream, struct cs_event_list *list);

/* The events that an adapter told: a JSON array as in `decode` of PROTOCOL.md; `list` is cleared
 * first. Errors: CS_ERR_SYNTAX, CS_ERR_TYPE, CS_ERR_MISSING with what is wrong in diag. */
CS_MUST_USE enum cs_err cs_event_list_told(struct cs_view json, struct cs_event_list *list,
                                           struct cs_diag *diag);

/* Name of an event type or kind in JSON, or NULL; and back, 0 or UINT32_MAX when there is none. */
const char *cs_parser_event_name(uint32_t type);
const char *cs_parser_kind_name(uint32_t kind);
uint32_t cs_parser_event_type(struct cs_view name);
uint32_t cs_parser_kind(struct cs_view name);

/* The names of traits as in `hello`, one bit each; NULL for a bit that has none. */
const char *cs_parser_trait_name(unsigned bit);

#endif
