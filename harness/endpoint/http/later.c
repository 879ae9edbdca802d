#include "endpoint/http/later.h"

#include <stdlib.h>

struct later {
    struct cs_timer timer;
    struct cs_call *call;
    cs_later_fn *then;
    struct cs_session *seen;
};

static void on_gone(struct cs_call *call)
{
    struct later *later = call->user;
    cs_timer_stop(call->endpoint->loop, &later->timer);
    free(later);
}

static void on_timer(struct cs_timer *timer)
{
    struct later *later = (struct later *)((char *)timer - offsetof(struct later, timer));
    struct cs_call *call = later->call;
    call->user = NULL;
    call->on_gone = NULL;
    later->then(call, later->seen);
    free(later);
}

void cs_call_later(struct cs_call *call, int64_t delay_ms, cs_later_fn *then,
                   struct cs_session *seen)
{
    struct later *later = delay_ms > 0 ? calloc(1, sizeof *later) : NULL;
    if (later) {
        *later = (struct later){.timer.fire = on_timer, .call = call, .then = then, .seen = seen};
        if (cs_timer_start(call->endpoint->loop, &later->timer, delay_ms) == CS_OK) {
            call->user = later;
            call->on_gone = on_gone;
            return;
        }
        free(later);
    }
    then(call, seen);
}
