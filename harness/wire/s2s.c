#include "wire/s2s.h"

enum {
    FLAG_LEN = 1,
    STATUS_LEN = 2
};

static unsigned byte_at(const struct cs_buf *buf, size_t at)
{
    return (unsigned char)buf->ptr[at];
}

void cs_s2s_reader_free(struct cs_s2s_reader *reader)
{
    cs_buf_free(&reader->buf);
}

/* Moves bytes from the input until the frame has `len` of them. */
static bool fill(struct cs_s2s_reader *reader, struct cs_view *input, size_t len)
{
    size_t missing = len > reader->buf.len ? len - reader->buf.len : 0;
    size_t n = missing < input->len ? missing : input->len;
    cs_buf_add(&reader->buf, cs_view_of(input->ptr, n));
    *input = cs_view_of(input->ptr + n, input->len - n);
    return cs_buf_error(&reader->buf) == CS_OK && n == missing;
}

static size_t length_of(const struct cs_s2s_reader *reader)
{
    return (size_t)byte_at(&reader->buf, 0) << 16 | (size_t)byte_at(&reader->buf, 1) << 8 |
           byte_at(&reader->buf, 2);
}

/* Why a frame of that length and flag is not taken; NULL when it is. */
static const char *fault(const struct cs_s2s_reader *reader, size_t length, unsigned flag)
{
    if (flag & CS_S2S_COMPRESSION) {
        return "the frame is compressed, which was not offered";
    }
    if (flag & CS_S2S_TERMINAL && !reader->from_server) {
        return "only a server's frame may be terminal";
    }
    if (flag & CS_S2S_TERMINAL && length < FLAG_LEN + STATUS_LEN) {
        return "a terminal frame without a status";
    }
    return NULL;
}

static enum cs_s2s_step end(struct cs_s2s_reader *reader, struct cs_diag *diag, enum cs_err code,
                            const char *why)
{
    reader->bad = true;
    cs_buf_free(&reader->buf);
    (void)cs_fail(diag, code, reader->offset, "%s", why);
    return CS_S2S_BAD;
}

static enum cs_s2s_step bad(struct cs_s2s_reader *reader, struct cs_diag *diag, const char *why)
{
    return end(reader, diag, CS_ERR_SYNTAX, why);
}

static enum cs_s2s_step more(struct cs_s2s_reader *reader, struct cs_diag *diag)
{
    return cs_buf_error(&reader->buf) == CS_OK
               ? CS_S2S_MORE
               : end(reader, diag, CS_ERR_NO_MEMORY, "out of memory");
}

/* The frame that was handed out is done with. A long one gives its memory back. */
static void forget_frame(struct cs_s2s_reader *reader)
{
    reader->offset += reader->buf.len;
    reader->frame_out = false;
    if (reader->buf.cap > (size_t)64 * 1024) {
        cs_buf_free(&reader->buf);
    } else {
        cs_buf_clear(&reader->buf);
    }
}

enum cs_s2s_step cs_s2s_read(struct cs_s2s_reader *reader, struct cs_view *input,
                             struct cs_s2s_frame *ret_frame, struct cs_diag *diag)
{
    if (reader->bad) {
        return bad(reader, diag, "the stream is broken");
    }
    if (reader->frame_out) {
        forget_frame(reader);
    }
    reader->buf.max = CS_S2S_PREFIX_LEN + CS_S2S_LENGTH_MAX;
    if (!fill(reader, input, CS_S2S_PREFIX_LEN)) {
        return more(reader, diag);
    }
    size_t length = length_of(reader);
    if (length == 0 || length > CS_S2S_LENGTH_MAX) {
        return bad(reader, diag, length == 0 ? "a frame of length 0" : "a frame over 2 MiB");
    }
    /* The flag is judged before the payload is kept. */
    if (!fill(reader, input, CS_S2S_PREFIX_LEN + FLAG_LEN)) {
        return more(reader, diag);
    }
    unsigned flag = byte_at(&reader->buf, CS_S2S_PREFIX_LEN);
    const char *why = fault(reader, length, flag);
    if (why != NULL) {
        return bad(reader, diag, why);
    }
    if (!fill(reader, input, CS_S2S_PREFIX_LEN + length)) {
        return more(reader, diag);
    }
    const size_t start = CS_S2S_PREFIX_LEN + FLAG_LEN;
    size_t skipped = flag & CS_S2S_TERMINAL ? STATUS_LEN : 0;
    *ret_frame = (struct cs_s2s_frame){
        .flag = flag,
        .status = skipped == 0
                      ? 0
                      : (int)(byte_at(&reader->buf, start) << 8 | byte_at(&reader->buf, start + 1)),
        .payload = cs_view_of(reader->buf.ptr + start + skipped, length - FLAG_LEN - skipped),
    };
    reader->frame_out = true;
    reader->n_frames++;
    return CS_S2S_FRAME;
}

bool cs_s2s_at_boundary(const struct cs_s2s_reader *reader)
{
    return !reader->bad && (reader->buf.len == 0 || reader->frame_out);
}

/* Length and flag of a frame with so many bytes of payload. */
static bool put_start(struct cs_buf *out, unsigned flag, size_t payload_len)
{
    if (payload_len > CS_S2S_LENGTH_MAX - FLAG_LEN) {
        if (out->failed == CS_OK) {
            out->failed = CS_ERR_LIMIT;
        }
        return false;
    }
    size_t length = payload_len + FLAG_LEN;
    cs_buf_char(out, (char)(length >> 16));
    cs_buf_char(out, (char)(length >> 8));
    cs_buf_char(out, (char)length);
    cs_buf_char(out, (char)flag);
    return true;
}

void cs_s2s_put(struct cs_buf *out, unsigned flag, struct cs_view payload)
{
    if (put_start(out, flag, payload.len)) {
        cs_buf_add(out, payload);
    }
}

void cs_s2s_put_terminal(struct cs_buf *out, int status, struct cs_view json)
{
    if (json.len < CS_S2S_LENGTH_MAX && put_start(out, CS_S2S_TERMINAL, json.len + STATUS_LEN)) {
        cs_buf_char(out, (char)((unsigned)status >> 8));
        cs_buf_char(out, (char)status);
        cs_buf_add(out, json);
    }
}
