/* The two clocks, in milliseconds. */
#include "net/http_client.h"

#include <time.h>

static int64_t read_clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now); /* cannot fail for these two clocks */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t cs_now_ms(void)
{
    return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t cs_wall_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}
