#include "wire/s2_message.h"

#include <stdlib.h>

#include "s2.pb-c.h"

/* A legal batch has at most 524288 headers (each weighs 2 bytes at least), of about 90 bytes each
 * once they are unpacked. */
#define MEMORY_MAX ((size_t)64 * 1024 * 1024)
#define BLOCK_COST 16u /* what the allocator needs for itself */

/* What unpacking may still use. Nothing is given back: it frees only when it fails. */
struct budget {
    size_t left;
    bool used_up;
    bool no_memory;
};

static void *budget_alloc(void *ctx, size_t size)
{
    struct budget *budget = ctx;
    if (size > MEMORY_MAX || size + BLOCK_COST > budget->left) {
        budget->used_up = true;
        return NULL;
    }
    budget->left -= size + BLOCK_COST;
    void *block = malloc(size);
    budget->no_memory |= block == NULL;
    return block;
}

static void budget_free(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

void cs_s2_message_drop(void *message)
{
    if (message != NULL) {
        s2__append_input__free_unpacked(message, NULL);
    }
}

void cs_s2_message_free(struct cs_s2_message *batch)
{
    free(batch->records);
    free(batch->headers);
    cs_s2_message_drop(batch->message);
    *batch = (struct cs_s2_message){0};
}

static struct cs_view view_of(const ProtobufCBinaryData *data)
{
    return cs_view_of((const char *)data->data, data->len);
}

static void take_record(const S2__AppendRecord *from, struct cs_header *headers,
                        struct cs_record *record)
{
    for (size_t i = 0; i < from->n_headers; i++) {
        headers[i] = (struct cs_header){.name = view_of(&from->headers[i]->name),
                                        .value = view_of(&from->headers[i]->value)};
    }
    /* A time beyond what fits lies in the future, where the store takes none anyway. */
    int64_t timestamp = from->timestamp > INT64_MAX ? INT64_MAX : (int64_t)from->timestamp;
    *record = (struct cs_record){
        .timestamp = from->has_timestamp ? timestamp : 0,
        .has_timestamp = from->has_timestamp,
        .headers = from->n_headers > 0 ? headers : NULL,
        .n_headers = from->n_headers,
        .has_headers = from->n_headers > 0,
        .body = view_of(&from->body),
        .has_body = from->body.len > 0,
        .kind = cs_record_kind_of(headers, from->n_headers),
    };
}

/* Both arrays in one go; counts are bounded by the budget, so the sizes do not overflow. */
static bool take_records(const S2__AppendInput *message, struct cs_s2_message *batch)
{
    size_t n_headers = 0;
    for (size_t i = 0; i < message->n_records; i++) {
        n_headers += message->records[i]->n_headers;
    }
    batch->records = calloc(message->n_records + 1, sizeof *batch->records);
    batch->headers = calloc(n_headers + 1, sizeof *batch->headers);
    if (batch->records == NULL || batch->headers == NULL) {
        return false;
    }
    struct cs_header *headers = batch->headers;
    for (size_t i = 0; i < message->n_records; i++) {
        take_record(message->records[i], headers, &batch->records[i]);
        headers += message->records[i]->n_headers;
    }
    batch->n_records = message->n_records;
    return true;
}

enum cs_err cs_s2_message_decode(struct cs_view text, struct cs_s2_message *batch,
                                 struct cs_diag *diag)
{
    struct budget budget = {.left = MEMORY_MAX};
    ProtobufCAllocator allocator = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};
    const uint8_t none[1] = {0};
    S2__AppendInput *message = s2__append_input__unpack(
        &allocator, text.len, text.len > 0 ? (const uint8_t *)text.ptr : none);
    if (message == NULL && budget.no_memory) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    if (message == NULL) {
        return budget.used_up
                   ? cs_fail(diag, CS_ERR_LIMIT, 0, "too many records or headers")
                   : cs_fail(diag, CS_ERR_SYNTAX, 0, "the body is no AppendInput message");
    }
    batch->message = message;
    if (!take_records(message, batch)) {
        cs_s2_message_free(batch);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    batch->has_match_seq_num = message->has_match_seq_num;
    batch->match_seq_num = message->match_seq_num;
    batch->has_fencing_token = message->fencing_token != NULL;
    batch->fencing_token = cs_view_str(message->fencing_token);
    return CS_OK;
}

void cs_s2_put_ack(struct cs_buf *out, struct cs_position start, struct cs_position end,
                   struct cs_position tail)
{
    const struct cs_position from[3] = {start, end, tail};
    S2__StreamPosition positions[3];
    for (size_t i = 0; i < 3; i++) {
        s2__stream_position__init(&positions[i]);
        /* As proto3 writes it: zero is left out. */
        positions[i].has_seq_num = from[i].seq_num != 0;
        positions[i].has_timestamp = from[i].timestamp != 0;
        positions[i].seq_num = from[i].seq_num;
        positions[i].timestamp = (uint64_t)from[i].timestamp;
    }
    S2__AppendAck ack;
    s2__append_ack__init(&ack);
    ack.start = &positions[0];
    ack.end = &positions[1];
    ack.tail = &positions[2];
    size_t size = s2__append_ack__get_packed_size(&ack);
    char *room = cs_buf_reserve(out, size);
    if (room != NULL) {
        out->len += s2__append_ack__pack(&ack, (uint8_t *)room);
    }
}
