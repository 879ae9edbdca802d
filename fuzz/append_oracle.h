/* What an append must weigh, counted byte by byte. */
#ifndef CHATSPEC_FUZZ_APPEND_ORACLE_H
#define CHATSPEC_FUZZ_APPEND_ORACLE_H

#include "fuzz/fuzz.h"

/* LIM-06: 8 for the record, 19 for the envelope, and the escaped texts as JSON.stringify has them.
 */
static inline size_t fuzz_append_weight(struct cs_view body, struct cs_view part_id)
{
    const struct cs_view texts[] = {body, part_id};
    size_t sum = 8 + 19;

    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < texts[i].len; at++) {
            bool letter = fuzz_has(CS_VIEW("\"\\\b\f\n\r\t"), texts[i].ptr[at]);

            sum += letter ? 2 : (unsigned char)texts[i].ptr[at] < 0x20 ? 6 : 1;
        }
    }
    return sum;
}

#endif
