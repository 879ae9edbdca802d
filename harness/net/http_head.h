/* The grammar of a request head: pure functions over whole lines, used by the request reader. */
#ifndef CHATSPEC_NET_HTTP_HEAD_H
#define CHATSPEC_NET_HTTP_HEAD_H

#include "net/http_request.h"

/* Why bytes were refused. A zeroed struct is no refusal. */
struct cs_refusal {
    int status; /* the answer that fits */
    size_t at;  /* offset of the first byte that is wrong */
    const char *why;
};

/* The characters of a token (a method, a header name). */
bool cs_http_is_token_char(char c);

/* Both take a line without its CRLF; `at` counts from its start. False: refused. */
bool cs_http_request_line(struct cs_view line, struct cs_request *ret_request,
                          struct cs_refusal *ret_refusal);
bool cs_http_field_line(struct cs_view line, struct cs_header *ret_header,
                        struct cs_refusal *ret_refusal);

/* What the headers together say: framing, Host, keep-alive. `at` counts from request->head. */
bool cs_http_head_judge(struct cs_request *request, struct cs_refusal *ret_refusal);

/* The size of a chunk from its line (extensions are checked for control bytes and passed over). */
bool cs_http_chunk_line(struct cs_view line, uint64_t *ret_size, struct cs_refusal *ret_refusal);

#endif
