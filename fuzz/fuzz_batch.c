/* A batch: what the strict reader takes is what jansson reads, the lenient reader takes all of that
 * and no less, and the kind of every record is that of its headers.
 * Input: 2 bytes of limits (records, headers; 0: default), the text.
 */
#include "fuzz/batch_oracle.h"

static void check_records(const struct cs_batch *batch, struct cs_view text)
{
    for (size_t i = 0; i < batch->n_records; i++) {
        const struct cs_record *record = &batch->records[i];

        fuzz_record_check(record, text);
        FUZZ_CHECK(record->kind == cs_record_kind_of(record->headers, record->n_headers));
        FUZZ_CHECK((record->kind == CS_RECORD_CONTROL) ==
                       (cs_record_control(record).ptr != NULL ||
                        cs_record_header(record, "trigger-control") != NULL) ||
                   record->kind == CS_RECORD_COMMAND);
    }
}

static void same_batch(const struct cs_batch *strict, const struct cs_batch *lenient)
{
    struct cs_buf one = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf other = CS_BUF(FUZZ_BUF_MAX);

    FUZZ_CHECK(lenient->n_left_out == 0 && lenient->n_records == strict->n_records);
    for (size_t i = 0; i < strict->n_records; i++) {
        fuzz_record_log(&strict->records[i], &one);
        fuzz_record_log(&lenient->records[i], &other);
    }
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&one), cs_buf_view(&other)));
    FUZZ_CHECK(strict->has_tail == lenient->has_tail &&
               strict->tail.seq_num == lenient->tail.seq_num);
    cs_buf_free(&one);
    cs_buf_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_batch_limits limits = {0};
    struct cs_batch_store stores[2] = {0};
    struct cs_batch strict = {0};
    struct cs_batch lenient = {0};
    struct cs_diag diag = {0};
    enum cs_err err;
    enum cs_err lenient_err;

    limits.max_records = fuzz_number(&input);
    limits.max_headers = fuzz_number(&input);
    err = cs_batch_decode(input, &limits, &stores[0], &strict, &diag);
    FUZZ_CHECK(err == CS_OK || (diag.code == err && diag.offset <= input.len && diag.text[0]));
    limits.lenient = true;
    lenient_err = cs_batch_decode(input, &limits, &stores[1], &lenient, NULL);
    if (err == CS_OK) {
        FUZZ_CHECK(lenient_err == CS_OK);
        check_records(&strict, input);
        same_batch(&strict, &lenient);
    } else {
        FUZZ_CHECK((err == CS_ERR_SYNTAX) == (lenient_err == CS_ERR_SYNTAX) ||
                   lenient_err == CS_ERR_LIMIT);
    }
    fuzz_batch_as_jansson(input, err, &strict);
    cs_batch_store_free(&stores[0]);
    cs_batch_store_free(&stores[1]);
    return 0;
}
