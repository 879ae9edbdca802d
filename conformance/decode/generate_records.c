/* The data of batches and pings: records of all kinds, their members in any order. */
#include "conformance/decode/maker.h"

static void header(struct cs_maker *maker, const char *name, const char *value)
{
    if (cs_make_odd(maker)) {
        cs_make_any_value(maker, 3);
        return;
    }
    cs_make_sign(maker, '[');
    cs_make_spelt(maker, name);
    cs_make_sign(maker, ',');
    if (value) {
        cs_make_spelt(maker, value);
    } else {
        cs_make_string(maker);
    }
    if (cs_make_odd(maker)) {
        cs_make_sign(maker, ',');
        cs_make_any_value(maker, 3);
    }
    cs_make_sign(maker, ']');
}

static void headers(struct cs_maker *maker)
{
    static const char *const names[] = {"trigger-control",     "",        "Trigger-Control",
                                        "public-access-token", "x",       "session-in-event-id",
                                        "trigger-control ",    "trigger", "\xc3\xa9"};
    static const char *const subtypes[] = {"turn-complete", "upgrade-required", "session-closed",
                                           "", "new-one"};
    uint64_t n = cs_make_below(maker, 4);

    cs_make_sign(maker, '[');
    switch (cs_make_below(maker, 4)) {
    case 0:
        header(maker, "trigger-control", CS_PICK(maker, subtypes));
        break;
    case 1:
        header(maker, "", cs_make_once_in(maker, 3) ? "fence" : "trim");
        break;
    default:
        n = n == 0 ? 1 : n;
        header(maker, CS_PICK(maker, names), NULL);
    }
    for (uint64_t i = 0; i < n; i++) {
        cs_make_sign(maker, ',');
        header(maker, CS_PICK(maker, names), NULL);
    }
    cs_make_sign(maker, ']');
}

/* What a client unpacks: data and a part id in a string, in either order. */
static void envelope(struct cs_maker *maker)
{
    struct cs_buf outer = maker->json;
    bool id_first = cs_make_once_in(maker, 5);

    maker->json = CS_BUF(outer.max);
    cs_buf_str(&maker->json, "{");
    if (id_first) {
        cs_buf_printf(&maker->json, "\"id\":\"p%u\",", (unsigned)cs_make_below(maker, 40));
    }
    cs_buf_str(&maker->json, "\"data\":");
    cs_make_any_value(maker, 1);
    if (!id_first && !cs_make_once_in(maker, 6)) {
        cs_buf_printf(&maker->json, ",\"id\":\"p%u\"", (unsigned)cs_make_below(maker, 40));
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

static void body(struct cs_maker *maker)
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
    if (cs_make_odd(maker)) {
        cs_make_odd_value(maker);
    } else if (cs_make_once_in(maker, 3)) {
        envelope(maker);
    } else if (cs_make_once_in(maker, 2)) {
        cs_buf_str(&maker->json, CS_PICK(maker, bodies));
    } else {
        cs_make_string(maker);
    }
}

static void member(struct cs_maker *maker, const char *name, void (*value)(struct cs_maker *maker),
                   bool *first)
{
    if (!*first) {
        cs_make_sign(maker, ',');
    }
    *first = false;
    cs_make_spelt(maker, name);
    cs_make_sign(maker, ':');
    value(maker);
}

static void unknown_value(struct cs_maker *maker)
{
    cs_make_any_value(maker, 0);
}

/* The members of a record in any order; of those that come twice the last wins. */
static void record(struct cs_maker *maker)
{
    static const struct {
        const char *name;
        void (*value)(struct cs_maker *maker);
        unsigned once_in; /* how often it is there; 0: always */
    } members[] = {{"seq_num", cs_make_seq_num, 0},
                   {"timestamp", cs_make_timestamp, 0},
                   {"headers", headers, 2},
                   {"body", body, 1},
                   {"Body", unknown_value, 30}};
    size_t start = cs_make_once_in(maker, 3) ? cs_make_below(maker, CS_N_OF(members)) : 0;
    size_t n = CS_N_OF(members) + (cs_make_once_in(maker, 15) ? cs_make_below(maker, 4) : 0);
    bool first = true;

    cs_make_sign(maker, '{');
    for (size_t i = 0; i < n; i++) {
        size_t at = (start + i) % CS_N_OF(members);
        bool there = members[at].once_in == 0 || cs_make_once_in(maker, members[at].once_in);

        if (there && !cs_make_odd(maker)) {
            member(maker, members[at].name, members[at].value, &first);
        }
    }
    cs_make_sign(maker, '}');
}

static void position(struct cs_maker *maker)
{
    bool first = true;

    if (cs_make_odd(maker)) {
        cs_make_odd_value(maker);
        return;
    }
    cs_make_sign(maker, '{');
    member(maker, "seq_num", cs_make_seq_num, &first);
    if (!cs_make_odd(maker)) {
        member(maker, "timestamp", cs_make_timestamp, &first);
    }
    cs_make_sign(maker, '}');
}

static void records(struct cs_maker *maker)
{
    uint64_t n =
        cs_make_once_in(maker, 300) ? 990 + cs_make_below(maker, 12) : 1 + cs_make_below(maker, 4);

    if (n > 1000 && maker->oddness == 0) {
        n = 1000;
    }
    cs_make_sign(maker, '[');
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) {
            cs_make_sign(maker, ',');
        }
        if (cs_make_odd(maker)) {
            cs_make_odd_value(maker);
        } else {
            record(maker);
        }
    }
    cs_make_sign(maker, ']');
}

void cs_make_batch(struct cs_maker *maker)
{
    bool first = true;
    bool tail_first = cs_make_once_in(maker, 6);
    bool has_tail = cs_make_once_in(maker, 2);

    cs_make_sign(maker, '{');
    if (has_tail && tail_first) {
        member(maker, "tail", position, &first);
    }
    if (!cs_make_odd(maker)) {
        member(maker, "records", records, &first);
    }
    if (has_tail && !tail_first) {
        member(maker, "tail", position, &first);
    }
    if (cs_make_once_in(maker, 12)) {
        member(maker, "more", unknown_value, &first);
    }
    cs_make_sign(maker, '}');
    if (cs_make_odd(maker)) {
        cs_make_odd_value(maker);
    }
}

void cs_make_ping(struct cs_maker *maker)
{
    bool first = true;

    cs_make_sign(maker, '{');
    if (!cs_make_odd(maker)) {
        member(maker, "timestamp", cs_make_timestamp, &first);
    }
    if (cs_make_once_in(maker, 2)) {
        member(maker, "tail", position, &first);
    }
    cs_make_sign(maker, '}');
}
