#include "cli/stop.h"

#include <stddef.h>

/* A signal handler has no other way to say anything. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int number)
{
    stop_requested = number;
}

const volatile sig_atomic_t *cs_stop_flag(void)
{
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop_requested;
}
