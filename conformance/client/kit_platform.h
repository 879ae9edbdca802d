/* The reference endpoint in the place of the scripted server, for clients that write to the stream
 * store themselves: over HTTP/2, which the scripted server does not speak. A case sees every
 * request and every record, and plays the agent.
 *
 * As in kit.h, waits have a deadline, and what is returned lives until the end of the case.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_KIT_PLATFORM_H
#define CHATSPEC_CONFORMANCE_CLIENT_KIT_PLATFORM_H

#include "conformance/client/kit.h"
#include "wire/record.h"

/* From here on clients that are opened get the platform's address, and its secret key. */
void ck_platform_start(struct ck *ck);
/* The same, with a session for the case's chat and a client of that kind. */
void ck_platform_open(struct ck *ck, const char *kind, const char *members);
/* From now on the platform does this wrong (harness/endpoint/faults/README.md). */
void ck_platform_fault(struct ck *ck, const char *rule);
/* Every answer carries this header from now on. */
void ck_platform_mark(struct ck *ck, const char *header, const char *value);

/* ---- requests ---- */

struct ck_platform_request {
    const char *form;   /* in the words of fault rules: "put/out", "s2s", "json/turn-complete" */
    size_t order;       /* among all requests and records, from 0 */
    uint64_t number;    /* of the tap */
    const char *method; /* POST */
    const char *path;   /* with the query, as sent */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body; /* of "s2s" empty: its batches are told as records */
};

size_t ck_platform_count(const struct ck *ck, const char *form);
/* The n-th (from 1) of that form, waiting for it. */
const struct ck_platform_request *ck_platform_wait(struct ck *ck, const char *form, size_t n);
/* A header's value, or "none". */
const char *ck_platform_header(struct ck *ck, const struct ck_platform_request *request,
                               const char *name);
/* The member at a dotted path of the JSON body as JSON, or "nothing". */
const char *ck_platform_body(struct ck *ck, const struct ck_platform_request *request,
                             const char *path);

/* ---- records of the chat's .out ---- */

struct ck_platform_record {
    size_t order;
    uint64_t seq;
    enum cs_record_kind kind;
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body;
    bool ours; /* the case put it there */
};

/* Those that the client wrote. */
size_t ck_platform_written(const struct ck *ck);
/* The n-th of them (from 1), waiting for it. */
const struct ck_platform_record *ck_platform_record(struct ck *ck, size_t n);
/* The chunk of a data record as JSON; fails when the body is not {"data":...,"id":"..."}. */
const char *ck_platform_chunk(struct ck *ck, const struct ck_platform_record *record);

/* ---- the agent's part ---- */

/* Puts a data record with that chunk (JSON) on .out, or a control record; gives its sequence. */
uint64_t ck_platform_put_chunk(struct ck *ck, const char *chunk);
uint64_t ck_platform_put_control(struct ck *ck, const char *subtype);
/* Until somebody reads the chat's .out, and until nobody does any more. */
void ck_platform_wait_reader(struct ck *ck);
void ck_platform_wait_no_reader(struct ck *ck);

#endif
