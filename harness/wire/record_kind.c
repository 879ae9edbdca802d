/* What a record is: its kind, its headers, its envelope. */
#include "wire/record.h"

#include "wire/json.h"

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
    size_t id_offset;
    bool has_data;
    bool has_id;
};

/* Reads the members of an object that is valid JSON to its end; the last duplicate wins. */
static void read_envelope(struct cs_json *json, struct envelope *envelope)
{
    struct cs_json_token token;

    while (cs_json_next(json, &token, NULL) == CS_JSON_KEY) {
        bool is_data = cs_json_is(&token, CS_VIEW("data"));
        bool is_id = cs_json_is(&token, CS_VIEW("id"));
        struct cs_view value = {NULL, 0};

        (void)cs_json_next(json, &token, NULL);
        (void)(cs_json_value_text(json, &token, &value, NULL) == CS_OK); /* valid, so it is */
        if (is_data) {
            envelope->has_data = true;
            envelope->data = value;
        } else if (is_id) {
            envelope->has_id = true;
            envelope->id_offset = token.offset;
            envelope->id = value;
        }
    }
}

enum cs_err cs_envelope_decode(struct cs_view body, struct cs_view *ret_data,
                               struct cs_view *ret_id, struct cs_diag *diag)
{
    struct envelope envelope = {.has_data = false};
    struct cs_json json;
    struct cs_json_token token;
    enum cs_err err = cs_json_check(body, diag);

    if (err) {
        return err;
    }
    cs_json_init(&json, body);
    if (cs_json_next(&json, &token, NULL) != CS_JSON_OBJECT) {
        return cs_fail(diag, CS_ERR_TYPE, token.offset, "an envelope must be an object");
    }
    read_envelope(&json, &envelope);
    if (!envelope.has_data || !envelope.has_id) {
        return cs_fail(diag, CS_ERR_MISSING, token.offset, "an envelope without %s",
                       envelope.has_data ? "id" : "data");
    }
    if (envelope.id.ptr[0] != '"') {
        return cs_fail(diag, CS_ERR_TYPE, envelope.id_offset, "an envelope's id must be a string");
    }
    *ret_data = envelope.data;
    *ret_id = cs_view_of(envelope.id.ptr + 1, envelope.id.len - 2);
    return CS_OK;
}
