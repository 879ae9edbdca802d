#include "net/server.h"

const char *cs_status_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Payload Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Entity"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

void cs_response_status(struct cs_buf *out, int status)
{
    cs_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, cs_status_reason(status));
}

void cs_response_header(struct cs_buf *out, const char *name, const char *fmt, ...)
{
    cs_buf_str(out, name);
    cs_buf_str(out, ": ");
    va_list args;
    va_start(args, fmt);
    cs_buf_vprintf(out, fmt, args);
    va_end(args);
    cs_response_end_head(out);
}

void cs_response_end_head(struct cs_buf *out)
{
    cs_buf_str(out, "\r\n");
}

void cs_response_chunk(struct cs_buf *out, struct cs_view bytes)
{
    cs_buf_printf(out, "%zx\r\n", bytes.len);
    cs_buf_add(out, bytes);
    cs_buf_str(out, "\r\n");
}
