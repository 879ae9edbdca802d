/* The annotations of what changed. */
#include "reports/github.h"
#include "reports/versions.h"

#define TEXT  600u
#define TITLE 200u

static enum cs_annotation kind_of(enum cs_change_kind change)
{
    return change == CS_CHANGE_REGRESSION ? CS_ANNOTATE_ERROR
           : change == CS_CHANGE_UNJUDGED ? CS_ANNOTATE_WARNING
                                          : CS_ANNOTATE_NOTICE;
}

static void put_change(const struct cs_change *change, const struct cs_requirements *set,
                       struct cs_buf *out)
{
    const struct cs_read_case *item = change->newer ? change->newer : change->older;
    const char *why = set ? cs_requirements_why(set, item->requirements) : NULL;
    cs_buf_printf(out, "::%s title=", cs_annotation_name(kind_of(change->kind)));
    cs_annotation_text(cs_change_heading(change->kind), TITLE, true, out);
    cs_buf_str(out, "%3A ");
    cs_annotation_text(item->requirements, TITLE, true, out);
    cs_buf_str(out, "::");
    cs_annotation_text(item->id, TITLE, false, out);
    cs_buf_printf(out, ": %s -> %s",
                  change->older ? cs_verdict_name(change->older->verdict) : "not there",
                  change->newer ? cs_verdict_name(change->newer->verdict) : "not there");
    if (change->newer && change->newer->message[0]) {
        cs_buf_str(out, "%0A");
        cs_annotation_text(change->newer->message, TEXT, false, out);
    }
    if (why) {
        cs_buf_str(out, "%0Awhy it matters: ");
        cs_annotation_text(why, TEXT, false, out);
    }
    cs_buf_char(out, '\n');
}

void cs_compare_github(const struct cs_read_report *older, const struct cs_read_report *newer,
                       const struct cs_requirements *set, struct cs_buf *out)
{
    size_t n_of[CS_N_ANNOTATIONS] = {0};
    size_t n_put[CS_N_ANNOTATIONS] = {0};
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    while (cs_changes_next(&changes, &change)) {
        n_of[kind_of(change.kind)] += change.kind != CS_CHANGE_NONE;
    }
    for (int wanted = CS_CHANGE_REGRESSION; wanted < CS_N_CHANGES; wanted++) {
        enum cs_annotation kind = kind_of((enum cs_change_kind)wanted);
        changes = (struct cs_changes){.older = older, .newer = newer};
        while (n_put[kind] < cs_annotations_room(n_of[kind]) &&
               cs_changes_next(&changes, &change)) {
            if (change.kind == (enum cs_change_kind)wanted) {
                put_change(&change, set, out);
                n_put[kind]++;
            }
        }
    }
    cs_annotations_rest(n_of, out);
}

enum cs_err cs_versions_github(const struct cs_report *reports, size_t n,
                               const struct cs_requirements *set, struct cs_buf *out)
{
    const struct cs_report *pair[2] = {NULL, NULL}; /* the newer one first */
    size_t n_found = 0;
    for (size_t i = n; i > 0 && n_found < 2; i--) {
        if (reports[i - 1].n > 0) {
            pair[n_found++] = &reports[i - 1];
        }
    }
    if (n_found < 2) {
        return CS_OK;
    }
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    enum cs_err err = cs_versions_reread(pair[1], &older);
    err = err == CS_OK ? cs_versions_reread(pair[0], &newer) : err;
    if (err == CS_OK) {
        cs_compare_github(&older, &newer, set, out);
    }
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    return err;
}
