/* What --violate takes. */
#ifndef CHATSPEC_CLI_VIOLATION_OPTION_H
#define CHATSPEC_CLI_VIOLATION_OPTION_H

#include <stdbool.h>

/* Says that the reference endpoint (and the reference client) has no violation of that id, and
 * which are nearest. Gives the exit status. */
int cs_unknown_violation(const char *id, bool of_clients_too);

#endif
