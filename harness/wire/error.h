/* What can go wrong, in one closed list, and how a function tells it.
 *
 * Every fallible function returns `enum cs_err` and must not be ignored. Where a position or a
 * reason helps, it also takes a `struct cs_diag *`, which may be NULL and is written only on
 * failure. Output parameters named `ret_...` are written only on success.
 */
#ifndef CHATSPEC_WIRE_ERROR_H
#define CHATSPEC_WIRE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#define CS_MUST_USE           __attribute__((warn_unused_result))
#define CS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

enum cs_err {
    CS_OK = 0,
    CS_ERR_NO_MEMORY, /* malloc said no */
    CS_ERR_LIMIT,     /* a stated limit of ours would be exceeded */
    CS_ERR_SYNTAX,    /* the bytes do not follow the grammar */
    CS_ERR_TYPE,      /* right grammar, but another JSON type than the protocol asks for */
    CS_ERR_MISSING,   /* a required member, header or argument is not there */
    CS_ERR_RANGE,     /* a number that the target cannot hold or the protocol does not allow */
    CS_ERR_SIGNATURE, /* a token whose signature or algorithm is not right */
    CS_ERR_EXPIRED,   /* a token at or past its `exp` */
    CS_ERR_CLAIM,     /* a token whose issuer, audience or another claim is not right */
    CS_ERR_IO,        /* a system call failed: the text names it and errno */
    CS_ERR_CONNECT,   /* the peer could not be reached */
    CS_ERR_TIMEOUT,   /* a deadline passed */
    CS_ERR_CLOSED,    /* the peer ended the connection before the exchange was complete */
    CS_ERR_USAGE      /* the caller asked for something that does not exist */
};

#define CS_DIAG_TEXT_MAX 192

/* Where and why. `offset` counts bytes from the start of the input that the function documents. */
struct cs_diag {
    enum cs_err code;
    uint64_t offset;
    char text[CS_DIAG_TEXT_MAX]; /* NUL-terminated, one line, no trailing full stop */
};

/* The name of a code, such as "CS_ERR_LIMIT"; never NULL. */
const char *cs_err_name(enum cs_err code);

/* Fills `diag` (when not NULL) and returns `code`, so that a failure is one line:
 *     return cs_fail(diag, CS_ERR_SYNTAX, at, "expected ':' after the key");
 */
enum cs_err cs_fail(struct cs_diag *diag, enum cs_err code, uint64_t offset, const char *fmt, ...)
    CS_PRINTF(4, 5);

#endif
