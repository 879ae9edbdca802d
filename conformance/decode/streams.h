/* The streams in files and folders, the corpus of our own targets among them. */
#ifndef CHATSPEC_DECODE_STREAMS_H
#define CHATSPEC_DECODE_STREAMS_H

#include "wire/bytes.h"

/* Calls `each` for the stream in a file, or for those in all files of a folder and below it, in the
 * order of their names; `each` returns false to end. Files below a folder that is named as one of
 * our fuzz targets are inputs of it: those of `sse` and `reader` have their configuration cut off,
 * one of `twin` gives the two streams that it stands for, with its defect and without. Errors:
 * CS_ERR_MISSING, CS_ERR_IO, CS_ERR_LIMIT (over 64 MiB), CS_ERR_NO_MEMORY. */
typedef bool cs_streams_each_fn(const char *path, struct cs_view stream, void *context);
CS_MUST_USE enum cs_err cs_streams_each(const char *path, cs_streams_each_fn *each, void *context,
                                        struct cs_diag *diag);

/* What an input of the target `twin` stands for (twin.c). */
CS_MUST_USE enum cs_err cs_twin_stream(struct cs_view input, bool broken, struct cs_buf *out);

#endif
