#include "cli/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/options.h"

static char *make(const char *folder, const char *name)
{
    struct cs_buf text = CS_BUF(4096);
    cs_buf_printf(&text, "%s/%s", folder, name);
    char *path = cs_buf_take(&text);
    if (path && mkdir(path, 0777) != 0 && errno != EEXIST) {
        (void)cs_say(CS_EXIT_TROUBLE, "%s cannot be made: %s", path, strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}

const char *cs_home(void)
{
    const char *home = getenv("CHATSPEC_HOME");

    return home && home[0] ? home : ".";
}

char *cs_build_folder(const char *name)
{
    char *build = make(cs_home(), "build");
    char *path = build ? make(build, name) : NULL;
    free(build);
    return path;
}
