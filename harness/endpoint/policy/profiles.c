/* How servers of older versions differ from the newest: each row holds before a version. */
#include <string.h>

#include "endpoint/policy/policy.h"
#include "wire/version.h"

#define BEFORE(limit, policy_field, policy_value)                         \
    {                                                                     \
        (limit), offsetof(struct cs_policy, policy_field), (policy_value) \
    }

static const struct {
    const char *before;
    size_t field;
    int64_t value;
} rows[] = {
    BEFORE("4.5.4", append_gives_seq, 0),        /* APP-01 */
    BEFORE("4.5.6", put_out_needs_secret, 0),    /* TOK-34, CHN-05 */
    BEFORE("4.5.10", public_tokens, 0),          /* TOK-41 */
    BEFORE("4.5.12", append_strips_source, 0),   /* APP-10, APP-11 */
    BEFORE("4.5.16", trigger_tags_max, 5),       /* SES-31 */
    BEFORE("4.5.16", check_channels_infix, 0),   /* SES-25 */
    BEFORE("4.5.16", side_channels, 0),          /* CHN-26 to CHN-28, TOK-43 */
    BEFORE("4.5.16", sse_latest, 0),             /* OUT-39 */
    BEFORE("4.5.16", sse_ping_tail, 0),          /* OUT-18 */
    BEFORE("4.6.4", closed_append_code, 0),      /* APP-23, APP-24 */
    BEFORE("4.5.16", closed_append_status, 400), /* APP-24 */
    BEFORE("4.6.4", close_writes_record, 0),     /* CLS-12 */
    BEFORE("4.6.4", agent_announces_close, 0),   /* CLS-14, REC-11 */
    BEFORE("4.6.4", transcripts, 0),             /* CHN-29 */
    BEFORE("4.6.4", check_new_config, 0),        /* SES-32 */
    BEFORE("4.7.7", check_concurrency, 0),       /* SES-32 */
};

enum cs_err cs_policy_as_of(const char *version, struct cs_policy *policy)
{
    struct cs_version asked;
    struct cs_version limit;

    if (cs_version_parse(version, &asked) != CS_OK) {
        return CS_ERR_SYNTAX;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cs_version_parse(rows[i].before, &limit) == CS_OK &&
            cs_version_compare(asked, limit) < 0) {
            memcpy((char *)policy + rows[i].field, &rows[i].value, sizeof rows[i].value);
        }
    }
    return CS_OK;
}
