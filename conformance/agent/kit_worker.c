/* The kit's ear and mouth to the worker: commands out, events in. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "conformance/agent/kit_internal.h"
#include "net/http_client.h"

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

/* Writes one JSON object as a line; it is freed. */
static enum cs_err write_json(struct ak *ak, cJSON *object)
{
    char *line = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!line) {
        return CS_ERR_NO_MEMORY;
    }
    enum cs_err err =
        cs_process_write_line(ak->worker->process, cs_view_str(line), WRITE_PATIENCE_MS);
    if (!ak->over) {
        cs_case_evidence(ak->run, "sent", "to the worker", cs_view_str(line));
    }
    cJSON_free(line);
    return err;
}

/* ---- events ---- */

static enum cs_err add_event(struct ak *ak, struct cs_view line)
{
    ak->n_bytes += line.len;
    if (ak->n_bytes > AK_MAX_HEARD) {
        return CS_ERR_LIMIT;
    }
    size_t n_replaced;
    cJSON *event = ck_parse_line(line, &n_replaced);
    if (!text_of(event, "event")) {
        cJSON_Delete(event);
        return CS_ERR_SYNTAX;
    }
    if (!ak_push(&ak->events, event, AK_MAX_EVENTS)) {
        cJSON_Delete(event);
        return CS_ERR_LIMIT;
    }
    return CS_OK;
}

/* Inside the loop nothing may leave by a jump: what is wrong is noted and told by who waits. */
static void readable(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct ak *ak = (struct ak *)((char *)watch - offsetof(struct ak, out));
    while (ak->lost == CS_OK) {
        struct cs_view line;
        ak->lost = cs_process_poll_line(ak->worker->process, &line);
        if (ak->lost == CS_OK && !line.ptr) {
            break;
        }
        if (ak->lost == CS_OK && !ak->over) {
            cs_case_evidence(ak->run, "received", "from the worker", line);
        }
        if (ak->lost == CS_OK) {
            ak->lost = add_event(ak, line);
        }
    }
    if (ak->lost != CS_OK) {
        ak_unlisten(ak);
    }
    cs_loop_stop(ak->loop);
}

void ak_listen(struct ak *ak)
{
    ak->out = (struct cs_watch){
        .fd = cs_process_out(ak->worker->process), .events = EPOLLIN, .ready = readable};
    if (cs_watch_add(ak->loop, &ak->out) != CS_OK) {
        cs_case_error(ak->run, "the worker's output cannot be watched");
    }
    ak->watching = true;
}

void ak_unlisten(struct ak *ak)
{
    if (ak->watching) {
        cs_watch_remove(ak->loop, &ak->out);
        ak->watching = false;
    }
}

const cJSON *ak_event(const struct ak *ak, int command, const char *name, size_t n)
{
    for (size_t i = 0; i < ak->events.n; i++) {
        const cJSON *event = ((cJSON **)ak->events.items)[i];
        if (number_of(event, "id") == command && strcmp(text_of(event, "event"), name) == 0 &&
            n-- == 0) {
            return event;
        }
    }
    return NULL;
}

/* ---- commands ---- */

int ak_command(struct ak *ak, cJSON *command)
{
    const char *name = command ? text_of(command, "command") : NULL;
    if (!name || !cJSON_AddNumberToObject(command, "id", ++ak->next_command)) {
        cJSON_Delete(command);
        ak_no_memory(ak);
    }
    ak_need_worker(ak);
    if (!cs_adapter_offers(ak->worker, name)) {
        const char *kept = ak_text(ak, "%s", name);
        cJSON_Delete(command);
        cs_case_skip(ak->run, "the worker does not offer the command \"%s\"", kept);
    }
    enum cs_err err = write_json(ak, command);
    if (err != CS_OK) {
        cs_case_error(ak->run, "the worker does not take a command: %s", cs_err_name(err));
    }
    return ak->next_command;
}

/* The members of `extra` (JSON, or NULL) join those of the object. */
static void merge(struct ak *ak, cJSON *object, const char *extra)
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
    merge(ak, object, members);
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
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ak->worker->hello, "features"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, feature) == 0) {
            return;
        }
    }
    cs_case_skip(ak->run, "this version has no %s", feature);
}

/* ---- waking ---- */

static bool add_wake(cJSON *command, int id, int run, const struct ak_waitpoint *waitpoint,
                     const char *output, bool is_error)
{
    return cJSON_AddNumberToObject(command, "id", id) &&
           cJSON_AddStringToObject(command, "command", "wake") &&
           cJSON_AddNumberToObject(command, "run", run) &&
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
    if (!run || run->gone || !ak->worker) {
        return; /* nobody to wake: its process is gone */
    }
    cJSON *command = cJSON_CreateObject();
    if (!command ||
        !add_wake(command, ++ak->next_command, run->command, waitpoint, output, is_error)) {
        cJSON_Delete(command);
        ak->no_memory = true;
        return;
    }
    waitpoint->woken = true;
    enum cs_err err = write_json(ak, command);
    ak->lost = err == CS_OK ? ak->lost : err;
}

/* ---- beginning and end of a process ---- */

void ak_need_worker(struct ak *ak)
{
    if (ak->worker) {
        return;
    }
    struct cs_diag diag;
    if (cs_adapter_start(ak->env, &ak->worker, &diag) != CS_OK) {
        cs_case_error(ak->run, "a new worker does not start: %s", diag.text);
    }
    ak->own_worker = true;
    ak_listen(ak);
}

void ak_kill(struct ak *ak)
{
    ak_unlisten(ak);
    cs_process_kill(ak->worker->process);
    if (ak->own_worker) {
        cs_adapter_end(ak->worker);
    }
    /* a slot's own worker is the runner's: it finds it gone and starts another for the next case */
    ak->worker = NULL;
    ak->lost = CS_OK;
    for (size_t i = 0; i < ak->n_runs; i++) {
        ak->runs[i].gone = true;
    }
    cs_case_evidence(ak->run, "note", "the worker's process was killed", CS_VIEW(""));
}

/* Called when the case is over: nothing here may fail it. */
bool ak_reset(struct ak *ak)
{
    cJSON *command = cJSON_CreateObject();
    int id = ++ak->next_command;
    if (!command || !cJSON_AddNumberToObject(command, "id", id) ||
        !cJSON_AddStringToObject(command, "command", "reset")) {
        cJSON_Delete(command);
        return false;
    }
    if (write_json(ak, command) != CS_OK) {
        return false;
    }
    int64_t deadline = cs_now_ms() + ak_patience(ak);
    const cJSON *done = NULL;
    while (!(done = ak_event(ak, id, "done", 0)) && ak->lost == CS_OK &&
           cs_loop_run(ak->loop, deadline)) {
        /* what else the worker has to say is nobody's business any more */
    }
    done = ak_event(ak, id, "done", 0);
    const cJSON *clean =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(done, "value"), "clean");
    return done && cJSON_IsTrue(clean);
}
