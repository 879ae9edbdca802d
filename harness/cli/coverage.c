#include "cli/coverage.h"

#include "cli/roles.h"
#include "client/violations.h"
#include "conformance/agent/violations.h"
#include "conformance/client/violations_sdk.h"
#include "endpoint/policy/violations.h"

#define CUSTOM_TRANSPORT 'X' /* among the kinds of clients: one that is not the SDK's */

static bool has_endpoint_violation(const struct cs_requirement *item)
{
    for (const struct cs_violation *row = cs_violations; row->id; row++) {
        if (strcmp(row->requirement, item->id) == 0) {
            return true;
        }
    }
    return false;
}

/* What the reference client does not model is proven by what real ones do: a version that breaks
 * it, or two that do it differently. */
static bool real_clients_differ(const struct cs_requirements *set,
                                const struct cs_requirement *item)
{
    if (strchr(item->clients, CUSTOM_TRANSPORT)) {
        return false;
    }
    bool differ = item->defect_since != NULL;
    for (size_t i = 0; i < set->n_facts && !differ; i++) {
        differ = set->facts[i].n_steps > 1 && cs_fact_is_of(&set->facts[i], item->id);
    }
    return differ;
}

static bool is_proven(const struct cs_requirements *set, const struct cs_requirement *item)
{
    if (strcmp(item->role, "endpoint") == 0) {
        return has_endpoint_violation(item);
    }
    if (strcmp(item->role, "agent") == 0) {
        /* what a published version gets wrong needs no other proof */
        return cs_agent_violation_breaks(item->id) || item->defect_since != NULL;
    }
    return strcmp(item->role, "client") != 0 || cs_client_violation_breaks(item->id) ||
           cs_sdk_violation_breaks(item->id) || real_clients_differ(set, item);
}

static bool is_binding(const struct cs_requirement *item)
{
    return item->level == CS_MUST || item->level == CS_SHOULD;
}

static void tell(struct cs_buf *out, const struct cs_requirement *item, const char *what)
{
    if (out) {
        cs_buf_printf(out, "  %-8s %-8s %s\n", item->id, cs_level_name(item->level), what);
    }
}

static void note_case(void *ctx, const struct cs_case *test)
{
    bool *has = ctx;
    *has = *has || strncmp(test->id, "decode/", 7) != 0;
}

/* A vector is of a parser, and says nothing of the endpoint that its row is about. */
static bool has_case(const struct cs_requirement *item)
{
    bool has = false;
    (void)cs_cases_of_requirement(item->id, note_case, &has);
    return has;
}

static void count_row(const struct cs_requirements *set, const struct cs_requirement *item,
                      struct cs_coverage *counts, struct cs_buf *out)
{
    counts->n_rows++;
    if (has_case(item)) {
        counts->n_covered++;
        if (is_binding(item) && !is_proven(set, item)) {
            counts->n_without_violation++;
            tell(out, item, "proved by no violation");
        }
    } else if (item->unobservable) {
        counts->n_unobservable++;
    } else if (is_binding(item)) {
        counts->n_uncovered++;
        tell(out, item, "no case checks it");
    } else {
        counts->n_unrecorded++;
        tell(out, item, "no case records it");
    }
}

struct cs_coverage cs_coverage_count(const struct cs_requirements *set, const char *role,
                                     const char *area, struct cs_buf *out)
{
    struct cs_coverage counts = {0};
    const struct cs_requirement *item = NULL;
    while ((item = cs_requirement_next(set, role, item))) {
        if (!area || strcmp(item->area, area) == 0) {
            count_row(set, item, &counts, out);
        }
    }
    return counts;
}

static void put_line(struct cs_buf *out, const char *role, const char *area,
                     const struct cs_coverage *counts)
{
    cs_buf_printf(out, "%-9s %-6s %6zu %9zu %15zu %10zu %11zu %18zu\n", role, area, counts->n_rows,
                  counts->n_covered, counts->n_unobservable, counts->n_uncovered,
                  counts->n_unrecorded, counts->n_without_violation);
}

void cs_coverage_table(const struct cs_requirements *set, struct cs_buf *out)
{
    struct cs_buf missing = CS_BUF((size_t)1 << 20);
    cs_buf_str(out, "role      area     rows   covered  not observable  uncovered  unrecorded"
                    "  without violation\n");
    for (size_t r = 0; r < cs_n_roles; r++) {
        const char *role = cs_roles[r]->name;
        for (size_t a = 0; a < set->n_areas; a++) {
            if (strcmp(set->areas[a].role, role) == 0) {
                struct cs_coverage counts =
                    cs_coverage_count(set, role, set->areas[a].id, &missing);
                put_line(out, role, set->areas[a].id, &counts);
            }
        }
        struct cs_coverage all = cs_coverage_count(set, role, NULL, NULL);
        if (all.n_rows > 0) { /* the rows that decode vectors are of are the endpoint's */
            put_line(out, role, "all", &all);
        }
    }
    if (missing.len > 0) {
        cs_buf_printf(out, "\nMissing:\n%.*s", (int)missing.len, missing.ptr);
    }
    cs_buf_free(&missing);
}
