/* Text by choice, and its JSON spelling by choice; nothing of wire/ helps. */
#ifndef CHATSPEC_FUZZ_TWIN_JSON_H
#define CHATSPEC_FUZZ_TWIN_JSON_H

#include "fuzz/twin.h"

/* Space between two tokens. A line end among the data makes two data lines. */
static inline void twin_space(struct twin *twin)
{
    static const char *const spaces[] = {"", "", "", "", "", " ", "\n", "\t", " \n\t "};

    cs_buf_str(&twin->data, spaces[twin_choose(twin, sizeof(spaces) / sizeof(spaces[0]))]);
}

static inline void twin_token(struct twin *twin, const char *token)
{
    cs_buf_str(&twin->data, token);
    twin_space(twin);
}

static inline void twin_number(struct twin *twin, uint64_t number)
{
    fuzz_add_number(&twin->data, '\0', number);
    twin_space(twin);
}

static inline void twin_time(struct twin *twin, int64_t time)
{
    uint64_t number = (uint64_t)time;

    fuzz_add_number(&twin->data, time < 0 ? '-' : '\0', time < 0 ? 0 - number : number);
    twin_space(twin);
}

/* Appends text of no more characters than `most`, as UTF-8. */
static inline void twin_text(struct twin *twin, struct cs_buf *out, size_t most)
{
    static const struct cs_view odd[] = {{"\0", 1},
                                         {"\"", 1},
                                         {"\\", 1},
                                         {"/", 1},
                                         {"\n", 1},
                                         {"\r", 1},
                                         {"\t", 1},
                                         {"\b", 1},
                                         {"\x1f", 1},
                                         {"\x7f", 1},
                                         {"\xc3\xa9", 2},
                                         {"\xe2\x82\xac", 3},
                                         {"\xe2\x80\xa8", 3},
                                         {"\xef\xbb\xbf", 3},
                                         {"\xef\xbf\xbf", 3},
                                         {"\xf0\x9f\x98\x80", 4},
                                         {"\xc2\x80", 2},
                                         {"\xe0\xa0\x80", 3},
                                         {"\xf0\x90\x80\x80", 4},
                                         {"\xf4\x8f\xbf\xbf", 4}};
    const size_t n_odd = sizeof(odd) / sizeof(odd[0]);

    for (size_t n = twin_choose(twin, most + 1); n > 0 && twin->choices.len > 0; n--) {
        size_t choice = twin_choose(twin, 256);

        if (choice >= ' ' && choice < 0x7f) {
            cs_buf_char(out, (char)choice);
        } else {
            cs_buf_add(out, odd[choice % n_odd]);
        }
    }
}

/* Takes one character off valid UTF-8; its code point. */
static inline uint32_t twin_character(struct cs_view *text)
{
    unsigned char first = (unsigned char)text->ptr[0];
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t point = len == 1 ? first : first & (0x7fu >> len);
    struct cs_view bytes = fuzz_take(text, len);

    for (size_t i = 1; i < len; i++) {
        point = point << 6 | ((unsigned char)bytes.ptr[i] & 0x3fu);
    }
    return point;
}

static inline void twin_hex(struct cs_buf *out, uint32_t unit, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char text[] = {'\\',
                         'u',
                         digits[unit >> 12 & 15],
                         digits[unit >> 8 & 15],
                         digits[unit >> 4 & 15],
                         digits[unit & 15]};

    cs_buf_append(out, text, sizeof(text));
}

static inline void twin_escape(struct cs_buf *out, uint32_t point, bool is_short, bool upper)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *at = point > 0 && point < 0x80 ? strchr(meant, (int)point) : NULL;

    if (at && is_short) {
        cs_buf_char(out, '\\');
        cs_buf_char(out, letters[at - meant]);
    } else if (point >= 0x10000) {
        twin_hex(out, 0xd800 + ((point - 0x10000) >> 10), upper);
        twin_hex(out, 0xdc00 + ((point - 0x10000) & 0x3ff), upper);
    } else {
        twin_hex(out, point, upper);
    }
}

/* A string; which of its characters are escaped without need, and how, is chosen. */
static inline void twin_string(struct twin *twin, struct cs_buf *out, struct cs_view text)
{
    size_t needless = twin_choose(twin, 256);
    size_t style = twin_choose(twin, 4);

    cs_buf_char(out, '"');
    for (unsigned i = 0; text.len > 0; i++) {
        struct cs_view bytes = text;
        uint32_t point = twin_character(&text);

        bytes.len -= text.len;
        if (point < 0x20 || point == '"' || point == '\\' || needless >> i % 8 & 1) {
            twin_escape(out, point, style & 1, style & 2);
        } else {
            cs_buf_add(out, bytes);
        }
    }
    cs_buf_char(out, '"');
}

/* A string among the data, which may be where the grammar is broken. */
static inline void twin_data_string(struct twin *twin, struct cs_view text)
{
    if (twin_breaks_here(twin, TWIN_CONTROL_CHARACTER, CS_ERR_SYNTAX, 1, TWIN_COSTS_BATCH)) {
        cs_buf_str(&twin->data, "\"\x01\"");
    } else if (twin_breaks_here(twin, TWIN_NO_SUCH_ESCAPE, CS_ERR_SYNTAX, 2, TWIN_COSTS_BATCH)) {
        cs_buf_str(&twin->data, "\"\\x41\"");
    } else if (twin_breaks_here(twin, TWIN_HALF_AN_ESCAPE, CS_ERR_SYNTAX, 6, TWIN_COSTS_BATCH)) {
        cs_buf_str(&twin->data, "\"\\u00e\"");
    } else {
        twin_string(twin, &twin->data, text);
    }
    twin_space(twin);
}

/* A member's name and colon, after a comma unless it is the first. */
static inline void twin_key(struct twin *twin, bool *first, const char *name)
{
    if (!*first) {
        twin_token(twin, ",");
    }
    *first = false;
    twin_string(twin, &twin->data, cs_view_str(name));
    twin_space(twin);
    twin_token(twin, ":");
}

/* A value that has no meaning where it stands, as a member that this reader does not know. */
static inline void twin_unknown(struct twin *twin, bool *first)
{
    static const char *const values[] = {"null", "[1,-0.5e-9,[]]",
                                         "{\"records\":[{\"seq_num\":\"x\"}]}",
                                         "\"trigger-control\"", "18446744073709551616"};

    if (twin_choose(twin, 8) == 1) {
        twin_key(twin, first, "seq_nums");
        twin_token(twin, values[twin_choose(twin, sizeof(values) / sizeof(values[0]))]);
    }
}

#endif
