#include "peer/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Our program's folder; NULL when the system does not tell. */
static char *own_folder(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0) {
        return NULL;
    }
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path)) : NULL;
}

/* "OWN FOLDER/relative/name". */
static char *from_here(const char *relative, const char *name)
{
    char *folder = own_folder();
    char *path = NULL;
    if (folder && asprintf(&path, "%s/%s/%s", folder, relative, name) < 0) {
        path = NULL;
    }
    free(folder);
    return path;
}

bool cs_place_is_installed(void)
{
    char *peers = from_here(CHATSPEC_TO_SHARED, "peers");
    bool there = peers && access(peers, R_OK) == 0;
    free(peers);
    return there;
}

char *cs_place_program(const char *name)
{
    char *beside = from_here(".", name);
    if (beside && access(beside, X_OK) != 0 && cs_place_is_installed()) {
        free(beside);
        return from_here(CHATSPEC_TO_PROGRAMS, name);
    }
    return beside;
}

char *cs_place_shared(const char *name)
{
    return cs_place_is_installed() ? from_here(CHATSPEC_TO_SHARED, name) : NULL;
}

const char *cs_place_called(void)
{
    const char *launcher = getenv("CHATSPEC_CALLED");
    if (cs_place_is_installed()) {
        return "chatspec";
    }
    return launcher && launcher[0] ? launcher : "./chatspec";
}
