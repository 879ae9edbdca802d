/* Every thing that a twin can break is broken by some inputs, and then the log says so: a target
 * that never breaks anything would be green as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/twin_read.h"
#include "fuzz/twin_stream.h"

enum {
    N_INPUTS = 200,
    INPUT_LEN = 300
};

/* The same bytes on every machine. */
static void make_choices(char *bytes, uint32_t seed)
{
    for (size_t i = 0; i < INPUT_LEN; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (char)(seed >> 24);
    }
}

static struct twin make_twin(char *choices, uint32_t seed, enum twin_defect defect)
{
    struct twin twin = {.defect = defect, .victim = seed % 3};

    make_choices(choices, seed);
    twin.data = twin.records = twin.wire = twin.log = CS_BUF(FUZZ_BUF_MAX);
    twin.limits.batch.max_records = defect == TWIN_RECORDS_LIMIT ? 1 : 0;
    twin.limits.batch.max_headers = defect == TWIN_HEADERS_LIMIT ? 1 : 0;
    twin.limits.max_event = defect == TWIN_EVENT_LIMIT ? 100 : 0;
    twin.choices = cs_view_of(choices, INPUT_LEN);
    twin_write(&twin);
    return twin;
}

static bool says(const struct twin *twin, const char *what)
{
    return cs_view_find(cs_buf_view(&twin->log), cs_view_str(what)) != SIZE_MAX;
}

/* The word in the log that names a defect. */
static const char *named_by(enum twin_defect defect)
{
    switch (defect) {
    case TWIN_EVENT_NAME:
        return "unknown";
    case TWIN_EVENT_LIMIT:
        return "CS_ERR_LIMIT@";
    case TWIN_CUT:
        return "left ";
    default:
        return "malformed";
    }
}

static void test_all_is_broken_by_some(void **state)
{
    char choices[INPUT_LEN];

    (void)state;
    for (int defect = TWIN_NONE + 1; defect < TWIN_N_DEFECTS; defect++) {
        size_t n_broken = 0;

        for (uint32_t seed = 1; seed <= N_INPUTS; seed++) {
            struct twin twin = make_twin(choices, seed, (enum twin_defect)defect);

            n_broken += twin.broken;
            if (twin.broken && !says(&twin, named_by((enum twin_defect)defect))) {
                fail_msg("defect %d is not in the log of input %u", defect, (unsigned)seed);
            }
            twin_free(&twin);
        }
        if (n_broken < N_INPUTS / 20) {
            fail_msg("defect %d was made by %zu of %d inputs", defect, n_broken, N_INPUTS);
        }
    }
}

static void test_the_rest_has_everything(void **state)
{
    static const char *const words[] = {
        " data ",   " control ", " command ", "trigger:turn-complete", "ping ", "done ", "error ",
        "unknown ", "batch-end", "\xf0\x9f"};
    size_t n_with[sizeof(words) / sizeof(words[0])] = {0};
    char choices[INPUT_LEN];

    (void)state;
    for (uint32_t seed = 1; seed <= N_INPUTS; seed++) {
        struct twin twin = make_twin(choices, seed, TWIN_NONE);

        assert_false(twin.broken);
        assert_false(says(&twin, "malformed"));
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            n_with[i] += says(&twin, words[i]);
        }
        twin_free(&twin);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (n_with[i] < N_INPUTS / 20) {
            fail_msg("only %zu of %d streams have '%s'", n_with[i], N_INPUTS, words[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_broken_by_some),
        cmocka_unit_test(test_the_rest_has_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
