#include "conformance/peers/sdk_install.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/peers/tool.h"
#include "wire/version.h"

#define ASK_TIMEOUT_MS     60000
#define INSTALL_TIMEOUT_MS 600000
#define MIN_NODE_MAJOR     18
#define FIRST_WITH_CHAT    ((struct cs_version){4, 5, 0})

/* Few words, and an answer within seconds when there is no network: by itself npm tries for
 * minutes. */
#define NPM_OPTIONS \
    "--loglevel=error", "--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"

/* What the SDK needs beside itself: its chat entry does not load without `ai`, `zod` is a required
 * peer. Their majors are fixed so that a result does not depend on the day. */
#define AI_PACKAGE     "ai@6"
#define ZOD_PACKAGE    "zod@4"
#define LATEST_PACKAGE (CS_SDK_PACKAGE "@latest")

/* ---- the tools ---- */

enum cs_err cs_sdk_check_tools(struct cs_diag *diag)
{
    static const char *const node[] = {"node", "--version", NULL};
    static const char *const npm[] = {"npm", "--version", NULL};
    struct cs_tool_run run;
    enum cs_err err = cs_tool_run(node, NULL, ASK_TIMEOUT_MS, &run, diag);
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
    if (err != CS_OK) {
        return err;
    }
    err = cs_tool_run(npm, NULL, ASK_TIMEOUT_MS, &run, diag);
    cs_tool_free(&run);
    if (err == CS_ERR_MISSING) {
        cs_fail(diag, err, 0,
                "npm was not found in PATH: it comes with Node.js, or as the package npm");
    }
    return err;
}

static bool says_any(struct cs_view text, const char *const *words)
{
    for (; *words; words++) {
        if (cs_view_find(text, cs_view_str(*words)) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* One line for people out of a page of npm's. */
static enum cs_err explain(const struct cs_tool_run *run, const char *version, struct cs_diag *diag)
{
    static const char *const unknown[] = {"ETARGET", "E404", "No matching version", NULL};
    static const char *const offline[] = {
        "ENOTFOUND",   "EAI_AGAIN",    "ECONNREFUSED", "ECONNRESET",         "ETIMEDOUT",
        "ENETUNREACH", "EHOSTUNREACH", "ENOTCACHED",   "ERR_SOCKET_TIMEOUT", NULL};
    struct cs_view said = cs_buf_view(&run->err);
    if (says_any(said, unknown)) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "%s %s is not published", CS_SDK_PACKAGE, version);
    }
    if (says_any(said, offline)) {
        return cs_fail(diag, CS_ERR_CONNECT, 0,
                       "the package registry cannot be reached to get %s %s", CS_SDK_PACKAGE,
                       version);
    }
    size_t len = said.len > 0 ? strcspn(said.ptr, "\n") : 0;
    return cs_fail(diag, CS_ERR_IO, 0, "npm failed: %.*s", CS_VIEW_ARG(cs_view_of(said.ptr, len)));
}

/* Runs npm; what it printed stays in *run, which the caller frees in any case. */
static enum cs_err run_npm(const char *const *argv, const char *directory, int64_t timeout_ms,
                           const char *version, struct cs_tool_run *run, struct cs_diag *diag)
{
    enum cs_err err = cs_tool_run(argv, directory, timeout_ms, run, diag);
    if (err == CS_OK) {
        /* So that what it said can be read as a string. */
        cs_buf_char(&run->err, '\0');
        if (!cs_tool_succeeded(run)) {
            err = explain(run, version, diag);
        }
    }
    return err;
}

/* ---- versions ---- */

static bool is_version(const char *text)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+";
    size_t len = strlen(text);
    return len > 0 && len < CS_SDK_MAX_VERSION && text[0] >= '0' && text[0] <= '9' &&
           strchr(text, '.') && strspn(text, letters) == len;
}

/* Releases before chat are not even fetched; a prerelease may be anything, and its adapter tells.
 */
static bool is_before_chat(const char *text)
{
    struct cs_version version;
    return !strchr(text, '-') && cs_version_parse(text, &version) == CS_OK &&
           cs_version_compare(version, FIRST_WITH_CHAT) < 0;
}

enum cs_err cs_sdk_resolve(const char *version, char ret_exact[CS_SDK_MAX_VERSION],
                           struct cs_diag *diag)
{
    if (strcmp(version, "latest") != 0) {
        if (!is_version(version)) {
            return cs_fail(diag, CS_ERR_USAGE, 0,
                           "\"%.40s\" is not a version: give one like 4.8.3, or latest", version);
        }
        if (is_before_chat(version)) {
            return cs_fail(diag, CS_ERR_USAGE, 0,
                           "%s %s is older than its chat: that came with %u.%u.0", CS_SDK_PACKAGE,
                           version, FIRST_WITH_CHAT.major, FIRST_WITH_CHAT.minor);
        }
        snprintf(ret_exact, CS_SDK_MAX_VERSION, "%s", version);
        return CS_OK;
    }
    static const char *const argv[] = {"npm", "view", LATEST_PACKAGE, "version", NPM_OPTIONS, NULL};
    struct cs_tool_run run;
    enum cs_err err = run_npm(argv, NULL, ASK_TIMEOUT_MS, version, &run, diag);
    if (err == CS_ERR_TIMEOUT) {
        err = cs_fail(diag, CS_ERR_CONNECT, 0, "the package registry does not answer");
    } else if (err == CS_OK) {
        cs_buf_char(&run.out, '\0');
        char *said = run.out.ptr ? run.out.ptr : (char *)"";
        said[strcspn(said, "\n")] = '\0';
        if (is_version(said)) {
            snprintf(ret_exact, CS_SDK_MAX_VERSION, "%s", said);
        } else {
            err =
                cs_fail(diag, CS_ERR_IO, 0, "npm did not tell the latest version: \"%.40s\"", said);
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

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

static enum cs_err make_folders(const char *path, struct cs_diag *diag)
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

static enum cs_err write_manifest(const char *folder, struct cs_diag *diag)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/package.json", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: the path is too long", folder);
    }
    FILE *file = fopen(path, "we");
    bool written = file && fputs("{\"private\":true}\n", file) >= 0;
    if (!file || fclose(file) != 0 || !written) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", path, strerror(errno));
    }
    return CS_OK;
}

static enum cs_err fill(const char *folder, const char *exact, struct cs_diag *diag)
{
    enum cs_err err = write_manifest(folder, diag);
    if (err != CS_OK) {
        return err;
    }
    char package[CS_SDK_MAX_VERSION + sizeof CS_SDK_PACKAGE + 1];
    snprintf(package, sizeof package, "%s@%s", CS_SDK_PACKAGE, exact);
    const char *const argv[] = {
        "npm",       "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact",
        NPM_OPTIONS, package,   AI_PACKAGE,         ZOD_PACKAGE,  NULL};
    struct cs_tool_run run;
    err = run_npm(argv, folder, INSTALL_TIMEOUT_MS, exact, &run, diag);
    cs_tool_free(&run);
    if (err == CS_OK && !is_installed(folder)) {
        err = cs_fail(diag, CS_ERR_IO, 0, "npm succeeded and %s is not there", CS_SDK_PACKAGE);
    }
    return err;
}

/* Installed beside its place and then moved there, so that a folder is complete or not there; two
 * at once come to the same. */
enum cs_err cs_sdk_install(const char *exact, const char *cache_dir, const char *folder,
                           struct cs_diag *diag)
{
    if (is_installed(folder)) {
        return CS_OK;
    }
    enum cs_err err = make_folders(cache_dir, diag);
    if (err != CS_OK) {
        return err;
    }
    char temporary[4096];
    int len = snprintf(temporary, sizeof temporary, "%s/.%s-XXXXXX", cache_dir, exact);
    if (len < 0 || (size_t)len >= sizeof temporary - 64) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "the path of the cache is too long");
    }
    if (!mkdtemp(temporary)) {
        return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", temporary, strerror(errno));
    }
    err = fill(temporary, exact, diag);
    if (err == CS_OK && rename(temporary, folder) != 0 && !is_installed(folder)) {
        err = cs_fail(diag, CS_ERR_IO, 0, "%s: %s", folder, strerror(errno));
    }
    remove_tree(temporary); /* nothing is left of it when it was moved */
    return err;
}
