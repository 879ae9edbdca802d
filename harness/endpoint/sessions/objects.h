/* Snapshots in memory, behind signed URLs of this server. */
#ifndef CHATSPEC_ENDPOINT_OBJECTS_H
#define CHATSPEC_ENDPOINT_OBJECTS_H

#include "endpoint/internal.h"

#define CS_OBJECT_MAX        ((size_t)8 * 1024 * 1024)
#define CS_OBJECTS_MAX_BYTES ((size_t)256 * 1024 * 1024) /* of all of them */

struct cs_objects *cs_objects_new(void);
void cs_objects_free(struct cs_objects *objects);
/* Replaces the object at `path`. Errors: CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_objects_put(struct cs_objects *objects, struct cs_view path,
                                       struct cs_view bytes);
/* False when there is none; valid until the next put. */
bool cs_objects_get(const struct cs_objects *objects, struct cs_view path,
                    struct cs_view *ret_bytes);
/* False when there is none. */
bool cs_objects_remove(struct cs_objects *objects, struct cs_view path);
/* Where a session's snapshot lies (SNP-03). */
void cs_snapshot_path(const struct cs_session *session, struct cs_view id, struct cs_buf *out);

#endif
