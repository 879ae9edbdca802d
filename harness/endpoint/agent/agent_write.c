/* The records that the agent writes. */
#include <inttypes.h>
#include <stdio.h>

#include "endpoint/agent/agent.h"
#include "wire/json.h"

#define PART_ID_LEN  7
#define ENVELOPE_LEN (sizeof("{\"data\":,\"id\":\"\"}") - 1 + PART_ID_LEN)

static void write_record(struct cs_agent *agent, const struct cs_record *record,
                         void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx)
{
    struct cs_store *store = agent->endpoint->store;
    struct cs_store_append input = {.records = record, .n_records = 1};
    store->ops->append(store, cs_buf_view(&agent->out), &input, done, ctx);
}

/* A store that fails loses the record: the agent has nobody to tell. */
static void written(void *ctx, const struct cs_store_appended *result)
{
    (void)ctx;
    (void)result;
}

bool cs_agent_write_chunk(struct cs_agent *agent, struct cs_view chunk)
{
    char part_id[PART_ID_LEN + 1];
    cs_random_id(agent->endpoint, part_id, PART_ID_LEN);
    struct cs_buf body = CS_BUF((size_t)agent->endpoint->policy.agent_record_max); /* LIM-24 */
    cs_buf_str(&body, "{\"data\":");
    cs_buf_add(&body, chunk);
    cs_buf_printf(&body, ",\"id\":\"%s\"}", part_id);
    bool fits = cs_buf_error(&body) == CS_OK;
    if (fits) {
        write_record(agent, &(struct cs_record){.body = cs_buf_view(&body)}, written, NULL);
    }
    cs_buf_free(&body);
    return fits;
}

/* The error in the words of the SDK (AGT-BIG-02). */
void cs_agent_write_too_large(struct cs_agent *agent, struct cs_view chunk)
{
    struct cs_buf type = CS_BUF((size_t)256);
    struct cs_buf error = CS_BUF((size_t)2048);
    struct cs_view value;
    if (cs_json_get(chunk, CS_VIEW("type"), &value) != CS_OK ||
        cs_json_string(value, &type) != CS_OK) {
        cs_buf_clear(&type);
    }
    cs_buf_str(&error, "{\"type\":\"error\",\"errorText\":\"chat.agent chunk of type \\\"");
    cs_json_escape(&error, cs_buf_view(&type));
    cs_buf_printf(&error,
                  "\\\" is %zu bytes, over the realtime stream's per-record cap of %lld bytes. For "
                  "oversized payloads (e.g. large tool outputs), write the value to your own store "
                  "and emit only an id/url through the chat stream.\"}",
                  chunk.len + ENVELOPE_LEN, (long long)agent->endpoint->policy.agent_record_max);
    (void)cs_agent_write_chunk(agent, cs_buf_view(&error));
    cs_buf_free(&error);
    cs_buf_free(&type);
}

static void write_trim(struct cs_agent *agent, uint64_t first_kept)
{
    char body[8];
    cs_trim_encode(first_kept, body);
    struct cs_header header = {.value = CS_VIEW("trim")};
    struct cs_record record = {
        .headers = &header, .n_headers = 1, .body = cs_view_of(body, sizeof(body))};
    write_record(agent, &record, written, NULL);
}

/* ctx is the run, which outlives its agent. */
static void complete_written(void *ctx, const struct cs_store_appended *result)
{
    struct cs_agent *agent = ((struct cs_run *)ctx)->agent;
    if (agent == NULL) {
        return;
    }
    if (result->status == CS_STORE_OK) {
        if (agent->has_complete && agent->endpoint->policy.agent_trims) {
            write_trim(agent, agent->complete);
        }
        agent->has_complete = true;
        agent->complete = result->start.seq_num;
    }
    cs_agent_completed(agent);
}

/* The header public-access-token, into `token`; false when there is to be none (TOK-44). */
static bool make_token(const struct cs_agent *agent, struct cs_buf *token)
{
    const struct cs_policy *policy = &agent->endpoint->policy;
    if (!agent->with_token || !policy->agent_token ||
        cs_token_for_session(agent->endpoint, agent->session, agent->run, token) != CS_OK) {
        return false;
    }
    if (policy->agent_token == 2) {
        cs_buf_str(token, "x");
    }
    return true;
}

void cs_agent_write_complete(struct cs_agent *agent)
{
    const struct cs_policy *policy = &agent->endpoint->policy;
    struct cs_header headers[7] = {{CS_VIEW("trigger-control"), CS_VIEW("turn-complete")}};
    size_t n = 1;
    struct cs_buf token = CS_BUF(CS_TOKEN_MAX_LEN);
    char handled[32];
    char seen[32];
    if (make_token(agent, &token)) {
        headers[n++] = (struct cs_header){CS_VIEW("public-access-token"), cs_buf_view(&token)};
    }
    if (agent->has_handled) {
        snprintf(handled, sizeof(handled), policy->agent_in_id_as_hex ? "0x%" PRIx64 : "%" PRIu64,
                 agent->handled + (uint64_t)policy->agent_in_id_offset);
        headers[n++] = (struct cs_header){CS_VIEW("session-in-event-id"), cs_view_str(handled)};
    }
    if (agent->has_seen && policy->agent_consumed_id) {
        snprintf(seen, sizeof(seen), "%" PRIu64, agent->seen);
        headers[n++] = (struct cs_header){CS_VIEW("session-in-consumed-id"), cs_view_str(seen)};
    }
    if (agent->closes && policy->agent_announces_close) { /* REC-09 */
        headers[n++] = (struct cs_header){CS_VIEW("session-closed"), CS_VIEW("true")};
        headers[n++] =
            (struct cs_header){CS_VIEW("session-closed-reason"), CS_VIEW(CS_AGENT_CLOSE_REASON)};
    }
    if (policy->agent_last_event_id) {
        headers[n++] = (struct cs_header){CS_VIEW("last-event-id"), CS_VIEW("none")};
    }
    write_record(agent, &(struct cs_record){.headers = headers, .n_headers = n}, complete_written,
                 agent->run);
    cs_buf_free(&token);
}

void cs_agent_write_upgrade(struct cs_agent *agent)
{
    const struct cs_header header = {CS_VIEW("trigger-control"), CS_VIEW("upgrade-required")};
    write_record(agent, &(struct cs_record){.headers = &header, .n_headers = 1}, written, NULL);
}

/* ctx is the run, as above. */
static void closed_written(void *ctx, const struct cs_store_appended *result)
{
    struct cs_agent *agent = ((struct cs_run *)ctx)->agent;
    (void)result;
    if (agent != NULL) {
        cs_agent_completed(agent);
    }
}

void cs_agent_write_closed(struct cs_agent *agent)
{
    const struct cs_header headers[] = {
        {CS_VIEW("trigger-control"), CS_VIEW("session-closed")},
        {CS_VIEW("session-closed-reason"), CS_VIEW(CS_AGENT_CLOSE_REASON)},
    };
    write_record(agent, &(struct cs_record){.headers = headers, .n_headers = 2}, closed_written,
                 agent->run);
}
