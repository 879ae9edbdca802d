/* Records that come without a request, and what the platform is to say next. */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/internal.h"
#include "endpoint/streams/streams.h"
#include "wire/append.h"

/* ---- records ---- */

/* An append whose answer may come after its caller has left. */
struct placing {
    struct cs_endpoint *endpoint;
    struct cs_session *agent_session; /* whose agent hears of it; or NULL */
    struct cs_buf body;               /* of that record */
    bool left;
    bool answered;
    enum cs_store_status status;
    uint64_t seq;
};

static void placing_free(struct placing *placing)
{
    cs_buf_free(&placing->body);
    free(placing);
}

static void on_placed(void *ctx, const struct cs_store_appended *result)
{
    struct placing *placing = ctx;
    placing->answered = true;
    placing->status = result->status;
    placing->seq = result->start.seq_num;
    if (result->status == CS_STORE_OK && placing->agent_session) {
        const struct cs_record record = {.seq_num = result->start.seq_num,
                                         .timestamp = result->start.timestamp,
                                         .body = cs_buf_view(&placing->body),
                                         .kind = CS_RECORD_DATA,
                                         .has_timestamp = true,
                                         .has_body = true};
        cs_agent_on_input(placing->endpoint, placing->agent_session, &record);
    }
    if (placing->left) {
        placing_free(placing);
    }
}

/* Takes `placing` over. */
static enum cs_err place_records(struct placing *placing, const struct cs_play_place *place,
                                 const struct cs_record *records, size_t n, uint64_t *ret_seq)
{
    struct cs_endpoint *endpoint = placing->endpoint;
    const struct cs_environment *environment = &endpoint->environments[0];
    const struct cs_session *session =
        cs_session_find(endpoint, environment, cs_view_str(place->session));
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    cs_stream_name(environment, session ? session->key : cs_view_str(place->session),
                   cs_view_str(place->channel), place->io, &name);
    enum cs_err err = cs_buf_error(&name);
    if (err == CS_OK) {
        const struct cs_store_append input = {.records = records, .n_records = n};
        endpoint->store->ops->append(endpoint->store, cs_buf_view(&name), &input, on_placed,
                                     placing);
    }
    cs_buf_free(&name);
    if (err == CS_OK && !placing->answered) {
        placing->left = true;
        if (ret_seq) {
            *ret_seq = CS_PLAY_NO_SEQ;
        }
        return CS_OK;
    }
    if (err == CS_OK && placing->status != CS_STORE_OK) {
        err = placing->status == CS_STORE_INVALID ? CS_ERR_LIMIT : CS_ERR_IO;
    }
    if (err == CS_OK && ret_seq) {
        *ret_seq = placing->seq;
    }
    placing_free(placing);
    return err;
}

enum cs_err cs_play_records(struct cs_endpoint *endpoint, const struct cs_play_place *place,
                            const struct cs_record *records, size_t n, uint64_t *ret_first_seq)
{
    struct placing *placing = calloc(1, sizeof(*placing));
    if (!placing) {
        return CS_ERR_NO_MEMORY;
    }
    placing->endpoint = endpoint;
    return place_records(placing, place, records, n, ret_first_seq);
}

enum cs_err cs_play_append(struct cs_endpoint *endpoint, const struct cs_play_place *place,
                           struct cs_view text, const char *part_id, uint64_t *ret_seq)
{
    struct placing *placing = calloc(1, sizeof(*placing));
    if (!placing) {
        return CS_ERR_NO_MEMORY;
    }
    char fresh[CS_PART_ID_LEN + 1];
    cs_random_id(endpoint, fresh, CS_PART_ID_LEN);
    placing->endpoint = endpoint;
    placing->body = CS_BUF((size_t)2 * CS_RECORD_MAX_METERED);
    cs_append_wrap(&placing->body, text, cs_view_str(part_id ? part_id : fresh));
    enum cs_err err = cs_buf_error(&placing->body);
    if (err != CS_OK) {
        placing_free(placing);
        return err;
    }
    if (place->io == CS_IO_IN && !place->channel) {
        placing->agent_session =
            cs_session_find(endpoint, &endpoint->environments[0], cs_view_str(place->session));
    }
    const struct cs_record record = {.body = cs_buf_view(&placing->body), .has_body = true};
    return place_records(placing, place, &record, 1, ret_seq);
}

enum cs_err cs_play_cut(struct cs_endpoint *endpoint, const char *id)
{
    const struct cs_session *session =
        cs_session_find(endpoint, &endpoint->environments[0], cs_view_str(id));
    if (!session) {
        return CS_ERR_MISSING;
    }
    cs_sse_cut(endpoint, session);
    return CS_OK;
}

/* ---- answers to come ---- */

void cs_play_next_continue(struct cs_endpoint *endpoint, const struct cs_play_continue *next)
{
    endpoint->next_continue = *next;
    endpoint->has_next_continue = true;
}

static bool fits_header(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

enum cs_err cs_play_header(struct cs_endpoint *endpoint, const char *name, const char *value)
{
    char *line = NULL;
    if (name &&
        (*name == '\0' || strpbrk(name, ": ") || !fits_header(name) || !fits_header(value))) {
        return CS_ERR_SYNTAX;
    }
    if (name) {
        struct cs_buf text = CS_BUF((size_t)64 * 1024);
        cs_response_header(&text, name, "%s", value);
        line = cs_buf_take(&text);
        if (!line) {
            return CS_ERR_NO_MEMORY;
        }
    }
    free(endpoint->marker);
    endpoint->marker = line;
    return CS_OK;
}
