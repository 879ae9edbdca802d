/* A bare subscription to .out, and what its cases share with those of resumed and large streams. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_KIT_SUBSCRIPTION_H
#define CHATSPEC_CONFORMANCE_CLIENT_KIT_SUBSCRIPTION_H

#include "conformance/client/kit.h"

/* Opens a client of kind `subscription` on the case's .out, with options of its own (a JSON
 * object); skips the case when the adapter has no such kind. */
void ck_sub_open(struct ck *ck, const char *options_json);
/* Begins its stream; the number is one for ck_wait_chunks, ck_wait_over and the like. */
int ck_sub_read(struct ck *ck);
/* The same without taking anything from it before ck_sub_resume. */
int ck_sub_read_paused(struct ck *ck);
void ck_sub_retry_now(struct ck *ck);
void ck_sub_force_reconnect(struct ck *ck);
/* Was the last answer a settled one: "true", "false" or "not told". */
const char *ck_sub_settled(struct ck *ck);

/* Of any client: cancels the stream's reader, reads on, disposes of the client, gives a cursor. */
void ck_sub_cancel(struct ck *ck, int stream);
void ck_sub_resume(struct ck *ck, int stream);
void ck_sub_close(struct ck *ck);
void ck_sub_seed_cursor(struct ck *ck, const char *cursor);
/* From here on the client has much to decode, and is given the time even where little is waited for
 * otherwise. */
void ck_sub_heavy(struct ck *ck);
/* Bytes that the client's process holds on to. */
double ck_sub_memory(struct ck *ck);

/* The chunk (of a subscription: the part) at or after *at, which moves behind it; NULL at the end.
 */
const cJSON *ck_sub_next_chunk(const struct ck *ck, int stream, size_t *at);
size_t ck_sub_count(const struct ck *ck, int stream);
/* The text of a text delta, by itself or inside a part; "" where there is none. */
const char *ck_sub_delta(const cJSON *chunk);
/* All of them, divided by spaces. */
const char *ck_sub_deltas(struct ck *ck, int stream);

/* Until the server has handed over the last byte of that answer. */
void ck_sub_wait_sent(struct ck *ck, const struct cs_logged *request);
/* Until so many lifecycle events of that type were reported. */
void ck_sub_wait_event(struct ck *ck, const char *type, size_t n);
/* When the subscription of that number came, or -1 when it has not by then (times as ck_now). */
int64_t ck_sub_wait_long(struct ck *ck, uint64_t number, int64_t limit_ms);

#endif
