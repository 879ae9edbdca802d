/* CLS rows that a server may meet or not: what it does is recorded. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

static void run_goes_on(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_need(ep, ep_close(ep, session, "{}"));
    cs_case_observe_as(run, "currentRunId", "unchanged", "%s",
                       strcmp(ep_current_run(ep, session), session->run_id) ? "another"
                                                                            : "unchanged");
    const struct ep_answer *item = ep_run_item(ep, session->run_id);
    cs_case_observe_as(run, "run", "alive", "%s",
                       cJSON_IsTrue(ep_get(item, "isCompleted")) ? "over" : "alive");
}

static void by_its_run(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    int before = ep_drain_count(ep, session, "in");
    const char *body = ep_text(ep, "{\"callingRunId\":\"%s\"}", session->run_id);
    cs_case_observe_as(run, "status", "200", "%d", ep_close(ep, session, body)->status);
    cs_case_observe_as(run, "records", "none", "%s",
                       ep_drain_count(ep, session, "in") == before ? "none" : "some");
    /* beside it, one by nobody of the session */
    const struct ep_session *other = ep_session(ep);
    ep_need(ep, ep_close(ep, other, "{}"));
    cs_case_observe_as(run, "records_of_another_close", "some", "%s",
                       ep_drain_count(ep, other, "in") == before ? "none" : "some");
}

static void at_the_edges(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *closed = ep_session(ep);
    const char *expired = ep_expired_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *path = ep_api(ep, expired, "");
    const char *id = ep_need_text(ep, ep_need(ep, ep_do(ep, .path = path, .auth = key)), "id");
    const struct ep_answer *answer =
        ep_do(ep, .path = ep_api(ep, id, "/close"), .auth = key, .body = "{}");
    const struct ep_answer *item = ep_need(ep, ep_do(ep, .path = path, .auth = key));
    cs_case_observe_as(run, "close_expired", "200, closed", "%d, %s", answer->status,
                       cJSON_IsString(ep_get(item, "closedAt")) ? "closed" : "open");
    ep_need(ep, ep_close(ep, closed, "{}"));
    answer = ep_do(ep, .method = "PUT", .path = ep_realtime(ep, closed->key, "in"), .auth = key,
                   .body = "");
    cs_case_observe_as(run, "put_closed", "400", "%d", answer->status);
}

/* How a subscription goes on after the close: a record that the agent writes then still comes, and
 * the wait ends as ever. */
static void subscriber_stays(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    struct ep_sub *sub = ep_open(ep, session, "out", EP_HEADERS("Timeout-Seconds: 1"));
    sub->judges_end = true; /* a stream that breaks off is what this is about */
    ep_need(ep, ep_close(ep, session, "{}"));
    ep_write_data(ep, stream, "{\"type\":\"finish\"}");
    bool delivered = false;
    bool done = false;
    const struct cs_event *event;
    while (!done && (event = ep_next(sub, 3000))) {
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(run, "a malformed event came: %s", event->fault.text);
        }
        delivered = delivered || event->type == CS_EVENT_RECORD;
        done = event->type == CS_EVENT_DONE;
    }
    cs_case_observe_as(run, "record_after_close", "delivered", "%s",
                       delivered ? "delivered" : "not delivered");
    cs_case_observe_as(run, "end", "[DONE]", "%s", done ? "[DONE]" : "without [DONE]");
    ep_unsubscribe(sub);
}

#define SK   CS_NEEDS_SECRET_KEY
#define RUNS (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
const struct cs_case endpoint_observed_close_cases[] = {
    {"endpoint/close/run-goes-on", "Closing leaves the run alone", "CLS-11", CS_OBSERVED, RUNS, 0,
     run_goes_on},
    {"endpoint/close/by-its-run", "A close by the current run is not told on .in", "CLS-13",
     CS_OBSERVED, SK, 0, by_its_run},
    {"endpoint/close/at-the-edges", "An expired session is closed, a closed one not initialised",
     "CLS-15", CS_OBSERVED, SK, 0, at_the_edges},
    {"endpoint/close/subscriber-stays", "A close does not cut the subscriptions", "CLS-17",
     CS_OBSERVED, SK | CS_NEEDS_STREAM, 0, subscriber_stays},
    {0},
};
