/* What every use of libcurl in this program has in common; for the files of net/ only. */
#ifndef CHATSPEC_NET_CURL_COMMON_H
#define CHATSPEC_NET_CURL_COMMON_H

#include <stdint.h>

#include <curl/curl.h>

/* libcurl's own set-up, once per process and safely; it is never undone. */
void cs_curl_global_init(void);
/* HTTP/1.1 and nothing behind the caller's back: no proxy, redirect, decoding, signal or change of
 * the path. `connect_timeout_ms` 0 means 5000. */
CURLcode cs_curl_set_plain(CURL *easy, int64_t connect_timeout_ms);

#endif
