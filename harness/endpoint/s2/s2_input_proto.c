#include "endpoint/s2/s2_input.h"

#include "wire/s2_message.h"
#include "wire/utf8.h"

enum cs_err cs_s2_input_decode_proto(struct cs_view body, struct cs_s2_input *input,
                                     struct cs_diag *diag)
{
    struct cs_s2_message batch = {0};
    enum cs_err err = cs_s2_message_decode(body, &batch, diag);
    if (err != CS_OK) {
        return err;
    }
    /* The arrays and the message change hands. */
    input->records = batch.records;
    input->headers = batch.headers;
    input->message = batch.message;
    input->append = (struct cs_store_append){
        .records = batch.records,
        .n_records = batch.n_records,
        .has_match_seq_num = batch.has_match_seq_num,
        .match_seq_num = batch.match_seq_num,
        .has_fencing_token = batch.has_fencing_token,
        .fencing_token = batch.fencing_token,
    };
    if (batch.fencing_token.len > CS_FENCING_TOKEN_MAX) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "a fencing token has at most 36 bytes");
    }
    return cs_utf8_valid_prefix(batch.fencing_token) == batch.fencing_token.len
               ? CS_OK
               : cs_fail(diag, CS_ERR_SYNTAX, 0, "a fencing token is UTF-8");
}
