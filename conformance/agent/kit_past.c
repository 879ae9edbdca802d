/* What an earlier run left, and the stored transcript. */
#include "conformance/agent/kit_past.h"

#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

#define UPLOAD "PUT /packets/*"

/* ---- seeding ---- */

void ak_past_partial(struct ak *ak, const char *id, const char *text)
{
    ak_seed_chunk(ak, ak_text(ak, "{'type':'start','messageId':'%s'}", id));
    ak_seed_chunk(ak, "{'type':'start-step'}");
    ak_seed_chunk(ak, "{'type':'text-start','id':'t'}");
    ak_seed_chunk(ak, ak_text(ak, "{'type':'text-delta','id':'t','delta':'%s'}", text));
}

void ak_past_answer(struct ak *ak, const char *id, const char *text)
{
    ak_past_partial(ak, id, text);
    ak_seed_chunk(ak, "{'type':'text-end','id':'t'}");
    ak_seed_chunk(ak, "{'type':'finish-step'}");
    ak_seed_chunk(ak, "{'type':'finish'}");
}

uint64_t ak_past_boundary(struct ak *ak, int64_t cursor)
{
    const char *headers = "trigger-control=turn-complete";
    if (cursor != AK_NONE) {
        headers = ak_text(ak, "%s session-in-event-id=%lld session-in-consumed-id=%lld", headers,
                          (long long)cursor, (long long)cursor);
    }
    return ak_seed_control(ak, true, headers);
}

static const char *cursor_member(struct ak *ak, const char *name, int64_t value)
{
    return value == AK_NONE ? "" : ak_text(ak, ",'%s':'%lld'", name, (long long)value);
}

void ak_past_transcript(struct ak *ak, const char *messages, int64_t last_out, int64_t last_in)
{
    const char *text = ak_text(ak, "{'version':1,'savedAt':1000,'messages':%s%s%s}", messages,
                               cursor_member(ak, "lastOutEventId", last_out),
                               cursor_member(ak, "lastInEventId", last_in));
    ak_seed_snapshot(ak, ak_quotes(ak, text));
}

uint64_t ak_past_user(struct ak *ak, const char *message, const char *metadata)
{
    return ak_submit(ak, NULL, message, metadata);
}

static bool is_said(struct ak *ak, const void *arg)
{
    const char *said = strstr(ak_out_text(ak, 0), arg);
    size_t n = ak_out_count(ak);
    if (!said || n == 0) {
        return false;
    }
    /* behind the last delta a boundary, and perhaps its trim */
    for (; n > 0 && ak_out(ak, n - 1)->kind != CS_RECORD_DATA; n--) {
        if (ak_out(ak, n - 1)->kind == CS_RECORD_CONTROL) {
            return true;
        }
    }
    return false;
}

void ak_wait_said(struct ak *ak, const char *text)
{
    ak_wait(ak, is_said, text, "say \"%s\"", text);
}

void ak_ask_last(struct ak *ak, const char *text)
{
    ak_wait_subscribed(ak);
    ak_message(ak, "last", ak_text(ak, "{'script':[[{'text':'%s'}]]}", text));
    ak_wait_said(ak, text);
    ak_settle(ak);
}

void ak_expect_order(struct ak *ak, const char *first, const char *then)
{
    const struct ak_request *one = ak_wait_request(ak, first, 1);
    const struct ak_request *two = ak_wait_request(ak, then, 1);
    if (one->number > two->number) {
        cs_case_fail(ak->run, "%s was requested before %s", two->path, one->path);
    }
}

/* ---- the stored transcript ---- */

static cJSON *keep_json(struct ak *ak, cJSON *value, const char *what)
{
    if (!value) {
        cs_case_fail(ak->run, "the stored transcript's %s is no JSON", what);
    }
    return value;
}

/* Lives until the end of the case: events are freed with it. */
static const cJSON *owned(struct ak *ak, cJSON *value)
{
    cJSON *holder = cJSON_CreateObject();
    if (!holder || !cJSON_AddStringToObject(holder, "event", "transcript") ||
        !cJSON_AddItemToObject(holder, "value", value)) {
        cJSON_Delete(holder);
        ak_no_memory(ak);
    }
    if (cs_talk_keep(&ak->talk, holder) != CS_OK) {
        ak_no_memory(ak);
    }
    return value;
}

/* {id, message} of each message, so that both formats read alike. */
static cJSON *entries_of_format_1(struct ak *ak, const cJSON *messages)
{
    cJSON *entries = cJSON_CreateArray();
    const cJSON *message;
    cJSON_ArrayForEach(message, messages)
    {
        cJSON *entry = cJSON_CreateObject();
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "id");
        if (!entries || !entry || !cJSON_AddItemToObject(entry, "id", cJSON_Duplicate(id, true)) ||
            !cJSON_AddItemToObject(entry, "message", cJSON_Duplicate(message, true))) {
            ak_no_memory(ak);
        }
        cJSON_AddItemToArray(entries, entry);
    }
    return entries;
}

/* The lines between the header and the index. */
static cJSON *entries_of_format_2(struct ak *ak, const char *line)
{
    cJSON *entries = cJSON_CreateArray();
    for (const char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
        cJSON *entry = cJSON_ParseWithLength(line, (size_t)(end - line));
        if (!cJSON_GetObjectItemCaseSensitive(entry, "message")) {
            cJSON_Delete(entry);
            break;
        }
        cJSON_AddItemToArray(entries, entry);
        line = end + 1;
    }
    return keep_json(ak, entries, "list");
}

const struct ak_transcript *ak_transcript(struct ak *ak)
{
    const char *bytes = ak_snapshot(ak);
    struct ak_transcript *made = cs_arena_alloc(&ak->arena, sizeof *made);
    if (!bytes) {
        cs_case_fail(ak->run, "the agent stored no transcript");
    }
    if (!made) {
        ak_no_memory(ak);
    }
    cs_case_evidence(ak->run, "note", "the stored transcript", cs_view_str(bytes));
    const char *end = strchr(bytes, '\n');
    bool lines = strncmp(bytes, "{\"v\":2", 6) == 0 && end;
    size_t head = lines ? (size_t)(end - bytes) : strlen(bytes);
    const cJSON *header = owned(ak, keep_json(ak, cJSON_ParseWithLength(bytes, head), "beginning"));
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(header, "messages");
    *made = (struct ak_transcript){
        .version = lines ? 2 : 1,
        .bytes = bytes,
        .len = strlen(bytes),
        .header = header,
        .entries =
            owned(ak, lines ? entries_of_format_2(ak, end + 1) : entries_of_format_1(ak, messages)),
    };
    return made;
}

const char *ak_transcript_cursor(struct ak *ak, const struct ak_transcript *transcript,
                                 const char *name)
{
    return ak_member(ak, transcript->header, name);
}

const char *ak_transcript_text(struct ak *ak, const struct ak_transcript *transcript)
{
    struct cs_buf text = CS_BUF(AK_MAX_TEXT);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, transcript->entries)
    {
        const char *role = cJSON_GetStringValue(ak_at_path(entry, "message.role"));
        cs_buf_printf(&text, "%s%s: ", text.len > 0 ? "\n" : "", role ? role : "?");
        const cJSON *part;
        cJSON_ArrayForEach(part, ak_at_path(entry, "message.parts"))
        {
            const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "text"));
            cs_buf_str(&text, its ? its : "");
        }
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

size_t ak_count_uploads(struct ak *ak)
{
    size_t n = 0;
    for (size_t i = 1; ak_request(ak, UPLOAD, i); i++) {
        n += ak_request(ak, UPLOAD, i)->status != 0;
    }
    return n;
}

static bool covers(struct ak *ak, const void *arg)
{
    const char *bytes = ak_snapshot(ak);
    return bytes && strstr(bytes, arg) != NULL;
}

const struct ak_transcript *ak_wait_upload(struct ak *ak, size_t n)
{
    ak_wait_turns(ak, n);
    const char *cursor = ak_text(ak, "\"lastOutEventId\":\"%llu\"",
                                 (unsigned long long)ak_turn_complete(ak, n)->seq);
    ak_wait(ak, covers, cursor, "store a transcript with %s", cursor);
    return ak_transcript(ak);
}
