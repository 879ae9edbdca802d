/* The endpoint of the soak, its time, and plain requests. */
#include "bench/soak.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/raw_client.h"
#include "suite/random.h"

#define EPOCH_MS  INT64_C(1787300000000) /* of the script's first millisecond */
#define FORGET_MS 60000
#define IDLE_MANY 8u /* both sides then had their turns */
#define TOLD_MAX  20u
#define HEAD_MAX  ((size_t)8192)

static int64_t script_time(void *ctx)
{
    return ((const struct soak *)ctx)->now_ms;
}

static int64_t script_date(void *ctx)
{
    return EPOCH_MS + ((const struct soak *)ctx)->now_ms;
}

enum cs_err soak_start(struct soak *soak, uint64_t seed, struct cs_diag *diag)
{
    *soak = (struct soak){.now_ms = 1000,
                          .ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK),
                          .random = cs_random_state(seed, "soak"),
                          .loop = cs_loop_new(),
                          .http = cs_http_new()};
    if (soak->ready_fd < 0 || !soak->loop || !soak->http) {
        return cs_fail(diag, CS_ERR_IO, 0, "no memory or no descriptors for the soak");
    }
    cs_loop_set_clock(soak->loop, script_time, soak);
    cs_http_watch(soak->http, soak->ready_fd, soak_turn, soak);
    soak->tap = (struct cs_tap){.ctx = soak, .on_records = soak_on_records};
    const struct cs_endpoint_config config = {.seed = seed,
                                              .quiet = true,
                                              .no_agent = true,
                                              .tap = &soak->tap,
                                              .clock = script_date,
                                              .clock_ctx = soak,
                                              .bucket_size = INT64_C(1) << 40,
                                              .forget_closed_ms = FORGET_MS};
    enum cs_err err = cs_endpoint_start(soak->loop, &config, &soak->endpoint, diag);
    if (err != CS_OK) {
        return err;
    }
    soak->pipe = soak_pipe_new(soak->loop, cs_endpoint_url(soak->endpoint));
    return soak->pipe ? CS_OK : cs_fail(diag, CS_ERR_IO, 0, "no listener for the soak");
}

void soak_stop(struct soak *soak)
{
    cs_http_free(soak->http);
    soak_pipe_free(soak->pipe);
    cs_endpoint_stop(soak->endpoint);
    cs_loop_free(soak->loop);
    if (soak->ready_fd >= 0) {
        close(soak->ready_fd);
    }
}

void soak_turn(void *ctx)
{
    struct soak *soak = ctx;
    uint64_t before = cs_loop_events(soak->loop);
    (void)cs_loop_run(soak->loop, INT64_MIN);
    if (cs_loop_events(soak->loop) != before) {
        soak->n_idle = 0;
        return;
    }
    int64_t next = cs_loop_next_timer(soak->loop);
    if (++soak->n_idle >= IDLE_MANY && next != INT64_MAX && next > soak->now_ms &&
        next - soak->now_ms <= soak->jump_left_ms) {
        soak->jump_left_ms -= next - soak->now_ms;
        soak->now_ms = next;
        soak->n_idle = 0;
    }
}

uint64_t soak_draw(struct soak *soak, uint64_t n)
{
    return n ? cs_random_next(&soak->random) % n : 0;
}

void soak_wrong(struct soak *soak, const char *fmt, ...)
{
    char text[sizeof soak->trouble];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (soak->counts.wrong++ == 0) {
        memcpy(soak->trouble, text, sizeof text);
    }
    if (soak->counts.wrong <= TOLD_MAX) {
        fprintf(stderr, "soak: %s\n", text);
    }
}

/* ---- requests ---- */

#define MAX_HEADERS 6u

struct cs_exchange *soak_ask(struct soak *soak, const char *method, const char *path,
                             const char *const *headers, struct cs_view body, bool reuse)
{
    char url[1024];
    const char *lines[MAX_HEADERS + 2] = {"Authorization: Bearer " CS_ENDPOINT_SECRET_KEY,
                                          "Content-Type: application/json"};
    size_t n = 2;
    for (; headers && headers[n - 2] && n < MAX_HEADERS; n++) {
        lines[n] = headers[n - 2];
    }
    snprintf(url, sizeof url, "%s%s", cs_endpoint_url(soak->endpoint), path);
    struct cs_http_request request = {.method = method,
                                      .url = url,
                                      .headers = lines,
                                      .n_headers = n,
                                      .body = body,
                                      .has_body = strcmp(method, "GET") != 0,
                                      .reuse = reuse};
    return cs_http_start(soak->http, &request);
}

int soak_answer(struct cs_exchange *exchange)
{
    int status = 0;
    if (exchange && cs_exchange_wait_end(exchange, SOAK_WAIT_MS) == CS_OK) {
        status = cs_exchange_status(exchange);
    }
    cs_exchange_free(exchange);
    return status;
}

void soak_half_append(struct soak *soak, const char *session, const char *part_id,
                      struct cs_view body, size_t n)
{
    struct cs_buf request = CS_BUF(HEAD_MAX);
    struct cs_diag diag = {0};
    cs_buf_printf(&request,
                  "POST /realtime/v1/sessions/%s/in/append HTTP/1.1\r\nHost: soak\r\n"
                  "Authorization: Bearer " CS_ENDPOINT_SECRET_KEY "\r\n"
                  "Content-Type: application/json\r\nX-Part-Id: %s\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  session, part_id, body.len);
    cs_buf_add(&request, body);
    int fd = cs_raw_connect(cs_endpoint_url(soak->endpoint), SOAK_WAIT_MS, &diag);
    struct cs_view bytes = cs_buf_view(&request);
    bytes.len = n < bytes.len ? n : bytes.len;
    if (fd < 0 || cs_buf_error(&request) != CS_OK ||
        cs_raw_send(fd, bytes, SOAK_WAIT_MS) != CS_OK) {
        soak_wrong(soak, "half an append could not be sent: %s", diag.text);
    }
    for (unsigned i = 0; i < soak_draw(soak, 4); i++) {
        soak_turn(soak);
    }
    if (fd >= 0) {
        const struct linger at_once = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* a reset */
        close(fd);
    }
    cs_buf_free(&request);
}
