/* Runs: begun, fed, woken, cancelled. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"
#include "endpoint/play.h"

/* ---- payloads ---- */

static void need(struct ak *ak, const void *made)
{
    if (!made) {
        ak_no_memory(ak);
    }
}

/* {"chatId", ...members}; to be freed by the caller. */
static cJSON *payload_of(struct ak *ak, const char *members)
{
    cJSON *payload = ak_parse(ak, members ? members : "{}");
    if (!cJSON_GetObjectItemCaseSensitive(payload, "chatId")) {
        need(ak, cJSON_AddStringToObject(payload, "chatId", ak->chat));
    }
    return payload;
}

static const char *user_message(struct ak *ak, const char *text)
{
    cJSON *message = cJSON_CreateObject();
    cJSON *parts = message ? cJSON_AddArrayToObject(message, "parts") : NULL;
    cJSON *part = cJSON_CreateObject();
    need(ak, parts && part ? message : NULL);
    need(ak, cJSON_AddStringToObject(message, "id", ak_text(ak, "user-%u", ++ak->n_messages)));
    need(ak, cJSON_AddStringToObject(message, "role", "user"));
    need(ak, cJSON_AddStringToObject(part, "type", "text"));
    need(ak, cJSON_AddStringToObject(part, "text", text));
    cJSON_AddItemToArray(parts, part);
    const char *json = ak_print(ak, message);
    cJSON_Delete(message);
    return json;
}

const char *ak_user_message(struct ak *ak, const char *text)
{
    return user_message(ak, text);
}

/* ---- beginning ---- */

int ak_run(struct ak *ak, const char *agent, const char *payload, const char *members)
{
    if (ak->n_runs == AK_MAX_RUNS) {
        cs_case_error(ak->run, "a case has at most %d runs", AK_MAX_RUNS);
    }
    const char *run_id = ak_new_run(ak, agent);
    return ak_run_as(ak, run_id, agent, payload, members);
}

int ak_run_as(struct ak *ak, const char *run_id, const char *agent, const char *payload,
              const char *members)
{
    cJSON *whole = payload_of(ak, payload);
    const char *kept = ak_print(ak, whole);
    cJSON *command = ak_parse(ak, members ? members : "{}");
    need(ak, cJSON_AddStringToObject(command, "command", "run"));
    need(ak, cJSON_AddStringToObject(command, "task", agent));
    need(ak, cJSON_AddStringToObject(command, "url", ak_url(ak)));
    need(ak, cJSON_AddStringToObject(command, "secretKey", CS_ENDPOINT_SECRET_KEY));
    need(ak, cJSON_AddStringToObject(command, "runId", run_id));
    if (!cJSON_GetObjectItemCaseSensitive(command, "attempt")) {
        need(ak, cJSON_AddNumberToObject(command, "attempt", 1));
    }
    cJSON_AddItemToObject(command, "payload", whole);
    if (cs_play_run_status(ak->platform, run_id, CS_RUN_EXECUTING) != CS_OK) {
        cs_case_error(ak->run, "the platform does not know the run %s", run_id);
    }
    int number = ak_command(ak, command);
    ak->runs[ak->n_runs++] = (struct ak_run){
        .command = number, .id = run_id, .agent = ak_text(ak, "%s", agent), .payload = kept};
    return number;
}

int ak_boot(struct ak *ak, const char *agent, const char *text, const char *metadata)
{
    const char *payload =
        ak_text(ak, "{'trigger':'submit-message','message':%s%s%s}", user_message(ak, text),
                metadata ? ",'metadata':" : "", metadata ? metadata : "");
    return ak_run(ak, agent, payload, NULL);
}

int ak_continue(struct ak *ak, const char *agent)
{
    const char *previous = ak->n_runs > 0 ? ak->runs[ak->n_runs - 1].id : "run_previous";
    return ak_run(ak, agent, ak_text(ak, "{'continuation':true,'previousRunId':'%s'}", previous),
                  NULL);
}

int ak_retry(struct ak *ak, int run)
{
    const struct ak_run *old = ak_run_of(ak, run);
    return ak_run_as(ak, old->id, old->agent, old->payload, "{'attempt':2}");
}

const char *ak_run_id(struct ak *ak, int run)
{
    return ak_run_of(ak, run)->id;
}

/* ---- what a client puts on .in ---- */

uint64_t ak_submit(struct ak *ak, const char *trigger, const char *message, const char *metadata)
{
    return ak_append(
        ak,
        ak_text(ak, "{'kind':'message','payload':{'chatId':'%s','trigger':'%s'%s%s%s%s}}", ak->chat,
                trigger ? trigger : "submit-message", message ? ",'message':" : "",
                message ? message : "", metadata ? ",'metadata':" : "", metadata ? metadata : ""));
}

uint64_t ak_message(struct ak *ak, const char *text, const char *metadata)
{
    return ak_submit(ak, NULL, user_message(ak, text), metadata);
}

uint64_t ak_action(struct ak *ak, const char *action, const char *metadata)
{
    return ak_append(ak, ak_text(ak,
                                 "{'kind':'message','payload':{'chatId':'%s','trigger':'action',"
                                 "'action':%s%s%s}}",
                                 ak->chat, action, metadata ? ",'metadata':" : "",
                                 metadata ? metadata : ""));
}

uint64_t ak_stop(struct ak *ak)
{
    return ak_append(ak, "{'kind':'stop'}");
}

uint64_t ak_close(struct ak *ak)
{
    return ak_submit(ak, "close", NULL, NULL);
}

/* ---- gates, waking, cancelling ---- */

void ak_open(struct ak *ak, const char *gate)
{
    (void)ak_do(ak, "open", ak_text(ak, "{'gate':'%s'}", gate));
}

void ak_hold_wakes(struct ak *ak)
{
    ak->holds_wakes = true;
}

static struct ak_waitpoint *last_waitpoint(struct ak *ak, int run)
{
    const char *id = ak_run_id(ak, run);
    for (size_t i = ak->waitpoints.n; i > 0; i--) {
        struct ak_waitpoint *one = ((struct ak_waitpoint **)ak->waitpoints.items)[i - 1];
        if (strcmp(one->run_id, id) == 0) {
            return one;
        }
    }
    return NULL;
}

static bool is_suspended(struct ak *ak, const void *arg)
{
    const struct ak_waitpoint *waitpoint = last_waitpoint(ak, *(const int *)arg);
    return waitpoint && !waitpoint->woken && waitpoint->state != CS_WAITPOINT_CREATED &&
           ak->n_readers == 0;
}

void ak_wait_suspended(struct ak *ak, int run)
{
    ak_wait(ak, is_suspended, &run, "suspend");
}

void ak_wake_as(struct ak *ak, int run, const char *output, bool is_error)
{
    struct ak_waitpoint *waitpoint = last_waitpoint(ak, run);
    if (!waitpoint) {
        cs_case_fail(ak->run, "the run waits for nothing");
    }
    ak_wake_worker(ak, waitpoint, ak_quotes(ak, output), is_error);
}

void ak_abort(struct ak *ak, int run)
{
    (void)ak_do(ak, "abort", ak_text(ak, "{'run':%d}", run));
}

/* ---- subscriptions ---- */

static bool has_reader(struct ak *ak, const void *arg)
{
    (void)arg;
    return ak->n_readers > 0;
}

void ak_wait_subscribed(struct ak *ak)
{
    ak_wait(ak, has_reader, NULL, "subscribe to .in");
}

/* ---- what the platform was asked to run ---- */

size_t ak_count_triggers(const struct ak *ak)
{
    return ak->triggers.n;
}

const struct ak_trigger *ak_trigger(struct ak *ak, size_t index)
{
    if (index >= ak->triggers.n) {
        cs_case_fail(ak->run, "no run was triggered");
    }
    return ((struct ak_trigger **)ak->triggers.items)[index];
}
