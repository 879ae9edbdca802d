#include "reports/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cs_err open_failed(struct cs_diag *diag, const char *path, int error)
{
    return cs_fail(diag, CS_ERR_IO, 0, "%.100s cannot be written: %s", path, strerror(error));
}

static void forget(struct cs_output_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct cs_output_file){.fd = -1};
}

enum cs_err cs_output_file_open(const char *path, struct cs_output_file *ret_file,
                                struct cs_diag *diag)
{
    struct stat there;
    struct cs_output_file file = {.path = strdup(path), .fd = -1};
    if (!file.path) {
        return CS_ERR_NO_MEMORY;
    }
    bool exists = stat(path, &there) == 0;
    if (exists && S_ISDIR(there.st_mode)) {
        forget(&file);
        return open_failed(diag, path, EISDIR);
    }
    if (exists && !S_ISREG(there.st_mode)) {
        file.fd = open(path, O_WRONLY | O_CLOEXEC);
    } else if (asprintf(&file.temporary, "%s.XXXXXX", path) < 0) {
        file.temporary = NULL;
        errno = ENOMEM;
    } else {
        file.fd = mkostemp(file.temporary, O_CLOEXEC);
    }
    if (file.fd < 0) {
        int error = errno;
        forget(&file);
        return open_failed(diag, path, error);
    }
    *ret_file = file;
    return CS_OK;
}

enum cs_err cs_output_file_append(const char *path, struct cs_output_file *ret_file,
                                  struct cs_diag *diag)
{
    struct cs_output_file file = {.path = strdup(path), .fd = -1};
    if (!file.path) {
        return CS_ERR_NO_MEMORY;
    }
    file.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file.fd < 0) {
        int error = errno;
        forget(&file);
        return open_failed(diag, path, error);
    }
    file.goes_on = lseek(file.fd, 0, SEEK_END) > 0;
    *ret_file = file;
    return CS_OK;
}

static bool write_all(int fd, struct cs_view bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
        }
    }
    return true;
}

/* mkostemp makes files for their owner alone; a report is an ordinary file. */
static bool publish(const struct cs_output_file *file)
{
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(file->fd, 0666 & ~mask) == 0 && rename(file->temporary, file->path) == 0;
}

enum cs_err cs_output_file_commit(struct cs_output_file *file, struct cs_view bytes,
                                  struct cs_diag *diag)
{
    bool good = (!file->goes_on || write_all(file->fd, CS_VIEW("\n"))) &&
                write_all(file->fd, bytes) && (!file->temporary || publish(file));
    int error = errno;
    if (good) {
        close(file->fd);
        forget(file);
        return CS_OK;
    }
    (void)open_failed(diag, file->path, error);
    cs_output_file_abandon(file);
    return CS_ERR_IO;
}

void cs_output_file_abandon(struct cs_output_file *file)
{
    if (!file->path) {
        return;
    }
    close(file->fd);
    if (file->temporary) {
        unlink(file->temporary);
    }
    forget(file);
}
