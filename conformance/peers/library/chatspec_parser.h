/* The C ABI of a parser that chatspec can test: seven functions that a shared library exports.
 *
 *     chatspec decode --library ./mine.so      the decode vectors, and any files given
 *     chatspec fuzz --library ./mine.so        generated streams, compared with chatspec's own
 * reader
 *
 * The library is loaded in a process of its own, so that whatever it does there ends that process
 * alone. Everything here is a plain C type: the functions can be written in C, C++, Rust
 * (extern "C", #[no_mangle], repr(C)), Go (//export, -buildmode=c-shared) and Zig (export fn). In
 * Go define CHATSPEC_TYPES_ONLY before this header: cgo writes the prototypes itself, without
 * const. No exception or panic may leave them: it ends the process, which is a finding.
 *
 * A parser takes the bytes of one answer to a subscription (`text/event-stream`, in any pieces) and
 * gives the events in them, in their order. All sizes are in bytes. Only one thread calls.
 *
 * What it is held to, besides not crashing, not hanging (2 s of processor time per stream) and not
 * leaking:
 *   - framing as the WHATWG standard says: LF, CR LF and CR end lines; one space after a colon is
 *     passed over; data lines are joined by LF; a byte order mark at the start is passed over;
 *     blocks without data, and the unfinished block at the end, are no events; bytes that are not
 *     UTF-8 are replaced by U+FFFD as a TextDecoder does it
 *   - JSON as JSON.parse accepts it; the last of duplicate members wins; half of a surrogate pair
 * is U+FFFD; integers (seq_num from 0 to 2^64-1, timestamps of 64 bits) exactly, and written
 *     without fraction or exponent
 *   - records: kind by headers alone; order of headers and duplicates kept
 *   - the same events for any split of the bytes
 * Streams that go beyond the limits of chatspec's own reader (8 MiB an event, 1000 records a batch,
 * 512 levels of nesting, 65536 headers) are not compared. Nor is what follows DONE or ERROR.
 */
#ifndef CHATSPEC_PARSER_H
#define CHATSPEC_PARSER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHATSPEC_PARSER_ABI 1u

#if defined(_WIN32)
#define CHATSPEC_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define CHATSPEC_EXPORT __attribute__((visibility("default")))
#else
#define CHATSPEC_EXPORT
#endif

/* Values of chatspec_event.type. */
#define CHATSPEC_RECORD    1u /* a record of a batch: seq_num, kind, headers, body */
#define CHATSPEC_TAIL      2u /* a tail, after the records of its batch or after its ping */
#define CHATSPEC_PING      3u /* a ping: timestamp */
#define CHATSPEC_ERROR     4u /* the event `error`: body is its data */
#define CHATSPEC_DONE      5u /* the unnamed event whose data is [DONE] */
#define CHATSPEC_UNKNOWN   6u /* an event of any other name */
#define CHATSPEC_MALFORMED 7u /* a batch or ping that cannot be read; reading goes on behind it */

/* Values of chatspec_event.kind. */
#define CHATSPEC_DATA    0u
#define CHATSPEC_CONTROL 1u
#define CHATSPEC_COMMAND 2u

/* Bits of chatspec_event.flags. */
#define CHATSPEC_HAS_TIMESTAMP 1u /* the record has a timestamp */

/* Bits of chatspec_parser_traits. What a parser does not report is not asked of it. */
#define CHATSPEC_REPORTS_PINGS      1u
#define CHATSPEC_REPORTS_TAILS      2u
#define CHATSPEC_REPORTS_UNKNOWN    4u
#define CHATSPEC_REPORTS_TIMESTAMPS 8u /* those of records */
/* What is wrong inside one record of a batch that is JSON costs no more than itself: headers that
 * are no pair of strings, and members of another type than documented, are left out; so is a record
 * without a usable seq_num. Without this bit such a batch gives MALFORMED and no record. */
#define CHATSPEC_LENIENT 16u
/* The parser is only for streams that keep to the protocol (someone else has checked them), and is
 * given no others. One that stands on the wire should not say this. */
#define CHATSPEC_EXPECTS_VALID 32u

/* Bytes of the library's: they live until the next call with the same parser. `ptr` may be NULL
 * when `len` is 0. Text is UTF-8; it need not end in NUL, and may hold NUL. */
typedef struct chatspec_bytes {
    const uint8_t *ptr;
    size_t len;
} chatspec_bytes;

typedef struct chatspec_header {
    chatspec_bytes name;
    chatspec_bytes value;
} chatspec_header;

/* One event. Members that its type does not name are left as they are. */
typedef struct chatspec_event {
    uint32_t type;
    uint32_t kind;                  /* RECORD */
    uint32_t flags;                 /* RECORD */
    uint32_t reserved;              /* 0 */
    uint64_t seq_num;               /* RECORD, TAIL */
    int64_t timestamp;              /* RECORD with HAS_TIMESTAMP, TAIL, PING: ms since the epoch */
    const chatspec_header *headers; /* RECORD; lives as long as its bytes */
    size_t n_headers;
    chatspec_bytes body; /* RECORD: decoded, empty when absent; ERROR: the event's data */
} chatspec_event;

typedef struct chatspec_parser chatspec_parser; /* the library's own */

#ifndef CHATSPEC_TYPES_ONLY

/* CHATSPEC_PARSER_ABI, as the library was compiled with. */
CHATSPEC_EXPORT uint32_t chatspec_parser_abi(void);

/* The bits above; the same at every call. */
CHATSPEC_EXPORT uint32_t chatspec_parser_traits(void);

/* A parser at the start of a stream, or NULL when there is no memory. */
CHATSPEC_EXPORT chatspec_parser *chatspec_parser_create(void);

/* Takes `len` more bytes of the stream. They are the caller's and are gone when the call returns:
 * what is needed later is to be copied. `len` may be 0. Is only called when chatspec_parser_next
 * has nothing more to give. Returns 0, or not 0 when the stream can be read no further (no memory,
 * a limit of the library): nothing but destroy is called then, and nothing is compared. */
CHATSPEC_EXPORT int32_t chatspec_parser_feed(chatspec_parser *parser, const uint8_t *bytes,
                                             size_t len);

/* The stream has ended. Events may follow. Returns as feed. */
CHATSPEC_EXPORT int32_t chatspec_parser_finish(chatspec_parser *parser);

/* Fills *event, which comes zeroed, and returns 1; or returns 0 when more bytes are needed. */
CHATSPEC_EXPORT int32_t chatspec_parser_next(chatspec_parser *parser, chatspec_event *event);

/* Frees the parser, at any moment, and all that it gave. NULL is passed over. */
CHATSPEC_EXPORT void chatspec_parser_destroy(chatspec_parser *parser);

#endif /* CHATSPEC_TYPES_ONLY */

#ifdef __cplusplus
}
#endif

#endif
