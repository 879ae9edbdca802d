/* CORS as srv does it: the request's Origin is reflected, everything is allowed, nothing is sent
 * without an Origin (ERR-06, ERR-07). */
#include "endpoint/internal.h"

void cs_cors_headers(const struct cs_call *call, const char *expose, struct cs_buf *out)
{
    if (!call->has_origin) {
        return;
    }
    bool preflight = strcmp(call->method, "OPTIONS") == 0;
    if (preflight || call->endpoint->policy.cors_reflects_origin) {
        cs_response_header(out, "Access-Control-Allow-Origin", "%.*s",
                           CS_VIEW_ARG(cs_buf_view(&call->origin)));
    } else {
        cs_response_header(out, "Access-Control-Allow-Origin", "null");
    }
    if (call->endpoint->policy.cors_vary) {
        cs_response_header(out, "Vary", "Origin");
    }
    cs_response_header(out, "Access-Control-Expose-Headers", "%s", expose);
    if (call->endpoint->policy.cors_credentials) {
        cs_response_header(out, "Access-Control-Allow-Credentials", "true");
    }
}

void cs_cors_preflight(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (policy->preflight_status != 200) {
        cs_answer_error(call, (int)policy->preflight_status, "Preflight refused");
        return;
    }
    cs_answer_header(call, "Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE");
    struct cs_buf asked = CS_BUF(16384);
    if (policy->preflight_reflects_headers &&
        cs_request_header_joined(call->request, "Access-Control-Request-Headers", &asked)) {
        cs_answer_header(call, "Access-Control-Allow-Headers", "%.*s",
                         CS_VIEW_ARG(cs_buf_view(&asked)));
    }
    cs_buf_free(&asked);
    cs_answer_header(call, "Access-Control-Max-Age", "%lld",
                     (long long)policy->preflight_max_age_s);
    cs_answer_body(call, 200, NULL, (struct cs_view){0});
}
