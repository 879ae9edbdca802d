#include "conformance/endpoint/pace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define N_WINDOWS      1024u
#define N_TRIES        16u /* neighbours that are looked at before a window is replaced */
#define N_LEASES       512u
#define SAME_RESET_MS  5    /* resets that differ by no more are one */
#define MAX_SKEW_MS    2000 /* Date has seconds: less is no sign of a clock that is wrong */
#define LOOK_AGAIN_MS  25   /* while another call finds out what is left */
#define FORERUNNER_MS  3000 /* how long that call has */
#define STILL_EMPTY_MS 250  /* after it came back with nothing */
#define UNTOLD_MS      1000 /* to wait after a 429 that says nothing */

struct window {
    uint64_t key; /* 0: free */
    int64_t limit;
    int64_t left;
    int64_t reset_ms;      /* by our clock */
    int64_t forerun_until; /* after the reset: nobody else calls before that */
};

/* Calls of `window` that a process has been promised. */
struct lease {
    pid_t pid;
    unsigned n;
    uint64_t window;
};

struct cs_pace {
    pthread_mutex_t lock;
    unsigned jobs;
    struct window windows[N_WINDOWS];
    struct lease leases[N_LEASES];
    struct cs_pace_figures figures;
};

struct cs_pace *cs_pace_new(unsigned jobs)
{
    struct cs_pace *pace =
        mmap(NULL, sizeof *pace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pace == MAP_FAILED) {
        return NULL;
    }
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&pace->lock, &shared);
    pthread_mutexattr_destroy(&shared);
    pace->jobs = jobs ? jobs : 1;
    return pace;
}

void cs_pace_free(struct cs_pace *pace)
{
    if (pace) {
        munmap(pace, sizeof *pace);
    }
}

static void lock(struct cs_pace *pace)
{
    if (pthread_mutex_lock(&pace->lock) == EOWNERDEAD) {
        /* killed inside: numbers may be off by the one call that it was about */
        pthread_mutex_consistent(&pace->lock);
    }
}

static void unlock(struct cs_pace *pace)
{
    pthread_mutex_unlock(&pace->lock);
}

/* ---- windows ---- */

static uint64_t hash(uint64_t state, const char *text)
{
    for (; *text; text++) {
        state = (state ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return state;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The lowest bit tells windows of tokens, which no two cases share, from those of keys. */
uint64_t cs_pace_window(const char *path, const char *auth)
{
    bool is_append = begins(path, "/realtime/") && strstr(path, "/append");
    if (!auth || (!begins(path, "/api/") && !is_append)) {
        return 0;
    }
    uint64_t key = hash(UINT64_C(0xcbf29ce484222325), is_append ? "append " : "api ");
    return hash(key, auth) << 1 | (strchr(auth, '.') != NULL) | 2;
}

static struct window *find(struct cs_pace *pace, uint64_t key)
{
    for (unsigned i = 0; i < N_TRIES; i++) {
        struct window *window = &pace->windows[(key / 2 + i) % N_WINDOWS];
        if (window->key == key) {
            return window;
        }
    }
    return NULL;
}

static struct window *find_or_add(struct cs_pace *pace, uint64_t key)
{
    struct window *oldest = find(pace, key);
    for (unsigned i = 0; !oldest && i < N_TRIES; i++) {
        struct window *window = &pace->windows[(key / 2 + i) % N_WINDOWS];
        oldest = window->key == 0 ? window : NULL;
    }
    for (unsigned i = 0; !oldest && i < N_TRIES; i++) {
        struct window *window = &pace->windows[(key / 2 + i) % N_WINDOWS];
        oldest = !oldest || window->reset_ms < oldest->reset_ms ? window : oldest;
    }
    if (oldest->key != key) {
        *oldest = (struct window){.key = key};
    }
    return oldest;
}

/* What is held back for calls under way when a window turns over, and for other callers. */
static int64_t reserve(const struct cs_pace *pace, const struct window *window)
{
    if (window->key & 1) {
        return 0;
    }
    return pace->jobs < window->limit / 4 ? pace->jobs : window->limit / 4;
}

/* ---- leases ---- */

static struct lease *own_lease(struct cs_pace *pace, bool add)
{
    pid_t self = getpid();
    struct lease *unused = NULL;
    for (unsigned i = 0; i < N_LEASES; i++) {
        if (pace->leases[i].pid == self) {
            return &pace->leases[i];
        }
        unused = unused || pace->leases[i].pid ? unused : &pace->leases[i];
    }
    if (add && unused) {
        *unused = (struct lease){.pid = self};
        return unused;
    }
    return NULL;
}

/* What others were promised; those that are gone need it no more. */
static int64_t promised(struct cs_pace *pace, uint64_t key)
{
    int64_t n = 0;
    pid_t self = getpid();
    for (unsigned i = 0; i < N_LEASES; i++) {
        struct lease *lease = &pace->leases[i];
        if (lease->pid == 0 || lease->pid == self || lease->n == 0 || lease->window != key) {
            continue;
        }
        if (kill(lease->pid, 0) != 0 && errno == ESRCH) {
            *lease = (struct lease){0};
        }
        n += lease->n;
    }
    return n;
}

/* ---- asking ---- */

/* Whether `n` calls are there for this process, as 0 or ms to wait. */
static int64_t wait_for(struct cs_pace *pace, struct window *window, int64_t n, int64_t now_ms)
{
    if (window->left - promised(pace, window->key) - n >= reserve(pace, window)) {
        return 0;
    }
    if (now_ms < window->reset_ms) {
        return window->reset_ms - now_ms;
    }
    if (now_ms < window->forerun_until) {
        return LOOK_AGAIN_MS;
    }
    window->forerun_until = now_ms + FORERUNNER_MS;
    return 0;
}

int64_t cs_pace_ask(struct cs_pace *pace, uint64_t key, int64_t now_ms)
{
    int64_t wait = 0;
    lock(pace);
    struct window *window = key ? find(pace, key) : NULL;
    struct lease *lease = window ? own_lease(pace, false) : NULL;
    if (lease && lease->window == key && lease->n > 0) {
        lease->n--;
        window->left--;
    } else if (window && (wait = wait_for(pace, window, 1, now_ms)) == 0) {
        window->left--;
    }
    unlock(pace);
    return wait;
}

int64_t cs_pace_lease(struct cs_pace *pace, uint64_t key, unsigned n, int64_t now_ms)
{
    int64_t wait = 0;
    lock(pace);
    struct window *window = find(pace, key);
    if (window) {
        /* of a small window no process gets so much that others starve */
        int64_t fair = (window->limit - reserve(pace, window)) / 4;
        n = (int64_t)n > fair ? (unsigned)(fair > 1 ? fair : 1) : n;
        wait = wait_for(pace, window, n, now_ms);
    }
    struct lease *lease = window && wait == 0 ? own_lease(pace, true) : NULL;
    if (lease) {
        /* one that goes ahead after a reset knows of no more than its own call */
        bool ahead = window->left - promised(pace, key) - n < reserve(pace, window);
        lease->window = key;
        lease->n = ahead ? 1 : n;
    }
    unlock(pace);
    return wait;
}

void cs_pace_release(struct cs_pace *pace)
{
    lock(pace);
    struct lease *lease = own_lease(pace, false);
    if (lease) {
        *lease = (struct lease){0};
    }
    unlock(pace);
}

/* ---- answers ---- */

static bool read_number(const char *text, int64_t *ret_number)
{
    uint64_t number = 0;
    if (!text || cs_view_u64(cs_view_str(text), &number) != CS_OK || number > INT64_MAX / 4) {
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

/* 0 where the server has no clock, or one that is about right. */
static int64_t clock_ahead(const char *date, int64_t now_ms)
{
    struct tm time = {0};
    const char *end = date ? strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &time) : NULL;
    if (!end || *end) {
        return 0;
    }
    int64_t ahead = (int64_t)timegm(&time) * 1000 + 500 - now_ms;
    return ahead > MAX_SKEW_MS || ahead < -MAX_SKEW_MS ? ahead : 0;
}

bool cs_pace_read(const char *limit, const char *remaining, const char *reset, const char *date,
                  int64_t now_ms, struct cs_pace_news *ret_news)
{
    struct cs_pace_news news = {.ahead_ms = clock_ahead(date, now_ms)};
    if (!read_number(limit, &news.limit) || !read_number(remaining, &news.remaining) ||
        !read_number(reset, &news.reset_ms)) {
        return false;
    }
    *ret_news = news;
    return true;
}

static void note(struct window *window, const struct cs_pace_news *news, int64_t now_ms)
{
    int64_t reset_ms = news->reset_ms - news->ahead_ms;
    if (window->limit == 0 || reset_ms > window->reset_ms + SAME_RESET_MS) {
        window->limit = news->limit > 0 ? news->limit : 1;
        window->left = news->remaining;
        window->reset_ms = reset_ms;
        window->forerun_until = 0;
    } else if (reset_ms >= window->reset_ms - SAME_RESET_MS) {
        window->left = news->remaining < window->left ? news->remaining : window->left;
        if (now_ms >= window->reset_ms) {
            /* their clock or their filling is a little behind */
            window->forerun_until = now_ms + STILL_EMPTY_MS;
        }
    }
}

void cs_pace_note(struct cs_pace *pace, uint64_t key, const struct cs_pace_news *news,
                  int64_t now_ms)
{
    lock(pace);
    note(find_or_add(pace, key), news, now_ms);
    unlock(pace);
}

void cs_pace_refused(struct cs_pace *pace, uint64_t key, const struct cs_pace_news *news,
                     int64_t now_ms)
{
    lock(pace);
    struct window *window = find_or_add(pace, key);
    if (news) {
        note(window, news, now_ms);
    } else {
        window->limit = window->limit ? window->limit : 1;
        window->reset_ms = now_ms + UNTOLD_MS;
    }
    window->left = 0;
    pace->figures.n_refused++;
    unlock(pace);
}

/* ---- figures ---- */

void cs_pace_waited(struct cs_pace *pace, int64_t ms, int64_t now_ms)
{
    lock(pace);
    pace->figures.waited_ms += ms;
    pace->figures.last_wait_ms = now_ms;
    for (unsigned i = 0; i < N_WINDOWS; i++) {
        const struct window *window = &pace->windows[i];
        int64_t known = pace->figures.limit;
        if (window->key && !(window->key & 1) && (known == 0 || window->limit < known)) {
            pace->figures.limit = window->limit;
        }
    }
    unlock(pace);
}

struct cs_pace_figures cs_pace_figures(struct cs_pace *pace)
{
    lock(pace);
    struct cs_pace_figures figures = pace->figures;
    unlock(pace);
    return figures;
}
