/* Decision points of streams, appends and the scripted agent: a part of policy.h. */
#ifndef CHATSPEC_ENDPOINT_POLICY_STREAM_H
#define CHATSPEC_ENDPOINT_POLICY_STREAM_H

/* X(field, default, what it decides) */
#define CS_POLICY_STREAM_FIELDS(X)                                                                 \
    X(append_metered_limit, 1048576, "largest metered record (LIM-04)")

#endif
