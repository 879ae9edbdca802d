#include "cli/matrix.h"

#include <fnmatch.h>
#include <stdio.h>

#include "cli/roles.h"

static const struct cs_result *at(const struct cs_matrix *matrix, size_t column, size_t row)
{
    static const struct cs_result not_run;
    const struct cs_result *result = matrix->cells[column * matrix->n_cases + row];
    return result ? result : &not_run;
}

static const struct cs_result *plain(const struct cs_matrix *matrix, size_t row)
{
    return at(matrix, 0, row);
}

/* Cases that say nothing against the plain peer say nothing of violations either. What that
 * peer shows is what the catalogue records. */
static bool is_fine(const struct cs_result *plain)
{
    return plain->done && !plain->differs &&
           (plain->verdict == CS_PASS || plain->verdict == CS_INFO);
}

static bool is_judged(const struct cs_matrix *matrix, size_t row)
{
    return is_fine(plain(matrix, row));
}

/* The case says that its requirement is broken, or what it records is something else. */
static bool notices(const struct cs_result *result)
{
    return result->done && (result->verdict == CS_FAIL || result->verdict == CS_WARN ||
                            (result->verdict == CS_INFO && result->differs));
}

static bool noticed(const struct cs_matrix *matrix, size_t column, size_t row)
{
    return notices(at(matrix, column, row));
}

/* Only MUST and SHOULD cases fail; the others record. */
static bool can_fail(const struct cs_case *test)
{
    return test->level == CS_MUST || test->level == CS_SHOULD;
}

/* Calls for each word of a list divided by spaces until one fits. */
static bool any_word(const char *list, const struct cs_case *test,
                     bool (*fits)(const char *word, const struct cs_case *test))
{
    char word[256];
    while (list && *list) {
        size_t len = strcspn(list, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, list);
        if (fits(word, test)) {
            return true;
        }
        list += len;
        list += strspn(list, " ");
    }
    return false;
}

static bool is_requirement_of(const char *word, const struct cs_case *test)
{
    return cs_case_lists(test, word);
}

static bool is_glob_for(const char *word, const struct cs_case *test)
{
    return fnmatch(word, test->id, 0) == 0;
}

bool cs_matrix_is_claimed(const struct cs_matrix_violation *violation, const struct cs_case *test)
{
    return any_word(violation->requirements, test, is_requirement_of);
}

bool cs_matrix_is_expected(const struct cs_matrix_violation *violation, const struct cs_case *test)
{
    return violation->noticed_by ? any_word(violation->noticed_by, test, is_glob_for)
                                 : cs_matrix_is_claimed(violation, test);
}

/* Also what the plain peer, being somebody else's, is known to get wrong: that is the proof. */
static bool is_left_out(const struct cs_result *plain)
{
    return plain->done &&
           (plain->verdict == CS_SKIP || (plain->known && plain->verdict != CS_PASS));
}

/* It fails for a reason of its own, or for one that the violation names. */
static bool may_notice(const struct cs_matrix_violation *violation, const struct cs_case *test)
{
    return cs_matrix_is_claimed(violation, test) || any_word(violation->affects, test, is_glob_for);
}

bool cs_matrix_is_complaint(const struct cs_matrix_violation *violation, const struct cs_case *test,
                            const struct cs_result *plain, const struct cs_result *result)
{
    if (!violation) {
        return !is_fine(result) && !is_left_out(result);
    }
    if (!is_fine(plain)) {
        return false;
    }
    return cs_matrix_is_expected(violation, test) ? !notices(result)
                                                  : notices(result) && !may_notice(violation, test);
}

static void heading(size_t n_before, const char *text, struct cs_buf *out)
{
    if (n_before == 0) {
        cs_buf_printf(out, "\n%s:\n", text);
    }
}

static void result_line(const struct cs_result *result, struct cs_buf *out)
{
    const char *message = result->message ? result->message : "";
    cs_buf_printf(out, "      %s%s%.*s\n",
                  result->done ? cs_verdict_name(result->verdict) : "not run",
                  message[0] ? ": " : "", (int)strcspn(message, "\n"), message);
}

/* Not run, and nobody's fault. */
static bool is_cut(const struct cs_matrix *matrix, const struct cs_result *result)
{
    return matrix->interrupted && !result->done;
}

static void judge_plain(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                        struct cs_buf *out)
{
    for (size_t row = 0; row < matrix->n_cases; row++) {
        const struct cs_result *result = plain(matrix, row);
        if (is_cut(matrix, result)) {
            continue;
        }
        if (cs_matrix_is_complaint(NULL, matrix->cases[row], result, result)) {
            heading(counts->n_plain_bad++, "Cases that do not pass without any violation", out);
            cs_buf_printf(out, "  %s\n", matrix->cases[row]->id);
            result_line(result, out);
        } else if (is_judged(matrix, row)) {
            counts->n_judged++;
        } else {
            counts->n_left_out++;
        }
    }
}

static void judge_survivors(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                            struct cs_buf *out)
{
    for (size_t v = 0; v < matrix->n_violations; v++) {
        for (size_t row = 0; row < matrix->n_cases; row++) {
            const struct cs_matrix_violation *violation = &matrix->violations[v];
            if (!is_judged(matrix, row) || is_cut(matrix, at(matrix, v + 1, row)) ||
                !cs_matrix_is_expected(violation, matrix->cases[row])) {
                continue;
            }
            counts->n_expected++;
            if (!cs_matrix_is_complaint(violation, matrix->cases[row], plain(matrix, row),
                                        at(matrix, v + 1, row))) {
                counts->n_kills++;
                continue;
            }
            heading(counts->n_survivors++,
                    "Survivors: the case checks what is violated, and does "
                    "not notice",
                    out);
            cs_buf_printf(out, "  %s (%s)  %s\n", violation->id, violation->requirements,
                          matrix->cases[row]->id);
            result_line(at(matrix, v + 1, row), out);
        }
    }
}

static void judge_collateral(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                             struct cs_buf *out)
{
    for (size_t v = 0; v < matrix->n_violations; v++) {
        for (size_t row = 0; row < matrix->n_cases; row++) {
            const struct cs_matrix_violation *violation = &matrix->violations[v];
            const struct cs_case *test = matrix->cases[row];
            const struct cs_result *result = at(matrix, v + 1, row);
            if (!result->done || !is_judged(matrix, row) ||
                cs_matrix_is_expected(violation, test)) {
                continue;
            }
            counts->n_others++;
            counts->n_blocked += result->verdict == CS_ERROR;
            if (!cs_matrix_is_complaint(violation, test, plain(matrix, row), result)) {
                continue;
            }
            heading(counts->n_collateral++,
                    "Collateral: the case fails for what another one "
                    "checks",
                    out);
            cs_buf_printf(out, "  %s (%s)  %s\n", violation->id, violation->requirements, test->id);
            result_line(result, out);
        }
    }
}

static void judge_toothless(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                            struct cs_buf *out)
{
    for (size_t row = 0; row < matrix->n_cases; row++) {
        bool bites = false;
        for (size_t v = 0; v < matrix->n_violations && !bites; v++) {
            bites = noticed(matrix, v + 1, row);
        }
        if (is_judged(matrix, row) && !bites && can_fail(matrix->cases[row])) {
            heading(counts->n_toothless++, "Cases that fail under no violation", out);
            cs_buf_printf(out, "  %s (%s)\n", matrix->cases[row]->id,
                          matrix->cases[row]->requirements);
        }
    }
}

static void judge_unclaimed(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                            struct cs_buf *out)
{
    const struct cs_case *const *cases = matrix->claimants ? matrix->claimants : matrix->cases;
    size_t n = matrix->claimants ? matrix->n_claimants : matrix->n_cases;
    for (size_t v = 0; v < matrix->n_violations; v++) {
        bool claimed = false;
        for (size_t row = 0; row < n && !claimed; row++) {
            claimed = cs_matrix_is_expected(&matrix->violations[v], cases[row]);
        }
        if (!claimed) {
            heading(counts->n_unclaimed++, "Violations of requirements that no case lists", out);
            cs_buf_printf(out, "  %s (%s)\n", matrix->violations[v].id,
                          matrix->violations[v].requirements);
        }
    }
}

static void judge_nulls(const struct cs_matrix *matrix, struct cs_matrix_counts *counts,
                        struct cs_buf *out)
{
    for (size_t k = 0; k < matrix->n_nulls; k++) {
        for (size_t row = 0; row < matrix->n_cases; row++) {
            const struct cs_result *result = at(matrix, 1 + matrix->n_violations + k, row);
            if (result->done && result->verdict == CS_PASS) {
                heading(counts->n_null_passes++, "Cases that pass for a peer that does nothing",
                        out);
                cs_buf_printf(out, "  %s  %s\n", matrix->nulls[k], matrix->cases[row]->id);
            }
        }
    }
}

struct cs_matrix_counts cs_matrix_judge(const struct cs_matrix *matrix, struct cs_buf *out)
{
    struct cs_matrix_counts counts = {0};
    judge_plain(matrix, &counts, out);
    judge_survivors(matrix, &counts, out);
    judge_collateral(matrix, &counts, out);
    if (!matrix->is_partial) {
        judge_toothless(matrix, &counts, out);
    }
    if (!matrix->claims_unknown) {
        judge_unclaimed(matrix, &counts, out);
    }
    judge_nulls(matrix, &counts, out);
    return counts;
}

bool cs_matrix_is_good(const struct cs_matrix_counts *counts)
{
    return counts->n_judged > 0 && counts->n_plain_bad == 0 && counts->n_survivors == 0 &&
           counts->n_collateral == 0 && counts->n_toothless == 0 && counts->n_unclaimed == 0 &&
           counts->n_null_passes == 0;
}
