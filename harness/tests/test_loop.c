#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"

enum {
    PATIENCE_MS = 5000
};

static int open_loop(void **state)
{
    *state = cs_loop_new();
    return *state ? 0 : -1;
}

static int close_loop(void **state)
{
    cs_loop_free(*state);
    return 0;
}

/* ---- timers ---- */

/* Writes its name when it fires, then does what `also` says. */
struct named_timer {
    struct cs_timer timer; /* first */
    struct cs_loop *loop;
    char name;
    char *log; /* grows by one character and its NUL */
    void (*also)(struct named_timer *self);
    struct named_timer *other;
};

static void named_fire(struct cs_timer *timer)
{
    struct named_timer *self = (struct named_timer *)(void *)timer;
    size_t len = strlen(self->log);
    self->log[len] = self->name;
    self->log[len + 1] = '\0';
    assert_int_equal(timer->heap_index, 0);
    if (self->also) {
        self->also(self);
    }
}

static void arm(struct named_timer *timer, struct cs_loop *loop, char name, char *log,
                int64_t delay_ms)
{
    timer->timer.fire = named_fire;
    timer->loop = loop;
    timer->name = name;
    timer->log = log;
    assert_int_equal(cs_timer_start(loop, &timer->timer, delay_ms), CS_OK);
}

static void stop_loop(struct named_timer *self)
{
    cs_loop_stop(self->loop);
}

static void fires_in_order_of_time_and_arming(void **state)
{
    struct cs_loop *loop = *state;
    struct named_timer t[6] = {0};
    char log[16] = "";
    arm(&t[0], loop, 'd', log, 12);
    arm(&t[1], loop, 'b', log, 6);
    arm(&t[2], loop, 'a', log, 0);
    arm(&t[3], loop, 'e', log, 18);
    arm(&t[4], loop, 'c', log, 6);
    arm(&t[5], loop, 'x', log, 6);
    cs_timer_stop(loop, &t[5].timer);
    cs_timer_stop(loop, &t[5].timer); /* an idle one may be stopped */
    t[3].also = stop_loop;
    int64_t start = cs_loop_now(loop);
    assert_true(cs_loop_run(loop, start + PATIENCE_MS));
    /* b and c were armed in this order, but perhaps in two milliseconds: the order holds anyway. */
    assert_string_equal(log, "abcde");
    assert_true(cs_loop_now(loop) - start >= 17);
}

static void rearms_a_running_timer(void **state)
{
    struct cs_loop *loop = *state;
    struct named_timer t[2] = {0};
    char log[16] = "";
    arm(&t[0], loop, 'a', log, 3600 * 1000);
    arm(&t[1], loop, 'b', log, 5);
    assert_int_equal(cs_timer_start(loop, &t[0].timer, -7), CS_OK);
    assert_int_equal(cs_timer_start(loop, &t[0].timer, 0), CS_OK);
    t[1].also = stop_loop;
    assert_true(cs_loop_run(loop, cs_loop_now(loop) + PATIENCE_MS));
    assert_string_equal(log, "ab");
    assert_int_equal(cs_timer_start(loop, &t[0].timer, INT64_MAX), CS_OK);
    assert_true(t[0].timer.at_ms == INT64_MAX);
    cs_timer_stop(loop, &t[0].timer);
}

static void again_at_once(struct named_timer *self)
{
    assert_int_equal(cs_timer_start(self->loop, &self->timer, 0), CS_OK);
}

static void gives_each_turn_a_timer_once(void **state)
{
    struct cs_loop *loop = *state;
    struct named_timer t[1] = {0};
    char log[64] = "";
    t[0].also = again_at_once;
    arm(&t[0], loop, 'a', log, 0);
    for (size_t turns = 1; turns <= 5; turns++) {
        assert_false(cs_loop_run(loop, INT64_MIN)); /* one turn, no waiting */
        assert_int_equal(strlen(log), turns);
    }
    cs_timer_stop(loop, &t[0].timer);
}

static void stop_other(struct named_timer *self)
{
    cs_timer_stop(self->loop, &self->other->timer);
}

static void can_stop_a_timer_that_is_due(void **state)
{
    struct cs_loop *loop = *state;
    struct named_timer t[3] = {0};
    char log[16] = "";
    t[0].also = stop_other;
    t[0].other = &t[1];
    t[2].also = stop_loop;
    arm(&t[0], loop, 'a', log, 0);
    arm(&t[1], loop, 'b', log, 0);
    arm(&t[2], loop, 'c', log, 0);
    assert_true(cs_loop_run(loop, cs_loop_now(loop) + PATIENCE_MS));
    assert_string_equal(log, "ac");
}

struct order {
    struct cs_loop *loop;
    int64_t last_at;
    size_t n_fired;
};

struct checked_timer {
    struct cs_timer timer; /* first */
    struct order *order;
};

static void checked_fire(struct cs_timer *timer)
{
    struct order *order = ((struct checked_timer *)(void *)timer)->order;
    assert_true(timer->at_ms >= order->last_at);
    assert_true(timer->at_ms <= cs_loop_now(order->loop));
    order->last_at = timer->at_ms;
    order->n_fired++;
}

static void keeps_a_large_heap_in_order(void **state)
{
    enum {
        N = 3000
    };
    struct cs_loop *loop = *state;
    struct order order = {.loop = loop};
    struct checked_timer *timers = calloc(N, sizeof(*timers));
    assert_non_null(timers);
    uint32_t random = 12345;
    for (int i = 0; i < N; i++) {
        timers[i] = (struct checked_timer){.timer.fire = checked_fire, .order = &order};
        random = random * 1664525 + 1013904223;
        assert_int_equal(cs_timer_start(loop, &timers[i].timer, (random >> 16) % 20), CS_OK);
    }
    for (int i = 0; i < N; i += 3) {
        cs_timer_stop(loop, &timers[i].timer);
    }
    for (int i = 1; i < N; i += 3) {
        assert_int_equal(cs_timer_start(loop, &timers[i].timer, (i * 7) % 20), CS_OK);
    }
    int64_t deadline = cs_loop_now(loop) + PATIENCE_MS;
    while (order.n_fired < N - N / 3 && cs_loop_now(loop) < deadline) {
        (void)cs_loop_run(loop, cs_loop_now(loop) + 1);
    }
    assert_int_equal(order.n_fired, N - N / 3);
    free(timers);
}

static void waits_until_its_deadline(void **state)
{
    struct cs_loop *loop = *state;
    int64_t start = cs_loop_now(loop);
    assert_false(cs_loop_run(loop, start + 20));
    assert_true(cs_loop_now(loop) >= start + 20);
    cs_loop_stop(loop); /* between runs: ends the next one after a turn */
    assert_true(cs_loop_run(loop, INT64_MAX));
    assert_false(cs_loop_run(loop, INT64_MIN));
}

/* ---- descriptors ---- */

struct pair_watch {
    struct cs_watch watch; /* first */
    struct cs_loop *loop;
    int peer;
    int n_ready;
    uint32_t events;
    void (*also)(struct pair_watch *self);
    struct pair_watch *other;
};

static void pair_ready(struct cs_watch *watch, uint32_t events)
{
    struct pair_watch *self = (struct pair_watch *)(void *)watch;
    self->n_ready++;
    self->events = events;
    if (self->also) {
        self->also(self);
    }
}

static void open_pair(struct pair_watch *pair, struct cs_loop *loop)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    *pair = (struct pair_watch){.watch = {fds[0], EPOLLIN, pair_ready}, .loop = loop};
    pair->peer = fds[1];
    assert_int_equal(cs_watch_add(loop, &pair->watch), CS_OK);
}

static void close_pair(struct pair_watch *pair)
{
    close(pair->watch.fd);
    close(pair->peer);
}

static void poke(struct pair_watch *pair)
{
    assert_int_equal(write(pair->peer, "x", 1), 1);
}

static void remove_other(struct pair_watch *self)
{
    cs_watch_remove(self->loop, &self->other->watch);
    cs_watch_remove(self->loop, &self->watch);
}

static void delivers_nothing_to_a_removed_watch(void **state)
{
    struct cs_loop *loop = *state;
    struct pair_watch pairs[2];
    for (int i = 0; i < 2; i++) {
        open_pair(&pairs[i], loop);
        pairs[i].also = remove_other;
        pairs[i].other = &pairs[1 - i];
        poke(&pairs[i]);
    }
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_false(cs_loop_run(loop, INT64_MIN));
    /* Both were ready in the same turn; whoever came first removed both. */
    assert_int_equal(pairs[0].n_ready + pairs[1].n_ready, 1);
    close_pair(&pairs[0]);
    close_pair(&pairs[1]);
}

static void replace_other(struct pair_watch *self)
{
    /* The descriptor number comes back at once for another watch, with events of the old pending.
     */
    if (self->other) {
        cs_watch_remove(self->loop, &self->other->watch);
        close_pair(self->other);
        open_pair(self->other, self->loop);
        self->other->n_ready = 0;
        self->other = NULL;
    }
}

static void tells_a_new_watch_from_an_old_one(void **state)
{
    struct cs_loop *loop = *state;
    struct pair_watch pairs[2];
    for (int i = 0; i < 2; i++) {
        open_pair(&pairs[i], loop);
        poke(&pairs[i]);
    }
    pairs[0].also = replace_other;
    pairs[0].other = &pairs[1];
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_int_equal(pairs[0].n_ready, 2);
    assert_int_equal(pairs[1].n_ready, 0);
    poke(&pairs[1]);
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_int_equal(pairs[1].n_ready, 1);
    for (int i = 0; i < 2; i++) {
        cs_watch_remove(loop, &pairs[i].watch);
        close_pair(&pairs[i]);
    }
}

static void watches_for_what_it_is_told(void **state)
{
    struct cs_loop *loop = *state;
    struct pair_watch pair;
    open_pair(&pair, loop);
    poke(&pair);
    assert_int_equal(cs_watch_change(loop, &pair.watch, 0), CS_OK);
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_int_equal(pair.n_ready, 0);
    assert_int_equal(cs_watch_change(loop, &pair.watch, EPOLLIN | EPOLLOUT), CS_OK);
    assert_false(cs_loop_run(loop, INT64_MIN));
    assert_int_equal(pair.n_ready, 1);
    assert_int_equal(pair.events, EPOLLIN | EPOLLOUT);
    cs_watch_remove(loop, &pair.watch);
    struct cs_watch bad = {.fd = -1, .events = EPOLLIN, .ready = pair_ready};
    assert_int_equal(cs_watch_add(loop, &bad), CS_ERR_IO);
    close_pair(&pair);
}

/* ---- from outside ---- */

static void *stop_from_thread(void *loop)
{
    cs_loop_stop(loop);
    return NULL;
}

static void is_stopped_from_another_thread(void **state)
{
    struct cs_loop *loop = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_from_thread, loop), 0);
    assert_true(cs_loop_run(loop, INT64_MAX));
    assert_int_equal(pthread_join(thread, NULL), 0);
    cs_loop_wake(loop);
    cs_loop_wake(loop);
    assert_false(cs_loop_run(loop, INT64_MIN)); /* a wake-up alone stops nothing */
}

static void on_signal(int number)
{
    (void)number;
}

static void *interrupt(void *thread)
{
    for (int i = 0; i < 5; i++) {
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
    }
    return NULL;
}

static void survives_signals(void **state)
{
    struct cs_loop *loop = *state;
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    pthread_t self = pthread_self();
    pthread_t thread;
    int64_t start = cs_loop_now(loop);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, &self), 0);
    assert_false(cs_loop_run(loop, start + 30));
    assert_true(cs_loop_now(loop) >= start + 30);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(fires_in_order_of_time_and_arming),
        LOOP_TEST(rearms_a_running_timer),
        LOOP_TEST(gives_each_turn_a_timer_once),
        LOOP_TEST(can_stop_a_timer_that_is_due),
        LOOP_TEST(keeps_a_large_heap_in_order),
        LOOP_TEST(waits_until_its_deadline),
        LOOP_TEST(delivers_nothing_to_a_removed_watch),
        LOOP_TEST(tells_a_new_watch_from_an_old_one),
        LOOP_TEST(watches_for_what_it_is_told),
        LOOP_TEST(is_stopped_from_another_thread),
        LOOP_TEST(survives_signals),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL) != 0;
}
