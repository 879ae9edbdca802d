/* The reader's work with cJSON: parse the batch, then each body. */
#include <cjson/cJSON.h>

#include "bench/stream.h"

static struct cs_bench_text text_of(struct cs_bench_events *events, const cJSON *value)
{
    const char *text = cJSON_GetStringValue(value);
    return text ? cs_bench_events_text(events, text, strlen(text)) : (struct cs_bench_text){0, 0};
}

static bool read_body(const char *body, struct cs_bench_events *events,
                      struct cs_bench_event *event)
{
    if (body[0] == '\0') {
        return true;
    }
    cJSON *envelope = cJSON_Parse(body);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(envelope, "data");
    event->id = text_of(events, cJSON_GetObjectItemCaseSensitive(envelope, "id"));
    event->type = text_of(events, cJSON_GetObjectItemCaseSensitive(data, "type"));
    event->delta = text_of(events, cJSON_GetObjectItemCaseSensitive(data, "delta"));
    cJSON_Delete(envelope);
    return event->type.len > 0;
}

static bool read_record(const cJSON *record, struct cs_bench_events *events)
{
    struct cs_bench_event *event = cs_bench_events_add(events);
    const char *body = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "body"));
    if (!event || !body) {
        return false;
    }
    const cJSON *headers = cJSON_GetObjectItemCaseSensitive(record, "headers");
    event->seq_num =
        (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(record, "seq_num"));
    event->timestamp =
        (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(record, "timestamp"));
    event->n_headers = headers ? (size_t)cJSON_GetArraySize(headers) : 0;
    return read_body(body, events, event);
}

static bool read_event(struct cs_view name, struct cs_view data, struct cs_bench_events *events)
{
    cJSON *json = cJSON_ParseWithLength(data.ptr, data.len);
    bool good = json != NULL;
    if (cs_view_eq(name, CS_VIEW("batch"))) {
        const cJSON *record;
        cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(json, "records"))
        {
            good = good && read_record(record, events);
        }
    }
    cJSON_Delete(json);
    return good;
}

bool cs_bench_read_cjson(struct cs_view stream, struct cs_bench_events *events)
{
    return cs_bench_each_event(stream, events, read_event);
}
