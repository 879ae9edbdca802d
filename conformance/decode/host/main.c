/* chatspec-parser-host LIBRARY: an adapter (conformance/peers/PROTOCOL.md) whose only command is
 * `decode`, around a parser of chatspec_parser.h. "builtin" instead of a path is our own reader.
 *
 * What the parser does wrong ends this process; a line on stderr then says where. */
#include <execinfo.h>
#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "conformance/decode/base64.h"
#include "conformance/decode/event_list.h"
#include "conformance/decode/host/decode.h"
#include "wire/json.h"

#define LINE_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define MEMORY_MAX     ((rlim_t)2 * 1024 * 1024 * 1024)
#define CPU_SECONDS    2
#define N_FRAMES       24
#define N_TOLD         3
#define ALT_STACK      ((size_t)64 * 1024)

static const char *library_path;

/* Addresses within the library, nearest first: the same cause gives the same line. */
static void tell_frames(FILE *out)
{
    void *frames[N_FRAMES];
    int n = backtrace(frames, N_FRAMES);
    int told = 0;

    for (int i = 0; i < n && told < N_TOLD; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) == 0 || !info.dli_fname ||
            strcmp(info.dli_fname, library_path) != 0) {
            continue;
        }
        (void)fprintf(out, "%s%s+0x%zx", told++ == 0 ? " in " : " < ",
                      info.dli_sname ? info.dli_sname : "",
                      (size_t)((char *)frames[i] -
                               (char *)(info.dli_sname ? info.dli_saddr : info.dli_fbase)));
    }
}

/* Not what a signal handler may do in general; this process is lost anyway, and a second fault in
 * here ends it, since the handler is gone by then. */
static void crashed(int number)
{
    (void)fprintf(stderr, "\ncrash: SIG%s", sigabbrev_np(number));
    tell_frames(stderr);
    (void)fputc('\n', stderr);
    (void)fflush(stderr);
    (void)raise(number);
}

static void set_limits(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    bool sanitized = dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init");
    const struct rlimit no_core = {0, 0};
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    static char stack[ALT_STACK];
    const stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
    void *frame[1];

    /* A parser that sleeps would not notice that nobody listens any more. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (sanitized) {
        return; /* it tells of crashes itself, and takes all the address space there is */
    }
    (void)setrlimit(RLIMIT_DATA, &memory);
    (void)mallopt(M_PERTURB, 0xa5);
    (void)backtrace(frame, 1); /* loads what it needs, while memory is in order */
    (void)sigaltstack(&alt, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        const struct sigaction action = {.sa_handler = crashed,
                                         .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
        (void)sigaction(crashes[i], &action, NULL);
    }
}

/* Processor time and not the clock: a busy machine is no hang. Its signal ends the process. */
static void set_timer(int seconds)
{
    const struct itimerval timer = {.it_value.tv_sec = seconds};
    (void)setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static void say_hello(uint32_t traits)
{
    const char *separator = "";

    printf("{\"event\":\"hello\",\"protocol\":1,\"name\":\"chatspec-parser-host\",\"version\":"
           "\"" CHATSPEC_VERSION "\",\"capabilities\":[\"decode\",\"quit\"],\"decode\":[");
    for (unsigned bit = 0; cs_parser_trait_name(bit); bit++) {
        if (traits >> bit & 1u) {
            printf("%s\"%s\"", separator, cs_parser_trait_name(bit));
            separator = ",";
        }
    }
    puts("]}");
    (void)fflush(stdout);
}

/* ---- commands ---- */

struct command {
    uint64_t id;
    struct cs_view name;
    struct cs_buf bytes;
    uint64_t *pieces;
    size_t n_pieces;
};

static bool read_pieces(struct cs_view json, struct command *command)
{
    struct cs_json scanner;
    struct cs_json_token token;

    command->pieces = calloc(json.len + 1, sizeof *command->pieces);
    cs_json_init(&scanner, json);
    while (command->pieces && cs_json_next(&scanner, &token, NULL) != CS_JSON_END) {
        if (token.type == CS_JSON_NUMBER &&
            cs_json_u64(&token, &command->pieces[command->n_pieces++]) != CS_OK) {
            return false;
        }
    }
    return command->pieces != NULL;
}

static bool read_command(struct cs_view line, struct command *command)
{
    struct cs_view value;
    struct cs_json scanner;
    struct cs_json_token token;

    if (cs_json_check(line, NULL) || cs_json_get(line, CS_VIEW("id"), &value)) {
        return false;
    }
    cs_json_init(&scanner, value);
    (void)cs_json_next(&scanner, &token, NULL);
    if (cs_json_u64(&token, &command->id) ||
        cs_json_get(line, CS_VIEW("command"), &command->name)) {
        return false;
    }
    if (cs_json_get(line, CS_VIEW("pieces"), &value) == CS_OK && !read_pieces(value, command)) {
        return false;
    }
    return cs_json_get(line, CS_VIEW("bytes"), &value) != CS_OK ||
           (value.len >= 2 &&
            cs_base64_read(cs_view_of(value.ptr + 1, value.len - 2), &command->bytes));
}

static void answer(const struct parser_functions *parser, struct decode_room *room,
                   const struct command *command, struct cs_buf *out)
{
    unsigned long long id = (unsigned long long)command->id;

    cs_buf_clear(out);
    set_timer(CPU_SECONDS);
    struct decode_result result =
        decode(parser, room, cs_buf_view(&command->bytes), command->pieces, command->n_pieces, out);
    set_timer(0);
    if (result.refused) {
        printf("{\"event\":\"fail\",\"id\":%llu,\"error\":{\"name\":\"refused\",\"message\":"
               "\"%s\"}}\n",
               id, result.refused);
    } else if (result.endless || cs_buf_error(out)) {
        printf("{\"event\":\"fail\",\"id\":%llu,\"error\":{\"name\":\"endless\",\"message\":"
               "\"more events than bytes\"}}\n",
               id);
    } else {
        printf("{\"event\":\"ok\",\"id\":%llu,\"value\":[%.*s]", id, CS_VIEW_ARG(cs_buf_view(out)));
        if (result.leaked > 0) {
            printf(",\"leaked\":%zu", result.leaked);
        }
        puts("}");
    }
    (void)fflush(stdout);
}

/* False when that was the last command. */
static bool handle(const struct parser_functions *parser, struct decode_room *room,
                   struct cs_view line, struct cs_buf *out)
{
    struct command command = {.bytes = CS_BUF(LINE_MAX_BYTES)};
    bool go_on = true;

    if (!read_command(line, &command)) {
        puts("{\"event\":\"fail\",\"id\":null,\"error\":{\"name\":\"Error\",\"message\":"
             "\"not a command\"}}");
    } else if (cs_view_eq(command.name, CS_VIEW("\"decode\""))) {
        answer(parser, room, &command, out);
    } else if (cs_view_eq(command.name, CS_VIEW("\"quit\""))) {
        printf("{\"event\":\"ok\",\"id\":%llu}\n", (unsigned long long)command.id);
        go_on = false;
    } else {
        printf("{\"event\":\"unsupported\",\"id\":%llu,\"command\":%.*s}\n",
               (unsigned long long)command.id, CS_VIEW_ARG(command.name));
    }
    (void)fflush(stdout);
    cs_buf_free(&command.bytes);
    free(command.pieces);
    return go_on;
}

int main(int argc, char **argv)
{
    struct parser_functions parser = parser_of_ours;
    struct decode_room *room;
    struct cs_buf out = CS_BUF(LINE_MAX_BYTES);
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (argc != 2) {
        (void)fputs("usage: chatspec-parser-host LIBRARY\n", stderr);
        return 2;
    }
    library_path = argv[1];
    if (strcmp(argv[1], "builtin") != 0 && !parser_load(argv[1], &parser)) {
        return 2;
    }
    room = decode_room_new();
    if (!room) {
        (void)fputs("out of memory\n", stderr);
        return 3;
    }
    set_limits();
    say_hello(parser.traits());
    while ((len = getline(&line, &cap, stdin)) > 0) {
        size_t bytes = line[len - 1] == '\n' ? (size_t)len - 1 : (size_t)len;
        if (!handle(&parser, room, cs_view_of(line, bytes), &out)) {
            break;
        }
    }
    free(line);
    cs_buf_free(&out);
    free(room);
    return 0;
}
