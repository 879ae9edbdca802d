/* A sequence of requests to the reference endpoint: no effect without authority, numbers are dense
 * and grow, nothing is lost or given twice, control and command records are no data.
 * Input: 1 byte (a sum of 1: an agent answers in the session s0, 2: there is a session s1, 4: there
 * is an s0 in a second environment), then lines (endpoint_ops.h). */
#include "fuzz/endpoint_oracle.h"

#define LINES_MAX 16

static void create(struct run *run, enum who who, const char *key, bool has_agent)
{
    struct op op = {.route = ROUTE_CREATE, .who = who};
    struct cs_buf body = CS_BUF((size_t)1024), text = CS_BUF((size_t)4096);

    cs_buf_printf(&body,
                  "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"%s\","
                  "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"%s\"}}}",
                  key, has_agent ? "agent" : "absent", key);
    op.rest = cs_buf_view(&body);
    op_request(run->endpoint, &op, &run->store, &text);
    FUZZ_CHECK(read_status(net_request(cs_buf_view(&text))) == 201);
    cs_buf_free(&text);
    cs_buf_free(&body);
}

static void do_line(struct run *run, struct cs_view line)
{
    size_t which = fuzz_number(&line);
    struct cs_view rest = line;
    size_t number = fuzz_number(&rest);
    struct read *read = run->n_reads > 0 ? &run->reads[number % run->n_reads] : NULL;

    if (which == 0) {
        net_run((int64_t)(number * number) * 1000);
    } else if (which == 1 && read) {
        read->conn->dead = true;
    } else if (which == 2 && read) {
        read->conn->stalled = true;
    } else if (which == 3 && read && read->conn->stalled) {
        read->conn->stalled = false;
        net_server.hooks.on_drained(run->endpoint, read->conn);
    } else if (which > 3) {
        struct op op = op_read(&line);

        do_request(run, &op);
        return;
    }
    net_run(0);
    look_at_reads(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run; /* set anew here */
    struct cs_endpoint_config config = {.seed = 7, .quiet = true};
    struct cs_view input = cs_view_of((const char *)data, size);
    size_t mode = fuzz_number(&input);

    run.n_reads = run.model.n_streams = run.model.n_sessions = 0; /* the rest is beyond these */
    run.store.stream = NULL;
    net_loop.n_timers = 0;
    net_loop.now_ms = INT64_C(1700000000000);
    FUZZ_CHECK(cs_endpoint_start(&net_loop, &config, &run.endpoint, NULL) == CS_OK);
    create(&run, WHO_KEY, "s0", mode & 1);
    if (mode & 2) {
        create(&run, WHO_KEY, "s1", false);
    }
    if (mode & 4) {
        create(&run, WHO_OTHER_KEY, "s0", false);
    }
    look_at_reads(&run);
    for (int i = 0; i < LINES_MAX && input.len > 0; i++) {
        do_line(&run, fuzz_take(&input, cs_view_find(input, CS_VIEW("\n"))));
        (void)fuzz_take(&input, 1);
    }
    cs_endpoint_stop(run.endpoint);
    model_free(&run.model);
    for (size_t i = 0; i < run.n_reads; i++) {
        cs_reader_free(run.reads[i].reader);
    }
    return 0;
}
