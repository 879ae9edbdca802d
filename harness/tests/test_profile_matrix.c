/* The judge of profiles: what is documented must show, what is not must not, and each version must
 * be right for itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/profile_matrix.h"

#define ROW(id, extra)                                                                        \
    "{\"id\":\"" id "\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"v\"," \
    "\"source\":\"s\",\"observe\":\"o\"" extra "}"

/* A-1 is the same in both versions, A-2 asks for another number, A-3 is only in the newer one. */
static const char document[] =
    "{\"schema\":\"chatspec-requirements/1\",\"role\":\"endpoint\","
    "\"areas\":[{\"id\":\"A\",\"title\":\"a\"}],"
    "\"facts\":[{\"name\":\"most\",\"requirement\":\"A-2\",\"text\":\"t\",\"values\":["
    "{\"since\":\"4.5.0\",\"value\":5},{\"since\":\"4.6.0\",\"value\":10}]}],"
    "\"requirements\":[" ROW("A-1", "") "," ROW("A-2", "") "," ROW("A-3",
                                                                   ",\"since\":\"4.6.0\"") "]}";

enum {
    OLDER,
    NEWER,
    N_PROFILES
};
enum {
    ONE,
    TWO,
    THREE,
    N_CASES
};

static const struct cs_case rows[N_CASES] = {
    {.id = "x/a/one", .requirements = "A-1"},
    {.id = "x/a/two", .requirements = "A-2"},
    {.id = "x/a/three", .requirements = "A-3"},
};
static const struct cs_case *const cases[N_CASES] = {&rows[ONE], &rows[TWO], &rows[THREE]};

struct world {
    struct cs_requirements set;
    struct cs_profile profiles[N_PROFILES];
    struct cs_result cells[N_PROFILES * N_PROFILES * N_CASES];
};

static struct cs_result *cell(struct world *world, int held, int served, int row)
{
    return &world->cells[(held * N_PROFILES + served) * N_CASES + row];
}

/* All is as it should be: each difference shows where it can, and only there. */
static int set_up(void **state)
{
    static struct world world;
    world = (struct world){0};
    if (cs_requirements_add(&world.set, cs_view_str(document), NULL) != CS_OK ||
        cs_profile_init("4.5.0", &world.set, &world.profiles[OLDER], NULL) != CS_OK ||
        cs_profile_init("4.6.0", &world.set, &world.profiles[NEWER], NULL) != CS_OK) {
        return -1;
    }
    for (size_t i = 0; i < sizeof world.cells / sizeof world.cells[0]; i++) {
        world.cells[i] = (struct cs_result){.done = true, .verdict = CS_PASS};
    }
    for (int served = 0; served < N_PROFILES; served++) {
        cell(&world, OLDER, served, THREE)->verdict = CS_SKIP;
    }
    cell(&world, OLDER, NEWER, TWO)->verdict = CS_FAIL;
    cell(&world, NEWER, OLDER, TWO)->verdict = CS_FAIL;
    cell(&world, NEWER, OLDER, THREE)->verdict = CS_FAIL;
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    cs_requirements_free(&world->set);
    return 0;
}

static struct cs_profile_counts judge(struct world *world, const char *expected)
{
    const struct cs_profile_matrix matrix = {.cases = cases,
                                             .n_cases = N_CASES,
                                             .profiles = world->profiles,
                                             .n_profiles = N_PROFILES,
                                             .cells = world->cells};
    struct cs_buf out = CS_BUF(65536);
    struct cs_profile_counts counts = cs_profile_matrix_judge(&matrix, &out);
    cs_buf_char(&out, '\0');
    if (!strstr(out.ptr, expected)) {
        fail_msg("no '%s' in:\n%s", expected, out.ptr);
    }
    cs_buf_free(&out);
    return counts;
}

static void all_is_well(void **state)
{
    struct cs_profile_counts counts = judge(*state, "4.6.0            2        .");
    assert_int_equal(counts.n_expected, 3);
    assert_int_equal(counts.n_shown, 3);
    assert_true(cs_profile_matrix_is_good(&counts));
}

static void a_difference_that_no_case_shows_is_named(void **state)
{
    struct world *world = *state;
    cell(world, NEWER, OLDER, THREE)->verdict = CS_PASS;
    struct cs_profile_counts counts =
        judge(world, "held to 4.6.0, served 4.5.0: A-3: differs, and no case shows it");
    assert_int_equal(counts.n_silent, 1);
    assert_false(cs_profile_matrix_is_good(&counts));
}

static void an_observation_shows_a_difference_as_a_verdict_does(void **state)
{
    struct world *world = *state;
    char name[] = "most";
    char value[] = "10";
    struct cs_observation most = {name, value, NULL};
    cell(world, NEWER, OLDER, THREE)->verdict = CS_PASS;
    cell(world, NEWER, OLDER, THREE)->observations = &most;
    cell(world, NEWER, OLDER, THREE)->n_observations = 1;
    struct cs_profile_counts counts = judge(world, "");
    assert_true(cs_profile_matrix_is_good(&counts));
}

static void a_case_that_shows_what_is_not_documented_is_named(void **state)
{
    struct world *world = *state;
    cell(world, OLDER, NEWER, ONE)->verdict = CS_FAIL;
    struct cs_profile_counts counts =
        judge(world, "held to 4.5.0, served 4.6.0: x/a/one: shows a difference");
    assert_int_equal(counts.n_unexpected, 1);
    assert_false(cs_profile_matrix_is_good(&counts));
    cell(world, OLDER, NEWER, ONE)->verdict = CS_ERROR; /* a step on the way was not there */
    counts = judge(world, "");
    assert_int_equal(counts.n_blocked, 1);
    assert_true(cs_profile_matrix_is_good(&counts));
}

static void a_version_must_be_right_for_itself(void **state)
{
    struct world *world = *state;
    cell(world, NEWER, NEWER, ONE)->verdict = CS_WARN;
    struct cs_profile_counts counts = judge(world, "held to 4.6.0, served 4.6.0: x/a/one: warn");
    assert_int_equal(counts.n_own_bad, 1);
    assert_false(cs_profile_matrix_is_good(&counts));
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(all_is_well),
        WITH_WORLD(a_difference_that_no_case_shows_is_named),
        WITH_WORLD(an_observation_shows_a_difference_as_a_verdict_does),
        WITH_WORLD(a_case_that_shows_what_is_not_documented_is_named),
        WITH_WORLD(a_version_must_be_right_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
