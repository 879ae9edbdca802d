/* Where the program keeps what it makes, and where it finds data files.
 *
 * In the project's folder (CHATSPEC_HOME, which the launcher sets, or the current one) all it makes
 * is below build/. An installed program keeps SDKs and the like in the user's cache
 * ($XDG_CACHE_HOME/chatspec, or ~/.cache/chatspec) and puts reports into ./chatspec-reports.
 */
#ifndef CHATSPEC_CLI_PATHS_H
#define CHATSPEC_CLI_PATHS_H

/* The folder for `name` ("sdk", "reports", ...), made if it is not there: "HOME/build/NAME", or for
 * an installed program as above. The caller frees it. NULL after saying why. */
char *cs_build_folder(const char *name);

/* The path of a file or folder of the source, such as "corpus/sse": in the project's folder, or
 * where it was installed. It need not exist. The caller frees it; NULL: no memory. */
char *cs_source_path(const char *name);

#endif
