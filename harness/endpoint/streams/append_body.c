#include "endpoint/streams/append_body.h"

#include "wire/append.h"
#include "wire/json.h"
#include "wire/utf8.h"

void cs_append_decode(struct cs_view bytes, struct cs_buf *out)
{
    struct cs_utf8 utf8 = {0};
    cs_utf8_feed(&utf8, bytes, out);
    cs_utf8_finish(&utf8, out);
}

void cs_append_decode_header(struct cs_view bytes, struct cs_buf *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        cs_utf8_put(out, (unsigned char)bytes.ptr[i]);
    }
}

/* The part of the text that the policy stores; all of it, unless a fault is switched on. */
static struct cs_view stored_part(const struct cs_policy *policy, struct cs_view text)
{
    struct cs_view data;
    if (policy->append_unwraps_data && cs_json_check(text, NULL) == CS_OK &&
        cs_json_get(text, CS_VIEW("data"), &data) == CS_OK) {
        text = data;
    }
    if (policy->append_max_stored > 0 && text.len > (size_t)policy->append_max_stored) {
        text.len = cs_utf8_valid_prefix(cs_view_of(text.ptr, (size_t)policy->append_max_stored));
    }
    return text;
}

static bool is_plain(const struct cs_policy *policy)
{
    return !policy->append_renames_data && !policy->append_data_as_json &&
           !policy->append_id_as_number;
}

void cs_append_envelope(const struct cs_policy *policy, struct cs_view text, struct cs_view part_id,
                        struct cs_buf *out)
{
    text = stored_part(policy, text);
    if (is_plain(policy)) {
        cs_append_wrap(out, text, part_id);
        return;
    }
    cs_buf_str(out, policy->append_renames_data ? "{\"text\":" : "{\"data\":");
    if (policy->append_data_as_json && cs_json_check(text, NULL) == CS_OK) {
        cs_buf_add(out, text);
    } else {
        cs_buf_char(out, '"');
        cs_json_escape(out, text);
        cs_buf_char(out, '"');
    }
    if (policy->append_id_as_number) {
        cs_buf_printf(out, ",\"id\":%zu", text.len);
    } else {
        cs_buf_str(out, ",\"id\":\"");
        cs_json_escape(out, part_id);
        cs_buf_char(out, '"');
    }
    cs_buf_char(out, '}');
}

size_t cs_append_weight(const struct cs_policy *policy, struct cs_view text, struct cs_view part_id)
{
    if (policy->append_meter_escaped) {
        return cs_append_metered(text, part_id);
    }
    return cs_append_metered((struct cs_view){0}, part_id) + text.len;
}
