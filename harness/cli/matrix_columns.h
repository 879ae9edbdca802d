/* The columns of a matrix: versions of the SDK, alone or with a version of the parser each. A
 * version that cannot be had is a gap with its reason.
 */
#ifndef CHATSPEC_CLI_MATRIX_COLUMNS_H
#define CHATSPEC_CLI_MATRIX_COLUMNS_H

#include "cli/options.h"
#include "cli/subject_client.h"
#include "suite/profile.h"

#define CS_MATRIX_COLUMNS_MAX 32

struct cs_matrix_column {
    char *asked;  /* "latest" */
    char *parser; /* of an asked version of the parser, else NULL */
    char *label;  /* of both */
    char *tag;    /* of its report's file */
    bool is_there;
    struct cs_diag why_not;
    struct cs_client_subject subject; /* of the only role, or of the client role */
    struct cs_client_subject agents;  /* of the agent role beside it; zeroed: none */
    struct cs_profile profile;
    char *command; /* for reruns */
};

/* Set args, set and the roles; zero the rest. */
struct cs_matrix_columns {
    const struct cs_args *args;
    const struct cs_requirements *set;
    const struct cs_role *roles[2];
    size_t n_roles;
    struct cs_matrix_column items[CS_MATRIX_COLUMNS_MAX];
    size_t n;
    size_t n_there;
};

/* These give the exit status, CS_EXIT_OK where all is well; otherwise the reason was said. */
/* Reads --sdk and --parser: each version with each parser. */
int cs_matrix_columns_read(struct cs_matrix_columns *columns);
/* Installs what is missing and starts what drives each, several at a time; fine when at least one
 * can be had. */
int cs_matrix_columns_open(struct cs_matrix_columns *columns);
/* Agents of each version hand their chats over to those of the next, and clients of each talk to
 * the next one's agents. */
void cs_matrix_columns_chain(struct cs_matrix_columns *columns);
/* What cases of that role run against. */
struct cs_client_env *cs_matrix_column_env(const struct cs_matrix_columns *columns,
                                           struct cs_matrix_column *column,
                                           const struct cs_role *role);
void cs_matrix_columns_close(struct cs_matrix_columns *columns);

#endif
