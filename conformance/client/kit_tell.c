/* Commands in general, and clients of the other kinds that an adapter may drive (PROTOCOL.md). */
#include "conformance/client/kit_internal.h"

static cJSON *parsed(struct ck *ck, const char *json)
{
    cJSON *object = cJSON_Parse(json);
    if (!cJSON_IsObject(object)) {
        cJSON_Delete(object);
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", json);
    }
    return object;
}

int ck_tell(struct ck *ck, const char *name, const char *members)
{
    cJSON *command = parsed(ck, members ? members : "{}");
    if (!cJSON_AddStringToObject(command, "command", name) ||
        (!cJSON_HasObjectItem(command, "chat") &&
         !cJSON_AddStringToObject(command, "chat", ck->chat))) {
        cJSON_Delete(command);
        ck_no_memory(ck);
    }
    return ck_command(ck, command);
}

/* Without `kinds` an adapter drives the kind "transport" alone. */
static bool offers_kind(const struct ck *ck, const char *kind)
{
    const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(ck->adapter->hello, "kinds");
    return kinds ? cJSON_HasObjectItem(kinds, kind) : strcmp(kind, "transport") == 0;
}

void ck_need_feature(struct ck *ck, const char *feature)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ck->adapter->hello, "features"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, feature) == 0) {
            return;
        }
    }
    cs_case_skip(ck->run, "the adapter says nothing of the feature \"%s\"", feature);
}

void ck_open_as(struct ck *ck, const char *kind, const char *members)
{
    if (!offers_kind(ck, kind)) {
        cs_case_skip(ck->run, "the adapter drives no client of kind \"%s\"", kind);
    }
    cJSON *open = parsed(ck, members ? members : "{}");
    static const char *const names[] = {"kind", "task", "baseUrl", "secretKey"};
    const char *const values[] = {kind, "scripted-agent", cs_scripted_url(ck->server),
                                  CK_SECRET_KEY};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!cJSON_HasObjectItem(open, names[i]) &&
            !cJSON_AddStringToObject(open, names[i], values[i])) {
            cJSON_Delete(open);
            ck_no_memory(ck);
        }
    }
    char *text = cJSON_PrintUnformatted(open);
    cJSON_Delete(open);
    if (!text) {
        ck_no_memory(ck);
    }
    const char *kept = ck_keep(ck, cs_view_str(text));
    cJSON_free(text);
    ck->adapter_owes = true;
    const char *answer = ck_answer(ck, ck_tell(ck, "open", kept));
    ck->adapter_owes = false;
    if (strcmp(answer, "an error") == 0) {
        cs_case_fail(ck->run, "the client cannot be opened");
    }
}

static bool answered(struct ck *ck, const void *arg)
{
    int id = *(const int *)arg;
    return ck_event(ck, id, "ok", 0) || ck_event(ck, id, "fail", 0) ||
           ck_event(ck, id, "unsupported", 0);
}

const char *ck_answer(struct ck *ck, int command)
{
    ck_wait(ck, answered, &command, "answer a command");
    const cJSON *unsupported = ck_event(ck, command, "unsupported", 0);
    if (unsupported) {
        const char *what =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(unsupported, "what"));
        if (!what) {
            cs_case_fail(ck->run, "the adapter claims a command and does not support it");
        }
        cs_case_skip(ck->run, "this client does not have what the case takes: %s", what);
    }
    const cJSON *ok = ck_event(ck, command, "ok", 0);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ok, "value");
    return !ok ? "an error" : value ? ck_print(ck, value) : "nothing";
}

const cJSON *ck_said(const struct ck *ck, int command, const char *event, size_t n)
{
    return ck_event(ck, command, event, n);
}

const char *ck_outcome(struct ck *ck, int command)
{
    return ck_wait_over(ck, command) ? "well" : "with an error";
}

unsigned long long ck_count(const struct ck *ck, enum cs_target target)
{
    return cs_scripted_count_of(ck->server, target);
}
