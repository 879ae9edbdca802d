/* Finding what someone may have meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "suite/nearest.h"
#include "wire/bytes.h"

static const char *const ids[] = {
    "endpoint/token/cross-session",
    "endpoint/token/expired",
    "endpoint/append/seq",
    "TOK-20",
    "TOK-21",
    "TOK-02",
    "RES-20",
};
#define N_IDS (sizeof ids / sizeof ids[0])

/* `expected` is a list divided by spaces. */
static void check(const char *const *candidates, size_t n, const char *word, const char *expected)
{
    const char *nearest[CS_NEAREST_MAX] = {0};
    struct cs_buf found = CS_BUF(4096);
    size_t n_found = cs_nearest(candidates, n, word, nearest);
    assert_true(n_found <= CS_NEAREST_MAX);
    for (size_t i = 0; i < n_found; i++) {
        cs_buf_str(&found, i ? " " : "");
        cs_buf_str(&found, nearest[i]);
    }
    if (!cs_view_eq(cs_buf_view(&found), cs_view_str(expected))) {
        fail_msg("\"%s\" is near \"%.*s\", expected \"%s\"", word, CS_VIEW_ARG(cs_buf_view(&found)),
                 expected);
    }
    cs_buf_free(&found);
}

static void slips_are_counted(void **state)
{
    (void)state;
    static const char *const words[] = {"serve", "list", "client"};
    check(words, 3, "serve", "serve");
    check(words, 3, "SERVE", "serve");
    check(words, 3, "srve", "serve");    /* left out */
    check(words, 3, "seerve", "serve");  /* added */
    check(words, 3, "serbe", "serve");   /* replaced */
    check(words, 3, "esrve", "serve");   /* neighbours exchanged */
    check(words, 3, "esrvee", "serve");  /* two slips in six letters */
    check(words, 3, "clinet", "client"); /* one exchange */
    check(words, 3, "lsit", "list");
    check(words, 3, "frobnicate", "");
    check(words, 3, "xyzzy", "");
}

static void nearest_comes_first_and_ties_keep_their_order(void **state)
{
    (void)state;
    /* TOK-20 itself, then one slip each (-21 before -02 before RES would be three). */
    check(ids, N_IDS, "tok-20", "TOK-20 TOK-21 TOK-02");
    check(ids, N_IDS, "TOK-2", "TOK-20 TOK-21 TOK-02");
    check(ids, N_IDS, "RES-2", "RES-20");
}

static void a_part_of_a_name_finds_it(void **state)
{
    (void)state;
    check(ids, N_IDS, "cross-session", "endpoint/token/cross-session");
    check(ids, N_IDS, "Token/Exp", "endpoint/token/expired");
    check(ids, N_IDS, "endpoint",
          "endpoint/token/cross-session endpoint/token/expired "
          "endpoint/append/seq");
}

static void wildcards_do_not_count(void **state)
{
    (void)state;
    check(ids, N_IDS, "*cross*", "endpoint/token/cross-session");
    check(ids, N_IDS, "endpoint/apend/*", "endpoint/append/seq");
    check(ids, N_IDS, "TOK-?20", "TOK-20 TOK-21 TOK-02");
    check(ids, N_IDS, "*", "");
}

static void odd_words_are_near_nothing(void **state)
{
    (void)state;
    char longest[257];
    const char *const candidates[] = {longest};
    check(ids, N_IDS, "", "");
    check(ids, 0, "TOK-20", "");
    memset(longest, 'a', sizeof longest);
    longest[255] = '\0';
    check(candidates, 1, longest, longest);
    char word[257];
    memset(word, 'a', sizeof word);
    word[256] = '\0';
    check(candidates, 1, word, "");
    /* A candidate that is too long to be compared can still hold the word. */
    memset(longest, 'a', sizeof longest);
    longest[256] = '\0';
    check(candidates, 1, "ab", "");
    check(candidates, 1, "aa", longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_are_counted),
        cmocka_unit_test(nearest_comes_first_and_ties_keep_their_order),
        cmocka_unit_test(a_part_of_a_name_finds_it),
        cmocka_unit_test(wildcards_do_not_count),
        cmocka_unit_test(odd_words_are_near_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
