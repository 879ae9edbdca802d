/* A bare TCP client for what no HTTP library will send: broken framing, half requests, floods. */
#ifndef CHATSPEC_NET_RAW_CLIENT_H
#define CHATSPEC_NET_RAW_CLIENT_H

#include "wire/bytes.h"

/* Connects to the host and port of an http:// URL. Returns a descriptor (close it) or -1 with diag.
 */
int cs_raw_connect(const char *url, int64_t timeout_ms, struct cs_diag *diag);
/* Sends all bytes. Errors: CS_ERR_CLOSED (peer reset), CS_ERR_TIMEOUT. */
CS_MUST_USE enum cs_err cs_raw_send(int fd, struct cs_view bytes, int64_t timeout_ms);
/* Reads until the peer ends, `until` was seen (empty: never), or `out` reached its maximum.
 * Errors: CS_ERR_TIMEOUT (what came so far is in `out`), CS_ERR_CLOSED (reset). */
CS_MUST_USE enum cs_err cs_raw_read(int fd, struct cs_view until, int64_t timeout_ms,
                                    struct cs_buf *out);

#endif
