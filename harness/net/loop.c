#include "net/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/http_client.h" /* cs_now_ms */

enum {
    BATCH = 128
};

/* The order of timers is by time and then by when they were armed, so that runs repeat. */
struct timer_slot {
    int64_t at_ms;
    uint64_t order;
    struct cs_timer *timer;
};

struct cs_loop {
    int epoll_fd;
    struct cs_watch wake; /* an eventfd */
    atomic_bool stopped;
    bool running;
    int64_t now_ms;
    int64_t (*clock)(void *ctx); /* scripted time; NULL: the monotonic clock */
    void *clock_ctx;
    uint64_t n_events;

    struct timer_slot *timers; /* binary heap, the earliest first */
    uint32_t n_timers;
    uint32_t timers_cap;
    uint64_t next_order;

    /* What epoll gave and is still to be delivered; removal wipes entries here. */
    struct epoll_event batch[BATCH];
    int batch_at;
    int batch_len;
};

static void drain_wake(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    uint64_t count;
    while (read(watch->fd, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
}

struct cs_loop *cs_loop_new(void)
{
    struct cs_loop *loop = calloc(1, sizeof(*loop));
    if (!loop) {
        return NULL;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->wake.events = EPOLLIN;
    loop->wake.ready = drain_wake;
    if (loop->epoll_fd < 0 || loop->wake.fd < 0 || cs_watch_add(loop, &loop->wake) != CS_OK) {
        cs_loop_free(loop);
        return NULL;
    }
    return loop;
}

void cs_loop_free(struct cs_loop *loop)
{
    if (!loop) {
        return;
    }
    if (loop->wake.fd >= 0) {
        close(loop->wake.fd);
    }
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    free(loop->timers);
    free(loop);
}

static int64_t read_clock(const struct cs_loop *loop)
{
    return loop->clock ? loop->clock(loop->clock_ctx) : cs_now_ms();
}

void cs_loop_set_clock(struct cs_loop *loop, int64_t (*clock)(void *ctx), void *ctx)
{
    loop->clock = clock;
    loop->clock_ctx = ctx;
}

int64_t cs_loop_next_timer(const struct cs_loop *loop)
{
    return loop->n_timers > 0 ? loop->timers[0].at_ms : INT64_MAX;
}

uint64_t cs_loop_events(const struct cs_loop *loop)
{
    return loop->n_events;
}

int64_t cs_loop_now(const struct cs_loop *loop)
{
    /* Between runs no turn refreshes the time, and a stale one would make timers fire early. */
    return loop->running ? loop->now_ms : read_clock(loop);
}

void cs_loop_stop(struct cs_loop *loop)
{
    atomic_store(&loop->stopped, true);
    cs_loop_wake(loop);
}

void cs_loop_wake(struct cs_loop *loop)
{
    int saved = errno;
    uint64_t one = 1;
    /* EAGAIN means that a wake-up is pending already. */
    while (write(loop->wake.fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    errno = saved;
}

/* ---- descriptors ---- */

static enum cs_err control(struct cs_loop *loop, int op, struct cs_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, op, watch->fd, &event) < 0) {
        return errno == ENOMEM || errno == ENOSPC ? CS_ERR_NO_MEMORY : CS_ERR_IO;
    }
    watch->events = events;
    return CS_OK;
}

enum cs_err cs_watch_add(struct cs_loop *loop, struct cs_watch *watch)
{
    return control(loop, EPOLL_CTL_ADD, watch, watch->events);
}

enum cs_err cs_watch_change(struct cs_loop *loop, struct cs_watch *watch, uint32_t events)
{
    return watch->events == events ? CS_OK : control(loop, EPOLL_CTL_MOD, watch, events);
}

void cs_watch_remove(struct cs_loop *loop, struct cs_watch *watch)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = loop->batch_at; i < loop->batch_len; i++) {
        if (loop->batch[i].data.ptr == watch) {
            loop->batch[i].data.ptr = NULL;
        }
    }
}

/* ---- timers ---- */

static bool slot_before(const struct timer_slot *a, const struct timer_slot *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void slot_put(struct cs_loop *loop, uint32_t at, struct timer_slot slot)
{
    loop->timers[at] = slot;
    slot.timer->heap_index = at + 1;
}

static void sift_up(struct cs_loop *loop, uint32_t at)
{
    struct timer_slot slot = loop->timers[at];
    while (at > 0 && slot_before(&slot, &loop->timers[(at - 1) / 2])) {
        slot_put(loop, at, loop->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    slot_put(loop, at, slot);
}

static void sift_down(struct cs_loop *loop, uint32_t at)
{
    struct timer_slot slot = loop->timers[at];
    for (;;) {
        uint64_t child = (uint64_t)at * 2 + 1;
        if (child + 1 < loop->n_timers &&
            slot_before(&loop->timers[child + 1], &loop->timers[child])) {
            child++;
        }
        if (child >= loop->n_timers || !slot_before(&loop->timers[child], &slot)) {
            break;
        }
        slot_put(loop, at, loop->timers[child]);
        at = (uint32_t)child;
    }
    slot_put(loop, at, slot);
}

static bool timers_grow(struct cs_loop *loop)
{
    if (loop->n_timers < loop->timers_cap) {
        return true;
    }
    if (loop->timers_cap > UINT32_MAX / 4) {
        return false;
    }
    uint32_t cap = loop->timers_cap ? loop->timers_cap * 2 : 64;
    struct timer_slot *timers = realloc(loop->timers, cap * sizeof(*timers));
    if (!timers) {
        return false;
    }
    loop->timers = timers;
    loop->timers_cap = cap;
    return true;
}

enum cs_err cs_timer_start(struct cs_loop *loop, struct cs_timer *timer, int64_t delay_ms)
{
    cs_timer_stop(loop, timer);
    if (!timers_grow(loop)) {
        return CS_ERR_NO_MEMORY;
    }
    int64_t now = cs_loop_now(loop);
    int64_t delay = delay_ms > 0 ? delay_ms : 0;
    timer->at_ms = delay > INT64_MAX - now ? INT64_MAX : now + delay;
    struct timer_slot slot = {timer->at_ms, loop->next_order++, timer};
    slot_put(loop, loop->n_timers++, slot);
    sift_up(loop, loop->n_timers - 1);
    return CS_OK;
}

void cs_timer_stop(struct cs_loop *loop, struct cs_timer *timer)
{
    if (timer->heap_index == 0) {
        return;
    }
    uint32_t at = timer->heap_index - 1;
    timer->heap_index = 0;
    struct timer_slot moved = loop->timers[--loop->n_timers];
    if (at == loop->n_timers) {
        return;
    }
    slot_put(loop, at, moved);
    sift_up(loop, at);
    sift_down(loop, moved.timer->heap_index - 1);
}

static void fire_timers(struct cs_loop *loop)
{
    /* Timers that are armed by these callbacks wait for the next turn: descriptors get theirs. */
    uint64_t first_new = loop->next_order;
    while (loop->n_timers > 0 && loop->timers[0].at_ms <= loop->now_ms &&
           loop->timers[0].order < first_new) {
        struct cs_timer *timer = loop->timers[0].timer;
        cs_timer_stop(loop, timer);
        loop->n_events++;
        timer->fire(timer);
    }
}

/* ---- turning ---- */

static int wait_ms(const struct cs_loop *loop, int64_t deadline_ms)
{
    int64_t until = deadline_ms;
    if (loop->clock) {
        return 0; /* its owner moves the time on, from outside */
    }
    if (loop->n_timers > 0 && loop->timers[0].at_ms < until) {
        until = loop->timers[0].at_ms;
    }
    if (until == INT64_MAX) {
        return -1;
    }
    int64_t wait = until > loop->now_ms ? until - loop->now_ms : 0;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

static void turn(struct cs_loop *loop, int64_t deadline_ms)
{
    int n = epoll_wait(loop->epoll_fd, loop->batch, BATCH, wait_ms(loop, deadline_ms));
    loop->now_ms = read_clock(loop);
    loop->batch_len = n > 0 ? n : 0; /* EINTR is a turn without events */
    for (loop->batch_at = 0; loop->batch_at < loop->batch_len;) {
        struct epoll_event *event = &loop->batch[loop->batch_at++];
        struct cs_watch *watch = event->data.ptr;
        if (watch) {
            loop->n_events++;
            watch->ready(watch, event->events);
        }
    }
    fire_timers(loop);
}

bool cs_loop_run(struct cs_loop *loop, int64_t deadline_ms)
{
    loop->now_ms = read_clock(loop);
    loop->running = true;
    do {
        turn(loop, deadline_ms);
    } while (!atomic_load(&loop->stopped) && loop->now_ms < deadline_ms);
    loop->running = false;
    return atomic_exchange(&loop->stopped, false);
}
