#include "endpoint/streams/js_number.h"

#include <math.h>
#include <stdlib.h>

#define NUMBER_MAX_LEN ((size_t)256)

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct cs_view trim(struct cs_view text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = cs_view_of(text.ptr + 1, text.len - 1);
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Skips decimal digits and says how many there were. */
static size_t skip_digits(struct cs_view *text)
{
    size_t n = 0;
    while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
        *text = cs_view_of(text->ptr + 1, text->len - 1);
        n++;
    }
    return n;
}

static bool skip_char(struct cs_view *text, const char *any_of)
{
    if (text->len == 0 || text->ptr[0] == '\0' || strchr(any_of, text->ptr[0]) == NULL) {
        return false;
    }
    *text = cs_view_of(text->ptr + 1, text->len - 1);
    return true;
}

/* [digits][.digits][e[sign]digits] with a digit before or after the point. */
static bool is_decimal(struct cs_view text)
{
    size_t n_digits = skip_digits(&text);
    if (skip_char(&text, ".")) {
        n_digits += skip_digits(&text);
    }
    if (n_digits == 0) {
        return false;
    }
    if (skip_char(&text, "eE")) {
        skip_char(&text, "+-");
        if (skip_digits(&text) == 0) {
            return false;
        }
    }
    return text.len == 0;
}

/* 0x, 0o, 0b and digits; never with a sign. */
static bool read_radix(struct cs_view text, double *ret_value)
{
    int radix = 0;
    if (text.len > 2 && text.ptr[0] == '0') {
        char kind = (char)(text.ptr[1] | 0x20);
        radix = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    }
    if (radix == 0) {
        return false;
    }
    double value = 0;
    for (size_t i = 2; i < text.len; i++) {
        int digit = digit_value(text.ptr[i]);
        if (digit >= radix) {
            return false;
        }
        value = value * radix + digit;
    }
    *ret_value = value;
    return true;
}

bool cs_js_number(struct cs_view text, double *ret_value)
{
    text = trim(text);
    if (text.len == 0) {
        *ret_value = 0;
        return true;
    }
    if (text.len > NUMBER_MAX_LEN) {
        return false;
    }
    if (read_radix(text, ret_value)) {
        return true;
    }
    double sign = text.ptr[0] == '-' ? -1 : 1;
    skip_char(&text, "+-");
    if (cs_view_eq(text, CS_VIEW("Infinity"))) {
        *ret_value = sign * (double)INFINITY;
        return true;
    }
    if (!is_decimal(text)) {
        return false;
    }
    char digits[NUMBER_MAX_LEN + 1];
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    *ret_value = sign * strtod(digits, NULL);
    return true;
}
