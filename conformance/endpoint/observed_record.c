/* REC: kinds of records that may occur. Where an agent writes them, the suite plays the agent. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

/* Writes one record and records how it is delivered: kind and headers. */
static void observe_record(struct ep *ep, const char *name, const char *json, const char *recorded)
{
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_need(ep, ep_stream_post(ep, stream, "raw", ep_text(ep, "{\"records\":[%s]}", json)));
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    const struct cs_record *record = ep_next_record(sub);
    struct cs_buf shown = CS_BUF((size_t)65536);
    cs_buf_str(&shown, cs_record_kind_name(record->kind));
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_printf(&shown, " %.*s=%.*s", CS_VIEW_ARG(record->headers[i].name),
                      CS_VIEW_ARG(record->headers[i].value));
    }
    cs_case_observe_as(ep_run(ep), name, recorded, "%.*s", CS_VIEW_ARG(cs_buf_view(&shown)));
    cs_buf_free(&shown);
    ep_unsubscribe(sub);
}

#define COMPLETE "[\"trigger-control\",\"turn-complete\"]"

static void optional_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    observe_record(ep, "consumed_id",
                   "{\"headers\":[" COMPLETE ",[\"session-in-event-id\",\"4\"],"
                   "[\"session-in-consumed-id\",\"5\"]]}",
                   "control trigger-control=turn-complete session-in-event-id=4 "
                   "session-in-consumed-id=5");
    observe_record(ep, "closes_in_turn",
                   "{\"headers\":[" COMPLETE ",[\"session-closed\",\"true\"],"
                   "[\"session-closed-reason\",\"done\"]]}",
                   "control trigger-control=turn-complete session-closed=true "
                   "session-closed-reason=done");
    observe_record(ep, "pending_version",
                   "{\"headers\":[[\"trigger-control\",\"pending-version\"]]}",
                   "control trigger-control=pending-version");
    observe_record(ep, "control_of_old_agents",
                   "{\"body\":\"{\\\"data\\\":{\\\"type\\\":\\\"trigger:turn-complete\\\"},"
                   "\\\"id\\\":\\\"aaaaaaa\\\"}\"}",
                   "data");
}

static const char *fence(struct ep *ep, const char *token)
{
    const char *body = *token ? ep_text(ep, ",\"body\":\"%s\"", token) : "";
    return ep_text(ep, "{\"records\":[{\"headers\":[[\"\",\"fence\"]]%s}]}", body);
}

static void fences(struct cs_case_run *run)
{
    static const char *const tokens[] = {"chatspec-1", ""};
    static const char *const names[] = {"fence", "fence_of_no_token"};
    static const char *const recorded[] = {"command =fence; chatspec-1", "command =fence; no body"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 2; i++) {
        ep_need(ep, ep_stream_post(ep, stream, "raw", fence(ep, tokens[i])));
    }
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    for (int i = 0; i < 2; i++) {
        const struct cs_record *record = ep_next_record(sub);
        bool headed = record->n_headers == 1 && record->headers[0].name.len == 0;
        struct cs_view body = record->body.len ? record->body : CS_VIEW("no body");
        struct cs_view value = headed ? record->headers[0].value : CS_VIEW("other headers");
        cs_case_observe_as(run, names[i], recorded[i], "%s =%.*s; %.*s",
                           cs_record_kind_name(record->kind), CS_VIEW_ARG(value),
                           CS_VIEW_ARG(body));
    }
    ep_unsubscribe(sub);
    const char *longer = fence(ep, ep_fill(ep, 't', 37));
    int status = ep_stream_post(ep, stream, "raw", longer)->status;
    cs_case_observe_as(run, "token_of_37_bytes", "refused", "%s",
                       status / 100 == 4 ? "refused" : "not refused");
    longer = fence(ep, ep_fill(ep, 't', 36));
    cs_case_observe_as(run, "token_of_36_bytes", "200", "%d",
                       ep_stream_post(ep, stream, "raw", longer)->status);
}

/* ---- with an agent ---- */

static void consumed_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "pong"));
    const struct cs_record *record = ep_next_turn_complete(sub);
    const struct cs_header *event = cs_record_header(record, "session-in-event-id");
    const struct cs_header *consumed = cs_record_header(record, "session-in-consumed-id");
    uint64_t handled = 0;
    uint64_t seen = 0;
    bool good = consumed && !cs_view_u64(consumed->value, &seen) &&
                (!event || cs_view_u64(event->value, &handled) || seen >= handled);
    cs_case_observe_as(run, "session-in-consumed-id", "decimal, not below session-in-event-id",
                       "%s",
                       !consumed ? "absent"
                       : good    ? "decimal, not below session-in-event-id"
                                 : "something else");
    ep_unsubscribe(sub);
}

#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_observed_record_cases[] = {
    {"endpoint/record/optional-headers", "Headers and subtypes that may occur come through",
     "REC-09 REC-12 REC-20", CS_MAY, S2, 0, optional_headers},
    {"endpoint/record/fences", "A fence is a command record with its token", "REC-15", CS_MAY, S2,
     0, fences},
    {"endpoint/record/consumed-id", "What turn-complete tells of the input that was consumed",
     "REC-08", CS_MAY, CS_NEEDS_SECRET_KEY | CS_NEEDS_RUN, 0, consumed_id},
    {0},
};
