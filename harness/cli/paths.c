#include "cli/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/options.h"
#include "peer/place.h"

/* "FOLDER/NAME", made if it is not there; NULL after saying why. */
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

/* A variable that is set to something. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static char *user_cache(void)
{
    const char *cache = variable("XDG_CACHE_HOME");
    const char *home = variable("HOME");
    if (cache && cache[0] == '/') { /* the rule: a relative one is to be passed over */
        if (mkdir(cache, 0700) != 0 && errno != EEXIST) {
            (void)cs_say(CS_EXIT_TROUBLE, "%s cannot be made: %s", cache, strerror(errno));
            return NULL;
        }
        return make(cache, "chatspec");
    }
    if (!home) {
        (void)cs_say(CS_EXIT_TROUBLE, "no place for downloads: set HOME or XDG_CACHE_HOME");
        return NULL;
    }
    char *folder = make(home, ".cache");
    char *path = folder ? make(folder, "chatspec") : NULL;
    free(folder);
    return path;
}

static char *installed_folder(const char *name)
{
    if (strcmp(name, "reports") == 0) {
        return make(".", "chatspec-reports");
    }
    char *cache = user_cache();
    char *path = cache ? make(cache, name) : NULL;
    free(cache);
    return path;
}

char *cs_build_folder(const char *name)
{
    const char *home = variable("CHATSPEC_HOME");
    if (!home && cs_place_is_installed()) {
        return installed_folder(name);
    }
    char *build = make(home ? home : ".", "build");
    char *path = build ? make(build, name) : NULL;
    free(build);
    return path;
}

char *cs_source_path(const char *name)
{
    const char *home = variable("CHATSPEC_HOME");
    char *path = home ? NULL : cs_place_shared(name);
    if (path) {
        return path;
    }
    struct cs_buf text = CS_BUF(4096);
    cs_buf_printf(&text, "%s/%s", home ? home : ".", name);
    return cs_buf_take(&text);
}
