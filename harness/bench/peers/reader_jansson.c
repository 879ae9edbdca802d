/* The reader's work with jansson: parse the batch, then each body. */
#include <jansson.h>

#include "bench/stream.h"

static struct cs_bench_text text_of(struct cs_bench_events *events, const json_t *value)
{
    return json_is_string(value)
               ? cs_bench_events_text(events, json_string_value(value), json_string_length(value))
               : (struct cs_bench_text){0, 0};
}

static bool read_body(const json_t *body, struct cs_bench_events *events,
                      struct cs_bench_event *event)
{
    if (json_string_length(body) == 0) {
        return true;
    }
    json_t *envelope = json_loadb(json_string_value(body), json_string_length(body), 0, NULL);
    const json_t *data = json_object_get(envelope, "data");
    event->id = text_of(events, json_object_get(envelope, "id"));
    event->type = text_of(events, json_object_get(data, "type"));
    event->delta = text_of(events, json_object_get(data, "delta"));
    json_decref(envelope);
    return event->type.len > 0;
}

static bool read_record(const json_t *record, struct cs_bench_events *events)
{
    struct cs_bench_event *event = cs_bench_events_add(events);
    const json_t *body = json_object_get(record, "body");
    if (!event || !json_is_string(body)) {
        return false;
    }
    event->seq_num = (uint64_t)json_integer_value(json_object_get(record, "seq_num"));
    event->timestamp = json_integer_value(json_object_get(record, "timestamp"));
    event->n_headers = json_array_size(json_object_get(record, "headers"));
    return read_body(body, events, event);
}

static bool read_event(struct cs_view name, struct cs_view data, struct cs_bench_events *events)
{
    json_t *json = json_loadb(data.ptr, data.len, 0, NULL);
    bool good = json != NULL;
    if (cs_view_eq(name, CS_VIEW("batch"))) {
        const json_t *records = json_object_get(json, "records");
        for (size_t i = 0; good && i < json_array_size(records); i++) {
            good = read_record(json_array_get(records, i), events);
        }
    }
    json_decref(json);
    return good;
}

bool cs_bench_read_jansson(struct cs_view stream, struct cs_bench_events *events)
{
    return cs_bench_each_event(stream, events, read_event);
}
