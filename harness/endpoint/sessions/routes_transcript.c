/* GET /api/v1/sessions/{id}/transcript (CHN-29): what the stored snapshot holds. */
#include "endpoint/sessions/objects.h"
#include "endpoint/http/router.h"
#include "endpoint/http/schema.h"
#include "wire/json.h"

struct page {
    struct cs_buf *out;
    uint64_t first; /* messages from here ... */
    uint64_t end;   /* ... to before here */
    uint64_t at;
};

static bool count_message(void *ctx, struct cs_view key, struct cs_view value)
{
    (void)key;
    (void)value;
    (*(uint64_t *)ctx)++;
    return true;
}

/* Version 1 holds the messages themselves, version 2 envelopes with a member `message`. */
static bool add_message(void *ctx, struct cs_view key, struct cs_view value)
{
    (void)key;
    struct page *page = ctx;
    struct cs_view inner;
    if (page->at >= page->first && page->at < page->end) {
        bool wrapped = cs_is_object(value) && cs_member(value, "final", &inner) &&
                       cs_member(value, "message", &inner);
        cs_buf_str(page->out, page->at > page->first ? "," : "");
        cs_buf_add(page->out, wrapped ? inner : value);
    }
    page->at++;
    return true;
}

/* A whole number from the query; false when it is there and is none. */
static bool read_number(struct cs_view query, const char *name, uint64_t *ret_value)
{
    struct cs_buf text = CS_BUF(32);
    bool ok = !cs_query_get(query, name, true, &text) ||
              cs_view_u64(cs_buf_view(&text), ret_value) == CS_OK;
    cs_buf_free(&text);
    return ok;
}

static void add_cursors(struct cs_view snapshot, struct cs_buf *out)
{
    static const char *const names[] = {"lastOutEventId", "lastInEventId"};
    const char *comma = "";
    cs_buf_str(out, ",\"cursors\":{");
    for (size_t i = 0; i < 2; i++) {
        struct cs_view value;
        if (cs_member(snapshot, names[i], &value) && cs_is_string(value)) {
            cs_buf_printf(out, "%s\"%s\":", comma, names[i]);
            cs_buf_add(out, value);
            comma = ",";
        }
    }
    cs_buf_char(out, '}');
}

/* The snapshot's text when there is one that can be read, else an empty one. */
static struct cs_view stored_snapshot(const struct cs_call *call)
{
    struct cs_view snapshot = {0};
    struct cs_view messages;
    struct cs_buf path = CS_BUF(1024);
    cs_snapshot_path(call->session, cs_view_str(call->session->id), &path);
    bool usable = cs_objects_get(call->endpoint->objects, cs_buf_view(&path), &snapshot) &&
                  cs_json_check(snapshot, NULL) == CS_OK && cs_is_object(snapshot) &&
                  cs_member(snapshot, "messages", &messages) && messages.ptr[0] == '[';
    cs_buf_free(&path);
    return usable ? snapshot : CS_VIEW("{\"messages\":[]}");
}

/* `limit` takes the latest messages, `before` those older than a page seen before; a cursor is the
 * number of messages before that page. */
void cs_route_session_transcript(struct cs_call *call)
{
    struct cs_view query = call->request->query;
    struct cs_view snapshot = stored_snapshot(call);
    struct cs_view messages;
    uint64_t n = 0;
    uint64_t limit = UINT64_MAX;
    uint64_t before = UINT64_MAX;
    if (!read_number(query, "limit", &limit) || !read_number(query, "before", &before) ||
        limit == 0) {
        cs_answer_json_text(call, 400, CS_VIEW("{\"error\":\"Query Error\",\"details\":[]}"));
        return;
    }
    if (!call->endpoint->policy.transcript_honours_limit) {
        limit = UINT64_MAX;
    }
    struct cs_buf text = CS_BUF((size_t)16 * 1024 * 1024);
    struct page page = {.out = &text};
    cs_buf_str(&text, "{\"messages\":[");
    if (cs_member(snapshot, "messages", &messages)) {
        (void)cs_each_member(messages, count_message, &n);
        page.end = before < n ? before : n;
        page.first = limit < page.end ? page.end - limit : 0;
        (void)cs_each_member(messages, add_message, &page);
    }
    cs_buf_char(&text, ']');
    add_cursors(snapshot, &text);
    if (page.first > 0) {
        cs_buf_printf(&text, ",\"nextCursor\":\"%llu\"", (unsigned long long)page.first);
    }
    cs_buf_char(&text, '}');
    cs_answer_buf(call, 200, &text);
}
