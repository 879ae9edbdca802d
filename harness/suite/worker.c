#include "suite/worker.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http_client.h"
#include "suite/case_run.h"
#include "suite/random.h"

/* A report line is at most one piece of evidence as JSON, where a byte takes up to six. */
#define MAX_LINE         (8 * CS_EVIDENCE_MAX_ITEM)
#define READ_CHUNK       ((size_t)16 * 1024)
#define MAX_EXTENSION_MS (INT64_C(30) * 60 * 1000)
#define MAX_CHUNKS                                                                \
    16 /* per turn and descriptor, so that a flood from one case starves no other \
        */

/* ---- the child's side of the fork ---- */

static void become_child(int output_fd, pid_t runner)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != runner) {
        _exit(1); /* the runner died before the line above */
    }
    static const int back_to_default[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof back_to_default / sizeof back_to_default[0]; i++) {
        signal(back_to_default[i], SIG_DFL);
    }
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
    }
    dup2(output_fd, STDOUT_FILENO);
    dup2(output_fd, STDERR_FILENO);
    /* A crash loses what stands in a buffer. */
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static _Noreturn void child(const struct cs_worker_job *job, int report_fd, int output_fd,
                            int64_t now_ms, int64_t deadline_ms, pid_t runner)
{
    become_child(output_fd, runner);
    struct cs_case_run run = {
        .test = job->work->test,
        .role = job->work->role,
        .env = job->work->env,
        .profile = job->work->profile,
        .slot = job->slot,
        .scale = job->scale,
        .started_ms = now_ms,
        .deadline_ms = deadline_ms,
        .random = cs_random_state(job->seed, job->work->test->id),
        .report_fd = report_fd,
    };
    cs_child_run(&run);
}

/* ---- the runner's side ---- */

static void close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

enum cs_err cs_worker_start(struct cs_worker *worker, const struct cs_worker_job *job,
                            struct cs_diag *diag)
{
    int report[2];
    int output[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        return cs_fail(diag, CS_ERR_IO, 0, "pipe: %s", strerror(errno));
    }
    if (pipe2(output, O_CLOEXEC) != 0) {
        int error = errno;
        close_pair(report);
        return cs_fail(diag, CS_ERR_IO, 0, "pipe: %s", strerror(error));
    }
    fcntl(report[0], F_SETFL, O_NONBLOCK);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    int64_t now = cs_now_ms();
    int64_t deadline = now + job->limit_s * 1000;
    pid_t runner = getpid();
    fflush(NULL); /* or the child's copy of our buffers would be printed too */
    pid_t pid = fork();
    if (pid == 0) {
        close(report[0]);
        close(output[0]);
        child(job, report[1], output[1], now, deadline, runner);
    }
    int error = errno;
    close(report[1]);
    close(output[1]);
    if (pid < 0) {
        close(report[0]);
        close(output[0]);
        return cs_fail(diag, CS_ERR_IO, 0, "fork: %s", strerror(error));
    }
    setpgid(pid, pid); /* here too: whoever of us is first */
    *worker = (struct cs_worker){
        .index = job->index,
        .pid = pid,
        .exit_fd = pidfd_open(pid, 0), /* -1 where a sandbox forbids it */
        .report_fd = report[0],
        .output_fd = output[0],
        .started_ms = now,
        .deadline_ms = deadline,
        .limit_s = job->limit_s,
        .lines = CS_BUF(MAX_LINE),
        .notes = CS_BUF(2 * CS_MESSAGE_MAX),
    };
    return CS_OK;
}

static const char *string_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool take_evidence(struct cs_worker *worker, const cJSON *item)
{
    const char *kind = string_member(item, "kind");
    const char *title = string_member(item, "title");
    const char *text = string_member(item, "text");
    const cJSON *left_out = cJSON_GetObjectItemCaseSensitive(item, "left_out");
    const cJSON *at_ms = cJSON_GetObjectItemCaseSensitive(item, "at_ms");
    bool good =
        kind && title && text && cJSON_IsNumber(left_out) && cJSON_IsNumber(at_ms) &&
        cs_result_add_evidence(&worker->result, kind, title, text, (uint64_t)left_out->valuedouble);
    if (good) {
        struct cs_result *result = &worker->result;
        result->evidence[result->n_evidence - 1].at_ms = (int64_t)at_ms->valuedouble;
    }
    return good;
}

static bool take_end(struct cs_worker *worker, const cJSON *line, const char *end)
{
    static const char *const texts[] = {"expected", "actual"};
    worker->has_end = true;
    worker->plain_assertion = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(line, "assertion"));
    worker->result.differs = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(line, "differs"));
    worker->result.verdict = CS_ERROR;
    for (int i = 0; i < CS_N_VERDICTS; i++) {
        if (strcmp(end, cs_verdict_name((enum cs_verdict)i)) == 0) {
            worker->result.verdict = (enum cs_verdict)i;
        }
    }
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = string_member(line, texts[i]);
        good =
            good && (!text || cs_result_add_evidence(&worker->result, texts[i], texts[i], text, 0));
    }
    const char *message = string_member(line, "message");
    return good && (!message || cs_result_set_message(&worker->result, message));
}

/* Bounded, so that no peer can hold a run for ever by what it says of its limits. */
static bool take_extension(struct cs_worker *worker, const cJSON *extend)
{
    if (!cJSON_IsNumber(extend) || extend->valuedouble < 0) {
        return false;
    }
    int64_t room = MAX_EXTENSION_MS - worker->extended_ms;
    int64_t more = extend->valuedouble < (double)room ? (int64_t)extend->valuedouble : room;
    worker->extended_ms += more;
    worker->deadline_ms += more;
    return true;
}

static bool take_line(struct cs_worker *worker, struct cs_view text)
{
    cJSON *line = cJSON_ParseWithLength(text.ptr, text.len);
    const cJSON *evidence = cJSON_GetObjectItemCaseSensitive(line, "evidence");
    const cJSON *observe = cJSON_GetObjectItemCaseSensitive(line, "observe");
    const char *note = string_member(line, "note");
    const char *secret = string_member(line, "secret");
    const cJSON *extend = cJSON_GetObjectItemCaseSensitive(line, "extend");
    const char *end = string_member(line, "end");
    bool good = false;
    if (evidence) {
        good = take_evidence(worker, evidence);
    } else if (observe) {
        const char *name = string_member(observe, "name");
        const char *value = string_member(observe, "value");
        const char *recorded = string_member(observe, "recorded");
        good = name && value && cs_result_observe(&worker->result, name, value, recorded);
    } else if (note) {
        cs_buf_str(&worker->notes, worker->notes.len > 0 ? "\n" : "");
        cs_buf_str(&worker->notes, note);
        good = cs_buf_error(&worker->notes) == CS_OK;
    } else if (secret) {
        good = cs_secrets_add(&worker->secrets, cs_view_str(secret)) == CS_OK;
    } else if (extend) {
        good = take_extension(worker, extend);
    } else if (end) {
        good = take_end(worker, line, end);
    }
    cJSON_Delete(line);
    return good;
}

static void take_report(struct cs_worker *worker, const char *bytes, size_t len)
{
    cs_buf_append(&worker->lines, bytes, len);
    if (cs_buf_error(&worker->lines) != CS_OK) {
        worker->bad_report = true;
        cs_buf_clear(&worker->lines);
        return;
    }
    size_t used = 0;
    const char *newline;
    while ((newline = memchr(worker->lines.ptr + used, '\n', worker->lines.len - used))) {
        size_t line_len = (size_t)(newline - worker->lines.ptr) - used;
        if (!take_line(worker, cs_view_of(worker->lines.ptr + used, line_len))) {
            worker->bad_report = true;
        }
        used += line_len + 1;
    }
    cs_buf_consume(&worker->lines, used);
}

static void take_output(struct cs_worker *worker, const char *bytes, size_t len)
{
    cs_captured_add(&worker->output, cs_view_of(bytes, len));
}

static void close_once(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void read_all(struct cs_worker *worker, int *fd,
                     void (*take)(struct cs_worker *worker, const char *bytes, size_t len))
{
    char chunk[READ_CHUNK];
    for (int i = 0; i < MAX_CHUNKS && *fd >= 0; i++) {
        ssize_t n = read(*fd, chunk, sizeof chunk);
        if (n > 0) {
            take(worker, chunk, (size_t)n);
        } else if (n == 0) {
            close_once(fd); /* poll would report its end for ever */
        } else if (errno != EINTR) {
            return;
        }
    }
}

void cs_worker_read(struct cs_worker *worker)
{
    read_all(worker, &worker->report_fd, take_report);
    read_all(worker, &worker->output_fd, take_output);
}

bool cs_worker_exited(const struct cs_worker *worker)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == worker->pid;
}

static void set_message(struct cs_worker *worker, const char *fmt, ...) CS_PRINTF(2, 3);
static void set_message(struct cs_worker *worker, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) >= 0) {
        (void)!cs_result_set_message(&worker->result, text);
        free(text);
    }
    va_end(args);
}

/* The case ended without saying how: the deadline, a crash, an exit of its own. */
static void conclude_without_end(struct cs_worker *worker, bool late, int status)
{
    worker->result.verdict = CS_ERROR;
    if (late) {
        set_message(worker, "the case did not end within %lld s", (long long)worker->limit_s);
    } else if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        set_message(worker, "the case's process was ended by signal SIG%s", name ? name : "?");
    } else {
        set_message(worker, "the case's process exited with status %d and gave no verdict",
                    WEXITSTATUS(status));
    }
}

/* Evidence of what the process printed, if that is anything. */
static void add_output(struct cs_worker *worker)
{
    uint64_t left_out = 0;
    char *text = cs_captured_text(&worker->output, &worker->secrets, &left_out);
    if (text && text[0] != '\0') {
        (void)!cs_result_add_evidence(&worker->result, "output", "what the case's process printed",
                                      text, left_out);
    }
    free(text);
}

static void conclude(struct cs_worker *worker, bool late, int status)
{
    struct cs_result *result = &worker->result;
    if (!worker->has_end) {
        conclude_without_end(worker, late, status);
    } else if (worker->bad_report) {
        result->verdict = CS_ERROR;
        set_message(worker, "what the case's process reported could not be read");
    } else if (worker->plain_assertion) {
        char *text = cs_captured_assertion(&worker->output, &worker->secrets);
        set_message(worker, "%s", text ? text : "an assertion failed");
        free(text);
    }
    const char *notes = worker->notes.len > 0 ? worker->notes.ptr : NULL;
    if (notes && !result->message) {
        set_message(worker, "%.*s", (int)worker->notes.len, notes);
    } else if (notes) {
        char *text = strndup(notes, worker->notes.len);
        (void)!cs_result_add_evidence(result, "note", "notes", text ? text : "", 0);
        free(text);
    }
    if (result->verdict == CS_PASS) {
        cs_result_drop_evidence(result);
    } else {
        add_output(worker);
    }
    result->done = true;
    result->ran = true;
}

bool cs_worker_finish(struct cs_worker *worker, bool late, struct cs_result *ret_result)
{
    /* The group first, while its leader still holds the number. */
    kill(-worker->pid, SIGKILL);
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
    }
    /* All writers are gone or dying: what is in the pipes now is all that counts. */
    cs_worker_read(worker);
    conclude(worker, late, status);
    int64_t took = cs_now_ms() - worker->started_ms - worker->extended_ms;
    worker->result.duration_ms = took > 0 ? took : 0;
    *ret_result = worker->result;
    bool by_itself = worker->has_end;
    close_once(&worker->report_fd);
    close_once(&worker->output_fd);
    close_once(&worker->exit_fd);
    cs_buf_free(&worker->lines);
    cs_buf_free(&worker->notes);
    cs_captured_free(&worker->output);
    cs_secrets_free(&worker->secrets);
    *worker = (struct cs_worker){0};
    return by_itself;
}
