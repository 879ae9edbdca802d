/* Short texts and what the rest of wire/ is made of: each answer is told a second way.
 * Input: 1 byte of what it is (0: scopes, 1: versions, 2: views, 3: a number, 4: bytes for people,
 * 5: base64url, 6: code points, 7: envelope, position and string, 8: a block, 9: steps of a buffer,
 * 10: names and reasons, 11: weights), then the text; the function in the table says more. */
#include "fuzz/text_buffer.h"
#include "fuzz/text_oracle.h"
#include "fuzz/text_wide.h"

static void all_quick(struct cs_view text)
{
    fuzz_text_quick(text);
    fuzz_text_wide(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const all[])(struct cs_view text) = {
        fuzz_text_scopes, fuzz_text_versions, fuzz_text_views, fuzz_text_number, fuzz_text_shown,
        fuzz_text_base64, fuzz_text_points,   fuzz_text_json,  fuzz_text_block,  fuzz_text_buffer,
        fuzz_text_names,  fuzz_text_weights,  all_quick,
    };
    struct cs_view input = cs_view_of((const char *)data, size);

    all[fuzz_number(&input) % (sizeof(all) / sizeof(all[0]))](input);
    return 0;
}
