#include "endpoint/s2/s2_query.h"

#include "net/http_request.h"

static const char *const names[CS_S2_N_PARAMS] = {
    "seq_num", "timestamp", "tail_offset", "count", "bytes", "until", "wait", "clamp",
};

static bool read_bool(struct cs_view text, uint64_t *ret_value)
{
    *ret_value = cs_view_eq(text, CS_VIEW("true"));
    return *ret_value || cs_view_eq(text, CS_VIEW("false"));
}

/* Digits, with a plus sign before them or not. */
static bool read_number(struct cs_view text, uint64_t max, uint64_t *ret_value)
{
    size_t sign = text.len > 0 && text.ptr[0] == '+';
    struct cs_view digits = {text.len > 0 ? text.ptr + sign : text.ptr, text.len - sign};
    return cs_view_u64(digits, ret_value) == CS_OK && *ret_value <= max;
}

static bool read_value(enum cs_s2_param param, struct cs_view text, uint64_t *ret_value)
{
    if (param == CS_S2_CLAMP) {
        return read_bool(text, ret_value);
    }
    return read_number(text, param == CS_S2_WAIT ? UINT32_MAX : UINT64_MAX, ret_value);
}

/* One "name=value" of the query. */
static enum cs_err read_pair(struct cs_view pair, struct cs_s2_query *query, struct cs_diag *diag)
{
    for (int i = 0; i < CS_S2_N_PARAMS; i++) {
        struct cs_buf value = CS_BUF(pair.len + 1);
        bool found = cs_query_get(pair, names[i], true, &value);
        bool good = !query->has[i] &&
                    read_value((enum cs_s2_param)i, cs_buf_view(&value), &query->value[i]);
        enum cs_err err = cs_buf_error(&value);
        cs_buf_free(&value);
        if (err == CS_ERR_NO_MEMORY) {
            return cs_fail(diag, err, 0, "out of memory");
        }
        if (found && !good) {
            return cs_fail(diag, CS_ERR_SYNTAX, 0, "%s cannot be read", names[i]);
        }
        query->has[i] |= found;
    }
    return CS_OK;
}

enum cs_err cs_s2_query_read(struct cs_view text, struct cs_s2_query *ret_query,
                             struct cs_diag *diag)
{
    struct cs_s2_query query = {0};
    while (text.len > 0) {
        size_t end = cs_view_find(text, CS_VIEW("&"));
        size_t len = end == SIZE_MAX ? text.len : end;
        enum cs_err err = read_pair(cs_view_of(text.ptr, len), &query, diag);
        if (err != CS_OK) {
            return err;
        }
        size_t used = end == SIZE_MAX ? len : len + 1;
        text = cs_view_of(text.ptr + used, text.len - used);
    }
    for (int i = 0; i < CS_S2_N_PARAMS; i++) {
        query.value[i] = query.has[i] ? query.value[i] : 0;
    }
    *ret_query = query;
    return CS_OK;
}
