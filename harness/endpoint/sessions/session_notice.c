/* Records that the endpoint itself puts on `in`. */
#include <stdlib.h>

#include "endpoint/sessions/session.h"
#include "wire/append.h"

struct notice {
    struct cs_endpoint *endpoint;
    struct cs_session *session;
    struct cs_buf body;
    void (*done)(void *ctx); /* NULL: nobody asks */
    void *ctx;
};

static void tell(void (*done)(void *ctx), void *ctx)
{
    if (done) {
        done(ctx);
    }
}

static void notice_stored(void *ctx, const struct cs_store_appended *result)
{
    struct notice *notice = ctx;
    if (result->status == CS_STORE_OK) {
        struct cs_record record = {
            .seq_num = result->start.seq_num,
            .timestamp = result->start.timestamp,
            .body = cs_buf_view(&notice->body),
            .kind = CS_RECORD_DATA,
            .has_timestamp = true,
            .has_body = true,
        };
        cs_agent_on_input(notice->endpoint, notice->session, &record);
    }
    void (*done)(void *) = notice->done;
    void *done_ctx = notice->ctx;
    cs_buf_free(&notice->body);
    free(notice);
    tell(done, done_ctx);
}

void cs_session_put_input(struct cs_endpoint *endpoint, struct cs_session *session,
                          struct cs_view body, void (*done)(void *ctx), void *ctx)
{
    struct notice *notice = calloc(1, sizeof *notice);
    if (!notice) {
        tell(done, ctx);
        return;
    }
    notice->done = done;
    notice->ctx = ctx;
    char part_id[8];
    cs_random_id(endpoint, part_id, sizeof part_id - 1);
    notice->endpoint = endpoint;
    notice->session = session;
    notice->body = CS_BUF((size_t)2 * CS_RECORD_MAX_METERED);
    cs_append_wrap(&notice->body, body, cs_view_str(part_id));
    struct cs_buf name = CS_BUF(4096);
    cs_stream_name(session->environment, session->key, (struct cs_view){0}, CS_IO_IN, &name);
    if (cs_buf_error(&notice->body) != CS_OK || cs_buf_error(&name) != CS_OK) {
        cs_buf_free(&notice->body);
        free(notice);
        tell(done, ctx);
    } else {
        struct cs_record record = {.body = cs_buf_view(&notice->body), .has_body = true};
        struct cs_store_append input = {.records = &record, .n_records = 1};
        endpoint->store->ops->append(endpoint->store, cs_buf_view(&name), &input, notice_stored,
                                     notice);
    }
    cs_buf_free(&name);
}

void cs_session_send_close(struct cs_endpoint *endpoint, struct cs_session *session,
                           void (*done)(void *ctx), void *ctx)
{
    struct cs_buf body = CS_BUF((size_t)64 * 1024);
    cs_buf_str(&body, "{\"kind\":\"message\",\"payload\":{\"chatId\":");
    cs_json_text(&body, session->key);
    cs_buf_str(&body, ",\"trigger\":\"close\"}}");
    if (cs_buf_error(&body) == CS_OK) {
        cs_session_put_input(endpoint, session, cs_buf_view(&body), done, ctx);
    } else {
        tell(done, ctx);
    }
    cs_buf_free(&body);
}
