/* The write path: what is wrapped comes back the same through the read path, and weighs what was
 * said beforehand.
 * Input: 1 byte of the part id's length, the part id, the body; both as a server decodes text. */
#include "fuzz/append_oracle.h"
#include "wire/append.h"
#include "wire/json.h"
#include "wire/utf8.h"

static void decode_text(struct cs_view bytes, struct cs_buf *out)
{
    struct cs_utf8 utf8 = {0};

    cs_utf8_feed(&utf8, bytes, out);
    cs_utf8_finish(&utf8, out);
    FUZZ_CHECK(cs_buf_error(out) == CS_OK);
    FUZZ_CHECK(cs_utf8_valid_prefix(cs_buf_view(out)) == out->len);
}

/* The envelope gives back body and part id. */
static void check_envelope(struct cs_view envelope, struct cs_view body, struct cs_view part_id)
{
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    struct cs_view data;
    struct cs_view id;

    FUZZ_CHECK(cs_envelope_decode(envelope, &data, &id, NULL) == CS_OK);
    FUZZ_CHECK(cs_json_string(data, &text) == CS_OK && cs_view_eq(cs_buf_view(&text), body));
    cs_buf_clear(&text);
    cs_json_unescape(id, &text);
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&text), part_id));
    cs_buf_free(&text);
}

/* And so does a batch that carries the envelope as the body of a record. */
static void check_record(struct cs_view envelope)
{
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    struct cs_batch_store store = {0};
    struct cs_batch batch;

    cs_buf_str(&text, "{\"records\":[{\"seq_num\":0,\"body\":\"");
    cs_json_escape(&text, envelope);
    cs_buf_str(&text, "\"}]}");
    FUZZ_CHECK(cs_batch_decode(cs_buf_view(&text), NULL, &store, &batch, NULL) == CS_OK);
    FUZZ_CHECK(batch.n_records == 1 && batch.records[0].kind == CS_RECORD_DATA);
    FUZZ_CHECK(cs_view_eq(batch.records[0].body, envelope));
    cs_batch_store_free(&store);
    cs_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_buf part_id = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf body = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf envelope = CS_BUF(FUZZ_BUF_MAX);

    decode_text(fuzz_take(&input, fuzz_number(&input)), &part_id);
    decode_text(input, &body);
    cs_append_wrap(&envelope, cs_buf_view(&body), cs_buf_view(&part_id));
    FUZZ_CHECK(cs_buf_error(&envelope) == CS_OK);
    FUZZ_CHECK(cs_append_metered(cs_buf_view(&body), cs_buf_view(&part_id)) == 8 + envelope.len);
    FUZZ_CHECK(fuzz_append_weight(cs_buf_view(&body), cs_buf_view(&part_id)) == 8 + envelope.len);
    check_envelope(cs_buf_view(&envelope), cs_buf_view(&body), cs_buf_view(&part_id));
    check_record(cs_buf_view(&envelope));
    cs_buf_free(&part_id);
    cs_buf_free(&body);
    cs_buf_free(&envelope);
    return 0;
}
