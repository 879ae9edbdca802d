/* SIGINT and SIGTERM as a flag that the long-running commands look at. */
#ifndef CHATSPEC_CLI_STOP_H
#define CHATSPEC_CLI_STOP_H

#include <signal.h>

/* Installs the handlers; the flag is not 0 after the first signal. A second one ends the program
 * at once, as if there were no handler. */
const volatile sig_atomic_t *cs_stop_flag(void);

#endif
