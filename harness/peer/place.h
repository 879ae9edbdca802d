/* Where the program's own files are. In the folder that built it, programs that belong to it stand
 * beside it and data is in the source; `cmake --install` puts both at fixed places relative to the
 * program, so that an installed tree may be moved as a whole.
 */
#ifndef CHATSPEC_PEER_PLACE_H
#define CHATSPEC_PEER_PLACE_H

#include <stdbool.h>

/* True when the program was installed: its shared files are where --install puts them. */
bool cs_place_is_installed(void);

/* The path of a program of ours, such as "chatspec-parser-host": beside the running one, or where
 * it was installed. It need not exist. The caller frees it; NULL: no memory, or no /proc. */
char *cs_place_program(const char *name);

/* The path of installed data, such as "peers/sdk/adapter.mjs" or "corpus". The caller frees it;
 * NULL when nothing is installed, or there is no memory. */
char *cs_place_shared(const char *name);

/* The program as its user calls it: "chatspec" when installed, else the launcher, as it was called
 * ("../chatspec", from CHATSPEC_CALLED, which it sets) or "./chatspec". */
const char *cs_place_called(void);

#endif
