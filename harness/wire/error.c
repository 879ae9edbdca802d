#include "wire/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *cs_err_name(enum cs_err code)
{
    switch (code) {
    case CS_OK:
        return "CS_OK";
    case CS_ERR_NO_MEMORY:
        return "CS_ERR_NO_MEMORY";
    case CS_ERR_LIMIT:
        return "CS_ERR_LIMIT";
    case CS_ERR_SYNTAX:
        return "CS_ERR_SYNTAX";
    case CS_ERR_TYPE:
        return "CS_ERR_TYPE";
    case CS_ERR_MISSING:
        return "CS_ERR_MISSING";
    case CS_ERR_RANGE:
        return "CS_ERR_RANGE";
    case CS_ERR_SIGNATURE:
        return "CS_ERR_SIGNATURE";
    case CS_ERR_EXPIRED:
        return "CS_ERR_EXPIRED";
    case CS_ERR_CLAIM:
        return "CS_ERR_CLAIM";
    case CS_ERR_IO:
        return "CS_ERR_IO";
    case CS_ERR_CONNECT:
        return "CS_ERR_CONNECT";
    case CS_ERR_TIMEOUT:
        return "CS_ERR_TIMEOUT";
    case CS_ERR_CLOSED:
        return "CS_ERR_CLOSED";
    case CS_ERR_USAGE:
        return "CS_ERR_USAGE";
    }
    return "CS_ERR_(not in the list)";
}

/* Reasons quote what a peer sent; a line break in it must not break a report's line. */
static void keep_to_one_line(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

enum cs_err cs_fail(struct cs_diag *diag, enum cs_err code, uint64_t offset, const char *fmt, ...)
{
    if (diag) {
        va_list args;

        diag->code = code;
        diag->offset = offset;
        va_start(args, fmt);
        if (vsnprintf(diag->text, sizeof(diag->text), fmt, args) < 0) {
            diag->text[0] = '\0';
        }
        va_end(args);
        keep_to_one_line(diag->text);
    }
    return code;
}
