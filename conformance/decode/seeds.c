#include "conformance/decode/seeds.h"

#include <stdlib.h>

#include "conformance/decode/streams.h"
#include "conformance/decode/vectors.h"

#define STREAM_MAX ((size_t)1024 * 1024)
#define FILE_MAX   ((size_t)64 * 1024) /* longer ones only slow a run down */

struct keeping {
    struct cs_seeds *seeds;
    enum cs_err err;
};

static void keep(struct keeping *keeping, struct cs_view stream)
{
    struct cs_seeds *seeds = keeping->seeds;
    size_t n = seeds->n;

    if (keeping->err || stream.len == 0) {
        return;
    }
    if ((n & (n - 1)) == 0) { /* room for twice as many */
        struct cs_buf *more = realloc(seeds->streams, (n ? n * 2 : 1) * sizeof *more);
        if (!more) {
            keeping->err = CS_ERR_NO_MEMORY;
            return;
        }
        seeds->streams = more;
    }
    seeds->streams[n] = CS_BUF(STREAM_MAX);
    seeds->n++;
    cs_buf_add(&seeds->streams[n], stream);
    keeping->err = cs_buf_error(&seeds->streams[n]);
}

static void keep_vector(const struct cs_vector *vector, void *context)
{
    keep(context, vector->stream);
}

static bool keep_file(const char *path, struct cs_view stream, void *context)
{
    struct keeping *keeping = context;

    (void)path;
    if (stream.len <= FILE_MAX) {
        keep(keeping, stream);
    }
    return keeping->err == CS_OK;
}

enum cs_err cs_seeds_load(const char *const *paths, struct cs_seeds *ret_seeds,
                          struct cs_diag *diag)
{
    struct keeping keeping = {.seeds = ret_seeds, .err = CS_OK};
    enum cs_err err = CS_OK;

    *ret_seeds = (struct cs_seeds){.streams = NULL};
    for (const char *const *path = paths; path && *path && !err; path++) {
        err = cs_streams_each(*path, keep_file, &keeping, diag);
        err = err == CS_ERR_MISSING ? CS_OK : err; /* files of a fuzz run may vanish meanwhile */
    }
    ret_seeds->n_files = ret_seeds->n;
    err = err ? err : cs_vectors_each(keep_vector, &keeping, diag);
    return err ? err : keeping.err;
}

void cs_seeds_free(struct cs_seeds *seeds)
{
    for (size_t i = 0; i < seeds->n; i++) {
        cs_buf_free(&seeds->streams[i]);
    }
    free(seeds->streams);
    *seeds = (struct cs_seeds){.streams = NULL};
}
