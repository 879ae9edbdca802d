/* A parser behind the functions of chatspec_parser.h: one from a library, or our own reader. */
#ifndef CHATSPEC_DECODE_HOST_PARSER_H
#define CHATSPEC_DECODE_HOST_PARSER_H

#include <stdbool.h>

#include "conformance/peers/library/chatspec_parser.h"

struct parser_functions {
    uint32_t (*abi)(void);
    uint32_t (*traits)(void);
    chatspec_parser *(*create)(void);
    int32_t (*feed)(chatspec_parser *parser, const uint8_t *bytes, size_t len);
    int32_t (*finish)(chatspec_parser *parser);
    int32_t (*next)(chatspec_parser *parser, chatspec_event *event);
    void (*destroy)(chatspec_parser *parser);
};

/* False after saying why on stderr. */
bool parser_load(const char *path, struct parser_functions *ret_functions);

extern const struct parser_functions parser_of_ours;

#endif
