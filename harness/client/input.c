/* The bodies that a client sends. Texts and JSON values of the caller go out as they are: they are
 * written here and not by a JSON library, which would cut strings at NUL and round numbers. */
#include "client/chat_impl.h"

#include <stdio.h>
#include <sys/random.h>

#include "wire/json.h"

#define MAX_TAG_LEN ((size_t)128)

void cs_uuid(char ret_text[CHAT_UUID_SIZE])
{
    unsigned char b[16];
    size_t got = 0;
    while (got < sizeof b) {
        ssize_t n = getrandom(b + got, sizeof b - got, 0);
        got += n > 0 ? (size_t)n : 0; /* interrupted: again */
    }
    b[6] = (unsigned char)(0x40 | (b[6] & 0x0f));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    snprintf(ret_text, CHAT_UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

static void put_string(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, text);
    cs_buf_char(out, '"');
}

/* `"chatId":...,"trigger":...` and, when there is client data, `,"metadata":...` */
static void put_common(struct cs_buf *out, const struct cs_chat *chat, const char *trigger)
{
    cs_buf_str(out, "\"chatId\":");
    put_string(out, cs_view_str(chat->chat_id));
    cs_buf_str(out, ",\"trigger\":");
    put_string(out, cs_view_str(trigger));
    if (chat->client_data) {
        cs_buf_str(out, ",\"metadata\":");
        cs_buf_str(out, chat->client_data);
    }
}

void cs_input_create(struct cs_buf *out, const struct cs_chat *chat)
{
    cs_buf_str(out, "{\"type\":\"chat.agent\",\"externalId\":");
    put_string(out, cs_view_str(chat->chat_id));
    cs_buf_str(out, ",\"taskIdentifier\":");
    put_string(out, cs_view_str(chat->task));
    cs_buf_str(out, ",\"triggerConfig\":{");
    if (strlen("chat:") + strlen(chat->chat_id) <= MAX_TAG_LEN) { /* SES-31 */
        cs_buf_str(out, "\"tags\":[\"chat:");
        cs_json_escape(out, cs_view_str(chat->chat_id));
        cs_buf_str(out, "\"],");
    }
    cs_buf_str(out, "\"basePayload\":{"); /* CAP-86, CAP-87 */
    if (chat->policy.create_other_chat) {
        cs_buf_str(out, "\"chatId\":\"another\",\"trigger\":\"preload\"");
    } else {
        put_common(out, chat, chat->policy.create_odd_trigger ? "start" : "preload");
    }
    cs_buf_str(out, "}}}");
}

/* CAP-17, CAP-25, CAP-26: the payload and nothing about runs or earlier messages in it. */
void cs_input_message(struct cs_buf *out, const struct cs_chat *chat, const char *trigger,
                      const char *extra, struct cs_view value)
{
    bool in_array = extra && strcmp(extra, "message") == 0 && chat->policy.message_in_array;
    cs_buf_str(out, "{\"kind\":\"message\",\"payload\":{");
    if (extra) {
        put_string(out, cs_view_str(in_array ? "messages" : extra));
        cs_buf_str(out, in_array ? ":[" : ":");
        cs_buf_add(out, value);
        cs_buf_str(out, in_array ? "]," : ",");
    }
    put_common(out, chat, trigger);
    if (chat->policy.ship_head_start) {
        cs_buf_str(out, ",\"headStartMessages\":[]");
    }
    if (chat->policy.ship_continuation) {
        cs_buf_str(out, ",\"continuation\":true,\"previousRunId\":\"run_x\"");
    }
    cs_buf_str(out, "}}");
}

void cs_input_stop(struct cs_buf *out, const struct cs_chat *chat, const char *reason)
{
    cs_buf_str(out, "{\"kind\":\"stop\""); /* CAP-29 */
    if (reason) {
        cs_buf_str(out, ",\"message\":");
        put_string(out, cs_view_str(reason));
    }
    if (chat->policy.stop_reason_object) {
        cs_buf_str(out, ",\"message\":{}");
    }
    if (chat->policy.stop_with_payload) {
        cs_buf_str(out, ",\"payload\":{");
        put_common(out, chat, "submit-message");
        cs_buf_char(out, '}');
    }
    cs_buf_char(out, '}');
}

void cs_input_user_message(struct cs_buf *out, const char *text)
{
    char id[CHAT_UUID_SIZE];
    cs_uuid(id);
    cs_buf_printf(out,
                  "{\"id\":\"%s\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":", id);
    put_string(out, cs_view_str(text));
    cs_buf_str(out, "}]}");
}
