/* Clients of another kind than the transport: opening one, and commands in general. */
#include <stdlib.h>

#include "conformance/client/kit_internal.h"

#define SECRET_KEY "tr_dev_scripted"

static const cJSON *kinds_of(const struct ck *ck)
{
    return cJSON_GetObjectItemCaseSensitive(ck->talk.adapter->hello, "kinds");
}

static bool lists(const cJSON *commands, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, commands)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A command of some kind, and not of this one. What no kind lists is about the adapter itself. */
static bool is_of_others(const struct ck *ck, const char *name)
{
    const cJSON *kind;
    bool others = false;
    cJSON_ArrayForEach(kind, kinds_of(ck))
    {
        others = others || lists(kind, name);
    }
    return others && !lists(cJSON_GetObjectItemCaseSensitive(kinds_of(ck), ck->kind), name);
}

/* Merges the members of a JSON object of the case's own into the command. */
static void add_members(struct ck *ck, cJSON *command, const char *members)
{
    cJSON *more = members ? cJSON_Parse(members) : NULL;
    if (members && !cJSON_IsObject(more)) {
        cJSON_Delete(command);
        cJSON_Delete(more);
        cs_case_error(ck->run, "the case's own JSON is wrong: %s", members);
    }
    while (more && more->child) {
        cJSON *member = cJSON_DetachItemViaPointer(more, more->child);
        cJSON_DeleteItemFromObjectCaseSensitive(command, member->string);
        bool out = strcmp(member->string, "chat") == 0 || strcmp(member->string, "secretKey") == 0;
        if (cJSON_IsNull(member) && out) {
            cJSON_Delete(member); /* taken out, and nothing in its place */
        } else {
            cJSON_AddItemToObject(command, member->string, member);
        }
    }
    cJSON_Delete(more);
}

void ck_need_command(struct ck *ck, const char *kind, const char *name)
{
    if (!lists(cJSON_GetObjectItemCaseSensitive(kinds_of(ck), kind), name)) {
        cs_case_skip(ck->run, "the adapter does not offer the command \"%s\" of the kind \"%s\"",
                     name, kind);
    }
}

void ck_need_feature(struct ck *ck, const char *feature)
{
    if (!lists(cJSON_GetObjectItemCaseSensitive(ck->talk.adapter->hello, "features"), feature)) {
        cs_case_skip(ck->run, "the adapter says nothing of the feature \"%s\"", feature);
    }
}

int ck_begin(struct ck *ck, const char *name, const char *members)
{
    if (ck->kind && is_of_others(ck, name)) {
        cs_case_skip(ck->run, "the adapter does not offer the command \"%s\" for the kind \"%s\"",
                     name, ck->kind);
    }
    cJSON *command = cJSON_CreateObject();
    if (!command || !cJSON_AddStringToObject(command, "command", name) ||
        !cJSON_AddStringToObject(command, "chat", ck->chat)) {
        cJSON_Delete(command);
        ck_no_memory(ck);
    }
    add_members(ck, command, members);
    return ck_command(ck, command);
}

const char *ck_secret_key(void)
{
    return SECRET_KEY;
}

/* `open` with what every kind takes that speaks to the server's API. */
static int begin_open(struct ck *ck, const char *kind, const char *members)
{
    if (!cJSON_GetObjectItemCaseSensitive(kinds_of(ck), kind)) {
        cs_case_skip(ck->run, "the adapter does not offer the kind \"%s\"", kind);
    }
    ck->kind = kind;
    const char *common = ck_text(
        ck, "{\"kind\":\"%s\",\"task\":\"scripted-agent\",\"secretKey\":\"" SECRET_KEY "\"", kind);
    const char *base =
        ck_text(ck, "\"baseUrl\":\"%s%s\"",
                ck->platform ? ck_platform_url(ck->platform) : cs_scripted_url(ck->server),
                ck->base ? ck->base : "");
    bool more = members && strcmp(members, "{}") != 0;
    return ck_begin(
        ck, "open",
        ck_text(ck, "%s,%s%s%s", common, base, more ? "," : "}", more ? members + 1 : ""));
}

void ck_open_kind(struct ck *ck, const char *kind, const char *members)
{
    (void)ck_value(ck, begin_open(ck, kind, members), "open");
}

struct ck *ck_opened(struct cs_case_run *run, const char *kind, const char *script,
                     const char *members)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "%s", script);
    ck_open_kind(ck, kind, members);
    return ck;
}

const char *ck_try_open_kind(struct ck *ck, const char *kind, const char *members)
{
    return ck_outcome(ck, begin_open(ck, kind, members));
}

const char *ck_do(struct ck *ck, const char *name, const char *members)
{
    const cJSON *value = ck_value(ck, ck_begin(ck, name, members), name);
    return value ? ck_print(ck, value) : "nothing";
}

const char *ck_try(struct ck *ck, const char *name, const char *members)
{
    return ck_outcome(ck, ck_begin(ck, name, members));
}

const cJSON *ck_told(const struct ck *ck, const char *event, size_t n)
{
    for (size_t i = 0; i < ck->talk.n_events; i++) {
        const char *name =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ck->talk.events[i], "event"));
        if (name && strcmp(name, event) == 0 && n-- == 0) {
            return cJSON_GetObjectItemCaseSensitive(ck->talk.events[i], "content");
        }
    }
    return NULL;
}

size_t ck_count_told(const struct ck *ck, const char *event)
{
    size_t n = 0;
    for (size_t i = 0; i < ck->talk.n_events; i++) {
        const char *name =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ck->talk.events[i], "event"));
        n += name && strcmp(name, event) == 0;
    }
    return n;
}

static bool is_told(struct ck *ck, const void *arg)
{
    return ck_told(ck, arg, 0) != NULL;
}

const cJSON *ck_wait_told(struct ck *ck, const char *event)
{
    ck_wait(ck, is_told, event, "report \"%s\"", event);
    return ck_told(ck, event, 0);
}

const char *ck_member(struct ck *ck, const cJSON *value, const char *path)
{
    const cJSON *found = ck_at_path(value, path);
    return found ? ck_print(ck, found) : "nothing";
}

const char *ck_starred(struct ck *ck, const char *text)
{
    const char *found;
    while ((found = strstr(text, ck->chat))) {
        text = ck_text(ck, "%.*s*%s", (int)(found - text), text, found + strlen(ck->chat));
    }
    return text;
}
