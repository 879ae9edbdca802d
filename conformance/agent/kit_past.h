/* What an earlier run left for the next one, as cases of recovery seed it, and the transcript that
 * the agent stores. Memory and failures are those of kit.h.
 */
#ifndef CHATSPEC_CONFORMANCE_AGENT_KIT_PAST_H
#define CHATSPEC_CONFORMANCE_AGENT_KIT_PAST_H

#include "conformance/agent/kit.h"

/* Messages as the client and the transcript hold them. */
#define AK_USER(id, text) \
    "{'id':'" id "','role':'user','parts':[{'type':'text','text':'" text "'}]}"
#define AK_ASSISTANT(id, text)                                                                     \
    "{'id':'" id "','role':'assistant','parts':[{'type':'text','text':'" text "','state':'done'}]" \
    "}"

#define AK_NONE (-1) /* no such cursor */

/* ---- seeding ---- */

/* A whole answer on .out, from `start` to `finish`. */
void ak_past_answer(struct ak *ak, const char *id, const char *text);
/* The beginning of one: the run died after this text. */
void ak_past_partial(struct ak *ak, const char *id, const char *text);
/* A turn's boundary that counts .in up to `cursor` (AK_NONE: no record). Gives its sequence. */
uint64_t ak_past_boundary(struct ak *ak, int64_t cursor);
/* A stored transcript (AGT-SNP-03; newer versions read it too, AGT-SNP-05) with that JSON array of
 * messages and these cursors. */
void ak_past_transcript(struct ak *ak, const char *messages, int64_t last_out, int64_t last_in);
/* A user message that waits on .in. Gives its sequence. */
uint64_t ak_past_user(struct ak *ak, const char *message, const char *metadata);

/* Until the answers on .out hold that text and their boundary. */
void ak_wait_said(struct ak *ak, const char *text);
/* A last message, sent once the run listens, whose answer is `text`; until that is on .out with its
 * boundary and nothing more comes. Whatever was open before has been handled then. */
void ak_ask_last(struct ak *ak, const char *text);
/* The first request of one pattern came before the first of the other; waits for both. */
void ak_expect_order(struct ak *ak, const char *first, const char *then);

/* ---- the stored transcript ---- */

struct ak_transcript {
    int version; /* 1, 2 */
    const char *bytes;
    size_t len;
    const cJSON *header;  /* the cursors; of version 2 the first line */
    const cJSON *entries; /* array of {id, final, message}; `final` is missing in version 1 */
};

/* What was stored last, in whatever format; fails the case when there is none or it is no
 * transcript. How strictly a format is kept is another question (cases_snapshot.c). */
const struct ak_transcript *ak_transcript(struct ak *ak);
/* A cursor of it, or "nothing". */
const char *ak_transcript_cursor(struct ak *ak, const struct ak_transcript *transcript,
                                 const char *name);
/* The roles and texts of its messages, one per line: "user: hello". */
const char *ak_transcript_text(struct ak *ak, const struct ak_transcript *transcript);
/* Uploads that were answered so far. */
size_t ak_count_uploads(struct ak *ak);
/* Until the transcript that covers the n-th turn-complete (from 1) is stored. */
const struct ak_transcript *ak_wait_upload(struct ak *ak, size_t n);

#endif
