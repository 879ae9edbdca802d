/* The transcript that the agent stores. */
#include "conformance/agent/kit_internal.h"
#include "endpoint/play.h"

static bool is_stored(struct ak *ak, const void *arg)
{
    struct cs_view text = cs_view_str(arg);
    struct cs_view bytes;
    return cs_play_snapshot_get(ak->platform, ak->chat, &bytes) == CS_OK &&
           cs_view_find(bytes, text) != SIZE_MAX;
}

void ak_wait_stored(struct ak *ak, const char *text)
{
    ak_wait(ak, is_stored, text, "store \"%s\"", text);
}
