/* Reads a list of expected failures. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/expect.h"
#include "wire/utf8.h"

struct parser {
    const char *label;
    struct cs_expect *list;
    struct cs_diag *diag;
    size_t line;
    size_t comments; /* where the comments begin that the next entry may own; SIZE_MAX: none */
    struct cs_expect_entry *open; /* that the indented lines are of */
};

static enum cs_err wrong(const struct parser *parser, size_t line, const char *fmt, ...)
    CS_PRINTF(3, 4);
static enum cs_err wrong(const struct parser *parser, size_t line, const char *fmt, ...)
{
    char text[CS_DIAG_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args); /* NOLINT(clang-analyzer-valist.Uninitialized) */
    va_end(args);
    return cs_fail(parser->diag, CS_ERR_SYNTAX, line, "%.80s:%zu: %.140s", parser->label, line,
                   text);
}

static enum cs_err no_memory(const struct parser *parser)
{
    return cs_fail(parser->diag, CS_ERR_NO_MEMORY, 0, "out of memory");
}

/* ---- values ---- */

static bool is_date(struct cs_view text)
{
    static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t year;
    uint64_t month;
    uint64_t day;
    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
        cs_view_u64(cs_view_of(text.ptr, 4), &year) != CS_OK ||
        cs_view_u64(cs_view_of(text.ptr + 5, 2), &month) != CS_OK ||
        cs_view_u64(cs_view_of(text.ptr + 8, 2), &day) != CS_OK || month < 1 || month > 12) {
        return false;
    }
    bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day >= 1 && day <= days[month - 1] && (month != 2 || day < 29 || leaps);
}

/* "4.7.0"; true with `ret_has` false when there is nothing. */
static bool read_version(struct cs_view text, struct cs_version *ret_version, bool *ret_has)
{
    char copy[64];
    *ret_has = text.len > 0;
    snprintf(copy, sizeof copy, "%.*s", CS_VIEW_ARG(text));
    return text.len == 0 ||
           (text.len < sizeof copy && cs_version_parse(copy, ret_version) == CS_OK);
}

static bool read_versions(struct cs_view text, struct cs_expect_entry *entry)
{
    size_t dots = cs_view_find(text, CS_VIEW(".."));
    struct cs_view to = text;
    if (dots == SIZE_MAX) {
        dots = text.len;
    } else {
        to = cs_view_of(text.ptr + dots + 2, text.len - dots - 2);
    }
    return read_version(cs_view_of(text.ptr, dots), &entry->oldest, &entry->has_oldest) &&
           read_version(to, &entry->newest, &entry->has_newest) &&
           (entry->has_oldest || entry->has_newest) &&
           (!entry->has_oldest || !entry->has_newest ||
            cs_version_compare(entry->oldest, entry->newest) <= 0);
}

/* "endpoint/token/x" or "TOK-20" */
static bool is_name(struct cs_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!isalnum(c) && c != '/' && c != '-' && c != '.') {
            return false;
        }
    }
    return text.len > 0 && text.len < 256 &&
           (cs_view_find(text, CS_VIEW("/")) != SIZE_MAX ||
            (text.ptr[text.len - 1] != '-' && isdigit((unsigned char)text.ptr[text.len - 1])));
}

/* ---- lines ---- */

static enum cs_err end_entry(struct parser *parser)
{
    struct cs_expect_entry *entry = parser->open;
    parser->open = NULL;
    if (!entry) {
        return CS_OK;
    }
    if (!entry->reason || !entry->until) {
        return wrong(parser, entry->line, "%s has no '%s:' below it", entry->id,
                     entry->reason ? "until" : "reason");
    }
    for (struct cs_expect_entry *other = parser->list->entries; other < entry; other++) {
        if (strcmp(other->id, entry->id) == 0 &&
            strcmp(other->peer ? other->peer : "", entry->peer ? entry->peer : "") == 0 &&
            strcmp(other->versions ? other->versions : "",
                   entry->versions ? entry->versions : "") == 0) {
            return wrong(parser, entry->line, "%s is there already, in line %zu", entry->id,
                         other->line);
        }
    }
    return CS_OK;
}

static enum cs_err begin_entry(struct parser *parser, struct cs_view name, size_t at, size_t end)
{
    struct cs_expect *list = parser->list;
    enum cs_err err = end_entry(parser);
    if (err != CS_OK) {
        return err;
    }
    if (name.len > 0 && memchr(name.ptr, '*', name.len)) {
        return wrong(parser, parser->line,
                     "no patterns: name each case, or a requirement, so that no new failure hides "
                     "behind an old one");
    }
    if (!is_name(name)) {
        return wrong(parser, parser->line,
                     "'%.*s' is no id of a case (client/area/name) or a requirement (TOK-20)",
                     CS_VIEW_ARG(name));
    }
    struct cs_expect_entry *grown = reallocarray(list->entries, list->n + 1, sizeof *grown);
    if (!grown) {
        return no_memory(parser);
    }
    list->entries = grown;
    parser->open = &grown[list->n++];
    *parser->open = (struct cs_expect_entry){
        .id = strndup(name.ptr, name.len),
        .line = parser->line,
        .begin = parser->comments < at ? parser->comments : at,
        .end = end,
    };
    parser->comments = SIZE_MAX;
    return parser->open->id ? CS_OK : no_memory(parser);
}

static enum cs_err set_text(const struct parser *parser, const char *name, struct cs_view value,
                            char **target)
{
    if (*target) {
        return wrong(parser, parser->line, "'%s:' is there twice", name);
    }
    if (value.len == 0) {
        return wrong(parser, parser->line, "'%s:' says nothing", name);
    }
    *target = strndup(value.ptr, value.len);
    return *target ? CS_OK : no_memory(parser);
}

static enum cs_err read_member(struct parser *parser, struct cs_view line)
{
    struct cs_expect_entry *entry = parser->open;
    size_t colon = cs_view_find(line, CS_VIEW(":"));
    if (!entry) {
        return wrong(parser, parser->line, "an indented line without an id above it");
    }
    if (colon == SIZE_MAX) {
        return wrong(parser, parser->line, "an indented line is 'name: value'");
    }
    struct cs_view name = cs_view_trim(cs_view_of(line.ptr, colon));
    struct cs_view value = cs_view_trim(cs_view_of(line.ptr + colon + 1, line.len - colon - 1));
    enum cs_err err = CS_OK;
    if (cs_view_eq(name, CS_VIEW("reason"))) {
        return set_text(parser, "reason", value, &entry->reason);
    }
    if (cs_view_eq(name, CS_VIEW("until"))) {
        err = set_text(parser, "until", value, &entry->until);
        return err != CS_OK || is_date(value)
                   ? err
                   : wrong(parser, parser->line, "'until:' takes a day such as 2027-01-31");
    }
    if (cs_view_eq(name, CS_VIEW("peer"))) {
        return set_text(parser, "peer", value, &entry->peer);
    }
    if (cs_view_eq(name, CS_VIEW("versions"))) {
        err = set_text(parser, "versions", value, &entry->versions);
        return err != CS_OK || read_versions(value, entry)
                   ? err
                   : wrong(parser, parser->line,
                           "'versions:' takes 4.7.0..4.8.3, 4.7.0.., ..4.8.3 or 4.8.3");
    }
    if (cs_view_eq(name, CS_VIEW("flaky"))) {
        entry->flaky = cs_view_eq(value, CS_VIEW("yes"));
        return entry->flaky || cs_view_eq(value, CS_VIEW("no"))
                   ? CS_OK
                   : wrong(parser, parser->line, "'flaky:' takes yes or no");
    }
    return wrong(parser, parser->line,
                 "no '%.*s:' here; there are reason, until, peer, versions and flaky",
                 CS_VIEW_ARG(name));
}

static enum cs_err check_bytes(const struct parser *parser, struct cs_view line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return wrong(parser, parser->line, "a control character");
        }
    }
    return cs_utf8_valid_prefix(line) == line.len
               ? CS_OK
               : wrong(parser, parser->line, "this is not UTF-8");
}

/* `at` and `end` are the line's place in the text, its newline included. */
static enum cs_err read_line(struct parser *parser, struct cs_view line, size_t at, size_t end)
{
    bool is_indented = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
    enum cs_err err = check_bytes(parser, line);
    if (err != CS_OK) {
        return err;
    }
    struct cs_view text = cs_view_trim(line);
    if (text.len == 0) {
        parser->comments = SIZE_MAX;
        return CS_OK;
    }
    if (text.ptr[0] == '#') {
        parser->comments = parser->comments == SIZE_MAX ? at : parser->comments;
        return CS_OK;
    }
    if (!is_indented) {
        return begin_entry(parser, text, at, end);
    }
    err = read_member(parser, text);
    if (parser->open) {
        parser->open->end = end; /* with the comments between its lines */
    }
    parser->comments = SIZE_MAX;
    return err;
}

enum cs_err cs_expect_parse(struct cs_view text, const char *label, struct cs_expect *ret_list,
                            struct cs_diag *diag)
{
    struct cs_expect list = {.text = malloc(text.len + 1), .len = text.len};
    struct parser parser = {.label = label, .list = &list, .diag = diag, .comments = SIZE_MAX};
    if (!list.text) {
        return no_memory(&parser);
    }
    memcpy(list.text, text.len > 0 ? text.ptr : "", text.len);
    list.text[text.len] = '\0';
    enum cs_err err = CS_OK;
    for (size_t at = 0; at < text.len && err == CS_OK;) {
        const char *newline = memchr(list.text + at, '\n', text.len - at);
        size_t end = newline ? (size_t)(newline - list.text) + 1 : text.len;
        size_t len = end - at - (newline != NULL);
        len -= len > 0 && list.text[at + len - 1] == '\r';
        parser.line++;
        err = read_line(&parser, cs_view_of(list.text + at, len), at, end);
        at = end;
    }
    err = err == CS_OK ? end_entry(&parser) : err;
    if (err != CS_OK) {
        cs_expect_free(&list);
        return err;
    }
    *ret_list = list;
    return CS_OK;
}

enum cs_err cs_expect_read(const char *path, struct cs_expect *ret_list, struct cs_diag *diag)
{
    char chunk[16384];
    size_t n;
    struct cs_buf text = CS_BUF(CS_EXPECT_MAX_FILE);
    FILE *file = fopen(path, "rbe");
    if (!file) {
        return cs_fail(diag, errno == ENOENT ? CS_ERR_MISSING : CS_ERR_IO, 0, "%.120s: %s", path,
                       strerror(errno));
    }
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        cs_buf_append(&text, chunk, n);
    }
    bool bad = ferror(file) != 0;
    int error = errno;
    fclose(file);
    enum cs_err err = cs_buf_error(&text);
    if (bad) {
        err = cs_fail(diag, CS_ERR_IO, 0, "%.120s: %s", path, strerror(error));
    } else if (err != CS_OK) {
        err = cs_fail(diag, err, 0, "%.120s: %s", path,
                      err == CS_ERR_LIMIT ? "larger than 4 MiB" : "out of memory");
    } else {
        err = cs_expect_parse(cs_buf_view(&text), path, ret_list, diag);
    }
    cs_buf_free(&text);
    return err;
}

void cs_expect_free(struct cs_expect *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->entries[i].id);
        free(list->entries[i].reason);
        free(list->entries[i].until);
        free(list->entries[i].peer);
        free(list->entries[i].versions);
    }
    free(list->entries);
    free(list->text);
    *list = (struct cs_expect){0};
}
