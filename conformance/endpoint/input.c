/* SES: what a create body may say. Each bound is tried on both of its sides. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

/* Creates a session of its own with these members beside triggerConfig, which has `config` beside
 * basePayload. */
static const struct ep_answer *create(struct ep *ep, const char *members, const char *config)
{
    return ep_post_session(
        ep, ep_text(ep, "{%s,\"externalId\":\"%s\",\"triggerConfig\":{\"basePayload\":{}%s%s}}",
                    members, ep_unique(ep, "chat"), *config ? "," : "", config));
}

static const char *named(struct ep *ep)
{
    return ep_text(ep, "\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\"", ep_env(ep)->task);
}

static void channels_infix(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *bad = ep_text(ep, "%s:channels:x", ep_unique(ep, "chat"));
    const struct ep_answer *answer = ep_post_session(ep, ep_create_body(ep, bad, NULL));
    cs_case_check(run, answer->status / 100 == 4, "an externalId with :channels: answered %d",
                  answer->status);
    cs_case_observe(run, "status", "%d", answer->status);
    const char *good = ep_text(ep, "%s:channel:x", ep_unique(ep, "chat"));
    ep_accept(ep, ep_post_session(ep, ep_create_body(ep, good, NULL)));
}

static void type_and_task(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    static const struct {
        size_t type, task;
        bool good;
    } rows[] = {{1, 1, true},    {64, 128, true}, {65, 1, false},
                {1, 129, false}, {0, 1, false},   {1, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *members =
            ep_text(ep, "\"type\":\"%s\",\"taskIdentifier\":\"%s\"", ep_fill(ep, 't', rows[i].type),
                    ep_fill(ep, 'k', rows[i].task));
        const struct ep_answer *answer = create(ep, members, "");
        if (rows[i].good) {
            ep_accept(ep, answer);
        } else {
            ep_expect(ep, answer, 400);
        }
    }
}

/* A JSON list of `n` texts of `len` characters. */
static const char *texts(struct ep *ep, size_t n, size_t len)
{
    const char *list = "";
    for (size_t i = 0; i < n; i++) {
        list = ep_text(ep, "%s%s\"%s\"", list, i ? "," : "", ep_fill(ep, (char)('a' + i), len));
    }
    return ep_text(ep, "[%s]", list);
}

static void tag_bounds(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *good = ep_text(ep, "%s,\"tags\":%s", named(ep), texts(ep, 10, 128));
    const char *many = ep_text(ep, "%s,\"tags\":%s", named(ep), texts(ep, 11, 1));
    const char *wide = ep_text(ep, "%s,\"tags\":%s", named(ep), texts(ep, 1, 129));
    ep_accept(ep, create(ep, good, ""));
    ep_expect(ep, create(ep, many, ""), 400);
    ep_expect(ep, create(ep, wide, ""), 400);
}

static void metadata_is_an_object(struct cs_case_run *run)
{
    static const char *const bad[] = {"[]", "7", "\"x\"", "true", "null"};
    struct ep *ep = ep_of(run);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ep_expect(ep, create(ep, ep_text(ep, "%s,\"metadata\":%s", named(ep), bad[i]), ""), 400);
    }
    ep_accept(ep, create(ep, ep_text(ep, "%s,\"metadata\":{\"k\":[1]}", named(ep)), ""));
}

static void config_bounds(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *queue = ep_fill(ep, 'q', 128);
    const char *good[] = {"\"machine\":\"micro\"",
                          "\"machine\":\"large-2x\"",
                          ep_text(ep, "\"queue\":\"%s\"", queue),
                          "\"maxAttempts\":1",
                          "\"maxAttempts\":10",
                          "\"maxDuration\":1",
                          "\"idleTimeoutInSeconds\":1",
                          "\"idleTimeoutInSeconds\":3600"};
    const char *bad[] = {"\"machine\":\"huge\"",       ep_text(ep, "\"queue\":\"%sq\"", queue),
                         "\"maxAttempts\":0",          "\"maxAttempts\":11",
                         "\"maxAttempts\":1.5",        "\"maxDuration\":0",
                         "\"idleTimeoutInSeconds\":0", "\"idleTimeoutInSeconds\":3601"};
    for (size_t i = 0; i < 8; i++) {
        ep_accept(ep, create(ep, named(ep), good[i]));
        ep_expect(ep, create(ep, named(ep), bad[i]), 400);
    }
}

static void trigger_tags(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    int most = (int)cs_case_fact(run, "trigger_tags_max");
    ep_accept(ep, create(ep, named(ep), ep_text(ep, "\"tags\":%s", texts(ep, most, 128))));
    ep_expect(ep, create(ep, named(ep), ep_text(ep, "\"tags\":%s", texts(ep, most + 1, 1))), 400);
    ep_expect(ep, create(ep, named(ep), ep_text(ep, "\"tags\":%s", texts(ep, 1, 129))), 400);
}

static void refuses_config(struct ep *ep, const char *const *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ep_expect(ep, create(ep, named(ep), bad[i]), 400);
    }
}

static void newer_config(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    static const char *const bad[] = {"\"externalDeploymentId\":7", "\"ttl\":-1"};
    static const char *const bad_concurrency[] = {"\"concurrency\":[\"a\",\"b\",\"c\"]",
                                                  "\"concurrency\":[\"a b\"]",
                                                  "\"concurrencyKey\":{}"};
    const struct ep_answer *answer = ep_accept(
        ep,
        create(ep, named(ep),
               "\"externalDeploymentId\":\" dpl_1 \",\"ttl\":\"1h\",\"concurrency\":[\"a\",\"b\"],"
               "\"concurrencyKey\":7"));
    cs_case_check(run,
                  !strcmp(ep_get_text(ep, answer, "triggerConfig.externalDeploymentId"), "dpl_1"),
                  "externalDeploymentId was not trimmed");
    cs_case_check(run, !strcmp(ep_get_text(ep, answer, "triggerConfig.ttl"), "1h"),
                  "ttl was not echoed");
    refuses_config(ep, bad, sizeof bad / sizeof bad[0]);
    bool echoed = ep_get(answer, "triggerConfig.concurrencyKey") != NULL;
    cs_case_observe(run, "concurrency_is_read", "%s", echoed ? "yes" : "no");
    if (cs_case_fact(run, "config_has_concurrency")) {
        cs_case_check(run, !strcmp(ep_get_text(ep, answer, "triggerConfig.concurrencyKey"), "7"),
                      "a numeric concurrencyKey did not come back as a string");
        refuses_config(ep, bad_concurrency, sizeof bad_concurrency / sizeof bad_concurrency[0]);
    }
}

static void unknown_members(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *members = ep_text(ep, "%s,\"invented\":1,\"metadata\":{\"own\":1}", named(ep));
    const struct ep_answer *answer = ep_accept(ep, create(ep, members, "\"invented\":1"));
    cs_case_check(run, !ep_get(answer, "invented"), "an unknown member was echoed");
    cs_case_check(run, !ep_get(answer, "triggerConfig.invented"),
                  "an unknown member of triggerConfig was echoed");
    cs_case_check(run, ep_get(answer, "metadata.own"), "a member of metadata was lost");
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_input_cases[] = {
    {"endpoint/input/channels-infix", "An externalId may not hold :channels:", "SES-25", CS_MUST,
     SK, 0, channels_infix},
    {"endpoint/input/type-and-task", "type and taskIdentifier have their lengths", "SES-26",
     CS_MUST, SK, 0, type_and_task},
    {"endpoint/input/tags", "At most 10 tags of 128 characters", "SES-27", CS_MUST, SK, 0,
     tag_bounds},
    {"endpoint/input/metadata", "metadata is an object", "SES-28", CS_MUST, SK, 0,
     metadata_is_an_object},
    {"endpoint/input/config-bounds", "triggerConfig keeps to its bounds", "SES-30", CS_MUST, SK, 0,
     config_bounds},
    {"endpoint/input/trigger-tags", "At most 10 tags in triggerConfig", "SES-31", CS_MUST, SK, 0,
     trigger_tags},
    {"endpoint/input/newer-config", "Newer members of triggerConfig are checked and echoed",
     "SES-32", CS_MUST, SK, 0, newer_config},
    {"endpoint/input/unknown-members", "Unknown members are dropped, free-form ones kept", "SES-33",
     CS_MUST, SK, 0, unknown_members},
    {0},
};
