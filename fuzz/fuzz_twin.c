/* Streams that are right by construction, and the same with one thing broken: a reader must say of
 * both exactly what was written, or where it broke and how. Control and command records never come
 * as data, nor data as control, whatever a body says of itself.
 * Input: 4 bytes of cuts, 1 of what to break, 1 of how many chances to pass over, 1 of a limit,
 * then the choices that make the stream.
 */
#include "fuzz/split.h"
#include "fuzz/twin_read.h"
#include "fuzz/twin_stream.h"

/* Writes the stream, reads it in pieces and compares what was said. */
static void write_and_read(struct cs_view input, enum twin_defect defect, bool lenient,
                           struct cs_view cuts)
{
    static const struct fuzz_split split = {sizeof(struct twin_reading), twin_open, twin_piece,
                                            twin_close};
    struct twin twin = {.defect = defect, .lenient = lenient};
    struct cs_buf read = CS_BUF(FUZZ_BUF_MAX);
    size_t limit;
    bool same;

    twin.data = twin.records = twin.wire = twin.log = CS_BUF(FUZZ_BUF_MAX);
    twin.limits.batch.lenient = lenient;
    twin.victim = fuzz_number(&input);
    limit = fuzz_number(&input);
    twin.limits.batch.max_records = defect == TWIN_RECORDS_LIMIT ? limit % 4 + 1 : 0;
    twin.limits.batch.max_headers = defect == TWIN_HEADERS_LIMIT ? limit % 4 + 1 : 0;
    twin.limits.max_event = defect == TWIN_EVENT_LIMIT ? limit * 8 + 16 : 0;
    twin.choices = input;
    twin_write(&twin);
    twin_log_state(&twin);
    fuzz_feed(&split, &twin.limits, cuts, cs_buf_view(&twin.wire), &read);
    same = cs_view_eq(cs_buf_view(&twin.log), cs_buf_view(&read));
    if (!same) {
        fuzz_show_difference(cs_buf_view(&twin.log), cs_buf_view(&read));
    }
    FUZZ_CHECK(same);
    FUZZ_CHECK(!twin.broken || defect != TWIN_NONE);
    cs_buf_free(&read);
    twin_free(&twin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    struct cs_view defect = fuzz_take(&input, 1);
    size_t which = defect.len > 0 ? (unsigned char)defect.ptr[0] % TWIN_N_DEFECTS : TWIN_NONE;

    write_and_read(input, TWIN_NONE, false, CS_VIEW(""));
    write_and_read(input, TWIN_NONE, true, cuts);
    write_and_read(input, (enum twin_defect)which, false, cuts);
    write_and_read(input, (enum twin_defect)which, true, CS_VIEW(""));
    return 0;
}
