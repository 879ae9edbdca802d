#include "conformance/decode/blame.h"

#include <stdio.h>

#include "wire/reader.h"

#define MAX_FAULTS 256

/* An event that a strict reader finds malformed. */
struct fault {
    uint64_t start; /* its place in the stream */
    uint64_t end;
    char why[96];
};

/* "data+7: a control character" without the place. */
static void keep_reason(const struct cs_event *event, struct fault *fault)
{
    const char *colon = strstr(event->fault.text, ": ");

    fault->start = event->sse->start;
    fault->end = event->sse->end;
    (void)snprintf(fault->why, sizeof fault->why, "%.95s", colon ? colon + 2 : event->fault.text);
}

static size_t find_faults(struct cs_view stream, bool lenient, struct fault *faults)
{
    const struct cs_reader_limits limits = {.batch.lenient = lenient};
    struct cs_reader *reader = cs_reader_new(&limits);
    struct cs_event event;
    size_t n = 0;

    while (reader && n < MAX_FAULTS &&
           cs_reader_next(reader, &stream, &event, NULL) == CS_STEP_EVENT) {
        if (event.type == CS_EVENT_MALFORMED) {
            keep_reason(&event, &faults[n++]);
        }
    }
    cs_reader_free(reader);
    return n;
}

/* Leaves out what nobody reads anything of: a lenient reader finds it malformed as well. */
static size_t leave_out(const struct fault *hopeless, size_t n_hopeless, struct fault *faults,
                        size_t n)
{
    size_t kept = 0;

    for (size_t i = 0, at = 0; i < n; i++) {
        while (at < n_hopeless && hopeless[at].end < faults[i].end) {
            at++;
        }
        if (at == n_hopeless || hopeless[at].end != faults[i].end) {
            faults[kept++] = faults[i];
        }
    }
    return kept;
}

/* How many lines the first `end` bytes of the stream give. */
static size_t lines_at(struct cs_view stream, uint32_t traits, uint64_t end)
{
    struct cs_event_list list = {.traits = traits};
    size_t len = end < stream.len ? (size_t)end : stream.len;
    enum cs_err err = cs_event_list_ours(cs_view_of(stream.ptr, len), &list);
    size_t n = err ? 0 : list.n;

    cs_event_list_free(&list);
    return n;
}

/* The malformed event at which the list comes to the line, or that gave nothing there. */
static const char *fault_at(struct cs_view stream, uint32_t traits, size_t line,
                            const struct fault *faults, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lines_at(stream, traits, faults[i].start) <= line &&
            lines_at(stream, traits, faults[i].end) >= line) {
            return faults[i].why;
        }
    }
    return NULL;
}

static const char *framing_of(struct cs_view stream)
{
    if (cs_view_find(stream, CS_VIEW("\xef\xbb\xbf\xef\xbb\xbf")) == 0) {
        return "two byte order marks";
    }
    return "";
}

void cs_blame(struct cs_view stream, uint32_t traits, size_t line, bool ends, char *text,
              size_t size)
{
    static const char cr[] = "a CR ends the stream";
    struct fault faults[MAX_FAULTS];
    struct fault hopeless[MAX_FAULTS];
    const char *why = "";

    if (ends && stream.len > 0 && stream.ptr[stream.len - 1] == '\r') {
        why = cr;
    } else {
        size_t n = find_faults(stream, false, faults);
        n = leave_out(hopeless, find_faults(stream, true, hopeless), faults, n);
        const char *fault = fault_at(stream, traits, line, faults, n);
        why = fault ? fault : framing_of(stream);
    }
    (void)snprintf(text, size, "%s", why);
}
