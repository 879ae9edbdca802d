/* What the endpoint's figures share. */
#ifndef CHATSPEC_BENCH_ENDPOINT_H
#define CHATSPEC_BENCH_ENDPOINT_H

#include "bench/fan.h"

/* Clients of the server; to be freed whatever comes. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_bench_clients(const struct cs_fan_server *server,
                                         struct cs_fan_clients **ret_clients, struct cs_diag *diag);

/* Comparisons of a session with a million records with itself and with a new one. */
void cs_bench_long_session(struct cs_bench *bench);

#endif
