#include "cli/serve_scenario.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "suite/nearest.h"

/* Bytes of the file, one more than allowed at most: the reader then says that it is too large. */
static bool read_bytes(const char *path, struct cs_buf *out, struct cs_buf *why)
{
    char piece[8192];
    FILE *file = fopen(path, "rbe");
    size_t n = 1;
    while (file && n > 0 && out->len <= CS_SCENARIO_FILE_MAX) {
        n = fread(piece, 1, sizeof piece, file);
        cs_buf_append(out, piece, n);
    }
    bool ok = file && !ferror(file) && cs_buf_error(out) == CS_OK;
    if (!ok) {
        cs_buf_str(why, strerror(errno));
    }
    if (file) {
        fclose(file);
    }
    return ok;
}

static const struct cs_shipped_scenario *find_shipped(const char *name)
{
    const struct cs_shipped_scenario *row = cs_shipped_scenarios;
    while (row->name && strcmp(row->name, name) != 0) {
        row++;
    }
    return row->name ? row : NULL;
}

/* The scenario as it stands now, or NULL with why. */
static struct cs_scenario *load(const struct cs_serve_scenario *serve, struct cs_buf *why)
{
    struct cs_scenario *scenario = NULL;
    struct cs_buf bytes = CS_BUF(CS_SCENARIO_FILE_MAX + 8192 + 1);
    enum cs_err err = CS_ERR_IO;
    if (!serve->path) {
        err = cs_scenario_read(find_shipped(serve->name)->text(), &scenario, why);
    } else if (read_bytes(serve->path, &bytes, why)) {
        err = cs_scenario_read(cs_buf_view(&bytes), &scenario, why);
    }
    cs_buf_free(&bytes);
    return err == CS_OK ? scenario : NULL;
}

/* The rules of the command line first: the first whose turn it is decides. */
static bool gather_faults(const struct cs_args *args, const struct cs_scenario *scenario,
                          const char ***ret_faults, size_t *ret_n)
{
    size_t n_more = scenario ? cs_scenario_n_faults(scenario) : 0;
    const char **faults = calloc(args->fault.n + n_more + 1, sizeof(*faults));
    if (!faults) {
        return false;
    }
    for (size_t i = 0; i < args->fault.n; i++) {
        faults[i] = args->fault.items[i];
    }
    for (size_t i = 0; i < n_more; i++) {
        faults[args->fault.n + i] = cs_scenario_fault(scenario, i);
    }
    *ret_faults = faults;
    *ret_n = args->fault.n + n_more;
    return true;
}

static int unknown_name(const char *name)
{
    const char *names[16];
    const char *nearest[CS_NEAREST_MAX];
    size_t n = 0;
    while (cs_shipped_scenarios[n].name && n < sizeof(names) / sizeof(names[0])) {
        names[n] = cs_shipped_scenarios[n].name;
        n++;
    }
    size_t n_near = cs_nearest(names, n, name, nearest);
    return cs_say(CS_EXIT_USAGE,
                  n_near > 0 ? "--scenario: there is no '%s'; nearest: %s"
                             : "--scenario: there is no file '%s' and no scenario of that name; "
                               "--scenario help lists them%s",
                  name, n_near > 0 ? nearest[0] : "");
}

int cs_serve_scenario_read(const struct cs_args *args, struct cs_serve_scenario *ret_serve)
{
    struct cs_serve_scenario *serve = ret_serve;
    struct cs_buf why = CS_BUF((size_t)4096);
    serve->args = args;
    serve->name = args->scenario;
    if (serve->name && !find_shipped(serve->name)) {
        if (access(serve->name, F_OK) != 0 && !strchr(serve->name, '/') &&
            !strstr(serve->name, ".json")) {
            return unknown_name(serve->name);
        }
        serve->path = strdup(serve->name);
    }
    if (serve->name) {
        serve->scenario = load(serve, &why);
        if (!serve->scenario) {
            int status = cs_say(CS_EXIT_USAGE, "--scenario %s: %.*s", serve->name,
                                CS_VIEW_ARG(cs_buf_view(&why)));
            cs_buf_free(&why);
            return status;
        }
    }
    cs_buf_free(&why);
    return gather_faults(args, serve->scenario, &serve->faults, &serve->n_faults)
               ? CS_EXIT_OK
               : cs_say(CS_EXIT_TROUBLE, "out of memory");
}

void cs_serve_scenario_free(struct cs_serve_scenario *serve)
{
    if (serve->watch.fd >= 0) {
        cs_watch_remove(serve->loop, &serve->watch);
        close(serve->watch.fd);
    }
    cs_scenario_free(serve->scenario);
    free(serve->faults);
    free(serve->path);
}

static void put_in_place(struct cs_serve_scenario *serve, struct cs_scenario *scenario)
{
    struct cs_diag diag = {0};
    const char **faults = NULL;
    size_t n = 0;
    if (!gather_faults(serve->args, scenario, &faults, &n)) {
        cs_scenario_free(scenario);
        (void)cs_say(CS_EXIT_TROUBLE, "%s: out of memory; the scenario before stays", serve->name);
        return;
    }
    cs_endpoint_clear_faults(serve->endpoint);
    for (size_t i = 0; i < n; i++) {
        if (cs_endpoint_fault(serve->endpoint, faults[i], &diag) != CS_OK) {
            (void)cs_say(CS_EXIT_TROUBLE, "%s: '%s': %s", serve->name, faults[i], diag.text);
        }
    }
    cs_endpoint_scenario(serve->endpoint, scenario);
    cs_scenario_free(serve->scenario);
    free(serve->faults);
    serve->scenario = scenario;
    serve->faults = faults;
    serve->n_faults = n;
    (void)cs_say(CS_EXIT_OK, "%s: read again: %s", serve->name, cs_scenario_about(scenario));
}

void cs_serve_scenario_again(struct cs_serve_scenario *serve)
{
    struct cs_buf why = CS_BUF((size_t)4096);
    struct cs_scenario *scenario = serve->name ? load(serve, &why) : NULL;
    if (scenario) {
        put_in_place(serve, scenario);
    } else if (serve->name) {
        (void)cs_say(CS_EXIT_OK, "%s: %.*s; the scenario before stays", serve->name,
                     CS_VIEW_ARG(cs_buf_view(&why)));
    }
    cs_buf_free(&why);
}

/* Editors write a file anew or move another into its place, so its folder is watched. */
static void on_change(struct cs_watch *watch, uint32_t events)
{
    struct cs_serve_scenario *serve = (struct cs_serve_scenario *)watch;
    _Alignas(struct inotify_event) char bytes[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool is_ours = false;
    ssize_t len;
    (void)events;
    const char *slash = strrchr(serve->path, '/');
    const char *name = slash ? slash + 1 : serve->path;
    while ((len = read(watch->fd, bytes, sizeof bytes)) > 0) {
        for (char *at = bytes; at < bytes + len;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            is_ours = is_ours || (event->len > 0 && strcmp(event->name, name) == 0);
            at += sizeof(*event) + event->len;
        }
    }
    if (is_ours) {
        cs_serve_scenario_again(serve);
    }
}

void cs_serve_scenario_follow(struct cs_serve_scenario *serve, struct cs_loop *loop,
                              struct cs_endpoint *endpoint)
{
    serve->loop = loop;
    serve->endpoint = endpoint;
    char *copy = serve->path ? strdup(serve->path) : NULL;
    if (!copy) {
        return;
    }
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    struct cs_watch watch = {.fd = fd, .events = EPOLLIN, .ready = on_change};
    serve->watch = watch;
    if (fd < 0 || inotify_add_watch(fd, dirname(copy), IN_CLOSE_WRITE | IN_MOVED_TO) < 0 ||
        cs_watch_add(loop, &serve->watch) != CS_OK) {
        (void)cs_say(CS_EXIT_OK, "%s is not watched for changes: %s; SIGHUP reads it again",
                     serve->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        serve->watch.fd = -1;
    }
    free(copy);
}

void cs_serve_scenario_list(FILE *out)
{
    for (const struct cs_shipped_scenario *row = cs_shipped_scenarios; row->name; row++) {
        struct cs_scenario *scenario = NULL;
        struct cs_buf why = CS_BUF((size_t)4096);
        if (cs_scenario_read(row->text(), &scenario, &why) == CS_OK) {
            fprintf(out, "%-17s %s\n", row->name, cs_scenario_about(scenario));
        }
        cs_scenario_free(scenario);
        cs_buf_free(&why);
    }
}
