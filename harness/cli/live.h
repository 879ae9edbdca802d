/* How a run is going, on stderr while it is going: one line that is drawn again on a terminal, and
 * a line now and then where there is none.
 */
#ifndef CHATSPEC_CLI_LIVE_H
#define CHATSPEC_CLI_LIVE_H

#include "suite/runner.h"

enum cs_live_kind {
    CS_LIVE_OFF,
    CS_LIVE_LINES,   /* whole lines, one every ten seconds */
    CS_LIVE_TERMINAL /* one line, drawn again at most ten times a second */
};

struct cs_live {
    enum cs_live_kind kind;
    const struct cs_work *work;
    unsigned round; /* that is running, of so many: shown when there are several */
    unsigned n_rounds;
    size_t n_before;    /* done before this part of the work, */
    size_t n_all;       /* of so many in all parts; 0: this is all */
    int64_t started_ms; /* 0: no tick yet */
    int64_t told_ms;    /* when it was drawn last */
    size_t n_failed;    /* as cs_live_result counts them */
    size_t n_warned;
    size_t n_errors;
};

/* For the cases in `work`: what stderr is decides the kind. */
struct cs_live cs_live_new(const struct cs_work *work);

/* For `on_tick` of the runner; ctx is the struct cs_live. */
void cs_live_tick(void *ctx, const struct cs_progress *progress);
/* For `on_result`: counts what is not as it should be, known defects aside. Where it is not called,
 * nothing is said of that. */
void cs_live_result(void *ctx, size_t index, const struct cs_result *result);
/* Takes the line away again. */
void cs_live_end(const struct cs_live *live);

/* True when it is time for another line, and notes that. */
bool cs_live_is_due(struct cs_live *live, int64_t now_ms);
/* Appends the line, at most `width` columns of it (0: any number). The name of the slowest case is
 * what is cut. */
void cs_live_line(const struct cs_live *live, const struct cs_progress *progress,
                  int64_t elapsed_ms, unsigned width, struct cs_buf *out);
/* Columns of the terminal behind fd, else what $COLUMNS says, else 80. */
unsigned cs_terminal_width(int fd);
/* To how many columns text on stdout is broken: the terminal's; 0 when it is none. */
unsigned cs_stdout_columns(void);

#endif
