#include "endpoint/tap.h"

void cs_tap_request_text(const struct cs_tap_request *request, struct cs_buf *out)
{
    cs_buf_printf(out, "%.*s %.*s HTTP/1.1\r\n", CS_VIEW_ARG(request->method),
                  CS_VIEW_ARG(request->target));
    for (size_t i = 0; i < request->n_headers; i++) {
        cs_buf_printf(out, "%.*s: %.*s\r\n", CS_VIEW_ARG(request->headers[i].name),
                      CS_VIEW_ARG(request->headers[i].value));
    }
    cs_buf_str(out, "\r\n");
    cs_buf_add(out, request->body);
}
