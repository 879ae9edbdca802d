#include "endpoint/agent/agent_script.h"

#include <inttypes.h>

#include "wire/json.h"
#include "wire/utf8.h"

#define SCRIPT_MAX    ((size_t)32 << 20)
#define PIECE_MAX     ((size_t)32 * 1024) /* of one delta */
#define PIECES_WANTED ((size_t)64)

#define DELTA "{\"type\":\"text-delta\""

void cs_script_free(struct cs_script *script)
{
    cs_buf_free(&script->text);
    *script = (struct cs_script){0};
}

static void line(struct cs_script *script, const char *json)
{
    cs_buf_str(&script->text, json);
    cs_buf_char(&script->text, '\n');
}

void cs_script_open(struct cs_script *script, const char *message_id)
{
    script->text.max = SCRIPT_MAX;
    cs_buf_printf(&script->text, "{\"type\":\"start\",\"messageId\":\"%s\"}\n", message_id);
}

static void delta(struct cs_script *script, struct cs_view text)
{
    cs_buf_str(&script->text, DELTA ",\"id\":\"t1\",\"delta\":\"");
    cs_json_escape(&script->text, text);
    cs_buf_str(&script->text, "\"}\n");
}

void cs_script_delay(struct cs_script *script, int64_t delay_ms)
{
    if (delay_ms > 0) {
        cs_buf_printf(&script->text, "%" PRId64 " ", delay_ms);
    }
}

size_t cs_script_piece(struct cs_view text, size_t least)
{
    size_t len = least < text.len ? least : text.len;
    while (len < text.len && len < PIECE_MAX && text.ptr[len - 1] != ' ') {
        len++;
    }
    while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

static void deltas_of(struct cs_script *script, struct cs_view text)
{
    size_t least = text.len / PIECES_WANTED + 1;
    least = least < PIECE_MAX ? least : PIECE_MAX;
    while (text.len > 0) {
        size_t len = cs_script_piece(text, least);
        delta(script, cs_view_of(text.ptr, len));
        text = cs_view_of(text.ptr + len, text.len - len);
    }
}

static void numbered_deltas(struct cs_script *script, uint64_t n)
{
    for (uint64_t i = 1; i <= n; i++) {
        cs_buf_printf(&script->text, DELTA ",\"id\":\"t1\",\"delta\":\"%" PRIu64 " \"}\n", i);
    }
}

/* `tool_call_id` may come from outside and is escaped. */
static void tool_line(struct cs_script *script, const char *type, struct cs_view tool_call_id,
                      const char *rest)
{
    cs_buf_printf(&script->text, "{\"type\":\"%s\",\"toolCallId\":\"", type);
    cs_json_escape(&script->text, tool_call_id);
    cs_buf_printf(&script->text, "\"%s}\n", rest);
}

static void call_tool(struct cs_script *script, struct cs_view text, const char *tool_call_id)
{
    struct cs_view id = cs_view_str(tool_call_id);
    tool_line(script, "tool-input-start", id, ",\"toolName\":\"lookup\"");
    cs_buf_printf(&script->text,
                  "{\"type\":\"tool-input-available\",\"toolCallId\":\"%s\",\"toolName\":"
                  "\"lookup\",\"input\":{\"text\":\"",
                  tool_call_id);
    cs_json_escape(&script->text, text);
    cs_buf_str(&script->text, "\"}}\n");
}

/* "word", or "word" and a space and more; the rest then stands in *ret_rest. */
static bool first_word_is(struct cs_view text, const char *word, struct cs_view *ret_rest)
{
    struct cs_view expected = cs_view_str(word);
    if (!cs_view_starts_with(text, expected) ||
        (text.len > expected.len && text.ptr[expected.len] != ' ')) {
        return false;
    }
    *ret_rest = cs_view_trim(cs_view_of(text.ptr + expected.len, text.len - expected.len));
    return true;
}

/* "several N" */
static bool wants_several(struct cs_view text, uint64_t *ret_n)
{
    struct cs_view rest;
    if (!first_word_is(text, "several", &rest) || cs_view_u64(rest, ret_n) != CS_OK) {
        return false;
    }
    *ret_n = *ret_n < CS_SCRIPT_MAX_DELTAS ? *ret_n : CS_SCRIPT_MAX_DELTAS;
    return true;
}

static void text_step(struct cs_script *script, struct cs_view text)
{
    uint64_t n = 0;
    line(script, "{\"type\":\"start-step\"}");
    line(script, "{\"type\":\"text-start\",\"id\":\"t1\"}");
    if (wants_several(text, &n)) {
        numbered_deltas(script, n);
    } else {
        deltas_of(script, text);
    }
    line(script, "{\"type\":\"text-end\",\"id\":\"t1\"}");
    line(script, "{\"type\":\"finish-step\"}");
}

void cs_script_answer(struct cs_script *script, struct cs_view text, const char *message_id,
                      const char *tool_call_id)
{
    struct cs_view rest;
    struct cs_view id = cs_view_str(tool_call_id);
    cs_script_open(script, message_id);
    script->slow = first_word_is(text, "slow", &rest);
    script->closes = first_word_is(text, "goodbye", &rest);
    script->ends_run = script->closes || first_word_is(text, "end", &rest);
    script->asks_approval = first_word_is(text, "approve", &rest);
    if (script->asks_approval) {
        line(script, "{\"type\":\"start-step\"}");
        call_tool(script, text, tool_call_id);
        cs_buf_printf(&script->text,
                      "{\"type\":\"tool-approval-request\",\"approvalId\":\"approval-%s\","
                      "\"toolCallId\":\"%s\"}\n",
                      tool_call_id, tool_call_id);
        line(script, "{\"type\":\"finish-step\"}");
    } else {
        if (first_word_is(text, "tool", &rest)) {
            line(script, "{\"type\":\"start-step\"}");
            call_tool(script, text, tool_call_id);
            tool_line(script, "tool-output-available", id, ",\"output\":{\"found\":true}");
            line(script, "{\"type\":\"finish-step\"}");
        }
        text_step(script, text);
    }
    line(script, "{\"type\":\"finish\"}");
}

void cs_script_result(struct cs_script *script, bool denied, const char *message_id,
                      struct cs_view tool_call_id)
{
    cs_script_open(script, message_id);
    if (denied) {
        tool_line(script, "tool-output-denied", tool_call_id, "");
    } else {
        tool_line(script, "tool-output-available", tool_call_id, ",\"output\":{\"done\":true}");
    }
    text_step(script, denied ? CS_VIEW("denied") : CS_VIEW("done"));
    line(script, "{\"type\":\"finish\"}");
}

static struct cs_view rest_of(const struct cs_script *script)
{
    return script->text.len > script->at
               ? cs_view_of(script->text.ptr + script->at, script->text.len - script->at)
               : (struct cs_view){0};
}

/* The digits before a chunk, with their space; 0: there are none. */
static size_t delay_of(struct cs_view rest, int64_t *ret_ms)
{
    size_t len = 0;
    int64_t ms = 0;
    while (len < rest.len && len < 9 && rest.ptr[len] >= '0' && rest.ptr[len] <= '9') {
        ms = ms * 10 + (rest.ptr[len++] - '0');
    }
    *ret_ms = ms;
    return len > 0 ? len + 1 : 0;
}

struct cs_view cs_script_next(struct cs_script *script)
{
    int64_t ms = 0;
    script->at += delay_of(rest_of(script), &ms);
    struct cs_view rest = rest_of(script);
    size_t end = rest.len > 0 ? cs_view_find(rest, CS_VIEW("\n")) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return (struct cs_view){0}; /* also what a script that outgrew its buffer ends with */
    }
    script->at += end + 1;
    return cs_view_of(rest.ptr, end);
}

int64_t cs_script_wait(const struct cs_script *script, int64_t slow_ms)
{
    int64_t ms = 0;
    if (delay_of(rest_of(script), &ms) > 0) {
        return ms;
    }
    return script->slow && cs_view_starts_with(rest_of(script), CS_VIEW(DELTA)) ? slow_ms : -1;
}

void cs_script_skip(struct cs_script *script)
{
    script->at = script->text.len;
}
