#include "wire/sse.h"

#include <stdlib.h>

#include "wire/scan.h"
#include "wire/utf8.h"

#define MARK_LEN 3
static const char byte_order_mark[MARK_LEN] = "\xef\xbb\xbf";

/* A line is looked for in windows that grow, first for its LF and then, up to there, for a CR: so
 * a stream that uses only one of them is not searched to its end for the other at every line. */
#define FIRST_WINDOW ((size_t)256)
#define LAST_WINDOW  ((size_t)32768)

/* Pieces so short that looking at each byte is the quickest. */
#define TINY ((size_t)8)

/* The data of a block. One line that lies within the caller's piece is only pointed at, until the
 * piece ends or a second line comes: then it is copied. */
struct data {
    struct cs_view borrowed; /* used while !owned */
    struct cs_buf buf;
    size_t skip; /* of the bytes in buf: the field name of a line that was taken over whole */
    bool owned;
    size_t n_lines;
};

struct cs_sse {
    size_t max_event;
    uint64_t offset;
    size_t n_mark;   /* bytes of a leading byte order mark seen */
    bool past_start; /* no byte order mark can come any more */
    bool after_cr;   /* the last byte was a CR: an LF now belongs to it */

    bool in_block;
    uint64_t block_start;
    size_t block_len; /* bytes of its lines, without their ends */
    bool handed_out;  /* the block below is the caller's until the next call */
    unsigned flags;
    struct cs_buf event;
    struct cs_buf id;
    struct data data;

    struct cs_buf line;    /* the line so far, when pieces cut it */
    struct cs_buf decoded; /* a line that held invalid UTF-8 */
    struct cs_diag fault;  /* code CS_OK while the stream can be read */
};

struct cs_sse *cs_sse_new(size_t max_event)
{
    struct cs_sse *sse = calloc(1, sizeof(*sse));
    size_t max = max_event ? max_event : CS_SSE_DEFAULT_MAX_EVENT;
    /* A replacement character is three times as long as the byte that it may stand for. */
    size_t max_text = max > SIZE_MAX / 3 ? SIZE_MAX : max * 3;

    if (!sse) {
        return NULL;
    }
    sse->max_event = max;
    sse->event = CS_BUF(max_text);
    sse->id = CS_BUF(max_text);
    sse->data.buf = CS_BUF(max_text);
    sse->line = CS_BUF(max_text);
    sse->decoded = CS_BUF(max_text);
    return sse;
}

void cs_sse_free(struct cs_sse *sse)
{
    if (!sse) {
        return;
    }
    cs_buf_free(&sse->event);
    cs_buf_free(&sse->id);
    cs_buf_free(&sse->data.buf);
    cs_buf_free(&sse->line);
    cs_buf_free(&sse->decoded);
    free(sse);
}

static void clear_block(struct cs_sse *sse)
{
    sse->in_block = false;
    sse->handed_out = false;
    sse->block_len = 0;
    sse->flags = 0;
    sse->data.owned = false;
    sse->data.n_lines = 0;
    cs_buf_clear(&sse->event);
    cs_buf_clear(&sse->id);
    cs_buf_clear(&sse->data.buf);
}

void cs_sse_reset(struct cs_sse *sse)
{
    clear_block(sse);
    cs_buf_clear(&sse->line);
    cs_buf_clear(&sse->decoded);
    sse->offset = 0;
    sse->n_mark = 0;
    sse->past_start = false;
    sse->after_cr = false;
    sse->fault.code = CS_OK;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Length of the line at the start of `text`, without its end; text.len when no end is there. */
static size_t line_len(struct cs_view text)
{
    size_t window = FIRST_WINDOW;

    if (text.len < TINY) {
        size_t len = 0;

        while (len < text.len && text.ptr[len] != '\n' && text.ptr[len] != '\r') {
            len++;
        }
        return len;
    }
    if (cs_scan_is_wide()) {
        return (size_t)(cs_scan_wide_line(text.ptr, text.ptr + text.len) - text.ptr);
    }
    for (size_t from = 0; from < text.len;) {
        const char *at = text.ptr + from;
        size_t n = smaller(window, text.len - from);
        const char *lf = memchr(at, '\n', n);
        const char *cr = memchr(at, '\r', lf ? (size_t)(lf - at) : n);

        if (cr || lf) {
            return (size_t)((cr ? cr : lf) - text.ptr);
        }
        from += n;
        window = smaller(window * 4, LAST_WINDOW);
    }
    return text.len;
}

static void use(struct cs_sse *sse, struct cs_view *input, size_t len)
{
    input->ptr += len;
    input->len -= len;
    sse->offset += len;
}

/* Puts data that is only pointed at into our own memory. */
static void data_settle(struct data *data)
{
    if (data->n_lines > 0 && !data->owned) {
        cs_buf_add(&data->buf, data->borrowed);
        data->skip = 0;
        data->owned = true;
    }
}

/* Takes one more data line. `holder` is the buffer of ours that the value lies in, or NULL when it
 * lies in the caller's piece. A first line in a buffer is taken over with the buffer, not copied.
 */
static void data_add(struct data *data, struct cs_view value, struct cs_buf *holder)
{
    if (data->n_lines > 0) {
        data_settle(data);
        cs_buf_char(&data->buf, '\n');
        cs_buf_add(&data->buf, value);
    } else if (holder) {
        struct cs_buf taken = *holder;

        *holder = data->buf;
        data->buf = taken;
        data->skip = taken.len - value.len;
        data->owned = true;
    } else {
        data->borrowed = value;
    }
    data->n_lines++;
}

static struct cs_view data_view(const struct data *data)
{
    if (!data->owned) {
        return data->borrowed;
    }
    if (data->buf.len == data->skip) {
        return (struct cs_view){NULL, 0};
    }
    return cs_view_of(data->buf.ptr + data->skip, data->buf.len - data->skip);
}

/* One field, as the standard's table says. */
static void take_field(struct cs_sse *sse, struct cs_view name, struct cs_view value,
                       struct cs_buf *holder)
{
    if (cs_view_eq(name, CS_VIEW("data"))) {
        data_add(&sse->data, value, holder);
    } else if (cs_view_eq(name, CS_VIEW("event"))) {
        sse->flags |= CS_SSE_HAS_EVENT;
        cs_buf_clear(&sse->event);
        cs_buf_add(&sse->event, value);
    } else if (cs_view_eq(name, CS_VIEW("id"))) {
        if (value.len == 0 || !memchr(value.ptr, '\0', value.len)) {
            sse->flags |= CS_SSE_HAS_ID;
            cs_buf_clear(&sse->id);
            cs_buf_add(&sse->id, value);
        }
    } else {
        bool retry = cs_view_eq(name, CS_VIEW("retry"));
        sse->flags |= retry ? CS_SSE_HAS_RETRY : CS_SSE_HAS_UNKNOWN;
    }
}

/* A line of one byte or more. */
static void take_line(struct cs_sse *sse, struct cs_view line, struct cs_buf *holder)
{
    struct cs_view name = line;
    struct cs_view value = cs_view_of(line.ptr + line.len, 0);
    const char *colon = memchr(line.ptr, ':', line.len);

    if (colon == line.ptr) {
        sse->flags |= CS_SSE_HAS_COMMENT;
        return;
    }
    if (colon) {
        name.len = (size_t)(colon - line.ptr);
        value = cs_view_of(colon + 1, line.len - name.len - 1);
        if (value.len > 0 && value.ptr[0] == ' ') {
            value.ptr++;
            value.len--;
        } else if (cs_view_eq(name, CS_VIEW("data"))) {
            sse->flags |= CS_SSE_NO_SPACE;
        }
    }
    take_field(sse, name, value, holder);
}

/* The standard decodes first and divides into lines then. Line by line is the same, since the
 * bytes that end a line also end a broken sequence, and costs nothing for a line in order. */
static void take_raw_line(struct cs_sse *sse, struct cs_view line, struct cs_buf *holder)
{
    if (cs_utf8_valid_prefix(line) < line.len) {
        struct cs_utf8 utf8 = {.started = true};

        cs_buf_clear(&sse->decoded);
        cs_utf8_feed(&utf8, line, &sse->decoded);
        cs_utf8_finish(&utf8, &sse->decoded);
        sse->flags |= CS_SSE_REPLACED;
        holder = &sse->decoded;
        line = cs_buf_view(&sse->decoded);
        if (cs_buf_error(&sse->decoded)) {
            return;
        }
    }
    take_line(sse, line, holder);
}

static enum cs_step stop(struct cs_sse *sse, enum cs_err code, uint64_t offset, const char *reason)
{
    (void)cs_fail(&sse->fault, code, offset, "%s", reason);
    return CS_STEP_ERROR;
}

/* CS_STEP_MORE, or CS_STEP_ERROR when a buffer could not grow. */
static enum cs_step check_memory(struct cs_sse *sse)
{
    const struct cs_buf *const all[] = {&sse->event, &sse->id, &sse->data.buf, &sse->line,
                                        &sse->decoded};

    if (!(sse->event.failed | sse->id.failed | sse->data.buf.failed | sse->line.failed |
          sse->decoded.failed)) {
        return CS_STEP_MORE;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (cs_buf_error(all[i])) {
            return stop(sse, cs_buf_error(all[i]), sse->offset, "no memory for this event");
        }
    }
    return CS_STEP_MORE;
}

/* A leading byte order mark, whole or in parts; when it turns out to be none, its bytes are text.
 * Returns false when all input is used up. */
static bool pass_mark(struct cs_sse *sse, struct cs_view *input)
{
    while (sse->n_mark < MARK_LEN && input->len > 0 &&
           input->ptr[0] == byte_order_mark[sse->n_mark]) {
        sse->n_mark++;
        use(sse, input, 1);
    }
    if (sse->n_mark < MARK_LEN && input->len > 0) {
        cs_buf_append(&sse->line, byte_order_mark, sse->n_mark);
        sse->block_len = sse->n_mark;
        sse->block_start = 0;
        sse->in_block = sse->n_mark > 0;
    }
    sse->past_start = sse->n_mark == MARK_LEN || input->len > 0;
    return input->len > 0;
}

/* The LF of a CR LF, wherever a piece ended. */
static void pass_lf(struct cs_sse *sse, struct cs_view *input)
{
    bool lf = input->ptr[0] == '\n';

    sse->after_cr = false;
    sse->flags |= lf ? CS_SSE_CRLF : CS_SSE_CR;
    if (lf) {
        use(sse, input, 1);
    }
}

/* Ends the block at a blank line. */
static enum cs_step end_block(struct cs_sse *sse, struct cs_sse_event *ret_event)
{
    if (sse->data.n_lines == 0) {
        clear_block(sse);
        return CS_STEP_MORE;
    }
    *ret_event = (struct cs_sse_event){
        .event = cs_buf_view(&sse->event),
        .data = data_view(&sse->data),
        .id = cs_buf_view(&sse->id),
        .n_data_lines = sse->data.n_lines,
        .flags = sse->flags,
        .start = sse->block_start,
        .end = sse->offset,
    };
    sse->in_block = false;
    sse->handed_out = true;
    return CS_STEP_EVENT;
}

/* Reads one line, or the part of it that is there. */
static enum cs_step read_line(struct cs_sse *sse, struct cs_view *input,
                              struct cs_sse_event *ret_event)
{
    size_t len = line_len(*input);
    bool complete = len < input->len;
    struct cs_view line = cs_view_of(input->ptr, len);
    struct cs_buf *holder = NULL;

    if (!sse->in_block) {
        sse->in_block = true;
        sse->block_start = sse->offset;
    }
    if (sse->block_len > sse->max_event || len > sse->max_event - sse->block_len) {
        return stop(sse, CS_ERR_LIMIT, sse->offset - sse->block_len + sse->max_event,
                    "event is larger than this reader's limit");
    }
    sse->block_len += len;
    if (!complete || sse->line.len > 0) {
        cs_buf_add(&sse->line, line);
        line = cs_buf_view(&sse->line);
        holder = &sse->line;
    }
    if (complete) {
        bool cr = input->ptr[len] == '\r';
        sse->after_cr = cr;
        sse->flags |= cr ? 0 : CS_SSE_LF;
    }
    use(sse, input, complete ? len + 1 : len);
    if (!complete) {
        return CS_STEP_MORE; /* and all input is used up */
    }
    if (cs_buf_error(&sse->line)) {
        return check_memory(sse);
    }
    if (line.len == 0) {
        return end_block(sse, ret_event);
    }
    take_raw_line(sse, line, holder);
    cs_buf_clear(&sse->line);
    return check_memory(sse);
}

static enum cs_step read_event(struct cs_sse *sse, struct cs_view *input,
                               struct cs_sse_event *ret_event)
{
    enum cs_step step = CS_STEP_MORE;

    if (!sse->past_start && !pass_mark(sse, input)) {
        return check_memory(sse);
    }
    while (step == CS_STEP_MORE && input->len > 0) {
        if (sse->after_cr) {
            pass_lf(sse, input);
        } else {
            step = read_line(sse, input, ret_event);
        }
    }
    if (step == CS_STEP_MORE) {
        data_settle(&sse->data);
        step = check_memory(sse);
    }
    return step;
}

/* The one byte at hand, if it goes on with a line that pieces have cut before: read_line does the
 * same, and takes several times as long, which counts where bytes come one by one. */
static inline bool take_byte(struct cs_sse *sse, struct cs_view *input)
{
    struct cs_buf *line = &sse->line;

    if (input->len != 1 || line->len == 0 || line->len == line->cap ||
        sse->block_len >= sse->max_event || *input->ptr == '\n' || *input->ptr == '\r' ||
        sse->fault.code) {
        return false;
    }
    line->ptr[line->len++] = *input->ptr;
    sse->block_len++;
    use(sse, input, 1);
    return true;
}

enum cs_step cs_sse_next(struct cs_sse *sse, struct cs_view *input, struct cs_sse_event *ret_event,
                         struct cs_diag *diag)
{
    enum cs_step step = CS_STEP_ERROR;

    if (take_byte(sse, input)) {
        return CS_STEP_MORE;
    }
    if (!sse->fault.code) {
        if (sse->handed_out) {
            clear_block(sse);
        }
        step = read_event(sse, input, ret_event);
    }
    if (step == CS_STEP_ERROR && diag) {
        *diag = sse->fault;
    }
    return step;
}

uint64_t cs_sse_finish(struct cs_sse *sse)
{
    if (!sse->past_start) {
        return sse->n_mark;
    }
    return sse->in_block ? sse->offset - sse->block_start : 0;
}

uint64_t cs_sse_offset(const struct cs_sse *sse)
{
    return sse->offset;
}
