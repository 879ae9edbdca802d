/* Where the program keeps what it makes: below build/ in the project's folder (CHATSPEC_HOME, which
 * the launcher sets), or in the current one.
 */
#ifndef CHATSPEC_CLI_PATHS_H
#define CHATSPEC_CLI_PATHS_H

/* "HOME/build/NAME", made if it is not there; the caller frees it. NULL after saying why. */
char *cs_build_folder(const char *name);

/* The project's folder, as the launcher says it; "." without one. */
const char *cs_home(void);

#endif
