/* `triggerConfig` of a create body (SES-29 to SES-33). */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/sessions/session_config.h"
#include "endpoint/http/schema.h"

#define INTEGER_MAX INT64_C(9007199254740991) /* what JavaScript counts exactly */

struct config {
    const struct cs_policy *policy;
    struct cs_view object;
    struct cs_buf *out;
    struct cs_refusal *refusal;
};

static void add_raw(struct config *config, const char *name, struct cs_view value)
{
    cs_buf_printf(config->out, ",\"%s\":", name);
    cs_buf_add(config->out, value);
}

static void add_string(struct config *config, const char *name, const char *text)
{
    cs_buf_printf(config->out, ",\"%s\":", name);
    cs_json_text(config->out, cs_view_str(text));
}

static bool take_string(struct config *config, const char *name, size_t max)
{
    struct cs_view value;
    if (!cs_member(config->object, name, &value)) {
        return true;
    }
    char *text = NULL;
    bool ok = cs_schema_string(value, name, 0, max, false, &text, config->refusal);
    if (ok) {
        add_string(config, name, text);
    }
    free(text);
    return ok;
}

static bool take_integer(struct config *config, const char *name, int64_t min, int64_t max)
{
    struct cs_view value;
    int64_t number;
    if (!cs_member(config->object, name, &value)) {
        return true;
    }
    if (!cs_schema_integer(value, name, min, max, &number, config->refusal)) {
        return false;
    }
    cs_buf_printf(config->out, ",\"%s\":%" PRId64, name, number);
    return true;
}

static bool take_machine(struct config *config)
{
    static const char *const machines[] = {"micro",     "small-1x", "small-2x", "medium-1x",
                                           "medium-2x", "large-1x", "large-2x"};
    struct cs_view value;
    if (!cs_member(config->object, "machine", &value)) {
        return true;
    }
    char *text = NULL;
    bool known = false;
    bool is_string = cs_schema_string(value, "machine", 0, 128, false, &text, config->refusal);
    for (size_t i = 0; is_string && i < sizeof machines / sizeof machines[0]; i++) {
        known = known || strcmp(text, machines[i]) == 0;
    }
    known = known || (is_string && !config->policy->check_machine);
    if (known) {
        add_string(config, "machine", text);
    }
    free(text);
    return known || cs_refuse(config->refusal, 400, "machine: no such preset");
}

static bool check_limit_name(void *ctx, struct cs_view key, struct cs_view value)
{
    (void)key;
    struct config *config = ctx;
    char *text = NULL;
    bool ok = cs_schema_string(value, "concurrency", 1, 122, false, &text, config->refusal);
    if (ok && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-")] != '\0') {
        ok = cs_refuse(config->refusal, 400, "concurrency: letters, digits, '_' and '-' only");
    }
    free(text);
    return ok;
}

static bool take_concurrency(struct config *config)
{
    struct cs_view value;
    if (!cs_member(config->object, "concurrency", &value)) {
        return true;
    }
    char *text = NULL;
    bool ok = cs_schema_strings(value, "concurrency", 2, 122, &text, config->refusal) &&
              cs_each_member(value, check_limit_name, config);
    free(text);
    if (ok) {
        add_raw(config, "concurrency", value);
    }
    return ok;
}

/* A number comes back as a string (SES-32). */
static bool take_concurrency_key(struct config *config)
{
    struct cs_view value;
    if (!cs_member(config->object, "concurrencyKey", &value)) {
        return true;
    }
    if (cs_is_number(value)) {
        cs_buf_str(config->out, ",\"concurrencyKey\":");
        cs_json_text(config->out, value);
        return true;
    }
    if (!cs_is_string(value)) {
        return cs_refuse(config->refusal, 400, "concurrencyKey: expected a string or a number");
    }
    return take_string(config, "concurrencyKey", SIZE_MAX);
}

/* Trimmed; null and blank count as absent (SES-32). */
static bool take_deployment(struct config *config)
{
    struct cs_view value;
    if (!cs_member(config->object, "externalDeploymentId", &value) || cs_is_null(value)) {
        return true;
    }
    char *text = NULL;
    bool ok = cs_schema_string(value, "externalDeploymentId", 0, 128, true, &text, config->refusal);
    if (ok && text[0] != '\0') {
        add_string(config, "externalDeploymentId", text);
    }
    free(text);
    return ok;
}

static bool take_ttl(struct config *config)
{
    struct cs_view value;
    if (cs_member(config->object, "ttl", &value) && cs_is_string(value)) {
        return take_string(config, "ttl", SIZE_MAX);
    }
    return take_integer(config, "ttl", 0, INTEGER_MAX);
}

static bool take_tags(struct config *config)
{
    struct cs_view value;
    if (!cs_member(config->object, "tags", &value)) {
        return true;
    }
    char *text = NULL;
    bool ok =
        cs_schema_strings(value, "triggerConfig.tags", (size_t)config->policy->trigger_tags_max,
                          (size_t)config->policy->trigger_tag_len_max, &text, config->refusal);
    if (ok) {
        add_raw(config, "tags", cs_view_str(text));
    }
    free(text);
    return ok;
}

/* In the order of the published schema, which is the order of the echo. */
static bool take_optional(struct config *config)
{
    const struct cs_policy *policy = config->policy;
    bool ok = take_machine(config) && take_string(config, "queue", (size_t)policy->queue_len_max);
    if (ok && policy->check_concurrency) {
        ok = take_concurrency(config) && take_concurrency_key(config);
    }
    ok = ok && take_tags(config) &&
         take_integer(config, "maxAttempts", 1, policy->max_attempts_max) &&
         take_integer(config, "maxDuration", 1, INTEGER_MAX) &&
         take_string(config, "lockToVersion", SIZE_MAX);
    if (ok && policy->check_new_config) {
        ok = take_deployment(config);
    }
    ok = ok && take_string(config, "region", SIZE_MAX) &&
         take_integer(config, "idleTimeoutInSeconds", 1, policy->idle_timeout_max_s);
    if (ok && policy->check_new_config) {
        ok = take_ttl(config);
    }
    return ok;
}

static bool take_base_payload(const struct cs_policy *policy, struct cs_view object,
                              char **ret_payload, struct cs_refusal *refusal)
{
    struct cs_view payload;
    bool present = cs_member(object, "basePayload", &payload);
    if (!policy->require_base_payload && (!present || !cs_is_object(payload))) {
        payload = CS_VIEW("{}");
    } else if (!present) {
        return cs_refuse(refusal, 400, "triggerConfig.basePayload: required");
    }
    return cs_schema_object(payload, "triggerConfig.basePayload", ret_payload, refusal);
}

bool cs_session_config_read(const struct cs_policy *policy, struct cs_view object,
                            char **ret_config, char **ret_payload, struct cs_refusal *refusal)
{
    if (!cs_is_object(object)) {
        return cs_refuse(refusal, 400, "triggerConfig: expected an object");
    }
    if (!take_base_payload(policy, object, ret_payload, refusal)) {
        return false;
    }
    struct cs_buf out = CS_BUF((size_t)8 * 1024 * 1024);
    cs_buf_printf(&out, "{\"basePayload\":%s", *ret_payload);
    struct config config = {policy, object, &out, refusal};
    bool ok = take_optional(&config);
    cs_buf_char(&out, '}');
    if (ok && policy->echo_unknown) {
        *ret_config = cs_view_copy(object);
    } else if (ok) {
        *ret_config = cs_buf_take(&out);
    }
    cs_buf_free(&out);
    if (ok && !*ret_config) {
        return cs_refuse(refusal, 500, "Something went wrong");
    }
    return ok;
}

/* ---- another pin ---- */

static bool copy_but_pin(void *ctx, struct cs_view raw_key, struct cs_view value)
{
    struct cs_buf *out = ctx;
    if (!cs_view_eq(raw_key, CS_VIEW("externalDeploymentId"))) {
        cs_buf_str(out, out->len > 1 ? ",\"" : "\"");
        cs_buf_add(out, raw_key);
        cs_buf_str(out, "\":");
        cs_buf_add(out, value);
    }
    return true;
}

void cs_session_repin(struct cs_session *session, struct cs_view target)
{
    struct cs_buf out = CS_BUF((size_t)8 * 1024 * 1024);
    cs_buf_char(&out, '{');
    (void)cs_each_member(cs_view_str(session->trigger_config), copy_but_pin, &out);
    if (target.len > 0) {
        cs_buf_str(&out, ",\"externalDeploymentId\":");
        cs_json_text(&out, target);
    }
    cs_buf_char(&out, '}');
    char *config = cs_buf_take(&out);
    cs_buf_free(&out);
    if (config) {
        free(session->trigger_config);
        session->trigger_config = config;
    }
}
