#include "conformance/decode/minimise.h"

#include "net/http_client.h"

#define MAX_PLACES ((size_t)4096) /* that a stream is cut in two at */

struct search {
    struct cs_trial *trial;
    const char *cause;
    int64_t until_ms;
    const volatile sig_atomic_t *stop;
    struct cs_buf candidate;
};

static bool time_is_up(const struct search *search)
{
    return cs_now_ms() >= search->until_ms || (search->stop && *search->stop);
}

/* True when the candidate has the same fault under this cut. */
static bool holds(struct search *search, struct cs_view stream, const struct cs_cut *cut,
                  struct cs_fault *ret_fault)
{
    struct cs_fault fault;

    if (time_is_up(search) || cs_trial_oracle(search->trial, stream) != CS_OK ||
        !cs_trial_run(search->trial, stream, cut, &fault) ||
        strcmp(fault.cause, search->cause) != 0) {
        return false;
    }
    *ret_fault = fault;
    return true;
}

/* The stream without `len` bytes at `at`. */
static struct cs_view without(struct search *search, struct cs_view stream, size_t at, size_t len)
{
    cs_buf_clear(&search->candidate);
    cs_buf_append(&search->candidate, stream.ptr, at);
    cs_buf_append(&search->candidate, stream.ptr + at + len, stream.len - at - len);
    return cs_buf_view(&search->candidate);
}

static void take(struct search *search, struct cs_buf *stream)
{
    cs_buf_clear(stream);
    cs_buf_add(stream, cs_buf_view(&search->candidate));
}

/* The cut of a stream that `n` bytes at `at` are taken from: in two at the same place. */
static struct cs_cut moved(const struct cs_cut *cut, size_t stream_len, size_t at, size_t n)
{
    struct cs_cut now = *cut;

    if (cut->n == 2 && cut->pieces[0] + cut->pieces[1] == stream_len) {
        size_t place = (size_t)cut->pieces[0];
        size_t before = at >= place ? 0 : at + n <= place ? n : place - at;

        now.pieces[0] = place - before;
        now.pieces[1] = stream_len - n - now.pieces[0];
    }
    return now;
}

/* Leaves out ranges, from half of the stream down to single bytes, until none can go. */
static bool shrink(struct search *search, struct cs_buf *stream, struct cs_fault *fault)
{
    bool any = false;

    for (size_t len = stream->len / 2 + 1; len > 0; len /= 2) {
        for (size_t at = 0; at < stream->len && !time_is_up(search);) {
            size_t n = stream->len - at < len ? stream->len - at : len;
            struct cs_cut cut = moved(&fault->cut, stream->len, at, n);
            struct cs_view smaller = without(search, cs_buf_view(stream), at, n);

            if (smaller.len > 0 && holds(search, smaller, &cut, fault)) {
                take(search, stream);
                any = true;
            } else {
                at += n;
            }
        }
    }
    return any;
}

/* True, with the fault, when this cut shows the same one. */
static bool shows(struct cs_trial *trial, struct cs_view stream, const struct cs_cut *cut,
                  struct cs_fault *fault)
{
    struct cs_fault now;

    if (!cs_trial_run(trial, stream, cut, &now) || now.by_cut != fault->by_cut ||
        (!now.by_cut && strcmp(now.cause, fault->cause) != 0)) {
        return false;
    }
    *fault = now;
    return true;
}

void cs_simplify_cut(struct cs_trial *trial, struct cs_view stream, struct cs_fault *fault)
{
    struct cs_cut cut = {.n = 0};

    if (fault->cut.n == 0 || cs_trial_oracle(trial, stream) != CS_OK ||
        (!fault->by_cut && shows(trial, stream, &cut, fault))) {
        return;
    }
    for (size_t at = 1; at < stream.len && at < MAX_PLACES; at++) {
        cut = (struct cs_cut){.pieces = {at, stream.len - at}, .n = 2};
        if (shows(trial, stream, &cut, fault)) {
            return;
        }
    }
    cut = (struct cs_cut){.pieces = {1}, .n = 1};
    (void)shows(trial, stream, &cut, fault);
}

void cs_minimise(struct cs_trial *trial, struct cs_buf *stream, struct cs_fault *fault,
                 int64_t budget_ms, const volatile sig_atomic_t *stop)
{
    char cause[sizeof fault->cause];
    struct search search = {.trial = trial,
                            .cause = cause,
                            .until_ms = cs_now_ms() + budget_ms,
                            .stop = stop,
                            .candidate = CS_BUF(stream->max)};
    struct cs_cut cut;

    memcpy(cause, fault->cause, sizeof cause);
    while (shrink(&search, stream, fault) && !time_is_up(&search)) {
    }
    cs_buf_free(&search.candidate);
    /* The answers to the last candidate are not those to what is left. */
    cut = fault->cut;
    if (cs_trial_oracle(trial, cs_buf_view(stream)) == CS_OK) {
        struct cs_fault again;
        if (cs_trial_run(trial, cs_buf_view(stream), &cut, &again)) {
            *fault = again;
        }
    }
}
