/* The versions of a requirement in words: no sign of the catalogues' notation is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "suite/version_words.h"

static void assert_words(const char *role, const char *versions, const char *expected)
{
    struct cs_requirement item = {.role = role, .versions = versions};
    struct cs_buf out = CS_BUF(65536);
    cs_version_words(&item, &out);
    char *text = out.len > 0 ? cs_buf_take(&out) : NULL;
    assert_string_equal(text ? text : "", expected);
    free(text);
}

static void bounds_are_said(void **state)
{
    (void)state;
    assert_words("client", ">=4.6.0", "from 4.6.0 on");
    assert_words("client", "<=4.5.9; inclusive >=4.5.10", "up to 4.5.9; inclusive from 4.5.10 on");
    assert_words("client", "4.5.0-4.7.7", "4.5.0 to 4.7.7");
    assert_words("client", "4.6.4 / 4.7.7", "changed between 4.6.4 and 4.7.7");
    assert_words("client", "S >=4.8.3 (not 4.7.7); silently ignored before",
                 "SSEStreamSubscription from 4.8.3 on (not yet in 4.7.7; versions between were not "
                 "looked at); silently ignored before");
}

static void defects_are_said(void **state)
{
    (void)state;
    assert_words("client",
                 "OK 4.5.0-4.5.12 and >=4.6.0; OBS-bug 4.5.14-4.5.16: the tail leaks into the new "
                 "turn",
                 "right in 4.5.0 to 4.5.12 and from 4.6.0 on; a defect in 4.5.14 to 4.5.16: the "
                 "tail leaks into the new turn");
    assert_words("agent", "correct <=4.6.4; **fails 4.7.7 and 4.8.3: error chunk but no TC**",
                 "correct up to 4.6.4; fails in 4.7.7 and 4.8.3: error chunk but no "
                 "turn-complete");
    assert_words("agent", "DEFECT all (store client waits without end)",
                 "a defect of all versions (store client waits without end)");
}

static void names_are_said(void **state)
{
    (void)state;
    assert_words("client", "T >=4.5.11, A >=4.6.0",
                 "TriggerChatTransport from 4.5.11 on, AgentChat from 4.6.0 on");
    assert_words("client", "all (code)", "all versions (read in the code, not run)");
    assert_words("client", "all >=4.5.4", "all from 4.5.4 on");
    assert_words("endpoint", "srv", "known only from the server's source");
    assert_words("endpoint", "doc >=4.8.3, s2 all",
                 "the documents from 4.8.3 on, S2, the stream store all versions");
    assert_words("endpoint", "`s2` all", "`s2` all versions");
    assert_words("agent", "Turn T", "Turn T"); /* other roles have no such letters */
    assert_words("client", "-", "");
}

static void the_catalogues_have_nothing_else(void **state)
{
    (void)state;
    static const char *const signs[] = {">=", "<=", "OBS", "DEFECT", "(code)", "**", "srv"};
    struct cs_requirements set = {0};
    assert_int_equal(cs_requirements_load(&set, NULL), CS_OK);
    for (size_t i = 0; i < set.n_items; i++) {
        struct cs_buf out = CS_BUF(65536);
        cs_version_words(&set.items[i], &out);
        assert_int_equal(cs_buf_error(&out), CS_OK);
        char *text = out.len > 0 ? cs_buf_take(&out) : NULL;
        for (size_t s = 0; text && s < sizeof signs / sizeof signs[0]; s++) {
            if (strstr(text, signs[s])) {
                fail_msg("%s: %s", set.items[i].id, text);
            }
        }
        if (text && getenv("CHATSPEC_SHOW")) {
            printf("%s | %s\n", set.items[i].versions, text);
        }
        free(text);
    }
    cs_requirements_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_said),
        cmocka_unit_test(defects_are_said),
        cmocka_unit_test(names_are_said),
        cmocka_unit_test(the_catalogues_have_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
