/* Streams that are right by construction, and the same with one thing broken: a reader must say of
 * both exactly what was written, or where it broke and how. Control and command records never come
 * as data, nor data as control, whatever a body says of itself.
 * Input: 4 bytes of cuts, 1 of what to break (its low five bits) and who reads it then (32: a
 * lenient reader), 1 of how many chances to pass over, 1 of a limit, then the choices that make the
 * stream.
 */
#include "fuzz/split.h"
#include "fuzz/twin_read.h"
#include "fuzz/twin_stream.h"

_Static_assert(TWIN_N_DEFECTS <= 32, "what to break is five bits");

static void write_stream(struct cs_view input, enum twin_defect defect, bool lenient,
                         struct twin *twin)
{
    size_t limit;

    *twin = (struct twin){.defect = defect, .lenient = lenient};
    twin->data = twin->records = twin->wire = twin->log = CS_BUF(FUZZ_BUF_MAX);
    twin->victim = fuzz_number(&input);
    limit = fuzz_number(&input);
    twin->limits.batch.max_records = defect == TWIN_RECORDS_LIMIT ? limit % 4 + 1 : 0;
    twin->limits.batch.max_headers = defect == TWIN_HEADERS_LIMIT ? limit % 4 + 1 : 0;
    twin->limits.max_event = defect == TWIN_EVENT_LIMIT ? limit * 8 + 16 : 0;
    twin->choices = input;
    twin_write(twin);
    twin_log_state(twin);
    FUZZ_CHECK(!twin->broken || defect != TWIN_NONE);
}

/* Reads the stream in pieces and compares what was said. */
static void read_stream(const struct twin *twin, bool lenient, struct cs_view cuts)
{
    static const struct fuzz_split split = {sizeof(struct twin_reading), twin_open, twin_piece,
                                            twin_close};
    struct cs_reader_limits limits = twin->limits;
    struct cs_buf read = CS_BUF(FUZZ_BUF_MAX);
    bool same;

    limits.batch.lenient = lenient;
    fuzz_feed(&split, &limits, cuts, cs_buf_view(&twin->wire), &read);
    same = cs_view_eq(cs_buf_view(&twin->log), cs_buf_view(&read));
    if (!same) {
        fuzz_show_difference(cs_buf_view(&twin->log), cs_buf_view(&read));
    }
    FUZZ_CHECK(same);
    cs_buf_free(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    bool lenient = input.len > 0 && (unsigned char)input.ptr[0] & 0x20u;
    size_t defect = fuzz_number(&input) % TWIN_N_DEFECTS;
    struct twin twin;

    write_stream(input, TWIN_NONE, false, &twin);
    read_stream(&twin, false, CS_VIEW(""));
    read_stream(&twin, true, cuts);
    twin_free(&twin);
    if (defect != TWIN_NONE) {
        write_stream(input, (enum twin_defect)defect, lenient, &twin);
        read_stream(&twin, lenient, cuts);
        twin_free(&twin);
    }
    return 0;
}
