#include "conformance/decode/seeds.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/decode/vectors.h"

#define STREAM_MAX ((size_t)1024 * 1024)

/* Targets whose inputs are a stream behind some bytes of configuration (fuzz/fuzz_TARGET.c). */
static const struct {
    const char *target;
    size_t config_bytes;
} targets[] = {{"sse", 5}, {"reader", 7}};
static const char *const parts[] = {"seeds", "found", "regressions"};

static void keep(struct cs_seeds *seeds, struct cs_view stream)
{
    if (seeds->n < CS_SEEDS_MAX && stream.len > 0) {
        struct cs_buf *seed = &seeds->streams[seeds->n++];

        seed->max = STREAM_MAX;
        cs_buf_add(seed, stream);
    }
}

static void keep_vector(const struct cs_vector *vector, void *context)
{
    keep(context, vector->stream);
}

static void keep_file(struct cs_seeds *seeds, const char *folder, const char *name,
                      size_t config_bytes)
{
    char path[4096];
    char bytes[65536];
    FILE *file;
    size_t n;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (n > config_bytes) {
        keep(seeds, cs_view_of(bytes + config_bytes, n - config_bytes));
    }
    if (file) {
        (void)fclose(file);
    }
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of names, so that a seed number means the same run everywhere. */
static void keep_folder(struct cs_seeds *seeds, const char *folder, size_t config_bytes)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, visible, alphasort);

    for (int i = 0; i < n; i++) {
        keep_file(seeds, folder, entries[i]->d_name, config_bytes);
        free(entries[i]);
    }
    free(entries);
}

enum cs_err cs_seeds_load(const char *corpus, struct cs_seeds *ret_seeds, struct cs_diag *diag)
{
    char folder[2048];

    ret_seeds->n = 0;
    for (size_t t = 0; corpus && t < sizeof targets / sizeof targets[0]; t++) {
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            (void)snprintf(folder, sizeof folder, "%s/%s/%s", corpus, targets[t].target, parts[p]);
            keep_folder(ret_seeds, folder, targets[t].config_bytes);
        }
    }
    return cs_vectors_each(keep_vector, ret_seeds, diag);
}

void cs_seeds_free(struct cs_seeds *seeds)
{
    for (size_t i = 0; i < seeds->n; i++) {
        cs_buf_free(&seeds->streams[i]);
    }
    seeds->n = 0;
}
