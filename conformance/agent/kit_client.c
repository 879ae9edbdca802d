/* The ear and mouth to a client on the other side, and what it delivered. */
#include "conformance/agent/kit_client.h"

#include "conformance/agent/kit_internal.h"
#include "net/http_client.h"

struct ak_client {
    struct ak *ak;
    struct cs_talk talk;
    size_t n_asked; /* questions that were answered */
    const char *agent;
};

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    return text ? text : "";
}

static const cJSON *event_of(const struct ak_client *client, int command, const char *name,
                             size_t n)
{
    return cs_talk_event(&client->talk, command, name, n);
}

static const cJSON *question(const struct ak_client *client, size_t n)
{
    return cs_talk_named(&client->talk, "ask", n);
}

/* ---- waiting ---- */

static void wait_for(struct ak *ak, bool (*done)(struct ak_client *client, const void *arg),
                     const void *arg, const char *what)
{
    struct ak_client *client = ak->client;
    int64_t patience = ak_patience(ak);
    int64_t deadline = cs_now_ms() + patience;
    while (!done(client, arg)) {
        bool happened = client->talk.lost == CS_OK && ak->talk.lost == CS_OK && !ak->no_memory &&
                        cs_loop_run(ak->loop, deadline);
        if (happened || done(client, arg)) {
            continue;
        }
        if (ak->no_memory) {
            ak_no_memory(ak);
        }
        if (client->talk.lost != CS_OK) {
            cs_case_evidence(ak->run, "stderr", "the client's process",
                             cs_process_stderr(client->talk.adapter->process));
            cs_case_error(ak->run, "the client did not %s: its adapter %s", what,
                          client->talk.lost == CS_ERR_CLOSED ? "ended"
                                                             : cs_err_name(client->talk.lost));
        }
        cs_case_fail(ak->run, "the client did not %s within %lld ms%s", what, (long long)patience,
                     ak->talk.lost != CS_OK ? "; the agent's worker is gone" : "");
    }
}

static const char *error_text(struct ak *ak, const cJSON *event)
{
    const cJSON *error = member(event, "error");
    return ak_text(ak, "%s: %s", text_of(error, "name"), text_of(error, "message"));
}

/* ---- commands ---- */

int ak_client_do(struct ak *ak, const char *command, const char *members)
{
    struct ak_client *client = ak->client;
    if (!cs_adapter_offers(client->talk.adapter, command)) {
        cs_case_skip(ak->run, "this client does not offer the command \"%s\"", command);
    }
    cJSON *object = cs_talk_command(&client->talk, command);
    if (!object || !cJSON_AddStringToObject(object, "chat", ak->chat)) {
        cJSON_Delete(object);
        ak_no_memory(ak);
    }
    ak_join(ak, object, members);
    enum cs_err err = cs_talk_send(&client->talk, object);
    if (err != CS_OK) {
        cs_case_error(ak->run, "the client does not take a command: %s", cs_err_name(err));
    }
    return client->talk.last_command;
}

static bool is_answered(struct ak_client *client, const void *arg)
{
    int id = *(const int *)arg;
    return event_of(client, id, "ok", 0) || event_of(client, id, "fail", 0) ||
           event_of(client, id, "unsupported", 0);
}

static const cJSON *need_ok(struct ak *ak, int command)
{
    wait_for(ak, is_answered, &command, "answer a command");
    const cJSON *failed = event_of(ak->client, command, "fail", 0);
    if (failed) {
        cs_case_fail(ak->run, "the client refused: %s", error_text(ak, failed));
    }
    const cJSON *lacks = event_of(ak->client, command, "unsupported", 0);
    if (lacks) {
        cs_case_skip(ak->run, "this client does not have %s",
                     *text_of(lacks, "what") ? text_of(lacks, "what") : text_of(lacks, "command"));
    }
    return event_of(ak->client, command, "ok", 0);
}

const char *ak_client_value(struct ak *ak, int command)
{
    const cJSON *value = member(need_ok(ak, command), "value");
    return value ? ak_print(ak, value) : "nothing";
}

int ak_client_send_messages(struct ak *ak, const char *messages, const char *metadata)
{
    return ak_client_do(ak, "send",
                        ak_text(ak, "{'messages':%s%s%s}", messages, metadata ? ",'metadata':" : "",
                                metadata ? metadata : ""));
}

int ak_client_send(struct ak *ak, const char *text, const char *metadata)
{
    return ak_client_send_messages(ak, ak_text(ak, "[%s]", ak_user_message(ak, text)), metadata);
}

/* ---- beginning and end ---- */

static void start_process(struct ak *ak)
{
    struct ak_client *client = ak->client;
    struct cs_client_env env = *ak->env;
    struct cs_diag diag = {0};
    env.argv = ak->env->client_argv;
    if (cs_adapter_start(&env, &client->talk.adapter, &diag) != CS_OK) {
        cs_case_error(ak->run, "the client does not start: %s", diag.text);
    }
    if (cs_talk_listen(&client->talk) != CS_OK) {
        cs_case_error(ak->run, "the client's output cannot be watched");
    }
}

/* At once, as when a page is left: nothing that it still does is of interest. */
static void end_process(struct ak_client *client)
{
    cs_talk_unlisten(&client->talk);
    if (client->talk.adapter) {
        cs_process_kill(client->talk.adapter->process);
        cs_adapter_end(client->talk.adapter);
        client->talk.adapter = NULL;
    }
}

static void start(struct ak *ak)
{
    if (!ak->env->client_argv) {
        cs_case_skip(ak->run, "needs a client: agents of an SDK bring one (--sdk, --from)");
    }
    struct ak_client *client = cs_arena_alloc(&ak->arena, sizeof *client);
    if (!client) {
        ak_no_memory(ak);
    }
    *client =
        (struct ak_client){.ak = ak, .talk = {.run = ak->run, .loop = ak->loop, .who = "client"}};
    ak->client = client;
    start_process(ak);
    const char *version = cs_adapter_fact(client->talk.adapter, "version");
    cs_case_observe(ak->run, "peer.client", "%s", version ? version : "unknown");
}

void ak_client_end(struct ak *ak)
{
    struct ak_client *client = ak->client;
    if (!client) {
        return;
    }
    ak->client = NULL;
    end_process(client);
    cs_talk_free(&client->talk);
}

static void open_transport(struct ak *ak, const char *options)
{
    int open = ak_client_do(ak, "open",
                            ak_text(ak,
                                    "{'kind':'transport','task':'%s','baseUrl':'%s',"
                                    "'starter':true,'options':%s}",
                                    ak->client->agent, ak_url(ak), options));
    (void)need_ok(ak, open);
}

static bool has_asked(struct ak_client *client, const void *arg)
{
    (void)arg;
    return question(client, client->n_asked) != NULL;
}

/* What the application's server does when the browser asks it to start the chat. */
static const char *start_session(struct ak *ak)
{
    int open = ak_client_do(
        ak, "open",
        ak_text(ak, "{'client':'server','kind':'session','baseUrl':'%s','secretKey':'%s'}",
                ak_url(ak), CS_ENDPOINT_SECRET_KEY));
    (void)need_ok(ak, open);
    int call = ak_client_do(ak, "call",
                            ak_text(ak,
                                    "{'client':'server','method':'startAction',"
                                    "'arguments':['%s',{},{'chatId':'%s'}]}",
                                    ak->client->agent, ak->chat));
    return ak_member(ak, need_ok(ak, call), "value.publicAccessToken");
}

static void answer_start(struct ak *ak)
{
    struct ak_client *client = ak->client;
    wait_for(ak, has_asked, NULL, "ask for its session to be started");
    const cJSON *asked = question(client, client->n_asked++);
    ak_expect_text(ak, "what the client asked for", text_of(asked, "kind"), "start");
    const char *token = start_session(ak);
    ak->has_session = true;
    (void)ak_client_do(ak, "answer",
                       ak_text(ak, "{'ask':%d,'value':{'publicAccessToken':%s}}",
                               member(asked, "ask")->valueint, token));
}

int ak_client_begin(struct ak *ak, const char *agent, const char *text, const char *metadata,
                    int *ret_run)
{
    start(ak);
    ak->client->agent = agent;
    open_transport(ak, "{}");
    int stream = ak_client_send(ak, text, metadata);
    answer_start(ak);
    const struct ak_trigger *trigger = ak_trigger(ak, 0);
    *ret_run = ak_run_as(ak, trigger->run_id, trigger->task, trigger->payload, NULL);
    return stream;
}

const cJSON *ak_client_reload(struct ak *ak)
{
    const cJSON *state = member(need_ok(ak, ak_client_do(ak, "session", NULL)), "value");
    const char *stored = state ? ak_print(ak, state) : "null";
    end_process(ak->client);
    start_process(ak);
    open_transport(ak, ak_text(ak, "{'sessions':{'%s':%s}}", ak->chat, stored));
    return state;
}

/* ---- streams ---- */

struct chunks_wait {
    struct ak *ak;
    int stream;
    size_t n;
};

static const cJSON *ending(const struct ak_client *client, int stream)
{
    const cJSON *end = event_of(client, stream, "end", 0);
    end = end ? end : event_of(client, stream, "error", 0);
    return end ? end : event_of(client, stream, "fail", 0);
}

bool ak_client_is_over(struct ak *ak, int stream)
{
    return ending(ak->client, stream) != NULL;
}

size_t ak_client_count(struct ak *ak, int stream)
{
    const struct cs_talk *talk = &ak->client->talk;
    size_t n = 0;
    for (size_t i = 0; i < talk->n_events; i++) {
        const cJSON *id = member(talk->events[i], "id");
        n += cJSON_IsNumber(id) && id->valueint == stream &&
             strcmp(text_of(talk->events[i], "event"), "chunk") == 0;
    }
    return n;
}

/* A question that nothing in these cases gives cause for: the client has lost its token. */
static void check_stream(struct ak *ak, int stream)
{
    const cJSON *end = ending(ak->client, stream);
    if (end && strcmp(text_of(end, "event"), "end") != 0) {
        cs_case_fail(ak->run, "the client's stream failed: %s", error_text(ak, end));
    }
    const cJSON *asked = question(ak->client, ak->client->n_asked);
    if (asked) {
        cs_case_fail(ak->run, "the client asked for \"%s\" although it had a token",
                     text_of(asked, "kind"));
    }
}

static bool has_come(struct ak_client *client, const void *arg)
{
    const struct chunks_wait *wait = arg;
    return ending(client, wait->stream) || question(client, client->n_asked) ||
           ak_client_count(wait->ak, wait->stream) >= wait->n;
}

void ak_client_wait_chunks(struct ak *ak, int stream, size_t n)
{
    const struct chunks_wait wait = {ak, stream, n};
    wait_for(ak, has_come, &wait, ak_text(ak, "deliver %zu chunks", n));
    check_stream(ak, stream);
}

void ak_client_wait_end(struct ak *ak, int stream)
{
    const struct chunks_wait wait = {ak, stream, SIZE_MAX};
    wait_for(ak, has_come, &wait, "see the end of the turn");
    check_stream(ak, stream);
}

/* ---- judging ---- */

/* Compares what was delivered with the records; gives the number of chunks that
 * were written but not delivered at the end. */
static size_t compare(struct ak *ak, int stream, size_t from, size_t to)
{
    size_t n_written = 0;
    size_t n_missing = 0;
    for (size_t i = from; i < to; i++) {
        const cJSON *written = ak_out(ak, i)->chunk;
        if (!written) {
            continue;
        }
        n_written++;
        const cJSON *event = event_of(ak->client, stream, "chunk", n_written - 1);
        if (!event) {
            n_missing++;
            continue;
        }
        const cJSON *delivered = member(event, "chunk");
        if (!cJSON_Compare(written, delivered, true)) {
            cs_case_fail(ak->run,
                         "chunk %zu of the client's stream is %.200s, and record %llu of .out has "
                         "%.200s",
                         n_written, ak_print(ak, delivered), (unsigned long long)ak_out(ak, i)->seq,
                         ak_print(ak, written));
        }
    }
    const cJSON *more = event_of(ak->client, stream, "chunk", n_written);
    if (more) {
        cs_case_fail(ak->run, "the client delivered %.300s, which the agent has not written there",
                     ak_print(ak, member(more, "chunk")));
    }
    return n_missing;
}

void ak_expect_delivered(struct ak *ak, int stream, size_t from, size_t to)
{
    size_t n_missing = compare(ak, stream, from, to);
    ak_expect_number(ak, "chunks that the client has not delivered", n_missing, 0);
}

void ak_expect_delivered_start(struct ak *ak, int stream, size_t from, size_t to)
{
    (void)compare(ak, stream, from, to);
}

void ak_expect_token_of(struct ak *ak, const char *pattern, size_t n, size_t turn)
{
    const struct ak_request *request = ak_wait_request(ak, pattern, n);
    const char *token = ak_record_header(ak, ak_turn_complete(ak, turn), "public-access-token");
    if (!token) {
        cs_case_fail(ak->run, "the boundary of turn %zu has no token", turn);
    }
    const char *sent = ak_request_header(ak, request, "authorization");
    cs_case_check(ak->run, sent && strcmp(sent, ak_text(ak, "Bearer %s", token)) == 0,
                  "%s %s does not carry the token of the last boundary", request->method,
                  request->path);
}
