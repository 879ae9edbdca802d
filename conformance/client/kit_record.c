/* Facts about a client as text, and the record that they are compared with. */
#include <stdlib.h>

#include "conformance/client/kit_internal.h"

const struct cs_scripted *ck_server(const struct ck *ck)
{
    return ck->server;
}

unsigned ck_asks(const struct ck *ck, const char *kind)
{
    return ck->n_asks[strcmp(kind, "start") == 0 ? CK_ASK_START : CK_ASK_TOKEN];
}

const char *ck_asked(struct ck *ck, const char *kind, const char *parameter)
{
    for (size_t i = 0; i < ck->talk.n_events; i++) {
        const cJSON *its = cJSON_GetObjectItemCaseSensitive(ck->talk.events[i], "kind");
        const cJSON *params = cJSON_GetObjectItemCaseSensitive(ck->talk.events[i], "params");
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, parameter);
        if (value && cJSON_IsString(its) && strcmp(its->valuestring, kind) == 0) {
            return ck_print(ck, value);
        }
    }
    return "nothing";
}

const char *ck_state(struct ck *ck, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ck_session(ck), name);
    const char *text = cJSON_GetStringValue(value);
    const char *token = text ? ck_token_name(ck, cs_view_str(text)) : NULL;
    if (token) {
        return token;
    }
    return text ? ck_text(ck, "%s", text) : value ? ck_print(ck, value) : "nothing";
}

const char *ck_header(struct ck *ck, const struct cs_logged *request, const char *name)
{
    const struct cs_header *header = cs_logged_header(request, name);
    return header ? ck_keep(ck, header->value) : "none";
}

const char *ck_body(struct ck *ck, const struct cs_logged *request, const char *path)
{
    cJSON *body = cJSON_ParseWithLength(request->body.ptr, request->body.len);
    const cJSON *value = body ? ck_at_path(body, path) : NULL;
    const char *text = value ? ck_print(ck, value) : "nothing";
    cJSON_Delete(body);
    return text;
}

const char *ck_error_text(struct ck *ck, const cJSON *error)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "name"));
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(error, "status");
    const char *text = ck_text(ck, "%s", name ? name : "?");
    if (cJSON_IsNumber(status)) {
        text = ck_text(ck, "%s %d", text, status->valueint);
    }
    return code ? ck_text(ck, "%s %s", text, code) : text;
}

const cJSON *ck_life_event(const struct ck *ck, const char *type, size_t n)
{
    for (size_t i = 0; i < ck->talk.n_events; i++) {
        const cJSON *event = ck->talk.events[i];
        const cJSON *content = cJSON_GetObjectItemCaseSensitive(event, "content");
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));
        const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(content, "type"));
        if (name && its && strcmp(name, "event") == 0 && strcmp(its, type) == 0 && n-- == 0) {
            return content;
        }
    }
    return NULL;
}

size_t ck_count_events(const struct ck *ck, const char *type)
{
    size_t n = 0;
    while (ck_life_event(ck, type, n)) {
        n++;
    }
    return n;
}

void ck_record(struct ck *ck, const char *name, const char *recorded, const char *fmt, ...)
{
    struct cs_buf text = CS_BUF(CK_MAX_TEXT);
    va_list args;
    va_start(args, fmt);
    cs_buf_vprintf(&text, fmt, args);
    va_end(args);
    const char *value = ck_keep(ck, cs_buf_view(&text));
    cs_buf_free(&text);
    if (cs_case_published(ck->run)) {
        cs_case_observe_as(ck->run, name, recorded, "%s", value);
    } else {
        cs_case_observe(ck->run, name, "%s", value);
    }
}

void ck_record_flag(struct ck *ck, const char *name, const char *fact, bool value)
{
    bool recorded = cs_case_published(ck->run) && cs_case_fact(ck->run, fact) != 0;
    ck_record(ck, name, recorded ? "yes" : "no", "%s", value ? "yes" : "no");
}

const cJSON *ck_said(const struct ck *ck, int command, const char *event, size_t n)
{
    return ck_event(ck, command, event, n);
}

bool ck_said_before(const struct ck *ck, int command, const char *event, const char *other)
{
    const cJSON *first = ck_event(ck, command, event, 0);
    const cJSON *second = ck_event(ck, command, other, 0);
    for (size_t i = 0; i < ck->talk.n_events; i++) {
        if (ck->talk.events[i] == first || ck->talk.events[i] == second) {
            return ck->talk.events[i] == first;
        }
    }
    return false;
}

const char *ck_ending(struct ck *ck, int command)
{
    return ck_wait_over(ck, command) ? "well" : "with an error";
}

unsigned long long ck_count(const struct ck *ck, enum cs_target target)
{
    return cs_scripted_count_of(ck->server, target);
}
