/* Where a client's requests go when it was given more than one address, or a fetch of the
 * application's own to make them with. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define APPENDED "app#1: APP(200,0)\n"
#define READ     "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0 | EOF}\n"

static const char *at(struct ck *ck, const struct cs_scripted *server, enum cs_target target)
{
    return ck_text(ck, "%llu", (unsigned long long)cs_scripted_count_of(server, target));
}

/* How many of each kind came to which of the two. */
static void record_split(struct ck *ck, const struct cs_scripted *other)
{
    ck_record(ck, "appends at the first", "1", "%s", at(ck, ck_server(ck), CS_TARGET_APP));
    ck_record(ck, "subscriptions at the first", "0", "%s", at(ck, ck_server(ck), CS_TARGET_OUT));
    ck_record(ck, "appends at the second", "0", "%s", at(ck, other, CS_TARGET_APP));
    ck_record(ck, "subscriptions at the second", "1", "%s", at(ck, other, CS_TARGET_OUT));
}

/* The member `baseUrls` of an open: appends here, subscriptions there. */
static const char *per_endpoint(struct ck *ck, const struct cs_scripted *other)
{
    return ck_text(ck, "\"baseUrls\":{\"in\":\"%s\",\"out\":\"%s/\"}",
                   cs_scripted_url(ck_server(ck)), cs_scripted_url(other));
}

/* ---- a function that gives the address ---- */

static void function_transport(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "addresses");
    const struct cs_scripted *other = ck_other_server(ck, READ);
    ck_script(ck, APPENDED);
    ck_do(ck, "open", ck_text(ck, "{\"task\":\"t\",\"starter\":true,%s}", per_endpoint(ck, other)));
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    record_split(ck, other);
}

static void function_agent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "addresses");
    const struct cs_scripted *other = ck_other_server(ck, READ);
    ck_script(ck, APPENDED);
    ck_open_kind(ck, "agent", ck_text(ck, "{%s}", per_endpoint(ck, other)));
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    record_split(ck, other);
}

static void stream_address(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "addresses");
    const struct cs_scripted *other = ck_other_server(ck, READ);
    ck_script(ck, APPENDED);
    ck_open_with(ck, ck_text(ck, "{\"streamBaseURL\":\"%s\"}", cs_scripted_url(other)), true);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    record_split(ck, other);
}

/* ---- judged ---- */

/* Every published version fails here; the reference client, which knows one address alone, passes.
 */
static void of_the_create(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_scripted *api = ck_other_server(ck, "");
    ck_script(ck, APPENDED READ);
    ck_open_kind(ck, "agent", ck_text(ck, "{\"apiUrl\":\"%s\"}", cs_scripted_url(api)));
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    uint64_t elsewhere = cs_scripted_count_of(api, CS_TARGET_CREATE);
    cs_case_check(run, elsewhere == 0 && ck_count(ck, CS_TARGET_CREATE) == 1,
                  "the session was created at another address than the client's own");
}

/* ---- a fetch of the application's ---- */

/* The requests of that endpoint that went through it, as "POST 1". */
static const char *seen(struct ck *ck, const char *endpoint)
{
    size_t n = 0;
    const char *method = "none";
    const char *wanted = ck_text(ck, "\"%s\"", endpoint);
    const cJSON *event;
    for (size_t i = 0; (event = ck_life_event(ck, "fetch", i)); i++) {
        if (strcmp(ck_member(ck, event, "endpoint"), wanted) == 0) {
            method = ck_member(ck, event, "method");
            n++;
        }
    }
    return ck_text(ck, "%s %zu", method, n);
}

static void record_seen(struct ck *ck, int stream)
{
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    ck_record(ck, "appends through it", "\"POST\" 1", "%s", seen(ck, "in"));
    ck_record(ck, "subscriptions through it", "\"GET\" 1", "%s", seen(ck, "out"));
    ck_record(ck, "anything else", "no", "%s", ck_count_events(ck, "fetch") == 2 ? "no" : "yes");
}

static void fetch_transport(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "fetch");
    ck_script(ck, APPENDED READ);
    ck_do(ck, "open",
          ck_text(ck, "{\"task\":\"t\",\"starter\":true,\"fetch\":true,\"baseUrl\":\"%s\"}",
                  cs_scripted_url(ck_server(ck))));
    record_seen(ck, ck_send(ck, "first"));
}

/* What the subscription's headers came in. */
static void fetch_agent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "fetch");
    ck_script(ck, APPENDED READ);
    ck_open_kind(ck, "agent", "{\"fetch\":true}");
    record_seen(ck, ck_send(ck, "first"));
    const cJSON *append = ck_life_event(ck, "fetch", 0);
    const cJSON *subscription = ck_life_event(ck, "fetch", 1);
    ck_record(ck, "an append's headers", "\"object\"", "%s", ck_member(ck, append, "headers"));
    ck_record_flag(ck, "a subscription's headers are a Headers", "agent_fetch_headers",
                   strcmp(ck_member(ck, subscription, "headers"), "\"Headers\"") == 0);
    ck_record_flag(ck, "their names are in lower case", "agent_fetch_headers",
                   strstr(ck_member(ck, subscription, "names"), "\"authorization\"") != NULL);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "address", __VA_ARGS__)

const struct cs_case client_address_observed_cases[] = {
    OBSERVED("by-endpoint", "an address may be given for each endpoint", "CAP-06",
             function_transport),
    OBSERVED("by-endpoint-of-an-agent", "so it may for a server's client", "CAP-06",
             function_agent),
    OBSERVED("of-streams", "an address for streams is that of .out alone", "CAP-07",
             stream_address),
    {.id = "client/address/of-the-create",
     .title = "a client that was given an address creates its session there too",
     .requirements = "CAP-08",
     .level = CS_SHOULD,
     .run = of_the_create},
    OBSERVED("own-fetch", "a fetch of the application's makes appends and subscriptions", "CAP-09",
             fetch_transport),
    OBSERVED("own-fetch-of-an-agent", "and in which form it gets the headers", "CAP-09 CAP-10",
             fetch_agent),
    {0},
};
