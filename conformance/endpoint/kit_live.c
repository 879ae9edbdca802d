/* What calls to a live server take beyond being sent: its rate limits, its memory of what was only
 * just made, and a ledger of what was made at all. */
#include "conformance/endpoint/kit_internal.h"

#include <unistd.h>

#include "conformance/endpoint/ledger.h"
#include "conformance/endpoint/pace.h"

#define CALLS_OF_A_CASE 8u /* with the secret key; most cases make fewer */
#define MAX_WAIT_MS     (INT64_C(5) * 60 * 1000)
#define WAIT_STEP_MS    200
#define YOUNG_MS        2000 /* SES-52 */
#define LOOK_AGAIN_MS   100
#define CLOSE_BUDGET_MS 3000
#define LAG_MS          30000 /* SES-51 */
#define SESSIONS        "/api/v1/sessions"

/* Cases that are about limits take their answers as they come. */
static bool is_about_limits(const struct ep *ep)
{
    static const char *const limits[] = {"LIM-18", "LIM-19", "LIM-20",
                                         "LIM-21", "LIM-22", "LIM-23"};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (cs_case_lists(cs_case_of(ep->run), limits[i])) {
            return true;
        }
    }
    return false;
}

/* ---- pace ---- */

/* Calls with keys that nobody knows are counted with ours, and their answers say nothing of it. */
static void find_window(const struct ep *ep, const char *path, struct ep_live_call *live)
{
    const struct cs_endpoint_env *env = ep->env;
    const char *auth = live->call.auth;
    bool is_token = auth && strchr(auth, '.');
    bool is_other = auth && env->other_secret_key && !strcmp(auth, env->other_secret_key);
    if (!auth || !env->pace) {
        return;
    }
    live->tells_window = is_token || is_other || !strcmp(auth, env->secret_key);
    live->window = cs_pace_window(path, live->tells_window ? auth : env->secret_key);
}

static void take_note(struct ep *ep, struct ep_live_call *live)
{
    struct cs_exchange *exchange = live->exchange;
    struct cs_pace_news news;
    if (live->was_told || !live->window || !live->tells_window || !exchange ||
        cs_exchange_status(exchange) == 0) {
        return;
    }
    live->was_told = true;
    if (cs_pace_read(cs_exchange_header(exchange, "x-ratelimit-limit"),
                     cs_exchange_header(exchange, "x-ratelimit-remaining"),
                     cs_exchange_header(exchange, "x-ratelimit-reset"),
                     cs_exchange_header(exchange, "date"), cs_wall_ms(), &news)) {
        cs_pace_note(ep->env->pace, live->window, &news, cs_wall_ms());
    }
}

static void pause_for_pace(struct ep *ep, int64_t wait_ms)
{
    int64_t step = wait_ms < WAIT_STEP_MS ? wait_ms : WAIT_STEP_MS;
    if (wait_ms > MAX_WAIT_MS) {
        cs_case_error(ep->run, "the server's rate limit leaves no call for the next %lld s",
                      (long long)(wait_ms / 1000));
    }
    cs_case_extend(ep->run, step);
    cs_http_pump(ep->http, step);
    cs_pace_waited(ep->env->pace, step, cs_wall_ms());
    /* calls of this case that are under way may have been answered meanwhile */
    for (struct ep_live_call *other = ep->live_calls; other; other = other->next) {
        take_note(ep, other);
    }
}

static void await_turn(struct ep *ep, const struct ep_live_call *live)
{
    int64_t wait = 0;
    bool patient = live->sent_again || !is_about_limits(ep);
    do {
        if (wait > 0) {
            pause_for_pace(ep, wait);
        }
        wait = cs_pace_ask(ep->env->pace, live->window, cs_wall_ms());
    } while (wait > 0 && patient);
}

/* ---- the ledger ---- */

static bool is_create(const struct ep_call *call)
{
    bool posts = call->method ? !strcmp(call->method, "POST") : call->body != NULL;
    return posts && !strcmp(call->path, SESSIONS);
}

static struct cs_ledger_entry *enter(struct ep *ep, const struct ep_call *call)
{
    cJSON *body = call->body ? cJSON_Parse(call->body) : NULL;
    const char *external_id =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "externalId"));
    bool elsewhere =
        ep->env->other_secret_key && call->auth && !strcmp(call->auth, ep->env->other_secret_key);
    struct cs_ledger_entry *entry = cs_ledger_begin(ep->env->ledger, external_id, elsewhere);
    cJSON_Delete(body);
    return entry;
}

static void keep_books(struct ep *ep, const struct ep_live_call *live)
{
    int status = cs_exchange_status(live->exchange);
    size_t len = strlen(live->call.path);
    bool closes = len > 6 && !strcmp(live->call.path + len - 6, "/close");
    if (!live->entry && !closes) {
        return;
    }
    struct cs_view body = cs_exchange_body(live->exchange);
    cJSON *json = status / 100 == 2 ? cJSON_ParseWithLength(body.ptr, body.len) : NULL;
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "id"));
    if (live->entry) {
        cs_ledger_made(ep->env->ledger, live->entry, id, cs_now_ms());
    } else if (id) {
        cs_ledger_closed(ep->env->ledger, id);
    }
    cJSON_Delete(json);
}

/* ---- sending again ---- */

/* Routes that may not know of a session yet (SES-52); appends and subscriptions must. */
static bool may_lag(const struct ep *ep, const struct ep_call *call)
{
    static const char realtime[] = "/realtime/v1/sessions/";
    const char *id = NULL;
    size_t len = strlen(call->path);
    if (!strncmp(call->path, SESSIONS "/", sizeof SESSIONS)) {
        id = call->path + sizeof SESSIONS;
    } else if (!strncmp(call->path, realtime, sizeof realtime - 1) && len > 8 &&
               strstr(call->path, "/records")) {
        id = call->path + sizeof realtime - 1;
    }
    char text[256];
    size_t id_len = id ? strcspn(id, "/?") : 0;
    if (!ep->env->ledger || id_len == 0 || id_len >= sizeof text ||
        cs_case_lists(cs_case_of(ep->run), "SES-52")) {
        return false;
    }
    memcpy(text, id, id_len);
    text[id_len] = '\0';
    return cs_ledger_is_young(ep->env->ledger, text, cs_now_ms(), YOUNG_MS);
}

static void send_again(struct ep *ep, struct ep_pending *pending)
{
    struct ep_live_call *live = pending->live;
    live->was_told = false;
    await_turn(ep, live);
    pending->exchange = ep_start(ep, &live->call);
    live->exchange = pending->exchange;
}

static void wait_out(struct ep *ep, struct ep_live_call *live)
{
    struct cs_exchange *exchange = live->exchange;
    struct cs_pace_news news;
    bool told = cs_pace_read(cs_exchange_header(exchange, "x-ratelimit-limit"),
                             cs_exchange_header(exchange, "x-ratelimit-remaining"),
                             cs_exchange_header(exchange, "x-ratelimit-reset"),
                             cs_exchange_header(exchange, "date"), cs_wall_ms(), &news);
    if (live->window) {
        cs_pace_refused(ep->env->pace, live->window, told ? &news : NULL, cs_wall_ms());
    } else {
        pause_for_pace(ep, WAIT_STEP_MS * 5);
    }
    live->sent_again = true;
}

bool ep_live_again(struct ep *ep, struct ep_pending *pending)
{
    struct ep_live_call *live = pending->live;
    int status = cs_exchange_status(pending->exchange);
    if (status == 429 && ep->env->pace && !live->sent_again && !is_about_limits(ep)) {
        wait_out(ep, live);
        send_again(ep, pending);
        return true;
    }
    take_note(ep, live);
    /* a token is judged by what the path says where the row is not known: 403, for a PUT by the
     * id that it does not name */
    bool is_lag = status == 404 || (status == 403 && strstr(live->call.path, "/snapshot-url"));
    if (is_lag && may_lag(ep, &live->call)) {
        cs_http_pump(ep->http, LOOK_AGAIN_MS);
        send_again(ep, pending);
        return true;
    }
    if (ep->env->ledger) {
        keep_books(ep, live);
    }
    live->exchange = NULL;
    return false;
}

/* ---- a call, and a case, from begin to end ---- */

/* The caller's may be gone when it is to be sent again. */
static struct ep_call copy_call(struct ep *ep, const struct ep_call *call)
{
    struct ep_call copy = *call;
    size_t n = 0;
    while (call->headers && call->headers[n]) {
        n++;
    }
    const char **headers = ep_alloc(ep, (n + 1) * sizeof *headers);
    for (size_t i = 0; i < n; i++) {
        headers[i] = ep_text(ep, "%s", call->headers[i]);
    }
    copy.headers = headers;
    copy.method = call->method ? ep_text(ep, "%s", call->method) : NULL;
    copy.path = ep_text(ep, "%s", call->path);
    copy.auth = call->auth ? ep_text(ep, "%s", call->auth) : NULL;
    copy.type = call->type ? ep_text(ep, "%s", call->type) : NULL;
    if (call->body) {
        size_t len = call->body_len ? call->body_len : strlen(call->body);
        char *body = ep_alloc(ep, len + 1);
        memcpy(body, call->body, len);
        copy.body = body;
    }
    return copy;
}

struct ep_live_call *ep_live_begin(struct ep *ep, const struct ep_call *call)
{
    struct ep_live_call *live = ep_alloc(ep, sizeof *live);
    live->call = copy_call(ep, call);
    find_window(ep, call->path, live);
    if (live->window) {
        await_turn(ep, live);
    }
    if (ep->env->ledger && is_create(call)) {
        live->entry = enter(ep, &live->call);
    }
    live->next = ep->live_calls;
    ep->live_calls = live;
    return live;
}

void ep_live_set_up(struct ep *ep)
{
    const struct cs_endpoint_env *env = ep->env;
    if (!env->pace || !env->secret_key) {
        return;
    }
    uint64_t window = cs_pace_window(SESSIONS, env->secret_key);
    int64_t wait;
    while ((wait = cs_pace_lease(env->pace, window, CALLS_OF_A_CASE, cs_wall_ms())) > 0) {
        pause_for_pace(ep, wait);
    }
}

void ep_live_tear_down(struct ep *ep)
{
    if (ep->env->ledger && ep->env->secret_key) {
        (void)cs_ledger_sweep(ep->env, getpid(), CLOSE_BUDGET_MS, ep->run);
    }
    if (ep->env->pace) {
        cs_pace_release(ep->env->pace);
    }
}

int64_t ep_lag(struct ep *ep)
{
    if (!ep->env->is_live) {
        return ep->env->patience_ms;
    }
    cs_case_extend(ep->run, LAG_MS);
    return LAG_MS;
}
