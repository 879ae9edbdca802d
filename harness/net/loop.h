/* One event loop: epoll, timers, a wake-up from other threads or signal handlers.
 *
 * Single-threaded: all functions but cs_loop_stop and cs_loop_wake are called from the thread that
 * runs the loop.
 * Times are milliseconds of the monotonic clock. Callbacks may add and remove anything, the object
 * that they were called for included.
 */
#ifndef CHATSPEC_NET_LOOP_H
#define CHATSPEC_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/error.h"

struct cs_loop;

/* NULL when out of memory or descriptors. */
struct cs_loop *cs_loop_new(void);
/* Frees the loop only: descriptors and timers belong to who added them. NULL is fine. */
void cs_loop_free(struct cs_loop *loop);

/* Runs until cs_loop_stop, or until `deadline_ms` (cs_loop_now time; INT64_MAX for none). Returns
 * true when it was stopped and false when the deadline passed. At least one turn is made, so a
 * deadline in the past means: deliver what is ready and do not wait. Not to be called from
 * callbacks. */
bool cs_loop_run(struct cs_loop *loop, int64_t deadline_ms);
/* Ends the current run after this turn, or else the next run after its first turn. Safe from signal
 * handlers and other threads, as cs_loop_wake. */
void cs_loop_stop(struct cs_loop *loop);
/* Makes a running loop look again; safe from signal handlers and other threads. */
void cs_loop_wake(struct cs_loop *loop);
/* Monotonic milliseconds, read once per turn of the loop; between runs, the time as it is. */
int64_t cs_loop_now(const struct cs_loop *loop);

/* ---- time that is scripted: hours pass in seconds, and the same way each time ---- */

/* From now on the time is what `clock` says (it must not go back), and no turn waits for anything:
 * who runs the loop moves the time on between turns. Before any timer was armed. */
void cs_loop_set_clock(struct cs_loop *loop, int64_t (*clock)(void *ctx), void *ctx);
/* When the earliest timer fires; INT64_MAX: there is none. */
int64_t cs_loop_next_timer(const struct cs_loop *loop);
/* Descriptors and timers that were served so far: a turn that adds nothing had nothing to do. */
uint64_t cs_loop_events(const struct cs_loop *loop);

/* A watched descriptor, embedded in its owner. */
struct cs_watch {
    int fd;
    uint32_t events; /* EPOLLIN | EPOLLOUT | ... */
    void (*ready)(struct cs_watch *watch, uint32_t events);
};
CS_MUST_USE enum cs_err cs_watch_add(struct cs_loop *loop, struct cs_watch *watch);
CS_MUST_USE enum cs_err cs_watch_change(struct cs_loop *loop, struct cs_watch *watch,
                                        uint32_t events);
/* What is ready and not yet delivered is dropped. Remove before closing the descriptor. */
void cs_watch_remove(struct cs_loop *loop, struct cs_watch *watch);

/* A timer, embedded in its owner; zeroed means idle. Fires once. */
struct cs_timer {
    int64_t at_ms;
    void (*fire)(struct cs_timer *timer);
    uint32_t heap_index; /* 1-based position while armed, 0 when idle; the loop's own */
};
/* (Re)arms the timer to fire `delay_ms` from now (0, or less: in the next turn). Timers for the
 * same millisecond fire in the order in which they were armed. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_timer_start(struct cs_loop *loop, struct cs_timer *timer,
                                       int64_t delay_ms);
void cs_timer_stop(struct cs_loop *loop, struct cs_timer *timer);

#endif
