/* Snapshot URLs (SNP-01 to SNP-06), and the object store behind them. */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "endpoint/sessions/objects.h"
#include "endpoint/http/router.h"

#define PROJECT  "proj_chatspec"
#define STAMP    "%Y%m%dT%H%M%SZ"
#define MAX_TEXT 1024

/* The method is signed too: a URL for reading does not write. */
static void sign(const struct cs_endpoint *endpoint, const char *method, struct cs_view path,
                 const char *stamp, int64_t life_s, char ret_hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    char text[MAX_TEXT];
    int n = snprintf(text, sizeof text, "%s\n%.*s\n%s\n%" PRId64, method, CS_VIEW_ARG(path), stamp,
                     life_s);
    const char *key = endpoint->environments[0].secret_key;
    ret_hex[0] = '\0';
    if (n > 0 && n < (int)sizeof text &&
        HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, (size_t)n, digest,
             &len)) {
        for (unsigned int i = 0; i < len && i < 32; i++) {
            snprintf(ret_hex + (size_t)2 * i, 3, "%02x", digest[i]);
        }
    }
}

void cs_snapshot_path(const struct cs_session *session, struct cs_view id, struct cs_buf *out)
{
    cs_buf_printf(out, "/packets/" PROJECT "/%s/sessions/", session->environment->slug);
    cs_percent_encode(id, out);
    cs_buf_str(out, "/snapshot.json");
}

void cs_route_snapshot_url(struct cs_call *call)
{
    const struct cs_endpoint *endpoint = call->endpoint;
    const struct cs_policy *policy = &endpoint->policy;
    const struct cs_session *session = call->session;
    if (!policy->object_store) {
        cs_answer_error(call, 500,
                        "Failed to generate presigned URL: Object store is not configured");
        return;
    }
    const char *method = strcmp(call->method, "PUT") == 0 ? "PUT" : "GET";
    struct cs_buf path = CS_BUF(MAX_TEXT);
    cs_snapshot_path(session, policy->snapshot_by_friendly_id ? cs_view_str(session->id) : call->id,
                     &path);
    time_t now = (time_t)(cs_endpoint_now(endpoint) / 1000);
    struct tm tm;
    char stamp[32] = "";
    char signature[65];
    if (gmtime_r(&now, &tm)) {
        (void)strftime(stamp, sizeof stamp, STAMP, &tm);
    }
    sign(endpoint, method, cs_buf_view(&path), stamp, policy->snapshot_url_life_s, signature);
    struct cs_buf url = CS_BUF((size_t)2 * MAX_TEXT);
    cs_buf_printf(&url, "%s%.*s?X-Amz-Date=%s&X-Amz-Expires=%" PRId64 "&X-Amz-Signature=%s",
                  endpoint->url, CS_VIEW_ARG(cs_buf_view(&path)), stamp,
                  policy->snapshot_url_life_s, signature);
    struct cs_buf text = CS_BUF((size_t)4 * MAX_TEXT);
    cs_buf_str(&text, "{\"presignedUrl\":");
    cs_json_text(&text, cs_buf_view(&url));
    cs_buf_char(&text, '}');
    cs_buf_free(&url);
    cs_buf_free(&path);
    bool puts = method[0] == 'P';
    cs_answer_buf(call, (int)(puts ? policy->snapshot_put_status : policy->snapshot_status), &text);
}

static bool read_query(struct cs_view query, const char *name, char *ret_text, size_t size)
{
    struct cs_buf value = CS_BUF(size - 1);
    bool ok =
        cs_query_get(query, name, true, &value) && cs_buf_error(&value) == CS_OK && value.len > 0;
    if (ok) {
        memcpy(ret_text, value.ptr, value.len);
        ret_text[value.len] = '\0';
    }
    cs_buf_free(&value);
    return ok;
}

static bool url_is_valid(const struct cs_call *call, const char *method)
{
    struct cs_view query = call->request->query;
    char stamp[32];
    char life[16];
    char given[65];
    char right[65];
    uint64_t life_s;
    struct tm tm = {0};
    if (!read_query(query, "X-Amz-Date", stamp, sizeof stamp) ||
        !read_query(query, "X-Amz-Expires", life, sizeof life) ||
        !read_query(query, "X-Amz-Signature", given, sizeof given) ||
        cs_view_u64(cs_view_str(life), &life_s) != CS_OK || life_s > 604800 ||
        !strptime(stamp, STAMP, &tm)) {
        return false;
    }
    sign(call->endpoint, method, call->request->path, stamp, (int64_t)life_s, right);
    int64_t now_s = cs_endpoint_now(call->endpoint) / 1000;
    return strlen(given) == strlen(right) && CRYPTO_memcmp(given, right, strlen(right)) == 0 &&
           now_s < (int64_t)timegm(&tm) + (int64_t)life_s;
}

/* As an object store says it. */
static void answer_store_error(struct cs_call *call, int status, const char *code)
{
    char text[160];
    int len =
        snprintf(text, sizeof text,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code></Error>", code);
    cs_answer_below(call, status, "application/xml", cs_view_of(text, (size_t)len));
}

void cs_route_object_get(struct cs_call *call)
{
    struct cs_view bytes;
    if (!url_is_valid(call, "GET")) {
        answer_store_error(call, 403, "AccessDenied");
    } else if (!cs_objects_get(call->endpoint->objects, call->request->path, &bytes)) {
        answer_store_error(call, (int)call->endpoint->policy.missing_object_status, "NoSuchKey");
    } else {
        cs_answer_body(call, 200, "application/json", bytes);
    }
}

void cs_route_object_put(struct cs_call *call)
{
    if (!url_is_valid(call, "PUT")) {
        answer_store_error(call, 403, "AccessDenied");
        return;
    }
    enum cs_err err =
        cs_objects_put(call->endpoint->objects, call->request->path, call->request->body);
    if (err == CS_OK) {
        cs_answer_body(call, 200, NULL, (struct cs_view){0});
    } else {
        answer_store_error(call, err == CS_ERR_LIMIT ? 413 : 500, "EntityTooLarge");
    }
}
