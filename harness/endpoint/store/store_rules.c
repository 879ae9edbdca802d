#include "endpoint/store/store.h"
#include "wire/utf8.h"

/* A command record has one header, of an empty name, and an operand of its own form. */
static const char *command_fault(const struct cs_record *record)
{
    if (record->n_headers != 1) {
        return "a command record has exactly one header";
    }
    struct cs_view command = record->headers[0].value;
    if (cs_view_eq(command, CS_VIEW("trim"))) {
        return record->body.len == 8 ? NULL : "a trim command takes 8 bytes";
    }
    if (cs_view_eq(command, CS_VIEW("fence"))) {
        if (cs_utf8_valid_prefix(record->body) != record->body.len) {
            return "a fencing token is text";
        }
        return record->body.len <= CS_FENCING_TOKEN_MAX ? NULL
                                                        : "a fencing token has at most 36 bytes";
    }
    return "unknown command";
}

const char *cs_store_append_fault(const struct cs_store_append *input)
{
    if (input->n_records == 0 || input->n_records > CS_BATCH_MAX_RECORDS) {
        return "a batch holds 1 to 1000 records";
    }
    size_t metered = 0;
    for (size_t i = 0; i < input->n_records; i++) {
        const struct cs_record *record = &input->records[i];
        size_t size = cs_record_metered(record->headers, record->n_headers, record->body.len);
        if (__builtin_add_overflow(metered, size, &metered) || metered > CS_RECORD_MAX_METERED) {
            return "a batch holds at most 1 MiB of metered bytes";
        }
        for (size_t h = 0; h < record->n_headers; h++) {
            if (record->headers[h].name.len == 0) {
                const char *fault = command_fault(record);
                if (fault != NULL) {
                    return fault;
                }
            }
        }
    }
    return NULL;
}
