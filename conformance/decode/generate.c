/* Streams: blocks in any line ends, with what a reader has to pass over between them. */
#include "conformance/decode/generate.h"
#include "conformance/decode/maker.h"

#define EVENT_MAX ((size_t)4 * 1024 * 1024)

static void end_line(struct cs_maker *maker)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    size_t choice =
        maker->line_end == 3 ? cs_make_below(maker, CS_N_OF(ends)) : (size_t)maker->line_end;
    bool after_cr = maker->out->len > 0 && maker->out->ptr[maker->out->len - 1] == '\r';

    /* An LF would belong to that CR and end nothing. */
    cs_buf_str(maker->out, ends[after_cr && choice == 0 ? 1 : choice]);
}

static void field(struct cs_maker *maker, const char *name, struct cs_view value)
{
    bool bare = value.len > 0 && value.ptr[0] == ' ';

    cs_buf_str(maker->out, name);
    cs_buf_str(maker->out, cs_make_once_in(maker, 6) && !bare ? ":" : ": ");
    cs_buf_add(maker->out, value);
    end_line(maker);
}

/* What a reader has to pass over. */
static void noise(struct cs_maker *maker)
{
    static const char *const lines[] = {
        ": comment", ":",         "retry: 10", "retry",         "x: y",
        "Data: {}",  "data2: {}", " data: {}", "events: batch", "id: 1\xe2\x80\xa8",
        ":\xc3\xa9", "foo"};
    cs_buf_str(maker->out, CS_PICK(maker, lines));
    end_line(maker);
}

static void data_lines(struct cs_maker *maker)
{
    struct cs_view rest = cs_buf_view(&maker->json);

    for (;;) {
        const char *lf = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        size_t len = lf ? (size_t)(lf - rest.ptr) : rest.len;

        field(maker, "data", cs_view_of(rest.ptr, len));
        if (cs_make_once_in(maker, 40)) {
            noise(maker);
        }
        if (!lf) {
            return;
        }
        rest = cs_view_of(lf + 1, rest.len - len - 1);
    }
}

static void block(struct cs_maker *maker, const char *event)
{
    bool data_first = cs_make_once_in(maker, 4);

    if (cs_make_once_in(maker, 12)) {
        noise(maker);
    }
    if (data_first) {
        data_lines(maker);
    }
    if (event && cs_make_once_in(maker, 40)) {
        field(maker, "event", CS_VIEW("ping")); /* the last of two wins */
    }
    if (event) {
        field(maker, "event", cs_view_str(event));
    } else if (cs_make_once_in(maker, 10)) {
        field(maker, "event", CS_VIEW(""));
    }
    if (cs_make_once_in(maker, 2)) {
        field(maker, "id", cs_make_once_in(maker, 8) ? CS_VIEW("") : CS_VIEW("7,8,885"));
    }
    if (!data_first) {
        data_lines(maker);
    }
    if (!cs_make_odd(maker)) {
        end_line(maker); /* without it the next block belongs to this one */
    }
    if (cs_make_once_in(maker, 15)) {
        end_line(maker);
    }
}

static void one_block(struct cs_maker *maker)
{
    static const char *const unknown[] = {"batches", "Batch", "message", "pings", "\xc3\xa9"};
    uint64_t choice = cs_make_below(maker, 100);

    cs_buf_clear(&maker->json);
    if (choice < 60) {
        cs_make_batch(maker);
        block(maker, "batch");
    } else if (choice < 74) {
        cs_make_ping(maker);
        block(maker, "ping");
    } else if (choice < 78) {
        cs_buf_str(&maker->json, cs_make_odd(maker) ? " [DONE]" : "[DONE]");
        block(maker, NULL);
    } else if (choice < 80) {
        cs_buf_str(&maker->json, "{\"code\":\"unavailable\",\"message\":\"gone\"}");
        block(maker, "error");
    } else if (choice < 86) {
        cs_make_any_value(maker, 0);
        block(maker, cs_make_once_in(maker, 4) ? NULL : CS_PICK(maker, unknown));
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
    struct cs_maker maker = {
        .random = random, .oddness = oddness, .out = out, .json = CS_BUF(EVENT_MAX)};
    uint64_t n;

    maker.line_end = cs_make_once_in(&maker, 2) ? 0 : (int)cs_make_below(&maker, 4);
    maker.seq_num = cs_make_below(&maker, 50);
    if (cs_make_once_in(&maker, 12)) {
        cs_buf_str(out, "\xef\xbb\xbf");
    }
    n = 1 + cs_make_below(&maker, 5);
    for (uint64_t i = 0; i < n; i++) {
        one_block(&maker);
    }
    if (cs_make_once_in(&maker, 6)) {
        cs_buf_str(out, "event: batch\ndata: {\"records\":[{\"seq_num\":1}]}\n"); /* unfinished */
    }
    cs_buf_free(&maker.json);
}
