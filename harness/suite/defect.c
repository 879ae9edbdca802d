#include "suite/defect.h"

#include <stdio.h>
#include <stdlib.h>

#include "suite/profile.h"

static void put_in_front(struct cs_result *result, const char *what, const char *id,
                         const char *version)
{
    char *text = NULL;
    bool more = result->message && result->message[0];
    if (asprintf(&text, "%s of %s (%s)%s%s", what, version, id, more ? ": " : "",
                 more ? result->message : "") >= 0) {
        (void)!cs_result_set_message(result, text);
        free(text);
    }
}

void cs_defect_mark(const struct cs_work *work, struct cs_result *result)
{
    const struct cs_requirement *item =
        work->profile ? cs_profile_defect(work->profile, work->test) : NULL;
    bool broken = result->verdict == CS_FAIL || result->verdict == CS_WARN;
    if (!item || (!broken && result->verdict != CS_PASS)) {
        return;
    }
    result->known = true;
    put_in_front(result, broken ? "known defect" : "unexpected pass: a known defect", item->id,
                 work->profile->name);
}
