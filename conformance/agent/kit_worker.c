/* The kit's ear and mouth to the worker: commands out, events in. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- events ---- */

void ak_listen(struct ak *ak, struct cs_adapter *worker)
{
    ak->talk.adapter = worker;
    if (cs_talk_listen(&ak->talk) != CS_OK) {
        cs_case_error(ak->run, "the worker's output cannot be watched");
    }
}

void ak_unlisten(struct ak *ak)
{
    cs_talk_unlisten(&ak->talk);
}

const cJSON *ak_event(const struct ak *ak, int command, const char *name, size_t n)
{
    return cs_talk_event(&ak->talk, command, name, n);
}

/* ---- commands ---- */

int ak_command(struct ak *ak, cJSON *command)
{
    const char *name = command ? text_of(command, "command") : NULL;
    if (!name || !cJSON_AddNumberToObject(command, "id", ++ak->talk.last_command)) {
        cJSON_Delete(command);
        ak_no_memory(ak);
    }
    ak_need_worker(ak);
    if (!cs_adapter_offers(ak->talk.adapter, name)) {
        const char *kept = ak_text(ak, "%s", name);
        cJSON_Delete(command);
        cs_case_skip(ak->run, "the worker does not offer the command \"%s\"", kept);
    }
    enum cs_err err = cs_talk_send(&ak->talk, command);
    if (err != CS_OK) {
        cs_case_error(ak->run, "the worker does not take a command: %s", cs_err_name(err));
    }
    return ak->talk.last_command;
}

void ak_join(struct ak *ak, cJSON *object, const char *extra)
{
    cJSON *more = extra ? ak_parse(ak, extra) : NULL;
    while (more && more->child) {
        cJSON *item = cJSON_DetachItemViaPointer(more, more->child);
        char *name = item->string;
        item->string = NULL;
        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
        cJSON_AddItemToObject(object, name, item);
        cJSON_free(name);
    }
    cJSON_Delete(more);
}

int ak_begin(struct ak *ak, const char *command, const char *members)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddStringToObject(object, "command", command)) {
        cJSON_Delete(object);
        ak_no_memory(ak);
    }
    ak_join(ak, object, members);
    return ak_command(ak, object);
}

static bool is_answered(struct ak *ak, const void *arg)
{
    int command = *(const int *)arg;
    return ak_event(ak, command, "done", 0) || ak_event(ak, command, "error", 0);
}

const char *ak_outcome(struct ak *ak, int command)
{
    ak_wait(ak, is_answered, &command, "answer command %d", command);
    const cJSON *done = ak_event(ak, command, "done", 0);
    if (done) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(done, "value");
        return value ? ak_print(ak, value) : "nothing";
    }
    const cJSON *error = ak_event(ak, command, "error", 0);
    const char *name = text_of(error, "name");
    const char *message = text_of(error, "message");
    return ak_text(ak, "an error: %s: %s", name ? name : "?", message ? message : "");
}

const char *ak_do(struct ak *ak, const char *command, const char *members)
{
    return ak_outcome(ak, ak_begin(ak, command, members));
}

const char *ak_sdk(struct ak *ak, const char *call, const char *args)
{
    const char *members = ak_text(ak, "{'call':'%s','url':'%s','secretKey':'%s','args':%s}", call,
                                  ak_url(ak), CS_ENDPOINT_SECRET_KEY, args ? args : "{}");
    return ak_do(ak, "sdk", members);
}

void ak_need_feature(struct ak *ak, const char *feature)
{
    ak_need_worker(ak);
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ak->talk.adapter->hello, "features"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, feature) == 0) {
            return;
        }
    }
    cs_case_skip(ak->run, "this version has no %s", feature);
}

#define PLAIN "plain"

const char *ak_own_agent(struct ak *ak)
{
    ak_need_worker(ak);
    const char *first = NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ak->talk.adapter->hello, "agents"))
    {
        const char *name = cJSON_GetStringValue(item);
        if (name && strcmp(name, PLAIN) == 0) {
            return PLAIN;
        }
        first = first ? first : name;
    }
    if (!first) {
        cs_case_skip(ak->run, "the module registers no agent");
    }
    return ak_text(ak, "%s", first);
}

/* ---- waking ---- */

static bool add_wake(cJSON *command, int run, const struct ak_waitpoint *waitpoint,
                     const char *output, bool is_error)
{
    return cJSON_AddNumberToObject(command, "run", run) &&
           cJSON_AddStringToObject(command, "waitpoint", waitpoint->id) &&
           cJSON_AddStringToObject(command, "output", output) &&
           cJSON_AddBoolToObject(command, "isError", is_error);
}

void ak_wake_worker(struct ak *ak, struct ak_waitpoint *waitpoint, const char *output,
                    bool is_error)
{
    const struct ak_run *run = NULL;
    for (size_t i = 0; i < ak->n_runs; i++) { /* the last attempt of that run */
        run = strcmp(ak->runs[i].id, waitpoint->run_id) == 0 ? &ak->runs[i] : run;
    }
    if (!run || run->gone || !ak->talk.adapter) {
        return; /* nobody to wake: its process is gone */
    }
    cJSON *command = cs_talk_command(&ak->talk, "wake");
    if (!command || !add_wake(command, run->command, waitpoint, output, is_error)) {
        cJSON_Delete(command);
        ak->no_memory = true;
        return;
    }
    waitpoint->woken = true;
    enum cs_err err = cs_talk_send(&ak->talk, command);
    ak->talk.lost = err == CS_OK ? ak->talk.lost : err;
}

/* ---- beginning and end of a process ---- */

void ak_need_worker(struct ak *ak)
{
    if (ak->talk.adapter) {
        return;
    }
    struct cs_adapter *worker;
    struct cs_diag diag;
    if (cs_adapter_start(ak->env, &worker, &diag) != CS_OK) {
        cs_case_error(ak->run, "a new worker does not start: %s", diag.text);
    }
    ak->own_worker = true;
    ak_listen(ak, worker);
}

void ak_kill(struct ak *ak)
{
    ak_unlisten(ak);
    cs_process_kill(ak->talk.adapter->process);
    if (ak->own_worker) {
        cs_adapter_end(ak->talk.adapter);
    }
    /* a slot's own worker is the runner's: it finds it gone and starts another for the next case */
    ak->talk.adapter = NULL;
    ak->talk.lost = CS_OK;
    for (size_t i = 0; i < ak->n_runs; i++) {
        ak->runs[i].gone = true;
    }
    cs_case_evidence(ak->run, "note", "the worker's process was killed", CS_VIEW(""));
}

/* Called when the case is over: nothing here may fail it. */
bool ak_reset(struct ak *ak)
{
    const cJSON *done = cs_talk_ask(&ak->talk, "reset", "done", ak_patience(ak));
    return cJSON_IsTrue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(done, "value"), "clean"));
}
