/* TOK: scopes, and what each grants. Every refusal has its accepted twin in the same case. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/token_kit.h"

#define STOP EP_STOP

/* For requirements that do not name the status of what they withhold. */
static void not_granted(struct ep *ep, const struct ep_answer *answer)
{
    cs_case_check(ep_run(ep), answer->status / 100 == 4, "a scope too weak for it got %d",
                  answer->status);
}

static void unauthorized_body(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *mine = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const char *path = ep_realtime(ep, mine->key, "in/append");
    ep_accept(ep, ep_do(ep, .path = path, .auth = mine->token, .body = STOP));
    const struct ep_answer *answer =
        ep_expect(ep, ep_do(ep, .path = path, .auth = other->token, .body = STOP), 403);
    cs_case_check(run, cJSON_IsString(ep_get(answer, "error")), "the 403 has no text in \"error\"");
}

/* Every way in that a session token has, tried with the token of another session. */
static void cross_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *mine = ep_session(ep);
    const struct ep_session *theirs = ep_session(ep);
    const char *forms[] = {theirs->id, theirs->external_id};
    static const char *const channels[] = {"in", "out"};
    token_accepted(ep, theirs, theirs->token, "the session's own token");
    int before = ep_drain_count(ep, theirs, "in");
    const char *run_before = ep_current_run(ep, theirs);
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i];
        const char *snapshot = ep_api(ep, id, "/snapshot-url");
        const struct ep_call calls[] = {
            {.path = ep_api(ep, id, "")},
            {.path = ep_realtime(ep, id, "in/records")},
            {.path = ep_realtime(ep, id, "out/records")},
            {.path = ep_realtime(ep, id, "in/append"), .body = STOP},
            {.path = ep_realtime(ep, id, "out/append"), .body = STOP},
            {.path = ep_api(ep, id, "/end-and-continue"), .body = token_handing_over(ep, theirs)},
            {.path = snapshot},
            {.path = snapshot, .method = "PUT"},
        };
        for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) {
            struct ep_call call = calls[k];
            call.auth = mine->token;
            ep_expect(ep, ep_call(ep, &call), 403);
        }
        for (size_t k = 0; k < 2; k++) {
            struct ep_sub *sub =
                ep_subscribe(ep, ep_realtime(ep, id, channels[k]), mine->token, NULL);
            cs_case_check(run, sub->status == 403, "another session's token subscribed to .%s: %d",
                          channels[k], sub->status);
            ep_unsubscribe(sub);
        }
    }
    cs_case_check(run, ep_drain_count(ep, theirs, "in") == before,
                  "another session's token left a record");
    cs_case_check(run, !strcmp(ep_current_run(ep, theirs), run_before),
                  "another session's token changed the run");
}

static void run_scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *token = ep_mint(ep, session,
                                EP_SCOPES(ep_text(ep, "read:runs:%s", session->run_id),
                                          ep_text(ep, "write:inputStreams:%s", session->run_id)));
    token_accepted(ep, session, session->token, "the session-scoped publicAccessToken");
    token_refused(ep, session, token, 403, "the run-scoped token of x-trigger-jwt");
}

static void read_or_write_alone(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *reader =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key)));
    const char *writer =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "write:sessions:%s", session->key)));
    const char *records = ep_realtime(ep, session->key, "in/records");
    const char *item = ep_api(ep, session->key, "");
    ep_granted(ep, token_append(ep, session, writer));
    ep_expect(ep, token_append(ep, session, reader), 403);
    ep_granted(ep, ep_do(ep, .path = records, .auth = reader));
    ep_expect(ep, ep_do(ep, .path = records, .auth = writer), 403);
    ep_granted(ep, ep_do(ep, .path = item, .auth = reader));
    ep_expect(ep, ep_do(ep, .path = item, .auth = writer), 403);
    static const char *const channels[] = {"in", "out"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = ep_realtime(ep, session->key, channels[i]);
        struct ep_sub *sub = ep_subscribe(ep, path, writer, NULL);
        cs_case_check(run, sub->status == 403, "a write scope subscribed to .%s: %d", channels[i],
                      sub->status);
        ep_unsubscribe(sub);
    }
    token_subscribes(ep, session->key, reader, "a read scope");
}

static void type_level(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *one = ep_session(ep);
    const struct ep_session *two = ep_session(ep);
    const char *token = ep_mint(ep, one, EP_SCOPES("read:sessions", "write:sessions"));
    token_accepted(ep, one, token, "type-level scopes on one session");
    token_accepted(ep, two, token, "type-level scopes on another session");
    const char *other = ep_mint(ep, one, EP_SCOPES("read:tasks", "write:tasks"));
    not_granted(ep, ep_do(ep, .path = ep_api(ep, one->key, ""), .auth = other));
    not_granted(ep, token_append(ep, one, other));
}

static void wildcards(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *records = ep_realtime(ep, session->key, "in/records");
    const char *read_all = ep_mint(ep, session, EP_SCOPES("read:all"));
    const char *write_all = ep_mint(ep, session, EP_SCOPES("write:all"));
    const char *admin = ep_mint(ep, session, EP_SCOPES("admin"));
    ep_granted(ep, token_append(ep, session, write_all));
    not_granted(ep, token_append(ep, session, read_all));
    ep_granted(ep, ep_do(ep, .path = records, .auth = read_all));
    not_granted(ep, ep_do(ep, .path = records, .auth = write_all));
    ep_granted(ep, ep_do(ep, .path = records, .auth = admin));
    ep_granted(ep, token_append(ep, session, admin));
}

static void close_needs_admin(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *const weak[] = {"write:sessions", "write:all"};
    const char *const strong[] = {"admin:sessions", "admin:all", "admin"};
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < 2; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_api(ep, session->id, "/close"), .body = "{}",
                        .auth = ep_mint(ep, session, EP_SCOPES(weak[i]))),
                  403);
    }
    for (size_t i = 0; i < 3; i++) {
        const char *token = ep_mint(ep, session, EP_SCOPES(strong[i]));
        ep_granted(ep, ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->id, ""),
                             .auth = token, .body = "{}"));
    }
    /* close and PATCH compare the scope with the id in the URL, so both name the same one */
    const char *scope = ep_text(ep, "admin:sessions:%s", session->id);
    ep_granted(ep, ep_do(ep, .path = ep_api(ep, session->id, "/close"), .body = "{}",
                         .auth = ep_mint(ep, session, EP_SCOPES(scope))));
}

static void own_token_cannot_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *close = ep_api(ep, session->key, "/close");
    ep_expect(ep, ep_do(ep, .path = close, .auth = session->token, .body = "{}"), 403);
    ep_expect(ep,
              ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->key, ""),
                    .auth = session->token, .body = "{}"),
              403);
    cs_case_check(run, cJSON_IsNull(ep_get(ep_item(ep, session), "closedAt")),
                  "the refused close closed the session");
    ep_need(ep, ep_close(ep, session, "{}"));
}

static void create_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *any = ep_session(ep);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const char *const weak[] = {"read:sessions", "read:all", "write:runs", NULL};
    for (size_t i = 0; i < 4; i++) {
        const char *token = ep_mint(ep, any, EP_SCOPES(weak[i]));
        ep_expect(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = token, .body = body), 403);
    }
    ep_granted(ep, ep_do(ep, .path = "/api/v1/sessions", .body = body,
                         .auth = ep_mint(ep, any, EP_SCOPES("write:sessions"))));
    ep_need(ep, ep_post_session(ep, body)); /* the session that the token made */
}

/* Whatever a public token holds, and however the URL names the session, nothing gets on `out`. */
static void append_to_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->key, session->id};
    const char *body = "{\"type\":\"text-delta\",\"id\":\"x\",\"delta\":\"forged\"}";
    static const char *const scopes[] = {"write:sessions", "write:all", "admin", "*:all"};
    size_t n_scopes =
        ep_env(ep)->can_mint || ep_env(ep)->hands_out_tokens ? sizeof scopes / sizeof scopes[0] : 0;
    for (size_t i = 0; i < 2; i++) {
        const char *path = ep_realtime(ep, forms[i], "out/append");
        ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = body), 403);
        for (size_t k = 0; k < n_scopes; k++) {
            const char *token = ep_mint(ep, session, EP_SCOPES(scopes[k]));
            ep_expect(ep, ep_do(ep, .path = path, .auth = token, .body = body), 403);
        }
        /* other spellings of the path: whether they mean anything is not asked here */
        path = ep_realtime(ep, forms[i], "%6Fut/append");
        ep_do(ep, .path = path, .auth = session->token, .body = body);
    }
    cs_case_check(run, ep_drain_count(ep, session, "out") == 0, "a forged record stands on .out");
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"), .body = body,
                         .auth = ep_env(ep)->secret_key));
    cs_case_check(run, ep_drain_count(ep, session, "out") == 1,
                  "the record of the secret key is not on .out");
}

static void initialise_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "out");
    const struct ep_answer *answer =
        ep_do(ep, .method = "PUT", .path = path, .auth = session->token, .body = "");
    ep_expect(ep, answer, 403);
    cs_case_check(run, !ep_header(answer, "X-S2-Access-Token"),
                  "the refusal handed out stream credentials");
    ep_accept(ep,
              ep_do(ep, .method = "PUT", .path = path, .auth = ep_env(ep)->secret_key, .body = ""));
}

static void secret_key_does_everything(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *item = ep_api(ep, session->key, "");
    ep_granted(ep, ep_do(ep, .method = "PATCH", .path = item, .auth = key, .body = "{}"));
    ep_granted(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = key));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"), .auth = key,
                         .body = "{}"));
    ep_granted(ep, ep_close(ep, session, "{}"));
}

/* Narrowed to one direction too, which is documented later than the channel is: a server that does
 * not know it grants nothing, so that only the refusals are judged. */
static void channel_directions(struct ep *ep, const struct ep_session *session, const char *side)
{
    const char *token = ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s:in", side)));
    const char *path = ep_realtime(ep, session->key, "channels/side/in/records");
    cs_case_observe(ep_run(ep), "direction_scope_reads_its_direction", "%d",
                    ep_do(ep, .path = path, .auth = token)->status);
    static const char *const beyond[] = {"channels/side/out/records", "in/records",
                                         "channels/other/in/records"};
    for (size_t i = 0; i < 3; i++) {
        path = ep_realtime(ep, session->key, beyond[i]);
        not_granted(ep, ep_do(ep, .path = path, .auth = token));
    }
}

/* Scopes narrowed to a side channel open that one alone. */
static void channel_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *side = ep_text(ep, "%s:channels:side", session->key);
    const char *token = ep_mint(
        ep, session,
        EP_SCOPES(ep_text(ep, "read:sessions:%s", side), ep_text(ep, "write:sessions:%s", side)));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/side/in/append"),
                         .auth = token, .body = STOP));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/side/in/records"),
                         .auth = token));
    const char *beyond[] = {"in/records", "out/records", "channels/other/in/records"};
    for (size_t i = 0; i < 3; i++) {
        not_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, beyond[i]), .auth = token));
    }
    not_granted(ep, token_append(ep, session, token));
    not_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/other/in/append"),
                          .auth = token, .body = STOP));
    channel_directions(ep, session, side);
}

#define SK     CS_NEEDS_SECRET_KEY
#define SCOPES (CS_NEEDS_SECRET_KEY | CS_NEEDS_SCOPES)
const struct cs_case endpoint_token_scope_cases[] = {
    {"endpoint/token/missing-scope-is-403", "A good token without the scope is 403", "TOK-19",
     CS_MUST, SK, 0, unauthorized_body},
    {"endpoint/token/cross-session", "A session's token works on no other session", "TOK-20",
     CS_MUST, SK, 0, cross_session},
    {"endpoint/token/run-scoped-is-refused",
     "The run-scoped token of x-trigger-jwt neither reads nor appends", "TOK-22", CS_MUST, SCOPES,
     0, run_scoped},
    {"endpoint/token/read-or-write-alone", "read and write scopes grant nothing of each other",
     "TOK-23", CS_MUST, SCOPES, 0, read_or_write_alone},
    {"endpoint/token/type-level", "Type-level scopes cover every session of the environment",
     "TOK-24", CS_MUST, SCOPES, 0, type_level},
    {"endpoint/token/wildcards", "read:all, write:all and admin are wildcards", "TOK-25", CS_MUST,
     SCOPES, 0, wildcards},
    {"endpoint/token/close-needs-admin", "Close and PATCH need the admin action", "TOK-27", CS_MUST,
     SCOPES, 0, close_needs_admin},
    {"endpoint/token/own-token-cannot-close", "A session's own token cannot close or patch it",
     "TOK-28", CS_MUST, SK, 0, own_token_cannot_close},
    {"endpoint/token/create-scopes", "Create needs a key or type-level write:sessions", "TOK-29",
     CS_MUST, SCOPES, 0, create_scopes},
    {"endpoint/token/append-to-out", "No public token appends to .out", "TOK-33", CS_MUST, SK, 0,
     append_to_out},
    {"endpoint/token/initialise-out", "No public token initialises .out", "TOK-34", CS_SHOULD, SK,
     0, initialise_out},
    {"endpoint/token/secret-key-does-everything", "A secret key may do everything", "TOK-35",
     CS_MUST, SK, 0, secret_key_does_everything},
    {"endpoint/token/channel-scopes", "A scope on a side channel opens nothing else", "TOK-43",
     CS_MUST, SCOPES, 0, channel_scopes},
    {0},
};
