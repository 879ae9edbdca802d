/* chatspec compare: what changed between two reports. */
#include "cli/commands.h"
#include "cli/report_pages.h"
#include "reports/html.h"

#define MAX_PAGE ((size_t)256 * 1024 * 1024)

/* What is compared. */
struct sides {
    const struct cs_read_report *older;
    const struct cs_read_report *newer;
    const struct cs_requirements *set;
};

static enum cs_err write_html(const void *what, struct cs_buf *out)
{
    const struct sides *sides = what;
    return cs_compare_html(sides->older, sides->newer, sides->set, out);
}

static const struct cs_page_kind page_kinds[] = {{"html", write_html}, {NULL, NULL}};

static int print(const struct sides *sides)
{
    struct cs_buf page = CS_BUF(MAX_PAGE);
    struct cs_comparison counts = cs_compare(sides->older, sides->newer, sides->set, &page);
    cs_buf_printf(&page,
                  "\n%zu regressions, %zu fixes, %zu with other observations, %zu no longer "
                  "judged, %zu newly judged, %zu new, %zu removed, %zu the same\n",
                  counts.n_regressions, counts.n_fixes, counts.n_observations, counts.n_unjudged,
                  counts.n_judged, counts.n_new, counts.n_removed, counts.n_same);
    bool good = cs_buf_error(&page) == CS_OK && fwrite(page.ptr, 1, page.len, stdout) == page.len &&
                fflush(stdout) == 0;
    cs_buf_free(&page);
    if (!good) {
        return cs_say(CS_EXIT_TROUBLE, "the comparison could not be printed");
    }
    return counts.n_regressions > 0 ? CS_EXIT_BROKEN : CS_EXIT_OK;
}

static int tell(const struct cs_args *args, const struct cs_read_report *older,
                const struct cs_read_report *newer)
{
    struct cs_report_pages pages = {0};
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    const struct sides sides = {older, newer, &set};
    int status = cs_report_pages_open(args, page_kinds, true, &pages);
    if (status == CS_EXIT_OK) {
        status = print(&sides);
        int written = status != CS_EXIT_TROUBLE ? cs_report_pages_write(&pages, &sides) : status;
        status = written != CS_EXIT_OK ? written : status;
    }
    cs_report_pages_close(&pages);
    cs_requirements_free(&set);
    return status;
}

static int run(const struct cs_args *args)
{
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_diag diag = {0};
    if (args->rest.n != 2) {
        return cs_say(CS_EXIT_USAGE, "compare takes two JSON reports: chatspec compare OLD.json "
                                     "NEW.json");
    }
    enum cs_err err = cs_report_read(args->rest.items[0], &older, &diag);
    err = err == CS_OK ? cs_report_read(args->rest.items[1], &newer, &diag) : err;
    int status = err == CS_OK ? tell(args, &older, &newer) : cs_say(CS_EXIT_USAGE, "%s", diag.text);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "write the comparison as a page: html; repeatable", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_compare = {
    .name = "compare",
    .summary = "say what changed between two JSON reports",
    .usage = "OLD.json NEW.json",
    .details =
        "Regressions, fixes, cases whose verdict stayed and whose observations did not, and\n"
        "cases that came or went. Exit status: 1 when there is a regression (a case got\n"
        "worse, or could not be judged any more), else 0.\n"
        "\n"
        "Examples:\n"
        "  chatspec endpoint --profile 4.5.16 --report json=old.json\n"
        "  chatspec endpoint --report json=new.json\n"
        "  chatspec compare old.json new.json\n"
        "  chatspec compare old.json new.json --report html=changes.html",
    .options = options,
    .max_rest = 2,
    .run = run,
};
