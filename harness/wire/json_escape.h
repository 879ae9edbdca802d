/* What stands for what after a backslash, for the scanner and the decoder. Internal to wire/. */
#ifndef CHATSPEC_WIRE_JSON_ESCAPE_H
#define CHATSPEC_WIRE_JSON_ESCAPE_H

/* The byte that a two character escape stands for; 0 when there is no such escape, or it is \u. */
static inline char cs_json_escape_of(char c)
{
    static const char values[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };

    return values[(unsigned char)c];
}

#endif
