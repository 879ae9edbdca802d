#include "conformance/client/adapter.h"

#include "conformance/client/kit_internal.h"

#include <poll.h>
#include <stdlib.h>

#include "net/http_client.h"

#define DEFAULT_PATIENCE_MS 10000
/* A runtime that has to be loaded from a cold disk takes its time once. */
#define START_PATIENCE_MS 30000
#define END_GRACE_MS      500
#define LOOK_EVERY_MS     200 /* what it says on stderr is taken then too */

int64_t cs_client_patience(const struct cs_client_env *env)
{
    return env->patience_ms > 0 ? env->patience_ms : DEFAULT_PATIENCE_MS;
}

const char *cs_adapter_fact(const struct cs_adapter *adapter, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(adapter->hello, name));
}

bool cs_adapter_offers(const struct cs_adapter *adapter, const char *command)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(adapter->hello, "capabilities"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, command) == 0) {
            return true;
        }
    }
    return false;
}

bool cs_adapter_usable(struct cs_adapter *adapter)
{
    int status;
    return !cs_process_exited(adapter->process, &status);
}

void cs_adapter_end(struct cs_adapter *adapter)
{
    if (adapter) {
        if (adapter->process) {
            cs_process_end(adapter->process, END_GRACE_MS);
        }
        cJSON_Delete(adapter->hello);
        free(adapter);
    }
}

static enum cs_err check_hello(const struct cs_adapter *adapter, struct cs_view line,
                               struct cs_diag *diag)
{
    const char *event = adapter->hello ? cs_adapter_fact(adapter, "event") : NULL;
    if (!event || strcmp(event, "hello") != 0) {
        struct cs_buf shown = CS_BUF(1024);
        cs_buf_readable(&shown, line, 80);
        cs_buf_char(&shown, '\0');
        cs_fail(diag, CS_ERR_SYNTAX, 0, "the adapter's first line is not a hello: %s",
                shown.ptr ? shown.ptr : "");
        cs_buf_free(&shown);
        return CS_ERR_SYNTAX;
    }
    const cJSON *protocol = cJSON_GetObjectItemCaseSensitive(adapter->hello, "protocol");
    if (!cJSON_IsNumber(protocol) || protocol->valuedouble != CS_ADAPTER_PROTOCOL) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "the adapter does not speak protocol %d",
                       CS_ADAPTER_PROTOCOL);
    }
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(adapter->hello, "capabilities"))) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "the adapter's hello lists no capabilities");
    }
    return CS_OK;
}

/* Our own adapters say in one line what is missing. */
#define OWN_WORDS CS_VIEW("adapter: ")

/* "TypeError: ..." and "Error [CODE]: ...", as Node and Python end what they tell of a failure;
 * Node tells where it was before, and its own version behind it. */
static bool names_an_error(struct cs_view line)
{
    size_t at = 0;
    while (at < line.len && line.ptr[at] != ' ' && line.ptr[at] != ':') {
        at++;
    }
    return at >= 5 && at + 1 < line.len && memcmp(line.ptr + at - 5, "Error", 5) == 0 &&
           (line.ptr[at] == ':' || line.ptr[at + 1] == '[');
}

/* What an adapter wrote to stderr: its last line that names an error, or else the last one, says
 * best why it did not start. */
static struct cs_view last_word(struct cs_view said)
{
    struct cs_view last = {0};
    while (said.len > 0) {
        const char *end = memchr(said.ptr, '\n', said.len);
        size_t len = end ? (size_t)(end - said.ptr) : said.len;
        struct cs_view line = cs_view_of(said.ptr, len);
        size_t taken = len + (end ? 1 : 0);
        said = cs_view_of(said.ptr + taken, said.len - taken);
        if (len > 0 && (names_an_error(line) || !names_an_error(last))) {
            last = line;
        }
    }
    return last;
}

static enum cs_err no_hello(struct cs_adapter *adapter, enum cs_err err, struct cs_diag *diag)
{
    struct cs_view said = last_word(cs_process_stderr(adapter->process));
    if (cs_view_starts_with(said, OWN_WORDS)) {
        said = cs_view_of(said.ptr + OWN_WORDS.len, said.len - OWN_WORDS.len);
        return cs_fail(diag, err, 0, "%.*s", CS_VIEW_ARG(said));
    }
    return cs_fail(diag, err, 0, "the adapter ended before it said hello%s%.*s",
                   said.len > 0 ? ": " : ", and without a word on stderr", CS_VIEW_ARG(said));
}

enum cs_err cs_adapter_begin(const struct cs_client_env *env, struct cs_adapter **ret_adapter,
                             struct cs_diag *diag)
{
    struct cs_adapter *adapter = calloc(1, sizeof *adapter);
    if (!adapter) {
        (void)cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
        return CS_ERR_NO_MEMORY;
    }
    struct cs_process_config config = {.argv = env->argv};
    enum cs_err err = cs_process_start(&config, &adapter->process, diag);
    if (err != CS_OK) {
        cs_adapter_end(adapter);
        return err;
    }
    adapter->hello_by_ms = cs_now_ms() + START_PATIENCE_MS;
    *ret_adapter = adapter;
    return CS_OK;
}

struct cs_adapter *cs_adapter_take(const struct cs_client_env *env, struct cs_diag *diag)
{
    struct cs_adapter *adapter = env->started ? *env->started : NULL;
    if (adapter) {
        *env->started = NULL;
        if (cs_adapter_usable(adapter)) {
            return adapter;
        }
        cs_adapter_end(adapter);
    }
    struct cs_adapter *another = NULL;
    return cs_adapter_begin(env, &another, diag) == CS_OK ? another : NULL;
}

enum cs_err cs_adapter_greeted(struct cs_adapter *adapter, int *ret_fd, struct cs_diag *diag)
{
    struct cs_view line = {0};
    *ret_fd = cs_process_out(adapter->process);
    if (adapter->hello) {
        return CS_OK;
    }
    enum cs_err err = cs_process_poll_line(adapter->process, &line);
    if (err != CS_OK) {
        return no_hello(adapter, err, diag);
    }
    if (!line.ptr) {
        bool late = cs_now_ms() >= adapter->hello_by_ms;
        return late ? cs_fail(diag, CS_ERR_CLOSED, 0, "the adapter said nothing within %d s",
                              START_PATIENCE_MS / 1000)
                    : CS_ERR_TIMEOUT;
    }
    size_t n_replaced;
    adapter->hello = ck_parse_line(line, &n_replaced);
    return check_hello(adapter, line, diag);
}

enum cs_err cs_adapter_await(struct cs_adapter *adapter, struct cs_diag *diag)
{
    struct pollfd watched = {.events = POLLIN};
    enum cs_err err;
    while ((err = cs_adapter_greeted(adapter, &watched.fd, diag)) == CS_ERR_TIMEOUT) {
        (void)poll(&watched, 1, LOOK_EVERY_MS);
    }
    if (err != CS_OK) {
        cs_adapter_end(adapter);
    }
    return err;
}

enum cs_err cs_adapter_start(const struct cs_client_env *env, struct cs_adapter **ret_adapter,
                             struct cs_diag *diag)
{
    struct cs_adapter *adapter = NULL;
    enum cs_err err = cs_adapter_begin(env, &adapter, diag);
    if (err == CS_OK) {
        err = cs_adapter_await(adapter, diag);
    }
    if (err == CS_OK) {
        *ret_adapter = adapter;
    }
    return err;
}
