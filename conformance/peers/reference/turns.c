#include "conformance/peers/reference/adapter.h"
#include "conformance/peers/reference/say.h"

#define CHUNK_GRACE_MS 200
/* After so many chunks of a turn commands are waited for; after each, those that are there already
 * are seen. */
#define GRACED_CHUNKS   5
#define TURN_TIMEOUT_MS 600000

static bool on_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    struct adapter *adapter = ctx;
    int id = adapter->reading_id;
    cJSON *event = event_of("chunk", id);
    cJSON *value = cJSON_ParseWithLength(chunk->data.ptr, chunk->data.len);
    cJSON_AddItemToObject(event, "chunk", value ? value : cJSON_CreateNull());
    if (adapter->policy.keep_chunks) {
        cJSON_AddItemToArray(adapter->kept, cJSON_Duplicate(event, true));
    }
    say(event);
    int64_t grace = adapter->n_chunks++ < GRACED_CHUNKS ? CHUNK_GRACE_MS : 0;
    cJSON *command;
    while (!adapter->silent && adapter->reading_id == id &&
           (command = adapter_read(adapter, grace))) {
        adapter_obey(adapter, command);
        cJSON_Delete(command);
    }
    if (adapter->cut_behind > 0 && adapter->cut_behind < id) {
        adapter->cut_behind = 0;
        return false;
    }
    return !adapter->silent && !adapter->over;
}

static bool ended_well(enum cs_chat_result result)
{
    return result == CS_CHAT_OK || result == CS_CHAT_SETTLED || result == CS_CHAT_STOPPED;
}

void adapter_read_turns(struct adapter *adapter)
{
    while (adapter->next != READ_NOTHING) {
        enum reading kind = adapter->next;
        int id = adapter->reading_id;
        adapter->next = READ_NOTHING;
        adapter->silent = false;
        adapter->n_chunks = 0;
        enum cs_chat_result result =
            kind == READ_TURN
                ? cs_chat_read_turn(adapter->chat, on_chunk, adapter, TURN_TIMEOUT_MS)
                : cs_chat_reconnect(adapter->chat, on_chunk, adapter, TURN_TIMEOUT_MS);
        if (adapter->reading_id != id) {
            continue; /* superseded, and its end was told */
        }
        if (!adapter->silent && ended_well(result)) {
            say_plain("end", id);
        } else if (!adapter->silent) {
            adapter_say_failed(adapter, "error", id, result);
        }
        adapter->reading_id = -1;
    }
    if (adapter->silent) {
        adapter->silent = false;
        adapter->reading_id = -1;
        adapter_drop_chat(adapter);
    }
}
