#include "conformance/decode/vectors.h"

#include <stdio.h>

#include "conformance/decode/base64.h"
#include "embedded/cs_decode_vectors_json.h"
#include "wire/json.h"

#define TEXT_MAX ((size_t)32 * 1024 * 1024)

/* A stream is written as "stream", or as "base64" where a JSON string cannot hold it. */
static bool read_stream(struct cs_view json, struct cs_buf *stream)
{
    struct cs_view value;

    if (cs_json_get(json, CS_VIEW("base64"), &value) == CS_OK) {
        return value.len >= 2 && cs_base64_read(cs_view_of(value.ptr + 1, value.len - 2), stream);
    }
    return cs_json_get(json, CS_VIEW("stream"), &value) == CS_OK &&
           cs_json_string(value, stream) == CS_OK;
}

static enum cs_err read_vector(struct cs_view json, struct cs_buf *id, struct cs_buf *title,
                               struct cs_buf *stream, struct cs_vector *vector,
                               struct cs_diag *diag)
{
    struct cs_view value;

    if (cs_json_get(json, CS_VIEW("id"), &value) || cs_json_string(value, id)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "a vector without id");
    }
    (void)snprintf(vector->id, sizeof vector->id, "%.*s", CS_VIEW_ARG(cs_buf_view(id)));
    if (cs_json_get(json, CS_VIEW("title"), &value) || cs_json_string(value, title) ||
        cs_json_get(json, CS_VIEW("requirements"), &vector->requirements) ||
        cs_json_get(json, CS_VIEW("events"), &vector->events) || !read_stream(json, stream)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "vector %s lacks a member", vector->id);
    }
    vector->title = cs_buf_view(title);
    vector->stream = cs_buf_view(stream);
    if (cs_json_get(json, CS_VIEW("lenient"), &vector->lenient) != CS_OK) {
        vector->lenient = (struct cs_view){NULL, 0};
    }
    vector->departs = cs_json_get(json, CS_VIEW("departs"), &value) == CS_OK;
    return CS_OK;
}

enum cs_err cs_vectors_each(void (*each)(const struct cs_vector *vector, void *context),
                            void *context, struct cs_diag *diag)
{
    struct cs_view all =
        cs_view_of((const char *)cs_decode_vectors_json, cs_decode_vectors_json_len);
    struct cs_buf id = CS_BUF(TEXT_MAX);
    struct cs_buf title = CS_BUF(TEXT_MAX);
    struct cs_buf stream = CS_BUF(TEXT_MAX);
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view text;
    enum cs_err err = cs_json_check(all, diag);

    if (!err && cs_json_get(all, CS_VIEW("vectors"), &text)) {
        err = cs_fail(diag, CS_ERR_MISSING, 0, "no vectors");
    }
    if (!err) {
        cs_json_init(&json, text);
        (void)cs_json_next(&json, &token, NULL);
    }
    while (!err && cs_json_next(&json, &token, diag) == CS_JSON_OBJECT) {
        struct cs_vector vector = {.departs = false};

        cs_buf_clear(&id);
        cs_buf_clear(&title);
        cs_buf_clear(&stream);
        err = cs_json_value_text(&json, &token, &text, diag);
        err = err ? err : read_vector(text, &id, &title, &stream, &vector, diag);
        if (!err) {
            each(&vector, context);
        }
    }
    cs_buf_free(&id);
    cs_buf_free(&title);
    cs_buf_free(&stream);
    return err;
}
