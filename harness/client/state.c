/* The state that outlives the program: our own document, so cJSON writes and reads it. */
#include "client/chat_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

static bool add_seq(cJSON *object, const char *name, const struct seq *seq, bool quoted)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, seq->number);
    if (!seq->known) {
        return true;
    }
    /* Raw: cJSON would write a large number as a rounded one. */
    return quoted ? cJSON_AddStringToObject(object, name, text) != NULL
                  : cJSON_AddRawToObject(object, name, text) != NULL;
}

char *cs_chat_export(const struct cs_chat *chat)
{
    cJSON *state = cJSON_CreateObject();
    bool whole = state && cJSON_AddBoolToObject(state, "isStreaming", chat->streaming) &&
                 add_seq(state, "lastEventId", &chat->cursor, true) &&
                 add_seq(state, "activeInputSeq", &chat->active_seq, false);
    if (whole && chat->token && chat->policy.show_token) {
        whole = cJSON_AddStringToObject(state, "publicAccessToken", chat->token) != NULL;
    }
    if (whole && chat->closed) {
        whole = cJSON_AddTrueToObject(state, "closed") != NULL;
    }
    if (whole && chat->closed_reason) {
        whole = cJSON_AddStringToObject(state, "closedReason", chat->closed_reason) != NULL;
    }
    char *text = whole ? cJSON_PrintUnformatted(state) : NULL;
    cJSON_Delete(state);
    return text; /* cJSON's allocator is malloc: the caller's free is right */
}

/* A member that is absent or null is left alone; one of another type is an error. */
static enum cs_err get_string(const cJSON *state, const char *name, const char **ret_text)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(state, name);
    if (!item || cJSON_IsNull(item)) {
        return CS_OK;
    }
    if (!cJSON_IsString(item)) {
        return CS_ERR_TYPE;
    }
    *ret_text = item->valuestring;
    return CS_OK;
}

static enum cs_err get_bool(const cJSON *state, const char *name, bool *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(state, name);
    if (!item || cJSON_IsNull(item)) {
        return CS_OK;
    }
    if (!cJSON_IsBool(item)) {
        return CS_ERR_TYPE;
    }
    *ret_value = cJSON_IsTrue(item);
    return CS_OK;
}

static enum cs_err get_seq(const cJSON *state, const char *name, struct seq *ret_seq)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(state, name);
    const double exact = 9007199254740992.0; /* 2^53: above it cJSON's doubles have gaps */
    if (!item || cJSON_IsNull(item)) {
        return CS_OK;
    }
    if (cJSON_IsString(item)) {
        ret_seq->known = true;
        return cs_view_u64(cs_view_str(item->valuestring), &ret_seq->number) ? CS_ERR_TYPE : CS_OK;
    }
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble < exact)) {
        return CS_ERR_TYPE;
    }
    *ret_seq = (struct seq){true, (uint64_t)item->valuedouble};
    return (double)ret_seq->number == item->valuedouble ? CS_OK : CS_ERR_TYPE;
}

static enum cs_err take(struct cs_chat *chat, const cJSON *state)
{
    const char *token = NULL;
    const char *reason = NULL;
    bool streaming = true;
    bool closed = false;
    struct seq cursor = {0};
    struct seq active = {0};
    if (!cJSON_IsObject(state) || get_string(state, "publicAccessToken", &token) ||
        get_string(state, "closedReason", &reason) || get_bool(state, "isStreaming", &streaming) ||
        get_bool(state, "closed", &closed) || get_seq(state, "lastEventId", &cursor) ||
        get_seq(state, "activeInputSeq", &active) ||
        (token && !cs_chat_token_fits(cs_view_str(token)))) {
        return CS_ERR_TYPE;
    }
    char *own_token = token ? strdup(token) : NULL;
    char *own_reason = reason ? strdup(reason) : NULL;
    if ((token && !own_token) || (reason && !own_reason)) {
        free(own_token);
        free(own_reason);
        return CS_ERR_NO_MEMORY;
    }
    free(chat->token);
    free(chat->closed_reason);
    chat->token = own_token;
    chat->closed_reason = own_reason;
    chat->streaming = streaming && !closed;
    chat->closed = closed;
    chat->cursor = cursor;
    chat->active_seq = active;
    chat->gate = false;
    return CS_OK;
}

enum cs_err cs_chat_import(struct cs_chat *chat, const char *state_json)
{
    cJSON *state = cJSON_ParseWithOpts(state_json, NULL, true);
    if (!state) {
        return CS_ERR_SYNTAX;
    }
    enum cs_err err = take(chat, state);
    cJSON_Delete(state);
    return err;
}
