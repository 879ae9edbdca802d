#include "net/curl_common.h"

#include <pthread.h>

static void set_up_libcurl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void cs_curl_global_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_libcurl);
}

/* The first option that libcurl refuses decides; the rest is then left alone. */
#define SET(option, value)                                    \
    do {                                                      \
        if (code == CURLE_OK) {                               \
            code = curl_easy_setopt(easy, (option), (value)); \
        }                                                     \
    } while (0)

CURLcode cs_curl_set_plain(CURL *easy, int64_t connect_timeout_ms)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, ""); /* also keeps http_proxy and its like out */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_USERAGENT, "chatspec");
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_timeout_ms > 0 ? connect_timeout_ms : 5000));
    return code;
}
