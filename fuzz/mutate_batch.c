/* Changes to the JSON text of a batch. The scanner of wire/ finds the places: up to where the text
 * is no JSON any more, so that broken texts are changed as well. */
#include "fuzz/mutate.h"
#include "wire/json.h"

/* How deep things lie: {"records":[{"headers":[[NAME,VALUE]]}]} */
enum depth {
    DEPTH_RECORDS = 1,
    DEPTH_RECORD = 2,
    DEPTH_HEADER = 4
};

typedef bool (*token_test)(const struct cs_json_token *token);

static bool is_number(const struct cs_json_token *token)
{
    return token->type == CS_JSON_NUMBER;
}

static bool is_text(const struct cs_json_token *token)
{
    return token->type == CS_JSON_STRING;
}

static bool is_text_or_key(const struct cs_json_token *token)
{
    return (token->type == CS_JSON_STRING || token->type == CS_JSON_KEY) && token->raw.len > 0;
}

static bool is_scalar(const struct cs_json_token *token)
{
    return token->type >= CS_JSON_NULL && token->type <= CS_JSON_STRING;
}

static bool is_record(const struct cs_json_token *token)
{
    return token->type == CS_JSON_OBJECT && token->depth == DEPTH_RECORD;
}

static bool is_records(const struct cs_json_token *token)
{
    return token->type == CS_JSON_ARRAY && token->depth == DEPTH_RECORDS;
}

static bool is_header(const struct cs_json_token *token)
{
    return token->type == CS_JSON_ARRAY && token->depth == DEPTH_HEADER;
}

static bool is_any(const struct cs_json_token *token)
{
    (void)token;
    return true;
}

static bool found_next(struct cs_json *json, token_test wanted, struct cs_json_token *ret_token)
{
    enum cs_json_type type;

    while ((type = cs_json_next(json, ret_token, NULL)) != CS_JSON_END && type != CS_JSON_ERROR) {
        if (wanted(ret_token)) {
            return true;
        }
    }
    return false;
}

static size_t count(struct cs_view text, token_test wanted)
{
    struct cs_json json;
    struct cs_json_token token;
    size_t n = 0;

    cs_json_init(&json, text);
    while (found_next(&json, wanted, &token)) {
        n++;
    }
    return n;
}

/* The whole text of the value with this number, counted from 0, among those that are wanted. */
static bool value_at(struct cs_view text, token_test wanted, size_t which, struct fuzz_span *ret)
{
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view value;

    cs_json_init(&json, text);
    do {
        if (!found_next(&json, wanted, &token)) {
            return false;
        }
    } while (which-- > 0);
    if (cs_json_value_text(&json, &token, &value, NULL)) {
        return false;
    }
    *ret = (struct fuzz_span){token.offset, value.len};
    return true;
}

static bool any_value(struct fuzz_mutation *mutation, token_test wanted, struct fuzz_span *ret)
{
    size_t n = count(fuzz_mutated(mutation), wanted);

    return n > 0 && value_at(fuzz_mutated(mutation), wanted, fuzz_random(mutation, n), ret);
}

static bool change_number(struct fuzz_mutation *mutation)
{
    static const char *const numbers[] = {"0",
                                          "1",
                                          "2",
                                          "999",
                                          "9007199254740991",
                                          "9007199254740993",
                                          "9223372036854775807",
                                          "1700000000000"};
    struct fuzz_span span;

    return any_value(mutation, is_number, &span) &&
           fuzz_put(mutation, span, FUZZ_ONE_OF(mutation, numbers));
}

/* Puts text into a string, at one of its ends. */
static bool lengthen_text(struct fuzz_mutation *mutation)
{
    static const char *const texts[] = {
        "\\n",          "\\\"", "\\\\", "\\u0000",          "\\ud83d\\ude00", "\\ud800",
        "\xe2\x82\xac", "a",    "\\/",  "\xf0\x9f\x98\x80", "data: ",         "\\u000a"};
    struct fuzz_span span;

    return any_value(mutation, is_text, &span) &&
           fuzz_insert(mutation, span.at + (fuzz_random(mutation, 2) ? 1 : span.len - 1),
                       FUZZ_ONE_OF(mutation, texts));
}

/* Spells a character of a string or a name as an escape. */
static bool escape_character(struct fuzz_mutation *mutation)
{
    size_t n = count(fuzz_mutated(mutation), is_text_or_key);
    struct fuzz_span span;
    char escape[8];
    size_t at;

    if (n == 0 ||
        !value_at(fuzz_mutated(mutation), is_text_or_key, fuzz_random(mutation, n), &span)) {
        return false;
    }
    at = span.at + 1;
    for (size_t skip = fuzz_random(mutation, span.len); skip > 0 && at < span.at + span.len;
         skip--) {
        at += mutation->bytes[at] != '\\' ? 1 : mutation->bytes[at + 1] == 'u' ? 6 : 2;
    }
    if (at + 1 >= span.at + span.len || (signed char)mutation->bytes[at] < 0x20 ||
        mutation->bytes[at] == '\\' || mutation->bytes[at] == '"') {
        return false;
    }
    escape[0] = '\\';
    escape[1] = 'u';
    escape[2] = escape[3] = '0';
    escape[4] = "0123456789abcdef"[mutation->bytes[at] >> 4 & 0xf];
    escape[5] = "0123456789abcdef"[mutation->bytes[at] & 0xf];
    return fuzz_put(mutation, (struct fuzz_span){at, 1}, cs_view_of(escape, 6));
}

/* Says one element of an array twice, one of these and a comma. */
static bool repeat(struct fuzz_mutation *mutation, token_test wanted)
{
    struct fuzz_span span;

    if (!any_value(mutation, wanted, &span) || span.len + 1 > mutation->max - mutation->len) {
        return false;
    }
    return fuzz_put_copy(mutation, (struct fuzz_span){span.at, 0}, fuzz_part(mutation, span)) &&
           fuzz_insert(mutation, span.at + span.len, CS_VIEW(","));
}

static bool exchange(struct fuzz_mutation *mutation, token_test wanted)
{
    size_t n = count(fuzz_mutated(mutation), wanted);
    size_t which = n > 1 ? fuzz_random(mutation, n - 1) : 0;
    struct fuzz_span first;
    struct fuzz_span second;

    return n > 1 && value_at(fuzz_mutated(mutation), wanted, which, &first) &&
           value_at(fuzz_mutated(mutation), wanted, which + 1, &second) &&
           first.at + first.len <= second.at && fuzz_swap(mutation, first, second);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes an element out of its array, with the comma that it leaves. */
static bool leave_out(struct fuzz_mutation *mutation, token_test wanted)
{
    struct fuzz_span span;
    size_t end;
    size_t start;

    if (!any_value(mutation, wanted, &span)) {
        return false;
    }
    for (end = span.at + span.len; end < mutation->len && is_space(mutation->bytes[end]);) {
        end++;
    }
    for (start = span.at; start > 0 && is_space(mutation->bytes[start - 1]);) {
        start--;
    }
    if (end < mutation->len && mutation->bytes[end] == ',') {
        span.len = end + 1 - span.at;
    } else if (start > 0 && mutation->bytes[start - 1] == ',') {
        span = (struct fuzz_span){start - 1, span.at + span.len - (start - 1)};
    }
    return fuzz_put(mutation, span, CS_VIEW(""));
}

static bool repeat_record(struct fuzz_mutation *mutation)
{
    return repeat(mutation, is_record);
}

static bool repeat_header(struct fuzz_mutation *mutation)
{
    return repeat(mutation, is_header);
}

static bool exchange_records(struct fuzz_mutation *mutation)
{
    return exchange(mutation, is_record);
}

static bool exchange_headers(struct fuzz_mutation *mutation)
{
    return exchange(mutation, is_header);
}

static bool leave_out_record(struct fuzz_mutation *mutation)
{
    return leave_out(mutation, is_record);
}

static bool leave_out_header(struct fuzz_mutation *mutation)
{
    return leave_out(mutation, is_header);
}

static bool change_header(struct fuzz_mutation *mutation)
{
    static const char *const pairs[] = {"[\"trigger-control\",\"turn-complete\"]",
                                        "[\"\",\"trim\"]",
                                        "[\"\",\"fence\"]",
                                        "[\"Trigger-Control\",\"\"]",
                                        "[\"a\",\"b\"]",
                                        "[\"trigger\\u002dcontrol\",\"upgrade-required\"]"};
    struct fuzz_span span;

    return any_value(mutation, is_header, &span) &&
           fuzz_put(mutation, span, FUZZ_ONE_OF(mutation, pairs));
}

/* One more member at the front of a record: unknown, or overruled by what comes after it. */
static bool add_member(struct fuzz_mutation *mutation)
{
    static const char *const members[] = {
        "\"x\":null,",    "\"body\":\"trigger:\",", "\"headers\":[[\"\",\"trim\"]],",
        "\"seq_num\":0,", "\"timestamp\":-1,",      "\"records\":[{}],"};
    struct fuzz_span span;

    return any_value(mutation, is_record, &span) && mutation->bytes[span.at + 1] == '"' &&
           fuzz_insert(mutation, span.at + 1, FUZZ_ONE_OF(mutation, members));
}

static bool add_space(struct fuzz_mutation *mutation)
{
    static const char *const spaces[] = {" ", "\t", "  ", "\n", "\r\n"};
    size_t n = count(fuzz_mutated(mutation), is_any);
    size_t which = n > 0 ? fuzz_random(mutation, n) : 0;
    size_t kind = fuzz_random(mutation, mutation->one_line ? 3 : 5);
    struct cs_json json;
    struct cs_json_token token;

    cs_json_init(&json, fuzz_mutated(mutation));
    for (size_t i = 0; n > 0 && i <= which; i++) {
        (void)found_next(&json, is_any, &token);
    }
    return n > 0 && fuzz_insert(mutation, token.offset, cs_view_str(spaces[kind]));
}

/* From here on nothing need stay decodable. */
static bool change_value(struct fuzz_mutation *mutation)
{
    static const char *const values[] = {"null", "true",    "7",  "\"x\"", "[]",
                                         "{}",   "1.5",     "-1", "1e999", "18446744073709551615",
                                         "-0",   "[\"a\"]", "01", "[[[[",  "18446744073709551616"};
    struct fuzz_span span;

    return any_value(mutation, is_scalar, &span) &&
           fuzz_put(mutation, span, FUZZ_ONE_OF(mutation, values));
}

static bool break_text(struct fuzz_mutation *mutation)
{
    static const char *const texts[] = {"\\", "\\x", "\\u12", "\x01", "\xff", "\xed\xa0\x80", "\""};
    struct fuzz_span span;

    return any_value(mutation, is_text, &span) &&
           fuzz_insert(mutation, span.at + 1 + fuzz_random(mutation, span.len - 1),
                       FUZZ_ONE_OF(mutation, texts));
}

static bool drop_byte(struct fuzz_mutation *mutation)
{
    return mutation->len > 0 &&
           fuzz_put(mutation, (struct fuzz_span){fuzz_random(mutation, mutation->len), 1},
                    CS_VIEW(""));
}

bool fuzz_mutate_batch(struct fuzz_mutation *mutation)
{
    static bool (*const table[])(struct fuzz_mutation *) = {
        change_number,    lengthen_text,    escape_character, repeat_record,
        repeat_header,    change_header,    add_member,       exchange_records,
        exchange_headers, leave_out_record, leave_out_header, add_space,
        change_value,     break_text,       drop_byte,        fuzz_cut};
    const size_t n = sizeof(table) / sizeof(table[0]);

    return fuzz_mutate_by(mutation, table, n, n - 4);
}

bool fuzz_cross_batch(struct fuzz_mutation *mutation, struct cs_view other)
{
    size_t n = count(other, is_record);
    struct cs_buf record = CS_BUF((size_t)64 * 1024 * 1024);
    struct fuzz_span span;
    bool done = false;

    if (n > 0 && value_at(other, is_record, fuzz_random(mutation, n), &span)) {
        cs_buf_add(&record, cs_view_of(other.ptr + span.at, span.len));
        if (any_value(mutation, is_record, &span)) {
            cs_buf_char(&record, ',');
            done = fuzz_insert(mutation, span.at, cs_buf_view(&record));
        } else if (any_value(mutation, is_records, &span) && span.len == 2) {
            done = fuzz_insert(mutation, span.at + 1, cs_buf_view(&record));
        }
    }
    cs_buf_free(&record);
    return done;
}
