#include "endpoint/agent/agent_input.h"

#include "wire/json.h"
#include "wire/record.h"

#define TEXT_MAX ((size_t)4 << 20)

void cs_agent_input_free(struct cs_agent_input *input)
{
    cs_buf_free(&input->text);
    cs_buf_free(&input->tool_call_id);
}

/* Is member `key` of the object a string equal to `expected`? */
static bool member_is(struct cs_view object, const char *key, const char *expected)
{
    struct cs_view value;
    struct cs_json json;
    struct cs_json_token token;
    if (cs_json_get(object, cs_view_str(key), &value) != CS_OK) {
        return false;
    }
    cs_json_init(&json, value);
    return cs_json_next(&json, &token, NULL) == CS_JSON_STRING &&
           cs_json_is(&token, cs_view_str(expected));
}

static bool member_string(struct cs_view object, const char *key, struct cs_buf *out)
{
    struct cs_view value;
    return cs_json_get(object, cs_view_str(key), &value) == CS_OK &&
           cs_json_string(value, out) == CS_OK;
}

/* An answer to a tool call, or to a request for approval (CAP-30 to CAP-32 on the client's side).
 */
static void read_tool_part(struct cs_view part, struct cs_agent_input *input)
{
    struct cs_view approval;
    if (!member_string(part, "toolCallId", &input->tool_call_id)) {
        return;
    }
    input->ask = CS_ASK_RESULT;
    if (cs_json_get(part, CS_VIEW("approval"), &approval) == CS_OK) {
        struct cs_view approved;
        bool answered = cs_json_get(approval, CS_VIEW("approved"), &approved) == CS_OK;
        input->denied = answered && cs_view_eq(approved, CS_VIEW("false"));
        input->approved = answered && cs_view_eq(approved, CS_VIEW("true"));
    }
}

static void read_message(struct cs_view message, struct cs_agent_input *input)
{
    bool from_user = member_is(message, "role", "user");
    struct cs_view parts;
    struct cs_json json;
    struct cs_json_token token;
    if (cs_json_get(message, CS_VIEW("parts"), &parts) != CS_OK) {
        return;
    }
    cs_json_init(&json, parts);
    if (cs_json_next(&json, &token, NULL) != CS_JSON_ARRAY) {
        return;
    }
    if (from_user) {
        input->ask = CS_ASK_ANSWER;
    }
    while (cs_json_next(&json, &token, NULL) != CS_JSON_ARRAY_END) {
        struct cs_view part;
        if (token.type == CS_JSON_ERROR || token.type == CS_JSON_END ||
            cs_json_value_text(&json, &token, &part, NULL) != CS_OK) {
            return;
        }
        if (!from_user) {
            read_tool_part(part, input);
        } else if (member_is(part, "type", "text")) {
            (void)member_string(part, "text", &input->text);
        }
    }
}

void cs_agent_payload_read(struct cs_view payload, struct cs_agent_input *ret_input)
{
    static const struct {
        const char *trigger;
        enum cs_ask ask;
    } plain[] = {
        {"regenerate-message", CS_ASK_REGENERATE},
        {"action", CS_ASK_ACTION},
        {"close", CS_ASK_CLOSE},
        {"preload", CS_ASK_NOTHING},
        {"handover-prepare", CS_ASK_NOTHING},
    };
    *ret_input =
        (struct cs_agent_input){.text = CS_BUF(TEXT_MAX), .tool_call_id = CS_BUF(TEXT_MAX)};
    struct cs_view message;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (member_is(payload, "trigger", plain[i].trigger)) {
            ret_input->ask = plain[i].ask;
            return;
        }
    }
    if (cs_json_get(payload, CS_VIEW("message"), &message) == CS_OK) {
        read_message(message, ret_input);
    }
}

void cs_agent_input_read(struct cs_view record_body, struct cs_agent_input *ret_input)
{
    *ret_input = (struct cs_agent_input){0};
    struct cs_view data;
    struct cs_view id;
    struct cs_view payload;
    struct cs_buf text = CS_BUF(TEXT_MAX);
    if (cs_envelope_decode(record_body, &data, &id, NULL) == CS_OK &&
        cs_json_string(data, &text) == CS_OK && cs_json_check(cs_buf_view(&text), NULL) == CS_OK) {
        struct cs_view message = cs_buf_view(&text);
        if (member_is(message, "kind", "stop")) {
            ret_input->ask = CS_ASK_STOP;
        } else if (member_is(message, "kind", "message") &&
                   cs_json_get(message, CS_VIEW("payload"), &payload) == CS_OK) {
            cs_agent_payload_read(payload, ret_input);
        }
    }
    cs_buf_free(&text);
}
