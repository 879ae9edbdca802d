#include "conformance/decode/streams.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX  ((size_t)64 * 1024 * 1024)
#define MAX_DEPTH 16

enum target {
    NO_TARGET,
    TARGET_SSE,
    TARGET_READER,
    TARGET_TWIN
};

struct walk {
    cs_streams_each_fn *each;
    void *context;
    struct cs_diag *diag;
    bool ended;
};

/* Bytes of configuration before the stream: fuzz/fuzz_sse.c, fuzz/fuzz_reader.c. */
static const size_t configuration[] = {[TARGET_SSE] = 5, [TARGET_READER] = 7, [TARGET_TWIN] = 0};

static enum target target_of(const char *path, enum target above)
{
    static const char *const names[] = {
        [TARGET_SSE] = "sse", [TARGET_READER] = "reader", [TARGET_TWIN] = "twin"};
    const char *rest = path;

    for (; *rest; rest += strcspn(rest, "/"), rest += *rest == '/') {
        size_t len = strcspn(rest, "/");
        for (enum target i = TARGET_SSE; i <= TARGET_TWIN; i++) {
            if (len == strlen(names[i]) && strncmp(rest, names[i], len) == 0) {
                above = i;
            }
        }
    }
    return above;
}

static enum cs_err give_twins(struct walk *walk, const char *path, struct cs_view input)
{
    enum cs_err err = CS_OK;

    for (int broken = 0; broken < 2 && !err && !walk->ended; broken++) {
        struct cs_buf stream = CS_BUF(FILE_MAX);

        err = cs_twin_stream(input, broken, &stream);
        if (!err) {
            walk->ended = !walk->each(path, cs_buf_view(&stream), walk->context);
        }
        cs_buf_free(&stream);
    }
    return err;
}

static enum cs_err give_file(struct walk *walk, const char *path, enum target target)
{
    struct cs_buf bytes = CS_BUF(FILE_MAX);
    FILE *file = fopen(path, "rb");
    char chunk[65536];
    size_t n;
    enum cs_err err;

    if (!file) {
        return cs_fail(walk->diag, CS_ERR_MISSING, 0, "%.150s: %s", path, strerror(errno));
    }
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        cs_buf_append(&bytes, chunk, n);
    }
    err = ferror(file) ? CS_ERR_IO : cs_buf_error(&bytes);
    (void)fclose(file);
    if (err) {
        err = cs_fail(walk->diag, err, 0, "%.150s cannot be read, or is over 64 MiB", path);
    } else if (target == TARGET_TWIN) {
        err = give_twins(walk, path, cs_buf_view(&bytes));
    } else {
        struct cs_view stream = cs_buf_view(&bytes);
        size_t before = target == NO_TARGET ? 0 : configuration[target];

        before = before < stream.len ? before : stream.len;
        walk->ended = !walk->each(
            path, cs_view_of(stream.len > 0 ? stream.ptr + before : NULL, stream.len - before),
            walk->context);
    }
    cs_buf_free(&bytes);
    return err;
}

static enum cs_err visit(struct walk *walk, const char *path, enum target target, unsigned depth);

static enum cs_err visit_folder(struct walk *walk, const char *path, enum target target,
                                unsigned depth)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort);
    enum cs_err err = CS_OK;

    if (n < 0) {
        return cs_fail(walk->diag, CS_ERR_IO, 0, "%.150s: %s", path, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        char *below = NULL;

        if (entries[i]->d_name[0] != '.' && !err && !walk->ended) {
            err = asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0
                      ? CS_ERR_NO_MEMORY
                      : visit(walk, below, target_of(entries[i]->d_name, target), depth + 1);
            free(below);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

static enum cs_err visit(struct walk *walk, const char *path, enum target target, unsigned depth)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return cs_fail(walk->diag, CS_ERR_MISSING, 0, "%.150s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return give_file(walk, path, target);
    }
    return depth < MAX_DEPTH ? visit_folder(walk, path, target, depth) : CS_OK;
}

enum cs_err cs_streams_each(const char *path, cs_streams_each_fn *each, void *context,
                            struct cs_diag *diag)
{
    struct walk walk = {.each = each, .context = context, .diag = diag};

    return visit(&walk, path, target_of(path, NO_TARGET), 0);
}
