/* The kit's ear and mouth to the adapter: commands out, events in, questions answered. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/kit_internal.h"

#define WRITE_PATIENCE_MS 5000

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

/* ---- questions ---- */

static cJSON *start_value(struct ck *ck)
{
    cJSON *value = cJSON_CreateObject();
    if (!value || !cJSON_AddStringToObject(value, "publicAccessToken", ck_token(ck, "P1"))) {
        cJSON_Delete(value);
        return NULL;
    }
    return value;
}

/* A fresh token, or headers with it. */
static bool add_fresh(struct ck *ck, cJSON *reply, const char *token, bool in_headers)
{
    cJSON *headers = in_headers ? cJSON_AddObjectToObject(reply, "value") : NULL;
    const char *bearer = in_headers ? ck_text(ck, "Bearer %s", token) : token;
    return (headers || !in_headers) &&
           cJSON_AddStringToObject(in_headers ? headers : reply,
                                   in_headers ? "Authorization" : "value", bearer) != NULL;
}

static void answer(struct ck *ck, const cJSON *question)
{
    const char *kind = text_of(question, "kind");
    bool start = kind && strcmp(kind, "start") == 0;
    unsigned n = ++ck->n_asks[start ? CK_ASK_START : CK_ASK_TOKEN];
    cJSON *reply = cs_talk_command(&ck->talk, "answer");
    bool made = reply && cJSON_AddNumberToObject(reply, "ask", number_of(question, "ask"));
    if (made && start) {
        made = cJSON_AddItemToObject(reply, "value", start_value(ck));
    } else if (made && ck->refuse_tokens) {
        made = cJSON_AddStringToObject(reply, "error", "no token for you") != NULL;
    } else if (made) {
        char name[16];
        snprintf(name, sizeof name, "R%u", n);
        made = add_fresh(ck, reply, ck_token(ck, name), kind && strcmp(kind, "headers") == 0);
    }
    if (!made) {
        cJSON_Delete(reply);
        reply = NULL;
    }
    enum cs_err err = cs_talk_send(&ck->talk, reply);
    if (err != CS_OK) {
        ck->talk.lost = err;
    }
}

static void answer_questions(struct cs_talk *talk, const cJSON *event)
{
    if (strcmp(text_of(event, "event"), "ask") == 0) {
        answer((struct ck *)((char *)talk - offsetof(struct ck, talk)), event);
    }
}

void ck_refuse_tokens(struct ck *ck)
{
    ck->refuse_tokens = true;
}

/* ---- events ---- */

void ck_listen(struct ck *ck)
{
    ck->talk.on_event = answer_questions;
    if (cs_talk_listen(&ck->talk) != CS_OK) {
        cs_case_error(ck->run, "the adapter's output cannot be watched");
    }
}

const cJSON *ck_find_event(const struct ck *ck, const char *name)
{
    return cs_talk_named(&ck->talk, name, 0);
}

const cJSON *ck_event(const struct ck *ck, int command, const char *name, size_t n)
{
    return cs_talk_event(&ck->talk, command, name, n);
}

/* ---- commands ---- */

int ck_command(struct ck *ck, cJSON *command)
{
    const char *name = command ? text_of(command, "command") : NULL;
    if (!name || !cJSON_AddNumberToObject(command, "id", ++ck->talk.last_command)) {
        cJSON_Delete(command);
        ck_no_memory(ck);
    }
    if (!cs_adapter_offers(ck->talk.adapter, name)) {
        const char *kept = ck_text(ck, "%s", name);
        cJSON_Delete(command);
        cs_case_skip(ck->run, "the adapter does not offer the command \"%s\"", kept);
    }
    enum cs_err err = cs_talk_send(&ck->talk, command);
    if (err == CS_ERR_NO_MEMORY) {
        ck_no_memory(ck);
    }
    if (err != CS_OK) {
        ck->talk.lost = err;
        ck_adapter_lost(ck, "take a command");
    }
    return ck->talk.last_command;
}

/* Waits for whatever is still on its way up to the answer of this one, so that the next case starts
 * on a line of its own. Called when the case is over: nothing here may fail it. */
bool ck_reset(struct ck *ck)
{
    return cs_talk_ask(&ck->talk, "reset", "ok", cs_client_patience(ck->env)) != NULL;
}
