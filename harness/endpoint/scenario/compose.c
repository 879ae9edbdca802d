/* Composes an answer: UI message chunks, as `streamText` of the AI SDK makes them. */
#include <inttypes.h>

#include "endpoint/scenario/scenario_impl.h"
#include "wire/json.h"

struct composing {
    const struct cs_scenario_asked *asked;
    struct cs_script *script;
    double file_delay_ms;
    double waited_ms; /* by wait steps, before the next chunk */
    uint64_t n_texts; /* so far, for their ids */
    uint64_t n_calls;
    bool in_step;
};

/* Begins a line of the script, with what is to be waited before it. */
static struct cs_buf *begin(struct composing *c, double delay_ms)
{
    cs_script_delay(c->script, (int64_t)(delay_ms + c->waited_ms));
    c->waited_ms = 0;
    return &c->script->text;
}

static void line(struct composing *c, const char *json)
{
    struct cs_buf *out = begin(c, 0);
    cs_buf_str(out, json);
    cs_buf_char(out, '\n');
}

static void quoted(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, text);
    cs_buf_char(out, '"');
}

static void value(struct cs_buf *out, const cJSON *item)
{
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    cs_buf_str(out, text ? text : "null");
    cJSON_free(text);
}

static void open_step(struct composing *c)
{
    if (!c->in_step) {
        line(c, "{\"type\":\"start-step\"}");
        c->in_step = true;
    }
}

static void close_step(struct composing *c)
{
    if (c->in_step) {
        line(c, "{\"type\":\"finish-step\"}");
        c->in_step = false;
    }
}

/* The text with {{text}}, {{turn}} and {{run}} filled in, as often as it is to be repeated. */
static void fill_in(const struct composing *c, const char *pattern, double times,
                    struct cs_buf *out)
{
    for (double n = 0; n < times && cs_buf_error(out) == CS_OK; n++) {
        struct cs_view rest = cs_view_str(pattern);
        size_t at;
        while ((at = cs_view_find(rest, CS_VIEW("{{"))) != SIZE_MAX) {
            cs_buf_add(out, cs_view_of(rest.ptr, at));
            rest = cs_view_of(rest.ptr + at, rest.len - at);
            size_t taken = 2;
            if (cs_view_starts_with(rest, CS_VIEW("{{text}}"))) {
                cs_buf_add(out, c->asked->text);
                taken = sizeof("{{text}}") - 1;
            } else if (cs_view_starts_with(rest, CS_VIEW("{{turn}}"))) {
                cs_buf_printf(out, "%" PRIu64, c->asked->turn);
                taken = sizeof("{{turn}}") - 1;
            } else if (cs_view_starts_with(rest, CS_VIEW("{{run}}"))) {
                cs_buf_printf(out, "%" PRIu64, c->asked->run);
                taken = sizeof("{{run}}") - 1;
            } else {
                cs_buf_str(out, "{{");
            }
            rest = cs_view_of(rest.ptr + taken, rest.len - taken);
        }
        cs_buf_add(out, rest);
    }
}

/* A text or a reasoning: start, deltas that end after a space, end. */
static void say_text(struct composing *c, const cJSON *step, const char *name, double delay_ms)
{
    struct cs_buf text = CS_BUF(2 * CS_SCENARIO_TEXT_MAX);
    fill_in(c, cs_scenario_get(step, name)->valuestring, cs_scenario_number(step, "repeat", 1),
            &text);
    struct cs_view rest = cs_buf_view(&text);
    double pieces = cs_scenario_number(step, "pieces", 0);
    size_t least = pieces > 0 ? rest.len / (size_t)pieces : rest.len / 1000;
    uint64_t id = ++c->n_texts;
    open_step(c);
    cs_buf_printf(begin(c, 0), "{\"type\":\"%s-start\",\"id\":\"t%" PRIu64 "\"}\n", name, id);
    while (rest.len > 0) {
        size_t len = cs_script_piece(rest, least + 1);
        struct cs_buf *out = begin(c, delay_ms);
        cs_buf_printf(out, "{\"type\":\"%s-delta\",\"id\":\"t%" PRIu64 "\",\"delta\":", name, id);
        quoted(out, cs_view_of(rest.ptr, len));
        cs_buf_str(out, "}\n");
        rest = cs_view_of(rest.ptr + len, rest.len - len);
    }
    cs_buf_printf(begin(c, 0), "{\"type\":\"%s-end\",\"id\":\"t%" PRIu64 "\"}\n", name, id);
    cs_buf_free(&text);
}

static void tool_line(struct composing *c, const char *type, struct cs_view id, double delay_ms)
{
    struct cs_buf *out = begin(c, delay_ms);
    cs_buf_printf(out, "{\"type\":\"%s\",\"toolCallId\":", type);
    quoted(out, id);
}

static void end_line(struct composing *c)
{
    cs_buf_str(&c->script->text, "}\n");
}

/* A large output: a text of so many bytes. */
static void output_of(struct cs_buf *out, size_t n_bytes)
{
    static const char filling[] = "The quick brown fox jumps over the lazy dog. ";
    cs_buf_str(out, "{\"text\":\"");
    while (n_bytes > 0) {
        size_t len = n_bytes < sizeof(filling) - 1 ? n_bytes : sizeof(filling) - 1;
        cs_buf_append(out, filling, len);
        n_bytes -= len;
    }
    cs_buf_str(out, "\"}");
}

static void call_tool(struct composing *c, const cJSON *step, double delay_ms)
{
    struct cs_buf call = CS_BUF((size_t)256);
    struct cs_buf *out = &c->script->text;
    struct cs_view name = cs_view_str(cs_scenario_get(step, "tool")->valuestring);
    cs_buf_add(&call, c->asked->tool_call_id);
    if (++c->n_calls > 1) {
        cs_buf_printf(&call, "%" PRIu64, c->n_calls);
    }
    struct cs_view id = cs_buf_view(&call);
    open_step(c);
    tool_line(c, "tool-input-start", id, delay_ms);
    cs_buf_str(out, ",\"toolName\":");
    quoted(out, name);
    end_line(c);
    tool_line(c, "tool-input-available", id, 0);
    cs_buf_str(out, ",\"toolName\":");
    quoted(out, name);
    cs_buf_str(out, ",\"input\":");
    if (cs_scenario_get(step, "input")) {
        value(out, cs_scenario_get(step, "input"));
    } else {
        cs_buf_str(out, "{}");
    }
    end_line(c);
    if (cs_scenario_get(step, "approve")) {
        cs_buf_str(begin(c, 0), "{\"type\":\"tool-approval-request\",\"approvalId\":\"approval-");
        cs_json_escape(out, id);
        cs_buf_str(out, "\",\"toolCallId\":");
        quoted(out, id);
        end_line(c);
    } else if (cs_scenario_get(step, "fails")) {
        tool_line(c, "tool-output-error", id, delay_ms);
        cs_buf_str(out, ",\"errorText\":");
        quoted(out, cs_view_str(cs_scenario_get(step, "fails")->valuestring));
        end_line(c);
    } else if (cs_scenario_get(step, "output") || cs_scenario_get(step, "output_bytes")) {
        tool_line(c, "tool-output-available", id, delay_ms);
        cs_buf_str(out, ",\"output\":");
        if (cs_scenario_get(step, "output")) {
            value(out, cs_scenario_get(step, "output"));
        } else {
            output_of(out, (size_t)cs_scenario_number(step, "output_bytes", 0));
        }
        end_line(c);
    }
    close_step(c); /* the model is asked again, or somebody else */
    cs_buf_free(&call);
}

/* What came of the call that was answered; it belongs to the step before. */
static void answer_call(struct composing *c, const cJSON *output, double delay_ms)
{
    struct cs_view id = cs_buf_view(&c->asked->input->tool_call_id);
    tool_line(c, output ? "tool-output-available" : "tool-output-denied", id, delay_ms);
    if (output) {
        cs_buf_str(&c->script->text, ",\"output\":");
        value(&c->script->text, output);
    }
    end_line(c);
}

static void say_data(struct composing *c, const cJSON *step, double delay_ms)
{
    struct cs_buf *out = begin(c, delay_ms);
    cs_buf_str(out, "{\"type\":\"data-");
    cs_json_escape(out, cs_view_str(cs_scenario_get(step, "data")->valuestring));
    cs_buf_str(out, "\"");
    if (cs_scenario_get(step, "id")) {
        cs_buf_str(out, ",\"id\":");
        value(out, cs_scenario_get(step, "id"));
    }
    cs_buf_str(out, ",\"data\":");
    value(out, cs_scenario_get(step, "value"));
    if (cJSON_IsTrue(cs_scenario_get(step, "transient"))) {
        cs_buf_str(out, ",\"transient\":true");
    }
    cs_buf_str(out, "}\n");
}

/* False after an error: such a stream ends there. */
static bool say(struct composing *c, const cJSON *step)
{
    double delay_ms = cs_scenario_number(step, "delay_ms", c->file_delay_ms);
    if (cs_scenario_get(step, "text")) {
        say_text(c, step, "text", delay_ms);
    } else if (cs_scenario_get(step, "reasoning")) {
        say_text(c, step, "reasoning", delay_ms);
    } else if (cs_scenario_get(step, "tool")) {
        call_tool(c, step, delay_ms);
    } else if (cs_scenario_get(step, "tool_output")) {
        answer_call(c, cs_scenario_get(step, "tool_output"), delay_ms);
    } else if (cs_scenario_get(step, "tool_denied")) {
        answer_call(c, NULL, delay_ms);
    } else if (cs_scenario_get(step, "data")) {
        say_data(c, step, delay_ms);
    } else if (cs_scenario_get(step, "chunk")) {
        value(begin(c, delay_ms), cs_scenario_get(step, "chunk"));
        cs_buf_char(&c->script->text, '\n');
    } else if (cs_scenario_get(step, "wait_ms")) {
        c->waited_ms += cs_scenario_number(step, "wait_ms", 0);
    } else if (cs_scenario_get(step, "cut")) {
        line(c, CS_SCRIPT_CUT);
    } else {
        cs_buf_str(begin(c, delay_ms), "{\"type\":\"error\",\"errorText\":");
        quoted(&c->script->text, cs_view_str(cs_scenario_get(step, "error")->valuestring));
        end_line(c);
        return false;
    }
    return true;
}

static void end_as(struct cs_script *script, const char *then)
{
    static const struct {
        const char *name;
        enum cs_script_end end;
        bool ends_run;
        bool closes;
    } ends[] = {
        {"exit", CS_END_COMPLETE, true, false},   {"close", CS_END_COMPLETE, true, true},
        {"upgrade", CS_END_UPGRADE, true, false}, {"silence", CS_END_SILENT, false, false},
        {"crash", CS_END_CRASH, true, false},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(then, ends[i].name) == 0) {
            script->end = ends[i].end;
            script->ends_run = ends[i].ends_run;
            script->closes = ends[i].closes;
        }
    }
}

static void compose(struct composing *c, const cJSON *answer)
{
    const cJSON *say_list = cs_scenario_get(answer, "say");
    const cJSON *then = cs_scenario_get(answer, "then");
    const cJSON *step;
    bool goes_on = true;
    end_as(c->script, then ? then->valuestring : "complete");
    c->script->is_whole = true;
    if (cJSON_GetArraySize(say_list) == 0) {
        return; /* a turn without a message, as after an action */
    }
    cs_script_open(c->script, c->asked->message_id);
    cJSON_ArrayForEach(step, say_list)
    {
        goes_on = goes_on && say(c, step);
    }
    if (goes_on && c->script->end != CS_END_CRASH) {
        close_step(c);
        line(c, "{\"type\":\"finish\"}");
    }
}

bool cs_scenario_answer(const struct cs_scenario *scenario, const struct cs_scenario_asked *asked,
                        struct cs_script *script)
{
    struct composing c = {.asked = asked, .script = script, .file_delay_ms = scenario->delay_ms};
    const cJSON *answer;
    cJSON_ArrayForEach(answer, scenario->answers)
    {
        if (cs_scenario_applies(answer, asked)) {
            compose(&c, answer);
            return true;
        }
    }
    return false;
}
