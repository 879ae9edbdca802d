/* How many calls a server still allows (LIM-20), shared by all processes of a run.
 *
 * Rate-limited routes say what is left on every answer; whoever is about to call asks here first
 * and is told how long to wait, so that cases side by side never run into a 429 that none of them
 * is about. Windows that no answer has told of yet are free. Several things keep the count low
 * rather than high: each call is taken off when it is sent, an answer can only lower the count
 * until its window's reset, and a few calls are held back for those that are under way. After a
 * reset nobody knows how much was filled up (a token bucket fills in parts), so one call goes ahead
 * and the others wait for what its answer says.
 *
 * All times are wall clock ms, as resets are. Everything here may be called from any process that
 * was forked after cs_pace_new; one that is killed meanwhile leaves it usable.
 */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_PACE_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_PACE_H

#include <sys/types.h>

#include "wire/bytes.h"

struct cs_pace;

/* `jobs`: how many processes call side by side. NULL when out of memory. */
struct cs_pace *cs_pace_new(unsigned jobs);
void cs_pace_free(struct cs_pace *pace);

/* The window that a call with this Authorization value draws on; 0: none that is known to be
 * limited. Limits stand under /api and, where a server has them, on appends (LIM-18 to LIM-22). */
uint64_t cs_pace_window(const char *path, const char *auth);

/* 0: the call may be sent, and is counted. Otherwise: ms after which to ask again. */
int64_t cs_pace_ask(struct cs_pace *pace, uint64_t window, int64_t now_ms);
/* The same for `n` calls that this process makes later: it is then not told to wait for them.
 * Replaces what it had. */
int64_t cs_pace_lease(struct cs_pace *pace, uint64_t window, unsigned n, int64_t now_ms);
void cs_pace_release(struct cs_pace *pace);

/* What an answer said. */
struct cs_pace_news {
    int64_t limit;
    int64_t remaining;
    int64_t reset_ms; /* by the server's clock */
    int64_t ahead_ms; /* how far that clock is ahead of ours */
};

/* Reads the three headers and Date (all may be NULL); false when one of the three is no number. */
bool cs_pace_read(const char *limit, const char *remaining, const char *reset, const char *date,
                  int64_t now_ms, struct cs_pace_news *ret_news);
void cs_pace_note(struct cs_pace *pace, uint64_t window, const struct cs_pace_news *news,
                  int64_t now_ms);
/* An answer was 429; `news` is NULL when it did not say when to come again. */
void cs_pace_refused(struct cs_pace *pace, uint64_t window, const struct cs_pace_news *news,
                     int64_t now_ms);
/* A process was told to wait, and waited for that long. */
void cs_pace_waited(struct cs_pace *pace, int64_t ms, int64_t now_ms);

struct cs_pace_figures {
    int64_t limit;        /* the smallest of a key, when somebody has waited; 0: none was told */
    int64_t waited_ms;    /* by all processes together */
    int64_t last_wait_ms; /* when somebody last waited */
    uint64_t n_refused;   /* answers of 429 that no case had asked for */
};

struct cs_pace_figures cs_pace_figures(struct cs_pace *pace);

#endif
