/* POST /v1/streams: making a stream before anything is written to it. Reading and appending make
 * one too, so this is for callers that do not count on that. */
#include <stdlib.h>

#include "endpoint/s2/s2_call.h"

/* Holds the call while the store is asked; `call` NULL once the client left. */
struct create {
    struct cs_call *call;
    struct cs_buf name;        /* in the store */
    struct cs_buf public_name; /* as the caller gave it */
};

static void create_free(struct create *create)
{
    cs_buf_free(&create->name);
    cs_buf_free(&create->public_name);
    free(create);
}

static void on_gone(struct cs_call *call)
{
    ((struct create *)call->user)->call = NULL;
}

/* A stream is there once somebody has read it. */
static bool make(struct cs_store *store, struct cs_view name)
{
    struct cs_store_reader reader = {0};
    bool made = store->ops->read_start(store, name, 0, &reader) == CS_OK;
    if (made) {
        store->ops->read_stop(&reader);
    }
    return made;
}

static void answer_made(struct cs_call *call, struct cs_view public_name)
{
    struct cs_buf text = CS_BUF((size_t)8192);
    cs_buf_str(&text, "{\"name\":");
    cs_json_text(&text, public_name);
    cs_buf_str(&text, ",\"created_at\":");
    cs_json_time(&text, cs_endpoint_now(call->endpoint));
    cs_buf_str(&text, ",\"deleted_at\":null,\"cipher\":null}");
    cs_s2_answer(call, 201, &text);
}

static void on_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                    size_t n, struct cs_position tail)
{
    (void)records, (void)n, (void)tail;
    struct create *create = ctx;
    struct cs_call *call = create->call;
    if (call != NULL) {
        call->user = NULL;
        call->on_gone = NULL;
        if (status == CS_STORE_OK) {
            cs_s2_fault(call, 409, "resource_already_exists", "there is such a stream");
        } else if (status == CS_STORE_NOT_FOUND &&
                   make(call->endpoint->store, cs_buf_view(&create->name))) {
            answer_made(call, cs_buf_view(&create->public_name));
        } else {
            cs_s2_store_fault(call, CS_STORE_UNAVAILABLE, "");
        }
    }
    create_free(create);
}

/* {"stream": name, "config"?}. False after having answered. */
static bool read_body(struct create *create)
{
    struct cs_call *call = create->call;
    struct cs_view body = call->request->body;
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "stream"));
    cs_buf_str(&create->public_name, name != NULL ? name : "");
    cJSON_Delete(json);
    const char *fault =
        cs_s2_stream_name(call->auth.environment, cs_buf_view(&create->public_name), &create->name);
    if (fault != NULL) {
        cs_s2_fault(call, 400, "bad_json", fault);
    }
    return fault == NULL;
}

void cs_route_s2_create(struct cs_call *call)
{
    struct create *create = calloc(1, sizeof(*create));
    if (create == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    create->call = call;
    create->name = CS_BUF(CS_STREAM_NAME_MAX);
    create->public_name = CS_BUF(CS_STREAM_NAME_MAX);
    if (!cs_s2_open(call, "append", &create->name) || !read_body(create) || !cs_s2_basin(call)) {
        create_free(create);
        return;
    }
    call->user = create;
    call->on_gone = on_gone;
    struct cs_store *store = call->endpoint->store;
    store->ops->last(store, cs_buf_view(&create->name), 1, on_last, create);
}
