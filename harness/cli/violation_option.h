/* What --violate takes. */
#ifndef CHATSPEC_CLI_VIOLATION_OPTION_H
#define CHATSPEC_CLI_VIOLATION_OPTION_H

/* Says that there is no violation of that id, and which are nearest. Gives the exit status. */
int cs_unknown_violation(const char *id);

#endif
