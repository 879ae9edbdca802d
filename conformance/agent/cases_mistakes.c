/* The common mistakes of those who write agents or talk to them, each twice: the wrong way, which
 * is shown to go wrong on the wire, and the right way, which is shown to work. */
#include <string.h>

#include "conformance/agent/cases.h"
#include "wire/token.h"

#define MARKED "marked.run.token"
#define ANSWER "start start-step text-start text-delta+ text-end finish-step finish"

/* ---- AGT-MIS-01: a follow-up in a repeated create ---- */

static void again_by_create(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *create = ak_text(ak,
                                 "[{'call':'sessions.start','as':'created','args':[{'type':"
                                 "'chat.agent','externalId':'%s','taskIdentifier':'plain',"
                                 "'triggerConfig':{'basePayload':{'chatId':'%s','trigger':"
                                 "'submit-message','message':%s}}}]}]",
                                 ak_chat(ak), ak_chat(ak), ak_user_message(ak, "lost"));
    int r = ak_boot(ak, "plain", "hello", ak_text(ak, "{'do':{'onTurnComplete':%s}}", create));
    ak_wait_turns(ak, 1);
    ak_expect_note(ak, r, "created", "value.isCached", "true");
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_number(ak, "answers to what was put in a repeated create", ak_count_prompts(ak, r),
                     1);
    ak_expect_number(ak, "runs", ak_count_triggers(ak), 1);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the prompt after an append", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: ok\nuser: more");
}

static void again_by_append(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the second prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: one\nuser: more");
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "onetwo");
}

/* ---- AGT-MIS-02: a token of the run in the client's hands ---- */

/* "" when there is none. */
static const char *token_of(struct ak *ak, size_t turn)
{
    const char *token = ak_record_header(ak, ak_turn_complete(ak, turn), "public-access-token");
    return token ? token : "";
}

/* A custom agent writes what it is given: the token that came with a platform's answer. */
static void token_copied(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_mark_answers(ak, "x-trigger-jwt", MARKED);
    (void)ak_boot(ak, "custom", "hello", "{'publicAccessToken':'" MARKED "'}");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the token that every reader of the chat gets", token_of(ak, 1), MARKED);
}

static bool has_scope(const struct cs_token *token, const char *scope)
{
    for (size_t i = 0; i < token->n_scopes; i++) {
        if (strcmp(token->scopes[i], scope) == 0) {
            return true;
        }
    }
    return false;
}

static void token_of_session(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_mark_answers(ak, "x-trigger-jwt", MARKED);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    for (size_t turn = 1; turn <= 2; turn++) {
        struct cs_token token;
        struct cs_diag diag = {0};
        if (cs_token_decode(cs_view_str(token_of(ak, turn)), &token, &diag) != CS_OK) {
            cs_case_fail(run, "turn %zu hands out no JWT: %s", turn, diag.text);
        }
        bool reads = has_scope(&token, ak_text(ak, "read:sessions:%s", ak_chat(ak)));
        bool writes = has_scope(&token, ak_text(ak, "write:sessions:%s", ak_chat(ak)));
        cs_token_free(&token);
        if (!reads || !writes) {
            cs_case_fail(run, "the token of turn %zu is not for the session", turn);
        }
    }
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const struct ak_record *record = ak_out(ak, i);
        bool copied = cs_view_find(record->body, CS_VIEW(MARKED)) != SIZE_MAX;
        for (size_t k = 0; k < record->n_headers; k++) {
            copied = copied || cs_view_find(record->headers[k].value, CS_VIEW(MARKED)) != SIZE_MAX;
        }
        if (copied) {
            cs_case_fail(run, "record %zu holds the token of an answer's header", i);
        }
    }
}

/* ---- AGT-MIS-03: chat.local set up in onChatStart ---- */

static void local_in_chat_start(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_continue(ak, "local-on-chat-start");
    ak_message(ak, "hello", "{}");
    ak_wait_turns(ak, 1);
    const struct ak_record *error = ak_out(ak, ak_wait_word(ak, "error"));
    ak_expect_has(ak, "the error", ak_member(ak, error->chunk, "errorText"),
                  "\"chat.local can only be modified after initialization.");
    ak_expect_header(ak, ak_turn_complete(ak, 1), "public-access-token", NULL);
}

static void local_in_boot(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_continue(ak, "local");
    ak_message(ak, "hello", "{}");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_expect_note(ak, r, "local", "count", "1");
}

/* ---- AGT-MIS-04: the history written beside the answer ---- */

#define AT_GATE "{'gates':['history'],'script':[[{'text':'one'}]]}"

static void history_deferred(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "history-deferred", "hello", AT_GATE);
    ak_wait_word(ak, "text-delta");
    ak_expect_note(ak, r, "history", "phase", "'begun'");
    ak_expect_number(ak, "notes of the history while its reader has the answer",
                     ak_count_notes(ak, r, "history"), 1);
    ak_open(ak, "history");
    ak_wait_turns(ak, 1);
    ak_expect(ak, "the history", ak_wait_nth_note(ak, r, "history", 2), "phase", "'written'");
}

/* Nothing of the answer is there before the write is over. */
static void history_first(struct ak *ak, const char *agent)
{
    int r = ak_boot(ak, agent, "hello", AT_GATE);
    ak_expect_note(ak, r, "history", "phase", "'begun'");
    ak_settle(ak);
    ak_expect_text(ak, "the answer before its question is kept", ak_out_text(ak, 0), "");
    ak_expect_number(ak, "notes of the write that is held up", ak_count_notes(ak, r, "history"), 1);
    ak_expect_number(ak, "records before its question is kept", ak_out_count(ak), 0);
    ak_open(ak, "history");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
}

static void history_before_output(struct cs_case_run *run)
{
    ak_need_feature(ak_of(run), "chat.deferBeforeOutput");
    history_first(ak_of(run), "history-before-output");
}

static void history_awaited(struct cs_case_run *run)
{
    history_first(ak_of(run), "history-awaited");
}

/* ---- AGT-MIS-10: control records in a body ---- */

static void control_as_data(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_run(ak, "raw",
                   "{'steps':[{'on':'out','call':'append','args':[{'type':'trigger:turn-complete'}]"
                   "},{'on':'out','call':'writeControl','args':['turn-complete']}]}",
                   NULL);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, r), "done");
    ak_expect_out(ak, 0, "trigger:turn-complete TC");
    ak_expect_number(ak, "the headers of what a client does not take for an end",
                     ak_out(ak, 0)->n_headers, 0);
}

static void control_in_headers(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        const struct ak_record *record = ak_out(ak, i);
        const char *type = record->chunk ? ak_member(ak, record->chunk, "type") : "";
        if (strncmp(type, "\"trigger:", 9) == 0) {
            cs_case_fail(run, "record %zu is data of type %s", i, type);
        }
        if (record->kind == CS_RECORD_CONTROL && record->body.len > 0) {
            cs_case_fail(run, "control record %zu has a body", i);
        }
    }
}

/* ---- AGT-MIS-11: the MCP tools ---- */

static void no_mcp_export(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    static const char *const entries[] = {".", "./ai", "./chat"};
    const char *package = ak_sdk(ak, "package", "[{}]");
    ak_expect_has(ak, "the entries", package, "\"./ai\"");
    if (strstr(ak_value_member(ak, package, "entries"), "mcp")) {
        cs_case_fail(run, "the package has an entry for MCP: %s", package);
    }
    for (size_t i = 0; i < 3; i++) {
        const char *names = ak_sdk(ak, "exports", ak_text(ak, "[{'entry':'%s'}]", entries[i]));
        ak_expect_has(ak, ak_text(ak, "the exports of %s", entries[i]), names, "[\"");
        if (strstr(names, "mcp") || strstr(names, "Mcp") || strstr(names, "MCP")) {
            cs_case_fail(run, "%s exports something of MCP: %s", entries[i], names);
        }
    }
}

#define CASE(name, what, ids, level, function)                   \
    {                                                            \
        "agent/mistakes/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_mistakes_cases[] = {
    CASE("follow-up-by-create-wrong", "a message in a repeated create is answered by nobody",
         "AGT-MIS-01", CS_MUST, again_by_create),
    CASE("follow-up-by-append-right", "a message that is appended is answered", "AGT-MIS-01",
         CS_MUST, again_by_append),
    CASE("run-token-wrong", "a token handed to the boundary goes to every reader", "AGT-MIS-02",
         CS_MUST, token_copied),
    CASE("session-token-right", "the boundary hands out tokens of the session alone", "AGT-MIS-02",
         CS_MUST, token_of_session),
    CASE("local-in-chat-start-wrong", "chat.local of onChatStart fails on a continuation",
         "AGT-MIS-03", CS_MUST, local_in_chat_start),
    CASE("local-in-boot-right", "chat.local of onBoot works on a continuation", "AGT-MIS-03",
         CS_MUST, local_in_boot),
    CASE("history-deferred-wrong", "the answer is out while its question is not stored",
         "AGT-MIS-04", CS_MUST, history_deferred),
    CASE("history-before-output-right", "deferBeforeOutput stores the question first", "AGT-MIS-04",
         CS_MUST, history_before_output),
    CASE("history-awaited-right", "a write awaited in onTurnStart stores the question first",
         "AGT-MIS-04", CS_MUST, history_awaited),
    CASE("control-as-data-wrong", "a boundary written as data is no boundary", "AGT-MIS-10",
         CS_MUST, control_as_data),
    CASE("control-in-headers-right", "control records are headers without a body", "AGT-MIS-10",
         CS_MUST, control_in_headers),
    CASE("no-mcp-export", "MCP chat tools are not in the package", "AGT-MIS-11", CS_SHOULD,
         no_mcp_export),
    {0},
};
