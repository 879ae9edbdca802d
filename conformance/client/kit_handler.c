/* The browser, the model and the agent around a head-start handler. */
#include "conformance/client/kit_handler.h"

void ck_handler_open(struct ck *ck, const char *model, const char *options)
{
    ck_open_kind(ck, "head-start",
                 ck_text(ck, "{\"model\":%s,\"options\":%s}", model, options ? options : "{}"));
}

int ck_handler_begin(struct ck *ck)
{
    return ck_begin(ck, "head-start",
                    ck_text(ck,
                            "{\"body\":{\"chatId\":\"%s\",\"trigger\":\"submit-message\","
                            "\"metadata\":{\"a\":1},\"headStartMessages\":" CK_HANDLER_HISTORY "}}",
                            ck_chat(ck)));
}

int ck_handler_platform(struct ck *ck, const char *model, const char *options)
{
    ck_platform_start(ck);
    ck_handler_open(ck, model, options);
    return ck_handler_begin(ck);
}

int ck_handler_plain(struct ck *ck)
{
    return ck_handler_platform(ck, "{\"text\":\"one\",\"chunks\":" CK_HANDLER_CHUNKS "}", NULL);
}

uint64_t ck_handler_agent(struct ck *ck, const char *first, const char *second)
{
    ck_platform_wait_reader(ck);
    if (first) {
        ck_platform_put_chunk(ck, first);
    }
    if (second) {
        ck_platform_put_chunk(ck, second);
    }
    return ck_platform_put_control(ck, "turn-complete");
}

const char *ck_handler_frame(struct ck *ck, int stream, size_t n)
{
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    const cJSON *event;
    for (size_t i = 0; (event = ck_said(ck, stream, "chunk", i)); i++) {
        const char *piece = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "chunk"));
        cs_buf_str(&text, piece ? piece : "");
    }
    const char *whole = ck_text(ck, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
    while (*whole) {
        const char *end = strstr(whole, "\n\n");
        size_t len = end ? (size_t)(end - whole) : strlen(whole);
        if (n-- == 0) {
            const char *prefix = "data: ";
            size_t skip = strncmp(whole, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
            return ck_text(ck, "%.*s", (int)(len - skip), whole + skip);
        }
        whole += len + (end ? 2 : 0);
    }
    return NULL;
}
