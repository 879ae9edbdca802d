/* Answers over HTTP/2: the head that was written for HTTP/1.1, as header fields. */
#include "endpoint/internal.h"

#include "net/http2.h"

#define HEADERS_MAX 64

/* The next line without its end; moves the text past it. */
static struct cs_view take_line(struct cs_view *text)
{
    size_t end = cs_view_find(*text, CS_VIEW("\r\n"));
    struct cs_view line = cs_view_of(text->ptr, end == SIZE_MAX ? text->len : end);
    size_t used = end == SIZE_MAX ? text->len : end + 2;
    *text = cs_view_of(text->ptr + used, text->len - used);
    return line;
}

static size_t read_headers(struct cs_view head, struct cs_header headers[HEADERS_MAX])
{
    size_t n = 0;
    (void)take_line(&head); /* the status line */
    for (struct cs_view line = take_line(&head); line.len > 0 && n < HEADERS_MAX;
         line = take_line(&head)) {
        size_t colon = cs_view_find(line, CS_VIEW(":"));
        if (colon != SIZE_MAX) {
            headers[n++] = (struct cs_header){
                .name = cs_view_of(line.ptr, colon),
                .value = cs_view_trim(cs_view_of(line.ptr + colon + 1, line.len - colon - 1)),
            };
        }
    }
    return n;
}

bool cs_answer_h2(struct cs_call *call, struct cs_view head, struct cs_view body, bool end)
{
    struct cs_header headers[HEADERS_MAX];
    if (head.len == 0) { /* it could not be written */
        cs_h2_reset(call->stream, CS_H2_INTERNAL_ERROR);
        return false;
    }
    size_t n = read_headers(head, headers);
    bool bare = end && body.len == 0;
    return cs_h2_answer(call->stream, call->status, headers, n, bare) &&
           (body.len == 0 || cs_h2_send(call->stream, body)) &&
           (!end || bare || cs_h2_end(call->stream));
}
