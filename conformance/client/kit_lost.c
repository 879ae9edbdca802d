/* When it is the adapter that fails: nothing is known of its client then, so the case ends in
 * error, with what the adapter's process left behind. */
#include "conformance/client/kit_internal.h"

/* However little a client is waited for, its process may have to be given time by a busy machine.
 */
#define OWED_PATIENCE_MS 3000
/* Nor, where a client has megabytes to decode, is a slow one a broken one. */
#define HEAVY_PATIENCE_MS 8000

int64_t ck_patience(const struct ck *ck)
{
    int64_t patience = cs_client_patience(ck->env);
    int64_t least = ck->heavy ? HEAVY_PATIENCE_MS : ck->adapter_owes ? OWED_PATIENCE_MS : 0;
    return patience < least ? least : patience;
}

static const char *what_it_did(const struct ck *ck)
{
    switch (ck->talk.lost) {
    case CS_ERR_CLOSED:
        return "ended";
    case CS_ERR_LIMIT:
        return "says more than a client has to say";
    case CS_ERR_TIMEOUT:
        return "does not read its commands";
    case CS_ERR_SYNTAX:
        return "wrote a line that is no event";
    default:
        return cs_err_name(ck->talk.lost);
    }
}

static void show_stderr(struct ck *ck)
{
    cs_case_evidence(ck->run, "stderr", "the adapter's process",
                     cs_process_stderr(ck->talk.adapter->process));
}

_Noreturn void ck_adapter_lost(struct ck *ck, const char *what)
{
    const char *did = what_it_did(ck);
    show_stderr(ck);
    cs_case_error(ck->run, "the client did not %s: its adapter %s", what, did);
}

_Noreturn void ck_adapter_owes(struct ck *ck, const char *what, int64_t patience_ms)
{
    show_stderr(ck);
    cs_case_error(ck->run, "the adapter did not %s within %lld ms", what, (long long)patience_ms);
}
