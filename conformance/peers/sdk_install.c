#include "conformance/peers/sdk_install.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/peers/npm.h"

#define INSTALL_TIMEOUT_MS 600000
#define MIN_NODE_MAJOR     18

/* What the SDK needs beside itself: its chat entry does not load without `ai`, `zod` is a required
 * peer. Their majors are fixed so that a result does not depend on the day. */
#define AI_PACKAGE  CS_AI_PACKAGE "@6"
#define ZOD_PACKAGE "zod@4"

/* ---- the tools ---- */

/* Not npm, whose start takes as long as that of an adapter: it is asked for when it has something
 * to do, and what is installed needs it no more. */
enum cs_err cs_sdk_check_tools(struct cs_diag *diag)
{
    static const char *const node[] = {"node", "--version", NULL};
    struct cs_tool_run run;
    enum cs_err err = cs_tool_run(node, NULL, CS_NPM_ASK_MS, &run, diag);
    if (err == CS_ERR_MISSING) {
        cs_fail(diag, err, 0, "node was not found in PATH: install Node.js %d or later",
                MIN_NODE_MAJOR);
    } else if (err == CS_OK) {
        cs_buf_char(&run.out, '\0');
        unsigned long major =
            run.out.len > 1 && run.out.ptr[0] == 'v' ? strtoul(run.out.ptr + 1, NULL, 10) : 0;
        if (major < MIN_NODE_MAJOR) {
            err = cs_fail(diag, CS_ERR_MISSING, 0, "node is too old (%.*s): install %d or later",
                          CS_VIEW_ARG(cs_view_of(run.out.ptr, strcspn(run.out.ptr, "\n"))),
                          MIN_NODE_MAJOR);
        }
    }
    cs_tool_free(&run);
    return err;
}

/* ---- installing ---- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void cs_remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

enum cs_err cs_make_folders(const char *path, struct cs_diag *diag)
{
    char *copy = strdup(path);
    if (!copy) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    bool made = true;
    for (char *at = copy + 1; made && *at; at++) {
        if (*at == '/') {
            *at = '\0';
            made = mkdir(copy, 0777) == 0 || errno == EEXIST;
            *at = '/';
        }
    }
    made = made && (mkdir(copy, 0777) == 0 || errno == EEXIST);
    int why = errno;
    free(copy);
    return made ? CS_OK : cs_fail(diag, CS_ERR_IO, 0, "%s: %s", path, strerror(why));
}

static bool is_installed(const char *folder)
{
    char path[4096];
    int len =
        snprintf(path, sizeof path, "%s/node_modules/%s/package.json", folder, CS_SDK_PACKAGE);
    return len > 0 && (size_t)len < sizeof path && access(path, R_OK) == 0;
}

/* Pinned for all who use it: what reads the events is then the same wherever npm puts it. */
static enum cs_err write_manifest(const char *folder, const struct cs_sdk_choice *choice,
                                  struct cs_diag *diag)
{
    char path[CS_SDK_MAX_PATH];
    int len = snprintf(path, sizeof path, "%s/package.json", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: the path is too long", folder);
    }
    FILE *file = fopen(path, "we");
    bool written =
        file &&
        (choice->parser[0] ? fprintf(file, "{\"private\":true,\"overrides\":{\"%s\":\"%s\"}}\n",
                                     CS_PARSER_PACKAGE, choice->parser)
                           : fputs("{\"private\":true}\n", file)) >= 0;
    if (!file || fclose(file) != 0 || !written) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", path, strerror(errno));
    }
    return CS_OK;
}

/* Old versions of npm pass over what they do not know, a pinned version too. */
static enum cs_err check_parser(const char *folder, const struct cs_sdk_choice *choice,
                                struct cs_diag *diag)
{
    char path[CS_SDK_MAX_PATH];
    char text[65536];
    if (!choice->parser[0]) {
        return CS_OK;
    }
    int len =
        snprintf(path, sizeof path, "%s/node_modules/%s/package.json", folder, CS_PARSER_PACKAGE);
    FILE *file = len > 0 && (size_t)len < sizeof path ? fopen(path, "re") : NULL;
    if (!file) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "%s %s does not use %s", CS_SDK_PACKAGE,
                       choice->exact, CS_PARSER_PACKAGE);
    }
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    cJSON *manifest = cJSON_ParseWithLength(text, n);
    const char *version =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(manifest, "version"));
    bool same = version && strcmp(version, choice->parser) == 0;
    enum cs_err err =
        same ? CS_OK
             : cs_fail(diag, CS_ERR_IO, 0, "npm took %s %.40s instead of %s", CS_PARSER_PACKAGE,
                       version ? version : "of some version", choice->parser);
    cJSON_Delete(manifest);
    return err;
}

static enum cs_err fill(const char *folder, const struct cs_sdk_choice *choice,
                        struct cs_diag *diag)
{
    enum cs_err err = write_manifest(folder, choice, diag);
    if (err != CS_OK) {
        return err;
    }
    char ai[sizeof CS_AI_PACKAGE + 1 + CS_SDK_MAX_VERSION] = AI_PACKAGE;
    if (choice->ai[0]) {
        snprintf(ai, sizeof ai, "%s@%s", CS_AI_PACKAGE, choice->ai);
    }
    const char *const argv[] = {"npm",
                                "install",
                                "--ignore-scripts",
                                "--no-audit",
                                "--no-fund",
                                "--save-exact",
                                CS_NPM_OPTIONS,
                                choice->package,
                                ai,
                                ZOD_PACKAGE,
                                NULL};
    struct cs_tool_run run;
    err = cs_npm_run(argv, folder, INSTALL_TIMEOUT_MS, choice->what, &run, diag);
    cs_tool_free(&run);
    if (err == CS_OK && !is_installed(folder)) {
        err = cs_fail(diag, CS_ERR_IO, 0, "npm succeeded and %s is not there", CS_SDK_PACKAGE);
    }
    return err == CS_OK ? check_parser(folder, choice, diag) : err;
}

/* Installed beside its place and then moved there, so that a folder is complete or not there; two
 * at once come to the same. */
enum cs_err cs_sdk_install(const struct cs_sdk_choice *choice, const char *cache_dir,
                           const char *folder, struct cs_diag *diag)
{
    if (is_installed(folder)) {
        return CS_OK;
    }
    enum cs_err err = cs_make_folders(cache_dir, diag);
    if (err != CS_OK) {
        return err;
    }
    char temporary[4096];
    int len = snprintf(temporary, sizeof temporary, "%s/.%s-XXXXXX", cache_dir, choice->key);
    if (len < 0 || (size_t)len >= sizeof temporary - 64) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "the path of the cache is too long");
    }
    if (!mkdtemp(temporary)) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", temporary, strerror(errno));
    }
    err = fill(temporary, choice, diag);
    if (err == CS_OK && rename(temporary, folder) != 0 && !is_installed(folder)) {
        err = cs_fail(diag, CS_ERR_IO, 0, "%s: %s", folder, strerror(errno));
    }
    cs_remove_tree(temporary); /* nothing is left of it when it was moved */
    return err;
}
