/* Work, counted and not timed: the compiler calls a hook at every branch of the code under test
 * (-fsanitize-coverage=trace-pc, which gcc and clang both have), and what the C library does with
 * whole blocks is counted by their length. So there is nothing of it in the code itself, and a busy
 * machine counts the same as an idle one. Only programs that link chatspec_wire_counted count. */
#ifndef CHATSPEC_FUZZ_WORK_H
#define CHATSPEC_FUZZ_WORK_H

#include <stdint.h>

/* Steps since the program began. */
uint64_t fuzz_work(void);

#endif
