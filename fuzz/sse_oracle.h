/* What must hold of any event, whatever the stream: the grammar cannot give it otherwise. */
#ifndef CHATSPEC_FUZZ_SSE_ORACLE_H
#define CHATSPEC_FUZZ_SSE_ORACLE_H

#include "fuzz/fuzz.h"
#include "wire/sse.h"
#include "wire/utf8.h"

static inline void fuzz_sse_text(struct cs_view text, struct cs_buf *log)
{
    FUZZ_CHECK(cs_utf8_valid_prefix(text) == text.len && !fuzz_has(text, '\r'));
    cs_buf_printf(log, " %zu<", text.len);
    cs_buf_add(log, text);
}

static inline void fuzz_sse_event(const struct cs_sse_event *event, struct cs_buf *log)
{
    size_t n_lines = 1;

    for (size_t i = 0; i < event->data.len; i++) {
        n_lines += event->data.ptr[i] == '\n';
    }
    FUZZ_CHECK(n_lines == event->n_data_lines);
    FUZZ_CHECK(!fuzz_has(event->event, '\n') && !fuzz_has(event->id, '\n'));
    FUZZ_CHECK(!fuzz_has(event->id, '\0'));
    FUZZ_CHECK(event->event.len == 0 || event->flags & CS_SSE_HAS_EVENT);
    FUZZ_CHECK(event->id.len == 0 || event->flags & CS_SSE_HAS_ID);
    FUZZ_CHECK(event->start < event->end);
    cs_buf_printf(log, "\n%llu-%llu %x", (unsigned long long)event->start,
                  (unsigned long long)event->end, event->flags);
    fuzz_sse_text(event->event, log);
    fuzz_sse_text(event->id, log);
    fuzz_sse_text(event->data, log);
}

#endif
