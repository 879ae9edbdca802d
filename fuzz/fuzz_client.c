/* The reference client against a hostile server: it keeps to its token and its cursor, hands no
 * record over twice, pauses, gives up in the end, and takes bounded memory.
 * Input: 1 byte of the chat (a sum of 1: with a secret key, 2: resumed at 5, 4: the answers begin
 * again, 8: callbacks give no token, 16: a chunk of type "act" makes it stop), then calls, a letter
 * each (calls[]), and after a '~' the answers (client_server.h). */
#include "fuzz/client_server.h"

#define READ_MS 60000

static enum cs_chat_result stop(struct cs_chat *chat)
{
    return cs_chat_stop(chat, "enough");
}

static enum cs_chat_result call(struct client_run *run, size_t which)
{
    switch (which % 8) {
    case 1: /* a */
        return cs_chat_send(run->chat, "a\"\n\xc3\xa9");
    case 2: /* b */
        return cs_chat_read_turn(run->chat, client_on_chunk, run, READ_MS);
    case 3: /* c */
        return cs_chat_reconnect(run->chat, client_on_chunk, run, READ_MS);
    case 4: /* d */
        return stop(run->chat);
    case 5: /* e */
        return cs_chat_steer(run->chat, "more");
    case 6: /* f */
        return cs_chat_regenerate(run->chat);
    case 7: /* g */
        return cs_chat_action(run->chat, "[0]");
    default: /* @ */
        return cs_chat_start(run->chat);
    }
}

static void run_calls(struct client_run *run, struct cs_view calls)
{
    for (size_t i = 0; i < calls.len && i < 16; i++) {
        size_t n_before = run->n_requests;
        int64_t began_ms = run->now_ms;

        client_begin_call(run);
        (void)call(run, (unsigned char)calls.ptr[i] & 0x1fu);
        client_check_effort(run, n_before, began_ms, READ_MS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    size_t mode = fuzz_number(&input);
    struct cs_view calls = fuzz_take(&input, cs_view_find(input, CS_VIEW("~")));
    struct cs_reader_limits limits = {.max_event = 32 * 1024 * 1024,
                                      .batch = {.lenient = true, .max_records = 65536}};
    struct client_run run = {.now_ms = 1, .cycles = mode & 4, .gives_none = mode & 8};
    struct cs_chat_options options = {.base_url = CLIENT_BASE, .chat_id = CLIENT_ID, .ctx = &run};

    (void)fuzz_take(&input, 1);
    run.answers = run.left = input;
    run.act = mode & 16 ? stop : NULL;
    run.reader = cs_reader_new(&limits);
    options.task = "t";
    options.secret_key = mode & 1 ? CLIENT_SECRET : NULL;
    options.start = options.refresh = mode & 1 ? NULL : client_give_token;
    client_run = &run;
    fuzz_memory_restart();
    run.chat = cs_chat_new(&options);
    FUZZ_CHECK(run.chat != NULL && run.reader != NULL);
    if (mode & 2) {
        memcpy(run.token, "I0", 3);
        run.highest = 5;
        FUZZ_CHECK(cs_chat_import(run.chat,
                                  "{\"publicAccessToken\":\"I0\",\"lastEventId\":\"5\"}") == CS_OK);
    }
    run_calls(&run, calls);
    cs_chat_free(run.chat);
    cs_reader_free(run.reader);
    return 0;
}
