#include "endpoint/streams/settled.h"

bool cs_is_settled(const struct cs_record *records, size_t n, bool skip_commands)
{
    for (size_t i = n; i > 0 && n - i < CS_SETTLED_LOOK_BACK; i--) {
        const struct cs_record *record = &records[i - 1];
        if (record->kind == CS_RECORD_COMMAND && skip_commands) {
            continue;
        }
        return record->kind == CS_RECORD_CONTROL &&
               cs_view_eq(cs_record_control(record), CS_VIEW("turn-complete"));
    }
    return false;
}
