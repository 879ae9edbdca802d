/* Scopes, versions, names and the weights of headers, each told a second way. */
#ifndef CHATSPEC_FUZZ_TEXT_NAMES_H
#define CHATSPEC_FUZZ_TEXT_NAMES_H

#include <wchar.h>

#include "fuzz/fuzz.h"
#include "wire/append.h"
#include "wire/reader.h"
#include "wire/scope.h"
#include "wire/version.h"

static inline bool fuzz_same(const char *part, size_t len, const char *word)
{
    return strlen(word) == len && strncmp(part, word, len) == 0;
}

/* TOK-19 to TOK-32 over a string: the parts before the first and the second colon, and the rest. */
static inline bool fuzz_scope_allows(const char *scope, const char *action, const char *type,
                                     const char *id)
{
    size_t action_len = strcspn(scope, ":");
    const char *of_type = scope + action_len + (scope[action_len] == ':');
    size_t type_len = strcspn(of_type, ":");
    const char *of_id = of_type + type_len + (of_type[type_len] == ':');
    bool that_id = *of_id == '\0' || strcmp(of_id, id) == 0;

    if (type_len == 0) {
        return fuzz_same(scope, action_len, "admin");
    }
    return (fuzz_same(scope, action_len, action) || fuzz_same(scope, action_len, "*")) &&
           (fuzz_same(of_type, type_len, "all") || (fuzz_same(of_type, type_len, type) && that_id));
}

/* Lines: action, type, id, then scopes. All allow together what one of them allows. */
static inline void fuzz_text_scopes(struct cs_view text)
{
    char *lines[16];
    size_t n = 0;
    bool allowed = false;

    while (n < 3 || (n < 16 && text.len > 0)) {
        lines[n++] = fuzz_line(&text);
    }
    for (size_t i = 3; i < n; i++) {
        allowed = allowed || fuzz_scope_allows(lines[i], lines[0], lines[1], lines[2]);
    }
    FUZZ_CHECK(cs_scopes_allow(lines + 3, n - 3, cs_view_str(lines[0]), cs_view_str(lines[1]),
                               cs_view_str(lines[2])) == allowed);
    while (n > 0) {
        free(lines[--n]);
    }
}

/* What a version's numbers sort by, or false. */
static inline bool fuzz_version_key(const char *text, char ret_key[28])
{
    char part[3][10];
    int end = 0;

    if (sscanf(text, "%9[0-9].%9[0-9].%9[0-9]%n", part[0], part[1], part[2], &end) != 3 ||
        !strchr("-+", text[end])) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(ret_key + i * 9, 10, "%09lu", strtoul(part[i], NULL, 10));
    }
    return true;
}

static inline int fuzz_sign_of(int order)
{
    return (order > 0) - (order < 0);
}

/* Two versions, a line each: both as sscanf reads them, and in the order of their numbers. */
static inline void fuzz_text_versions(struct cs_view text)
{
    struct cs_version version[2] = {{0}};
    char key[2][28] = {"", ""};
    bool right = true;

    for (size_t i = 0; i < 2; i++) {
        char *line = fuzz_line(&text);
        enum cs_err err = cs_version_parse(line, &version[i]);
        bool is = fuzz_version_key(line, key[i]);

        FUZZ_CHECK((err == CS_OK) == is);
        FUZZ_CHECK(err == CS_OK || err == CS_ERR_SYNTAX || err == CS_ERR_RANGE);
        FUZZ_CHECK(err != CS_ERR_RANGE || strlen(line) > 9);
        right = right && is;
        free(line);
    }
    FUZZ_CHECK(!right ||
               cs_version_compare(version[0], version[1]) == fuzz_sign_of(strcmp(key[0], key[1])));
}

/* Every code has a name of its own; a reason is one line, whatever it quotes. */
static inline void fuzz_text_names(struct cs_view text)
{
    size_t number = fuzz_number(&text);
    struct cs_diag diag = {0};

    for (size_t i = 0; i < 32; i++) {
        bool same = strcmp(cs_err_name((enum cs_err)i), cs_err_name((enum cs_err)number)) == 0;

        FUZZ_CHECK(same == (i == number || (i > CS_ERR_USAGE && number > CS_ERR_USAGE)));
    }
    FUZZ_CHECK((cs_event_name((enum cs_event_type)number)[0] == '(') ==
               (number > CS_EVENT_MALFORMED));
    FUZZ_CHECK((cs_record_kind_name((enum cs_record_kind)number)[0] == '(') ==
               (number > CS_RECORD_COMMAND));
    FUZZ_CHECK(cs_fail(&diag, CS_ERR_IO, number, "%.*s", CS_VIEW_ARG(text)) == CS_ERR_IO);
    FUZZ_CHECK(diag.code == CS_ERR_IO && diag.offset == number);
    FUZZ_CHECK(strlen(diag.text) <= text.len &&
               strcspn(diag.text, "\n\r\t\x1b\x7f") == strlen(diag.text));
    /* Half of a pair is no character: what cannot be written leaves no text. */
    FUZZ_CHECK(cs_fail(&diag, CS_ERR_IO, 0, "%lc", (wint_t)0xd800) == CS_ERR_IO && !diag.text[0]);
}

/* LIM-26 with lengths up to the largest there are: the sum, or SIZE_MAX. Nothing looks at the
 * bytes. Input: for each header two letters, by which SIZE_MAX is shifted; the last byte is the
 * body's. */
static inline void fuzz_text_weights(struct cs_view text)
{
    struct cs_header headers[8];
    char trim[8];
    size_t n = 0;
    uint64_t first_kept = 0;
    /* Clang and gcc alike have it, and it holds any sum of 17 lengths. */
    __extension__ unsigned __int128 sum = 8;

    while (n < 8 && text.len > 1) {
        headers[n].name = cs_view_of("", SIZE_MAX >> 2 * fuzz_number(&text));
        headers[n].value = cs_view_of("", SIZE_MAX >> 2 * fuzz_number(&text));
        sum += headers[n].name.len;
        sum += headers[n++].value.len;
        sum += 2;
    }
    size_t body = SIZE_MAX >> 2 * fuzz_number(&text);

    sum += body;
    FUZZ_CHECK(cs_record_metered(headers, n, body) == (sum > SIZE_MAX ? SIZE_MAX : (size_t)sum));
    cs_trim_encode(body, trim);
    FUZZ_CHECK(cs_trim_decode(cs_view_of(trim, 8), &first_kept) == CS_OK && first_kept == body);
    FUZZ_CHECK((cs_trim_decode(text, &first_kept) == CS_OK) == (text.len == 8));
}

#endif
