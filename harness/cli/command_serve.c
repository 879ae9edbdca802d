/* chatspec serve: the reference endpoint, standing alone. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/serve_scenario.h"
#include "cli/stream_option.h"
#include "cli/violation_option.h"
#include "endpoint/endpoint.h"
#include "endpoint/faults/rule.h"
#include "endpoint/policy/policy.h"
#include "suite/nearest.h"

/* SIGINT, SIGTERM and SIGHUP as a descriptor of the loop. */
struct ending {
    struct cs_watch watch; /* first: the hook gets its address */
    struct cs_loop *loop;
    struct cs_serve_scenario *scenario;
};

static void on_signal(struct cs_watch *watch, uint32_t events)
{
    struct ending *ending = (struct ending *)watch;
    struct signalfd_siginfo signal;
    (void)events;
    while (read(watch->fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP) {
            cs_serve_scenario_again(ending->scenario);
        } else {
            cs_loop_stop(ending->loop);
        }
    }
}

/* SIGHUP ends the program as ever when there is no scenario to read again. */
static bool watch_signals(struct cs_loop *loop, struct ending *ending)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (ending->scenario->name) {
        sigaddset(&set, SIGHUP);
    }
    ending->loop = loop;
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return false;
    }
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    ending->watch = (struct cs_watch){.fd = fd, .events = EPOLLIN, .ready = on_signal};
    return fd >= 0 && cs_watch_add(loop, &ending->watch) == CS_OK;
}

static void introduce(const char *url, const struct cs_args *args,
                      const struct cs_stream_option *stream,
                      const struct cs_serve_scenario *scenario)
{
    printf("endpoint    %s\n"
           "secret key  %s\n"
           "second env  %s\n",
           url, CS_ENDPOINT_SECRET_KEY, CS_ENDPOINT_OTHER_SECRET_KEY);
    if (args->profile) {
        printf("profile     %s\n", args->profile);
    }
    if (stream->url) {
        printf("streams     %s, basin %s\n", stream->url, stream->basin);
    }
    if (scenario->name) {
        printf("scenario    %s: %s\n", scenario->name, cs_scenario_about(scenario->scenario));
    }
    for (size_t i = 0; i < args->violate.n; i++) {
        const struct cs_violation *violation = cs_violation_find(args->violate.items[i]);
        printf("violates    %s: %s\n", violation->requirement, violation->title);
    }
    printf(
        "\n"
        "A session, a message to it, and what the agent answers:\n"
        "\n"
        "curl -s %s/api/v1/sessions \\\n"
        "  -H 'Authorization: Bearer %s' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        "  -d '{\"type\":\"chat.agent\",\"externalId\":\"chat-1\",\"taskIdentifier\":\"my-agent\","
        "\"triggerConfig\":{\"basePayload\":{}}}'\n"
        "\n"
        "curl -s %s/realtime/v1/sessions/chat-1/in/append \\\n"
        "  -H 'Authorization: Bearer %s' \\\n"
        "  -d '{\"kind\":\"message\",\"payload\":{\"chatId\":\"chat-1\",\"trigger\":"
        "\"submit-message\",\"message\":{\"id\":\"u1\",\"role\":\"user\",\"parts\":"
        "[{\"type\":\"text\",\"text\":\"hello\"}]}}}'\n"
        "\n"
        "curl -sN %s/realtime/v1/sessions/chat-1/out \\\n"
        "  -H 'Authorization: Bearer %s' \\\n"
        "  -H 'Accept: text/event-stream' -H 'Timeout-Seconds: 5'\n"
        "\n"
        "Ends with Ctrl-C.\n",
        url, CS_ENDPOINT_SECRET_KEY, url, CS_ENDPOINT_SECRET_KEY, url, CS_ENDPOINT_SECRET_KEY);
    fflush(stdout);
}

static int serve(struct cs_loop *loop, const struct cs_args *args,
                 const struct cs_violation *const *violations,
                 const struct cs_stream_option *stream, struct cs_serve_scenario *scenario)
{
    const struct cs_endpoint_config config = {
        .port = (uint16_t)args->port,
        .profile = args->profile,
        .violations = violations,
        .n_violations = args->violate.n,
        .seed = args->seed,
        .quiet = args->quiet,
        .stream_url = stream->url,
        .stream_basin = stream->basin,
        .stream_token = stream->token,
        .bucket_size = (int64_t)args->bucket,
        .bucket_interval_ms = (int64_t)args->bucket_interval_ms,
        .replica_lag_ms = (int64_t)args->replica_lag_ms,
        .faults = scenario->faults,
        .n_faults = scenario->n_faults,
        .scenario = scenario->scenario,
    };
    struct cs_endpoint *endpoint = NULL;
    struct ending ending = {.watch = {.fd = -1}, .scenario = scenario};
    struct cs_diag diag = {0};
    int status = CS_EXIT_OK;
    if (!watch_signals(loop, &ending)) {
        status = cs_say(CS_EXIT_TROUBLE, "signals cannot be watched: %s", strerror(errno));
    } else if (cs_endpoint_start(loop, &config, &endpoint, &diag) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "the endpoint does not start: %s", diag.text);
    } else {
        cs_serve_scenario_follow(scenario, loop, endpoint);
        introduce(cs_endpoint_url(endpoint), args, stream, scenario);
        (void)cs_loop_run(loop, INT64_MAX);
        cs_endpoint_stop(endpoint);
    }
    if (ending.watch.fd >= 0) {
        cs_watch_remove(loop, &ending.watch);
        close(ending.watch.fd);
    }
    return status;
}

static int find_violations(const struct cs_args *args, const struct cs_violation **violations)
{
    for (size_t i = 0; i < args->violate.n; i++) {
        violations[i] = cs_violation_find(args->violate.items[i]);
        if (!violations[i]) {
            return cs_unknown_violation(args->violate.items[i], false);
        }
    }
    return CS_EXIT_OK;
}

static int check_faults(const struct cs_args *args)
{
    struct cs_fault_rule rule;
    struct cs_diag diag = {0};
    for (size_t i = 0; i < args->fault.n; i++) {
        if (cs_fault_rule_read(cs_view_str(args->fault.items[i]), &rule, &diag) != CS_OK) {
            return cs_say(CS_EXIT_USAGE, "--fault '%s': %s", args->fault.items[i], diag.text);
        }
    }
    return CS_EXIT_OK;
}

static int run(const struct cs_args *args)
{
    if (args->scenario && strcmp(args->scenario, "help") == 0) {
        cs_serve_scenario_list(stdout);
        return CS_EXIT_OK;
    }
    struct cs_policy policy = cs_policy_default();
    if (args->profile && cs_policy_as_of(args->profile, &policy) != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "--profile: '%s' is no version such as 4.6.4", args->profile);
    }
    const struct cs_violation **violations =
        calloc(args->violate.n ? args->violate.n : 1, sizeof(void *));
    struct cs_loop *loop = cs_loop_new();
    struct cs_stream_option stream = {0};
    struct cs_serve_scenario scenario = {.watch = {.fd = -1}};
    int status = CS_EXIT_OK;
    if (violations && loop) {
        status = find_violations(args, violations);
        if (status == CS_EXIT_OK) {
            status = check_faults(args);
        }
        if (status == CS_EXIT_OK) {
            status = cs_stream_option_read(args, &stream);
        }
        if (status == CS_EXIT_OK) {
            status = cs_serve_scenario_read(args, &scenario);
        }
        if (status == CS_EXIT_OK) {
            status = serve(loop, args, violations, &stream, &scenario);
        }
    } else {
        status = cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    cs_serve_scenario_free(&scenario);
    cs_stream_option_free(&stream);
    cs_loop_free(loop);
    free(violations);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("port", CS_OPTION_NUMBER, port, "N", "port on 127.0.0.1 (one that is free)", 65535),
    CS_ROW("profile", CS_OPTION_TEXT, profile, "VERSION",
           "behave as a server of that version (the newest)", 0),
    CS_ROW("violate", CS_OPTION_LIST, violate, "ID", "do this one thing wrong; repeatable", 0),
    CS_ROW("scenario", CS_OPTION_TEXT, scenario, "NAME|FILE",
           "what the agent answers (it repeats what it is told); help lists the names", 0),
    CS_ROW("fault", CS_OPTION_LIST, fault, "RULE",
           "what to do wrong when, such as 'put 1: 500'; repeatable", 0),
    CS_ROWS_STREAM,
    CS_ROW("bucket", CS_OPTION_NUMBER, bucket, "N",
           "calls per interval that a secret key may make (a million)", 1000000),
    CS_ROW("bucket-interval", CS_OPTION_NUMBER, bucket_interval_ms, "MS", "that interval (10000)",
           3600000),
    CS_ROW("replica-lag", CS_OPTION_NUMBER, replica_lag_ms, "MS",
           "how long reads do not know of a new session (0)", 60000),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of ids (a fresh one)", CS_SEED_LIMIT),
    CS_ROW("quiet", CS_OPTION_FLAG, quiet, NULL, "no line per request on stderr", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_serve = {
    .name = "serve",
    .summary = "run the reference endpoint as a mock server",
    .usage = "[options]",
    .details =
        "A server to develop and test against, with an agent that repeats what it is told.\n"
        "Sessions whose taskIdentifier begins with \"absent\" have no agent. Everything is in\n"
        "memory and ends with the process; with --stream the streams are in a store of their\n"
        "own, such as s2-lite, and direct writes of agents go there.\n"
        "\n"
        "A scenario is a JSON file: what the agent answers, delays and faults. Five come with the\n"
        "program: slow-stream, tool-approval, mid-turn-drop, upgrade, oversized-output. A file is\n"
        "read again when it changes, and on SIGHUP; one that is wrong is told of and the one "
        "before\n"
        "stays. The form: harness/endpoint/scenario/README.md.\n"
        "\n"
        "A fault RULE is 'WHAT [N | N-M | N+]: DO'. WHAT: put, s2s, s2s-batch, json, proto,\n"
        "claims, snapshot-url, object-put, object-get, wait, token-wait, end-and-continue, close,\n"
        "session-get, create, append, in, out, in-records, out-records; a part may follow, as in\n"
        "json/turn-complete. DO: STATUS [JSON], silent, reset, apply-reset, apply-silent,\n"
        "delay MS, apply-delay MS, terminal STATUS [JSON], no-credit, wrong-count,\n"
        "no-positions, end, cut. All of it: harness/endpoint/faults/README.md.\n"
        "\n"
        "Examples:\n"
        "  chatspec serve --port 3030\n"
        "  chatspec serve --scenario tool-approval\n"
        "  chatspec serve --profile 4.5.16\n"
        "  chatspec serve --stream http://127.0.0.1:8080/v1 --basin my-basin\n"
        "  chatspec serve --violate token-cross-session\n"
        "  chatspec serve --fault 'json/turn-complete 1-3: 503' --fault 'in 2+: cut'\n"
        "  chatspec serve --bucket 60 --bucket-interval 2000\n"
        "  chatspec list violations",
    .options = options,
    .run = run,
};
