/* Getting SDK versions: with stand-ins for node and npm, so that nothing leaves this machine. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/peers/peers.h"
#include "conformance/peers/tool.h"

struct fixture {
    char folder[64]; /* of this test; holds bin/ and cache/ */
    char cache[96];
    char *path; /* PATH as it was */
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void write_tool(const struct fixture *fixture, const char *name, const char *script)
{
    char path[128];
    snprintf(path, sizeof path, "%s/bin/%s", fixture->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s\n", script) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* Installs what it is asked for and counts how often. */
#define GOOD_NPM                                                                          \
    "case \"$1\" in\n"                                                                    \
    "--version) echo 10.0.0 ;;\n"                                                         \
    "view) case \"$2\" in *@canary) echo 4.9.2-canary.1 ;; *parser@latest) echo 3.1.1 ;;" \
    " *@latest) echo 4.9.1 ;; *) echo npm error code E404 >&2; exit 1 ;; esac ;;\n"       \
    "pack) cat \"$2\" 2>/dev/null || cat \"$2/package.json\" ;;\n"                        \
    "install) echo x >> \"$NPM_LOG\"; mkdir -p node_modules/@trigger.dev/sdk;"            \
    " echo '{}' > node_modules/@trigger.dev/sdk/package.json; echo \"$@\" > arguments;"   \
    " mkdir node_modules/eventsource-parser;"                                             \
    " sed -n 's/.*parser.:\\([^}]*\\).*/{\"version\":\\1}/p' package.json"                \
    " > node_modules/eventsource-parser/package.json ;;\n"                                \
    "esac"

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/chatspec-peer-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    char text[256];
    snprintf(text, sizeof text, "%s/bin", fixture->folder);
    assert_int_equal(mkdir(text, 0755), 0);
    const char *path = getenv("PATH");
    fixture->path = strdup(path ? path : "/usr/bin:/bin");
    assert_non_null(fixture->path);
    snprintf(text, sizeof text, "%s/bin:/usr/bin:/bin", fixture->folder);
    setenv("PATH", text, 1);
    snprintf(text, sizeof text, "%s/log", fixture->folder);
    setenv("NPM_LOG", text, 1);
    snprintf(fixture->cache, sizeof fixture->cache, "%s/cache/sdk", fixture->folder);
    write_tool(fixture, "node", "echo v20.1.0");
    write_tool(fixture, "npm", GOOD_NPM);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    setenv("PATH", fixture->path, 1);
    unsetenv("NPM_LOG");
    unsetenv("CHATSPEC_DATA_DIR");
    (void)nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture->path);
    free(fixture);
    return 0;
}

static size_t n_installs(const struct fixture *fixture)
{
    char path[128];
    struct stat info;
    snprintf(path, sizeof path, "%s/log", fixture->folder);
    return stat(path, &info) == 0 ? (size_t)info.st_size / 2 : 0;
}

/* How many entries the cache has, hidden ones too. */
static size_t n_cached(const struct fixture *fixture)
{
    char command[160];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", fixture->cache);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct cs_tool_run run;
    assert_int_equal(cs_tool_run(argv, NULL, 10000, &run, NULL), CS_OK);
    cs_buf_char(&run.out, '\0');
    size_t n = strtoul(run.out.ptr, NULL, 10);
    cs_tool_free(&run);
    return n;
}

static void assert_refused(struct fixture *fixture, const char *version, enum cs_err code,
                           const char *text)
{
    struct cs_peer_command command = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_sdk_peer(version, NULL, fixture->cache, &command, &diag), code);
    if (!strstr(diag.text, text)) {
        fail_msg("\"%s\" does not say \"%s\"", diag.text, text);
    }
    assert_null(strchr(diag.text, '\n'));
    assert_null(command.words[0]);
}

static void test_installs_once_and_reuses(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        struct cs_peer_command command = {0};
        struct cs_diag diag = {0};
        assert_int_equal(cs_sdk_peer("4.8.3", NULL, fixture->cache, &command, &diag), CS_OK);
        assert_string_equal(command.words[0], "node");
        assert_int_equal(access(command.words[1], R_OK), 0);
        assert_string_equal(command.words[2], "--root");
        char expected[128];
        snprintf(expected, sizeof expected, "%s/4.8.3", fixture->cache);
        assert_string_equal(command.words[3], expected);
        assert_null(command.words[4]);
        assert_string_equal(command.name, "@trigger.dev/sdk");
        assert_string_equal(command.version, "4.8.3");
        cs_peer_command_free(&command);
    }
    assert_int_equal(n_installs(fixture), 1);
    assert_int_equal(n_cached(fixture), 1);
}

static void test_install_scripts_are_never_run(void **state)
{
    struct fixture *fixture = *state;
    struct cs_peer_command command = {0};
    assert_int_equal(cs_sdk_peer("4.5.0", NULL, fixture->cache, &command, NULL), CS_OK);
    char path[192];
    char text[512] = "";
    snprintf(path, sizeof path, "%s/arguments", command.words[3]);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(text, "--ignore-scripts"));
    assert_non_null(strstr(text, "@trigger.dev/sdk@4.5.0 "));
    cs_peer_command_free(&command);
}

static void test_latest_is_resolved(void **state)
{
    struct fixture *fixture = *state;
    struct cs_peer_command command = {0};
    assert_int_equal(cs_sdk_peer("latest", NULL, fixture->cache, &command, NULL), CS_OK);
    assert_string_equal(command.version, "4.9.1");
    cs_peer_command_free(&command);
    assert_int_equal(cs_sdk_peer("canary", NULL, fixture->cache, &command, NULL), CS_OK);
    assert_string_equal(command.version, "4.9.2-canary.1");
    cs_peer_command_free(&command);
    assert_refused(fixture, "newest", CS_ERR_USAGE, "@trigger.dev/sdk newest is not published");
}

/* A stand-in for a package: what npm would say of it. */
static void write_package(const char *path, const char *name, const char *version,
                          const char *digest)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "[{\"name\":\"%s\",\"version\":\"%s\",\"shasum\":\"%s\","
                        "\"filename\":\"packed.tgz\"}]",
                        name, version, digest) > 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_version_and_installs(struct fixture *fixture, const char *source,
                                        const char *version, const char *key, size_t n)
{
    struct cs_peer_command command = {0};
    struct cs_diag diag = {0};
    if (cs_sdk_peer(source, NULL, fixture->cache, &command, &diag) != CS_OK) {
        fail_msg("%s: %s", source, diag.text);
    }
    assert_string_equal(command.version, version);
    assert_string_equal(command.key, key);
    assert_int_equal(n_installs(fixture), n);
    assert_int_equal(n_cached(fixture), n); /* what was packed on the way is gone */
    cs_peer_command_free(&command);
}

static void test_a_packed_file_is_installed_once_and_anew_when_it_changed(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/mine.tgz", fixture->folder);
    write_package(path, "@trigger.dev/sdk", "4.9.0-beta.1", "0123456789abcdef");
    for (int i = 0; i < 2; i++) {
        assert_version_and_installs(fixture, path, "4.9.0-beta.1", "4.9.0-beta.1-0123456789ab", 1);
    }
    write_package(path, "@trigger.dev/sdk", "4.9.0-beta.1", "fedcba9876543210");
    assert_version_and_installs(fixture, path, "4.9.0-beta.1", "4.9.0-beta.1-fedcba987654", 2);
}

static void test_a_folder_is_packed(void **state)
{
    struct fixture *fixture = *state;
    char path[192];
    snprintf(path, sizeof path, "%s/mine", fixture->folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/mine/package.json", fixture->folder);
    write_package(path, "@trigger.dev/sdk", "4.8.3", "00000000000000");
    snprintf(path, sizeof path, "%s/mine", fixture->folder);
    assert_version_and_installs(fixture, path, "4.8.3", "4.8.3-000000000000", 1);
}

static void test_files_that_cannot_be_tested(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/mine.tgz", fixture->folder);
    assert_refused(fixture, path, CS_ERR_USAGE, "mine.tgz: No such file or directory");
    assert_refused(fixture, "../4.8.3", CS_ERR_USAGE, "../4.8.3: No such file or directory");
    write_package(path, "left-pad", "1.3.0", "0123456789abcdef");
    assert_refused(fixture, path, CS_ERR_USAGE, "is the package left-pad and not @trigger.dev/sdk");
    write_package(path, "@trigger.dev/sdk", "4.4.6", "0123456789abcdef");
    assert_refused(fixture, path, CS_ERR_USAGE, "is older than its chat");
    write_package(path, "@trigger.dev/sdk", "4.8.3", "");
    assert_refused(fixture, path, CS_ERR_IO, "npm did not tell what");
    assert_int_equal(n_installs(fixture), 0);
    assert_int_equal(n_cached(fixture), 0);
}

static void test_a_parser_is_pinned(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rows[][3] = {{"3.0.0", "3.0.0", "4.8.3+parser-3.0.0"},
                                          {"latest", "3.1.1", "4.8.3+parser-3.1.1"},
                                          {"3.0.0", "3.0.0", "4.8.3+parser-3.0.0"},
                                          {NULL, NULL, "4.8.3"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_peer_command command = {0};
        struct cs_diag diag = {0};
        if (cs_sdk_peer("4.8.3", rows[i][0], fixture->cache, &command, &diag) != CS_OK) {
            fail_msg("%s", diag.text);
        }
        assert_string_equal(command.version, "4.8.3");
        assert_string_equal(command.key, rows[i][2]);
        if (rows[i][1]) {
            assert_string_equal(command.parser, rows[i][1]);
        } else {
            assert_null(command.parser);
        }
        cs_peer_command_free(&command);
    }
    assert_int_equal(n_installs(fixture), 3);
}

static void test_parsers_that_cannot_be_had(void **state)
{
    struct fixture *fixture = *state;
    struct cs_peer_command command = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_sdk_peer("4.8.3", "^3", fixture->cache, &command, &diag), CS_ERR_USAGE);
    assert_non_null(strstr(diag.text, "is not a version of eventsource-parser"));
    assert_int_equal(cs_sdk_peer("4.8.3", "next", fixture->cache, &command, &diag), CS_ERR_USAGE);
    assert_non_null(strstr(diag.text, "eventsource-parser next is not published"));
    /* An npm that passes over what it is told. */
    write_tool(fixture, "npm",
               "[ \"$1\" = install ] || exit 0\n"
               "mkdir -p node_modules/@trigger.dev/sdk node_modules/eventsource-parser\n"
               "echo '{}' > node_modules/@trigger.dev/sdk/package.json\n"
               "echo '{\"version\":\"3.1.1\"}' > node_modules/eventsource-parser/package.json");
    assert_int_equal(cs_sdk_peer("4.8.3", "3.0.0", fixture->cache, &command, &diag), CS_ERR_IO);
    assert_non_null(strstr(diag.text, "npm took eventsource-parser 3.1.1 instead of 3.0.0"));
    assert_int_equal(n_cached(fixture), 0);
}

static void test_what_is_no_version(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rows[] = {"",       "4",           "^4.8.0",   "v4.8.3",
                                       "4.8.3;", "4.8.3 4.8.2", "--global", "x"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_refused(fixture, rows[i], CS_ERR_USAGE, "is not a version");
    }
    assert_int_equal(n_installs(fixture), 0);
}

static void test_older_than_chat(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rows[] = {"4.4.6", "3.3.17", "0.1.0"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_refused(fixture, rows[i], CS_ERR_USAGE, "is older than its chat");
    }
    assert_int_equal(n_installs(fixture), 0);
    /* A prerelease is numbered as its publisher likes. */
    struct cs_peer_command command = {0};
    assert_int_equal(cs_sdk_peer("0.0.0-chat-1", NULL, fixture->cache, &command, NULL), CS_OK);
    cs_peer_command_free(&command);
    assert_int_equal(n_installs(fixture), 1);
}

static void test_missing_tools(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    write_tool(fixture, "node", "echo v16.20.2");
    assert_refused(fixture, "4.8.3", CS_ERR_MISSING, "node is too old (v16.20.2)");
    write_tool(fixture, "node", "echo v20.1.0");
    snprintf(path, sizeof path, "%s/bin", fixture->folder);
    setenv("PATH", path, 1);
    snprintf(path, sizeof path, "%s/bin/npm", fixture->folder);
    assert_int_equal(unlink(path), 0);
    assert_refused(fixture, "4.8.3", CS_ERR_MISSING, "npm was not found in PATH");
    snprintf(path, sizeof path, "%s/bin/node", fixture->folder);
    assert_int_equal(unlink(path), 0);
    assert_refused(fixture, "4.8.3", CS_ERR_MISSING, "node was not found in PATH");
    setenv("PATH", "/usr/bin:/bin", 1);
}

static void test_what_npm_complains_about(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *says;
        enum cs_err code;
        const char *text;
    } rows[] = {
        {"npm error code ETARGET\nnpm error notarget", CS_ERR_USAGE, "4.8.3 is not published"},
        {"npm error code E404", CS_ERR_USAGE, "4.8.3 is not published"},
        {"npm error ETARGET\nnpm error notarget No matching version found for "
         "eventsource-parser@9.9.9.",
         CS_ERR_USAGE, "no such version of eventsource-parser"},
        {"npm error Unsupported URL Type \"workspace:\": workspace:*", CS_ERR_USAGE,
         "pack it with pnpm pack"},
        {"npm error code EAI_AGAIN\nmore", CS_ERR_CONNECT, "registry cannot be reached"},
        {"npm error code ECONNREFUSED", CS_ERR_CONNECT, "registry cannot be reached"},
        {"npm error no space left\nmore", CS_ERR_IO, "npm failed: npm error no space left"},
        {"", CS_ERR_IO, "npm failed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char script[256];
        snprintf(script, sizeof script,
                 "[ \"$1\" = --version ] && exit 0\nmkdir -p node_modules\nprintf '%%s' '%s' >&2\n"
                 "exit 1",
                 rows[i].says);
        write_tool(fixture, "npm", script);
        assert_refused(fixture, "4.8.3", rows[i].code, rows[i].text);
        /* Nothing half-installed is left behind. */
        assert_int_equal(n_cached(fixture), 0);
    }
    write_tool(fixture, "npm", "exit 0");
    assert_refused(fixture, "4.8.3", CS_ERR_IO, "is not there");
    assert_refused(fixture, "latest", CS_ERR_IO, "did not tell the latest version");
}

static void test_a_missing_adapter_is_told(void **state)
{
    struct fixture *fixture = *state;
    setenv("CHATSPEC_DATA_DIR", "/nonexistent", 1);
    assert_refused(fixture, "4.8.3", CS_ERR_MISSING, "/nonexistent/sdk/adapter.mjs cannot be read");
    assert_int_equal(n_installs(fixture), 0);
}

static void test_a_tool_that_hangs_is_ended_with_its_children(void **state)
{
    (void)state;
    /* The sleeper holds the output open; were it to live on, this would take an hour. */
    const char *const argv[] = {"/bin/sh", "-c", "echo begun; sleep 3600 & wait", NULL};
    struct cs_tool_run run;
    struct cs_diag diag = {0};
    assert_int_equal(cs_tool_run(argv, NULL, 300, &run, &diag), CS_ERR_TIMEOUT);
    assert_false(cs_tool_succeeded(&run));
    assert_int_equal(run.out.len, strlen("begun\n"));
    cs_tool_free(&run);
}

static void test_a_tool_that_floods_is_cut(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sh", "-c", "head -c 5000000 /dev/zero; echo why >&2; exit 3",
                                NULL};
    struct cs_tool_run run;
    assert_int_equal(cs_tool_run(argv, "/", 20000, &run, NULL), CS_OK);
    assert_false(cs_tool_succeeded(&run));
    assert_int_equal(run.out.len, 1024 * 1024);
    assert_int_equal(cs_buf_error(&run.out), CS_OK);
    assert_int_equal(run.err.len, strlen("why\n"));
    cs_tool_free(&run);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_installs_once_and_reuses),
        IN_FOLDER(test_install_scripts_are_never_run),
        IN_FOLDER(test_latest_is_resolved),
        IN_FOLDER(test_a_packed_file_is_installed_once_and_anew_when_it_changed),
        IN_FOLDER(test_a_folder_is_packed),
        IN_FOLDER(test_files_that_cannot_be_tested),
        IN_FOLDER(test_a_parser_is_pinned),
        IN_FOLDER(test_parsers_that_cannot_be_had),
        IN_FOLDER(test_what_is_no_version),
        IN_FOLDER(test_older_than_chat),
        IN_FOLDER(test_missing_tools),
        IN_FOLDER(test_what_npm_complains_about),
        IN_FOLDER(test_a_missing_adapter_is_told),
        cmocka_unit_test(test_a_tool_that_hangs_is_ended_with_its_children),
        cmocka_unit_test(test_a_tool_that_floods_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
