/* What every use of libcurl in this program has in common; for the files of net/ only. */
#ifndef CHATSPEC_NET_CURL_COMMON_H
#define CHATSPEC_NET_CURL_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "wire/bytes.h"

/* libcurl's own set-up, once per process and safely; it is never undone. */
void cs_curl_global_init(void);
/* HTTP/1.1 and nothing behind the caller's back: no proxy, redirect, decoding, signal or change of
 * the path. `connect_timeout_ms` 0 means 5000. */
CURLcode cs_curl_set_plain(CURL *easy, int64_t connect_timeout_ms);
/* False when out of memory; the list is then what it was. */
bool cs_curl_add_header(struct curl_slist **headers, const char *line);

/* A request's body, as libcurl takes it. */
struct cs_curl_body {
    char *bytes;
    size_t len;
    size_t taken;
};

/* False when out of memory; the caller frees ret_body->bytes. */
bool cs_curl_body_copy(struct cs_view view, struct cs_curl_body *ret_body);
/* Sends it, as often as libcurl wants to; `chunked` does not tell its length. */
CURLcode cs_curl_set_body(CURL *easy, struct cs_curl_body *body, bool chunked);

/* What a failed transfer means that nobody gave a limit of his own; `curl_error` is its error
 * buffer. */
enum cs_err cs_curl_err(CURLcode code, bool connected, const char *curl_error);

/* With `easy` and `code` around it. The first option that libcurl refuses decides; the rest is then
 * left alone. */
#define CS_CURL_SET(option, value)                            \
    do {                                                      \
        if (code == CURLE_OK) {                               \
            code = curl_easy_setopt(easy, (option), (value)); \
        }                                                     \
    } while (0)

#endif
