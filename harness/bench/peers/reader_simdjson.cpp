/* The reader's work with simdjson's DOM parser: parse the batch, then each body, with one parser
 * for each, as its documentation advises, and without copies: both are followed by bytes that may
 * be read (the stream is padded, and so is the parser's own memory for strings). */
#include <cstdio>
#include <simdjson.h>

#include "bench/stream.h"

namespace
{

cs_bench_text text_of(cs_bench_events *events,
                      simdjson::simdjson_result<simdjson::dom::element> value)
{
    std::string_view text;
    if (value.get(text)) {
        return {0, 0};
    }
    return cs_bench_events_text(events, text.data(), text.size());
}

bool read_body(simdjson::dom::parser &parser, std::string_view body, cs_bench_events *events,
               cs_bench_event *event)
{
    if (body.empty()) {
        return true;
    }
    simdjson::dom::element envelope;
    simdjson::dom::element data;
    if (parser.parse(body.data(), body.size(), false).get(envelope) || envelope["data"].get(data)) {
        return false;
    }
    event->id = text_of(events, envelope["id"]);
    event->type = text_of(events, data["type"]);
    event->delta = text_of(events, data["delta"]);
    return event->type.len > 0;
}

bool read_record(simdjson::dom::parser &parser, simdjson::dom::element record,
                 cs_bench_events *events)
{
    cs_bench_event *event = cs_bench_events_add(events);
    std::string_view body;
    simdjson::dom::array headers;
    if (!event || record["seq_num"].get(event->seq_num) ||
        record["timestamp"].get(event->timestamp) || record["body"].get(body)) {
        return false;
    }
    event->n_headers = record["headers"].get(headers) ? 0 : headers.size();
    return read_body(parser, body, events, event);
}

} // namespace

bool cs_bench_read_simdjson(cs_view stream, cs_bench_events *events)
{
    simdjson::dom::parser batches;
    simdjson::dom::parser bodies;
    const char *at = stream.ptr;
    const char *end = at + stream.len;
    cs_view name;
    cs_view data;
    while (cs_bench_next_event(&at, end, &name, &data)) {
        simdjson::dom::element json;
        if (batches.parse(data.ptr, data.len, false).get(json)) {
            return false;
        }
        if (std::string_view(name.ptr, name.len) != "batch") {
            continue;
        }
        simdjson::dom::array records;
        if (json["records"].get(records)) {
            return false;
        }
        for (simdjson::dom::element record : records) {
            if (!read_record(bodies, record, events)) {
                return false;
            }
        }
    }
    return true;
}

void cs_bench_simdjson_name(char *ret_name, size_t size)
{
    std::snprintf(ret_name, size, "simdjson %d.%d.%d (%s)", simdjson::SIMDJSON_VERSION_MAJOR,
                  simdjson::SIMDJSON_VERSION_MINOR, simdjson::SIMDJSON_VERSION_REVISION,
                  simdjson::get_active_implementation()->name().c_str());
}
