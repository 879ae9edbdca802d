/* Large payloads, from 0 bytes to past 6 MiB: they come whole or are refused by name, weigh what
 * the metering rule says, are what cJSON reads and writes, and take bounded memory.
 * Input: 4 bytes of cuts, 1 of the readers' room (0: 16 bytes less than is needed, 16: just enough;
 * from 24 on: only 64 KiB), 1 of the mode (odd: the body is posted in a chunk; 0 and 1: up to 128
 * KiB, 2 and 3: up to 7 MiB, or one record of 1 MiB; from 4 on all that is scaled down to 8 KiB and
 * 8 records, for the same ways at a speed that fuzzing needs), then groups of records
 * (large_payload.h). */
#include "fuzz/large_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct large_payload payload; /* set anew here */
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_view cuts = fuzz_take(&input, FUZZ_N_CUTS);
    int64_t room = (int64_t)fuzz_number(&input) - 16;
    size_t mode = fuzz_number(&input);

    payload = (struct large_payload){.max = mode > 3          ? SCALED_MAX
                                            : (mode | 1) == 3 ? LARGE_MAX
                                                              : SMALL_MAX,
                                     .max_records = mode > 3 ? 8 : 1000};
    while (large_add_group(&payload, &input) && input.len > 0) {
    }
    large_batch(&payload);
    if (room >= 8) {
        int64_t more = 65536 - (int64_t)payload.batch.len;

        room = more < room ? more : room;
    }
    for (size_t i = 0; i < payload.n_groups; i++) {
        large_check_group(&payload.groups[i]);
    }
    large_check_store(&payload);
    large_check_stream(&payload, cuts, room);
    large_check_request(cs_buf_view(&payload.groups[0].body), cuts, room, mode & 1);
    large_free(&payload);
    return 0;
}
