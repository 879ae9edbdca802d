/* S2S: the frames of an S2 session inside an HTTP/2 stream.
 *
 *   3 bytes  length, big-endian: of what follows, flag byte and payload
 *   1 byte   flag: 0x80 terminal, 0x60 compression, 0x10 reconnect advised, 0x0f zero
 *   n bytes  payload; of a terminal frame a 2-byte big-endian status and JSON
 *
 * Frames and HTTP/2's DATA frames do not line up, so the reader takes bytes as they come.
 */
#ifndef CHATSPEC_WIRE_S2S_H
#define CHATSPEC_WIRE_S2S_H

#include "wire/bytes.h"

#define CS_S2S_LENGTH_MAX ((size_t)2097152) /* flag and payload */
#define CS_S2S_PREFIX_LEN ((size_t)3)       /* the length itself */

enum {
    CS_S2S_TERMINAL = 0x80,
    CS_S2S_COMPRESSION = 0x60,
    CS_S2S_RECONNECT = 0x10,
    CS_S2S_ZERO = 0x0f
};

struct cs_s2s_frame {
    unsigned flag;
    int status;             /* of a terminal frame, else 0 */
    struct cs_view payload; /* without a terminal frame's status */
};

enum cs_s2s_step {
    CS_S2S_MORE,  /* all input used */
    CS_S2S_FRAME, /* a frame; call again with the rest of the input */
    CS_S2S_BAD    /* final; diag says why, with the offset in the whole stream: CS_ERR_SYNTAX, or
                     CS_ERR_NO_MEMORY, which is no fault of the stream */
};

/* A zeroed struct is ready. Holds at most one frame. */
struct cs_s2s_reader {
    struct cs_buf buf; /* of the frame under way */
    size_t n_frames;
    uint64_t offset;  /* of that frame in the stream */
    bool from_server; /* the frames are a server's: these may be terminal */
    bool frame_out;   /* the frame in `buf` was handed out */
    bool bad;
};

void cs_s2s_reader_free(struct cs_s2s_reader *reader);
/* Takes from the front of `input`. The frame's payload lives until the next call. Bad are: a length
 * of 0 or over 2 MiB, compression (nobody here offers it), from a client a terminal frame, and a
 * terminal frame shorter than its status. As the real store does, other bits of the flag are left
 * to the caller to judge. */
CS_MUST_USE enum cs_s2s_step cs_s2s_read(struct cs_s2s_reader *reader, struct cs_view *input,
                                         struct cs_s2s_frame *ret_frame, struct cs_diag *diag);
/* No frame is under way: the stream may end here. */
bool cs_s2s_at_boundary(const struct cs_s2s_reader *reader);

/* Appends a frame; marks `out` failed (CS_ERR_LIMIT) when it is too long. */
void cs_s2s_put(struct cs_buf *out, unsigned flag, struct cs_view payload);
/* Appends a terminal frame. */
void cs_s2s_put_terminal(struct cs_buf *out, int status, struct cs_view json);

#endif
