#include "conformance/decode/generate.h"

#include "suite/random.h"

#define EVENT_MAX   ((size_t)4 * 1024 * 1024)
#define N_OF(array) (sizeof(array) / sizeof(array)[0])

struct maker {
    uint64_t *random;
    unsigned oddness;
    struct cs_buf *out;
    struct cs_buf json; /* data of the event at hand; its LFs become new data lines */
    uint64_t seq_num;
    int line_end; /* of the whole stream: 0 LF, 1 CR LF, 2 CR, 3 any */
};

static uint64_t below(struct maker *maker, uint64_t limit)
{
    return cs_random_next(maker->random) % limit;
}

/* True once in `n` times. */
static bool once_in(struct maker *maker, uint64_t n)
{
    return below(maker, n) == 0;
}

static bool odd(struct maker *maker)
{
    return maker->oddness > 0 && once_in(maker, maker->oddness);
}

#define PICK(maker, list) ((list)[below((maker), N_OF(list))])

/* ---- JSON ---- */

static void space(struct maker *maker)
{
    static const char *const spaces[] = {" ", "\t", "\n", "  ", "\n\n"};

    if (once_in(maker, 25)) {
        cs_buf_str(&maker->json, PICK(maker, spaces));
    }
}

/* A sign of JSON with white space at both sides. */
static void sign(struct maker *maker, char c)
{
    space(maker);
    cs_buf_char(&maker->json, c);
    space(maker);
}

static void string_part(struct maker *maker)
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

    cs_buf_str(&maker->json, odd(maker) ? PICK(maker, odd_parts) : PICK(maker, parts));
}

static void string(struct maker *maker)
{
    uint64_t n = once_in(maker, 12) ? 40 + below(maker, 200) : below(maker, 6);

    if (once_in(maker, 2000)) {
        n = 20000;
    }
    cs_buf_char(&maker->json, '"');
    for (uint64_t i = 0; i < n; i++) {
        string_part(maker);
    }
    cs_buf_char(&maker->json, '"');
}

/* A string whose text is given, spelt with escapes now and then. */
static void spelt(struct maker *maker, const char *text)
{
    cs_buf_char(&maker->json, '"');
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x80 && once_in(maker, 60)) {
            cs_buf_printf(&maker->json, once_in(maker, 2) ? "\\u%04x" : "\\u%04X",
                          (unsigned)(unsigned char)*c);
        } else {
            cs_buf_char(&maker->json, *c);
        }
    }
    cs_buf_char(&maker->json, '"');
}

static void odd_value(struct maker *maker)
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
    cs_buf_str(&maker->json, PICK(maker, values));
}

static void seq_num(struct maker *maker)
{
    static const char *const numbers[] = {"0",
                                          "9007199254740991",
                                          "9007199254740993",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551615"};
    if (odd(maker)) {
        odd_value(maker);
    } else if (once_in(maker, 15)) {
        cs_buf_str(&maker->json, PICK(maker, numbers));
    } else {
        cs_buf_printf(&maker->json, "%llu", (unsigned long long)maker->seq_num++);
    }
}

static void timestamp(struct maker *maker)
{
    static const char *const numbers[] = {
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"};
    if (odd(maker)) {
        odd_value(maker);
    } else if (once_in(maker, 15)) {
        cs_buf_str(&maker->json, PICK(maker, numbers));
    } else {
        cs_buf_printf(&maker->json, "%llu", 1700000000000ULL + below(maker, 1000000));
    }
}

static void any_value(struct maker *maker, unsigned depth)
{
    static const char *const scalars[] = {"null",    "true", "false", "0",
                                          "-1.5e-3", "1E+9", "{}",    "[]"};
    switch (below(maker, depth > 4 ? 2 : 4)) {
    case 0:
        cs_buf_str(&maker->json, PICK(maker, scalars));
        return;
    case 1:
        string(maker);
        return;
    case 2:
        sign(maker, '[');
        any_value(maker, depth + 1);
        sign(maker, ',');
        any_value(maker, depth + 1);
        sign(maker, ']');
        return;
    default:
        sign(maker, '{');
        string(maker);
        sign(maker, ':');
        any_value(maker, depth + 1);
        sign(maker, '}');
    }
}

/* ---- records ---- */

static void header(struct maker *maker, const char *name, const char *value)
{
    if (odd(maker)) {
        any_value(maker, 3);
        return;
    }
    sign(maker, '[');
    spelt(maker, name);
    sign(maker, ',');
    if (value) {
        spelt(maker, value);
    } else {
        string(maker);
    }
    if (odd(maker)) {
        sign(maker, ',');
        any_value(maker, 3);
    }
    sign(maker, ']');
}

static void headers(struct maker *maker)
{
    static const char *const names[] = {"trigger-control",     "",        "Trigger-Control",
                                        "public-access-token", "x",       "session-in-event-id",
                                        "trigger-control ",    "trigger", "\xc3\xa9"};
    static const char *const subtypes[] = {"turn-complete", "upgrade-required", "session-closed",
                                           "", "new-one"};
    uint64_t n = below(maker, 4);

    sign(maker, '[');
    switch (below(maker, 4)) {
    case 0:
        header(maker, "trigger-control", PICK(maker, subtypes));
        break;
    case 1:
        header(maker, "", once_in(maker, 3) ? "fence" : "trim");
        break;
    default:
        n = n == 0 ? 1 : n;
        header(maker, PICK(maker, names), NULL);
    }
    for (uint64_t i = 0; i < n; i++) {
        sign(maker, ',');
        header(maker, PICK(maker, names), NULL);
    }
    sign(maker, ']');
}

/* What a client unpacks: data and a part id in a string, in either order. */
static void envelope(struct maker *maker)
{
    struct cs_buf outer = maker->json;
    bool id_first = once_in(maker, 5);

    maker->json = CS_BUF(EVENT_MAX);
    cs_buf_str(&maker->json, "{");
    if (id_first) {
        cs_buf_printf(&maker->json, "\"id\":\"p%u\",", (unsigned)below(maker, 40));
    }
    cs_buf_str(&maker->json, "\"data\":");
    any_value(maker, 1);
    if (!id_first && !once_in(maker, 6)) {
        cs_buf_printf(&maker->json, ",\"id\":\"p%u\"", (unsigned)below(maker, 40));
    }
    cs_buf_char(&maker->json, '}');
    cs_buf_char(&outer, '"');
    for (size_t i = 0; i < maker->json.len; i++) {
        char c = maker->json.ptr[i];

        if (c == '"' || c == '\\') {
            cs_buf_char(&outer, '\\');
            cs_buf_char(&outer, c);
        } else if ((unsigned char)c < 0x20) {
            cs_buf_printf(&outer, "\\u%04x", (unsigned)(unsigned char)c);
        } else {
            cs_buf_char(&outer, c);
        }
    }
    cs_buf_char(&outer, '"');
    cs_buf_free(&maker->json);
    maker->json = outer;
}

static void body(struct maker *maker)
{
    static const char *const bodies[] = {
        "\"{\\\"data\\\":{\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t\\\",\\\"delta\\\":"
        "\\\"hi\\\"},"
        "\\\"id\\\":\\\"p1\\\"}\"",
        "\"{\\\"data\\\":{\\\"type\\\":\\\"trigger:turn-complete\\\"},\\\"id\\\":\\\"p2\\\"}\"",
        "\"\"",
        "\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0007\"",
        "\"[DONE]\"",
    };
    if (odd(maker)) {
        odd_value(maker);
    } else if (once_in(maker, 3)) {
        envelope(maker);
    } else if (once_in(maker, 2)) {
        cs_buf_str(&maker->json, PICK(maker, bodies));
    } else {
        string(maker);
    }
}

static void member(struct maker *maker, const char *name, void (*value)(struct maker *maker),
                   bool *first)
{
    if (!*first) {
        sign(maker, ',');
    }
    *first = false;
    spelt(maker, name);
    sign(maker, ':');
    value(maker);
}

static void unknown_value(struct maker *maker)
{
    any_value(maker, 0);
}

/* The members of a record in any order; of those that come twice the last wins. */
static void record(struct maker *maker)
{
    static const struct {
        const char *name;
        void (*value)(struct maker *maker);
        unsigned once_in; /* how often it is there; 0: always */
    } members[] = {{"seq_num", seq_num, 0},
                   {"timestamp", timestamp, 0},
                   {"headers", headers, 2},
                   {"body", body, 1},
                   {"Body", unknown_value, 30}};
    size_t start = once_in(maker, 3) ? below(maker, N_OF(members)) : 0;
    size_t n = N_OF(members) + (once_in(maker, 15) ? below(maker, 4) : 0);
    bool first = true;

    sign(maker, '{');
    for (size_t i = 0; i < n; i++) {
        size_t at = (start + i) % N_OF(members);
        bool there = members[at].once_in == 0 || once_in(maker, members[at].once_in);

        if (there && !odd(maker)) {
            member(maker, members[at].name, members[at].value, &first);
        }
    }
    sign(maker, '}');
}

static void position(struct maker *maker)
{
    bool first = true;

    if (odd(maker)) {
        odd_value(maker);
        return;
    }
    sign(maker, '{');
    member(maker, "seq_num", seq_num, &first);
    if (!odd(maker)) {
        member(maker, "timestamp", timestamp, &first);
    }
    sign(maker, '}');
}

static void records(struct maker *maker)
{
    uint64_t n = once_in(maker, 300) ? 990 + below(maker, 12) : 1 + below(maker, 4);

    if (n > 1000 && maker->oddness == 0) {
        n = 1000;
    }
    sign(maker, '[');
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) {
            sign(maker, ',');
        }
        if (odd(maker)) {
            odd_value(maker);
        } else {
            record(maker);
        }
    }
    sign(maker, ']');
}

static void batch(struct maker *maker)
{
    bool first = true;
    bool tail_first = once_in(maker, 6);
    bool has_tail = once_in(maker, 2);

    sign(maker, '{');
    if (has_tail && tail_first) {
        member(maker, "tail", position, &first);
    }
    if (!odd(maker)) {
        member(maker, "records", records, &first);
    }
    if (has_tail && !tail_first) {
        member(maker, "tail", position, &first);
    }
    if (once_in(maker, 12)) {
        member(maker, "more", unknown_value, &first);
    }
    sign(maker, '}');
    if (odd(maker)) {
        odd_value(maker);
    }
}

static void ping(struct maker *maker)
{
    bool first = true;

    sign(maker, '{');
    if (!odd(maker)) {
        member(maker, "timestamp", timestamp, &first);
    }
    if (once_in(maker, 2)) {
        member(maker, "tail", position, &first);
    }
    sign(maker, '}');
}

/* ---- framing ---- */

static void end_line(struct maker *maker)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    size_t choice = maker->line_end == 3 ? below(maker, N_OF(ends)) : (size_t)maker->line_end;
    bool after_cr = maker->out->len > 0 && maker->out->ptr[maker->out->len - 1] == '\r';

    /* An LF would belong to that CR and end nothing. */
    cs_buf_str(maker->out, ends[after_cr && choice == 0 ? 1 : choice]);
}

static void field(struct maker *maker, const char *name, struct cs_view value)
{
    bool bare = value.len > 0 && value.ptr[0] == ' ';

    cs_buf_str(maker->out, name);
    cs_buf_str(maker->out, once_in(maker, 6) && !bare ? ":" : ": ");
    cs_buf_add(maker->out, value);
    end_line(maker);
}

/* What a reader has to pass over. */
static void noise(struct maker *maker)
{
    static const char *const lines[] = {
        ": comment", ":",         "retry: 10", "retry",         "x: y",
        "Data: {}",  "data2: {}", " data: {}", "events: batch", "id: 1\xe2\x80\xa8",
        ":\xc3\xa9", "foo"};
    cs_buf_str(maker->out, PICK(maker, lines));
    end_line(maker);
}

static void data_lines(struct maker *maker)
{
    struct cs_view rest = cs_buf_view(&maker->json);

    for (;;) {
        const char *lf = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        size_t len = lf ? (size_t)(lf - rest.ptr) : rest.len;

        field(maker, "data", cs_view_of(rest.ptr, len));
        if (once_in(maker, 40)) {
            noise(maker);
        }
        if (!lf) {
            return;
        }
        rest = cs_view_of(lf + 1, rest.len - len - 1);
    }
}

static void block(struct maker *maker, const char *event)
{
    bool data_first = once_in(maker, 4);

    if (once_in(maker, 12)) {
        noise(maker);
    }
    if (data_first) {
        data_lines(maker);
    }
    if (event && once_in(maker, 40)) {
        field(maker, "event", CS_VIEW("ping")); /* the last of two wins */
    }
    if (event) {
        field(maker, "event", cs_view_str(event));
    } else if (once_in(maker, 10)) {
        field(maker, "event", CS_VIEW(""));
    }
    if (once_in(maker, 2)) {
        field(maker, "id", once_in(maker, 8) ? CS_VIEW("") : CS_VIEW("7,8,885"));
    }
    if (!data_first) {
        data_lines(maker);
    }
    if (!odd(maker)) {
        end_line(maker); /* without it the next block belongs to this one */
    }
    if (once_in(maker, 15)) {
        end_line(maker);
    }
}

static void one_block(struct maker *maker)
{
    static const char *const unknown[] = {"batches", "Batch", "message", "pings", "\xc3\xa9"};
    uint64_t choice = below(maker, 100);

    cs_buf_clear(&maker->json);
    if (choice < 60) {
        batch(maker);
        block(maker, "batch");
    } else if (choice < 74) {
        ping(maker);
        block(maker, "ping");
    } else if (choice < 78) {
        cs_buf_str(&maker->json, odd(maker) ? " [DONE]" : "[DONE]");
        block(maker, NULL);
    } else if (choice < 80) {
        cs_buf_str(&maker->json, "{\"code\":\"unavailable\",\"message\":\"gone\"}");
        block(maker, "error");
    } else if (choice < 86) {
        any_value(maker, 0);
        block(maker, once_in(maker, 4) ? NULL : PICK(maker, unknown));
    } else if (choice < 93) {
        noise(maker);
        end_line(maker);
    } else {
        field(maker, "event", CS_VIEW("batch")); /* no data: no event */
        end_line(maker);
    }
}

void cs_generate_stream(uint64_t *random, unsigned oddness, struct cs_buf *out)
{
    struct maker maker = {
        .random = random, .oddness = oddness, .out = out, .json = CS_BUF(EVENT_MAX)};
    uint64_t n;

    maker.line_end = once_in(&maker, 2) ? 0 : (int)below(&maker, 4);
    maker.seq_num = below(&maker, 50);
    if (once_in(&maker, 12)) {
        cs_buf_str(out, "\xef\xbb\xbf");
    }
    n = 1 + below(&maker, 5);
    for (uint64_t i = 0; i < n; i++) {
        one_block(&maker);
    }
    if (once_in(&maker, 6)) {
        cs_buf_str(out, "event: batch\ndata: {\"records\":[{\"seq_num\":1}]}\n"); /* unfinished */
    }
    cs_buf_free(&maker.json);
}
