#include "suite/runner.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/http_client.h"
#include "suite/defect.h"
#include "suite/profile.h"
#include "suite/queue.h"
#include "suite/subjects.h"
#include "suite/worker.h"

#define MAX_SCALE    4
#define TICK_MS      200
#define ASK_MS       20 /* how often children without an exit_fd are asked whether they ended */
#define FDS_PER_LANE 3
#define GRACE_MS     2000 /* for cases that run while their subject is found dead */

/* One of the `jobs` places side by side, with the role's resource that it keeps between cases. */
struct lane {
    struct cs_worker worker;
    void *slot;
    const struct cs_role *slot_role;
    const void *slot_env;
    bool opening;   /* the slot is not open yet, and `waiting` waits for it */
    int opening_fd; /* readable when there is more to see of that; or -1 */
    size_t waiting;
};

struct runner {
    const struct cs_work *work;
    size_t n;
    const struct cs_run_options *options;
    struct cs_result *results;
    struct cs_subjects subjects;
    struct lane *lanes;
    size_t n_lanes;
    struct pollfd *fds; /* FDS_PER_LANE per lane */
    struct cs_queue queue;
    uint8_t *scale;   /* per item: 1, 2, 4 */
    size_t n_opening; /* lanes */
    size_t max_opening;
    struct cs_progress progress;
    int64_t next_tick_ms;
};

static int64_t limit_s(const struct runner *runner, size_t index)
{
    unsigned own = runner->work[index].test->timeout_s;
    unsigned limit = runner->options->timeout_s ? runner->options->timeout_s : own;
    return (int64_t)(limit ? limit : CS_CASE_LIMIT_S) * runner->scale[index];
}

/* ---- results ---- */

static void settle(struct runner *runner, size_t index)
{
    struct cs_result *result = &runner->results[index];
    runner->progress.n_done++;
    runner->progress.n_verdicts[result->verdict]++;
    if (runner->options->drop_evidence) {
        cs_result_drop_evidence(result);
    }
    if (runner->options->on_result) {
        runner->options->on_result(runner->options->ctx, index, result);
    }
}

/* A verdict without running the case. */
static void settle_early(struct runner *runner, size_t index, enum cs_verdict verdict,
                         const char *reason)
{
    struct cs_result *result = &runner->results[index];
    result->done = true;
    result->verdict = verdict;
    (void)!cs_result_set_message(result, reason);
    settle(runner, index);
}

/* ---- slots ---- */

static void close_slot(struct lane *lane)
{
    if (lane->slot && lane->slot_role->slot_close) {
        lane->slot_role->slot_close(lane->slot);
    }
    lane->slot = NULL;
}

static bool is_slot_of(const struct lane *lane, const struct cs_work *work)
{
    return lane->slot && lane->slot_role == work->role && lane->slot_env == work->env;
}

/* Has the lane what the item needs? A slot that does not fit is closed. */
static bool has_slot(struct lane *lane, const struct cs_work *work)
{
    bool fits =
        is_slot_of(lane, work) && (!work->role->slot_usable || work->role->slot_usable(lane->slot));
    if (!fits) {
        close_slot(lane);
    }
    return fits || !work->role->slot_open;
}

/* The item's slot could not be had. */
static void no_slot(struct runner *runner, size_t index, const struct cs_diag *diag)
{
    struct cs_subject *subject = cs_subject_of(&runner->subjects, index);
    cs_subject_slot(subject, diag);
    settle_early(runner, index, CS_ERROR, diag->text);
}

/* Begins to open what the item needs; on_open goes on. */
static void open_slot(struct runner *runner, struct lane *lane, size_t index)
{
    const struct cs_work *work = &runner->work[index];
    struct cs_diag diag = {0};
    lane->slot = work->role->slot_open(work->env, &diag);
    lane->slot_role = work->role;
    lane->slot_env = work->env;
    if (!lane->slot) {
        no_slot(runner, index, &diag);
        return;
    }
    lane->opening = true;
    lane->opening_fd = -1;
    lane->waiting = index;
    runner->n_opening++;
    runner->progress.n_running++;
}

static void end_opening(struct runner *runner, struct lane *lane)
{
    lane->opening = false;
    runner->n_opening--;
    runner->progress.n_running--;
}

/* How far is the lane's slot? CS_OK: open; CS_ERR_TIMEOUT: not yet; else its item is settled. */
static enum cs_err poll_slot(struct runner *runner, struct lane *lane)
{
    struct cs_diag diag = {0};
    enum cs_err err = CS_OK;
    if (lane->slot_role->slot_poll) {
        err = lane->slot_role->slot_poll(lane->slot, &lane->opening_fd, &diag);
    }
    if (err == CS_ERR_TIMEOUT) {
        return err;
    }
    end_opening(runner, lane);
    if (err == CS_OK) {
        cs_subject_slot(cs_subject_of(&runner->subjects, lane->waiting), NULL);
    } else {
        close_slot(lane);
        no_slot(runner, lane->waiting, &diag);
    }
    return err;
}

/* ---- starting ---- */

/* True when the item was settled without being run. */
static bool settled_without_run(struct runner *runner, size_t index)
{
    struct cs_subject *subject = cs_subject_of(&runner->subjects, index);
    const struct cs_work *work = &runner->work[index];
    const char *missing =
        cs_missing_need(work->test->needs, subject->offers, runner->options->include_long);
    char reason[128];
    if (work->profile && cs_profile_leaves_out(work->profile, work->test, reason, sizeof reason)) {
        missing = reason;
    }
    if (missing) {
        settle_early(runner, index, CS_SKIP, missing);
        return true;
    }
    if (!cs_subject_can(subject, runner->work[index].test)) {
        settle_early(runner, index, CS_ERROR, subject->reason);
        return true;
    }
    return false;
}

static enum cs_err start_case(struct runner *runner, struct lane *lane, size_t index,
                              struct cs_diag *diag)
{
    const struct cs_worker_job job = {
        .index = index,
        .work = &runner->work[index],
        .slot = lane->slot,
        .seed = runner->options->seed,
        .scale = runner->scale[index],
        .limit_s = limit_s(runner, index),
    };
    enum cs_err err = cs_worker_start(&lane->worker, &job, diag);
    if (err != CS_OK) {
        cs_queue_put_back(&runner->queue, index);
        return err;
    }
    runner->progress.n_running++;
    runner->results[index].n_attempts++;
    if (runner->options->on_start) {
        runner->options->on_start(runner->options->ctx, index);
    }
    return CS_OK;
}

/* The lane's slot, if it is open now, gets the item that it was opened for. */
static enum cs_err go_on(struct runner *runner, struct lane *lane, struct cs_diag *diag)
{
    return poll_slot(runner, lane) == CS_OK ? start_case(runner, lane, lane->waiting, diag) : CS_OK;
}

/* *ret_full: as many slots are being opened as may be, and the item was put back. */
static enum cs_err start(struct runner *runner, struct lane *lane, size_t index, bool *ret_full,
                         struct cs_diag *diag)
{
    if (settled_without_run(runner, index)) {
        return CS_OK;
    }
    if (has_slot(lane, &runner->work[index])) {
        return start_case(runner, lane, index, diag);
    }
    if (runner->n_opening >= runner->max_opening) {
        cs_queue_put_back(&runner->queue, index);
        *ret_full = true;
        return CS_OK;
    }
    open_slot(runner, lane, index);
    return lane->opening ? go_on(runner, lane, diag) : CS_OK;
}

static bool any_has_slot(void *ctx, const struct cs_work *work)
{
    const struct runner *runner = ctx;
    bool has = false;
    for (size_t i = 0; i < runner->n_lanes; i++) {
        has = has || is_slot_of(&runner->lanes[i], work);
    }
    return has;
}

/* The next item for a lane. What its slot was opened for tells what fits it. */
static size_t take(struct runner *runner, const struct lane *lane)
{
    const struct cs_work own = {.role = lane->slot_role, .env = lane->slot_env};
    return cs_queue_take(&runner->queue, lane->slot ? &own : NULL, any_has_slot, runner);
}

static bool stopped(const struct runner *runner)
{
    return runner->options->stop && *runner->options->stop != 0;
}

/* Gives idle lanes work. A fork that fails while others run is tried again when one of them ended;
 * with nothing running it is the end of the run. */
static enum cs_err fill_lanes(struct runner *runner, struct cs_diag *diag)
{
    for (size_t i = 0; i < runner->n_lanes; i++) {
        struct lane *lane = &runner->lanes[i];
        bool full = false;
        while (lane->worker.pid == 0 && !lane->opening && !full && runner->queue.n_waiting > 0 &&
               !stopped(runner)) {
            enum cs_err err = start(runner, lane, take(runner, lane), &full, diag);
            if (err != CS_OK) {
                return runner->progress.n_running > 0 ? CS_OK : err;
            }
        }
    }
    return CS_OK;
}

/* ---- ending ---- */

/* What runs against a dead subject would mostly wait for its answers: not for long any more. */
static void hurry(struct runner *runner, const struct cs_subject *subject)
{
    int64_t latest = cs_now_ms() + GRACE_MS;
    for (size_t i = 0; i < runner->n_lanes; i++) {
        struct cs_worker *worker = &runner->lanes[i].worker;
        if (worker->pid != 0 && cs_subject_of(&runner->subjects, worker->index) == subject &&
            worker->deadline_ms > latest) {
            worker->deadline_ms = latest;
        }
    }
}

/* What a case holds against a peer that has fallen silent meanwhile may be that silence. */
static void doubt(struct cs_subject *subject, struct cs_result *result)
{
    bool accuses = result->verdict == CS_FAIL || result->verdict == CS_WARN;
    if (accuses && !cs_subject_still_there(subject)) {
        result->verdict = CS_ERROR;
        (void)!cs_result_set_message(result, subject->reason);
    }
}

static void finish(struct runner *runner, struct lane *lane, bool late)
{
    size_t index = lane->worker.index;
    struct cs_result *kept = &runner->results[index];
    struct cs_result result;
    bool by_itself = cs_worker_finish(&lane->worker, late, &result);
    runner->progress.n_running--;
    if (!by_itself) {
        close_slot(lane);
    }
    result.n_attempts = kept->n_attempts;
    bool timing = runner->work[index].test->needs & CS_TIMING;
    if (result.verdict == CS_INCONCLUSIVE && timing && runner->scale[index] < MAX_SCALE) {
        runner->scale[index] *= 2;
        cs_result_free(&result);
        cs_queue_add(&runner->queue, index);
        return;
    }
    struct cs_subject *subject = cs_subject_of(&runner->subjects, index);
    bool was_dead = subject->dead;
    doubt(subject, &result);
    cs_defect_mark(&runner->work[index], &result);
    *kept = result;
    cs_subject_ended(subject, result.verdict);
    if (late && was_dead && !subject->broken) {
        (void)!cs_result_set_message(kept, subject->reason);
    } else if (subject->dead && !was_dead) {
        hurry(runner, subject);
    }
    settle(runner, index);
}

static void end_running(struct runner *runner)
{
    for (size_t i = 0; i < runner->n_lanes; i++) {
        struct lane *lane = &runner->lanes[i];
        if (lane->worker.pid != 0) {
            struct cs_result partial;
            cs_worker_finish(&lane->worker, false, &partial);
            cs_result_free(&partial); /* cut short by us: nothing that could be judged */
        }
        if (lane->opening) {
            end_opening(runner, lane);
        }
        close_slot(lane);
    }
}

/* ---- waiting ---- */

static int poll_timeout(const struct runner *runner)
{
    int64_t now = cs_now_ms();
    int64_t wait = TICK_MS;
    for (size_t i = 0; i < runner->n_lanes; i++) {
        const struct cs_worker *worker = &runner->lanes[i].worker;
        if (worker->pid == 0) {
            continue;
        }
        int64_t left = worker->deadline_ms - now;
        wait = left < wait ? left : wait;
        wait = worker->exit_fd < 0 && wait > ASK_MS ? ASK_MS : wait;
    }
    return wait > 0 ? (int)wait : 0;
}

static void wait_for_events(struct runner *runner)
{
    for (size_t i = 0; i < runner->n_lanes; i++) {
        const struct cs_worker *worker = &runner->lanes[i].worker;
        const struct lane *lane = &runner->lanes[i];
        bool idle = worker->pid == 0;
        int first = lane->opening ? lane->opening_fd : idle ? -1 : worker->exit_fd;
        struct pollfd *fds = &runner->fds[i * FDS_PER_LANE];
        fds[0] = (struct pollfd){.fd = first, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = idle ? -1 : worker->report_fd, .events = POLLIN};
        fds[2] = (struct pollfd){.fd = idle ? -1 : worker->output_fd, .events = POLLIN};
    }
    if (poll(runner->fds, runner->n_lanes * FDS_PER_LANE, poll_timeout(runner)) < 0) {
        /* Interrupted: look around as after a time-out, with nothing ready. */
        for (size_t i = 0; i < runner->n_lanes * FDS_PER_LANE; i++) {
            runner->fds[i].revents = 0;
        }
    }
}

static enum cs_err attend(struct runner *runner, size_t i, struct cs_diag *diag)
{
    struct lane *lane = &runner->lanes[i];
    const struct pollfd *fds = &runner->fds[i * FDS_PER_LANE];
    if (lane->opening) {
        return go_on(runner, lane, diag);
    }
    if (lane->worker.pid == 0) {
        return CS_OK;
    }
    if (fds[1].revents || fds[2].revents) {
        cs_worker_read(&lane->worker);
    }
    bool ask = lane->worker.exit_fd < 0 || fds[0].revents;
    if (ask && cs_worker_exited(&lane->worker)) {
        finish(runner, lane, false);
    } else if (cs_now_ms() >= lane->worker.deadline_ms) {
        finish(runner, lane, true);
    }
    return CS_OK;
}

static void tick(struct runner *runner)
{
    int64_t now = cs_now_ms();
    if (!runner->options->on_tick || now < runner->next_tick_ms) {
        return;
    }
    runner->next_tick_ms = now + TICK_MS;
    struct cs_progress *progress = &runner->progress;
    progress->slowest = SIZE_MAX;
    progress->slowest_ms = 0;
    for (size_t i = 0; i < runner->n_lanes; i++) {
        const struct cs_worker *worker = &runner->lanes[i].worker;
        if (worker->pid != 0 && now - worker->started_ms >= progress->slowest_ms) {
            progress->slowest = worker->index;
            progress->slowest_ms = now - worker->started_ms;
        }
    }
    const struct cs_subject *subject = &runner->subjects.items[0];
    progress->waits_for[0] = '\0';
    if (subject->role->waits_for) {
        subject->role->waits_for(subject->env, progress->waits_for, sizeof progress->waits_for);
    }
    runner->options->on_tick(runner->options->ctx, progress);
}

static enum cs_err run_all(struct runner *runner, struct cs_diag *diag)
{
    while (!stopped(runner) && (runner->queue.n_waiting > 0 || runner->progress.n_running > 0)) {
        enum cs_err err = fill_lanes(runner, diag);
        if (err != CS_OK) {
            return err;
        }
        if (runner->progress.n_running > 0) {
            wait_for_events(runner);
        }
        for (size_t i = 0; err == CS_OK && i < runner->n_lanes; i++) {
            err = attend(runner, i, diag);
            /* A fork that fails is tried again, as in fill_lanes. */
            err = runner->progress.n_running > 0 ? CS_OK : err;
        }
        if (err != CS_OK) {
            return err;
        }
        tick(runner);
    }
    return CS_OK;
}

/* ---- the whole ---- */

static enum cs_err set_up(struct runner *runner)
{
    size_t jobs = runner->options->jobs ? runner->options->jobs : 1;
    runner->n_lanes = jobs < runner->n ? jobs : runner->n;
    runner->lanes = calloc(runner->n_lanes, sizeof *runner->lanes);
    runner->fds = calloc(runner->n_lanes * FDS_PER_LANE, sizeof *runner->fds);
    runner->scale = malloc(runner->n);
    if (!runner->lanes || !runner->fds || !runner->scale) {
        return CS_ERR_NO_MEMORY;
    }
    memset(runner->scale, 1, runner->n);
    /* To load a runtime takes a processor: more at the same time would only all come later. */
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    runner->max_opening = n_processors > 0 ? (size_t)n_processors + 1 : 2;
    runner->progress.n_total = runner->n;
    enum cs_err err = cs_queue_init(&runner->queue, runner->work, runner->n);
    return err == CS_OK ? cs_subjects_init(&runner->subjects, runner->work, runner->n) : err;
}

void cs_run_summarise(const struct cs_result *results, size_t n, struct cs_run_summary *ret_summary)
{
    *ret_summary = (struct cs_run_summary){0};
    for (size_t i = 0; i < n; i++) {
        if (results[i].done) {
            ret_summary->n_done++;
            ret_summary->n_verdicts[results[i].verdict]++;
            enum cs_expected_state state = results[i].expected.state;
            ret_summary->n_known[results[i].verdict] += results[i].known;
            ret_summary->n_expected[results[i].verdict] +=
                state == CS_EXPECTED_FAILURE && !results[i].known;
            ret_summary->n_unexpected_passes += state == CS_UNEXPECTED_PASS;
            ret_summary->n_over += state == CS_EXPECTATION_OVER;
        }
    }
    const size_t *counts = ret_summary->n_verdicts;
    ret_summary->n_judged = counts[CS_PASS] + counts[CS_FAIL] + counts[CS_WARN] + counts[CS_INFO];
}

/* Why the first subject that is dead is. */
static void tell_trouble(const struct runner *runner, struct cs_run_summary *ret_summary)
{
    for (size_t i = runner->subjects.n; i > 0; i--) {
        const struct cs_subject *subject = &runner->subjects.items[i - 1];
        if (subject->dead) {
            snprintf(ret_summary->trouble, sizeof ret_summary->trouble, "%s", subject->reason);
        }
    }
}

/* A case with too few descriptors could not let its peer in, and would call it silent. What the
 * system allows beyond the limit that is set is taken. */
static enum cs_err need_descriptors(struct cs_diag *diag)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= CS_RUN_DESCRIPTORS_LEAST) {
        return CS_OK;
    }
    struct rlimit raised = {.rlim_cur = limit.rlim_max < CS_RUN_DESCRIPTORS_LEAST
                                            ? limit.rlim_max
                                            : CS_RUN_DESCRIPTORS_LEAST,
                            .rlim_max = limit.rlim_max};
    if (raised.rlim_cur < CS_RUN_DESCRIPTORS_LEAST || setrlimit(RLIMIT_NOFILE, &raised) != 0) {
        return cs_fail(diag, CS_ERR_IO, 0, "the limit of open files is %llu, and cases need %u",
                       (unsigned long long)limit.rlim_cur, CS_RUN_DESCRIPTORS_LEAST);
    }
    return CS_OK;
}

enum cs_err cs_run(const struct cs_work *work, size_t n, const struct cs_run_options *options,
                   struct cs_result *results, struct cs_run_summary *ret_summary,
                   struct cs_diag *diag)
{
    struct runner runner = {.work = work, .n = n, .options = options, .results = results};
    enum cs_err err = CS_OK;
    if (n > 0) {
        err = need_descriptors(diag);
    }
    if (n > 0 && err == CS_OK) {
        err = set_up(&runner);
        if (err != CS_OK) {
            (void)cs_fail(diag, err, 0, "out of memory");
        } else {
            err = run_all(&runner, diag);
            end_running(&runner);
        }
    }
    cs_run_summarise(results, n, ret_summary);
    ret_summary->interrupted = stopped(&runner);
    tell_trouble(&runner, ret_summary);
    cs_subjects_free(&runner.subjects);
    free(runner.lanes);
    free(runner.fds);
    cs_queue_free(&runner.queue);
    free(runner.scale);
    return err;
}

static bool has_news(const struct cs_run_summary *summary, enum cs_verdict verdict)
{
    return summary->n_verdicts[verdict] > summary->n_known[verdict] + summary->n_expected[verdict];
}

bool cs_run_is_broken(const struct cs_run_summary *summary, bool fail_on_should)
{
    return has_news(summary, CS_FAIL) || (fail_on_should && has_news(summary, CS_WARN)) ||
           summary->n_unexpected_passes > 0 || summary->n_over > 0;
}

int cs_run_exit_status(const struct cs_run_summary *summary, bool fail_on_should)
{
    const size_t *n = summary->n_verdicts;
    if (summary->interrupted) {
        return 130;
    }
    if (cs_run_is_broken(summary, fail_on_should)) {
        return 1;
    }
    if (n[CS_ERROR] > 0 || n[CS_INCONCLUSIVE] > 0) {
        return 3;
    }
    return summary->n_judged > 0 ? 0 : 2;
}
