/* Scopes: what a public token may do (TOK-19 to TOK-32). */
#include "wire/scope.h"

/* Cuts `text` at its first colon and moves it past it; without one, takes all of it. */
static struct cs_view take_part(struct cs_view *text)
{
    const char *colon = text->len ? memchr(text->ptr, ':', text->len) : NULL;
    if (colon == NULL) {
        struct cs_view whole = *text;
        *text = (struct cs_view){NULL, 0};
        return whole;
    }
    size_t len = (size_t)(colon - text->ptr);
    struct cs_view part = {text->ptr, len};
    *text = cs_view_of(colon + 1, text->len - len - 1);
    return part;
}

struct cs_scope cs_scope_parse(struct cs_view text)
{
    struct cs_scope scope;
    scope.action = take_part(&text);
    scope.type = take_part(&text);
    scope.id = text; /* ids may hold colons: externalIds, side channels (TOK-43) */
    return scope;
}

bool cs_scope_allows(struct cs_scope scope, struct cs_view action, struct cs_view type,
                     struct cs_view id)
{
    if (scope.type.len == 0) {
        /* `admin`, `admin:`, `admin::anything`: everything. Other actions need a type (TOK-26). */
        return cs_view_eq(scope.action, CS_VIEW("admin"));
    }
    /* With a type, admin is one action among others: `admin:sessions` closes, but reads nothing. */
    if (!cs_view_eq(scope.action, action) && !cs_view_eq(scope.action, CS_VIEW("*"))) {
        return false;
    }
    if (cs_view_eq(scope.type, CS_VIEW("all"))) {
        return true;
    }
    if (!cs_view_eq(scope.type, type)) {
        return false;
    }
    return scope.id.len == 0 || cs_view_eq(scope.id, id);
}

bool cs_scopes_allow(char *const *scopes, size_t n_scopes, struct cs_view action,
                     struct cs_view type, struct cs_view id)
{
    for (size_t i = 0; i < n_scopes; i++) {
        if (cs_scope_allows(cs_scope_parse(cs_view_str(scopes[i])), action, type, id)) {
            return true;
        }
    }
    return false;
}
