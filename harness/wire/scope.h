/* Scopes of a token: action:type:id, only the first two colons divide (TOK-19 to TOK-32). */
#ifndef CHATSPEC_WIRE_SCOPE_H
#define CHATSPEC_WIRE_SCOPE_H

#include "wire/bytes.h"

struct cs_scope {
    struct cs_view action; /* read, write, admin, trigger, ... or * */
    struct cs_view type;   /* sessions, runs, tasks, ... or all; empty when absent */
    struct cs_view id;     /* may hold colons; empty means every id of the type */
};

/* Never fails: any text is some scope. An empty id is type-level, an empty type with action admin
 * is bare admin, an action without type other than admin grants nothing (TOK-26). */
struct cs_scope cs_scope_parse(struct cs_view text);

/* Does one scope allow `action` on resource `type` `id`? An empty `id` asks for the type-level
 * right. */
bool cs_scope_allows(struct cs_scope scope, struct cs_view action, struct cs_view type,
                     struct cs_view id);
/* Does any of them? */
bool cs_scopes_allow(char *const *scopes, size_t n_scopes, struct cs_view action,
                     struct cs_view type, struct cs_view id);

#endif
