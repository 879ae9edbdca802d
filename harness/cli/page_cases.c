#include "cli/pages.h"
#include "cli/roles.h"

void cs_pages_prose(struct cs_buf *out, const char *text)
{
    bool code = false; /* nothing is markup between backticks, but a '|' still ends a cell */
    for (; *text; text++) {
        code = code != (*text == '`');
        if (*text == '|' || (!code && strchr("*_<>[]\\#", *text))) {
            cs_buf_char(out, '\\');
        }
        cs_buf_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
}

/* "endpoint/token" of "endpoint/token/wrong-signature"; what has no third part is its own area. */
static struct cs_view area_of(const char *id)
{
    const char *first = strchr(id, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    return second ? cs_view_of(id, (size_t)(second - id)) : cs_view_str(id);
}

static void put_case(struct cs_buf *out, const struct cs_case *test)
{
    cs_buf_printf(out, "| `%s` | %s | ", test->id, cs_level_name(test->level));
    cs_pages_prose(out, test->title);
    if (test->needs & CS_NEEDS_LONG) {
        cs_buf_str(out, " (long)");
    }
    cs_buf_printf(out, " | %s |\n", test->requirements);
}

static size_t count(const struct cs_role *role)
{
    size_t n = 0;
    for (size_t g = 0; g < role->n_groups; g++) {
        for (const struct cs_case *test = role->groups[g]; test->id; test++) {
            n++;
        }
    }
    return n;
}

/* The cases of one area, which may stand in several of the role's arrays. */
static void put_area(struct cs_buf *out, const struct cs_role *role, struct cs_view area)
{
    cs_buf_printf(out,
                  "\n### %.*s\n\n| case | level | what is right | requirements |\n"
                  "| --- | --- | --- | --- |\n",
                  CS_VIEW_ARG(area));
    for (size_t g = 0; g < role->n_groups; g++) {
        for (const struct cs_case *test = role->groups[g]; test->id; test++) {
            if (cs_view_eq(area_of(test->id), area)) {
                put_case(out, test);
            }
        }
    }
}

/* Is this the first case of its area? */
static bool opens_area(const struct cs_role *role, const struct cs_case *wanted)
{
    for (size_t g = 0; g < role->n_groups; g++) {
        for (const struct cs_case *test = role->groups[g]; test->id; test++) {
            if (cs_view_eq(area_of(test->id), area_of(wanted->id))) {
                return test == wanted;
            }
        }
    }
    return false;
}

static void put_role(struct cs_buf *out, const struct cs_role *role)
{
    cs_buf_printf(out, "\n## %s: %zu cases\n", role->name, count(role));
    for (size_t g = 0; g < role->n_groups; g++) {
        for (const struct cs_case *test = role->groups[g]; test->id; test++) {
            if (opens_area(role, test)) {
                put_area(out, role, area_of(test->id));
            }
        }
    }
}

void cs_pages_cases(const struct cs_requirements *set, struct cs_buf *out)
{
    size_t n = 0;
    for (size_t r = 0; r < cs_n_roles; r++) {
        n += count(cs_roles[r]);
    }
    cs_buf_printf(
        out,
        "# All cases\n\n"
        "%zu cases for a catalogue of %zu requirements. Made from the tables by\n"
        "`./chatspec list --format markdown`; a test holds this page to them. What a case\n"
        "means: `./chatspec explain ID`; one alone: `--only ID`. Those marked (long) run\n"
        "with `--include long`.\n",
        n, set->n_items);
    for (size_t r = 0; r < cs_n_roles; r++) {
        put_role(out, cs_roles[r]);
    }
}
