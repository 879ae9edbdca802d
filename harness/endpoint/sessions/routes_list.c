/* GET /api/v1/sessions (SES-44 to SES-50). */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/sessions/session.h"
#include "wire/json.h"

enum filter {
    FILTER_TYPE,
    FILTER_TAGS,
    FILTER_TASK,
    FILTER_EXTERNAL_ID,
    FILTER_STATUS,
    N_FILTERS
};

static const char *const filter_names[N_FILTERS] = {
    [FILTER_TYPE] = "filter[type]",           [FILTER_TAGS] = "filter[tags]",
    [FILTER_TASK] = "filter[taskIdentifier]", [FILTER_EXTERNAL_ID] = "filter[externalId]",
    [FILTER_STATUS] = "filter[status]",
};

struct query {
    struct cs_buf texts[N_FILTERS]; /* the values, each followed by a NUL */
    bool has[N_FILTERS];
    int64_t from_ms;
    int64_t to_ms;
    uint64_t size;
    uint64_t after;  /* row; 0: none */
    uint64_t before; /* row; 0: none */
};

static void query_free(struct query *query)
{
    for (size_t i = 0; i < N_FILTERS; i++) {
        cs_buf_free(&query->texts[i]);
    }
}

/* A value counts whole and as a list divided by commas, from every repetition (SES-47). */
static void add_values(struct cs_buf *text, struct cs_view value)
{
    cs_buf_add(text, value);
    cs_buf_char(text, '\0');
    size_t comma;
    if (cs_view_find(value, CS_VIEW(",")) == SIZE_MAX) {
        return;
    }
    while ((comma = cs_view_find(value, CS_VIEW(","))) != SIZE_MAX) {
        cs_buf_append(text, value.ptr, comma);
        cs_buf_char(text, '\0');
        value = (struct cs_view){value.ptr + comma + 1, value.len - comma - 1};
    }
    cs_buf_add(text, value);
    cs_buf_char(text, '\0');
}

static struct cs_view next_pair(struct cs_view *query)
{
    size_t end = cs_view_find(*query, CS_VIEW("&"));
    struct cs_view pair = {query->ptr, end == SIZE_MAX ? query->len : end};
    size_t used = end == SIZE_MAX ? query->len : end + 1;
    *query = (struct cs_view){query->ptr + used, query->len - used};
    return pair;
}

static void read_filter(struct cs_call *call, struct cs_view rest, enum filter filter,
                        struct query *query)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_buf value = CS_BUF(rest.len + 1);
    while (rest.len > 0) {
        struct cs_view pair = next_pair(&rest);
        cs_buf_clear(&value);
        if (cs_query_get(pair, filter_names[filter], true, &value)) {
            if (!policy->list_splits_values) {
                cs_buf_clear(&query->texts[filter]); /* only the last one counts, as a whole */
                cs_buf_add(&query->texts[filter], cs_buf_view(&value));
                cs_buf_char(&query->texts[filter], '\0');
            } else {
                add_values(&query->texts[filter], cs_buf_view(&value));
            }
            query->has[filter] = cs_buf_error(&query->texts[filter]) == CS_OK;
        }
        call->no_memory |= cs_buf_error(&value) == CS_ERR_NO_MEMORY ||
                           cs_buf_error(&query->texts[filter]) == CS_ERR_NO_MEMORY;
    }
    cs_buf_free(&value);
}

static bool has_value(const struct cs_buf *values, struct cs_view wanted)
{
    size_t at = 0;
    while (at < values->len) {
        struct cs_view value = cs_view_str(values->ptr + at);
        if (cs_view_eq(value, wanted)) {
            return true;
        }
        at += value.len + 1;
    }
    return false;
}

static bool refuse_query(struct cs_call *call, const char *name, const char *message)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "error", "Query Error");
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddStringToObject(detail, "code", "custom");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(detail, "path"), cJSON_CreateString(name));
    cJSON_AddStringToObject(detail, "message", message);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(json, "details"), detail);
    cs_answer_json(call, (int)call->endpoint->policy.list_query_status, json);
    return false;
}

/* Cursors are row numbers in a form that nobody takes for an id (SES-49). */
static bool read_cursor(struct cs_call *call, const char *name, uint64_t *ret_row)
{
    struct cs_buf text = CS_BUF(64);
    bool ok = !cs_call_query(call, name, &text) || text.len == 0;
    struct cs_view value = cs_buf_view(&text);
    if (!ok && cs_view_starts_with(value, CS_VIEW("row"))) {
        value = (struct cs_view){value.ptr + 3, value.len - 3};
        ok = cs_view_u64(value, ret_row) == CS_OK;
    } else if (!ok && call->endpoint->policy.list_cursor_is_id) {
        struct cs_session *session = cs_session_find(call->endpoint, call->auth.environment, value);
        *ret_row = session ? session->row : 0;
        ok = session != NULL;
    }
    cs_buf_free(&text);
    return ok;
}

static bool read_time(struct cs_call *call, const char *name, int64_t *ret_ms)
{
    struct cs_buf text = CS_BUF(64);
    uint64_t value = 0;
    bool ok = true;
    if (cs_call_query(call, name, &text)) {
        ok = cs_view_u64(cs_buf_view(&text), &value) == CS_OK && value <= INT64_MAX;
        *ret_ms = ok ? (int64_t)value : *ret_ms;
    }
    cs_buf_free(&text);
    return ok;
}

/* "30d", "12h", "5m", "2w", "90s": only rows as young as that. */
static bool read_period(struct cs_call *call, int64_t now_ms, int64_t *ret_from_ms)
{
    struct cs_buf text = CS_BUF(64);
    bool ok = true;
    if (cs_call_query(call, "filter[createdAt][period]", &text)) {
        static const char units[] = "smhdw";
        static const int64_t lengths_s[] = {1, 60, 3600, 86400, 604800};
        struct cs_view value = cs_buf_view(&text);
        const char *unit = value.len > 1 ? strchr(units, value.ptr[value.len - 1]) : NULL;
        uint64_t count = 0;
        ok = unit && *unit &&
             cs_view_u64((struct cs_view){value.ptr, value.len - 1}, &count) == CS_OK &&
             count <= 100000;
        if (ok) {
            *ret_from_ms = now_ms - (int64_t)count * lengths_s[unit - units] * 1000;
        }
    }
    cs_buf_free(&text);
    return ok;
}

static bool read_size(struct cs_call *call, struct query *query)
{
    struct cs_buf text = CS_BUF(64);
    bool ok = true;
    query->size = (uint64_t)call->endpoint->policy.list_default_size;
    if (cs_call_query(call, "page[size]", &text)) {
        ok = cs_view_u64(cs_buf_view(&text), &query->size) == CS_OK && query->size >= 1 &&
             query->size <= (uint64_t)call->endpoint->policy.list_max_size;
    }
    cs_buf_free(&text);
    return ok || refuse_query(call, "page[size]", "Expected an integer from 1 to 100");
}

static bool check_status_filter(struct cs_call *call, const struct query *query)
{
    const struct cs_buf *values = &query->texts[FILTER_STATUS];
    for (size_t at = 0; at < values->len;) {
        struct cs_view value = cs_view_str(values->ptr + at);
        at += value.len + 1;
        bool is_list = cs_view_find(value, CS_VIEW(",")) != SIZE_MAX; /* its parts come next */
        if (!is_list && !cs_view_eq(value, CS_VIEW("ACTIVE")) &&
            !cs_view_eq(value, CS_VIEW("CLOSED")) && !cs_view_eq(value, CS_VIEW("EXPIRED"))) {
            return refuse_query(call, "filter[status]", "Expected ACTIVE, CLOSED or EXPIRED");
        }
    }
    return true;
}

static bool read_query(struct cs_call *call, struct query *query)
{
    struct cs_view text = call->request->query;
    query->from_ms = INT64_MIN;
    query->to_ms = INT64_MAX;
    for (size_t i = 0; i < N_FILTERS; i++) {
        query->texts[i] = CS_BUF((size_t)64 * 1024);
        read_filter(call, text, (enum filter)i, query);
    }
    if (!read_size(call, query)) {
        return false;
    }
    if (!read_cursor(call, "page[after]", &query->after) ||
        !read_cursor(call, "page[before]", &query->before)) {
        return refuse_query(call, "page[after]", "Not a cursor of this list");
    }
    if (query->after && query->before && call->endpoint->policy.list_one_cursor) {
        return refuse_query(call, "page[before]", "Cannot pass both page[after] and page[before]");
    }
    if (!read_period(call, cs_endpoint_now(call->endpoint), &query->from_ms) ||
        !read_time(call, "filter[createdAt][from]", &query->from_ms) ||
        !read_time(call, "filter[createdAt][to]", &query->to_ms)) {
        return refuse_query(call, "filter[createdAt]", "Expected an integer");
    }
    return check_status_filter(call, query);
}

/* ---- which rows ---- */

static const char *status_of(const struct cs_policy *policy, const struct cs_session *session,
                             int64_t now_ms)
{
    bool stale = session->was_listed && policy->list_keeps_active;
    if (session->closed_ms != CS_NO_TIME && policy->close_lists_closed && !stale) {
        return "CLOSED";
    }
    return cs_session_expired(session, now_ms) ? "EXPIRED" : "ACTIVE";
}

static bool holds_any(struct cs_view tags, const struct cs_buf *values)
{
    struct cs_json json;
    struct cs_json_token token;
    bool found = false;
    cs_json_init(&json, tags);
    for (enum cs_json_type type = cs_json_next(&json, &token, NULL);
         !found && type != CS_JSON_END && type != CS_JSON_ERROR;
         type = cs_json_next(&json, &token, NULL)) {
        if (type == CS_JSON_STRING) {
            struct cs_buf tag = CS_BUF(token.raw.len + 1);
            cs_json_unescape(token.raw, &tag);
            found = has_value(values, cs_buf_view(&tag));
            cs_buf_free(&tag);
        }
    }
    return found;
}

/* The row's own tags only (SES-50). */
static bool has_tag(const struct cs_policy *policy, const struct cs_session *session,
                    const struct cs_buf *values)
{
    struct cs_view of_config;
    return holds_any(cs_view_str(session->tags), values) ||
           (policy->list_matches_trigger_tags &&
            cs_json_get(cs_view_str(session->trigger_config), CS_VIEW("tags"), &of_config) ==
                CS_OK &&
            holds_any(of_config, values));
}

static bool passes(const struct cs_policy *policy, const struct query *query,
                   const struct cs_session *session, int64_t now_ms)
{
    const struct cs_buf *texts = query->texts;
    const bool *has = query->has;
    return (!has[FILTER_TYPE] || has_value(&texts[FILTER_TYPE], cs_view_str(session->type))) &&
           (!has[FILTER_TASK] || has_value(&texts[FILTER_TASK], cs_view_str(session->task))) &&
           (!has[FILTER_EXTERNAL_ID] ||
            (session->external_id &&
             strcmp(texts[FILTER_EXTERNAL_ID].ptr, session->external_id) == 0)) &&
           (!has[FILTER_STATUS] ||
            has_value(&texts[FILTER_STATUS], cs_view_str(status_of(policy, session, now_ms)))) &&
           (!has[FILTER_TAGS] || has_tag(policy, session, &texts[FILTER_TAGS])) &&
           session->created_ms >= query->from_ms && session->created_ms <= query->to_ms;
}

static bool may_list(const struct cs_call *call, const struct query *query)
{
    if (!call->endpoint->policy.list_needs_scope ||
        cs_auth_allows(call, "read", "sessions", NULL, 0) ||
        cs_auth_allows(call, "read", "tasks", NULL, 0)) {
        return true;
    }
    const struct cs_buf *tasks = &query->texts[FILTER_TASK];
    bool all = query->has[FILTER_TASK];
    for (size_t at = 0; all && at < tasks->len;) {
        struct cs_view task = cs_view_str(tasks->ptr + at);
        all = cs_auth_allows(call, "read", "tasks", &task, 1);
        at += task.len + 1;
    }
    return all;
}

/* ---- the page ---- */

struct page {
    struct cs_session *rows[100];
    size_t n;
    bool more; /* beyond the page, in the direction of reading */
};

/* Newest first; reading backwards (`before`) collects the oldest of the newer rows first. */
static void collect(const struct cs_call *call, const struct query *query, struct page *page)
{
    const struct cs_endpoint *endpoint = call->endpoint;
    int64_t now_ms = cs_endpoint_now(endpoint);
    bool ascending = query->before != 0 || !endpoint->policy.list_newest_first;
    struct cs_session *session = ascending ? TAILQ_FIRST(&endpoint->sessions)
                                           : TAILQ_LAST(&endpoint->sessions, cs_session_list);
    for (; session; session = ascending ? TAILQ_NEXT(session, link)
                                        : TAILQ_PREV(session, cs_session_list, link)) {
        bool mine =
            session->environment == call->auth.environment || !endpoint->policy.list_isolated;
        bool in_range = (!query->after || session->row < query->after) &&
                        (!query->before || session->row > query->before);
        if (!mine || !in_range || !passes(&endpoint->policy, query, session, now_ms)) {
            continue;
        }
        if (page->n == query->size || page->n == sizeof page->rows / sizeof page->rows[0]) {
            page->more = true;
            return;
        }
        page->rows[page->n++] = session;
    }
}

static void add_cursor(const struct cs_call *call, struct cs_buf *out, const char *name,
                       const struct cs_session *session)
{
    if (!session) {
        return;
    }
    cs_buf_printf(out, "%s\"%s\":", out->ptr[out->len - 1] == '{' ? "" : ",", name);
    if (call->endpoint->policy.list_cursor_is_id) {
        cs_buf_printf(out, "\"%s\"", session->id);
    } else {
        cs_buf_printf(out, "\"row%" PRIu64 "\"", session->row);
    }
}

static void answer_page(struct cs_call *call, const struct query *query, const struct page *page)
{
    struct cs_buf text = CS_BUF((size_t)64 * 1024 * 1024);
    cs_buf_str(&text, "{\"data\":[");
    bool backwards = query->before != 0;
    for (size_t i = 0; i < page->n; i++) {
        cs_buf_str(&text, i ? ",{" : "{");
        struct cs_session *row = page->rows[backwards ? page->n - 1 - i : i];
        row->was_listed = row->was_listed || row->closed_ms == CS_NO_TIME;
        cs_session_members(call->endpoint, row, call->endpoint->policy.list_shows_config != 0,
                           &text);
        cs_buf_char(&text, '}');
    }
    cs_buf_str(&text, "],\"pagination\":{");
    if (page->n > 0 && cs_buf_error(&text) == CS_OK) {
        struct cs_session *newest = page->rows[backwards ? page->n - 1 : 0];
        struct cs_session *oldest = page->rows[backwards ? 0 : page->n - 1];
        bool older = backwards || page->more;
        bool newer = backwards ? page->more : query->after != 0;
        add_cursor(call, &text, "next", older ? oldest : NULL);
        add_cursor(call, &text, "previous", newer ? newest : NULL);
    }
    cs_buf_str(&text, "}}");
    cs_answer_buf(call, 200, &text);
}

void cs_route_session_list(struct cs_call *call)
{
    struct query query = {0};
    struct page page = {0};
    if (!read_query(call, &query)) {
        query_free(&query);
        return;
    }
    if (!call->endpoint->policy.list_by_external_id) {
        query.has[FILTER_EXTERNAL_ID] = false;
    }
    if (may_list(call, &query)) {
        collect(call, &query, &page);
        answer_page(call, &query, &page);
    } else {
        cs_answer_forbidden(call);
    }
    query_free(&query);
}
