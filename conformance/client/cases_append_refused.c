/* Answers to an append that are no plain success: what the published SDK makes of them. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* One send whose append is answered like that; records how it ends and what was asked for. */
static struct ck *answered(struct cs_case_run *run, const char *answer, const char *ends,
                           const char *appends)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: %s\nout*: OUT{T 0 one; C 1 turn-complete session-in-event-id=3}\n",
              answer);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    bool ended = ck_wait_over(ck, stream);
    ck_settle(ck);
    const char *error = ended ? "well" : ck_error_text(ck, ck_wait_error(ck, stream));
    ck_record(ck, "ends", ends, "%s", error);
    ck_record(ck, "appends", appends, "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
    return ck;
}

static void seq_of_text(struct cs_case_run *run)
{
    answered(run, "APP(200) body {\"ok\":true,\"seq\":\"5\"}", "well", "1");
}

static void empty_body(struct cs_case_run *run)
{
    answered(run, "APP(200) body \"\"", "well", "1");
}

static void no_json(struct cs_case_run *run)
{
    answered(run, "APP(202) body \"<p>taken</p>\"", "well", "1");
}

static void no_content(struct cs_case_run *run)
{
    answered(run, "APP(204)", "well", "1");
}

static void closed_by_400(struct cs_case_run *run)
{
    answered(run, "APP(400) body {\"error\":\"Cannot append to a closed session\"}",
             "TriggerApiError 400", "1");
}

static void server_error(struct cs_case_run *run)
{
    answered(run, "APP(503) header Retry-After=1", "TriggerApiError 503", "1");
}

static void connection_loss(struct cs_case_run *run)
{
    answered(run, "APP(RST)", "TypeError", "1");
}

static void error_text(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(422) body {\"error\":\"the reason why\"}\n");
    ck_open(ck, NULL);
    const cJSON *error = ck_wait_error(ck, ck_send(ck, "first"));
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    ck_record(ck, "error", "TriggerApiError 422", "%s", ck_error_text(ck, error));
    ck_record(ck, "message tells the answer", "yes", "%s",
              message && strstr(message, "the reason why") ? "yes" : "no");
}

static void redirected(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(307) header Location=\"/realtime/v1/sessions/%s/in/append?moved=1\"\n"
              "app#2: APP(200,0)\n"
              "out*: OUT{T 0 one; C 1 turn-complete}\n",
              ck_chat(ck));
    ck_open(ck, NULL);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    uint64_t n = cs_scripted_count_of(ck_server(ck), CS_TARGET_APP);
    ck_record(ck, "appends", "2", "%llu", (unsigned long long)n);
    if (n > 1) {
        const struct cs_logged *first = ck_wait_request(ck, CS_TARGET_APP, 1);
        const struct cs_logged *second = ck_wait_request(ck, CS_TARGET_APP, 2);
        bool same = cs_view_eq(first->body, second->body) &&
                    strcmp(ck_header(ck, first, "Authorization"),
                           ck_header(ck, second, "Authorization")) == 0;
        ck_record(ck, "with the same body and token", "yes", "%s", same ? "yes" : "no");
    }
}

static void running_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; AWAIT go; T 1 two; C 2 turn-complete}\n"
                  "app#2: APP(500)\n");
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_chunks(ck, first, 1);
    int second = ck_send(ck, "second");
    ck_wait_over(ck, second);
    ck_release(ck, "go");
    ck_wait_over(ck, first);
    ck_record(ck, "delivered of the running turn", "one two", "%s", ck_delivered(ck, first));
}

/* ---- closed sessions ---- */

static void closed_reason(struct cs_case_run *run)
{
    struct ck *ck = answered(run,
                             "APP(409) body {\"error\":\"x\",\"code\":\"session_closed\","
                             "\"closedReason\":\"done\"}",
                             "TriggerApiError 409 session_closed", "1");
    ck_record(ck, "closed in the state", "true", "%s", ck_state(ck, "closed"));
    ck_record(ck, "reason in the state", "done", "%s", ck_state(ck, "closedReason"));
    ck_record(ck, "session-closed events", "1", "%zu", ck_count_events(ck, "session-closed"));
}

static void closed_after_refresh(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(401)\napp#2+: APP(409) body {\"error\":\"x\",\"code\":"
                  "\"session_closed\",\"closedReason\":null}\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    (void)ck_wait_error(ck, ck_send(ck, "second"));
    ck_record(ck, "appends", "2", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
    ck_record(ck, "closed in the state", "true", "%s", ck_state(ck, "closed"));
    ck_record(ck, "reason in the state", "nothing", "%s", ck_state(ck, "closedReason"));
}

static void pending_version(struct cs_case_run *run)
{
    struct ck *ck = answered(run, "APP(200,3) body {\"ok\":true,\"seq\":3,\"pendingVersion\":true}",
                             "well", "1");
    ck_record(ck, "run-pending-version events", "1", "%zu",
              ck_count_events(ck, "run-pending-version"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "append", __VA_ARGS__)

const struct cs_case client_append_refused_cases[] = {
    OBSERVED("seq-of-text", "a seq that is no number is taken for absent", "CAP-52", seq_of_text),
    OBSERVED("empty-body", "an empty answer is a success", "CAP-53", empty_body),
    OBSERVED("no-json", "an answer that is no JSON is a success", "CAP-53", no_json),
    OBSERVED("no-content", "204 is a success", "CAP-53", no_content),
    OBSERVED("closed-by-400", "an older server's 400 is an ordinary error", "CAP-61",
             closed_by_400),
    OBSERVED("503-is-final", "5xx is not tried again, whatever Retry-After says", "CAP-69 CAP-71",
             server_error),
    OBSERVED("loss-is-final", "a lost connection is not tried again", "CAP-69", connection_loss),
    OBSERVED("error-text", "a refusal is an error with the status and the answer's text", "CAP-83",
             error_text),
    OBSERVED("redirected", "307 is followed with the same body and token", "CAP-80", redirected),
    OBSERVED("running-turn", "a refused append leaves a running turn alone", "CAP-73",
             running_turn),
    OBSERVED("closed-reason", "what a 409 leaves in the state, and that it is told once", "CAP-58",
             closed_reason),
    OBSERVED("closed-after-refresh", "409 behind a refreshed 401 closes the chat too", "CAP-60",
             closed_after_refresh),
    OBSERVED("pending-version", "pendingVersion in the answer is told as an event", "CAP-56",
             pending_version),
    {0},
};
