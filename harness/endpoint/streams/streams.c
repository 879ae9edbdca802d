#include "endpoint/streams/streams.h"

#include <inttypes.h>
#include <stdlib.h>

/* A batch of 1 MiB grows to at most 6 MiB as JSON, and to somewhat more with its numbers (OUT-27).
 */
#define BATCH_TEXT_MAX ((size_t)16 << 20)

struct cs_streams *cs_streams_new(struct cs_endpoint *endpoint)
{
    struct cs_streams *streams = calloc(1, sizeof(*streams));
    if (streams == NULL) {
        return NULL;
    }
    streams->endpoint = endpoint;
    streams->text = CS_BUF(BATCH_TEXT_MAX);
    streams->chunk = CS_BUF(2 * BATCH_TEXT_MAX);
    streams->shared.data = CS_BUF(BATCH_TEXT_MAX);
    TAILQ_INIT(&streams->subscribers);
    TAILQ_INIT(&streams->dedupe.claims);
    return streams;
}

void cs_streams_free(struct cs_streams *streams)
{
    if (streams == NULL) {
        return;
    }
    cs_dedupe_free(&streams->dedupe);
    cs_buf_free(&streams->text);
    cs_buf_free(&streams->chunk);
    cs_buf_free(&streams->shared.data);
    free(streams);
}

const char *cs_io_name(enum cs_io io)
{
    return io == CS_IO_IN ? "in" : "out";
}

void cs_stream_name(const struct cs_environment *environment, struct cs_view key,
                    struct cs_view channel, enum cs_io io, struct cs_buf *out)
{
    cs_buf_clear(out);
    cs_buf_str(out, environment->stream_root);
    cs_buf_str(out, "/sessions/");
    cs_buf_add(out, key);
    if (channel.len > 0) {
        /* No session can have this in its external id (SES-25), as it could have "/channels/". */
        cs_buf_str(out, ":channels:");
        cs_buf_add(out, channel);
    }
    cs_buf_char(out, '/');
    cs_buf_str(out, cs_io_name(io));
}

void cs_call_stream_name(const struct cs_call *call, bool by_url, struct cs_buf *out)
{
    cs_stream_name(call->auth.environment, by_url ? call->id : call->key, call->channel, call->io,
                   out);
    if (call->endpoint->policy.stream_per_run && call->session != NULL &&
        call->session->n_runs > 1) {
        cs_buf_printf(out, "#%" PRIu64, call->session->n_runs);
    }
    /* What comes before the name in srv's store and not here: "org/<25>/env/<slug>/" (LIM-14). */
    size_t full_len = CS_STREAM_PREFIX_LEN + out->len;
    if (full_len > (size_t)call->endpoint->policy.stream_name_max) {
        out->max = out->len;
        cs_buf_char(out, '?'); /* there is no room: the buffer has failed */
    }
}

bool cs_call_header(struct cs_call *call, const char *name, struct cs_buf *out)
{
    cs_buf_clear(out);
    if (!call->endpoint->policy.joins_headers) {
        const struct cs_header *first = cs_request_header(call->request, name);
        cs_buf_add(out, first ? first->value : (struct cs_view){0});
        call->no_memory |= cs_buf_error(out) == CS_ERR_NO_MEMORY;
        return first && cs_buf_error(out) == CS_OK;
    }
    bool given = cs_request_header_joined(call->request, name, out);
    call->no_memory |= cs_buf_error(out) == CS_ERR_NO_MEMORY;
    return given && cs_buf_error(out) == CS_OK;
}
