/* Changes to the framing of an event stream, and, through mutate_batch.c, to what its data lines
 * hold. Places are found by lines alone, so that broken streams are changed as well. */
#include "fuzz/mutate.h"
#include "wire/json.h"

#define MARK CS_VIEW("\xef\xbb\xbf")

struct line {
    struct fuzz_span text; /* without its end */
    size_t end_len;        /* 0: the stream ends in it */
};

/* The byte order mark stays what it is only at the front. */
static size_t stream_start(struct cs_view stream)
{
    return cs_view_starts_with(stream, MARK) ? MARK.len : 0;
}

static bool next_line(struct cs_view stream, size_t *at, struct line *ret_line)
{
    size_t end = *at;

    if (*at >= stream.len) {
        return false;
    }
    while (end < stream.len && stream.ptr[end] != '\n' && stream.ptr[end] != '\r') {
        end++;
    }
    ret_line->text = (struct fuzz_span){*at, end - *at};
    ret_line->end_len =
        end == stream.len                                                                      ? 0
        : cs_view_starts_with(cs_view_of(stream.ptr + end, stream.len - end), CS_VIEW("\r\n")) ? 2
                                                                                               : 1;
    *at = end + ret_line->end_len;
    return true;
}

static bool any_line(struct fuzz_mutation *mutation, const char *begins, struct line *ret_line)
{
    struct cs_view stream = fuzz_mutated(mutation);
    struct line line;
    size_t n = 0;

    for (size_t at = stream_start(stream); next_line(stream, &at, &line);) {
        struct cs_view text = fuzz_part(mutation, line.text);

        /* Each line is kept with the same chance, without counting them first. */
        if (line.end_len > 0 && cs_view_starts_with(text, cs_view_str(begins)) &&
            fuzz_random(mutation, ++n) == 0) {
            *ret_line = line;
        }
    }
    return n > 0;
}

/* A complete event with its blank line. `which` is counted from 0. */
static bool block_at(struct cs_view stream, size_t which, struct fuzz_span *ret_block)
{
    size_t start = stream_start(stream);
    struct line line;

    for (size_t at = start; next_line(stream, &at, &line);) {
        if (line.text.len == 0 && line.end_len > 0) {
            *ret_block = (struct fuzz_span){start, at - start};
            if (which-- == 0) {
                return true;
            }
            start = at;
        }
    }
    return false;
}

static size_t count_blocks(struct cs_view stream)
{
    size_t start = stream_start(stream);
    struct line line;
    size_t n = 0;

    for (size_t at = start; next_line(stream, &at, &line);) {
        n += line.text.len == 0 && line.end_len > 0;
    }
    return n;
}

static bool any_block(struct fuzz_mutation *mutation, struct fuzz_span *ret_block)
{
    size_t n = count_blocks(fuzz_mutated(mutation));

    return n > 0 && block_at(fuzz_mutated(mutation), fuzz_random(mutation, n), ret_block);
}

/* Gives all lines the same end. */
static bool change_all_ends(struct fuzz_mutation *mutation)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    struct cs_view end = FUZZ_ONE_OF(mutation, ends);
    struct cs_buf out = CS_BUF((size_t)64 * 1024 * 1024);
    struct line line;
    bool done;

    cs_buf_add(&out, cs_view_of(mutation->bytes, stream_start(fuzz_mutated(mutation))));
    for (size_t at = out.len; next_line(fuzz_mutated(mutation), &at, &line);) {
        cs_buf_add(&out, fuzz_part(mutation, line.text));
        cs_buf_add(&out, line.end_len > 0 ? end : CS_VIEW(""));
    }
    done = !cs_buf_error(&out) &&
           fuzz_put(mutation, (struct fuzz_span){0, mutation->len}, cs_buf_view(&out));
    cs_buf_free(&out);
    return done;
}

static bool change_one_end(struct fuzz_mutation *mutation)
{
    struct line line;

    return any_line(mutation, "", &line) &&
           fuzz_put(mutation, (struct fuzz_span){line.text.at + line.text.len, line.end_len},
                    CS_VIEW("\r\n"));
}

static bool add_ignored_line(struct fuzz_mutation *mutation)
{
    static const char *const lines[] = {":\n",     ": data: x\r\n", "id: 0,1,2\n", "retry: 5\n",
                                        "retry\n", "Data: x\n",     "id\r\n",      ": \xff\n"};
    struct line line;

    return any_line(mutation, "", &line) &&
           fuzz_insert(mutation, line.text.at, FUZZ_ONE_OF(mutation, lines));
}

static bool add_event(struct fuzz_mutation *mutation)
{
    static const char *const events[] = {
        "event: ping\ndata: {\"timestamp\":1}\n\n",
        "data: [DONE]\n\n",
        "event: ping\r\ndata: {\"timestamp\":1,\"tail\":{\"seq_num\":1,\"timestamp\":1}}\r\n\r\n",
        "event: batch\ndata: {\"records\":[{\"seq_num\":1}]}\n\n",
        "event: error\rdata\r\r",
        "event: x\ndata: {\n\n",
        ":\n\n"};
    struct fuzz_span block;

    return any_block(mutation, &block) &&
           fuzz_insert(mutation, block.at, FUZZ_ONE_OF(mutation, events));
}

static bool repeat_event(struct fuzz_mutation *mutation)
{
    struct fuzz_span block;

    return any_block(mutation, &block) &&
           fuzz_put_copy(mutation, (struct fuzz_span){block.at, 0}, fuzz_part(mutation, block));
}

static bool exchange_events(struct fuzz_mutation *mutation)
{
    size_t n = count_blocks(fuzz_mutated(mutation));
    size_t which = n > 1 ? fuzz_random(mutation, n - 1) : 0;
    struct fuzz_span first;
    struct fuzz_span second;

    return n > 1 && block_at(fuzz_mutated(mutation), which, &first) &&
           block_at(fuzz_mutated(mutation), which + 1, &second) &&
           fuzz_swap(mutation, first, second);
}

static bool leave_out_event(struct fuzz_mutation *mutation)
{
    struct fuzz_span block;

    return any_block(mutation, &block) && fuzz_put(mutation, block, CS_VIEW(""));
}

/* Makes two data lines of one, where its JSON may have space. */
static bool divide_data(struct fuzz_mutation *mutation)
{
    struct line line;
    struct cs_json json;
    struct cs_json_token token;
    size_t at = 0;
    size_t n = 0;

    if (!any_line(mutation, "data: {", &line)) {
        return false;
    }
    cs_json_init(&json,
                 fuzz_part(mutation, (struct fuzz_span){line.text.at + 6, line.text.len - 6}));
    while (cs_json_next(&json, &token, NULL) != CS_JSON_END && token.type != CS_JSON_ERROR) {
        at = fuzz_random(mutation, ++n) == 0 ? token.offset : at;
    }
    return n > 0 && fuzz_insert(mutation, line.text.at + 6 + at, CS_VIEW("\ndata: "));
}

/* With a space after its colon, or without. */
static bool change_space(struct fuzz_mutation *mutation)
{
    struct line line;
    size_t colon;

    if (!any_line(mutation, fuzz_random(mutation, 2) ? "data:" : "event:", &line)) {
        return false;
    }
    colon = line.text.at + cs_view_find(fuzz_part(mutation, line.text), CS_VIEW(":"));
    if (mutation->bytes[colon + 1] == ' ') {
        return fuzz_put(mutation, (struct fuzz_span){colon + 1, 1}, CS_VIEW(""));
    }
    return fuzz_insert(mutation, colon + 1, CS_VIEW(" "));
}

/* Changes what a data line holds. */
static bool change_data(struct fuzz_mutation *mutation)
{
    struct fuzz_mutation inner = *mutation;
    struct line line;
    bool done = false;
    char *copy;

    if (!any_line(mutation, "data: {", &line)) {
        return false;
    }
    inner.len = line.text.len - 6;
    inner.max = inner.len + (mutation->max - mutation->len);
    inner.one_line = true;
    copy = malloc(inner.max);
    inner.bytes = copy;
    inner.random = mutation->random;
    if (copy) {
        memcpy(copy, mutation->bytes + line.text.at + 6, inner.len);
        done = fuzz_mutate_batch(&inner) &&
               fuzz_put(mutation, (struct fuzz_span){line.text.at + 6, line.text.len - 6},
                        fuzz_mutated(&inner));
    }
    mutation->random = inner.random;
    free(copy);
    return done;
}

/* From here on nothing need stay decodable. */
static bool add_field(struct fuzz_mutation *mutation)
{
    static const char *const lines[] = {
        "data: ]\n", "data\n", "event: batch\n", "event\n",     "event: ping\n", "data: [DONE]",
        "\n",        "\r",     "id: \xc3\n",     "\xef\xbb\xbf"};
    struct line line;

    return any_line(mutation, "", &line) &&
           fuzz_insert(mutation, line.text.at, FUZZ_ONE_OF(mutation, lines));
}

static bool leave_out_line(struct fuzz_mutation *mutation)
{
    struct line line;

    return any_line(mutation, "", &line) &&
           fuzz_put(mutation, (struct fuzz_span){line.text.at, line.text.len + line.end_len},
                    CS_VIEW(""));
}

static bool change_byte(struct fuzz_mutation *mutation)
{
    static const char bytes[] = {'\0', '\n', '\r', ':', ' ', '\xff', '\xe2', '\xef', '{', '0'};

    if (mutation->len == 0) {
        return false;
    }
    mutation->bytes[fuzz_random(mutation, mutation->len)] =
        bytes[fuzz_random(mutation, sizeof(bytes))];
    return true;
}

bool fuzz_mutate_sse(struct fuzz_mutation *mutation)
{
    /* What a data line holds has the most to change, so it has more than one turn. */
    static bool (*const table[])(struct fuzz_mutation *) = {
        change_data,     change_all_ends, change_data,  change_one_end, add_ignored_line,
        change_data,     add_event,       repeat_event, change_data,    exchange_events,
        leave_out_event, divide_data,     change_space, add_field,      leave_out_line,
        change_byte,     fuzz_cut};
    const size_t n = sizeof(table) / sizeof(table[0]);

    return fuzz_mutate_by(mutation, table, n, n - 4);
}

bool fuzz_cross_sse(struct fuzz_mutation *mutation, struct cs_view other)
{
    size_t n = count_blocks(other);
    struct fuzz_span taken;
    struct fuzz_span block;

    return n > 0 && block_at(other, fuzz_random(mutation, n), &taken) &&
           any_block(mutation, &block) &&
           fuzz_insert(mutation, block.at, cs_view_of(other.ptr + taken.at, taken.len));
}
