#include "conformance/peers/npm.h"

#include "conformance/peers/sdk_install.h"

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
static enum cs_err explain(const struct cs_tool_run *run, const char *what, struct cs_diag *diag)
{
    static const char *const unknown[] = {"ETARGET", "E404", "No matching version", NULL};
    static const char *const parser[] = {"found for " CS_PARSER_PACKAGE "@", NULL};
    static const char *const workspace[] = {"\"workspace:", NULL};
    static const char *const offline[] = {
        "ENOTFOUND",   "EAI_AGAIN",    "ECONNREFUSED", "ECONNRESET",         "ETIMEDOUT",
        "ENETUNREACH", "EHOSTUNREACH", "ENOTCACHED",   "ERR_SOCKET_TIMEOUT", NULL};
    struct cs_view said = cs_buf_view(&run->err);
    if (says_any(said, workspace)) {
        return cs_fail(diag, CS_ERR_USAGE, 0,
                       "%.80s depends on packages of its workspace: pack it with pnpm pack and "
                       "give the .tgz",
                       what);
    }
    if (says_any(said, unknown) && says_any(said, parser)) {
        return cs_fail(diag, CS_ERR_USAGE, 0,
                       "%.80s cannot be had: no such version of " CS_PARSER_PACKAGE, what);
    }
    if (says_any(said, unknown)) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "%.80s is not published", what);
    }
    if (says_any(said, offline)) {
        return cs_fail(diag, CS_ERR_CONNECT, 0,
                       "the package registry cannot be reached to get %.80s", what);
    }
    size_t len = said.len > 0 ? strcspn(said.ptr, "\n") : 0;
    return cs_fail(diag, CS_ERR_IO, 0, "npm failed: %.*s", CS_VIEW_ARG(cs_view_of(said.ptr, len)));
}

enum cs_err cs_npm_run(const char *const *argv, const char *directory, int64_t timeout_ms,
                       const char *what, struct cs_tool_run *run, struct cs_diag *diag)
{
    enum cs_err err = cs_tool_run(argv, directory, timeout_ms, run, diag);
    if (err == CS_ERR_MISSING) {
        return cs_fail(diag, err, 0,
                       "npm was not found in PATH: it comes with Node.js, or as the package npm");
    }
    if (err != CS_OK) {
        return err;
    }
    /* So that both can be read as strings. */
    cs_buf_char(&run->out, '\0');
    cs_buf_char(&run->err, '\0');
    return cs_tool_succeeded(run) ? CS_OK : explain(run, what, diag);
}
