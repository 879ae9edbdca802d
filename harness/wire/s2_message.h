/* Protobuf messages of S2's append (s2.proto): what is appended, and the acknowledgement. */
#ifndef CHATSPEC_WIRE_S2_MESSAGE_H
#define CHATSPEC_WIRE_S2_MESSAGE_H

#include "wire/record.h"

/* A decoded AppendInput. A zeroed struct is empty. Views live until cs_s2_message_free. */
struct cs_s2_message {
    struct cs_record *records; /* kind by their headers; seq_num 0 */
    size_t n_records;
    struct cs_header *headers; /* of all records */
    bool has_match_seq_num;
    uint64_t match_seq_num;
    bool has_fencing_token;
    struct cs_view fencing_token;
    void *message; /* what the views point into */
};

void cs_s2_message_free(struct cs_s2_message *batch);
/* Decodes the message into a zeroed *batch; how many records and what sizes are legal is for the
 * store to judge. Memory is bounded by 64 MiB whatever the text says. Errors: CS_ERR_SYNTAX (not
 * such a message), CS_ERR_LIMIT (too many headers or records for that bound), CS_ERR_NO_MEMORY; the
 * batch is then empty. */
CS_MUST_USE enum cs_err cs_s2_message_decode(struct cs_view text, struct cs_s2_message *batch,
                                             struct cs_diag *diag);
/* Frees what cs_s2_message.message holds, for who took the batch apart. NULL is fine. */
void cs_s2_message_drop(void *message);

/* Appends an AppendAck; all three positions are there, even when they are zero. */
void cs_s2_put_ack(struct cs_buf *out, struct cs_position start, struct cs_position end,
                   struct cs_position tail);

#endif
