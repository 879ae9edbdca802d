#include "cli/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/http_client.h"

#define CLEAR_LINE     "\r\033[K"
#define BETWEEN        " \xc2\xb7 " /* a dot in the middle: four bytes, three columns */
#define DRAW_EVERY_MS  100
#define TELL_EVERY_MS  10000
#define LINE_MAX_BYTES 1024u
#define LEAST_NAME     12u  /* columns of a case's name that are worth showing */
#define GUESS_AFTER_MS 3000 /* what is left is not guessed before, */
#define GUESS_SHARE    10u  /* and not before one of so many is done */

unsigned cs_terminal_width(int fd)
{
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    uint64_t number = 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    if (columns && cs_view_u64(cs_view_str(columns), &number) == CS_OK && number > 0 &&
        number < 10000) {
        return (unsigned)number;
    }
    return 80;
}

unsigned cs_stdout_columns(void)
{
    return isatty(STDOUT_FILENO) ? cs_terminal_width(STDOUT_FILENO) : 0;
}

struct cs_live cs_live_new(const struct cs_work *work)
{
    return (struct cs_live){.kind = isatty(STDERR_FILENO) ? CS_LIVE_TERMINAL : CS_LIVE_LINES,
                            .work = work};
}

void cs_live_result(void *ctx, size_t index, const struct cs_result *result)
{
    struct cs_live *live = ctx;
    (void)index;
    live->n_failed += result->verdict == CS_FAIL && !result->known;
    live->n_warned += result->verdict == CS_WARN && !result->known;
    live->n_errors += result->verdict == CS_ERROR;
}

/* ---- the line ---- */

/* Every character is one column: what we write has no wide ones. */
static size_t columns_of(struct cs_view text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

static void put_count(size_t n, const char *what, struct cs_buf *out)
{
    if (n > 0) {
        cs_buf_printf(out, BETWEEN "%zu %s", n, what);
    }
}

static size_t done_of(const struct cs_live *live, const struct cs_progress *progress,
                      size_t *ret_total)
{
    *ret_total = live->n_all > 0 ? live->n_all : progress->n_total;
    return live->n_before + progress->n_done;
}

static void put_left(const struct cs_live *live, const struct cs_progress *progress,
                     int64_t elapsed_ms, struct cs_buf *out)
{
    size_t n_total = 0;
    size_t n_done = done_of(live, progress, &n_total);
    size_t n_left = n_total - n_done;
    if (elapsed_ms < GUESS_AFTER_MS || n_done < n_total / GUESS_SHARE || n_done == 0 ||
        n_left == 0) {
        return;
    }
    int64_t left_s = elapsed_ms * (int64_t)n_left / (int64_t)n_done / 1000;
    if (left_s < 100) {
        cs_buf_printf(out, BETWEEN "~%lld s left", (long long)left_s + 1);
    } else {
        cs_buf_printf(out, BETWEEN "~%lld min left", (long long)(left_s + 30) / 60);
    }
}

/* What follows the name of the slowest case. */
static void put_rest(const struct cs_live *live, const struct cs_progress *progress,
                     int64_t elapsed_ms, struct cs_buf *out)
{
    put_count(live->n_failed, "failed", out);
    put_count(live->n_warned, live->n_warned == 1 ? "warning" : "warnings", out);
    put_count(live->n_errors, live->n_errors == 1 ? "error" : "errors", out);
    put_left(live, progress, elapsed_ms, out);
    if (progress->waits_for[0]) {
        cs_buf_printf(out, BETWEEN "%s", progress->waits_for);
    }
}

static void put_slowest(const struct cs_live *live, const struct cs_progress *progress, size_t room,
                        struct cs_buf *out)
{
    char time[32];
    const char *id = live->work[progress->slowest].test->id;
    size_t len = strlen(id);
    snprintf(time, sizeof time, " %lld s", (long long)(progress->slowest_ms / 1000));
    size_t around = strlen(time) + columns_of(CS_VIEW(BETWEEN "slowest "));
    if (room < around + LEAST_NAME && room < around + len) {
        return;
    }
    if (len + around > room) { /* its end says more than its beginning */
        size_t keep = room - around - 2;
        cs_buf_printf(out, BETWEEN "slowest ..%s%s", id + (len - keep), time);
    } else {
        cs_buf_printf(out, BETWEEN "slowest %s%s", id, time);
    }
}

void cs_live_line(const struct cs_live *live, const struct cs_progress *progress,
                  int64_t elapsed_ms, unsigned width, struct cs_buf *out)
{
    struct cs_buf rest = CS_BUF(LINE_MAX_BYTES);
    size_t start = out->len;
    if (live->n_rounds > 1) {
        cs_buf_printf(out, "round %u/%u: ", live->round, live->n_rounds);
    }
    size_t n_total = 0;
    size_t n_done = done_of(live, progress, &n_total);
    cs_buf_printf(out, "%zu/%zu" BETWEEN "%zu running", n_done, n_total, progress->n_running);
    put_rest(live, progress, elapsed_ms, &rest);
    size_t used =
        columns_of(cs_view_of(out->ptr + start, out->len - start)) + columns_of(cs_buf_view(&rest));
    size_t room = width == 0 ? SIZE_MAX : width > used ? width - used : 0;
    if (progress->slowest != SIZE_MAX) {
        put_slowest(live, progress, room, out);
    }
    cs_buf_add(out, cs_buf_view(&rest));
    cs_buf_free(&rest);
    size_t columns = 0;
    for (size_t i = start; width > 0 && i < out->len; i++) {
        columns += ((unsigned char)out->ptr[i] & 0xc0) != 0x80;
        if (columns > width) {
            out->len = i;
        }
    }
}

/* ---- when, and where to ---- */

bool cs_live_is_due(struct cs_live *live, int64_t now_ms)
{
    if (live->started_ms == 0) {
        live->started_ms = now_ms;
        live->told_ms = live->kind == CS_LIVE_LINES ? now_ms : now_ms - DRAW_EVERY_MS;
    }
    int64_t every_ms = live->kind == CS_LIVE_LINES ? TELL_EVERY_MS : DRAW_EVERY_MS;
    if (live->kind == CS_LIVE_OFF || now_ms - live->told_ms < every_ms) {
        return false;
    }
    live->told_ms = now_ms;
    return true;
}

void cs_live_tick(void *ctx, const struct cs_progress *progress)
{
    struct cs_live *live = ctx;
    int64_t now_ms = cs_now_ms();
    if (!cs_live_is_due(live, now_ms)) {
        return;
    }
    struct cs_buf line = CS_BUF(LINE_MAX_BYTES);
    bool drawn = live->kind == CS_LIVE_TERMINAL;
    /* The last column stays free: a terminal would go to the next line. */
    unsigned width = drawn ? cs_terminal_width(STDERR_FILENO) - 1 : 0;
    cs_live_line(live, progress, now_ms - live->started_ms, width, &line);
    fprintf(stderr, drawn ? CLEAR_LINE "%.*s" : "%.*s\n", CS_VIEW_ARG(cs_buf_view(&line)));
    fflush(stderr);
    cs_buf_free(&line);
}

void cs_live_end(const struct cs_live *live)
{
    if (live->kind == CS_LIVE_TERMINAL && live->started_ms != 0) {
        fputs(CLEAR_LINE, stderr);
        fflush(stderr);
    }
}
