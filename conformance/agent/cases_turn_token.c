/* The session token that a boundary brings. */
#include "conformance/agent/cases.h"
#include "wire/token.h"

#define TOKEN "public-access-token"

static bool has_scope(const struct cs_token *token, const char *scope)
{
    for (size_t i = 0; i < token->n_scopes; i++) {
        if (strcmp(token->scopes[i], scope) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_token(struct ak *ak, struct cs_case_run *run, const char *text,
                        const char *run_id, int64_t life_s)
{
    struct cs_token token = {0};
    struct cs_diag diag = {0};
    cs_case_check(run, text != NULL, "the turn-complete has no %s", TOKEN);
    cs_case_check(run, cs_token_decode(cs_view_str(text), &token, &diag) == CS_OK,
                  "%s is no token: %s", TOKEN, diag.text);
    const char *const scopes[] = {
        ak_text(ak, "read:runs:%s", run_id),
        ak_text(ak, "read:sessions:%s", ak_chat(ak)),
        ak_text(ak, "write:inputStreams:%s", run_id),
        ak_text(ak, "write:sessions:%s", ak_chat(ak)),
    };
    size_t n = sizeof scopes / sizeof scopes[0];
    const char *missing = NULL;
    for (size_t i = 0; i < n && !missing; i++) {
        missing = has_scope(&token, scopes[i]) ? NULL : scopes[i];
    }
    size_t n_scopes = token.n_scopes;
    bool of_platform = token.sub && *token.sub && token.pub;
    int64_t life = token.has_iat && token.has_exp ? token.exp - token.iat : 0;
    cs_token_free(&token);
    cs_case_check(run, !missing, "the token lacks the scope %s", missing);
    ak_expect_number(ak, "the number of the token's scopes", n_scopes, n);
    cs_case_check(run, of_platform, "the token lacks the claims that the platform gave");
    ak_expect_number(ak, "the token's life in seconds", (uint64_t)life, (uint64_t)life_s);
}

/* AGT-TRN-09 */
static void scopes_and_life(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    judge_token(ak, run, ak_record_header(ak, ak_turn_complete(ak, 1), TOKEN), ak_run_id(ak, agent),
                3600);
}

/* AGT-TRN-09 */
static void life_of_choice(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "token-ttl", "hello", NULL);
    ak_wait_turns(ak, 1);
    judge_token(ak, run, ak_record_header(ak, ak_turn_complete(ak, 1), TOKEN), ak_run_id(ak, agent),
                300);
}

/* AGT-TRN-10: without claims no token, and a turn all the same; with them again a token again. */
static void cannot_be_made(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "claims 1-2: 404"); /* at onBoot and in the first turn */
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, "start ... finish TC{!" TOKEN "}");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "one");
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1, "start ... finish TC{" TOKEN "} ...");
}

/* AGT-TRN-11 */
static void of_other_boundaries(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *hello = ak_user_message(ak, "hello");
    (void)ak_run(ak, "actions", ak_text(ak, "{'trigger':'submit-message','message':%s}", hello),
                 NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_action(ak, "{'type':'edit'}", NULL);
    ak_wait_turns(ak, 2);
    ak_submit(ak, NULL, hello, NULL);
    ak_wait_turns(ak, 3);
    ak_message(ak, "fail", "{'do':{'run':[{'throw':'no'}]}}");
    ak_wait_turns(ak, 4);
    bool has[4];
    for (size_t n = 1; n <= 4; n++) {
        has[n - 1] = ak_record_header(ak, ak_turn_complete(ak, n), TOKEN) != NULL;
    }
    ak_record_fact(ak, "agent.answered_turn_has_token", "true", "%s", has[0] ? "true" : "false");
    ak_record_fact(ak, "agent.edit_has_token", "false", "%s", has[1] ? "true" : "false");
    ak_record_flag(ak, "agent.resent_message_has_token", "resent_message_answered", has[2]);
    ak_record_fact(ak, "agent.failed_turn_has_token", "false", "%s", has[3] ? "true" : "false");
}

const struct cs_case agent_turn_token_cases[] = {
    {"agent/turn/token", "the boundary brings a token with the session's scopes, for an hour",
     "AGT-TRN-09", CS_MUST, 0, 0, scopes_and_life},
    {"agent/turn/token-life", "the token lives as long as the agent says", "AGT-TRN-09", CS_MUST, 0,
     0, life_of_choice},
    {"agent/turn/token-cannot-be-made", "a turn completes without a token when there can be none",
     "AGT-TRN-10", CS_MUST, 0, 0, cannot_be_made},
    {"agent/turn/token-of-other-boundaries", "which boundaries bring a token", "AGT-TRN-11",
     CS_OBSERVED, 0, 0, of_other_boundaries},
    {0},
};
