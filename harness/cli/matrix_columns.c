#include "cli/matrix_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/stop.h"
#include "conformance/agent/agent_role.h"
#include "peer/place.h"

#define MAX_WAITING 8 /* adapters that wait, started, for their first case */

/* ---- reading ---- */

/* The next of a list divided by commas; NULL at its end. */
static const char *next_of(const char **list, size_t *ret_len)
{
    const char *at = *list + strspn(*list, ",");
    *ret_len = strcspn(at, ",");
    *list = at + *ret_len;
    return *ret_len > 0 ? at : NULL;
}

static int add_column(struct cs_matrix_columns *columns, struct cs_view version,
                      struct cs_view parser)
{
    if (columns->n == CS_MATRIX_COLUMNS_MAX) {
        return cs_say(CS_EXIT_USAGE, "a matrix has at most %d columns", CS_MATRIX_COLUMNS_MAX);
    }
    struct cs_matrix_column *column = &columns->items[columns->n++];
    column->asked = strndup(version.ptr, version.len);
    column->parser = parser.len > 0 ? strndup(parser.ptr, parser.len) : NULL;
    bool made = column->asked && (parser.len == 0 || column->parser);
    if (made && asprintf(&column->label, "%s%s%s", column->asked, column->parser ? " parser " : "",
                         column->parser ? column->parser : "") < 0) {
        column->label = NULL;
    }
    return made && column->label ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "out of memory");
}

/* Each version with each parser. */
int cs_matrix_columns_read(struct cs_matrix_columns *columns)
{
    const char *versions = columns->args->sdk ? columns->args->sdk : "";
    struct cs_view version = {0};
    int status = CS_EXIT_OK;
    while (status == CS_EXIT_OK && (version.ptr = next_of(&versions, &version.len)) != NULL) {
        const char *parsers = columns->args->parser ? columns->args->parser : "";
        struct cs_view parser = {0};
        size_t n = 0;
        while (status == CS_EXIT_OK && (parser.ptr = next_of(&parsers, &parser.len)) != NULL) {
            status = add_column(columns, version, parser);
            n++;
        }
        status = status == CS_EXIT_OK && n == 0 ? add_column(columns, version, (struct cs_view){0})
                                                : status;
    }
    if (status == CS_EXIT_OK && columns->n == 0) {
        return cs_say(CS_EXIT_USAGE, "matrix needs versions: --sdk 4.7.7,4.8.3,latest");
    }
    return status;
}

/* ---- opening ---- */

/* Two columns may be the same in the end, as 4.8.3 and latest: their reports are two all the same.
 */
static bool name_report(const struct cs_matrix_columns *columns, struct cs_matrix_column *column)
{
    const char *key = column->subject.command.key ? column->subject.command.key : "";
    bool taken = false;
    for (const struct cs_matrix_column *other = columns->items; other < column; other++) {
        taken = taken || (other->tag && strcmp(other->tag, key) == 0);
    }
    char number[24] = "";
    if (taken) {
        snprintf(number, sizeof number, "-%d", (int)(column - columns->items) + 1);
    }
    if (asprintf(&column->tag, "%s%s", key, number) < 0) {
        column->tag = NULL;
    }
    return column->tag != NULL;
}

static struct cs_args args_of(const struct cs_matrix_columns *columns,
                              const struct cs_matrix_column *column)
{
    struct cs_args args = *columns->args;
    args.sdk = column->asked;
    args.parser = column->parser;
    return args;
}

/* Gets the version and starts what drives it. */
static bool begin_column(struct cs_matrix_columns *columns, struct cs_matrix_column *column)
{
    const struct cs_args args = args_of(columns, column);
    bool of_clients = columns->roles[0] == &cs_client_role;
    enum cs_client_part part = of_clients ? CS_PART_CLIENTS : CS_PART_AGENTS;
    return cs_client_subject_begin(&args, part, &column->subject, &column->why_not) == CS_OK &&
           (columns->n_roles == 1 || cs_client_subject_begin(&args, CS_PART_AGENTS, &column->agents,
                                                             &column->why_not) == CS_OK);
}

/* Once it has started. */
static bool open_column(struct cs_matrix_columns *columns, struct cs_matrix_column *column)
{
    const struct cs_args args = args_of(columns, column);
    char remark[CS_PROFILE_REMARK_MAX];
    if (cs_client_subject_end(&args, &column->subject, &column->why_not) != CS_OK ||
        (columns->n_roles > 1 &&
         cs_client_subject_end(&args, &column->agents, &column->why_not) != CS_OK)) {
        return false;
    }
    if (column - columns->items >= MAX_WAITING) {
        cs_client_subject_rest(&column->subject);
        cs_client_subject_rest(&column->agents);
    }
    bool both = columns->n_roles > 1;
    if (asprintf(&column->command, "%s %s %s", cs_place_called(),
                 both ? "matrix --role all" : columns->roles[0]->name,
                 column->subject.options) < 0) {
        column->command = NULL;
    }
    cs_profile_of_sdk(column->subject.version, columns->set, &column->profile, remark);
    if (remark[0]) {
        (void)cs_say(CS_EXIT_OK, "%s", remark);
    }
    return column->command && name_report(columns, column);
}

/* A version that cannot be had is a gap in the table with its reason, and not the end. */
int cs_matrix_columns_open(struct cs_matrix_columns *columns)
{
    /* To load a runtime takes a processor: more at the same time would only all come later. */
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t ahead = n_processors > 0 ? (size_t)n_processors + 1 : 2;
    size_t n_begun = 0;
    for (size_t i = 0; i < columns->n; i++) {
        struct cs_matrix_column *column = &columns->items[i];
        for (; n_begun < columns->n && n_begun < i + ahead; n_begun++) {
            if (*cs_stop_flag()) {
                return CS_EXIT_INTERRUPTED;
            }
            struct cs_matrix_column *next = &columns->items[n_begun];
            next->is_there = begin_column(columns, next);
        }
        column->is_there = column->is_there && open_column(columns, column);
        columns->n_there += column->is_there;
        if (!column->is_there) {
            (void)cs_say(CS_EXIT_TROUBLE, "%s is left out: %s", column->label,
                         column->why_not.text[0] ? column->why_not.text : "out of memory");
        }
    }
    return columns->n_there > 0 ? CS_EXIT_OK
                                : cs_say(CS_EXIT_TROUBLE, "none of these versions can be had here");
}

/* ---- what runs against them ---- */

struct cs_client_env *cs_matrix_column_env(const struct cs_matrix_columns *columns,
                                           struct cs_matrix_column *column,
                                           const struct cs_role *role)
{
    bool beside = columns->n_roles > 1 && role == &cs_agent_role;
    return beside ? &column->agents.env : &column->subject.env;
}

static bool is_role(const struct cs_matrix_columns *columns, const struct cs_role *role)
{
    return columns->roles[0] == role || columns->roles[1] == role;
}

void cs_matrix_columns_chain(struct cs_matrix_columns *columns)
{
    const struct cs_client_env *older = NULL;
    const char *const *client = NULL; /* of the older one, which has itself got another's */
    for (size_t i = 0; i < columns->n; i++) {
        struct cs_client_env *env =
            is_role(columns, &cs_agent_role)
                ? cs_matrix_column_env(columns, &columns->items[i], &cs_agent_role)
                : NULL;
        if (env && columns->items[i].is_there) {
            const char *const *own = env->client_argv;
            env->older_argv = older ? older->argv : NULL;
            env->client_argv = client ? client : own;
            client = own;
            older = env;
        }
    }
}

void cs_matrix_columns_close(struct cs_matrix_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++) {
        struct cs_matrix_column *column = &columns->items[i];
        cs_client_subject_close(&column->subject);
        cs_client_subject_close(&column->agents);
        free(column->command);
        free(column->asked);
        free(column->parser);
        free(column->label);
        free(column->tag);
    }
}
