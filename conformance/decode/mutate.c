#include "conformance/decode/generate.h"
#include "suite/random.h"

#define MAX_CHANGES 4
#define MAX_RANGE   64

static uint64_t below(uint64_t *random, uint64_t limit)
{
    return limit > 0 ? cs_random_next(random) % limit : 0;
}

/* The start of some line: 0, or right behind an LF. */
static size_t some_line(uint64_t *random, struct cs_view text)
{
    size_t from = (size_t)below(random, text.len + 1);
    const char *lf = from < text.len ? memchr(text.ptr + from, '\n', text.len - from) : NULL;

    return lf ? (size_t)(lf - text.ptr) + 1 : 0;
}

static size_t line_end(struct cs_view text, size_t from)
{
    const char *lf = from < text.len ? memchr(text.ptr + from, '\n', text.len - from) : NULL;

    return lf ? (size_t)(lf - text.ptr) + 1 : text.len;
}

static struct cs_view some_word(uint64_t *random)
{
    static const char *const words[] = {"\n",
                                        "\r",
                                        "\r\n",
                                        "\n\n",
                                        "data: ",
                                        "data:",
                                        "event: batch\n",
                                        "id: ",
                                        ":",
                                        "[DONE]",
                                        "\"",
                                        "\\",
                                        "\\u0000",
                                        "\\ud800",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        "null",
                                        "\"seq_num\":",
                                        "\"body\":",
                                        "\"headers\":",
                                        "\"tail\":",
                                        "\"records\":",
                                        "[\"\",\"trim\"]",
                                        "0",
                                        "-",
                                        "1e5",
                                        "\xff",
                                        "\xef\xbb\xbf",
                                        "\xe2\x82",
                                        "\xf0\x9f\x98\x80",
                                        " ",
                                        "\t",
                                        "[\"trigger-control\",\"turn-complete\"]",
                                        "18446744073709551615",
                                        "[[[[[[[[",
                                        "\x01"};

    return cs_view_str(words[below(random, sizeof words / sizeof words[0])]);
}

static struct cs_view part(struct cs_view text, size_t from, size_t to)
{
    return text.len > 0 ? cs_view_of(text.ptr + from, to - from) : text;
}

/* Appends `text` with the bytes from `from` to `to` replaced. */
static void replace(struct cs_view text, size_t from, size_t to, struct cs_view by,
                    struct cs_buf *out)
{
    cs_buf_add(out, part(text, 0, from));
    cs_buf_add(out, by);
    cs_buf_add(out, part(text, to, text.len));
}

static void change(uint64_t *random, struct cs_view text, struct cs_view other, struct cs_buf *out)
{
    size_t at = (size_t)below(random, text.len + 1);
    size_t range = (size_t)below(random, MAX_RANGE) + 1;
    size_t to = text.len - at < range ? text.len : at + range;
    size_t line = some_line(random, text);
    size_t next_line = line_end(text, line);
    char byte = (char)below(random, 256);

    switch (below(random, 11)) {
    case 0: /* one byte for another */
        replace(text, at, at < text.len ? at + 1 : at, cs_view_of(&byte, 1), out);
        return;
    case 1: /* one bit */
        byte = at < text.len ? (char)(text.ptr[at] ^ (1 << below(random, 8))) : byte;
        replace(text, at, at < text.len ? at + 1 : at, cs_view_of(&byte, 1), out);
        return;
    case 2: /* a range less */
        replace(text, at, to, (struct cs_view){NULL, 0}, out);
        return;
    case 3: /* a range twice */
        replace(text, at, at, part(text, at, to), out);
        return;
    case 4: /* a line less */
        replace(text, line, next_line, (struct cs_view){NULL, 0}, out);
        return;
    case 5: /* a line twice */
        replace(text, line, line, part(text, line, next_line), out);
        return;
    case 6: /* the end cut off */
        cs_buf_add(out, part(text, 0, at));
        return;
    case 7: /* from some line on the lines of another stream */
        cs_buf_add(out, part(text, 0, line));
        at = some_line(random, other);
        cs_buf_add(out, part(other, at, other.len));
        return;
    case 8: /* another line end */
        at = next_line > 0 ? next_line - 1 : 0;
        replace(text, at, next_line, below(random, 2) ? CS_VIEW("\r") : CS_VIEW("\r\n"), out);
        return;
    case 9: /* a word instead of as many bytes */
    {
        struct cs_view word = some_word(random);
        to = text.len - at < word.len ? text.len : at + word.len;
        replace(text, at, to, word, out);
        return;
    }
    default: /* a word more */
        replace(text, at, at, some_word(random), out);
    }
}

void cs_mutate_stream(uint64_t *random, struct cs_view base, struct cs_view other,
                      struct cs_buf *out)
{
    struct cs_buf now = CS_BUF(out->max);
    struct cs_buf changed = CS_BUF(out->max);
    uint64_t n = 1 + below(random, MAX_CHANGES);

    cs_buf_add(&now, base);
    for (uint64_t i = 0; i < n; i++) {
        struct cs_buf taken = now;
        cs_buf_clear(&changed);
        change(random, cs_buf_view(&now), other, &changed);
        now = changed;
        changed = taken;
    }
    cs_buf_add(out, cs_buf_view(&now));
    cs_buf_free(&now);
    cs_buf_free(&changed);
}
