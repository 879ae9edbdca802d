#include "endpoint/streams/read_bounds.h"

#include "wire/append.h"

bool cs_read_bounds_any(const struct cs_read_bounds *bounds)
{
    return bounds->has_count || bounds->has_bytes || bounds->has_until;
}

bool cs_read_bounds_exhausted(const struct cs_read_bounds *bounds)
{
    return bounds->over || (bounds->has_count && bounds->count == 0) ||
           (bounds->has_bytes && bounds->bytes == 0);
}

size_t cs_read_bounds_skip(struct cs_read_bounds *bounds, const struct cs_record *records, size_t n)
{
    size_t skipped = 0;
    while (bounds->has_since && skipped < n) {
        if ((uint64_t)records[skipped].timestamp >= bounds->since) {
            bounds->has_since = false;
        } else {
            skipped++;
        }
    }
    return skipped;
}

static bool is_wanted(const struct cs_read_bounds *bounds, const struct cs_record *record,
                      size_t metered)
{
    return (!bounds->has_count || bounds->count > 0) &&
           (!bounds->has_bytes || bounds->bytes >= metered) &&
           (!bounds->has_until || (uint64_t)record->timestamp < bounds->until);
}

size_t cs_read_bounds_take(struct cs_read_bounds *bounds, const struct cs_record *records, size_t n)
{
    if (!bounds->over && !cs_read_bounds_any(bounds)) {
        return n; /* as every subscriber but those of the store's own door */
    }
    size_t taken = 0;
    while (taken < n && !bounds->over) {
        const struct cs_record *record = &records[taken];
        size_t metered = cs_record_metered(record->headers, record->n_headers, record->body.len);
        if (!is_wanted(bounds, record, metered)) {
            bounds->over = true;
            break;
        }
        bounds->count -= bounds->has_count;
        bounds->bytes -= bounds->has_bytes ? metered : 0;
        taken++;
    }
    bounds->over |= cs_read_bounds_exhausted(bounds);
    return taken;
}
