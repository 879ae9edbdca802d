/* Which item of a run comes next: long ones first, and as few slots opened as may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "suite/queue.h"

static void *opens(const void *env, struct cs_diag *diag)
{
    (void)diag;
    return (void *)(uintptr_t)env;
}

static const struct cs_role slotted = {.name = "slotted", .slot_open = opens};
static const struct cs_role plain = {.name = "plain"};
static const struct cs_case usual = {.id = "usual"};
static const struct cs_case waits = {.id = "waits", .needs = CS_WAITS};
static const struct cs_case slow = {.id = "slow", .timeout_s = CS_CASE_LIMIT_S + 1};
static const struct cs_case lasts = {.id = "lasts", .needs = CS_NEEDS_LONG};

static const int envs[3];
#define WORK(of, index, what)                               \
    {                                                       \
        .role = &(of), .env = &envs[index], .test = &(what) \
    }

/* `ctx` is a list of subjects that places have slots for, ended by NULL. */
static bool is_held(void *ctx, const struct cs_work *work)
{
    const void *const *held = ctx;
    while (*held && *held != work->env) {
        held++;
    }
    return *held != NULL;
}

static size_t take(struct cs_queue *queue, const int *own, const int *other)
{
    const struct cs_work has = {.role = &slotted, .env = own};
    const void *held[3] = {own ? own : other, own ? other : NULL};
    return cs_queue_take(queue, own ? &has : NULL, is_held, held);
}

static void long_ones_come_first(void **state)
{
    (void)state;
    static const struct cs_work work[] = {WORK(plain, 0, usual), WORK(plain, 0, waits),
                                          WORK(plain, 1, lasts), WORK(plain, 1, usual),
                                          WORK(plain, 1, slow)};
    static const size_t order[] = {2, 4, 1, 0, 3};
    struct cs_queue queue;
    assert_int_equal(cs_queue_init(&queue, work, 5), CS_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(queue.n_waiting, 5 - i);
        assert_int_equal(take(&queue, &envs[1], NULL), order[i]);
    }
    assert_int_equal(queue.n_waiting, 0);
    cs_queue_free(&queue);
}

static void a_slot_is_kept_as_long_as_anything_fits_it(void **state)
{
    (void)state;
    static const struct cs_work work[] = {WORK(slotted, 0, usual), WORK(slotted, 0, waits),
                                          WORK(slotted, 1, usual), WORK(slotted, 1, waits),
                                          WORK(slotted, 1, usual), WORK(slotted, 0, lasts)};
    struct cs_queue queue;
    assert_int_equal(cs_queue_init(&queue, work, 6), CS_OK);
    /* A long one is not put off for the sake of a slot. */
    assert_int_equal(take(&queue, &envs[1], NULL), 5);
    assert_int_equal(take(&queue, &envs[1], NULL), 3);
    assert_int_equal(take(&queue, &envs[1], NULL), 2);
    assert_int_equal(take(&queue, &envs[1], NULL), 4);
    assert_int_equal(take(&queue, &envs[1], NULL), 1);
    assert_int_equal(take(&queue, &envs[0], NULL), 0);
    cs_queue_free(&queue);
}

static void places_spread_over_subjects(void **state)
{
    (void)state;
    static const struct cs_work work[] = {WORK(slotted, 0, usual), WORK(slotted, 0, usual),
                                          WORK(slotted, 1, usual), WORK(slotted, 2, usual),
                                          WORK(slotted, 2, usual)};
    struct cs_queue queue;
    assert_int_equal(cs_queue_init(&queue, work, 5), CS_OK);
    assert_int_equal(take(&queue, NULL, NULL), 0);
    assert_int_equal(take(&queue, NULL, &envs[0]), 2);
    /* Nothing fits any more, and nobody is at the last one yet. */
    assert_int_equal(take(&queue, &envs[1], &envs[0]), 3);
    cs_queue_put_back(&queue, 3);
    /* All have somebody: help where most is left. */
    static const void *const held[] = {&envs[0], &envs[2], NULL};
    assert_int_equal(cs_queue_take(&queue, NULL, is_held, (void *)(uintptr_t)held), 3);
    assert_int_equal(take(&queue, &envs[0], &envs[2]), 1);
    assert_int_equal(take(&queue, &envs[0], &envs[2]), 4);
    cs_queue_free(&queue);
}

static void what_is_put_back_is_next_and_what_is_added_is_last(void **state)
{
    (void)state;
    static const struct cs_work work[] = {WORK(plain, 0, usual), WORK(plain, 0, usual),
                                          WORK(plain, 0, usual)};
    struct cs_queue queue;
    assert_int_equal(cs_queue_init(&queue, work, 3), CS_OK);
    for (size_t i = 0; i < 10; i++) { /* several times around the ring */
        size_t index = take(&queue, NULL, NULL);
        cs_queue_put_back(&queue, index);
        assert_int_equal(take(&queue, NULL, NULL), index);
        cs_queue_add(&queue, index);
        assert_int_equal(index, i % 3);
    }
    cs_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_ones_come_first),
        cmocka_unit_test(a_slot_is_kept_as_long_as_anything_fits_it),
        cmocka_unit_test(places_spread_over_subjects),
        cmocka_unit_test(what_is_put_back_is_next_and_what_is_added_is_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
