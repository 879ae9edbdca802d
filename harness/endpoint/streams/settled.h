/* X-Peek-Settled: has the conversation come to rest? */
#ifndef CHATSPEC_ENDPOINT_SETTLED_H
#define CHATSPEC_ENDPOINT_SETTLED_H

#include "wire/record.h"

#define CS_SETTLED_LOOK_BACK ((size_t)2) /* RES-19 */

/* Looks at the last CS_SETTLED_LOOK_BACK of these records, oldest first: settled when the newest
 * one that is not a command is turn-complete (RES-17, RES-18, RES-20). Without `skip_commands` the
 * newest of all. */
bool cs_is_settled(const struct cs_record *records, size_t n, bool skip_commands);

#endif
