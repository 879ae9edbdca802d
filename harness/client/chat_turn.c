/* Records of `.out` turned into chunks, state and the end of the turn. */
#include "client/chat_impl.h"

#include <stdlib.h>

#include "wire/json.h"

static void finish(struct turn *turn, enum cs_chat_result result)
{
    turn->done = true;
    turn->result = result;
    if (result != CS_CHAT_STOPPED) { /* a turn that is merely not read any more goes on */
        turn->chat->streaming = false;
        turn->chat->active_seq = (struct seq){0};
    }
}

static void deliver(struct turn *turn, struct cs_view data, struct cs_view type, uint64_t seq)
{
    struct cs_chat_chunk chunk = {data, type, seq};
    bool go_on = !turn->on_chunk || turn->on_chunk(turn->ctx, &chunk);
    if (!go_on || turn->chat->interrupted) {
        finish(turn, CS_CHAT_STOPPED);
    }
}

static void adopt_token(struct cs_chat *chat, struct cs_view token)
{
    const struct cs_chat_policy *policy = &chat->policy;
    if (policy->adopt_token && (token.len > 0 || policy->adopt_empty_token) &&
        (cs_chat_token_fits(token) || policy->adopt_any_token)) {
        cs_chat_set(&chat->token, token); /* when out of memory the old one still serves */
    }
}

static struct cs_view header_value(const struct cs_record *record, const char *name)
{
    const struct cs_header *header = cs_record_header(record, name);
    return header ? header->value : (struct cs_view){0};
}

/* ---- control records ---- */

static bool above_or_unknown(const struct seq *a, const struct seq *b)
{
    return !a->known || !b->known || a->number >= b->number;
}

/* After a stop, boundaries up to the stopped turn's lift the gate and end nothing. True when this
 * one is dealt with. */
static bool at_gate(struct turn *turn, const struct seq *last_in)
{
    struct cs_chat *chat = turn->chat;
    if (!chat->gate) {
        return false;
    }
    bool own =
        last_in->known && chat->active_seq.known && last_in->number >= chat->active_seq.number;
    if (own) {
        chat->gate = false;
        bool lost = chat->n_hidden > 0 && chat->policy.report_lost;
        finish(turn, lost ? CS_CHAT_LOST : CS_CHAT_OK);
    } else if (above_or_unknown(last_in, &chat->gate_seq)) {
        chat->gate = false;
    }
    return true;
}

/* The boundary of a turn before the one that is read (CTC-02 to CTC-04). */
static bool is_earlier(const struct cs_chat *chat, const struct seq *last_in)
{
    const struct cs_chat_policy *policy = &chat->policy;
    if (!last_in->known) {
        return policy->require_correlation;
    }
    if (!chat->active_seq.known || !policy->correlate) {
        return false;
    }
    return last_in->number < chat->active_seq.number ||
           (last_in->number > chat->active_seq.number && policy->exact_correlation);
}

static void on_boundary(struct turn *turn, const struct cs_record *record)
{
    struct cs_chat *chat = turn->chat;
    if (cs_record_header(record, "public-access-token")) {
        adopt_token(chat, header_value(record, "public-access-token"));
    } else if (chat->policy.forget_token) {
        cs_chat_set(&chat->token, (struct cs_view){0});
    }
    struct seq last_in = {0};
    const char *name =
        chat->policy.consumed_correlates ? "session-in-consumed-id" : "session-in-event-id";
    last_in.known = cs_view_u64(header_value(record, name), &last_in.number) == CS_OK;
    bool earlier = is_earlier(chat, &last_in);
    bool closes = cs_view_eq(header_value(record, "session-closed"), CS_VIEW("true"));
    if (closes && (!earlier || chat->policy.close_of_skipped)) {
        cs_chat_mark_closed(chat, header_value(record, "session-closed-reason"));
    }
    if (!at_gate(turn, &last_in) && !earlier) {
        finish(turn, CS_CHAT_OK);
    }
    if (chat->closed && !turn->done) { /* the turn that is waited for will never come */
        finish(turn, CS_CHAT_CLOSED);
    }
}

static void on_control(struct turn *turn, const struct cs_record *record)
{
    const struct cs_chat_policy *policy = &turn->chat->policy;
    struct cs_view subtype = cs_record_control(record);
    if (policy->deliver_controls) {
        deliver(turn, record->body, subtype, record->seq_num);
    }
    if (cs_view_eq(subtype, CS_VIEW("turn-complete"))) {
        on_boundary(turn, record);
    } else if (cs_view_eq(subtype, CS_VIEW("session-closed"))) {
        cs_chat_mark_closed(turn->chat, header_value(record, "session-closed-reason"));
        finish(turn, CS_CHAT_CLOSED);
    } else if (cs_view_eq(subtype, CS_VIEW("upgrade-required"))) {
        if (policy->upgrade_ends_turn) {
            finish(turn, CS_CHAT_OK);
        }
    } else if (policy->fail_on_unknown_control) {
        finish(turn, CS_CHAT_GAVE_UP);
    }
}

/* ---- data records ---- */

/* True when the id was seen lately; remembers it otherwise. */
static bool is_repeated(struct cs_chat *chat, struct cs_view id)
{
    struct seen_ids *seen = &chat->seen;
    if (id.len == 0 || id.len > CHAT_SEEN_ID_LEN || !chat->policy.drop_seen_id) {
        return false;
    }
    for (size_t i = 0; i < CHAT_SEEN_IDS; i++) {
        if (cs_view_eq(id, cs_view_of(seen->ids[i].text, seen->ids[i].len))) {
            return true;
        }
    }
    memcpy(seen->ids[seen->next].text, id.ptr, id.len);
    seen->ids[seen->next].len = (uint8_t)id.len;
    seen->next = (seen->next + 1) % CHAT_SEEN_IDS;
    return false;
}

/* Appends string member `key` of a JSON object; nothing when it is not there. */
static void get_string(struct cs_view object, struct cs_view key, struct cs_buf *out)
{
    struct cs_view value;
    if (cs_json_get(object, key, &value) || cs_json_string(value, out)) {
        cs_buf_clear(out);
    }
}

/* Agents from before the control header wrote their controls as chunks (CRE-14 to CRE-16). */
static void on_legacy_control(struct turn *turn, struct cs_view data, struct cs_view type,
                              uint64_t seq)
{
    if (turn->chat->policy.deliver_legacy_controls) {
        deliver(turn, data, type, seq);
    }
    if (cs_view_eq(type, CS_VIEW("trigger:turn-complete")) && turn->chat->policy.legacy_boundary) {
        struct cs_buf token = CS_BUF(CHAT_MAX_TOKEN);
        get_string(data, CS_VIEW("publicAccessToken"), &token);
        if (token.len > 0) {
            adopt_token(turn->chat, cs_buf_view(&token));
        }
        cs_buf_free(&token);
        finish(turn, CS_CHAT_OK);
    }
}

/* The ascii_only fault. */
static void deliver_ascii(struct turn *turn, struct cs_view data, struct cs_view type, uint64_t seq)
{
    struct cs_buf text = CS_BUF(data.len + 1);
    for (size_t i = 0; i < data.len; i++) {
        cs_buf_char(&text, (unsigned char)data.ptr[i] < 0x80 ? data.ptr[i] : '?');
    }
    deliver(turn, cs_buf_view(&text), type, seq);
    cs_buf_free(&text);
}

/* The known_types_only fault. */
static bool is_known_type(struct cs_view type)
{
    return cs_view_starts_with(type, CS_VIEW("text-")) ||
           cs_view_starts_with(type, CS_VIEW("start"));
}

static void on_chunk(struct turn *turn, struct cs_view data, uint64_t seq)
{
    const struct cs_chat_policy *policy = &turn->chat->policy;
    struct cs_buf type = CS_BUF(1024); /* a longer type is unknown anyway */
    get_string(data, CS_VIEW("type"), &type);
    if (policy->known_types_only && !is_known_type(cs_buf_view(&type))) {
        finish(turn, CS_CHAT_GAVE_UP);
    } else if (policy->ascii_only) {
        deliver_ascii(turn, data, cs_buf_view(&type), seq);
    } else if (cs_view_starts_with(cs_buf_view(&type), CS_VIEW("trigger:"))) {
        on_legacy_control(turn, data, cs_buf_view(&type), seq);
    } else if (turn->chat->gate) {
        turn->chat->n_hidden++;
    } else {
        deliver(turn, data, cs_buf_view(&type), seq);
    }
    cs_buf_free(&type);
}

/* No chunk in it; the stream goes on (CRE-26, CRE-27). */
static void on_odd_body(struct turn *turn, const struct cs_record *record)
{
    const struct cs_chat_policy *policy = &turn->chat->policy;
    turn->chat->oddities++;
    if (policy->fail_on_odd_body) {
        finish(turn, CS_CHAT_GAVE_UP);
    } else if (policy->deliver_null) {
        deliver(turn, CS_VIEW("null"), (struct cs_view){0}, record->seq_num);
    }
}

static void on_data(struct turn *turn, const struct cs_record *record)
{
    struct cs_view data;
    struct cs_view id;
    if (cs_json_check(record->body, NULL) || cs_json_get(record->body, CS_VIEW("data"), &data) ||
        cs_view_eq(data, CS_VIEW("null"))) {
        on_odd_body(turn, record);
        return;
    }
    if (cs_json_get(record->body, CS_VIEW("id"), &id)) {
        id = (struct cs_view){0}; /* delivered, never taken for a repeat (CRE-28) */
    }
    bool drop = is_repeated(turn->chat, id) || (id.len == 0 && turn->chat->policy.need_record_id);
    if (!drop) {
        on_chunk(turn, turn->chat->policy.deliver_envelope ? record->body : data, record->seq_num);
    }
}

/* ---- any record ---- */

static bool is_control(const struct cs_chat *chat, const struct cs_record *record)
{
    if (record->kind != CS_RECORD_CONTROL || chat->policy.filter_by_chunk_type) {
        return false;
    }
    return !chat->policy.control_first_header_only ||
           cs_view_eq(record->headers[0].name, CS_VIEW("trigger-control"));
}

/* The highest number seen, whatever kind of record had it (CRE-03, CRE-46). False for a record that
 * was there before. */
static bool move_cursor(struct cs_chat *chat, const struct cs_record *record)
{
    if (chat->cursor.known && record->seq_num <= chat->cursor.number) {
        chat->cursor.number = chat->policy.cursor_follows ? record->seq_num : chat->cursor.number;
        return false;
    }
    if (record->kind == CS_RECORD_DATA || chat->policy.skip_moves_cursor) {
        chat->cursor = (struct seq){true, record->seq_num};
    }
    return true;
}

void cs_chat_on_record(struct turn *turn, const struct cs_record *record)
{
    const struct cs_chat_policy *policy = &turn->chat->policy;
    bool fresh = move_cursor(turn->chat, record);
    turn->progressed = turn->progressed || fresh;
    if (!fresh && policy->drop_seen_seq) {
        return;
    }
    if (record->kind == CS_RECORD_COMMAND) {
        if (policy->deliver_commands) {
            deliver(turn, record->body, (struct cs_view){0}, record->seq_num);
        }
    } else if (is_control(turn->chat, record)) {
        on_control(turn, record);
    } else if (!(policy->header_makes_control && record->n_headers > 0)) {
        on_data(turn, record);
    }
}
