/* A script read, and bytes compared with a text. */
#ifndef CHATSPEC_TESTS_SCRIPT_TEXT_H
#define CHATSPEC_TESTS_SCRIPT_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "script/notation.h"

static inline struct cs_notation *parse(const char *text)
{
    struct cs_notation *script = NULL;
    struct cs_diag diag = {0};
    enum cs_err err = cs_notation_parse(cs_view_str(text), &script, &diag);
    if (err != CS_OK) {
        fail_msg("%s at %llu: %s", cs_err_name(err), (unsigned long long)diag.offset, diag.text);
    }
    return script;
}

static inline void assert_view(struct cs_view actual, const char *expected)
{
    char *text = strndup(actual.len ? actual.ptr : "", actual.len);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(actual.len, strlen(expected));
    free(text);
}

#endif
