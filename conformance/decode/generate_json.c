/* JSON by choice: the freedom of its grammar, and what breaks it. */
#include "conformance/decode/maker.h"

static void space(struct cs_maker *maker)
{
    static const char *const spaces[] = {" ", "\t", "\n", "  ", "\n\n"};

    if (cs_make_once_in(maker, 25)) {
        cs_buf_str(&maker->json, CS_PICK(maker, spaces));
    }
}

void cs_make_sign(struct cs_maker *maker, char c)
{
    space(maker);
    cs_buf_char(&maker->json, c);
    space(maker);
}

static void string_part(struct cs_maker *maker)
{
    static const char *const parts[] = {
        "a",
        "text",
        " ",
        "0",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "\\r",
        "\\t",
        "\\b",
        "\\f",
        "\\u0041",
        "\\u0000",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\uD83D",
        "\\udE00x",
        "\\u2028",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\xe2\x80\xa8",
        "\xef\xbb\xbf",
        "data: ",
        "[DONE]",
        "event:",
        ":",
        "{}",
        "]",
        "\\u007f",
        "\\ufffd",
        "\x7f",
        "\\uffff",
        "\\\\u0041",
        "trigger-control",
    };
    static const char *const odd_parts[] = {"\t",       "\x01",     "\\x41", "\\u12",
                                            "\\",       "\xff",     "\xc3",  "\xed\xa0\x80",
                                            "\xf0\x9f", "\xc0\x80", "\"",    "\n"};

    cs_buf_str(&maker->json,
               cs_make_odd(maker) ? CS_PICK(maker, odd_parts) : CS_PICK(maker, parts));
}

void cs_make_string(struct cs_maker *maker)
{
    uint64_t n =
        cs_make_once_in(maker, 12) ? 40 + cs_make_below(maker, 200) : cs_make_below(maker, 6);

    if (cs_make_once_in(maker, 2000)) {
        n = 20000;
    }
    cs_buf_char(&maker->json, '"');
    for (uint64_t i = 0; i < n; i++) {
        string_part(maker);
    }
    cs_buf_char(&maker->json, '"');
}

void cs_make_spelt(struct cs_maker *maker, const char *text)
{
    cs_buf_char(&maker->json, '"');
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x80 && cs_make_once_in(maker, 60)) {
            cs_buf_printf(&maker->json, cs_make_once_in(maker, 2) ? "\\u%04x" : "\\u%04X",
                          (unsigned)(unsigned char)*c);
        } else {
            cs_buf_char(&maker->json, *c);
        }
    }
    cs_buf_char(&maker->json, '"');
}

void cs_make_odd_value(struct cs_maker *maker)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "1.0",
                                         "1e2",
                                         "-1",
                                         "-0",
                                         "01",
                                         "\"7\"",
                                         "[]",
                                         "{}",
                                         "+1",
                                         ".5",
                                         "NaN",
                                         "",
                                         "18446744073709551616",
                                         "9223372036854775808"};
    cs_buf_str(&maker->json, CS_PICK(maker, values));
}

void cs_make_seq_num(struct cs_maker *maker)
{
    static const char *const numbers[] = {"0",
                                          "9007199254740991",
                                          "9007199254740993",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551615"};
    if (cs_make_odd(maker)) {
        cs_make_odd_value(maker);
    } else if (cs_make_once_in(maker, 15)) {
        cs_buf_str(&maker->json, CS_PICK(maker, numbers));
    } else {
        cs_buf_printf(&maker->json, "%llu", (unsigned long long)maker->seq_num++);
    }
}

void cs_make_timestamp(struct cs_maker *maker)
{
    static const char *const numbers[] = {
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"};
    if (cs_make_odd(maker)) {
        cs_make_odd_value(maker);
    } else if (cs_make_once_in(maker, 15)) {
        cs_buf_str(&maker->json, CS_PICK(maker, numbers));
    } else {
        cs_buf_printf(&maker->json, "%llu", 1700000000000ULL + cs_make_below(maker, 1000000));
    }
}

void cs_make_any_value(struct cs_maker *maker, unsigned depth)
{
    static const char *const scalars[] = {"null",    "true", "false", "0",
                                          "-1.5e-3", "1E+9", "{}",    "[]"};
    switch (cs_make_below(maker, depth > 4 ? 2 : 4)) {
    case 0:
        cs_buf_str(&maker->json, CS_PICK(maker, scalars));
        return;
    case 1:
        cs_make_string(maker);
        return;
    case 2:
        cs_make_sign(maker, '[');
        cs_make_any_value(maker, depth + 1);
        cs_make_sign(maker, ',');
        cs_make_any_value(maker, depth + 1);
        cs_make_sign(maker, ']');
        return;
    default:
        cs_make_sign(maker, '{');
        cs_make_string(maker);
        cs_make_sign(maker, ':');
        cs_make_any_value(maker, depth + 1);
        cs_make_sign(maker, '}');
    }
}
