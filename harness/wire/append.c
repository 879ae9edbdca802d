/* The envelope around an append, what it weighs, and the body of a trim command. */
#include "wire/append.h"

#include "wire/json.h"

#define ENVELOPE_DATA "{\"data\":\""
#define ENVELOPE_ID   "\",\"id\":\""
#define ENVELOPE_END  "\"}"

enum {
    METERED_PER_RECORD = 8,
    METERED_PER_HEADER = 2,
    TRIM_BODY_LEN = 8,
    /* LIM-06: what the envelope adds to an escaped body and an escaped part id. */
    ENVELOPE_OVERHEAD =
        sizeof(ENVELOPE_DATA) - 1 + sizeof(ENVELOPE_ID) - 1 + sizeof(ENVELOPE_END) - 1
};
_Static_assert(ENVELOPE_OVERHEAD == 19, "LIM-06 counts 19 bytes of envelope");

/* SIZE_MAX is the sum that does not fit, and stays it. */
static size_t add(size_t a, size_t b)
{
    size_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

size_t cs_record_metered(const struct cs_header *headers, size_t n_headers, size_t body_len)
{
    size_t metered = add(METERED_PER_RECORD, body_len);
    for (size_t i = 0; i < n_headers; i++) {
        metered = add(metered, METERED_PER_HEADER);
        metered = add(metered, headers[i].name.len);
        metered = add(metered, headers[i].value.len);
    }
    return metered;
}

void cs_append_wrap(struct cs_buf *out, struct cs_view body, struct cs_view part_id)
{
    cs_buf_str(out, ENVELOPE_DATA);
    cs_json_escape(out, body);
    cs_buf_str(out, ENVELOPE_ID);
    cs_json_escape(out, part_id);
    cs_buf_str(out, ENVELOPE_END);
}

size_t cs_append_metered(struct cs_view body, struct cs_view part_id)
{
    size_t escaped = add(cs_json_escaped_len(body), cs_json_escaped_len(part_id));
    return cs_record_metered(NULL, 0, add(escaped, ENVELOPE_OVERHEAD));
}

void cs_trim_encode(uint64_t first_kept, char ret_body[TRIM_BODY_LEN])
{
    for (unsigned i = 0; i < TRIM_BODY_LEN; i++) {
        ret_body[i] = (char)(first_kept >> (8 * (TRIM_BODY_LEN - 1 - i)) & 0xff);
    }
}

enum cs_err cs_trim_decode(struct cs_view body, uint64_t *ret_first_kept)
{
    if (body.len != TRIM_BODY_LEN) {
        return CS_ERR_SYNTAX;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < TRIM_BODY_LEN; i++) {
        value = value << 8 | (unsigned char)body.ptr[i];
    }
    *ret_first_kept = value;
    return CS_OK;
}
