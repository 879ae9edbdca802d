/* Records as S2's JSON carries them in base64 format, so that any bytes pass. */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/store/base64.h"
#include "endpoint/store/store_s2_impl.h"

static void put_text(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_base64_encode(out, text);
    cs_buf_char(out, '"');
}

static void put_record(struct cs_buf *out, const struct cs_record *record)
{
    cs_buf_str(out, "{\"body\":");
    put_text(out, record->body);
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_str(out, i == 0 ? ",\"headers\":[[" : ",[");
        put_text(out, record->headers[i].name);
        cs_buf_char(out, ',');
        put_text(out, record->headers[i].value);
        cs_buf_str(out, i + 1 == record->n_headers ? "]]" : "]");
    }
    if (record->has_timestamp) {
        cs_buf_printf(out, ",\"timestamp\":%" PRId64, record->timestamp);
    }
    cs_buf_char(out, '}');
}

void cs_s2_put_records(struct cs_buf *out, const struct cs_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(out, i == 0 ? "" : ",");
        put_record(out, &records[i]);
    }
}

/* How much room the strings of a batch can need, and how many headers it has. */
static void measure(const struct cs_batch *encoded, size_t *ret_text, size_t *ret_headers)
{
    *ret_text = 0;
    *ret_headers = 0;
    for (size_t i = 0; i < encoded->n_records; i++) {
        const struct cs_record *record = &encoded->records[i];
        *ret_text += record->body.len + 1;
        *ret_headers += record->n_headers;
        for (size_t h = 0; h < record->n_headers; h++) {
            *ret_text += record->headers[h].name.len + record->headers[h].value.len + 2;
        }
    }
}

static void drop_headers(struct cs_s2_batch *batch)
{
    free(batch->headers);
    batch->headers = NULL;
    batch->headers_cap = 0;
}

static enum cs_err make_room(struct cs_s2_batch *batch, const struct cs_batch *encoded)
{
    size_t text;
    size_t headers;
    measure(encoded, &text, &headers);
    if (encoded->n_records > CS_BATCH_MAX_RECORDS) {
        return CS_ERR_LIMIT;
    }
    if (headers > batch->headers_cap) {
        drop_headers(batch);
        batch->headers = calloc(headers, sizeof(*batch->headers));
        if (batch->headers == NULL) {
            return CS_ERR_NO_MEMORY;
        }
        batch->headers_cap = headers;
    }
    cs_buf_clear(&batch->text);
    /* All at once: the views into it must stay good. */
    (void)cs_buf_reserve(&batch->text, text + 1);
    return cs_buf_error(&batch->text);
}

static enum cs_err take_text(struct cs_buf *text, struct cs_view encoded, struct cs_view *ret_view)
{
    const char *why = NULL;
    size_t start = text->len;
    enum cs_err err = encoded.len > 0 ? cs_base64_decode(encoded, text, &why) : CS_OK;
    if (err == CS_OK) {
        /* The room was reserved: it stays. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        *ret_view = cs_view_of(text->ptr + start, text->len - start);
    }
    return err;
}

enum cs_err cs_s2_take_records(struct cs_s2_batch *batch, const struct cs_batch *encoded)
{
    size_t n_headers = 0;
    enum cs_err err = make_room(batch, encoded);
    batch->n_records = 0;
    for (size_t i = 0; i < encoded->n_records && err == CS_OK; i++) {
        struct cs_record *record = &batch->records[i];
        const struct cs_record *from = &encoded->records[i];
        *record = *from;
        record->headers = from->n_headers > 0 ? batch->headers + n_headers : NULL;
        err = take_text(&batch->text, from->body, &record->body);
        for (size_t h = 0; h < from->n_headers && err == CS_OK; h++) {
            struct cs_header *header = &batch->headers[n_headers++];
            err = take_text(&batch->text, from->headers[h].name, &header->name);
            if (err == CS_OK) {
                err = take_text(&batch->text, from->headers[h].value, &header->value);
            }
        }
        record->kind = cs_record_kind_of(record->headers, record->n_headers);
        batch->n_records += err == CS_OK;
    }
    return err;
}

void cs_s2_batch_free(struct cs_s2_batch *batch)
{
    drop_headers(batch);
    cs_buf_free(&batch->text);
}
