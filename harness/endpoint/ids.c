#include <inttypes.h>
#include <time.h>

#include "endpoint/internal.h"
#include "net/http_client.h"
#include "wire/json.h"

/* splitmix64: small, and the same ids for the same seed. */
uint64_t cs_endpoint_random(struct cs_endpoint *endpoint)
{
    uint64_t z = (endpoint->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void cs_random_id(struct cs_endpoint *endpoint, char *ret_text, size_t len)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < len; i++) {
        ret_text[i] = alphabet[cs_endpoint_random(endpoint) % (i == 0 ? 26 : 36)];
    }
    ret_text[len] = '\0';
}

int64_t cs_endpoint_now(const struct cs_endpoint *endpoint)
{
    return endpoint->clock ? endpoint->clock(endpoint->clock_ctx) : cs_wall_ms();
}

void cs_json_time(struct cs_buf *out, int64_t time_ms)
{
    if (time_ms == CS_NO_TIME) {
        cs_buf_str(out, "null");
        return;
    }
    int64_t millis = time_ms % 1000;
    if (millis < 0) {
        millis += 1000;
    }
    time_t seconds = (time_t)((time_ms - millis) / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm)) {
        cs_buf_str(out, "null");
        return;
    }
    int64_t year = (int64_t)tm.tm_year + 1900;
    /* Years out of 0 to 9999 have a sign and six digits, as Date.toISOString writes them. */
    cs_buf_printf(out, year >= 0 && year <= 9999 ? "\"%04" PRId64 : "\"%+07" PRId64, year);
    cs_buf_printf(out, "-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                  tm.tm_min, tm.tm_sec, (int)millis);
}

void cs_json_text(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, text);
    cs_buf_char(out, '"');
}
