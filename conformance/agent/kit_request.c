/* The requests that reached the platform. */
#include <fnmatch.h>
#include <strings.h>

#include "conformance/agent/kit_internal.h"

void ak_note_request(struct ak *ak, struct ak_request *request)
{
    if (!ak_push(&ak->requests, request, AK_MAX_REQUESTS)) {
        ak->no_memory = true;
    }
}

static const char *pattern_of(struct ak *ak, const char *pattern)
{
    const char *chat = strstr(pattern, "{chat}");
    return chat ? ak_text(ak, "%.*s%s%s", (int)(chat - pattern), pattern, ak->chat,
                          chat + strlen("{chat}"))
                : pattern;
}

static bool matches(struct ak *ak, const struct ak_request *request, const char *pattern)
{
    return fnmatch(pattern, ak_text(ak, "%s %s", request->method, request->path), 0) == 0;
}

size_t ak_count(const struct ak *opaque, const char *pattern)
{
    struct ak *ak = (struct ak *)opaque; /* texts are made, nothing else changes */
    const char *whole = pattern_of(ak, pattern);
    size_t n = 0;
    for (size_t i = 0; i < ak->requests.n; i++) {
        n += matches(ak, ((struct ak_request **)ak->requests.items)[i], whole);
    }
    return n;
}

const struct ak_request *ak_request(const struct ak *opaque, const char *pattern, size_t n)
{
    struct ak *ak = (struct ak *)opaque;
    const char *whole = pattern_of(ak, pattern);
    for (size_t i = 0; i < ak->requests.n; i++) {
        const struct ak_request *request = ((struct ak_request **)ak->requests.items)[i];
        if (matches(ak, request, whole) && --n == 0) {
            return request;
        }
    }
    return NULL;
}

struct request_wait {
    const char *pattern;
    size_t n;
};

static bool request_came(struct ak *ak, const void *arg)
{
    const struct request_wait *wait = arg;
    return ak_count(ak, wait->pattern) >= wait->n;
}

const struct ak_request *ak_wait_request(struct ak *ak, const char *pattern, size_t n)
{
    const struct request_wait wait = {pattern, n};
    ak_wait(ak, request_came, &wait, "make request %zu of \"%s\"", n, pattern);
    return ak_request(ak, pattern, n);
}

const char *ak_request_header(struct ak *ak, const struct ak_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        struct cs_view its = request->headers[i].name;
        if (its.len == strlen(name) && strncasecmp(its.ptr, name, its.len) == 0) {
            return ak_keep(ak, request->headers[i].value);
        }
    }
    return NULL;
}

const char *ak_request_member(struct ak *ak, const struct ak_request *request, const char *path)
{
    cJSON *body = cJSON_ParseWithLength(request->body.ptr, request->body.len);
    const char *text = ak_member(ak, body, path);
    cJSON_Delete(body);
    return text;
}
