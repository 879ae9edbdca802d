#include "cli/profile_matrix.h"

#include "cli/roles.h"

struct pair {
    const struct cs_profile_matrix *matrix;
    size_t held;
    size_t served;
};

static const struct cs_result *cell(const struct pair *pair, size_t served, size_t row)
{
    const struct cs_profile_matrix *matrix = pair->matrix;
    return &matrix->cells[(pair->held * matrix->n_profiles + served) * matrix->n_cases + row];
}

static bool same_observations(const struct cs_result *a, const struct cs_result *b)
{
    bool same = a->n_observations == b->n_observations;
    for (size_t i = 0; same && i < a->n_observations; i++) {
        same = strcmp(a->observations[i].name, b->observations[i].name) == 0 &&
               strcmp(a->observations[i].value, b->observations[i].value) == 0;
    }
    return same;
}

static bool holds(const struct cs_result *result)
{
    return result->done && !result->differs &&
           (result->verdict == CS_PASS || result->verdict == CS_INFO);
}

/* What the case says of this server is not what it says of a server of its own version. */
static bool shows(const struct pair *pair, size_t row)
{
    const struct cs_result *own = cell(pair, pair->held, row);
    const struct cs_result *other = cell(pair, pair->served, row);
    return other->verdict != own->verdict || other->differs || !same_observations(own, other);
}

static bool differs(const struct pair *pair, const struct cs_requirement *item)
{
    return cs_profiles_differ(&pair->matrix->profiles[pair->held],
                              &pair->matrix->profiles[pair->served], item);
}

/* One of the requirements that the case lists differs between the two versions. */
static bool is_expected(const struct pair *pair, const struct cs_case *test)
{
    const struct cs_requirement *item = NULL;
    while ((item = cs_requirement_next(pair->matrix->profiles[0].set, NULL, item))) {
        if (cs_case_lists(test, item->id) && differs(pair, item)) {
            return true;
        }
    }
    return false;
}

static void complain(struct cs_buf *out, const struct pair *pair, const char *what,
                     const char *whom, const struct cs_result *result)
{
    const char *message = result && result->message ? result->message : "";
    cs_buf_printf(
        out, "  held to %s, served %s: %s: %s%s%s\n", pair->matrix->profiles[pair->held].name,
        pair->matrix->profiles[pair->served].name, whom, what, message[0] ? ": " : "", message);
}

static void judge_own(const struct pair *pair, struct cs_profile_counts *counts, struct cs_buf *out)
{
    for (size_t row = 0; row < pair->matrix->n_cases; row++) {
        const struct cs_result *result = cell(pair, pair->held, row);
        if (!holds(result) && result->verdict != CS_SKIP) {
            counts->n_own_bad++;
            complain(out, pair, cs_verdict_name(result->verdict), pair->matrix->cases[row]->id,
                     result);
        }
    }
}

static void judge_cases(const struct pair *pair, struct cs_profile_counts *counts,
                        struct cs_buf *out)
{
    for (size_t row = 0; row < pair->matrix->n_cases; row++) {
        const struct cs_case *test = pair->matrix->cases[row];
        const struct cs_result *result = cell(pair, pair->served, row);
        if (!holds(cell(pair, pair->held, row)) || !shows(pair, row) || is_expected(pair, test)) {
            continue;
        }
        if (result->verdict == CS_ERROR) {
            counts->n_blocked++; /* a step on the way is not there in that version */
            continue;
        }
        counts->n_unexpected++;
        complain(out, pair, "shows a difference that is not documented", test->id, result);
    }
}

/* Of a requirement that differs: is it judged by a case at all, and does one of them show it? */
static void judge_requirement(const struct pair *pair, const struct cs_requirement *item,
                              struct cs_profile_counts *counts, size_t *n_shown, struct cs_buf *out)
{
    bool judged = false;
    bool shown = false;
    for (size_t row = 0; row < pair->matrix->n_cases; row++) {
        if (cs_case_lists(pair->matrix->cases[row], item->id) &&
            holds(cell(pair, pair->held, row))) {
            judged = true;
            shown = shown || shows(pair, row);
        }
    }
    if (judged) {
        counts->n_expected++;
        counts->n_shown += shown;
        *n_shown += shown;
    }
    if (judged && !shown) {
        counts->n_silent++;
        complain(out, pair, "differs, and no case shows it", item->id, NULL);
    }
}

static size_t judge_requirements(const struct pair *pair, struct cs_profile_counts *counts,
                                 struct cs_buf *out)
{
    size_t n_shown = 0;
    const struct cs_requirement *item = NULL;
    while ((item = cs_requirement_next(pair->matrix->profiles[0].set, "endpoint", item))) {
        if (item->level != CS_MAY && differs(pair, item)) { /* what may be need not show */
            judge_requirement(pair, item, counts, &n_shown, out);
        }
    }
    return n_shown;
}

struct cs_profile_counts cs_profile_matrix_judge(const struct cs_profile_matrix *matrix,
                                                 struct cs_buf *out)
{
    struct cs_profile_counts counts = {0};
    struct cs_buf wrong = CS_BUF((size_t)4 << 20);
    cs_buf_str(out,
               "requirements that differ, by the version held to (rows) and served\n         ");
    for (size_t served = 0; served < matrix->n_profiles; served++) {
        cs_buf_printf(out, " %8s", matrix->profiles[served].name);
    }
    for (size_t held = 0; held < matrix->n_profiles; held++) {
        cs_buf_printf(out, "\n%-9s", matrix->profiles[held].name);
        for (size_t served = 0; served < matrix->n_profiles; served++) {
            const struct pair pair = {matrix, held, served};
            if (held == served) {
                judge_own(&pair, &counts, &wrong);
                cs_buf_printf(out, " %8s", ".");
            } else {
                judge_cases(&pair, &counts, &wrong);
                cs_buf_printf(out, " %8zu", judge_requirements(&pair, &counts, &wrong));
            }
        }
    }
    cs_buf_char(out, '\n');
    if (wrong.len > 0) {
        cs_buf_printf(out, "\nNot as it should be:\n%.*s", (int)wrong.len, wrong.ptr);
    }
    cs_buf_free(&wrong);
    return counts;
}

bool cs_profile_matrix_is_good(const struct cs_profile_counts *counts)
{
    return counts->n_own_bad == 0 && counts->n_expected > 0 && counts->n_silent == 0 &&
           counts->n_unexpected == 0;
}
