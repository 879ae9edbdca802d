/* A strict HTTP/1.1 request reader: pure, incremental, bounded (ERR-20).
 *
 * Refused with a byte offset: bare LF, spaces where the grammar has none, obsolete folding, names
 * that are not tokens, control bytes in values, both Content-Length and Transfer-Encoding,
 * Content-Lengths that differ, bad chunk framing, a missing Host in HTTP/1.1. The exact bytes of
 * the request stay readable, since cases judge them.
 */
#ifndef CHATSPEC_NET_HTTP_REQUEST_H
#define CHATSPEC_NET_HTTP_REQUEST_H

#include "wire/record.h" /* struct cs_header: name and value views */

struct cs_request_limits {
    size_t max_head; /* bytes of request line and headers; 0: 16384 */
    size_t max_body; /* decoded bytes; 0: 8 MiB */
};

struct cs_request {
    struct cs_view method;
    struct cs_view target;  /* as sent, such as /realtime/v1/sessions/a%2Fb/in/append?x=1 */
    struct cs_view path;    /* target without query, still percent-encoded */
    struct cs_view query;   /* after the '?', empty when absent */
    unsigned minor_version; /* HTTP/1.minor */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view head; /* exact bytes up to and with the empty line */
    struct cs_view body; /* decoded; empty until the reader says that it is complete */
    bool has_content_length;
    uint64_t content_length;
    bool chunked;
    bool keep_alive; /* what version and Connection header ask for */
};

/* First header of that name (any case), or NULL. */
const struct cs_header *cs_request_header(const struct cs_request *request, const char *name);
/* All values of that name joined by ", " as a Fetch Headers object does (ERR-23); appended to
 * `out`; false when there is none. */
bool cs_request_header_joined(const struct cs_request *request, const char *name,
                              struct cs_buf *out);

enum cs_request_step {
    CS_REQUEST_MORE, /* all input used */
    CS_REQUEST_HEAD, /* headers complete: fields but body are set; go on calling for the body */
    CS_REQUEST_DONE, /* body complete; leave input alone until cs_request_reader_next */
    CS_REQUEST_BAD,  /* diag says why; `status` the answer that fits (400, 413, 414, 431, 501, 503,
                        505); offsets count from the first byte of this request */
};

struct cs_request_reader;

struct cs_request_reader *cs_request_reader_new(const struct cs_request_limits *limits);
void cs_request_reader_free(struct cs_request_reader *reader);
/* Ready for the next request on the same connection; idle readers hold no buffers. */
void cs_request_reader_next(struct cs_request_reader *reader);

/* Takes from the front of `input`. After CS_REQUEST_HEAD call again even with empty input: a
 * request without a body is complete at once, and a body over `max_body` is refused only then, so
 * that the caller can answer on its own first. *ret_request is written with HEAD and DONE, and its
 * views hold until cs_request_reader_next or _release; *ret_status is written with BAD, which is
 * final. */
enum cs_request_step cs_request_read(struct cs_request_reader *reader, struct cs_view *input,
                                     const struct cs_request **ret_request, int *ret_status,
                                     struct cs_diag *diag);
/* After CS_REQUEST_HEAD: the rest of the body is followed to its end but neither kept nor limited.
 */
void cs_request_reader_discard(struct cs_request_reader *reader);
/* After CS_REQUEST_DONE, or CS_REQUEST_HEAD and _discard: frees all buffers before _next does. The
 * request and its views are gone. */
void cs_request_reader_release(struct cs_request_reader *reader);
/* True between requests: nothing of a next request was read yet. */
bool cs_request_reader_idle(const struct cs_request_reader *reader);
/* Exact bytes of the current request so far (body included as it came, chunk framing too), cut to
 * `max_head` plus 64 KiB. */
struct cs_view cs_request_reader_raw(const struct cs_request_reader *reader);

/* Percent-decodes a path segment and appends it to `out`, as JavaScript's decodeURIComponent: a
 * malformed escape, or escapes that do not make UTF-8, are CS_ERR_SYNTAX (ERR-16). Also
 * CS_ERR_LIMIT and CS_ERR_NO_MEMORY of `out`, which is left as it was. */
CS_MUST_USE enum cs_err cs_percent_decode(struct cs_view text, struct cs_buf *out);
/* Encodes as JavaScript's encodeURIComponent (CAP-02). */
void cs_percent_encode(struct cs_view text, struct cs_buf *out);
/* The value of query parameter `name`, percent-decoded with '+' as space and appended to `out`; the
 * last repetition when `last`, else the first. False when absent or malformed, and when memory ran
 * out: then `out` has failed. */
bool cs_query_get(struct cs_view query, const char *name, bool last, struct cs_buf *out);

#endif
