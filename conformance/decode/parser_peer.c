#include "conformance/decode/parser_peer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/decode/base64.h"
#include "net/http_client.h"
#include "peer/place.h"
#include "peer/process.h"
#include "wire/json.h"

#define HELLO_MS    15000
#define DEATH_MS    2000 /* from the end of its output to its own end */
#define STDERR_SHOW ((size_t)4096)
#define GLANCE_MS   100 /* how long it waits without asking whether to go on */

struct cs_parser_peer {
    char **words; /* argv */
    char *host;   /* storage of argv for a library */
    char *library;
    int64_t timeout_ms;
    const volatile sig_atomic_t *stop;
    int64_t until_ms; /* 0: none */
    bool shares_group;
    bool hangs;                 /* twice in a row, on some stream */
    struct cs_process *process; /* NULL: to be started */
    uint32_t traits;
    char version[64];
    char inner[64]; /* of the parser in it */
    uint64_t id;
    struct cs_buf line;
};

/* Pointers and texts in one block. */
static char **copy_words(char *const *words)
{
    size_t n = 0;
    size_t len = 0;

    for (; words[n]; n++) {
        len += strlen(words[n]) + 1;
    }
    char **copy = malloc((n + 1) * sizeof *copy + len);
    char *text = copy ? (char *)(copy + n + 1) : NULL;
    for (size_t i = 0; copy && i <= n; i++) {
        copy[i] = words[i] ? text : NULL;
        text = words[i] ? stpcpy(text, words[i]) + 1 : text;
    }
    return copy;
}

static enum cs_err find_words(const struct cs_parser_config *config, struct cs_parser_peer *peer,
                              struct cs_diag *diag)
{
    if (config->words) {
        peer->words = copy_words(config->words);
        return peer->words ? CS_OK : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    if (!config->library) {
        peer->words = cs_command_split(config->command, diag);
        return peer->words ? CS_OK : CS_ERR_USAGE;
    }
    bool bare = !strchr(config->library, '/') && strcmp(config->library, "builtin") != 0;
    peer->words = calloc(3, sizeof *peer->words);
    peer->host = cs_place_program("chatspec-parser-host");
    if (!peer->words || !peer->host ||
        asprintf(&peer->library, "%s%s", bare ? "./" : "", config->library) < 0) {
        peer->library = NULL;
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    peer->words[0] = peer->host;
    peer->words[1] = peer->library;
    return CS_OK;
}

static void take_text(struct cs_view hello, struct cs_view name, char *text, size_t size)
{
    struct cs_view value;
    struct cs_buf out = CS_BUF(size);

    text[0] = '\0';
    if (cs_json_get(hello, name, &value) == CS_OK && cs_json_string(value, &out) == CS_OK) {
        (void)snprintf(text, size, "%.*s", CS_VIEW_ARG(cs_buf_view(&out)));
    }
    cs_buf_free(&out);
}

static uint32_t traits_in(struct cs_view hello)
{
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view list;
    uint32_t traits = 0;

    if (cs_json_get(hello, CS_VIEW("decode"), &list)) {
        return 0;
    }
    cs_json_init(&json, list);
    while (cs_json_next(&json, &token, NULL) != CS_JSON_END) {
        for (unsigned bit = 0; token.type == CS_JSON_STRING && cs_parser_trait_name(bit); bit++) {
            if (cs_json_is(&token, cs_view_str(cs_parser_trait_name(bit)))) {
                traits |= 1u << bit;
            }
        }
    }
    return traits;
}

static bool can_decode(struct cs_view hello)
{
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view list;

    if (cs_json_get(hello, CS_VIEW("capabilities"), &list)) {
        return false;
    }
    cs_json_init(&json, list);
    while (cs_json_next(&json, &token, NULL) != CS_JSON_END) {
        if (token.type == CS_JSON_STRING && cs_json_is(&token, CS_VIEW("decode"))) {
            return true;
        }
    }
    return false;
}

/* The last line of its stderr, which names the cause where a sanitizer or a language's runtime
 * says one; a line of ours or of AddressSanitizer wins. */
static struct cs_view telling_line(struct cs_view text)
{
    struct cs_view last = {NULL, 0};

    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        struct cs_view line = cs_view_trim(cs_view_of(text.ptr, len));

        if (cs_view_starts_with(line, CS_VIEW("crash: ")) ||
            cs_view_starts_with(line, CS_VIEW("SUMMARY: "))) {
            return cs_view_find(line, CS_VIEW("SUMMARY")) == 0
                       ? line
                       : cs_view_of(line.ptr + 7, line.len - 7);
        }
        last = line.len > 0 ? line : last;
        len += end ? 1 : 0;
        text = cs_view_of(text.ptr + len, text.len - len);
    }
    return last;
}

static void drop(struct cs_parser_peer *peer)
{
    if (peer->process) {
        cs_process_end(peer->process, 0);
        peer->process = NULL;
    }
}

static bool is_over(const struct cs_parser_peer *peer)
{
    return (peer->stop && *peer->stop) || (peer->until_ms && cs_now_ms() >= peer->until_ms);
}

/* As cs_process_read_line, but it ends with CS_ERR_TIMEOUT too when all is to end. */
static enum cs_err wait_for_line(const struct cs_parser_peer *peer, int64_t timeout_ms,
                                 struct cs_view *ret_line)
{
    int64_t deadline = cs_now_ms() + timeout_ms;
    enum cs_err err = CS_ERR_TIMEOUT;

    while (err == CS_ERR_TIMEOUT && cs_now_ms() < deadline && !is_over(peer)) {
        int64_t left = deadline - cs_now_ms();

        err = cs_process_read_line(peer->process, left < GLANCE_MS ? left : GLANCE_MS, ret_line);
    }
    return err;
}

static enum cs_err start(struct cs_parser_peer *peer, struct cs_diag *diag)
{
    /* The allocator's per-thread cache counts as memory in use, and hides uses after free. */
    static const char *const no_cache[] = {"GLIBC_TUNABLES=glibc.malloc.tcache_count=0", NULL};
    const struct cs_process_config config = {.argv = (const char *const *)peer->words,
                                             .env = peer->library ? no_cache : NULL,
                                             .shares_group = peer->shares_group};
    struct cs_view hello;
    enum cs_err err = cs_process_start(&config, &peer->process, diag);

    if (err) {
        return err;
    }
    err = wait_for_line(peer, HELLO_MS, &hello);
    if (err) {
        int status = 0;
        int64_t until = cs_now_ms() + DEATH_MS;
        while (err == CS_ERR_CLOSED && !cs_process_exited(peer->process, &status) &&
               cs_now_ms() < until) {
            (void)poll(NULL, 0, 1);
        }
        struct cs_view line = telling_line(cs_process_stderr(peer->process));
        (void)cs_fail(diag, CS_ERR_USAGE, 0, "%.*s", CS_VIEW_ARG(line));
        if (line.len == 0) {
            (void)cs_fail(diag, CS_ERR_USAGE, 0, "%.100s: %s", peer->words[0],
                          err == CS_ERR_TIMEOUT ? "no hello in time" : "ended without a hello");
        }
        err = CS_ERR_USAGE;
    } else if (cs_json_check(hello, NULL) || !can_decode(hello)) {
        err = cs_fail(diag, CS_ERR_USAGE, 0, "the adapter does not list the command decode");
    } else {
        peer->traits = traits_in(hello);
        take_text(hello, CS_VIEW("version"), peer->version, sizeof peer->version);
        take_text(hello, CS_VIEW("parser"), peer->inner, sizeof peer->inner);
    }
    if (err) {
        drop(peer);
    }
    return err;
}

enum cs_err cs_parser_peer_start(const struct cs_parser_config *config,
                                 struct cs_parser_peer **ret_peer, struct cs_diag *diag)
{
    struct cs_parser_peer *peer = calloc(1, sizeof *peer);
    enum cs_err err;

    if (!peer) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    peer->timeout_ms = config->timeout_ms;
    peer->stop = config->stop;
    peer->shares_group = config->shares_group;
    peer->line = CS_BUF(CS_PEER_MAX_LINE * 4);
    err = find_words(config, peer, diag);
    err = err ? err : start(peer, diag);
    if (err) {
        cs_parser_peer_end(peer);
        return err;
    }
    *ret_peer = peer;
    return CS_OK;
}

void cs_parser_peer_end(struct cs_parser_peer *peer)
{
    if (peer) {
        drop(peer);
        free(peer->words);
        free(peer->host);
        free(peer->library);
        cs_buf_free(&peer->line);
        free(peer);
    }
}

const char *cs_parser_peer_version(const struct cs_parser_peer *peer)
{
    return peer->version;
}

const char *cs_parser_peer_inner(const struct cs_parser_peer *peer)
{
    return peer->inner;
}

uint32_t cs_parser_peer_traits(const struct cs_parser_peer *peer)
{
    return peer->traits;
}

void cs_parser_peer_until(struct cs_parser_peer *peer, int64_t until_ms)
{
    peer->until_ms = until_ms;
}

void cs_parser_answer_free(struct cs_parser_answer *answer)
{
    cs_event_list_free(&answer->list);
    cs_buf_free(&answer->evidence);
}

/* ---- one stream ---- */

static void conclude(struct cs_parser_answer *answer, enum cs_decoded outcome, struct cs_view cause,
                     struct cs_view evidence)
{
    size_t from = evidence.len > STDERR_SHOW ? evidence.len - STDERR_SHOW : 0;

    answer->outcome = outcome;
    (void)snprintf(answer->cause, sizeof answer->cause, "%.*s", CS_VIEW_ARG(cause));
    if (evidence.len > 0) {
        cs_buf_append(&answer->evidence, evidence.ptr + from, evidence.len - from);
    }
}

static void take_death(struct cs_parser_peer *peer, struct cs_parser_answer *answer)
{
    int status = 0;
    int64_t until = cs_now_ms() + DEATH_MS;
    char cause[128];

    while (!cs_process_exited(peer->process, &status)) {
        if (cs_now_ms() > until) {
            conclude(answer, CS_DECODED_GARBAGE, CS_VIEW("it closed its output and stays"),
                     cs_process_stderr(peer->process));
            return;
        }
        (void)poll(NULL, 0, 1);
    }
    struct cs_view said = cs_process_stderr(peer->process);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM) {
        conclude(answer, CS_DECODED_HANG, CS_VIEW("processor time"), said);
        return;
    }
    struct cs_view line = telling_line(said);
    if (WIFSIGNALED(status)) {
        (void)snprintf(cause, sizeof cause, "SIG%s", sigabbrev_np(WTERMSIG(status)));
    } else {
        (void)snprintf(cause, sizeof cause, "exit status %d", WEXITSTATUS(status));
    }
    conclude(answer, CS_DECODED_CRASH, line.len > 0 ? line : cs_view_str(cause), said);
}

static void take_fail(struct cs_view line, struct cs_parser_answer *answer)
{
    struct cs_view error = {NULL, 0};
    struct cs_view name = {NULL, 0};
    struct cs_view message = {NULL, 0};

    if (cs_json_get(line, CS_VIEW("error"), &error) == CS_OK &&
        cs_json_get(error, CS_VIEW("name"), &name) == CS_OK &&
        cs_view_eq(name, CS_VIEW("\"endless\""))) {
        conclude(answer, CS_DECODED_GARBAGE, CS_VIEW("more events than bytes"), line);
        return;
    }
    if (error.len == 0 || cs_json_get(error, CS_VIEW("message"), &message) != CS_OK) {
        message = CS_VIEW("");
    }
    conclude(answer, CS_DECODED_REFUSED, message, line);
}

static void take_line(struct cs_parser_peer *peer, struct cs_view line,
                      struct cs_parser_answer *answer)
{
    struct cs_view event;
    struct cs_view value;
    struct cs_diag diag = {0};

    answer->outcome = CS_DECODED_EVENTS;
    answer->list.traits = peer->traits;
    if (cs_json_check(line, &diag) || cs_json_get(line, CS_VIEW("event"), &event)) {
        conclude(answer, CS_DECODED_GARBAGE, CS_VIEW("a line that is no event"), line);
    } else if (cs_view_eq(event, CS_VIEW("\"fail\""))) {
        take_fail(line, answer);
    } else if (!cs_view_eq(event, CS_VIEW("\"ok\"")) ||
               cs_json_get(line, CS_VIEW("value"), &value)) {
        conclude(answer, CS_DECODED_GARBAGE, CS_VIEW("neither ok with a value nor fail"), line);
    } else if (cs_event_list_told(value, &answer->list, &diag)) {
        conclude(answer, CS_DECODED_GARBAGE, cs_view_str(diag.text), line);
    } else if (cs_json_get(line, CS_VIEW("leaked"), &value) == CS_OK) {
        conclude(answer, CS_DECODED_LEAK, CS_VIEW("memory stays behind at every run"), line);
    }
}

static void write_command(struct cs_parser_peer *peer, struct cs_view stream,
                          const uint64_t *pieces, size_t n_pieces)
{
    cs_buf_clear(&peer->line);
    cs_buf_printf(&peer->line, "{\"command\":\"decode\",\"id\":%llu,\"bytes\":\"",
                  (unsigned long long)++peer->id);
    cs_base64_add(&peer->line, stream);
    cs_buf_char(&peer->line, '"');
    for (size_t i = 0; i < n_pieces; i++) {
        cs_buf_printf(&peer->line, "%s%llu", i == 0 ? ",\"pieces\":[" : ",",
                      (unsigned long long)pieces[i]);
    }
    cs_buf_str(&peer->line, n_pieces > 0 ? "]}" : "}");
}

static void decode_once(struct cs_parser_peer *peer, struct cs_view stream, const uint64_t *pieces,
                        size_t n_pieces, struct cs_parser_answer *answer)
{
    struct cs_diag diag = {0};
    struct cs_view line;
    enum cs_err err;

    answer->outcome = CS_DECODED_TROUBLE;
    answer->cause[0] = '\0';
    answer->evidence.max = STDERR_SHOW;
    cs_buf_clear(&answer->evidence);
    cs_event_list_clear(&answer->list);
    if (is_over(peer)) {
        answer->outcome = CS_DECODED_STOPPED;
        return;
    }
    if (!peer->process && start(peer, &diag)) {
        conclude(answer, is_over(peer) ? CS_DECODED_STOPPED : CS_DECODED_TROUBLE,
                 cs_view_str(diag.text), (struct cs_view){NULL, 0});
        return;
    }
    write_command(peer, stream, pieces, n_pieces);
    if (cs_buf_error(&peer->line)) {
        conclude(answer, CS_DECODED_TROUBLE, CS_VIEW("out of memory"), (struct cs_view){NULL, 0});
        return;
    }
    err = cs_process_write_line(peer->process, cs_buf_view(&peer->line), peer->timeout_ms);
    if (!err) {
        err = wait_for_line(peer, peer->timeout_ms, &line);
    }
    if (!err) {
        take_line(peer, line, answer);
    } else if (err == CS_ERR_TIMEOUT && is_over(peer)) {
        answer->outcome = CS_DECODED_STOPPED;
    } else if (err == CS_ERR_CLOSED) {
        take_death(peer, answer);
    } else if (err == CS_ERR_TIMEOUT) {
        conclude(answer, CS_DECODED_HANG, CS_VIEW("no answer in time"),
                 cs_process_stderr(peer->process));
    } else {
        conclude(answer, CS_DECODED_GARBAGE, CS_VIEW("a line over 40 MiB"),
                 (struct cs_view){NULL, 0});
    }
    if (err || answer->outcome == CS_DECODED_GARBAGE) {
        drop(peer);
    }
}

/* A busy machine can make anybody look slow once: a hang is one that comes again in a fresh
 * process. A parser that was seen to hang so is believed from then on. */
void cs_parser_peer_decode(struct cs_parser_peer *peer, struct cs_view stream,
                           const uint64_t *pieces, size_t n_pieces, struct cs_parser_answer *answer)
{
    decode_once(peer, stream, pieces, n_pieces, answer);
    if (answer->outcome == CS_DECODED_HANG && !peer->hangs) {
        decode_once(peer, stream, pieces, n_pieces, answer);
        peer->hangs = answer->outcome == CS_DECODED_HANG;
    }
}
