/* Scopes: every form of the grammar row TOK-26, and what TOK-20 to TOK-32 and TOK-43 ask of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/scope.h"

struct parse_row {
    const char *text;
    const char *action;
    const char *type;
    const char *id;
};

static void only_two_colons_divide(void **state)
{
    (void)state;
    static const struct parse_row rows[] = {
        {"", "", "", ""},
        {"admin", "admin", "", ""},
        {"admin:", "admin", "", ""},
        {"admin::anything", "admin", "", "anything"},
        {"read:sessions", "read", "sessions", ""},
        {"read:sessions:", "read", "sessions", ""},
        {"read:sessions:K", "read", "sessions", "K"},
        {"read:sessions:a:b:c", "read", "sessions", "a:b:c"},
        {"read:sessions:K:channels:cards:in", "read", "sessions", "K:channels:cards:in"},
        {"read:sessions::", "read", "sessions", ":"},
        {":sessions:K", "", "sessions", "K"},
        {":", "", "", ""},
        {"*:all", "*", "all", ""},
        {"read sessions", "read sessions", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_scope scope = cs_scope_parse(cs_view_str(rows[i].text));
        if (!cs_view_eq(scope.action, cs_view_str(rows[i].action)) ||
            !cs_view_eq(scope.type, cs_view_str(rows[i].type)) ||
            !cs_view_eq(scope.id, cs_view_str(rows[i].id))) {
            fail_msg("\"%s\" became %.*s / %.*s / %.*s", rows[i].text, CS_VIEW_ARG(scope.action),
                     CS_VIEW_ARG(scope.type), CS_VIEW_ARG(scope.id));
        }
    }
}

struct allow_row {
    const char *scope;
    const char *action;
    const char *type;
    const char *id; /* "" asks for the type-level right */
    bool allowed;
};

static const struct allow_row rows[] = {
    /* TOK-23: one action does not bring the other. */
    {"read:sessions:K", "read", "sessions", "K", true},
    {"read:sessions:K", "write", "sessions", "K", false},
    {"write:sessions:K", "write", "sessions", "K", true},
    {"write:sessions:K", "read", "sessions", "K", false},
    /* TOK-20: another session's id, also as prefix or in another case. */
    {"read:sessions:A", "read", "sessions", "B", false},
    {"read:sessions:A", "read", "sessions", "AB", false},
    {"read:sessions:AB", "read", "sessions", "A", false},
    {"read:sessions:a", "read", "sessions", "A", false},
    {"Read:sessions:A", "read", "sessions", "A", false},
    {"read:Sessions:A", "read", "sessions", "A", false},
    /* TOK-22: scopes of runs. */
    {"read:runs:R", "read", "sessions", "R", false},
    {"write:inputStreams:R", "write", "sessions", "R", false},
    /* TOK-24: type-level covers every id, and itself. */
    {"read:sessions", "read", "sessions", "K", true},
    {"read:sessions", "read", "sessions", "", true},
    {"write:sessions", "write", "sessions", "K", true},
    {"read:sessions", "read", "runs", "K", false},
    /* TOK-29, TOK-31: an id does not reach the type level. */
    {"write:sessions:K", "write", "sessions", "", false},
    {"write:tasks:T", "write", "tasks", "T", true},
    {"write:tasks:T", "write", "tasks", "U", false},
    /* TOK-25: wildcards. */
    {"read:all", "read", "sessions", "K", true},
    {"read:all", "read", "anything", "", true},
    {"read:all", "write", "sessions", "K", false},
    {"write:all", "write", "sessions", "", true},
    {"write:all", "admin", "sessions", "K", false},
    {"admin", "read", "sessions", "K", true},
    {"admin", "write", "tasks", "", true},
    {"admin", "admin", "sessions", "K", true},
    /* TOK-26: the forms of the grammar. */
    {"*:sessions", "write", "sessions", "K", true},
    {"*:sessions:K", "admin", "sessions", "K", true},
    {"*:sessions:K", "admin", "sessions", "L", false},
    {"*:all", "admin", "sessions", "K", true},
    {"read:all:K", "read", "sessions", "L", true},
    {"read:sessions:", "read", "sessions", "K", true},
    {"read:sessions:", "read", "sessions", "", true},
    {"admin:", "read", "sessions", "K", true},
    {"admin::anything", "write", "sessions", "K", true},
    {"read", "read", "sessions", "K", false},
    {"read:", "read", "sessions", "K", false},
    {"read::K", "read", "sessions", "K", false},
    {"*", "read", "sessions", "K", false},
    {"*:", "read", "sessions", "K", false},
    {"all", "read", "sessions", "K", false},
    {"", "read", "sessions", "K", false},
    {":sessions:K", "read", "sessions", "K", false},
    {"read:*", "read", "sessions", "K", false},
    {"read:sessions:*", "read", "sessions", "K", false},
    /* TOK-27: the right to close. */
    {"admin:sessions:K", "admin", "sessions", "K", true},
    {"admin:sessions:K", "admin", "sessions", "L", false},
    {"admin:sessions", "admin", "sessions", "K", true},
    {"admin:all", "admin", "sessions", "K", true},
    {"write:sessions", "admin", "sessions", "K", false},
    {"write:sessions:K", "admin", "sessions", "K", false},
    /* With a type, admin is an action like others. */
    {"admin:sessions", "read", "sessions", "K", false},
    {"admin:sessions:K", "write", "sessions", "K", false},
    {"admin:all", "read", "sessions", "K", false},
    /* Ids with colons, and side channels (TOK-43), which are ids of their own. */
    {"read:sessions:a:b", "read", "sessions", "a:b", true},
    {"read:sessions:a:b", "read", "sessions", "a", false},
    {"read:sessions:a", "read", "sessions", "a:b", false},
    {"read:sessions:K:channels:cards", "read", "sessions", "K:channels:cards", true},
    {"read:sessions:K:channels:cards", "read", "sessions", "K", false},
    {"read:sessions:K:channels:cards", "read", "sessions", "K:channels:other", false},
    {"read:sessions:K:channels:cards:in", "read", "sessions", "K:channels:cards:in", true},
    {"read:sessions:K:channels:cards:in", "read", "sessions", "K:channels:cards:out", false},
};

static void each_form_allows_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool allowed =
            cs_scope_allows(cs_scope_parse(cs_view_str(rows[i].scope)), cs_view_str(rows[i].action),
                            cs_view_str(rows[i].type), cs_view_str(rows[i].id));
        if (allowed != rows[i].allowed) {
            fail_msg("\"%s\" %s %s on %s:%s", rows[i].scope, allowed ? "allows" : "refuses",
                     rows[i].action, rows[i].type, rows[i].id);
        }
    }
}

static void views_need_no_nul(void **state)
{
    (void)state;
    struct cs_scope scope = cs_scope_parse(cs_view_of("read:sessions:K9", 15));
    assert_true(cs_scope_allows(scope, CS_VIEW("read"), CS_VIEW("sessions"), CS_VIEW("K")));
    struct cs_scope none = cs_scope_parse((struct cs_view){NULL, 0});
    assert_false(cs_scope_allows(none, CS_VIEW("read"), CS_VIEW("sessions"), CS_VIEW("K")));
}

static void any_scope_of_a_list_is_enough(void **state)
{
    (void)state;
    char read[] = "read:sessions:K";
    char write[] = "write:sessions:K";
    char *const scopes[] = {read, write};
    struct cs_view type = CS_VIEW("sessions");
    assert_true(cs_scopes_allow(scopes, 2, CS_VIEW("write"), type, CS_VIEW("K")));
    assert_true(cs_scopes_allow(scopes, 2, CS_VIEW("read"), type, CS_VIEW("K")));
    assert_false(cs_scopes_allow(scopes, 2, CS_VIEW("admin"), type, CS_VIEW("K")));
    assert_false(cs_scopes_allow(scopes, 1, CS_VIEW("write"), type, CS_VIEW("K")));
    assert_false(cs_scopes_allow(NULL, 0, CS_VIEW("read"), type, CS_VIEW("K")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_two_colons_divide),
        cmocka_unit_test(each_form_allows_what_it_says),
        cmocka_unit_test(views_need_no_nul),
        cmocka_unit_test(any_scope_of_a_list_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
