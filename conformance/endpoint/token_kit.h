/* What the cases on tokens share: whether a token works, and tokens that nobody handed out. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_TOKEN_KIT_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_TOKEN_KIT_H

#include "conformance/endpoint/kit.h"

#define EP_STOP "{\"kind\":\"stop\"}"

/* Subscribing to `out` with a token that must be good for it. */
void token_subscribes(struct ep *ep, const char *id, const char *token, const char *what);
/* The token is refused with `status` for reading and appending, and leaves no record. */
void token_refused(struct ep *ep, const struct ep_session *session, const char *token, int status,
                   const char *what);
/* The same with a token that must be accepted: the twin of every refusal. */
void token_accepted(struct ep *ep, const struct ep_session *session, const char *token,
                    const char *what);
/* Appends a stop record with that token. */
const struct ep_answer *token_append(struct ep *ep, const struct ep_session *session,
                                     const char *token);
/* Drains `in` of the session with that token. */
const struct ep_answer *token_drain(struct ep *ep, const struct ep_session *session,
                                    const char *token);

/* The body of an end-and-continue of its run. */
const char *token_handing_over(struct ep *ep, const struct ep_session *session);

/* The read and the write scope of the session, as its own token has them. */
const char *const *token_scopes(struct ep *ep, const struct ep_session *session);
/* The payload of such a token as JSON text. `sub`, `pub` and `scopes` are JSON texts that stand in
 * place of the good ones; "" leaves the claim out, NULL keeps it. */
struct token_payload {
    const char *sub;
    const char *pub;
    const char *scopes;
};
const char *token_payload(struct ep *ep, const struct ep_session *session,
                          const struct token_payload *changes);
#define TOKEN_PAYLOAD(ep, session, ...) \
    token_payload((ep), (session), &(struct token_payload){__VA_ARGS__})
/* A token of these two texts, signed with the secret key as `alg` says, whatever the header says
 * (the case must need CS_NEEDS_MINT). */
const char *token_forge(struct ep *ep, const char *header, const char *payload,
                        enum cs_token_alg alg);

#endif
