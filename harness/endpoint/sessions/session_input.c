/* The create body (SES-20 to SES-33). */
#include <stdlib.h>

#include "endpoint/http/schema.h"
#include "endpoint/sessions/session_config.h"

void cs_session_input_free(struct cs_session_input *input)
{
    free(input->external_id);
    free(input->type);
    free(input->task);
    free(input->trigger_config);
    free(input->base_payload);
    free(input->tags);
    free(input->metadata);
    *input = (struct cs_session_input){0};
}

static bool read_external_id(const struct cs_policy *policy, struct cs_view json,
                             struct cs_session_input *input, struct cs_refusal *refusal)
{
    struct cs_view value;
    if (!cs_member(json, "externalId", &value)) {
        return true;
    }
    if (!cs_schema_string(value, "externalId", 1, (size_t)policy->external_id_max,
                          policy->trim_external_id != 0, &input->external_id, refusal)) {
        return false;
    }
    if (policy->check_reserved_prefix && cs_is_friendly_id(cs_view_str(input->external_id))) {
        return cs_refuse(refusal, 400, "externalId: must not start with 'session_'");
    }
    if (policy->check_channels_infix && strstr(input->external_id, ":channels:")) {
        return cs_refuse(refusal, 400, "externalId: must not contain ':channels:'");
    }
    return true;
}

static bool read_required(const struct cs_policy *policy, struct cs_view json,
                          struct cs_session_input *input, struct cs_refusal *refusal)
{
    struct cs_view value;
    if (!cs_member(json, "type", &value)) {
        return cs_refuse(refusal, 400, "type: required");
    }
    if (!cs_schema_string(value, "type", 1, (size_t)policy->type_len_max, false, &input->type,
                          refusal)) {
        return false;
    }
    if (!cs_member(json, "taskIdentifier", &value)) {
        return cs_refuse(refusal, 400, "taskIdentifier: required");
    }
    if (!cs_schema_string(value, "taskIdentifier", 1, (size_t)policy->task_len_max, false,
                          &input->task, refusal)) {
        return false;
    }
    if (!cs_member(json, "triggerConfig", &value)) {
        return cs_refuse(refusal, 400, "triggerConfig: required");
    }
    return cs_session_config_read(policy, value, &input->trigger_config, &input->base_payload,
                                  refusal);
}

static bool read_optional(const struct cs_policy *policy, struct cs_view json,
                          struct cs_session_input *input, struct cs_refusal *refusal)
{
    struct cs_view value;
    input->expires_ms = CS_NO_TIME;
    if (!cs_member(json, "tags", &value)) {
        value = CS_VIEW("[]");
    }
    if (!cs_schema_strings(value, "tags", (size_t)policy->tags_max, (size_t)policy->tag_len_max,
                           &input->tags, refusal)) {
        return false;
    }
    if (cs_member(json, "metadata", &value)) {
        bool skip = !policy->check_metadata && !cs_is_object(value);
        if (!skip && !cs_schema_object(value, "metadata", &input->metadata, refusal)) {
            return false;
        }
    }
    bool expires = cs_member(json, "expiresAt", &value) &&
                   (!cs_is_null(value) || policy->expires_null_is_epoch);
    return !expires || cs_schema_date(value, "expiresAt", &input->expires_ms, refusal);
}

bool cs_session_input_read(const struct cs_policy *policy, struct cs_view json,
                           struct cs_session_input *ret_input, struct cs_refusal *ret_refusal)
{
    struct cs_session_input input = {0};
    struct cs_refusal refusal = {0};
    if (!cs_is_object(json)) {
        (void)cs_refuse(&refusal, 400, "body: expected an object");
    } else if (read_required(policy, json, &input, &refusal) &&
               read_external_id(policy, json, &input, &refusal) &&
               read_optional(policy, json, &input, &refusal)) {
        *ret_input = input;
        return true;
    }
    cs_session_input_free(&input);
    *ret_refusal = refusal;
    return false;
}
