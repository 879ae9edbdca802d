/* What --violate takes. */
#ifndef CHATSPEC_CLI_VIOLATION_OPTION_H
#define CHATSPEC_CLI_VIOLATION_OPTION_H

#include <stdbool.h>

/* Says that there is no violation of that id, and which are nearest: of the reference endpoint, and
 * of the reference client where those may be named too. Gives the exit status. */
int cs_unknown_violation(const char *id, bool of_clients_too);

#endif
