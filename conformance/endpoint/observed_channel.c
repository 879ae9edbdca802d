/* CHN: what channels and the store's credentials show that is recorded and not judged. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define STOP   "{\"kind\":\"stop\"}"
#define NOBODY "session_000000000000000000000nope"

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

static const struct ep_answer *initialise(struct ep *ep, const char *id, const char *io)
{
    return ep_do(ep, .method = "PUT", .path = ep_realtime(ep, id, io),
                 .auth = ep_env(ep)->secret_key, .body = "");
}

/* ---- initialise ---- */

static void stream_names(struct cs_case_run *run)
{
    static const char *const channels[] = {"in", "out"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 2; i++) {
        const char *name =
            ep_header(ep_need(ep, initialise(ep, session->key, channels[i])), "X-S2-Stream-Name");
        const char *short_form = ep_text(ep, "/sessions/%s/%s", session->key, channels[i]);
        const char *in_name = name ? strstr(name, short_form) : NULL;
        cs_case_observe_as(run, channels[i], "/sessions/<key>/<io>", "%s",
                           !in_name          ? "something else"
                           : in_name == name ? "/sessions/<key>/<io>"
                           : !strncmp(name, "org/", 4)
                               ? "org/<org>/env/<slug>/<env>/sessions/<key>/<io>"
                               : "<prefix>/sessions/<key>/<io>");
    }
}

/* "accepted", or "404 Session not found": of refusals in plain text the text too. */
static void observe_initialise(struct ep *ep, const char *name, const char *recorded,
                               const struct ep_answer *answer)
{
    const char *type = ep_header(answer, "Content-Type");
    struct cs_view body = answer->body;
    bool plain = type && !strncmp(type, "text/plain", 10) && body.len < 200;
    body = plain ? body : (struct cs_view){"", 0};
    if (answer->status / 100 == 2) {
        cs_case_observe_as(ep_run(ep), name, recorded, "accepted");
    } else {
        cs_case_observe_as(ep_run(ep), name, recorded, "%d%s%.*s", answer->status, plain ? " " : "",
                           CS_VIEW_ARG(body));
    }
}

static void initialise_over(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    int64_t at = cs_wall_ms() + 1000;
    const struct ep_session *expired = ep_session_with(
        ep, ep_unique(ep, "chat"), ep_text(ep, "\"expiresAt\":%lld", (long long)at));
    const struct ep_session *closed = ep_session(ep);
    ep_need(ep, ep_close(ep, closed, "{}"));
    observe_initialise(ep, "unknown_session_id", "404 Session not found",
                       initialise(ep, NOBODY, "out"));
    observe_initialise(ep, "unknown_external_id", "accepted",
                       initialise(ep, ep_unique(ep, "nobody"), "out"));
    observe_initialise(ep, "closed", "400 Cannot initialize a channel on a closed session",
                       initialise(ep, closed->key, "out"));
    while (cs_wall_ms() <= at) {
        ep_pause(ep, at - cs_wall_ms() + 1);
    }
    observe_initialise(ep, "expired", "accepted", initialise(ep, expired->key, "out"));
}

/* The life of a credential that is a JWT; others do not tell. */
static const char *life_of(struct ep *ep, const char *credential)
{
    struct cs_token token = {0};
    if (cs_token_decode(cs_view_str(credential), &token, NULL)) {
        return "not told";
    }
    int64_t life = token.has_exp && token.has_iat ? token.exp - token.iat : 0;
    cs_token_free(&token);
    return life ? ep_text(ep, "%lld s", (long long)life) : "not told";
}

/* srv issues one token for a whole environment and hands it out for a day; here each stream has its
 * own (CHN-08). */
static void credentials(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *one = ep_stream(ep, ep_session(ep), "out");
    const struct ep_stream *two = ep_stream(ep, ep_session(ep), "out");
    ep_write_data(ep, one, "{}");
    const char *basin = ep_text(ep, "S2-Basin: %s", one->basin);
    const struct ep_answer *read = ep_do(ep, .path = ep_text(ep, "%s?seq_num=0", one->url),
                                         .auth = one->token, .headers = EP_HEADERS(basin));
    cs_case_observe_as(run, "may_read", "no", "%s", yes(read->status == 200));
    cs_case_observe_as(run, "may_trim", "yes", "%s",
                       yes(ep_stream_post(ep, one, "raw",
                                          "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":"
                                          "\"\\u0000\\u0000\\u0000\\u0000"
                                          "\\u0000\\u0000\\u0000\\u0000\"}]}")
                               ->status == 200));
    cs_case_observe_as(run, "one_token_for_two_sessions", "no", "%s",
                       yes(!strcmp(one->token, two->token)));
    cs_case_observe_as(run, "life", "86400 s", "%s", life_of(ep, one->token));
}

/* ---- HEAD ---- */

static const struct ep_answer *head(struct ep *ep, const char *id, const char *auth)
{
    return ep_do(ep, .method = "HEAD", .path = ep_realtime(ep, id, "in"), .auth = auth);
}

static void head_answers(struct cs_case_run *run)
{
    static const char *const names[] = {"index_of_an_empty_channel", "index_after_an_append"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer = head(ep, session->key, session->token);
        const char *index = ep_header(answer, "X-Last-Chunk-Index");
        cs_case_observe_as(run, names[i], "200 0", "%d %s", answer->status,
                           index ? index : "absent");
        cs_case_observe_as(run, "body", "none", "%s", answer->body.len ? "some" : "none");
        ep_append_need(ep, session, STOP);
    }
    cs_case_observe_as(run, "without_auth", "401", "%d", head(ep, session->key, NULL)->status);
    cs_case_observe_as(run, "another_session", "403", "%d",
                       head(ep, session->key, other->token)->status);
    cs_case_observe_as(run, "unknown_session_id", "404", "%d",
                       head(ep, NOBODY, ep_env(ep)->secret_key)->status);
}

/* ---- drains ---- */

static void drain_is_whole(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    struct cs_buf body = CS_BUF((size_t)1024 * 1024);
    cs_buf_str(&body, "{\"records\":[");
    for (int i = 0; i < 1000; i++) {
        cs_buf_printf(&body, "%s{\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"%07d\\\"}\"}",
                      i ? "," : "", i);
    }
    cs_buf_str(&body, "]}");
    const char *text = ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&body)));
    cs_buf_free(&body);
    ep_need(ep, ep_stream_post(ep, stream, "raw", text));
    ep_write_data(ep, stream, "{}");
    cs_case_observe_as(run, "records_of_1001", "1001", "%d", ep_drain_count(ep, session, "out"));
    for (int i = 0; i < 2; i++) {
        ep_append_need(ep, session, ep_fill(ep, 'a', 600000));
    }
    cs_case_observe_as(run, "records_of_over_1_MiB", "2", "%d", ep_drain_count(ep, session, "in"));
}

static void drain_queries(struct cs_case_run *run)
{
    static const struct {
        const char *name, *query, *recorded;
    } table[] = {
        {"beyond_64_bits", "afterEventId=99999999999999999999", "500"},
        {"unknown_parameter", "invented=1", "200"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    for (size_t i = 0; i < 2; i++) {
        const char *path =
            ep_realtime(ep, session->key, ep_text(ep, "in/records?%s", table[i].query));
        cs_case_observe_as(run, table[i].name, table[i].recorded, "%d",
                           ep_do(ep, .path = path, .auth = session->token)->status);
    }
}

/* ---- waiting for a channel ---- */

static const struct ep_answer *wait_for(struct ep *ep, const char *run_id, const char *auth,
                                        const char *session, const char *rest)
{
    return ep_do(ep, .path = ep_text(ep, "/api/v1/runs/%s/session-streams/wait", run_id),
                 .auth = auth,
                 .body = ep_text(ep, "{\"session\":\"%s\",\"io\":\"in\"%s}", session, rest));
}

static void wait_route(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *keyed = ep_text(ep, ",\"idempotencyKey\":\"%s\"", ep_unique(ep, "wait"));
    const char *ids[2];
    static const char *const names[] = {"cached_at_first", "cached_on_repeat"};
    static const char *const recorded[] = {"200 false", "200 true"};
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer =
            wait_for(ep, session->run_id, key, session->key,
                     ep_text(ep, "%s,\"timeout\":\"1m\",\"lastSeqNum\":0", keyed));
        const cJSON *cached = ep_get(answer, "isCached");
        ids[i] = cJSON_GetStringValue(ep_get(answer, "waitpointId"));
        cs_case_observe_as(run, names[i], recorded[i], "%d %s", answer->status,
                           cJSON_IsTrue(cached)    ? "true"
                           : cJSON_IsFalse(cached) ? "false"
                                                   : "absent");
    }
    cs_case_observe_as(run, "one_waitpoint_for_a_key", "yes", "%s",
                       yes(ids[0] && ids[1] && !strcmp(ids[0], ids[1])));
    const char *long_key = ep_text(ep, ",\"idempotencyKey\":\"%s\"", ep_fill(ep, 'k', 2049));
    ep_append_need(ep, session, STOP);
    const struct {
        const char *name, *recorded;
        const struct ep_answer *answer;
    } others[] = {
        {"public_token", "401", wait_for(ep, session->run_id, session->token, session->key, "")},
        {"unknown_run", "404",
         wait_for(ep, "run_0000000000000000000000nope", key, session->key, "")},
        {"unknown_session_id", "404", wait_for(ep, session->run_id, key, NOBODY, "")},
        {"key_of_2049", "400", wait_for(ep, session->run_id, key, session->key, long_key)},
        {"after_a_record", "200", wait_for(ep, session->run_id, key, session->key, "")},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cs_case_observe_as(run, others[i].name, others[i].recorded, "%d", others[i].answer->status);
    }
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_observed_channel_cases[] = {
    {"endpoint/channel/stream-names", "Which form a stream's name has", "CHN-03", CS_OBSERVED, SK,
     0, stream_names},
    {"endpoint/channel/initialise-over", "Initialising what is unknown, closed or expired",
     "CHN-06", CS_OBSERVED, SK, 0, initialise_over},
    {"endpoint/channel/credentials", "What a store token is good for, and how long", "CHN-07",
     CS_OBSERVED, S2, 0, credentials},
    {"endpoint/channel/head", "HEAD tells nothing of the channel", "CHN-14", CS_OBSERVED, SK, 0,
     head_answers},
    {"endpoint/channel/drain-is-whole", "A drain has no pages", "CHN-20", CS_OBSERVED, S2, 0,
     drain_is_whole},
    {"endpoint/channel/drain-queries", "Odd queries of a drain", "CHN-22", CS_OBSERVED, SK, 0,
     drain_queries},
    {"endpoint/channel/wait", "How a run may wait for a channel", "CHN-25", CS_OBSERVED, SK, 0,
     wait_route},
    {0},
};
