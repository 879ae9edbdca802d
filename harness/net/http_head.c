#include "net/http_head.h"

static bool refuse(struct cs_refusal *refusal, int status, size_t at, const char *why)
{
    *refusal = (struct cs_refusal){status, at, why};
    return false;
}

bool cs_http_is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Field values and chunk extensions: visible characters, blanks and bytes over 0x7f. */
static bool is_text_char(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/* Position of the first byte from `at` on that is no text, or line.len. */
static size_t text_end(struct cs_view line, size_t at)
{
    while (at < line.len && is_text_char(line.ptr[at])) {
        at++;
    }
    return at;
}

/* ---- request line ---- */

/* Where the path of an absolute-form target starts, or 0 when it is not one. */
static size_t absolute_path_at(struct cs_view target)
{
    size_t scheme = cs_view_find(target, CS_VIEW("://"));
    if (scheme == SIZE_MAX || scheme == 0) {
        return 0;
    }
    for (size_t i = 0; i < scheme; i++) {
        char c = target.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || (!is_digit(c) && c != '+' && c != '-' && c != '.'))) {
            return 0;
        }
    }
    size_t at = scheme + 3;
    while (at < target.len && target.ptr[at] != '/' && target.ptr[at] != '?') {
        at++;
    }
    return at > scheme + 3 ? at : 0;
}

static bool split_target(struct cs_request *request)
{
    struct cs_view target = request->target;
    size_t at = 0;
    if (target.ptr[0] != '/' && !cs_view_eq(target, CS_VIEW("*"))) {
        at = absolute_path_at(target);
        if (at == 0) {
            return false;
        }
    }
    const char *mark = memchr(target.ptr, '?', target.len);
    size_t path_end = mark ? (size_t)(mark - target.ptr) : target.len;
    request->path = cs_view_of(target.ptr + at, path_end - at);
    if (request->path.len == 0) {
        request->path = CS_VIEW("/");
    }
    size_t query_at = mark ? path_end + 1 : target.len;
    request->query = cs_view_of(target.ptr + query_at, target.len - query_at);
    return true;
}

static bool read_version(struct cs_view line, size_t at, struct cs_request *request,
                         struct cs_refusal *refusal)
{
    static const char shape[] = "HTTP/d.d";
    size_t i = 0;
    for (; i < sizeof(shape) - 1 && at + i < line.len; i++) {
        char c = line.ptr[at + i];
        if (shape[i] == 'd' ? !is_digit(c) : c != shape[i]) {
            break;
        }
    }
    if (i < sizeof(shape) - 1 || at + i != line.len) {
        return refuse(refusal, 400, at + i, "expected HTTP/1.1 and the end of the request line");
    }
    if (line.ptr[at + 5] != '1') {
        return refuse(refusal, 505, at + 5, "not HTTP/1");
    }
    request->minor_version = (unsigned)(line.ptr[at + 7] - '0');
    return true;
}

bool cs_http_request_line(struct cs_view line, struct cs_request *ret_request,
                          struct cs_refusal *ret_refusal)
{
    size_t at = 0;
    while (at < line.len && cs_http_is_token_char(line.ptr[at])) {
        at++;
    }
    if (at == 0 || at == line.len || line.ptr[at] != ' ') {
        return refuse(ret_refusal, 400, at, "expected a method and one space");
    }
    struct cs_request request = {.method = cs_view_of(line.ptr, at)};
    size_t target_at = ++at;
    while (at < line.len && line.ptr[at] > ' ' && line.ptr[at] < 0x7f && line.ptr[at] != '#') {
        at++;
    }
    if (at == target_at || at == line.len || line.ptr[at] != ' ') {
        return refuse(ret_refusal, 400, at, "expected a target and one space");
    }
    request.target = cs_view_of(line.ptr + target_at, at - target_at);
    if (!split_target(&request)) {
        return refuse(ret_refusal, 400, target_at, "the target is neither a path nor a URL");
    }
    if (!read_version(line, at + 1, &request, ret_refusal)) {
        return false;
    }
    *ret_request = request;
    return true;
}

/* ---- fields ---- */

bool cs_http_field_line(struct cs_view line, struct cs_header *ret_header,
                        struct cs_refusal *ret_refusal)
{
    size_t at = 0;
    while (at < line.len && cs_http_is_token_char(line.ptr[at])) {
        at++;
    }
    if (at == 0 || at == line.len || line.ptr[at] != ':') {
        bool folded = at == 0 && line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        return refuse(ret_refusal, 400, at,
                      folded ? "a folded header line" : "expected a header name and a colon");
    }
    size_t end = text_end(line, at + 1);
    if (end < line.len) {
        return refuse(ret_refusal, 400, end, "a control byte in a header value");
    }
    ret_header->name = cs_view_of(line.ptr, at);
    ret_header->value = cs_view_trim(cs_view_of(line.ptr + at + 1, line.len - at - 1));
    return true;
}

bool cs_http_chunk_line(struct cs_view line, uint64_t *ret_size, struct cs_refusal *ret_refusal)
{
    uint64_t size = 0;
    size_t at = 0;
    for (; at < line.len; at++) {
        char c = line.ptr[at];
        unsigned digit;
        if (is_digit(c)) {
            digit = (unsigned)(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            digit = (unsigned)((c | 0x20) - 'a') + 10;
        } else {
            break;
        }
        if (size > UINT64_MAX >> 4) {
            return refuse(ret_refusal, 413, at, "a chunk size over 64 bits");
        }
        size = size << 4 | digit;
    }
    if (at == 0 || (at < line.len && line.ptr[at] != ';')) {
        return refuse(ret_refusal, 400, at, "expected a chunk size in hexadecimal");
    }
    size_t end = text_end(line, at);
    if (end < line.len) {
        return refuse(ret_refusal, 400, end, "a control byte in a chunk extension");
    }
    *ret_size = size;
    return true;
}

/* ---- the head as a whole ---- */

static bool judge_length(struct cs_request *request, struct cs_view value, size_t at,
                         struct cs_refusal *refusal)
{
    uint64_t length = 0;
    enum cs_err err = cs_view_u64(value, &length);
    if (err == CS_ERR_RANGE) {
        return refuse(refusal, 413, at, "a Content-Length over 64 bits");
    }
    if (err != CS_OK) {
        return refuse(refusal, 400, at, "Content-Length is not a number");
    }
    if (request->has_content_length && request->content_length != length) {
        return refuse(refusal, 400, at, "two Content-Lengths that differ");
    }
    request->has_content_length = true;
    request->content_length = length;
    return true;
}

static bool judge_encoding(struct cs_request *request, struct cs_view value, size_t at,
                           struct cs_refusal *refusal)
{
    if (request->minor_version == 0) {
        return refuse(refusal, 400, at, "Transfer-Encoding in HTTP/1.0");
    }
    if (!cs_view_eq_nocase(value, CS_VIEW("chunked"))) {
        return refuse(refusal, value.len ? 501 : 400, at, "a Transfer-Encoding other than chunked");
    }
    if (request->chunked) {
        return refuse(refusal, 400, at, "Transfer-Encoding twice");
    }
    request->chunked = true;
    return true;
}

struct connection_options {
    bool close;
    bool keep_alive;
};

static void judge_connection(struct connection_options *asked, struct cs_view value)
{
    while (value.len > 0) {
        const char *comma = memchr(value.ptr, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.ptr) : value.len;
        struct cs_view option = cs_view_trim(cs_view_of(value.ptr, len));
        asked->close |= cs_view_eq_nocase(option, CS_VIEW("close"));
        asked->keep_alive |= cs_view_eq_nocase(option, CS_VIEW("keep-alive"));
        size_t step = comma ? len + 1 : len;
        value = cs_view_of(value.ptr + step, value.len - step);
    }
}

bool cs_http_head_judge(struct cs_request *request, struct cs_refusal *ret_refusal)
{
    size_t n_hosts = 0;
    struct connection_options asked = {false, false};
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct cs_header *header = &request->headers[i];
        size_t at = (size_t)(header->name.ptr - request->head.ptr);
        bool fine = true;
        if (cs_view_eq_nocase(header->name, CS_VIEW("content-length"))) {
            fine = judge_length(request, header->value, at, ret_refusal);
        } else if (cs_view_eq_nocase(header->name, CS_VIEW("transfer-encoding"))) {
            fine = judge_encoding(request, header->value, at, ret_refusal);
        } else if (cs_view_eq_nocase(header->name, CS_VIEW("connection"))) {
            judge_connection(&asked, header->value);
        } else if (cs_view_eq_nocase(header->name, CS_VIEW("host")) && ++n_hosts > 1) {
            fine = refuse(ret_refusal, 400, at, "Host twice");
        }
        if (!fine) {
            return false;
        }
        if (request->chunked && request->has_content_length) {
            return refuse(ret_refusal, 400, at, "both Content-Length and Transfer-Encoding");
        }
    }
    request->keep_alive = !asked.close && (request->minor_version >= 1 || asked.keep_alive);
    if (n_hosts == 0 && request->minor_version >= 1) {
        return refuse(ret_refusal, 400, request->head.len - 2, "no Host");
    }
    return true;
}

/* ---- looking things up ---- */

const struct cs_header *cs_request_header(const struct cs_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        if (cs_view_eq_nocase(request->headers[i].name, cs_view_str(name))) {
            return &request->headers[i];
        }
    }
    return NULL;
}

bool cs_request_header_joined(const struct cs_request *request, const char *name,
                              struct cs_buf *out)
{
    bool found = false;
    for (size_t i = 0; i < request->n_headers; i++) {
        if (cs_view_eq_nocase(request->headers[i].name, cs_view_str(name))) {
            cs_buf_str(out, found ? ", " : "");
            cs_buf_add(out, request->headers[i].value);
            found = true;
        }
    }
    return found;
}
