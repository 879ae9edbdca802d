/* The catalogues: what is in the program, and what a broken one is refused for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "suite/requirement.h"

static int load(void **state)
{
    struct cs_requirements *set = calloc(1, sizeof *set);
    struct cs_diag diag = {0};
    if (set == NULL || cs_requirements_load(set, &diag) != CS_OK) {
        (void)fprintf(stderr, "cannot load: %s\n", diag.text);
        free(set);
        return -1;
    }
    *state = set;
    return 0;
}

static int unload(void **state)
{
    cs_requirements_free(*state);
    free(*state);
    return 0;
}

static void catalogues_are_whole(void **state)
{
    const struct cs_requirements *set = *state;
    static const struct {
        const char *role;
        size_t n_items;
        size_t n_levels[4];
        size_t n_known_bugs;
    } table[] = {
        {"endpoint", 357, {223, 13, 12, 109}, 0},
        {"client", 472, {132, 50, 0, 290}, 40},
        {"agent", 273, {228, 14, 0, 31}, 24},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct cs_requirement *item = NULL;
        size_t n_items = 0;
        size_t n_levels[4] = {0};
        size_t n_known_bugs = 0;
        while ((item = cs_requirement_next(set, table[i].role, item)) != NULL) {
            n_items++;
            n_levels[item->level]++;
            n_known_bugs += item->known_bug;
        }
        assert_int_equal(n_items, table[i].n_items);
        assert_memory_equal(n_levels, table[i].n_levels, sizeof n_levels);
        assert_int_equal(n_known_bugs, table[i].n_known_bugs);
    }
    assert_int_equal(set->n_items, 357 + 472 + 273);
}

/* Three numbers with dots between them, such as "4.5.16". */
static bool is_version(const char *text)
{
    for (int part = 0; part < 3; part++) {
        size_t n_digits = strspn(text, "0123456789");
        if (n_digits == 0 || text[n_digits] != (part < 2 ? '.' : '\0')) {
            return false;
        }
        text += n_digits + 1;
    }
    return true;
}

static void every_requirement_is_complete(void **state)
{
    const struct cs_requirements *set = *state;
    const struct cs_requirement *item = NULL;
    while ((item = cs_requirement_next(set, NULL, item)) != NULL) {
        size_t area_len = strlen(item->area);
        const struct cs_requirement_area *area = cs_requirement_area_of(set, item);
        if (strncmp(item->id, item->area, area_len) != 0 || item->id[area_len] != '-' ||
            !isdigit((unsigned char)item->id[area_len + 1])) {
            fail_msg("%s is not an id of area %s", item->id, item->area);
        }
        assert_string_equal(area->role, item->role);
        assert_true(area->title[0] && item->text[0] && item->versions[0] && item->source[0] &&
                    item->observe[0]);
        if ((item->since && !is_version(item->since)) ||
            (item->until && !is_version(item->until))) {
            fail_msg("%s: since or until is no version", item->id);
        }
        assert_int_equal(item->clients[0] != '\0', strcmp(item->role, "client") == 0);
        assert_true(item->needs == 0 || strcmp(item->role, "endpoint") == 0);
        assert_ptr_equal(cs_requirement_find(set, item->id), item);
    }
}

static void single_rows_read_right(void **state)
{
    const struct cs_requirements *set = *state;
    const struct cs_requirement *item = cs_requirement_find(set, "TOK-20");
    assert_non_null(item);
    assert_string_equal(item->role, "endpoint");
    assert_int_equal(item->level, CS_MUST);
    assert_string_equal(item->versions, "all");
    assert_null(item->since);
    assert_int_equal(item->needs, 0);

    item = cs_requirement_find(set, "SES-40");
    assert_non_null(item);
    assert_int_equal(item->needs, CS_NEEDS_SECRET_KEY | CS_NEEDS_TWO_ENVIRONMENTS);
    item = cs_requirement_find(set, "SES-25");
    assert_non_null(item);
    assert_string_equal(item->since, "4.5.16");
    assert_null(item->until);

    item = cs_requirement_find(set, "CTK-03");
    assert_non_null(item);
    assert_string_equal(item->clients, "AHW");
    assert_int_equal(item->level, CS_OBSERVED);
    item = cs_requirement_find(set, "AGT-TRN-13");
    assert_non_null(item);
    assert_true(item->known_bug);
    assert_null(item->since);

    assert_null(cs_requirement_find(set, "TOK-"));
    assert_null(cs_requirement_find(set, "tok-20"));
    assert_null(cs_requirement_find(set, ""));
}

static void roles_are_walked_in_order(void **state)
{
    const struct cs_requirements *set = *state;
    const struct cs_requirement *first = cs_requirement_next(set, "client", NULL);
    assert_string_equal(first->id, "CTK-01");
    assert_string_equal(cs_requirement_next(set, "client", first)->id, "CTK-02");
    assert_string_equal(cs_requirement_next(set, NULL, NULL)->id, "SES-01");
    assert_null(cs_requirement_next(set, "nobody", NULL));
    assert_null(cs_requirement_next(set, NULL, &set->items[set->n_items - 1]));
}

static void source_codes_are_explained(void **state)
{
    const struct cs_requirements *set = *state;
    assert_non_null(strstr(cs_requirements_source(set, "endpoint", "CP"), "client-protocol"));
    assert_non_null(cs_requirements_source(set, "client", "RUN"));
    assert_non_null(cs_requirements_source(set, "agent", "R6"));
    assert_null(cs_requirements_source(set, "endpoint", "no such code"));
    assert_null(cs_requirements_source(set, "nobody", "CP"));
}

#define HEAD "{\"schema\":\"chatspec-requirements/1\",\"role\":\"r\","
#define AREA "\"areas\":[{\"id\":\"A\",\"title\":\"t\"}],"
#define ROW(id, more)                                                                         \
    "{\"id\":\"" id "\",\"area\":\"A\",\"text\":\"x\",\"versions\":\"all\",\"source\":\"s\"," \
    "\"observe\":\"o\"" more "}"
#define MUST           ",\"level\":\"MUST\""
#define DOCUMENT(rows) HEAD AREA "\"requirements\":[" rows "]}"

static void broken_catalogues_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum cs_err expected;
        const char *why;
    } table[] = {
        {"", CS_ERR_SYNTAX, ""},
        {DOCUMENT("") "x", CS_ERR_SYNTAX, ""},
        {DOCUMENT("01"), CS_ERR_SYNTAX, ""},
        {"[]", CS_ERR_TYPE, "schema"},
        {"{\"schema\":\"chatspec-requirements/2\"}", CS_ERR_TYPE, "schema"},
        {HEAD "\"requirements\":[]}", CS_ERR_MISSING, "areas"},
        {HEAD AREA "\"requirements\":{}}", CS_ERR_MISSING, "requirements"},
        {HEAD "\"areas\":[{\"id\":\"A\"}],\"requirements\":[]}", CS_ERR_MISSING, "title"},
        {DOCUMENT("1"), CS_ERR_TYPE, "object"},
        {DOCUMENT("{\"id\":\"A-1\"}"), CS_ERR_MISSING, "A-1: no area"},
        {DOCUMENT("{\"id\":1}"), CS_ERR_TYPE, "id is not a string"},
        {DOCUMENT(ROW("A-1", "")), CS_ERR_TYPE, "level"},
        {DOCUMENT(ROW("A-1", ",\"level\":\"must\"")), CS_ERR_TYPE, "level"},
        {DOCUMENT(ROW("A-1", MUST ",\"since\":4")), CS_ERR_TYPE, "since"},
        {DOCUMENT(ROW("A-1", MUST ",\"needs\":\"SK\"")), CS_ERR_TYPE, "needs"},
        {DOCUMENT(ROW("A-1", MUST ",\"needs\":[\"sk\"]")), CS_ERR_TYPE, "needs"},
        {DOCUMENT(ROW("A-1", MUST ",\"clients\":[\"Q\"]")), CS_ERR_TYPE, "clients"},
        {DOCUMENT(ROW("A-1", MUST) "," ROW("A-1", MUST)), CS_ERR_SYNTAX, "twice"},
        {HEAD "\"areas\":[],\"requirements\":[" ROW("A-1", MUST) "]}", CS_ERR_TYPE, "area"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_requirements set = {0};
        struct cs_diag diag = {0};
        enum cs_err err = cs_requirements_add(&set, cs_view_str(table[i].json), &diag);
        if (err != table[i].expected || strstr(diag.text, table[i].why) == NULL) {
            fail_msg("%s: %s \"%s\"", table[i].json, cs_err_name(err), diag.text);
        }
        assert_int_equal(set.n_items, 0);
        cs_requirements_free(&set);
    }
}

static void catalogues_add_up_or_leave_no_trace(void **state)
{
    (void)state;
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    const char *good =
        DOCUMENT(ROW("A-2", MUST ",\"needs\":[\"S2\",\"LONG\"],\"known_bug\":true") "," ROW(
            "A-1", ",\"level\":\"MAY\",\"clients\":[\"X\",\"T\"]"));
    assert_null(cs_requirement_find(&set, "A-1"));
    assert_int_equal(cs_requirements_add(&set, cs_view_str(good), &diag), CS_OK);
    assert_int_equal(cs_requirements_add(&set, CS_VIEW(DOCUMENT("")), &diag), CS_OK);
    /* New rows, but one id that is known: nothing of it stays. */
    assert_int_equal(
        cs_requirements_add(&set, CS_VIEW(DOCUMENT(ROW("A-0", MUST) "," ROW("A-2", MUST))), &diag),
        CS_ERR_SYNTAX);
    assert_int_equal(set.n_items, 2);
    assert_null(cs_requirement_find(&set, "A-0"));
    const struct cs_requirement *item = cs_requirement_find(&set, "A-2");
    assert_non_null(item);
    assert_true(item->known_bug);
    assert_int_equal(item->needs, CS_NEEDS_STREAM | CS_NEEDS_LONG);
    item = cs_requirement_find(&set, "A-1");
    assert_non_null(item);
    assert_int_equal(item->level, CS_MAY);
    assert_string_equal(item->clients, "TX");
    cs_requirements_free(&set);
    assert_null(set.items);
    cs_requirements_free(&set);
    cs_requirements_free(NULL);
}

/* What differs between versions of the SDK is told in an upgrade, so it says why it matters. */
static void what_can_change_says_why(void **state)
{
    const struct cs_requirements *set = *state;
    for (size_t i = 0; i < set->n_items; i++) {
        const struct cs_requirement *item = &set->items[i];
        bool changes = item->since || item->until || item->defect_since || item->known_bug;
        for (size_t f = 0; f < set->n_facts; f++) {
            changes = changes || cs_fact_is_of(&set->facts[f], item->id);
        }
        if (strcmp(item->role, "client") == 0 && changes && !item->why) {
            fail_msg("%s changed between versions and has no why", item->id);
        }
        if (strcmp(item->role, "client") == 0) {
            assert_non_null(cs_requirements_why(set, item->id));
        }
    }
    assert_string_equal(cs_requirements_why(set, "CTK-01 CRS-11"),
                        cs_requirement_find(set, "CRS-11")->why);
    assert_null(cs_requirements_why(set, "NONE-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogues_are_whole),
        cmocka_unit_test(every_requirement_is_complete),
        cmocka_unit_test(single_rows_read_right),
        cmocka_unit_test(roles_are_walked_in_order),
        cmocka_unit_test(source_codes_are_explained),
        cmocka_unit_test(what_can_change_says_why),
        cmocka_unit_test(broken_catalogues_are_refused),
        cmocka_unit_test(catalogues_add_up_or_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, load, unload) != 0;
}
