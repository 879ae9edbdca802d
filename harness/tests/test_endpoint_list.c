/* The list of the reference endpoint's sessions, over the wire. */
#include "endpoint_fixture.h"

#define KEY CS_ENDPOINT_SECRET_KEY

/* Three rows of a type of their own, for the tests of the list. */
static int set_up(void **state)
{
    *state = host_start(NULL, 0);
    for (int i = 1; i <= 3; i++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{\"externalId\":\"listed-%d\",\"type\":\"listed\",\"taskIdentifier\":\"absent\","
                 "\"tags\":[\"all\",\"n%d\"],\"triggerConfig\":{\"basePayload\":{}}}",
                 i, i);
        call_expect(*state, "POST", "/api/v1/sessions", KEY, body, 201);
    }
    return 0;
}

static int tear_down(void **state)
{
    host_end(*state);
    return 0;
}

static struct reply list(struct host *host, const char *query)
{
    char path[512];
    snprintf(path, sizeof path, "/api/v1/sessions?%s", query);
    return call(host, "GET", path, KEY, NULL, NULL);
}

static const char *listed(const struct reply *page, int index)
{
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(page->json, "data"), index);
    const cJSON *id = cJSON_GetObjectItem(row, "externalId");
    return cJSON_IsString(id) ? id->valuestring : "";
}

static const char *cursor(const struct reply *page, const char *name)
{
    const cJSON *text = cJSON_GetObjectItem(cJSON_GetObjectItem(page->json, "pagination"), name);
    return cJSON_IsString(text) ? text->valuestring : NULL;
}

static void lists_page_both_ways(void **state)
{
    char query[256];
    struct reply first = list(*state, "filter%5Btype%5D=listed&page%5Bsize%5D=2");
    assert_string_equal(listed(&first, 0), "listed-3");
    assert_string_equal(listed(&first, 1), "listed-2");
    assert_null(cursor(&first, "previous"));
    assert_false(cJSON_HasObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(first.json, "data"), 0),
                                     "triggerConfig"));
    snprintf(query, sizeof query, "filter[type]=listed&page[size]=2&page[after]=%s",
             cursor(&first, "next"));
    struct reply second = list(*state, query);
    assert_string_equal(listed(&second, 0), "listed-1");
    assert_string_equal(listed(&second, 1), "");
    assert_null(cursor(&second, "next"));
    snprintf(query, sizeof query, "filter[type]=listed&page[size]=1&page[before]=%s",
             cursor(&second, "previous"));
    struct reply back = list(*state, query);
    assert_string_equal(listed(&back, 0), "listed-2");
    assert_non_null(cursor(&back, "next"));
    assert_non_null(cursor(&back, "previous"));
    reply_free(&first);
    reply_free(&second);
    reply_free(&back);
}

static void lists_filter(void **state)
{
    static const struct {
        const char *query;
        int n;
    } rows[] = {
        {"filter[tags]=n2", 1},
        {"filter[tags]=n1,n2", 2},
        {"filter[tags]=n1&filter[tags]=n3", 2},
        {"filter[externalId]=listed-3", 1},
        {"filter[externalId]=listed", 0},
        {"filter[type]=listed&filter[status]=ACTIVE", 3},
        {"filter[type]=listed&filter[status]=CLOSED", 0},
        {"filter[type]=listed&filter[status]=CLOSED,ACTIVE", 3},
        {"filter[type]=listed&filter[createdAt][period]=1d", 3},
        {"filter[type]=listed&filter[createdAt][to]=1", 0},
        {"filter[type]=listed&filter[createdAt][from]=1", 3},
        {"filter[taskIdentifier]=nothing", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply page = list(*state, rows[i].query);
        int n = cJSON_GetArraySize(cJSON_GetObjectItem(page.json, "data"));
        if (page.status != 200 || n != rows[i].n) {
            fail_msg("%s: %d with %d rows", rows[i].query, page.status, n);
        }
        reply_free(&page);
    }
}

static void bad_list_queries_are_refused(void **state)
{
    static const char *const queries[] = {
        "page[size]=0",        "page[size]=101",
        "page[size]=abc",      "page[size]=",
        "filter[status]=OPEN", "filter[createdAt][from]=x",
        "page[after]=no",      "page[after]=row9&page[before]=row1"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct reply page = list(*state, queries[i]);
        assert_error(&page, 400, "Query Error");
        assert_true(cJSON_IsArray(cJSON_GetObjectItem(page.json, "details")));
        reply_free(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_page_both_ways),
        cmocka_unit_test(lists_filter),
        cmocka_unit_test(bad_list_queries_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
