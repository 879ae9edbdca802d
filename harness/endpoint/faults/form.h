/* What a request is, in the words of fault rules and of the tap. */
#ifndef CHATSPEC_ENDPOINT_FORM_H
#define CHATSPEC_ENDPOINT_FORM_H

#include "wire/bytes.h"

struct cs_call;

enum cs_form {
    CS_FORM_OTHER,            /* no rule names it */
    CS_FORM_PUT,              /* PUT of a channel: the credentials; part "in" or "out" */
    CS_FORM_S2S,              /* an append session over HTTP/2 */
    CS_FORM_S2S_BATCH,        /* ... and a batch on one */
    CS_FORM_JSON,             /* a unary append; part: control subtype, "data", "trim" or "fence" */
    CS_FORM_PROTO,            /* a unary append in protobuf */
    CS_FORM_CLAIMS,           /* POST .../auth/jwt/claims */
    CS_FORM_SNAPSHOT_URL,     /* part "get" or "put" */
    CS_FORM_OBJECT_PUT,       /* of a presigned URL */
    CS_FORM_OBJECT_GET,       /* of a presigned URL */
    CS_FORM_WAIT,             /* POST .../session-streams/wait */
    CS_FORM_TOKEN_WAIT,       /* POST .../waitpoints/tokens/.../wait */
    CS_FORM_END_AND_CONTINUE, /* a run hands over */
    CS_FORM_CLOSE,            /* of a session */
    CS_FORM_SESSION_GET,      /* GET of one session */
    CS_FORM_IN,               /* SSE of `in`; part: the side channel's name */
    CS_FORM_OUT,              /* SSE of `out`; the same */
    CS_FORM_IN_RECORDS,       /* GET .../in/records */
    CS_FORM_OUT_RECORDS,      /* GET .../out/records */
    CS_FORM_CREATE,           /* POST of a session */
    CS_FORM_APPEND,           /* the platform's own append route; part "in" or "out" */
    CS_FORM_N
};

/* "put", "end-and-continue"...; "other" for CS_FORM_OTHER. */
const char *cs_form_name(enum cs_form form);
/* The form of that name, or CS_FORM_OTHER. */
enum cs_form cs_form_find(struct cs_view name);
/* The call's form; appends its part to `ret_part`, if it has one. The part of an append is in its
 * body, so before that is read it is empty. */
enum cs_form cs_form_of(const struct cs_call *call, struct cs_buf *ret_part);

#endif
