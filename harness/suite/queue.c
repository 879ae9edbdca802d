#include "suite/queue.h"

#include <stdlib.h>

/* 0: may take long; 1: waits for seconds; 2: any other. */
static int turn_of(const struct cs_case *test)
{
    bool is_long = (test->needs & CS_NEEDS_LONG) || test->timeout_s > CS_CASE_LIMIT_S;
    return is_long ? 0 : test->needs & CS_WAITS ? 1 : 2;
}

static size_t *place(const struct cs_queue *queue, size_t at)
{
    return &queue->items[(queue->head + at) % queue->n];
}

static bool same_subject(const struct cs_work *a, const struct cs_work *b)
{
    return a->role == b->role && a->env == b->env;
}

/* Work mostly comes subject by subject: the one before is asked first. */
static size_t subject_of(const struct cs_queue *queue, size_t index)
{
    const struct cs_work *work = queue->work;
    if (index > 0 && same_subject(&work[index], &work[index - 1])) {
        return queue->subjects[index - 1];
    }
    for (size_t i = 0; i < index; i++) {
        if (queue->subjects[i] == i && same_subject(&work[index], &work[i])) {
            return i;
        }
    }
    return index;
}

enum cs_err cs_queue_init(struct cs_queue *queue, const struct cs_work *work, size_t n)
{
    *queue = (struct cs_queue){.work = work,
                               .n = n,
                               .items = calloc(n, sizeof *queue->items),
                               .subjects = calloc(n, sizeof *queue->subjects),
                               .n_of = calloc(n, sizeof *queue->n_of)};
    if (!queue->items || !queue->subjects || !queue->n_of) {
        return CS_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        queue->subjects[i] = subject_of(queue, i);
    }
    for (int turn = 0; turn <= 2; turn++) {
        for (size_t i = 0; i < n; i++) {
            if (turn_of(work[i].test) == turn) {
                cs_queue_add(queue, i);
            }
        }
    }
    return CS_OK;
}

void cs_queue_free(struct cs_queue *queue)
{
    free(queue->items);
    free(queue->subjects);
    free(queue->n_of);
    *queue = (struct cs_queue){0};
}

void cs_queue_add(struct cs_queue *queue, size_t index)
{
    *place(queue, queue->n_waiting++) = index;
    queue->n_of[queue->subjects[index]]++;
}

void cs_queue_put_back(struct cs_queue *queue, size_t index)
{
    queue->head = (queue->head + queue->n - 1) % queue->n;
    queue->items[queue->head] = index;
    queue->n_waiting++;
    queue->n_of[queue->subjects[index]]++;
}

static size_t remove_at(struct cs_queue *queue, size_t at)
{
    size_t index = *place(queue, at);
    for (; at > 0; at--) {
        *place(queue, at) = *place(queue, at - 1);
    }
    queue->head = (queue->head + 1) % queue->n;
    queue->n_waiting--;
    queue->n_of[queue->subjects[index]]--;
    return index;
}

size_t cs_queue_take(struct cs_queue *queue, const struct cs_work *own,
                     bool (*has_slot)(void *ctx, const struct cs_work *work), void *ctx)
{
    const struct cs_work *first = &queue->work[*place(queue, 0)];
    bool only_long = turn_of(first->test) == 0;
    size_t last = SIZE_MAX; /* the subject that was looked at last */
    size_t most = 0;
    size_t chosen = 0;
    if (!first->role->slot_open) {
        return remove_at(queue, 0);
    }
    for (size_t at = 0; at < queue->n_waiting; at++) {
        size_t index = *place(queue, at);
        const struct cs_work *work = &queue->work[index];
        if (only_long && turn_of(work->test) != 0) {
            break;
        }
        if (own && same_subject(own, work)) {
            return remove_at(queue, at);
        }
        if (queue->subjects[index] != last) {
            last = queue->subjects[index];
            size_t left = has_slot(ctx, work) ? queue->n_of[last] : SIZE_MAX;
            chosen = left > most ? at : chosen;
            most = left > most ? left : most;
        }
        if (!own && most == SIZE_MAX) {
            break;
        }
    }
    return remove_at(queue, chosen);
}
