/* The decode vectors as a role of the suite: a case each, whose subject is a parser in a process of
 * its own. So selection, Ctrl-C, tables and reports are those of every other role. */
#ifndef CHATSPEC_DECODE_DECODE_ROLE_H
#define CHATSPEC_DECODE_DECODE_ROLE_H

#include "conformance/decode/parser_peer.h"
#include "suite/case.h"

struct cs_decode_env {
    struct cs_parser_config parser;
    const char *folder; /* where the stream of a case that fails is kept; NULL: nowhere */
};

/* `env` of its cases is a struct cs_decode_env. */
extern const struct cs_role cs_decode_role;

#endif
