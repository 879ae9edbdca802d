/* Where an SDK comes from: a published version or tag, a packed file, or a folder. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/peers/npm.h"
#include "conformance/peers/sdk_install.h"
#include "wire/version.h"

#define FIRST_WITH_CHAT ((struct cs_version){4, 5, 0})
#define DIGEST_SHOWN    12 /* hex digits of a packed file's digest that tell it from others */
#define PACK_MS         120000

#define LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+_"

static bool is_word(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < CS_SDK_MAX_VERSION && strspn(text, LETTERS) == len;
}

static bool is_version(const char *text)
{
    return is_word(text) && text[0] >= '0' && text[0] <= '9' && strchr(text, '.');
}

/* A dist-tag may be any word that is no range of versions; "v4.8.3" and "x" are ranges to npm. */
static bool is_tag(const char *text)
{
    bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
    bool range = text[0] == '\0' || text[1] == '\0' ||
                 (text[0] == 'v' && strchr(LETTERS, text[1]) && text[1] >= '0' && text[1] <= '9');
    return letter && !range && is_word(text);
}

static bool is_path(const char *text)
{
    size_t len = strlen(text);
    return strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
           (len > 4 && strcmp(text + len - 4, ".tgz") == 0) ||
           (len > 7 && strcmp(text + len - 7, ".tar.gz") == 0);
}

/* Releases before chat are not even fetched; a prerelease may be anything, and its adapter tells.
 */
static bool is_before_chat(const char *text)
{
    struct cs_version version;
    return !strchr(text, '-') && cs_version_parse(text, &version) == CS_OK &&
           cs_version_compare(version, FIRST_WITH_CHAT) < 0;
}

/* The version that a tag of that package stands for now. */
static enum cs_err ask_tag(const char *package, const char *tag, char ret_exact[CS_SDK_MAX_VERSION],
                           struct cs_diag *diag)
{
    char asked[2 * CS_SDK_MAX_VERSION];
    char what[2 * CS_SDK_MAX_VERSION];
    snprintf(asked, sizeof asked, "%s@%s", package, tag);
    snprintf(what, sizeof what, "%s %s", package, tag);
    const char *const argv[] = {"npm", "view", asked, "version", CS_NPM_OPTIONS, NULL};
    struct cs_tool_run run;
    enum cs_err err = cs_npm_run(argv, NULL, CS_NPM_ASK_MS, what, &run, diag);
    if (err == CS_ERR_TIMEOUT) {
        err = cs_fail(diag, CS_ERR_CONNECT, 0, "the package registry does not answer");
    } else if (err == CS_OK) {
        char *said = run.out.ptr ? run.out.ptr : (char *)"";
        size_t len = strcspn(said, "\n");
        if (len < CS_SDK_MAX_VERSION) {
            snprintf(ret_exact, CS_SDK_MAX_VERSION, "%.*s", (int)len, said);
        }
        if (len >= CS_SDK_MAX_VERSION || !is_version(ret_exact)) {
            err = cs_fail(diag, CS_ERR_IO, 0, "npm did not tell the %s version: \"%.40s\"", tag,
                          said);
        }
    }
    cs_tool_free(&run);
    return err;
}

static enum cs_err old(const char *version, struct cs_diag *diag)
{
    return cs_fail(diag, CS_ERR_USAGE, 0, "%s %s is older than its chat: that came with %u.%u.0",
                   CS_SDK_PACKAGE, version, FIRST_WITH_CHAT.major, FIRST_WITH_CHAT.minor);
}

static enum cs_err resolve_published(const char *source, struct cs_sdk_choice *choice,
                                     struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    if (is_version(source)) {
        snprintf(choice->exact, sizeof choice->exact, "%s", source);
    } else if (is_tag(source)) {
        err = ask_tag(CS_SDK_PACKAGE, source, choice->exact, diag);
    } else {
        err = cs_fail(diag, CS_ERR_USAGE, 0,
                      "\"%.40s\" is not a version: give one like 4.8.3, a tag such as latest, a "
                      ".tgz or ./a-folder",
                      source);
    }
    if (err == CS_OK && is_before_chat(choice->exact)) {
        err = old(choice->exact, diag);
    }
    snprintf(choice->package, sizeof choice->package, "%s@%s", CS_SDK_PACKAGE, choice->exact);
    snprintf(choice->key, sizeof choice->key, "%s", choice->exact);
    return err;
}

/* ---- a file or folder ---- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* What npm says it has packed: a list of one, or an object of one by the package's name. */
static enum cs_err read_packed(const cJSON *document, const char *source,
                               struct cs_sdk_choice *choice, struct cs_diag *diag)
{
    const cJSON *packed = document ? document->child : NULL;
    const char *name = text_of(packed, "name");
    const char *version = text_of(packed, "version");
    const char *digest = text_of(packed, "shasum");
    const char *file = text_of(packed, "filename");
    if (!name[0] || !is_version(version) || strlen(digest) < DIGEST_SHOWN || !file[0]) {
        return cs_fail(diag, CS_ERR_IO, 0, "npm did not tell what %.80s holds", source);
    }
    if (strcmp(name, CS_SDK_PACKAGE) != 0) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "%.80s is the package %.60s and not %s", source, name,
                       CS_SDK_PACKAGE);
    }
    if (is_before_chat(version)) {
        return old(version, diag);
    }
    char *path;
    if (asprintf(&path, "%s/%s", choice->scratch, file) < 0) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    bool fits = strlen(path) < sizeof choice->package;
    snprintf(choice->package, sizeof choice->package, "%s", path);
    free(path);
    snprintf(choice->exact, sizeof choice->exact, "%s", version);
    snprintf(choice->key, sizeof choice->key, "%s-%.*s", version, DIGEST_SHOWN, digest);
    return fits ? CS_OK : cs_fail(diag, CS_ERR_LIMIT, 0, "the path of the cache is too long");
}

/* A folder is packed as its publisher would, without its scripts, so that what is tested is what
 * would be published; a packed file is copied. Either way its bytes are its key, and one that has
 * changed is installed anew. */
static enum cs_err resolve_path(const char *source, const char *cache_dir,
                                struct cs_sdk_choice *choice, struct cs_diag *diag)
{
    char *path = realpath(source, NULL);
    if (!path || access(path, R_OK) != 0) {
        enum cs_err err = cs_fail(diag, CS_ERR_USAGE, 0, "%.120s: %s", source, strerror(errno));
        free(path);
        return err;
    }
    enum cs_err err = cs_make_folders(cache_dir, diag);
    char *cache = err == CS_OK ? realpath(cache_dir, NULL) : NULL;
    int len = snprintf(choice->scratch, sizeof choice->scratch, "%s/.pack-XXXXXX",
                       cache ? cache : cache_dir);
    free(cache);
    if (err == CS_OK && ((size_t)len >= sizeof choice->scratch || !mkdtemp(choice->scratch))) {
        err = cs_fail(diag, CS_ERR_IO, 0, "%.120s: %s", cache_dir, strerror(errno));
        choice->scratch[0] = '\0';
    }
    if (err == CS_OK) {
        const char *const argv[] = {"npm",
                                    "pack",
                                    path,
                                    "--json",
                                    "--ignore-scripts",
                                    "--pack-destination",
                                    choice->scratch,
                                    CS_NPM_OPTIONS,
                                    NULL};
        struct cs_tool_run run;
        err = cs_npm_run(argv, choice->scratch, PACK_MS, source, &run, diag);
        if (err == CS_OK) {
            cJSON *document = cJSON_Parse(run.out.ptr);
            err = read_packed(document, source, choice, diag);
            cJSON_Delete(document);
        }
        cs_tool_free(&run);
    }
    free(path);
    return err;
}

/* ---- the whole ---- */

/* The exact version of a package beside the SDK that `asked` (NULL: none is pinned) means, and its
 * word in the key. */
static enum cs_err resolve_pin(const char *package, const char *word, const char *asked,
                               char version[CS_SDK_MAX_VERSION], struct cs_sdk_choice *choice,
                               struct cs_diag *diag)
{
    if (!asked) {
        return CS_OK;
    }
    if (!is_version(asked) && !is_tag(asked)) {
        return cs_fail(diag, CS_ERR_USAGE, 0,
                       "\"%.40s\" is not a version of %s: give one like 3.0.6, or latest", asked,
                       package);
    }
    enum cs_err err = CS_OK;
    if (is_version(asked)) {
        snprintf(version, CS_SDK_MAX_VERSION, "%s", asked);
    } else {
        err = ask_tag(package, asked, version, diag);
    }
    size_t len = strlen(choice->key);
    snprintf(choice->key + len, sizeof choice->key - len, "+%s-%s", word, version);
    return err;
}

enum cs_err cs_sdk_resolve(const char *source, const char *parser, const char *ai,
                           const char *cache_dir, struct cs_sdk_choice *ret_choice,
                           struct cs_diag *diag)
{
    struct cs_sdk_choice choice = {0};
    enum cs_err err = is_path(source) ? resolve_path(source, cache_dir, &choice, diag)
                                      : resolve_published(source, &choice, diag);
    err = err == CS_OK
              ? resolve_pin(CS_PARSER_PACKAGE, "parser", parser, choice.parser, &choice, diag)
              : err;
    err = err == CS_OK ? resolve_pin(CS_AI_PACKAGE, "ai", ai, choice.ai, &choice, diag) : err;
    if (err != CS_OK) {
        cs_sdk_choice_end(&choice);
        return err;
    }
    snprintf(choice.what, sizeof choice.what, "%s %s%s%s%s%s", CS_SDK_PACKAGE, choice.exact,
             choice.parser[0] ? " with " CS_PARSER_PACKAGE " " : "", choice.parser,
             choice.ai[0] ? " with " CS_AI_PACKAGE " " : "", choice.ai);
    *ret_choice = choice;
    return CS_OK;
}

void cs_sdk_choice_end(const struct cs_sdk_choice *choice)
{
    if (choice->scratch[0]) {
        cs_remove_tree(choice->scratch);
    }
}
