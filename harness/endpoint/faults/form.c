#include "endpoint/faults/form.h"

#include "endpoint/http/router.h"
#include "endpoint/s2/s2_input.h"

static const char *const names[CS_FORM_N] = {
    [CS_FORM_OTHER] = "other",
    [CS_FORM_PUT] = "put",
    [CS_FORM_S2S] = "s2s",
    [CS_FORM_S2S_BATCH] = "s2s-batch",
    [CS_FORM_JSON] = "json",
    [CS_FORM_PROTO] = "proto",
    [CS_FORM_CLAIMS] = "claims",
    [CS_FORM_SNAPSHOT_URL] = "snapshot-url",
    [CS_FORM_OBJECT_PUT] = "object-put",
    [CS_FORM_OBJECT_GET] = "object-get",
    [CS_FORM_WAIT] = "wait",
    [CS_FORM_TOKEN_WAIT] = "token-wait",
    [CS_FORM_END_AND_CONTINUE] = "end-and-continue",
    [CS_FORM_CLOSE] = "close",
    [CS_FORM_SESSION_GET] = "session-get",
    [CS_FORM_IN] = "in",
    [CS_FORM_OUT] = "out",
    [CS_FORM_IN_RECORDS] = "in-records",
    [CS_FORM_OUT_RECORDS] = "out-records",
    [CS_FORM_CREATE] = "create",
    [CS_FORM_APPEND] = "append",
};

/* Routes whose form is settled by the route alone. */
static const struct {
    void (*run)(struct cs_call *call);
    enum cs_form form;
} routes[] = {
    {cs_route_jwt_claims, CS_FORM_CLAIMS},
    {cs_route_snapshot_url, CS_FORM_SNAPSHOT_URL},
    {cs_route_object_put, CS_FORM_OBJECT_PUT},
    {cs_route_object_get, CS_FORM_OBJECT_GET},
    {cs_route_run_wait, CS_FORM_WAIT},
    {cs_route_token_wait, CS_FORM_TOKEN_WAIT},
    {cs_route_session_end_and_continue, CS_FORM_END_AND_CONTINUE},
    {cs_route_session_close, CS_FORM_CLOSE},
    {cs_route_session_retrieve, CS_FORM_SESSION_GET},
    {cs_route_session_create, CS_FORM_CREATE},
    {cs_route_channel_put, CS_FORM_PUT},
    {cs_route_channel_append, CS_FORM_APPEND},
    {cs_route_channel_get, CS_FORM_IN},
    {cs_route_channel_records, CS_FORM_IN_RECORDS},
};

const char *cs_form_name(enum cs_form form)
{
    return names[form];
}

enum cs_form cs_form_find(struct cs_view name)
{
    for (int form = CS_FORM_OTHER + 1; form < CS_FORM_N; form++) {
        if (cs_view_eq(name, cs_view_str(names[form]))) {
            return (enum cs_form)form;
        }
    }
    return CS_FORM_OTHER;
}

static enum cs_form form_of_append(const struct cs_call *call, struct cs_buf *part)
{
    const struct cs_header *type = cs_request_header(call->request, "Content-Type");
    struct cs_view text = type ? type->value : (struct cs_view){0};
    if (cs_view_starts_with(text, CS_VIEW("s2s/proto"))) {
        return CS_FORM_S2S;
    }
    if (cs_view_starts_with(text, CS_VIEW("application/protobuf"))) {
        return CS_FORM_PROTO;
    }
    struct cs_s2_input input = {0};
    if (cs_s2_input_decode(call->request->body, false, &input, NULL) == CS_OK &&
        input.append.n_records > 0) {
        const struct cs_record *first = &input.records[0];
        struct cs_view control = cs_record_control(first);
        cs_buf_add(part, control.len > 0 ? control
                         : cs_record_kind_of(first->headers, first->n_headers) == CS_RECORD_COMMAND
                             ? first->headers[0].value
                             : CS_VIEW("data"));
    }
    cs_s2_input_free(&input);
    return CS_FORM_JSON;
}

enum cs_form cs_form_of(const struct cs_call *call, struct cs_buf *ret_part)
{
    if (!call->route) {
        return CS_FORM_OTHER;
    }
    if (call->route->run == cs_route_s2_append) {
        return form_of_append(call, ret_part);
    }
    enum cs_form form = CS_FORM_OTHER;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        form = call->route->run == routes[i].run ? routes[i].form : form;
    }
    bool is_out = call->io == CS_IO_OUT;
    switch (form) {
    case CS_FORM_PUT:
    case CS_FORM_APPEND:
        cs_buf_str(ret_part, cs_io_name(call->io));
        return form;
    case CS_FORM_SNAPSHOT_URL:
        cs_buf_str(ret_part, strcmp(call->method, "PUT") == 0 ? "put" : "get");
        return form;
    case CS_FORM_IN:
        cs_buf_add(ret_part, call->channel);
        return is_out ? CS_FORM_OUT : form;
    case CS_FORM_IN_RECORDS:
        return is_out ? CS_FORM_OUT_RECORDS : form;
    default:
        return form;
    }
}
