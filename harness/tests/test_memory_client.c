/* The reference client when memory runs out: every call says so, or does without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "client_fixture.h"
#include "failing_memory.h"

static const struct canned_step steps[] = {
    {.on = "POST", .bytes = SEQ(0)},
    {.on = "GET",
     .bytes = OUT R(0, "a") R(1, "b")
         BATCH(HEADERS(2, CONTROL("turn-complete") "," H("public-access-token", "P2")))},
    /* what a try after a failure may ask for again */
    {.on = "POST", .bytes = SEQ(0)},
    {.on = "GET", .bytes = OUT R(0, "a") R(1, "b") END(2)},
    {.on = "POST", .bytes = SEQ(1)},
    {.on = "GET", .bytes = OUT R(0, "a") R(1, "b") END(2)},
};

static bool fits(enum cs_chat_result result)
{
    return result == CS_CHAT_OK ||
           (memory.failed &&
            (result == CS_CHAT_NO_MEMORY || result == CS_CHAT_UNREACHABLE ||
             result == CS_CHAT_GAVE_UP || result == CS_CHAT_USAGE || result == CS_CHAT_NO_TOKEN));
}

static void talk(struct fixture *fixture)
{
    enum cs_chat_result result = cs_chat_send(fixture->chat, "hello \xc3\xa9");
    if (!fits(result)) {
        fail_msg("send: %s", cs_chat_result_name(result));
    }
    if (result != CS_CHAT_OK) {
        return;
    }
    result = cs_chat_read_turn(fixture->chat, log_chunk, fixture, WAIT_MS);
    if (!fits(result)) {
        fail_msg("read: %s", cs_chat_result_name(result));
    }
    char *text = cs_chat_export(fixture->chat);
    assert_true(text || memory.failed);
    free(text);
}

static void conversation(void *ctx)
{
    (void)ctx;
    size_t armed = memory.until_failure;
    memory.until_failure = 0;
    void *state = NULL;
    assert_int_equal(set_up(&state), 0);
    struct fixture *fixture = state;
    fixture->canned = CANNED(steps);
    const struct cs_chat_options options = {.base_url = fixture->canned->url,
                                            .chat_id = "c",
                                            .start = give_token,
                                            .refresh = refresh_token,
                                            .ctx = fixture,
                                            .policy = &fixture->policy};
    memory.until_failure = armed;
    memory_on();
    fixture->chat = cs_chat_new(&options);
    if (!fixture->chat) {
        assert_true(memory.failed);
    } else if (cs_chat_import(fixture->chat, TOKEN) == CS_OK) {
        talk(fixture);
    } else {
        assert_true(memory.failed);
    }
    memory_off();
    memory.until_failure = 0;
    if (!memory.failed) {
        assert_int_equal(fixture->chunks.len, strlen(" a b"));
    }
    (void)tear_down(&state);
}

static void a_conversation(void **state)
{
    (void)state;
    assert_in_range(memory_fail_each(conversation, NULL), 20, MEMORY_TURNS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_conversation)};
    return cmocka_run_group_tests_name("memory_client", tests, NULL, NULL) != 0;
}
