/* SES: listing sessions, which is eventually consistent (SES-51). */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

/* parts of formats, hence the doubled % */
#define TAG    "filter%%5Btags%%5D="
#define SIZE   "page%%5Bsize%%5D="
#define STATUS "filter%%5Bstatus%%5D="

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
    const cJSON *rows = ep_list_until(ep, query, 3);
    cs_case_check(run, cJSON_GetArraySize(rows) == 3,
                  "3 tagged sessions of this environment list as %d", cJSON_GetArraySize(rows));
    for (int i = 0; i < 3; i++) {
        cs_case_check(run, !strcmp(row_id(rows, i), sessions[2 - i]->id),
                      "row %d is not the session created %d before the last", i, i);
    }
    cs_case_check(run, cJSON_IsObject(ep_get(ep_list(ep, query), "pagination")),
                  "the list has no pagination");
}

static void page_sizes(struct ep *ep, const char *tag)
{
    const char *bad[] = {ep_text(ep, SIZE "0"), ep_text(ep, SIZE "101"), ep_text(ep, SIZE "abc")};
    for (int i = 0; i < 3; i++) {
        ep_expect(ep, ep_list(ep, bad[i]), 400);
    }
    ep_accept(ep, ep_list(ep, ep_text(ep, SIZE "1")));
    const cJSON *all = ep_list_until(ep, ep_text(ep, TAG "%s&" SIZE "100", tag), 21);
    if (cJSON_GetArraySize(all) != 21) {
        cs_case_error(ep_run(ep), "21 tagged sessions list as %d", cJSON_GetArraySize(all));
    }
    int n = cJSON_GetArraySize(ep_list_until(ep, ep_text(ep, TAG "%s", tag), 20));
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
    const struct ep_answer *page = ep_need(ep, ep_list(ep, first));
    const char *cursor = ep_encode(ep, ep_need_text(ep, page, "pagination.next"));
    ep_accept(ep, ep_list(ep, ep_text(ep, "%s&page%%5Bafter%%5D=%s", first, cursor)));
    ep_accept(ep, ep_list(ep, ep_text(ep, "%s&page%%5Bbefore%%5D=%s", first, cursor)));
    ep_expect(ep,
              ep_list(ep, ep_text(ep, "%s&page%%5Bafter%%5D=%s&page%%5Bbefore%%5D=%s", first,
                                  cursor, cursor)),
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
        const cJSON *rows = ep_list_until(ep, good[i], 1);
        cs_case_check(run, cJSON_GetArraySize(rows) == 1 && !strcmp(row_id(rows, 0), session->id),
                      "the filter %s finds %d sessions, expected the one", good[i],
                      cJSON_GetArraySize(rows));
    }
    ep_expect(ep, ep_list(ep, ep_text(ep, STATUS "NONSENSE")), 400);
}

static void several_values(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *one = ep_unique(ep, "tag");
    const char *two = ep_unique(ep, "tag");
    tagged(ep, one);
    tagged(ep, two);
    int repeated =
        cJSON_GetArraySize(ep_list_until(ep, ep_text(ep, TAG "%s&" TAG "%s", one, two), 2));
    int joined = cJSON_GetArraySize(ep_list_until(ep, ep_text(ep, TAG "%s%%2C%s", one, two), 2));
    cs_case_observe(run, "repeated", "%d", repeated);
    cs_case_observe(run, "joined", "%d", joined);
    cs_case_check(run, repeated == 2 || joined == 2,
                  "two values of one filter find %d (repeated) and %d (joined by a comma) of 2 "
                  "sessions",
                  repeated, joined);
}

#define SETTLE_MS 30000 /* of the store behind the list */

static void expect_listed(struct ep *ep, const char *tag, const char *status, int n)
{
    const char *query = ep_text(ep, TAG "%s&" STATUS "%s", tag, status);
    /* a few times the patience for one answer, so that this fails soon where that is short */
    int64_t wait = 4 * ep_env(ep)->patience_ms;
    int64_t until = cs_now_ms() + (wait < SETTLE_MS ? wait : SETTLE_MS);
    int found;
    while ((found = cJSON_GetArraySize(ep_get(ep_need(ep, ep_list(ep, query)), "data"))) != n) {
        cs_case_check(ep_run(ep), cs_now_ms() < until,
                      "%d tagged sessions list as %s, expected %d by now", found, status, n);
        ep_pause(ep, 200);
    }
}

static void catches_up(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    const struct ep_session *session = tagged(ep, tag);
    expect_listed(ep, tag, "ACTIVE", 1);
    ep_need(ep, ep_close(ep, session, "{}"));
    expect_listed(ep, tag, "CLOSED", 1);
    expect_listed(ep, tag, "ACTIVE", 0);
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
    {"endpoint/list/catches-up", "New and closed sessions show up in the list within seconds",
     "SES-51", CS_MUST, SK, 120, catches_up},
    {0},
};
