/* The servers that are measured beside each other. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/fan.h"
#include "endpoint/endpoint.h"
#include "net/http_client.h"
#include "net/raw_client.h"
#include "peer/process.h"
#include "wire/json.h"

#define PATIENCE_MS  20000
#define GRACE_MS     2000
#define PATH_MAX_LEN 4096
#define REQUEST_MAX  ((size_t)64 * 1024)
#define BASIN        "chatspec-basin"

struct cs_fan_server {
    enum cs_fan_kind kind;
    struct cs_process *process;
    struct cs_http *http;
    char url[64];
    unsigned n_topics;
};

/* What one record of an answer looks like that is written word by word. */
static const char delta[] =
    "{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\" and a few words ~\"}";

const char *cs_fan_name(enum cs_fan_kind kind)
{
    static const char *const names[] = {"chatspec", "Node server", "S2"};
    return names[kind];
}

const char *cs_fan_url(const struct cs_fan_server *server)
{
    return server->url;
}

/* ---- what the system knows of a process ---- */

/* A file of /proc/PID as one string. */
static bool read_proc(const struct cs_fan_server *server, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)cs_process_pid(server->process), name);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, size - 1, file) : 0;
    text[n] = '\0';
    if (file) {
        fclose(file);
    }
    return n > 0;
}

double cs_fan_resident(const struct cs_fan_server *server)
{
    char text[8192];
    const char *line = read_proc(server, "status", text, sizeof text) ? strstr(text, "VmRSS:") : 0;
    return line ? strtod(line + strlen("VmRSS:"), NULL) * 1024 : 0;
}

double cs_fan_processor(const struct cs_fan_server *server)
{
    char text[4096];
    /* The name of the program, in brackets, may hold blanks; user and system time are the 12th and
     * the 13th word behind it. */
    char *at = read_proc(server, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    for (int word = 0; at && word < 12; word++) {
        at = strchr(at + 1, ' ');
    }
    if (!at) {
        return 0;
    }
    char *end = NULL;
    double user = strtod(at, &end);
    return (user + strtod(end, NULL)) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- starting ---- */

static enum cs_err start_program(struct cs_fan_server *server, const char *const *argv,
                                 struct cs_diag *diag)
{
    static const char *const env[] = {"RUST_LOG=error", NULL};
    const struct cs_process_config config = {.argv = argv, .env = env, .shares_group = true};
    return cs_process_start(&config, &server->process, diag);
}

/* The first line that has a URL in it, as ours and the Node server print it. */
static enum cs_err read_url(struct cs_fan_server *server, struct cs_diag *diag)
{
    struct cs_view line;
    enum cs_err err = cs_process_read_line(server->process, PATIENCE_MS, &line);
    if (err != CS_OK) {
        struct cs_view said = cs_process_stderr(server->process);
        return cs_fail(diag, err, 0, "it does not start: %.*s", CS_VIEW_ARG(said));
    }
    size_t at = cs_view_find(line, CS_VIEW("http://"));
    if (at == SIZE_MAX || line.len - at >= sizeof server->url) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "it gives no URL: %.*s", CS_VIEW_ARG(line));
    }
    snprintf(server->url, sizeof server->url, "%.*s", (int)(line.len - at), line.ptr + at);
    return CS_OK;
}

static enum cs_err start_chatspec(struct cs_fan_server *server, struct cs_diag *diag)
{
    char path[PATH_MAX_LEN];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "chatspec");
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash + 1 : path, sizeof "chatspec", "chatspec");
    /* Its rate limit (LIM-18) is a million calls per interval: a short one is none. */
    const char *const argv[] = {path, "serve", "--quiet", "--bucket-interval", "1", NULL};
    enum cs_err err = start_program(server, argv, diag);
    return err == CS_OK ? read_url(server, diag) : err;
}

static enum cs_err start_node(struct cs_fan_server *server, const char *home, struct cs_diag *diag)
{
    char script[PATH_MAX_LEN];
    snprintf(script, sizeof script, "%s/harness/bench/peers/fanout.mjs", home);
    const char *const argv[] = {"node", script, NULL};
    enum cs_err err = start_program(server, argv, diag);
    if (err != CS_OK) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "node is not here");
    }
    return read_url(server, diag);
}

/* A port that is free now; S2 takes none of the kernel's choice. 0: none. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok ? ntohs(address.sin_port) : 0;
}

/* S2 says nothing of when it is ready, so it is asked. */
static enum cs_err wait_for_s2(struct cs_fan_server *server, struct cs_diag *diag)
{
    double until = cs_bench_now() + PATIENCE_MS / 1e3;
    while (cs_bench_now() < until && !cs_process_exited(server->process, &(int){0})) {
        int fd = cs_raw_connect(server->url, 1000, diag);
        if (fd >= 0) {
            close(fd);
            return CS_OK;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    return cs_fail(diag, CS_ERR_IO, 0, "S2 does not start");
}

static enum cs_err start_s2(struct cs_fan_server *server, struct cs_diag *diag)
{
    const char *program = getenv("CHATSPEC_S2");
    if (!program || !program[0]) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "CHATSPEC_S2 names no S2");
    }
    const char *base = strrchr(program, '/');
    bool is_cli = strcmp(base ? base + 1 : program, "s2") == 0;
    char port[16];
    unsigned number = free_port();
    snprintf(port, sizeof port, "%u", number);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", number);
    /* It reads its basin from a file, which goes with the shell that writes it; nobody reads what
     * it prints, which would fill a pipe. */
    static const char script[] =
        "file=$(mktemp) || exit 1\n"
        "trap 'kill \"$server\"; rm -f \"$file\"; exit' TERM\n"
        "printf '%s' '{\"basins\":[{\"name\":\"" BASIN
        "\",\"config\":{\"create_stream_on_append\":true,\"create_stream_on_read\":true}}]}' "
        ">\"$file\"\n"
        "\"$@\" --init-file \"$file\" >/dev/null 2>&1 & server=$!\n"
        "wait \"$server\"; rm -f \"$file\"";
    const char *const cli[] = {"sh", "-c", script, "s2", program, "lite", "--port", port, NULL};
    const char *const lite[] = {"sh", "-c", script, "s2", program, "--port", port, NULL};
    enum cs_err err = start_program(server, is_cli ? cli : lite, diag);
    return err == CS_OK ? wait_for_s2(server, diag) : err;
}

enum cs_err cs_fan_server_start(enum cs_fan_kind kind, const char *home,
                                struct cs_fan_server **ret_server, struct cs_diag *diag)
{
    struct cs_fan_server *server = calloc(1, sizeof *server);
    struct cs_http *http = cs_http_new();
    if (!server || !http) {
        free(server);
        cs_http_free(http);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    server->kind = kind;
    server->http = http;
    enum cs_err err = kind == CS_FAN_CHATSPEC ? start_chatspec(server, diag)
                      : kind == CS_FAN_NODE   ? start_node(server, home, diag)
                                              : start_s2(server, diag);
    if (err != CS_OK) {
        cs_fan_server_end(server);
        return err;
    }
    *ret_server = server;
    return CS_OK;
}

void cs_fan_server_end(struct cs_fan_server *server)
{
    if (server) {
        if (server->process) {
            cs_process_end(server->process, GRACE_MS);
        }
        cs_http_free(server->http);
        free(server);
    }
}

/* ---- streams ---- */

/* A session, and the token that its subscribers carry. */
static enum cs_err create_session(struct cs_fan_server *server, const char *name,
                                  struct cs_buf *token, struct cs_diag *diag)
{
    char url[128];
    char body[256];
    snprintf(url, sizeof url, "%s/api/v1/sessions", server->url);
    snprintf(body, sizeof body,
             "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"absent-bench\","
             "\"triggerConfig\":{\"basePayload\":{}}}",
             name);
    const char *const headers[] = {"Authorization: Bearer " CS_ENDPOINT_SECRET_KEY,
                                   "Content-Type: application/json"};
    const struct cs_http_request request = {.method = "POST",
                                            .url = url,
                                            .headers = headers,
                                            .n_headers = 2,
                                            .body = cs_view_str(body),
                                            .has_body = true,
                                            .reuse = true};
    struct cs_exchange *exchange = cs_http_start(server->http, &request);
    enum cs_err err = exchange ? cs_exchange_wait_end(exchange, PATIENCE_MS) : CS_ERR_NO_MEMORY;
    struct cs_view value = {0};
    if (err == CS_OK) {
        err = cs_json_get(cs_exchange_body(exchange), CS_VIEW("publicAccessToken"), &value);
    }
    if (err == CS_OK) {
        err = cs_json_string(value, token);
    }
    if (err != CS_OK) {
        cs_fail(diag, err, 0, "no session was made (status %d)",
                exchange ? cs_exchange_status(exchange) : 0);
    }
    cs_exchange_free(exchange);
    return err;
}

static void put_head(struct cs_buf *out, const char *method, const char *path, const char *headers)
{
    cs_buf_printf(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path, headers);
}

static void put_body(struct cs_buf *out, const char *body)
{
    cs_buf_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                  strlen(body), body);
}

static enum cs_err topic_of_session(struct cs_fan_server *server, struct cs_fan_topic *topic,
                                    const char *name, struct cs_diag *diag)
{
    struct cs_buf token = CS_BUF(REQUEST_MAX);
    enum cs_err err = create_session(server, name, &token, diag);
    char path[128];
    snprintf(path, sizeof path, "/realtime/v1/sessions/%s/out", name);
    put_head(&topic->subscribe, "GET", path, "Accept: text/event-stream\r\n");
    cs_buf_printf(&topic->subscribe, "Timeout-Seconds: 600\r\nAuthorization: Bearer %.*s\r\n\r\n",
                  CS_VIEW_ARG(cs_buf_view(&token)));
    snprintf(path, sizeof path, "/realtime/v1/sessions/%s/out/append", name);
    put_head(&topic->append, "POST", path, "Authorization: Bearer " CS_ENDPOINT_SECRET_KEY "\r\n");
    put_body(&topic->append, delta);
    cs_buf_free(&token);
    return err;
}

static void topic_of_node(struct cs_fan_topic *topic, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/%s", name);
    put_head(&topic->subscribe, "GET", path, "Accept: text/event-stream\r\n\r\n");
    snprintf(path, sizeof path, "/%s/append", name);
    put_head(&topic->append, "POST", path, "");
    put_body(&topic->append, delta);
}

static void topic_of_s2(struct cs_fan_topic *topic, const char *name)
{
    static const char record[] = "{\"records\":[{\"body\":\"{\\\"data\\\":\\\"a few words ~\\\","
                                 "\\\"id\\\":\\\"0123456\\\"}\"}]}";
    char path[128];
    snprintf(path, sizeof path, "/v1/streams/%s/records?seq_num=0", name);
    put_head(&topic->subscribe, "GET", path,
             "S2-Basin: " BASIN "\r\nAccept: text/event-stream\r\n\r\n");
    snprintf(path, sizeof path, "/v1/streams/%s/records", name);
    put_head(&topic->append, "POST", path, "S2-Basin: " BASIN "\r\n");
    put_body(&topic->append, record);
}

enum cs_err cs_fan_topic_new(struct cs_fan_server *server, struct cs_fan_topic *ret_topic,
                             struct cs_diag *diag)
{
    *ret_topic = (struct cs_fan_topic){.subscribe = CS_BUF(REQUEST_MAX),
                                       .append = CS_BUF(REQUEST_MAX),
                                       .name = CS_BUF(REQUEST_MAX)};
    char name[32];
    snprintf(name, sizeof name, "bench-%u", ++server->n_topics);
    cs_buf_str(&ret_topic->name, name);
    enum cs_err err = CS_OK;
    if (server->kind == CS_FAN_CHATSPEC) {
        err = topic_of_session(server, ret_topic, name, diag);
    } else if (server->kind == CS_FAN_NODE) {
        topic_of_node(ret_topic, name);
    } else {
        topic_of_s2(ret_topic, name);
    }
    bool whole = cs_buf_error(&ret_topic->subscribe) == CS_OK &&
                 cs_buf_error(&ret_topic->append) == CS_OK &&
                 cs_buf_error(&ret_topic->name) == CS_OK;
    return err != CS_OK || whole ? err : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
}

void cs_fan_topic_free(struct cs_fan_topic *topic)
{
    cs_buf_free(&topic->subscribe);
    cs_buf_free(&topic->append);
    cs_buf_free(&topic->name);
}
