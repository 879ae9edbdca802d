/* The scenario of `serve`: found by name or path, and read again when it changes. */
#ifndef CHATSPEC_CLI_SERVE_SCENARIO_H
#define CHATSPEC_CLI_SERVE_SCENARIO_H

#include "cli/options.h"
#include "endpoint/endpoint.h"
#include "endpoint/scenario/scenario.h"
#include "net/loop.h"

struct cs_serve_scenario {
    struct cs_watch watch; /* of the file's folder; first: the hook gets its address */
    struct cs_loop *loop;
    struct cs_endpoint *endpoint;
    const struct cs_args *args; /* its fault rules are kept when the scenario's are replaced */
    char *path;                 /* of the file; NULL: one that comes with the program, or none */
    const char *name;           /* of what was asked for; NULL: none */
    struct cs_scenario *scenario;
    const char **faults; /* those of the command line, then the scenario's */
    size_t n_faults;
};

/* Reads --scenario into a zeroed struct whose watch.fd is -1. Returns an exit status; on failure it
 * has been said why. cs_serve_scenario_free in any case, after the endpoint has stopped. */
int cs_serve_scenario_read(const struct cs_args *args, struct cs_serve_scenario *ret_serve);
void cs_serve_scenario_free(struct cs_serve_scenario *serve);

/* From now on a change of the file is followed. Where files cannot be watched, SIGHUP remains, and
 * that is said. */
void cs_serve_scenario_follow(struct cs_serve_scenario *serve, struct cs_loop *loop,
                              struct cs_endpoint *endpoint);
/* Reads it again and says so on stderr; a file that is no scenario is told of and the one before
 * stays. Counts of fault rules begin anew. */
void cs_serve_scenario_again(struct cs_serve_scenario *serve);

/* Names and descriptions of those that come with the program. */
void cs_serve_scenario_list(FILE *out);

#endif
