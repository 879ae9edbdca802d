/* SES rows about the list that a server may meet or not: what it does is recorded. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

/* parts of formats, hence the doubled % */
#define TAG "filter%%5Btags%%5D="

static const struct ep_session *tagged(struct ep *ep, const char *tag)
{
    return ep_session_with(ep, ep_unique(ep, "chat"), ep_text(ep, "\"tags\":[\"%s\"]", tag));
}

/* The rows of a query, of which there must be `n`: a step on the way. */
static const cJSON *need_rows(struct ep *ep, const char *query, int n)
{
    const cJSON *rows = ep_list_until(ep, query, n);
    if (cJSON_GetArraySize(rows) != n) {
        cs_case_error(ep_run(ep), "%s lists %d sessions, expected %d", query,
                      cJSON_GetArraySize(rows), n);
    }
    return rows;
}

static const char *row_text(const cJSON *rows, int index, const char *name)
{
    const char *text = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, index), name));
    return text ? text : "";
}

/* The description of the API says that currentRunId is left out too; srv has it. */
static void row_members(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    const struct ep_session *session = tagged(ep, tag);
    const cJSON *rows = need_rows(ep, ep_text(ep, TAG "%s", tag), 1);
    const cJSON *row = cJSON_GetArrayItem(rows, 0);
    cs_case_observe_as(run, "triggerConfig", "absent", "%s",
                       cJSON_HasObjectItem(row, "triggerConfig") ? "present" : "absent");
    const char *current = row_text(rows, 0, "currentRunId");
    cs_case_observe_as(run, "currentRunId", "the current run", "%s",
                       !strcmp(current, session->run_id)          ? "the current run"
                       : cJSON_HasObjectItem(row, "currentRunId") ? "something else"
                                                                  : "absent");
}

/* The description of the API shows a session id; srv gives out ids of its database. */
static void cursors(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *tag = ep_unique(ep, "tag");
    tagged(ep, tag);
    tagged(ep, tag);
    need_rows(ep, ep_text(ep, TAG "%s", tag), 2);
    const char *first = ep_text(ep, TAG "%s&page%%5Bsize%%5D=1", tag);
    const struct ep_answer *page = ep_need(ep, ep_list(ep, first));
    const char *cursor = ep_need_text(ep, page, "pagination.next");
    cs_case_observe_as(run, "cursor", "no session id", "%s",
                       strncmp(cursor, "session_", 8) ? "no session id" : "a session id");
    const char *shown = row_text(ep_get(page, "data"), 0, "id");
    const char *second = ep_text(ep, "%s&page%%5Bafter%%5D=%s", first, ep_encode(ep, cursor));
    const cJSON *rows = ep_get(ep_need(ep, ep_list(ep, second)), "data");
    const char *next = row_text(rows, 0, "id");
    cs_case_observe_as(run, "passed_back", "the next page", "%s",
                       *next && strcmp(next, shown) != 0 ? "the next page" : "something else");
}

/* The reference of the SDK says that the filter matches triggerConfig.tags; srv reads the row's. */
static void tags_filter(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    const char *own = ep_unique(ep, "own");
    const char *config = ep_unique(ep, "config");
    ep_need(ep,
            ep_post_session(ep, ep_text(ep,
                                        "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\","
                                        "\"externalId\":\"%s\",\"tags\":[\"%s\"],"
                                        "\"triggerConfig\":{\"basePayload\":{},\"tags\":[\"%s\"]}}",
                                        ep_env(ep)->task, id, own, config)));
    need_rows(ep, ep_text(ep, "filter%%5BexternalId%%5D=%s", id), 1);
    int by_own =
        cJSON_GetArraySize(ep_get(ep_need(ep, ep_list(ep, ep_text(ep, TAG "%s", own))), "data"));
    int by_config =
        cJSON_GetArraySize(ep_get(ep_need(ep, ep_list(ep, ep_text(ep, TAG "%s", config))), "data"));
    cs_case_observe_as(run, "own_tags", "found", "%s", by_own == 1 ? "found" : "not found");
    cs_case_observe_as(run, "triggerConfig.tags", "not found", "%s",
                       by_config == 1 ? "found" : "not found");
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_observed_list_cases[] = {
    {"endpoint/list/row-members", "Rows leave out triggerConfig and have currentRunId", "SES-48",
     CS_OBSERVED, SK, 0, row_members},
    {"endpoint/list/cursors", "Cursors are no session ids and are passed back as they came",
     "SES-49", CS_OBSERVED, SK, 0, cursors},
    {"endpoint/list/tags-filter", "The tags filter reads the session's own tags", "SES-50",
     CS_OBSERVED, SK, 0, tags_filter},
    {0},
};
