/* What must hold of a request that the reader gave out, against the bytes that were sent. */
#ifndef CHATSPEC_FUZZ_REQUEST_ORACLE_H
#define CHATSPEC_FUZZ_REQUEST_ORACLE_H

#include "fuzz/fuzz.h"
#include "net/http_request.h"

/* How much of a body the reader keeps as it came. */
#define FUZZ_RAW_BODY_MAX ((size_t)64 * 1024)

static inline bool fuzz_lies_in(struct cs_view part, struct cs_view whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static inline bool fuzz_is_text(struct cs_view text)
{
    return !fuzz_has(text, '\r') && !fuzz_has(text, '\n') && !fuzz_has(text, '\0');
}

/* `sent` is what of this request went in so far: its head. */
static inline void fuzz_request_head(const struct cs_request *request, struct cs_view sent,
                                     struct cs_buf *log)
{
    FUZZ_CHECK(cs_view_eq(request->head, sent));
    FUZZ_CHECK(fuzz_lies_in(request->target, request->head));
    FUZZ_CHECK(!fuzz_has(request->path, '?') && fuzz_lies_in(request->query, request->target));
    /* Two ends of a body are what request smuggling is made of. */
    FUZZ_CHECK(!(request->chunked && cs_request_header(request, "content-length")));
    FUZZ_CHECK(request->chunked == (cs_request_header(request, "transfer-encoding") != NULL));
    FUZZ_CHECK(request->minor_version == 0 || cs_request_header(request, "host"));
    cs_buf_printf(log, "%.*s|%.*s|%.*s|%.*s|1.%u %d %d %llu\n", CS_VIEW_ARG(request->method),
                  CS_VIEW_ARG(request->target), CS_VIEW_ARG(request->path),
                  CS_VIEW_ARG(request->query), request->minor_version, request->keep_alive,
                  request->chunked, (unsigned long long)request->content_length);
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct cs_header *header = &request->headers[i];

        FUZZ_CHECK(fuzz_lies_in(header->name, sent) || fuzz_lies_in(header->name, request->head));
        FUZZ_CHECK(header->name.len > 0 && fuzz_is_text(header->name));
        FUZZ_CHECK(fuzz_is_text(header->value) &&
                   cs_view_eq(cs_view_trim(header->value), header->value));
        cs_buf_add(log, header->name);
        cs_buf_char(log, ':');
        cs_buf_add(log, header->value);
        cs_buf_char(log, '\n');
    }
}

/* 1: the body is thrown away, 2 and up: buffers are released as well. */
static inline void fuzz_request_mode(struct cs_request_reader *reader, size_t mode)
{
    if (mode > 0) {
        cs_request_reader_discard(reader);
    }
    if (mode > 1) {
        cs_request_reader_release(reader);
    }
}

/* Up to the next CRLF, which is passed over as well. */
static inline struct cs_view fuzz_take_line(struct cs_view *text)
{
    size_t end = cs_view_find(*text, CS_VIEW("\r\n"));

    FUZZ_CHECK(end != SIZE_MAX);
    struct cs_view line = fuzz_take(text, end);
    (void)fuzz_take(text, 2);
    return line;
}

/* Takes the chunks of an accepted body apart once more, with strtoull for their sizes. */
static inline void fuzz_request_chunks(struct cs_view sent, struct cs_view body)
{
    unsigned long long size = 1;

    while (size > 0) {
        struct cs_view line = fuzz_take_line(&sent);
        char *end;

        FUZZ_CHECK(line.len > 0 && strchr("0123456789abcdefABCDEF", line.ptr[0]));
        size = strtoull(line.ptr, &end, 16);
        FUZZ_CHECK(end == line.ptr + line.len || *end == ';');
        FUZZ_CHECK(size <= body.len && cs_view_eq(fuzz_take(&sent, size), fuzz_take(&body, size)));
        if (size > 0) {
            FUZZ_CHECK(fuzz_take_line(&sent).len == 0);
        }
    }
    FUZZ_CHECK(body.len == 0);
    while (fuzz_take_line(&sent).len > 0) {
    }
    FUZZ_CHECK(sent.len == 0);
}

/* `sent` is all of this request, `raw` what the reader kept of it as evidence. */
static inline void fuzz_request_body(const struct cs_request *request, struct cs_view raw,
                                     struct cs_view sent, struct cs_buf *log)
{
    size_t kept = request->head.len + FUZZ_RAW_BODY_MAX;
    struct cs_view came = cs_view_of(sent.ptr + request->head.len, sent.len - request->head.len);

    FUZZ_CHECK(cs_view_eq(raw, cs_view_of(sent.ptr, sent.len < kept ? sent.len : kept)));
    if (request->chunked) {
        fuzz_request_chunks(came, request->body);
    } else {
        FUZZ_CHECK(cs_view_eq(request->body, came));
        FUZZ_CHECK(request->body.len == request->content_length);
    }
    cs_buf_add(log, request->body);
    cs_buf_char(log, '\n');
}

/* `sent` is what of the request the reader took before it refused it. */
static inline void fuzz_request_bad(int status, uint64_t offset, struct cs_view sent,
                                    struct cs_buf *log)
{
    FUZZ_CHECK(status >= 400 && status < 600 && offset <= sent.len);
    cs_buf_printf(log, "%d@%llu", status, (unsigned long long)offset);
}

/* The request is over. When its buffers were released, or its body was thrown away, there is
 * nothing of it to look at. */
static inline void fuzz_request_done(struct cs_request_reader *reader,
                                     const struct cs_request *request, struct cs_view sent,
                                     size_t mode, struct cs_buf *log)
{
    if (mode == 0) {
        fuzz_request_body(request, cs_request_reader_raw(reader), sent, log);
    }
    cs_buf_printf(log, "done after %zu\n", sent.len);
    FUZZ_CHECK(!cs_request_reader_idle(reader));
    cs_request_reader_next(reader);
    FUZZ_CHECK(cs_request_reader_idle(reader));
}

#endif
