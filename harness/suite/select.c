#include "suite/select.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "suite/nearest.h"

/* Calls `visit` for each piece of `text` between separators, empty ones left out, until it says
 * true; the pieces are NUL-terminated. */
static bool any_piece(const char *text, char separator,
                      bool (*visit)(const char *piece, const void *ctx), const void *ctx)
{
    char piece[512];
    while (*text) {
        const char *end = strchrnul(text, separator);
        size_t len = (size_t)(end - text);
        if (len > 0 && len < sizeof piece) {
            memcpy(piece, text, len);
            piece[len] = '\0';
            if (visit(piece, ctx)) {
                return true;
            }
        }
        text = *end ? end + 1 : end;
    }
    return false;
}

static bool requirement_matches(const char *requirement, const void *glob)
{
    return fnmatch(glob, requirement, 0) == 0;
}

/* "role/area/name" also goes by "area/name". */
static bool id_matches(const char *glob, const char *id)
{
    const char *slash = strchr(id, '/');
    return fnmatch(glob, id, 0) == 0 || (slash && fnmatch(glob, slash + 1, 0) == 0);
}

bool cs_glob_matches(const char *glob, const struct cs_case *test)
{
    return id_matches(glob, test->id) ||
           any_piece(test->requirements, ' ', requirement_matches, glob);
}

static bool glob_selects(const char *glob, const void *test)
{
    return cs_glob_matches(glob, test);
}

static bool any_selects(const char *const *lists, size_t n, const struct cs_case *test)
{
    for (size_t i = 0; i < n; i++) {
        if (any_piece(lists[i], ',', glob_selects, test)) {
            return true;
        }
    }
    return false;
}

struct table {
    struct cs_work *items;
    size_t n;
};

static size_t count_cases(const struct cs_role *role)
{
    size_t n = 0;
    for (size_t g = 0; g < role->n_groups; g++) {
        for (const struct cs_case *test = role->groups[g]; test->id; test++) {
            n++;
        }
    }
    return n;
}

static enum cs_err all_cases(const struct cs_role *const *roles, size_t n_roles,
                             struct table *ret_table)
{
    size_t n = 0;
    for (size_t r = 0; r < n_roles; r++) {
        n += count_cases(roles[r]);
    }
    struct table table = {calloc(n ? n : 1, sizeof *table.items), 0};
    if (!table.items) {
        return CS_ERR_NO_MEMORY;
    }
    for (size_t r = 0; r < n_roles; r++) {
        for (size_t g = 0; g < roles[r]->n_groups; g++) {
            for (const struct cs_case *test = roles[r]->groups[g]; test->id; test++) {
                table.items[table.n++] = (struct cs_work){.role = roles[r], .test = test};
            }
        }
    }
    *ret_table = table;
    return CS_OK;
}

/* Visits a glob: true (stop) when no case of the table has anything to do with it. */
static bool glob_is_idle(const char *glob, const void *ctx)
{
    const struct table *table = ctx;
    for (size_t i = 0; i < table->n; i++) {
        if (cs_glob_matches(glob, table->items[i].test)) {
            return false;
        }
    }
    return true;
}

static void name_nearest(const struct table *table, const char *word, struct cs_buf *why)
{
    const char **ids = calloc(table->n ? table->n : 1, sizeof *ids);
    const char *nearest[3] = {0};
    if (!ids) {
        return;
    }
    for (size_t i = 0; i < table->n; i++) {
        ids[i] = table->items[i].test->id;
    }
    size_t found = cs_nearest(ids, table->n, word, nearest);
    for (size_t i = 0; i < found; i++) {
        cs_buf_printf(why, "%s%s", i == 0 ? "; nearest: " : ", ", nearest[i]);
    }
    free(ids);
}

/* Every list must have something to say, or a misspelt name would quietly select nothing. */
static enum cs_err check_lists(const struct table *table, const char *option,
                               const char *const *lists, size_t n, struct cs_buf *why)
{
    for (size_t i = 0; i < n; i++) {
        if (lists[i][strspn(lists[i], ",")] == '\0') {
            cs_buf_printf(why, "%s is empty", option);
            return CS_ERR_USAGE;
        }
        if (any_piece(lists[i], ',', glob_is_idle, table)) {
            cs_buf_printf(why, "%s %s: no case or requirement of that name", option, lists[i]);
            name_nearest(table, lists[i], why);
            return CS_ERR_USAGE;
        }
    }
    return CS_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct cs_work *left = a;
    const struct cs_work *right = b;
    return strcmp(left->test->id, right->test->id);
}

struct group {
    const struct cs_requirements *set;
    const char *name;
};

static bool requirement_is_of(const char *requirement, const void *ctx)
{
    const struct group *group = ctx;
    const struct cs_requirement *item = cs_requirement_find(group->set, requirement);
    return item && item->group && strcmp(item->group, group->name) == 0;
}

static bool is_of_group(const struct cs_selection *selection, const struct cs_case *test)
{
    const struct group group = {selection->set, selection->only_group};
    return !group.name || any_piece(test->requirements, ' ', requirement_is_of, &group);
}

static enum cs_err check_group(const struct cs_selection *selection, struct cs_buf *why)
{
    const struct cs_requirement *item = NULL;
    const char *groups[32];
    size_t n = 0;
    while (selection->only_group && (item = cs_requirement_next(selection->set, NULL, item))) {
        if (item->group && strcmp(item->group, selection->only_group) == 0) {
            return CS_OK;
        }
        bool known = !item->group || n == sizeof groups / sizeof groups[0];
        for (size_t i = 0; i < n && !known; i++) {
            known = strcmp(groups[i], item->group) == 0;
        }
        if (!known) {
            groups[n++] = item->group;
        }
    }
    if (!selection->only_group) {
        return CS_OK;
    }
    cs_buf_printf(why, "--only-group %s: no such group; there are:", selection->only_group);
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(why, " %s", groups[i]);
    }
    return CS_ERR_USAGE;
}

static bool is_selected(const struct cs_selection *selection, const struct cs_case *test)
{
    return is_of_group(selection, test) &&
           (selection->n_only == 0 || any_selects(selection->only, selection->n_only, test)) &&
           !any_selects(selection->skip, selection->n_skip, test);
}

/* Moves the selected items to the front; returns how many they are. */
static size_t keep_selected(struct table *table, const struct cs_selection *selection)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < table->n; i++) {
        if (is_selected(selection, table->items[i].test)) {
            table->items[n_kept++] = table->items[i];
        }
    }
    return n_kept;
}

/* Deals the items out like cards, first the long ones and then the others, so that no shard gets
 * more than one of either over its share; moves those of the shard to the front. Each item goes to
 * exactly one shard, and to which depends on nothing but the sorted selection. */
static size_t keep_shard(struct table *table, const struct cs_selection *selection)
{
    size_t n_kept = 0;
    size_t n_long = 0;
    size_t n_seen[2] = {0};
    for (size_t i = 0; i < table->n; i++) {
        n_long += (table->items[i].test->needs & CS_NEEDS_LONG) != 0;
    }
    n_seen[0] = n_long;
    for (size_t i = 0; i < table->n; i++) {
        bool is_long = (table->items[i].test->needs & CS_NEEDS_LONG) != 0;
        if (n_seen[is_long]++ % selection->n_shards + 1 == selection->shard) {
            table->items[n_kept++] = table->items[i];
        }
    }
    return n_kept;
}

enum cs_err cs_select(const struct cs_role *const *roles, size_t n_roles,
                      const struct cs_selection *selection, struct cs_work **ret_work,
                      size_t *ret_n, struct cs_buf *why)
{
    struct table table;
    enum cs_err err = all_cases(roles, n_roles, &table);
    if (err != CS_OK) {
        return err;
    }
    err = check_lists(&table, "--only", selection->only, selection->n_only, why);
    if (err == CS_OK) {
        err = check_lists(&table, "--skip", selection->skip, selection->n_skip, why);
    }
    if (err == CS_OK) {
        err = check_group(selection, why);
    }
    if (err == CS_OK) {
        qsort(table.items, table.n, sizeof *table.items, by_id);
        table.n = keep_selected(&table, selection);
        table.n = selection->n_shards > 0 ? keep_shard(&table, selection) : table.n;
        if (table.n == 0) {
            cs_buf_str(why, "no case is left to run by --only, --skip, --only-group and --shard");
            err = CS_ERR_USAGE;
        }
    }
    if (err != CS_OK) {
        free(table.items);
        return err;
    }
    *ret_work = table.items;
    *ret_n = table.n;
    return CS_OK;
}

enum cs_err cs_shard_parse(const char *text, unsigned *ret_shard, unsigned *ret_n_shards)
{
    const char *slash = strchr(text, '/');
    uint64_t shard = 0;
    uint64_t n_shards = 0;
    if (!slash || cs_view_u64(cs_view_of(text, (size_t)(slash - text)), &shard) != CS_OK ||
        cs_view_u64(cs_view_str(slash + 1), &n_shards) != CS_OK) {
        return CS_ERR_SYNTAX;
    }
    if (shard < 1 || shard > n_shards || n_shards > 1000) {
        return CS_ERR_RANGE;
    }
    *ret_shard = (unsigned)shard;
    *ret_n_shards = (unsigned)n_shards;
    return CS_OK;
}
