/* What a record is: its kind, its headers, its envelope. */
#include "wire/record.h"

#include "wire/json_shape.h"

static const struct cs_header *find_header(const struct cs_header *headers, size_t n_headers,
                                           struct cs_view name)
{
    for (size_t i = 0; i < n_headers; i++) {
        if (cs_view_eq(headers[i].name, name)) {
            return &headers[i];
        }
    }
    return NULL;
}

enum cs_record_kind cs_record_kind_of(const struct cs_header *headers, size_t n_headers)
{
    if (n_headers > 0 && headers[0].name.len == 0) {
        return CS_RECORD_COMMAND;
    }
    if (find_header(headers, n_headers, CS_VIEW("trigger-control"))) {
        return CS_RECORD_CONTROL;
    }
    return CS_RECORD_DATA;
}

const struct cs_header *cs_record_header(const struct cs_record *record, const char *name)
{
    return find_header(record->headers, record->n_headers, cs_view_str(name));
}

struct cs_view cs_record_control(const struct cs_record *record)
{
    const struct cs_header *control = NULL;

    if (record->kind == CS_RECORD_CONTROL) {
        control = cs_record_header(record, "trigger-control");
    }
    return control ? control->value : (struct cs_view){NULL, 0};
}

const char *cs_record_kind_name(enum cs_record_kind kind)
{
    switch (kind) {
    case CS_RECORD_DATA:
        return "data";
    case CS_RECORD_CONTROL:
        return "control";
    case CS_RECORD_COMMAND:
        return "command";
    }
    return "(not a kind)";
}

struct envelope {
    struct cs_view data;
    struct cs_view id;
    size_t offset; /* of the value that should be an object */
    size_t id_offset;
    bool has_data;
    bool has_id;
};

/* One member, its key being the current token; the last duplicate wins. */
static enum cs_err read_member(struct cs_json *json, struct cs_json_token *token,
                               struct envelope *envelope, struct cs_diag *diag)
{
    bool is_data = cs_json_is(token, CS_VIEW("data"));
    bool is_id = cs_json_is(token, CS_VIEW("id"));
    struct cs_view value = {NULL, 0};

    if (cs_json_next(json, token, diag) == CS_JSON_ERROR ||
        cs_json_value_text(json, token, &value, diag)) {
        return CS_ERR_SYNTAX;
    }
    if (is_data) {
        envelope->has_data = true;
        envelope->data = value;
    } else if (is_id) {
        envelope->has_id = true;
        envelope->id_offset = token->offset;
        envelope->id = value;
    }
    return CS_OK;
}

static void begin(struct cs_json *json, struct cs_view body, bool is_utf8)
{
    if (is_utf8) {
        cs_json_init_utf8(json, body);
    } else {
        cs_json_init(json, body);
    }
}

/* Grammar is judged before content: reads to the end of the text, whatever it is. Of a text that is
 * no object nothing but that is told. */
static enum cs_err read_envelope(struct cs_json *json, struct envelope *envelope,
                                 bool *ret_is_object, struct cs_diag *diag)
{
    struct cs_diag fault; /* its text is written with its code */
    struct cs_json_token token;
    struct cs_view ignored;
    enum cs_json_type type;

    fault.code = CS_OK;
    type = cs_json_next(json, &token, &fault);
    envelope->offset = token.offset;
    *ret_is_object = type == CS_JSON_OBJECT;
    if (*ret_is_object) {
        while (cs_json_next(json, &token, &fault) == CS_JSON_KEY &&
               read_member(json, &token, envelope, &fault) == CS_OK) {
        }
    } else if (type != CS_JSON_ERROR) {
        (void)(cs_json_value_text(json, &token, &ignored, &fault) == CS_OK);
    }
    if (!fault.code) {
        (void)cs_json_next(json, &token, &fault);
    }
    return fault.code ? cs_fail(diag, fault.code, fault.offset, "%s", fault.text) : CS_OK;
}

/* An envelope as it is mostly written: its two members in their order, and no spaces. */
static bool usual_envelope(struct cs_json *json, struct cs_view *ret_data, struct cs_view *ret_id)
{
    struct cs_diag ignored;
    struct cs_json_token token;
    size_t start_of_data;

    if (!cs_json_pass(json, CS_VIEW("{\"data\":"))) {
        return false;
    }
    start_of_data = json->pos;
    if (cs_json_pass_flat_object(json)) {
        *ret_data = cs_view_of(json->text.ptr + start_of_data, json->pos - start_of_data);
    } else {
        cs_json_enter_object(json);
        if (cs_json_next(json, &token, &ignored) == CS_JSON_ERROR ||
            cs_json_value_text(json, &token, ret_data, &ignored)) {
            return false;
        }
    }
    if (!cs_json_pass(json, CS_VIEW(",\"id\":\"")) || !cs_json_pass_string(json, &token) ||
        !cs_json_pass(json, CS_VIEW("}"))) {
        return false;
    }
    *ret_id = token.raw;
    return json->pos == json->text.len;
}

static enum cs_err decode_envelope(struct cs_json *json, struct cs_view *ret_data,
                                   struct cs_view *ret_id, struct cs_diag *diag)
{
    struct envelope envelope = {.has_data = false};
    struct cs_view data;
    struct cs_view id;
    bool is_object = false;
    enum cs_err err;

    if (usual_envelope(json, &data, &id)) {
        *ret_data = data;
        *ret_id = id;
        return CS_OK;
    }
    begin(json, json->text, json->is_utf8);
    err = read_envelope(json, &envelope, &is_object, diag);

    if (err) {
        return err;
    }
    if (!is_object) {
        return cs_fail(diag, CS_ERR_TYPE, envelope.offset, "an envelope must be an object");
    }
    if (!envelope.has_data || !envelope.has_id) {
        return cs_fail(diag, CS_ERR_MISSING, envelope.offset, "an envelope without %s",
                       envelope.has_data ? "id" : "data");
    }
    if (envelope.id.ptr[0] != '"') {
        return cs_fail(diag, CS_ERR_TYPE, envelope.id_offset, "an envelope's id must be a string");
    }
    *ret_data = envelope.data;
    *ret_id = cs_view_of(envelope.id.ptr + 1, envelope.id.len - 2);
    return CS_OK;
}

enum cs_err cs_envelope_decode(struct cs_view body, struct cs_view *ret_data,
                               struct cs_view *ret_id, struct cs_diag *diag)
{
    struct cs_json json;

    cs_json_init(&json, body);
    return decode_envelope(&json, ret_data, ret_id, diag);
}

enum cs_err cs_envelope_decode_utf8(struct cs_view body, struct cs_view *ret_data,
                                    struct cs_view *ret_id, struct cs_diag *diag)
{
    struct cs_json json;

    cs_json_init_utf8(&json, body);
    return decode_envelope(&json, ret_data, ret_id, diag);
}
