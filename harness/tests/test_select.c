/* Which cases a run is about: by id, by requirement, by group, by shard. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "suite/select.h"

static const struct cs_case rows[] = {
    {.id = "fake/kit/unsure", .requirements = "AAA-01 BBB-02"},
    {.id = "fake/kit/skips", .requirements = "AAA-01 BBB-02"},
    {.id = "fake/kit/skips-plainly", .requirements = "AAA-01 BBB-02"},
    {.id = "fake/kit/passes", .requirements = "AAA-01 BBB-02"},
    {.id = "fake/kit/long", .requirements = "BBB-02 AAA-01"},
    {.id = "fake/kit/fails", .requirements = "BBB-02"},
    {0},
};
#define N_ROWS (sizeof rows / sizeof rows[0] - 1)

static const struct cs_case *const groups[] = {rows};
static const struct cs_role fake_role = {.name = "fake", .groups = groups, .n_groups = 1};
static const struct cs_role *const roles[] = {&fake_role};

static size_t selected(const struct cs_selection *selection, char *first, size_t size)
{
    struct cs_work *work = NULL;
    size_t n = 0;
    struct cs_buf why = CS_BUF(4096);
    assert_int_equal(cs_select(roles, 1, selection, &work, &n, &why), CS_OK);
    snprintf(first, size, "%s", work[0].test->id);
    free(work);
    cs_buf_free(&why);
    return n;
}

static void globs_select_by_id_and_by_requirement(void **state)
{
    (void)state;
    char first[64];
    const char *by_id[] = {"*/sk*,*/passes"};
    assert_int_equal(selected(&(struct cs_selection){.only = by_id, .n_only = 1}, first, 64), 3);
    assert_string_equal(first, "fake/kit/passes"); /* sorted by id */
    const char *by_requirement[] = {"BBB-02"};
    const char *skip[] = {"*s*", "fake/kit/unsure"};
    assert_int_equal(
        selected(&(struct cs_selection){.only = by_requirement, .n_only = 1}, first, 64), N_ROWS);
    assert_int_equal(selected(&(struct cs_selection){.skip = skip, .n_skip = 2}, first, 64), 1);
    assert_string_equal(first, "fake/kit/long");
}

static void globs_need_not_name_the_role(void **state)
{
    (void)state;
    char first[64];
    const char *whole[] = {"fake/kit/s*"};
    const char *bare[] = {"kit/s*"};
    size_t n = selected(&(struct cs_selection){.only = whole, .n_only = 1}, first, 64);
    assert_int_equal(selected(&(struct cs_selection){.only = bare, .n_only = 1}, first, 64), n);
    assert_true(strncmp(first, "fake/kit/s", 10) == 0);
    /* only the role may be left out, and only as a whole */
    struct cs_work *work = NULL;
    struct cs_buf why = CS_BUF(4096);
    const char *neither[] = {"passes", "ake/kit/*"};
    for (size_t i = 0; i < 2; i++) {
        struct cs_selection selection = {.only = &neither[i], .n_only = 1};
        assert_int_equal(cs_select(roles, 1, &selection, &work, &n, &why), CS_ERR_USAGE);
    }
    cs_buf_free(&why);
}

static void shards_are_complete_and_disjoint(void **state)
{
    (void)state;
    char first[64];
    char firsts[4][64];
    size_t total = 0;
    for (unsigned k = 1; k <= 4; k++) {
        total += selected(&(struct cs_selection){.shard = k, .n_shards = 4}, firsts[k - 1], 64);
    }
    assert_int_equal(total, selected(&(struct cs_selection){0}, first, 64));
    assert_string_not_equal(firsts[0], firsts[1]);
    unsigned shard = 0;
    unsigned n_shards = 0;
    assert_int_equal(cs_shard_parse("2/8", &shard, &n_shards), CS_OK);
    assert_int_equal(shard, 2);
    assert_int_equal(n_shards, 8);
    assert_int_equal(cs_shard_parse("0/8", &shard, &n_shards), CS_ERR_RANGE);
    assert_int_equal(cs_shard_parse("9/8", &shard, &n_shards), CS_ERR_RANGE);
    assert_int_equal(cs_shard_parse("2", &shard, &n_shards), CS_ERR_SYNTAX);
    assert_int_equal(cs_shard_parse("a/b", &shard, &n_shards), CS_ERR_SYNTAX);
}

#define N_MANY \
    18 /* every fourth of them is long: dealt by place alone, one shard would get them all */

static void each_case_is_in_one_shard_and_long_ones_are_spread(void **state)
{
    (void)state;
    static char ids[N_MANY][32];
    struct cs_case many[N_MANY + 1] = {0};
    for (size_t i = 0; i < N_MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "fake/many/c%02zu", i);
        many[i] = (struct cs_case){.id = ids[i],
                                   .requirements = i % 3 ? "AAA-01" : "BBB-02",
                                   .needs = i % 4 ? 0 : CS_NEEDS_LONG};
    }
    const struct cs_case *const tables[] = {many};
    const struct cs_role role = {.name = "fake", .groups = tables, .n_groups = 1};
    const struct cs_role *const only_role[] = {&role};
    const char *only[] = {"AAA-01"};
    for (unsigned n_only = 0; n_only < 2; n_only++) {
        for (unsigned n_shards = 1; n_shards <= 5; n_shards++) {
            unsigned seen[N_MANY] = {0};
            size_t least = N_MANY;
            size_t most = 0;
            for (unsigned k = 1; k <= n_shards; k++) {
                const struct cs_selection selection = {
                    .only = only, .n_only = n_only, .shard = k, .n_shards = n_shards};
                struct cs_work *work = NULL;
                size_t n = 0;
                size_t n_long = 0;
                struct cs_buf why = CS_BUF(4096);
                assert_int_equal(cs_select(only_role, 1, &selection, &work, &n, &why), CS_OK);
                for (size_t i = 0; i < n; i++) {
                    seen[work[i].test - many]++;
                    n_long += work[i].test->needs != 0;
                }
                free(work);
                cs_buf_free(&why);
                least = n < least ? n : least;
                most = n > most ? n : most;
                assert_true(n_long <= 5 / n_shards + 1);
            }
            for (size_t i = 0; i < N_MANY; i++) {
                assert_int_equal(seen[i], n_only == 0 || i % 3 ? 1 : 0);
            }
            assert_true(most - least <= 1);
        }
    }
}

static void assert_not_selectable(const struct cs_selection *selection, const char *word)
{
    struct cs_work *work = NULL;
    size_t n = 0;
    struct cs_buf why = CS_BUF(4096);
    assert_int_equal(cs_select(roles, 1, selection, &work, &n, &why), CS_ERR_USAGE);
    assert_null(work);
    char *text = cs_buf_take(&why);
    assert_non_null(text);
    if (!strstr(text, word)) {
        fail_msg("'%s' does not say '%s'", text, word);
    }
    free(text);
}

static void a_name_that_matches_nothing_is_refused_with_the_nearest(void **state)
{
    (void)state;
    const char *misspelt[] = {"fake/kit/pases"};
    assert_not_selectable(&(struct cs_selection){.only = misspelt, .n_only = 1}, "fake/kit/passes");
    const char *half[] = {"*/passes,*/nothing-like-it"};
    assert_not_selectable(&(struct cs_selection){.only = half, .n_only = 1}, "nothing-like-it");
    assert_not_selectable(&(struct cs_selection){.skip = misspelt, .n_skip = 1}, "--skip");
    const char *everything[] = {"*"};
    assert_not_selectable(&(struct cs_selection){.skip = everything, .n_skip = 1},
                          "no case is left");
    const char *empty[] = {","};
    assert_not_selectable(&(struct cs_selection){.only = empty, .n_only = 1}, "empty");
}

/* AAA-01 is of a group, BBB-02 of none. */
static const char document[] =
    "{\"schema\":\"chatspec-requirements/1\",\"role\":\"fake\","
    "\"areas\":[{\"id\":\"A\",\"title\":\"a\"}],\"requirements\":["
    "{\"id\":\"AAA-01\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"all\","
    "\"source\":\"s\",\"observe\":\"o\",\"group\":\"security\"},"
    "{\"id\":\"BBB-02\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"all\","
    "\"source\":\"s\",\"observe\":\"o\"}]}";

static void a_group_selects_by_the_requirements_of_it(void **state)
{
    (void)state;
    struct cs_requirements set = {0};
    char first[64];
    assert_int_equal(cs_requirements_add(&set, cs_view_str(document), NULL), CS_OK);
    struct cs_selection selection = {.only_group = "security", .set = &set};
    assert_int_equal(selected(&selection, first, sizeof first), N_ROWS - 1); /* all but fails */
    assert_string_equal(first, "fake/kit/long");
    const char *only[] = {"*/fails"};
    selection.only = only;
    selection.n_only = 1;
    assert_not_selectable(&selection, "no case is left");
    selection = (struct cs_selection){.only_group = "secrity", .set = &set};
    assert_not_selectable(&selection, "there are: security");
    cs_requirements_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_select_by_id_and_by_requirement),
        cmocka_unit_test(globs_need_not_name_the_role),
        cmocka_unit_test(shards_are_complete_and_disjoint),
        cmocka_unit_test(each_case_is_in_one_shard_and_long_ones_are_spread),
        cmocka_unit_test(a_name_that_matches_nothing_is_refused_with_the_nearest),
        cmocka_unit_test(a_group_selects_by_the_requirements_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
