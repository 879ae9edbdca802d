/* The records that reached the streams. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "conformance/agent/kit_internal.h"

/* Without memory the record is missing, and whoever waits says so. */
void ak_note_record(struct ak *ak, const char *stream, const struct cs_record *record,
                    int64_t at_ms, bool seeded)
{
    struct ak_stored *stored = cs_arena_alloc(&ak->arena, sizeof *stored);
    struct cs_header *headers =
        cs_arena_alloc(&ak->arena, (record->n_headers + 1) * sizeof *headers);
    char *body = cs_arena_string(&ak->arena, record->body);
    bool kept = stored && headers && body;
    for (size_t i = 0; kept && i < record->n_headers; i++) {
        char *name = cs_arena_string(&ak->arena, record->headers[i].name);
        char *value = cs_arena_string(&ak->arena, record->headers[i].value);
        kept = name && value;
        headers[i] = (struct cs_header){cs_view_of(name, record->headers[i].name.len),
                                        cs_view_of(value, record->headers[i].value.len)};
    }
    if (!kept) {
        ak->no_memory = true;
        return;
    }
    *stored = (struct ak_stored){
        .stream = stream,
        .seeded = seeded,
        .record = {.seq = record->seq_num,
                   .at_ms = at_ms,
                   .kind = cs_record_kind_of(headers, record->n_headers),
                   .headers = headers,
                   .n_headers = record->n_headers,
                   .body = cs_view_of(body, record->body.len)},
    };
    if (stored->record.kind == CS_RECORD_DATA) {
        /* freed with ak->stored: see free_ak */
        cJSON *envelope = cJSON_ParseWithLength(body, record->body.len);
        stored->record.chunk = cJSON_DetachItemFromObjectCaseSensitive(envelope, "data");
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(envelope, "id"));
        stored->record.part_id = id ? cs_arena_string(&ak->arena, cs_view_str(id)) : NULL;
        cJSON_Delete(envelope);
    }
    if (!ak_push(&ak->stored, stored, AK_MAX_RECORDS)) {
        ak->no_memory = true;
    }
}

static const struct ak_stored *nth(const struct ak *ak, const char *stream, size_t n)
{
    for (size_t i = 0; i < ak->stored.n; i++) {
        const struct ak_stored *stored = ((struct ak_stored **)ak->stored.items)[i];
        if (!stored->seeded && strcmp(stored->stream, stream) == 0 && n-- == 0) {
            return stored;
        }
    }
    return NULL;
}

size_t ak_stream_count(const struct ak *ak, const char *stream)
{
    size_t n = 0;
    while (nth(ak, stream, n)) {
        n++;
    }
    return n;
}

const struct ak_record *ak_stream_record(const struct ak *ak, const char *stream, size_t index)
{
    const struct ak_stored *stored = nth(ak, stream, index);
    if (!stored) {
        cs_case_fail(ak->run, "%s holds no record %zu", stream, index);
    }
    return &stored->record;
}

static const char *out_of(const struct ak *opaque)
{
    struct ak *ak = (struct ak *)opaque;
    return ak_text(ak, "%s/out", ak->chat);
}

size_t ak_out_count(const struct ak *ak)
{
    return ak_stream_count(ak, out_of(ak));
}

const struct ak_record *ak_out(const struct ak *ak, size_t index)
{
    return ak_stream_record(ak, out_of(ak), index);
}

const struct cs_header *ak_find_header(const struct ak_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_headers; i++) {
        if (cs_view_eq(record->headers[i].name, cs_view_str(name))) {
            return &record->headers[i];
        }
    }
    return NULL;
}

const char *ak_record_header(struct ak *ak, const struct ak_record *record, const char *name)
{
    const struct cs_header *header = ak_find_header(record, name);
    return header ? ak_keep(ak, header->value) : NULL;
}

bool ak_is_turn_complete(const struct ak_record *record)
{
    const struct cs_header *control = ak_find_header(record, AK_CONTROL);
    return control && cs_view_eq(control->value, cs_view_str(AK_TURN_OVER));
}

size_t ak_turn_index(struct ak *ak, size_t n)
{
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        if (ak_is_turn_complete(ak_out(ak, i)) && --n == 0) {
            return i;
        }
    }
    cs_case_fail(ak->run, "there are fewer turn-complete records than that");
}

size_t ak_count_turns(struct ak *ak)
{
    size_t n = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        n += ak_is_turn_complete(ak_out(ak, i));
    }
    return n;
}

const struct ak_record *ak_turn_complete(struct ak *ak, size_t n)
{
    return ak_out(ak, ak_turn_index(ak, n));
}
