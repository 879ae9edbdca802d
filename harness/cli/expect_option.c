#include "cli/expect_option.h"

#include <stdlib.h>

#include "cli/roles.h"
#include "net/http_client.h"
#include "suite/nearest.h"

#define NEW_ENTRY_MS (INT64_C(90) * 24 * 3600 * 1000)

/* ---- before the run ---- */

static bool can_fail(const struct cs_case *test)
{
    return test->level == CS_MUST || test->level == CS_SHOULD;
}

static void count_failing(void *ctx, const struct cs_case *test)
{
    *(size_t *)ctx += can_fail(test);
}

static const struct cs_case *stored_case(const struct cs_report *stored, const char *id)
{
    for (size_t i = 0; stored && i < stored->n; i++) {
        if (strcmp(stored->work[i].test->id, id) == 0) {
            return stored->work[i].test;
        }
    }
    return NULL;
}

static size_t stored_of_requirement(const struct cs_report *stored, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; stored && i < stored->n; i++) {
        n += cs_case_lists(stored->work[i].test, id) && can_fail(stored->work[i].test);
    }
    return n;
}

static int no_such_case(const char *path, const struct cs_expect_entry *entry)
{
    size_t n = 0;
    for (size_t r = 0; r < cs_n_roles; r++) {
        for (size_t g = 0; g < cs_roles[r]->n_groups; g++) {
            for (const struct cs_case *test = cs_roles[r]->groups[g]; test->id; test++) {
                n++;
            }
        }
    }
    const char **ids = calloc(n + 1, sizeof *ids);
    const char *nearest[CS_NEAREST_MAX] = {0};
    n = 0;
    for (size_t r = 0; ids && r < cs_n_roles; r++) {
        for (size_t g = 0; g < cs_roles[r]->n_groups; g++) {
            for (const struct cs_case *test = cs_roles[r]->groups[g]; test->id; test++) {
                ids[n++] = test->id;
            }
        }
    }
    size_t found = cs_nearest(ids, n, entry->id, nearest);
    free(ids);
    return cs_say(CS_EXIT_USAGE, "%s:%zu: no case or requirement is called %s%s%s", path,
                  entry->line, entry->id, found > 0 ? "; nearest: " : "",
                  found > 0 ? nearest[0] : "");
}

static int check_entry(const char *path, const struct cs_report *stored,
                       struct cs_expect_entry *entry)
{
    const struct cs_role *role;
    if (!strchr(entry->id, '/')) {
        size_t n = cs_cases_of_requirement(entry->id, count_failing, &entry->n_cases);
        size_t n_stored = stored_of_requirement(stored, entry->id);
        entry->n_cases = stored ? n_stored : entry->n_cases;
        if (n == 0 && n_stored == 0) {
            return no_such_case(path, entry);
        }
        return stored || entry->n_cases > 0
                   ? CS_EXIT_OK
                   : cs_say(CS_EXIT_USAGE, "%s:%zu: no case of %s ever fails", path, entry->line,
                            entry->id);
    }
    const struct cs_case *test = stored_case(stored, entry->id);
    test = test ? test : cs_case_find(entry->id, &role);
    if (!test) {
        return no_such_case(path, entry);
    }
    entry->n_cases = 1;
    return can_fail(test) ? CS_EXIT_OK
                          : cs_say(CS_EXIT_USAGE,
                                   "%s:%zu: %s is of level %s, which records and never fails: it "
                                   "needs no entry",
                                   path, entry->line, entry->id, cs_level_name(test->level));
}

int cs_expect_option_open(const struct cs_args *args, const struct cs_report *stored,
                          struct cs_expect_option *ret_option)
{
    struct cs_expect_option option = {.path = args->expect};
    struct cs_diag diag = {0};
    if (!args->expect) {
        *ret_option = option;
        return args->update_expect
                   ? cs_say(CS_EXIT_USAGE, "--update-expect needs the file: --expect FILE")
                   : CS_EXIT_OK;
    }
    enum cs_err err = cs_expect_read(args->expect, &option.list, &diag);
    if (err == CS_ERR_MISSING && args->update_expect) {
        err = CS_OK;
        option.is_missing = true;
    } else if (err == CS_ERR_MISSING) {
        return cs_say(CS_EXIT_USAGE, "--expect: %s (--update-expect makes one)", diag.text);
    }
    if (err != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "--expect: %s", diag.text);
    }
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < option.list.n && status == CS_EXIT_OK; i++) {
        status = check_entry(args->expect, stored, &option.list.entries[i]);
    }
    if (status == CS_EXIT_OK && args->update_expect &&
        cs_output_file_open(args->expect, &option.file, &diag) != CS_OK) {
        status = cs_say(CS_EXIT_USAGE, "--update-expect: %s", diag.text);
    }
    if (status != CS_EXIT_OK) {
        cs_expect_option_close(&option);
        return status;
    }
    *ret_option = option;
    return CS_EXIT_OK;
}

/* ---- after it ---- */

static int apply(struct cs_expect *list, struct cs_expect_target *targets, size_t n)
{
    char today[CS_EXPECT_DATE_SIZE];
    cs_expect_day(cs_wall_ms(), today);
    for (size_t i = 0; i < n; i++) {
        if (cs_expect_apply(list, today, targets[i].report, targets[i].results) != CS_OK) {
            return cs_say(CS_EXIT_TROUBLE, "--expect: out of memory");
        }
    }
    return CS_EXIT_OK;
}

static int write_anew(struct cs_expect_option *option, struct cs_view text,
                      struct cs_expect_target *targets, size_t n)
{
    struct cs_expect list = {0};
    struct cs_diag diag = {0};
    if (cs_expect_parse(text, option->path, &list, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "--update-expect: %s", diag.text);
    }
    cs_expect_free(&option->list);
    option->list = list;
    int status = apply(&option->list, targets, n);
    if (status == CS_EXIT_OK && cs_output_file_commit(&option->file, text, &diag) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "--update-expect: %s", diag.text);
    }
    return status;
}

static int update(struct cs_expect_option *option, struct cs_expect_target *targets, size_t n,
                  bool by_version, bool fail_on_should)
{
    char until[CS_EXPECT_DATE_SIZE];
    struct cs_report *reports = calloc(n ? n : 1, sizeof *reports);
    struct cs_buf text = CS_BUF(CS_EXPECT_MAX_FILE);
    cs_expect_day(cs_wall_ms() + NEW_ENTRY_MS, until);
    for (size_t i = 0; reports && i < n; i++) {
        reports[i] = *targets[i].report;
    }
    struct cs_expect_change change = {.reports = reports,
                                      .n = reports ? n : 0,
                                      .by_version = by_version,
                                      .with_should = fail_on_should,
                                      .until = until};
    cs_expect_update(&option->list, &change, &text);
    free(reports);
    int status = CS_EXIT_OK;
    if (!reports || cs_buf_error(&text) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "--update-expect: the list gets too large");
    } else if (change.n_added + change.n_removed == 0 && !option->is_missing) {
        (void)cs_say(CS_EXIT_OK, "%s stays as it is", option->path);
    } else {
        status = write_anew(option, cs_buf_view(&text), targets, n);
        if (status == CS_EXIT_OK && change.n_added + change.n_removed == 0) {
            (void)cs_say(CS_EXIT_OK, "%s: made, without an entry: nothing fails", option->path);
        } else if (status == CS_EXIT_OK) {
            (void)cs_say(CS_EXIT_OK, "%s: %zu entries are new, %zu are gone", option->path,
                         change.n_added, change.n_removed);
        }
    }
    cs_buf_free(&text);
    return status;
}

int cs_expect_option_apply(struct cs_expect_option *option, struct cs_expect_target *targets,
                           size_t n, bool by_version, bool fail_on_should)
{
    if (!option->path) {
        return CS_EXIT_OK;
    }
    int status = apply(&option->list, targets, n);
    if (status != CS_EXIT_OK || !option->file.path) {
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        if (targets[i].report->interrupted) {
            return cs_say(CS_EXIT_OK, "interrupted: %s stays as it is", option->path);
        }
    }
    return update(option, targets, n, by_version, fail_on_should);
}

void cs_expect_option_close(struct cs_expect_option *option)
{
    cs_output_file_abandon(&option->file);
    cs_expect_free(&option->list);
    *option = (struct cs_expect_option){0};
}
