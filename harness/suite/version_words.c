#include "suite/version_words.h"

#include <ctype.h>
#include <string.h>

struct word {
    const char *role; /* NULL: any */
    const char *sign;
    const char *words;
};

/* A whole text. */
static const struct word whole[] = {
    {NULL, "-", ""},
    {NULL, "see text", "as the text above says"},
    {NULL, "not run", "not run on any version"},
    {"client", "all", "all versions alike"},
    {NULL, "all", "no change is known"},
    {"endpoint", "srv", "known only from the server's source"},
    {"endpoint", "s2", "known only from the source of S2, the stream store"},
    {"endpoint", "srv / s2",
     "known only from the sources of the server and of S2, the stream store"},
    {0},
};

/* A piece of a text, between what is neither letter nor digit. The first that fits is taken. */
static const struct word pieces[] = {
    {NULL, "(code)", "(read in the code, not run)"},
    {NULL, "at all", "at all"},
    {NULL, "fails all", "fails in all versions"},
    {NULL, "OBS-bug", "a defect"},
    {NULL, "DEFECT all", "a defect of all versions"},
    {NULL, "OK", "right"},
    {NULL, "all SDK", "all versions of the SDK"},
    {NULL, "all parsers", "all parsers"},
    {NULL, "all tested", "all that were tried"},
    {NULL, "all >=", "all >="}, /* goes on with its version */
    {NULL, "all", "all versions"},
    {"client", "T", "TriggerChatTransport"},
    {"client", "A", "AgentChat"},
    {"client", "S", "SSEStreamSubscription"},
    {"client", "H", "SessionHandle"},
    {"client", "D", "the reader printed in the documents"},
    {"agent", "TCs", "turn-complete records"},
    {"agent", "TC", "turn-complete"},
    {"endpoint", "srv", "the server's source"},
    {"endpoint", "s2", "S2, the stream store"},
    {"endpoint", "doc", "the documents"},
    {0},
};

static size_t version_length(const char *at)
{
    size_t len = strspn(at, "0123456789.");
    size_t n_dots = 0;
    while (len > 0 && at[len - 1] == '.') {
        len--; /* the end of a sentence */
    }
    for (size_t i = 0; i < len; i++) {
        n_dots += at[i] == '.';
    }
    return n_dots == 2 ? len : 0;
}

static bool fits(const struct word *word, const char *role)
{
    return !word->role || strcmp(word->role, role) == 0;
}

/* ">=X", "<=X", "(not X)", "X-Y" and "X / Y" at the start of `at`: how long it is, or 0. */
static size_t put_bound(const char *at, struct cs_buf *out)
{
    static const struct {
        const char *sign;
        const char *before;
        const char *after;
        const char *end;
    } bounds[] = {
        {">=", "from ", " on", ""},
        {"<=", "up to ", "", ""},
        {"(not ", "(not yet in ", "; versions between were not looked at)", ")"},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        size_t sign = strlen(bounds[i].sign);
        size_t end = strlen(bounds[i].end);
        size_t len = strncmp(at, bounds[i].sign, sign) == 0 ? version_length(at + sign) : 0;
        if (len > 0 && strncmp(at + sign + len, bounds[i].end, end) == 0) {
            cs_buf_printf(out, "%s%.*s%s", bounds[i].before, (int)len, at + sign, bounds[i].after);
            return sign + len + end;
        }
    }
    size_t first = version_length(at);
    size_t second = first > 0 && at[first] == '-' ? version_length(at + first + 1) : 0;
    if (second > 0) {
        cs_buf_printf(out, "%.*s to %.*s", (int)first, at, (int)second, at + first + 1);
        return first + 1 + second;
    }
    second = first > 0 && strncmp(at + first, " / ", 3) == 0 ? version_length(at + first + 3) : 0;
    if (second > 0) {
        cs_buf_printf(out, "changed between %.*s and %.*s", (int)first, at, (int)second,
                      at + first + 3);
        return first + 3 + second;
    }
    cs_buf_add(out, cs_view_of(at, first));
    return first;
}

/* "right 4.5.0", "fails 4.5.16": where versions follow without a sign, they are "in" these. */
static bool wants_in(const char *at, size_t len)
{
    static const char *const verbs[] = {"OK", "OBS-bug", "fails", "correct", "seen", "changes"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (len == strlen(verbs[i]) && strncmp(at, verbs[i], len) == 0) {
            return at[len] == ' ' && version_length(at + len + 1) > 0;
        }
    }
    return false;
}

static bool ends_here(const char *at, size_t len)
{
    return !isalnum((unsigned char)at[len - 1]) || !isalnum((unsigned char)at[len]);
}

/* A piece at the start of `at`: how long it is, never 0. */
static size_t put_piece(const char *at, const char *role, struct cs_buf *out)
{
    size_t len = 0;
    for (const struct word *word = pieces; word->sign && len == 0; word++) {
        size_t sign = strlen(word->sign);
        if (fits(word, role) && strncmp(at, word->sign, sign) == 0 && ends_here(at, sign)) {
            bool open = word->sign[sign - 1] == '='; /* its version is a bound of its own */
            cs_buf_add(out, cs_view_of(word->words, strlen(word->words) - (open ? 2 : 0)));
            len = sign - (open ? 2 : 0);
        }
    }
    if (len == 0) {
        len = 1 + (isalnum((unsigned char)*at) ? strcspn(at + 1, " ,;:()`*") : 0);
        cs_buf_add(out, cs_view_of(at, len));
    }
    cs_buf_str(out, wants_in(at, len) ? " in" : "");
    return len;
}

void cs_version_words(const struct cs_requirement *item, struct cs_buf *out)
{
    const char *at = item->versions;
    for (const struct word *word = whole; word->sign; word++) {
        if (fits(word, item->role) && strcmp(at, word->sign) == 0) {
            cs_buf_str(out, word->words);
            return;
        }
    }
    while (*at) {
        const char *close = *at == '`' ? strchr(at + 1, '`') : NULL;
        size_t len;
        if (close) {
            len = (size_t)(close - at) + 1;
            cs_buf_add(out, cs_view_of(at, len));
        } else if (strncmp(at, "**", 2) == 0) { /* stress, which only Markdown has */
            len = 2;
        } else {
            len = put_bound(at, out);
            len = len > 0 ? len : put_piece(at, item->role, out);
        }
        at += len;
    }
}
