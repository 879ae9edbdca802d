/* Inside the runner: the items that wait, and which of them comes next.
 *
 * Cases that may take long go first, so that the others run beside them and not before them. Apart
 * from that a place gets what fits the slot that it has open (an adapter process takes a second of
 * a processor to start). One that needs a new slot gets work of a subject that no place has one
 * for, and where there is none, of the subject of which most is left.
 */
#ifndef CHATSPEC_SUITE_QUEUE_H
#define CHATSPEC_SUITE_QUEUE_H

#include "suite/runner.h"

#define CS_CASE_LIMIT_S 30 /* of a case that says nothing of its time */

struct cs_queue {
    const struct cs_work *work;
    size_t *items;    /* ring of n places: an item waits at most once */
    size_t *subjects; /* per item: the first one with the same role and env */
    size_t *n_of;     /* per such first one: how many of the subject's wait */
    size_t n;
    size_t head;
    size_t n_waiting;
};

/* All of `work`. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_queue_init(struct cs_queue *queue, const struct cs_work *work, size_t n);
void cs_queue_free(struct cs_queue *queue);
/* At the end. */
void cs_queue_add(struct cs_queue *queue, size_t index);
/* At the front. */
void cs_queue_put_back(struct cs_queue *queue, size_t index);
/* Takes an item for a place whose slot is that of `own` (NULL: it has none); `has_slot` tells
 * whether any place has one for such work. Not of an empty queue. */
size_t cs_queue_take(struct cs_queue *queue, const struct cs_work *own,
                     bool (*has_slot)(void *ctx, const struct cs_work *work), void *ctx);

#endif
