#include "conformance/endpoint/ledger.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/endpoint/endpoint_role.h"
#include "conformance/endpoint/pace.h"
#include "net/http_client.h"
#include "net/http_request.h"

#define N_ENTRIES     16384u
#define MAX_KEY       200u
#define N_CLOSINGS    8u   /* side by side */
#define YOUNG_MS      2000 /* while a 404 is no surprise (SES-52) */
#define LOOK_AGAIN_MS 50
#define MAX_PACED_MS  60000 /* that a sweep waits for a rate limit */
#define ANSWER_MS     5000  /* that a server has for one answer */

enum state {
    UNUSED,
    ASKED_FOR, /* the create call is out, or its answer never came */
    OPEN,
    SETTLED /* closed, never made, or the same as another entry */
};

struct cs_ledger_entry {
    atomic_int state;
    pid_t owner;
    bool elsewhere;
    int64_t made_ms;
    char id[MAX_KEY];          /* of the session; empty while it is asked for */
    char external_id[MAX_KEY]; /* empty: none, or one too long to be kept */
};

struct cs_ledger {
    atomic_uint n;
    struct cs_ledger_entry entries[N_ENTRIES];
};

struct cs_ledger *cs_ledger_new(void)
{
    struct cs_ledger *ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return ledger == MAP_FAILED ? NULL : ledger;
}

void cs_ledger_free(struct cs_ledger *ledger)
{
    if (ledger) {
        munmap(ledger, sizeof *ledger);
    }
}

static void copy_key(char to[MAX_KEY], const char *from)
{
    size_t len = from ? strlen(from) : 0;
    if (len > 0 && len < MAX_KEY) {
        memcpy(to, from, len + 1);
    }
}

struct cs_ledger_entry *cs_ledger_begin(struct cs_ledger *ledger, const char *external_id,
                                        bool elsewhere)
{
    unsigned at = atomic_fetch_add(&ledger->n, 1);
    if (at >= N_ENTRIES) {
        atomic_store(&ledger->n, N_ENTRIES);
        return NULL;
    }
    struct cs_ledger_entry *entry = &ledger->entries[at];
    entry->owner = getpid();
    entry->elsewhere = elsewhere;
    copy_key(entry->external_id, external_id);
    atomic_store(&entry->state, ASKED_FOR);
    return entry;
}

static unsigned count(struct cs_ledger *ledger)
{
    unsigned n = atomic_load(&ledger->n);
    return n < N_ENTRIES ? n : N_ENTRIES;
}

/* Another entry for the same session: a create call may be repeated. */
static struct cs_ledger_entry *twin(struct cs_ledger *ledger, const struct cs_ledger_entry *entry,
                                    const char *id)
{
    unsigned n = count(ledger);
    for (unsigned i = 0; i < n; i++) {
        struct cs_ledger_entry *other = &ledger->entries[i];
        if (other != entry && atomic_load(&other->state) >= OPEN && strcmp(other->id, id) == 0) {
            return other;
        }
    }
    return NULL;
}

void cs_ledger_made(struct cs_ledger *ledger, struct cs_ledger_entry *entry, const char *id,
                    int64_t now_ms)
{
    if (!entry) {
        return;
    }
    if (!id || strlen(id) >= MAX_KEY || twin(ledger, entry, id)) {
        atomic_store(&entry->state, SETTLED);
        return;
    }
    entry->made_ms = now_ms;
    copy_key(entry->id, id);
    atomic_store(&entry->state, OPEN);
}

static bool names(const struct cs_ledger_entry *entry, const char *id)
{
    return *id && (strcmp(entry->id, id) == 0 || strcmp(entry->external_id, id) == 0);
}

void cs_ledger_closed(struct cs_ledger *ledger, const char *id)
{
    unsigned n = count(ledger);
    for (unsigned i = 0; i < n; i++) {
        struct cs_ledger_entry *entry = &ledger->entries[i];
        if (atomic_load(&entry->state) == OPEN && strcmp(entry->id, id) == 0) {
            atomic_store(&entry->state, SETTLED);
        }
    }
}

bool cs_ledger_is_young(struct cs_ledger *ledger, const char *id, int64_t now_ms, int64_t ms)
{
    unsigned n = count(ledger);
    for (unsigned i = 0; i < n; i++) {
        const struct cs_ledger_entry *entry = &ledger->entries[i];
        if (atomic_load(&entry->state) >= OPEN && names(entry, id) &&
            now_ms - entry->made_ms < ms) {
            return true;
        }
    }
    return false;
}

struct cs_ledger_counts cs_ledger_counts(struct cs_ledger *ledger)
{
    struct cs_ledger_counts counts = {0};
    unsigned n = count(ledger);
    for (unsigned i = 0; i < n; i++) {
        int state = atomic_load(&ledger->entries[i].state);
        counts.n_made += state >= OPEN && ledger->entries[i].id[0];
        counts.n_open += state == OPEN;
    }
    return counts;
}

/* ---- sweeping ---- */

struct sweep {
    const struct cs_endpoint_env *env;
    struct cs_case_run *run; /* whose deadline waits for a rate limit; may be NULL */
    struct cs_http *http;
    pid_t owner;
    unsigned at;
    int64_t until_ms;
    int64_t paced_ms;
    bool given_up; /* the server does not answer */
    struct cs_sweep result;
    struct closing {
        struct cs_ledger_entry *entry;
        struct cs_exchange *exchange;
        uint64_t window;
    } closings[N_CLOSINGS];
};

static struct cs_ledger_entry *next(struct sweep *sweep)
{
    struct cs_ledger *ledger = sweep->env->ledger;
    unsigned n = count(ledger);
    while (sweep->at < n) {
        struct cs_ledger_entry *entry = &ledger->entries[sweep->at++];
        int state = atomic_load(&entry->state);
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nobody sweeps without a ledger */
        bool known = state == OPEN || (state == ASKED_FOR && entry->external_id[0]);
        if (known && (sweep->owner == 0 || entry->owner == sweep->owner)) {
            return entry;
        }
    }
    return NULL;
}

static void leave(struct sweep *sweep, const struct cs_ledger_entry *entry, const char *reason)
{
    struct cs_sweep *result = &sweep->result;
    if (atomic_load(&entry->state) != OPEN) {
        return; /* nobody knows whether it was ever made */
    }
    if (result->n_left < sizeof result->left / sizeof result->left[0]) {
        snprintf(result->left[result->n_left], sizeof result->left[0], "%.79s", entry->id);
    }
    result->n_left++;
    if (!result->reason[0]) {
        snprintf(result->reason, sizeof result->reason, "%s", reason);
    }
}

static int64_t time_left(const struct sweep *sweep)
{
    int64_t left = sweep->until_ms + sweep->paced_ms - cs_now_ms();
    return left > 0 ? left : 0;
}

/* True when the call may be sent now; waits for the limit where nothing else is under way. */
static bool may_call(struct sweep *sweep, uint64_t window)
{
    struct cs_pace *pace = sweep->env->pace;
    for (;;) {
        int64_t wait = pace ? cs_pace_ask(pace, window, cs_wall_ms()) : 0;
        if (wait == 0) {
            return true;
        }
        for (unsigned i = 0; i < N_CLOSINGS; i++) {
            if (sweep->closings[i].exchange) {
                return false;
            }
        }
        if (wait > MAX_PACED_MS - sweep->paced_ms) {
            sweep->given_up = true;
            return false;
        }
        int64_t step = wait < 200 ? wait : 200;
        if (sweep->run) {
            cs_case_extend(sweep->run, step);
        }
        cs_http_pump(sweep->http, step);
        sweep->paced_ms += step;
    }
}

static struct cs_exchange *start_close(struct sweep *sweep, const struct cs_ledger_entry *entry)
{
    const char *key = entry->elsewhere ? sweep->env->other_secret_key : sweep->env->secret_key;
    struct cs_buf url = CS_BUF((size_t)8192);
    struct cs_buf auth = CS_BUF((size_t)8192);
    cs_buf_printf(&url, "%s/api/v1/sessions/", sweep->env->url);
    cs_percent_encode(cs_view_str(entry->id[0] ? entry->id : entry->external_id), &url);
    cs_buf_str(&url, "/close");
    cs_buf_printf(&auth, "Authorization: Bearer %s", key);
    char *url_text = cs_buf_take(&url);
    char *auth_text = cs_buf_take(&auth);
    const char *headers[] = {auth_text, "Content-Type: application/json"};
    struct cs_http_request request = {.method = "POST",
                                      .url = url_text,
                                      .headers = headers,
                                      .n_headers = 2,
                                      .body = CS_VIEW("{\"reason\":\"chatspec is done with it\"}"),
                                      .has_body = true,
                                      .connect_timeout_ms = time_left(sweep) + 1};
    struct cs_exchange *exchange =
        url_text && auth_text ? cs_http_start(sweep->http, &request) : NULL;
    free(url_text);
    free(auth_text);
    return exchange;
}

/* Starts what there is room, time and leave for; false when nothing is under way after that. */
static bool fill(struct sweep *sweep)
{
    bool busy = false;
    for (unsigned i = 0; i < N_CLOSINGS; i++) {
        struct closing *closing = &sweep->closings[i];
        while (!closing->exchange && !sweep->given_up && time_left(sweep) > 0) {
            closing->entry = closing->entry ? closing->entry : next(sweep);
            if (!closing->entry) {
                break;
            }
            const char *key =
                closing->entry->elsewhere ? sweep->env->other_secret_key : sweep->env->secret_key;
            closing->window = cs_pace_window("/api/", key);
            if (!may_call(sweep, closing->window)) {
                break;
            }
            closing->exchange = start_close(sweep, closing->entry);
            sweep->given_up |= !closing->exchange;
        }
        busy |= closing->exchange != NULL;
    }
    return busy;
}

static void settle(struct sweep *sweep, struct closing *closing)
{
    int64_t left = time_left(sweep);
    enum cs_err err = cs_exchange_wait_end(closing->exchange, left < ANSWER_MS ? left : ANSWER_MS);
    int status = cs_exchange_status(closing->exchange);
    struct cs_pace_news news;
    bool told = cs_pace_read(cs_exchange_header(closing->exchange, "x-ratelimit-limit"),
                             cs_exchange_header(closing->exchange, "x-ratelimit-remaining"),
                             cs_exchange_header(closing->exchange, "x-ratelimit-reset"),
                             cs_exchange_header(closing->exchange, "date"), cs_wall_ms(), &news);
    if (sweep->env->pace && status == 429) {
        cs_pace_refused(sweep->env->pace, closing->window, told ? &news : NULL, cs_wall_ms());
    } else if (sweep->env->pace && told) {
        cs_pace_note(sweep->env->pace, closing->window, &news, cs_wall_ms());
    }
    bool is_open = atomic_load(&closing->entry->state) == OPEN;
    bool lags = status == 404 && is_open && cs_now_ms() - closing->entry->made_ms < YOUNG_MS;
    bool again = err == CS_OK && (status == 429 || lags);
    if (err != CS_OK) {
        const char *why = cs_exchange_error(closing->exchange);
        sweep->given_up = true;
        leave(sweep, closing->entry, *why ? why : cs_err_name(err));
    } else if (status / 100 == 2 || status == 409 || (status == 404 && !is_open)) {
        sweep->result.n_closed += status / 100 == 2;
        atomic_store(&closing->entry->state, SETTLED);
    } else if (!again) {
        char text[64];
        snprintf(text, sizeof text, "closing answered %d", status);
        leave(sweep, closing->entry, text);
    }
    cs_exchange_free(closing->exchange);
    closing->exchange = NULL;
    closing->entry = again ? closing->entry : NULL;
    if (lags) {
        cs_http_pump(sweep->http, LOOK_AGAIN_MS);
    }
}

struct cs_sweep cs_ledger_sweep(const struct cs_endpoint_env *env, pid_t owner, int64_t budget_ms,
                                struct cs_case_run *run)
{
    struct sweep sweep = {.env = env,
                          .run = run,
                          .http = cs_http_new(),
                          .owner = owner,
                          .until_ms = cs_now_ms() + budget_ms,
                          .given_up = false};
    sweep.given_up = !sweep.http;
    while (fill(&sweep)) {
        for (unsigned i = 0; i < N_CLOSINGS; i++) {
            if (sweep.closings[i].exchange) {
                settle(&sweep, &sweep.closings[i]);
            }
        }
    }
    for (unsigned i = 0; i < N_CLOSINGS; i++) {
        if (sweep.closings[i].entry) {
            leave(&sweep, sweep.closings[i].entry, "no time was left for it");
        }
    }
    const struct cs_ledger_entry *entry;
    while ((entry = next(&sweep))) {
        leave(&sweep, entry, "no time was left for it");
    }
    cs_http_free(sweep.http);
    return sweep.result;
}
