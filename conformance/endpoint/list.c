/* SES: listing sessions, which is eventually consistent (SES-51). */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

/* parts of formats, hence the doubled % */
#define TAG    "filter%%5Btags%%5D="
#define SIZE   "page%%5Bsize%%5D="
#define STATUS "filter%%5Bstatus%%5D="

static const struct ep_answer *list(struct ep *ep, const char *query)
{
    return ep_do(ep, .path = ep_text(ep, "/api/v1/sessions%s%s", *query ? "?" : "", query),
                 .auth = ep_env(ep)->secret_key);
}

/* The `data` of a list, asked for until it holds `n` rows or patience ends. */
static const cJSON *rows_until(struct ep *ep, const char *query, int n)
{
    int64_t until = cs_now_ms() + ep_lag(ep);
    for (;;) {
        const cJSON *data = ep_get(ep_need(ep, list(ep, query)), "data");
        if (cJSON_GetArraySize(data) == n || cs_now_ms() >= until) {
            return data;
        }
        ep_pause(ep, 200);
    }
}

static const char *row_id(const cJSON *rows, int index)
{
    const char *id = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, index), "id"));
    return id ? id : "";
}

static const struct ep_session *tagged(struct ep *ep, const char *tag)
{
    return ep_session_with(ep, ep_unique(ep, "chat"), ep_text(ep, "\"tags\":[\"%s\"]", tag));
}

/* What another environment's key creates under the same tag must not show. */
static void create_elsewhere(struct ep *ep, const char *tag)
{
    const char *body =
        ep_create_body(ep, ep_unique(ep, "chat"), ep_text(ep, "\"tags\":[\"%s\"]", tag));
    ep_need(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = ep_env(ep)->other_secret_key,
                      .body = body));
}

static void newest_first(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    const struct ep_session *sessions[3];
    if (ep_env(ep)->other_secret_key) {
        create_elsewhere(ep, tag);
    }
    for (int i = 0; i < 3; i++) {
        sessions[i] = tagged(ep, tag);
        ep_pause(ep, 2); /* createdAt has milliseconds */
    }
    const char *query = ep_text(ep, TAG "%s", tag);
    const cJSON *rows = rows_until(ep, query, 3);
    cs_case_check(run, cJSON_GetArraySize(rows) == 3,
                  "3 tagged sessions of this environment list as %d", cJSON_GetArraySize(rows));
    for (int i = 0; i < 3; i++) {
        cs_case_check(run, !strcmp(row_id(rows, i), sessions[2 - i]->id),
                      "row %d is not the session created %d before the last", i, i);
    }
    cs_case_check(run, cJSON_IsObject(ep_get(list(ep, query), "pagination")),
                  "the list has no pagination");
}

static void page_sizes(struct ep *ep, const char *tag)
{
    const char *bad[] = {ep_text(ep, SIZE "0"), ep_text(ep, SIZE "101"), ep_text(ep, SIZE "abc")};
    for (int i = 0; i < 3; i++) {
        ep_expect(ep, list(ep, bad[i]), 400);
    }
    ep_accept(ep, list(ep, ep_text(ep, SIZE "1")));
    const cJSON *all = rows_until(ep, ep_text(ep, TAG "%s&" SIZE "100", tag), 21);
    if (cJSON_GetArraySize(all) != 21) {
        cs_case_error(ep_run(ep), "21 tagged sessions list as %d", cJSON_GetArraySize(all));
    }
    int n = cJSON_GetArraySize(rows_until(ep, ep_text(ep, TAG "%s", tag), 20));
    cs_case_check(ep_run(ep), n == 20, "a page without page[size] holds %d rows, expected 20", n);
}

static void paging(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    for (int i = 0; i < 21; i++) {
        tagged(ep, tag);
    }
    page_sizes(ep, tag);
    /* a cursor that the server gave out itself, so that nothing but the pair is wrong */
    const char *first = ep_text(ep, TAG "%s&" SIZE "1", tag);
    const struct ep_answer *page = ep_need(ep, list(ep, first));
    const char *cursor = ep_encode(ep, ep_need_text(ep, page, "pagination.next"));
    ep_accept(ep, list(ep, ep_text(ep, "%s&page%%5Bafter%%5D=%s", first, cursor)));
    ep_accept(ep, list(ep, ep_text(ep, "%s&page%%5Bbefore%%5D=%s", first, cursor)));
    ep_expect(ep,
              list(ep, ep_text(ep, "%s&page%%5Bafter%%5D=%s&page%%5Bbefore%%5D=%s", first, cursor,
                               cursor)),
              400);
}

static void filters(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    const struct ep_session *session = tagged(ep, tag);
    ep_session(ep);
    const char *good[] = {ep_text(ep, TAG "%s", tag),
                          ep_text(ep, "filter%%5BexternalId%%5D=%s", session->external_id),
                          ep_text(ep, TAG "%s&" STATUS "ACTIVE", tag),
                          ep_text(ep, TAG "%s&filter%%5Btype%%5D=chat.agent", tag)};
    for (int i = 0; i < 4; i++) {
        const cJSON *rows = rows_until(ep, good[i], 1);
        cs_case_check(run, cJSON_GetArraySize(rows) == 1 && !strcmp(row_id(rows, 0), session->id),
                      "the filter %s finds %d sessions, expected the one", good[i],
                      cJSON_GetArraySize(rows));
    }
    ep_expect(ep, list(ep, ep_text(ep, STATUS "NONSENSE")), 400);
}

static void several_values(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *one = ep_unique(ep, "tag");
    const char *two = ep_unique(ep, "tag");
    tagged(ep, one);
    tagged(ep, two);
    int repeated = cJSON_GetArraySize(rows_until(ep, ep_text(ep, TAG "%s&" TAG "%s", one, two), 2));
    int joined = cJSON_GetArraySize(rows_until(ep, ep_text(ep, TAG "%s%%2C%s", one, two), 2));
    cs_case_observe(run, "repeated", "%d", repeated);
    cs_case_observe(run, "joined", "%d", joined);
    cs_case_check(run, repeated == 2 || joined == 2,
                  "two values of one filter find %d (repeated) and %d (joined by a comma) of 2 "
                  "sessions",
                  repeated, joined);
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_list_cases[] = {
    {"endpoint/list/newest-first", "The list is this environment's, newest first", "SES-44",
     CS_MUST, SK, 0, newest_first},
    {"endpoint/list/paging", "page[size] is 1 to 100, 20 by default, one cursor at a time",
     "SES-45", CS_MUST, SK, 0, paging},
    {"endpoint/list/filters", "Filters find what they name", "SES-46", CS_MUST, SK, 0, filters},
    {"endpoint/list/several-values", "Several values of one filter all apply", "SES-47", CS_SHOULD,
     SK, 0, several_values},
    {0},
};
