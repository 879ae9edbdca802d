/* What an input of the fuzz target `twin` stands for: the same choices, the same stream. */
#include "conformance/decode/streams.h"
#include "fuzz/split.h"
#include "fuzz/twin_stream.h"

enum cs_err cs_twin_stream(struct cs_view input, bool broken, struct cs_buf *out)
{
    struct twin twin = {.lenient = true, .limits.batch.lenient = true};
    struct cs_view defect;
    enum cs_err err;

    (void)fuzz_take(&input, FUZZ_N_CUTS);
    defect = fuzz_take(&input, 1);
    if (broken && defect.len > 0) {
        twin.defect = (enum twin_defect)((unsigned char)defect.ptr[0] % TWIN_N_DEFECTS);
    }
    if (twin.defect >= TWIN_RECORDS_LIMIT && twin.defect <= TWIN_EVENT_LIMIT) {
        twin.defect = TWIN_NONE; /* limits are ours alone */
    }
    twin.data = twin.records = twin.wire = twin.log = CS_BUF(FUZZ_BUF_MAX);
    twin.victim = fuzz_number(&input);
    (void)fuzz_number(&input);
    twin.choices = input;
    twin_write(&twin);
    cs_buf_add(out, cs_buf_view(&twin.wire));
    err = cs_buf_error(out);
    twin_free(&twin);
    return err;
}
