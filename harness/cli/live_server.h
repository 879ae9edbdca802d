/* A server that the user names, from the first look at it to the last session closed. */
#ifndef CHATSPEC_CLI_LIVE_SERVER_H
#define CHATSPEC_CLI_LIVE_SERVER_H

#include "cli/role_run.h"
#include "cli/subject_endpoint.h"

struct cs_live_server {
    struct cs_endpoint_env env;
    char *url; /* NULL: only the stream store below was given */
    char *s2_url;
    bool is_missing; /* nobody answered */
};

/* Reads the options, looks whether the server is there and what it can do, and, where it is not on
 * this machine, tells on stderr what will be made there. On failure says why and gives the exit
 * status. The server is to be closed either way. */
CS_MUST_USE int cs_live_server_open(const struct cs_args *args, const struct cs_role_plan *plan,
                                    struct cs_live_server *ret_server);
/* Closes the sessions that are still open, and says so where it was not routine. */
void cs_live_server_close(struct cs_live_server *server);

#endif
