/* Commands that come while a client of the adapter reads a stream by itself. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_HEED_H
#define CHATSPEC_CONFORMANCE_PEERS_HEED_H

#include <stdbool.h>

struct heed {
    /* Does what can be done meanwhile and keeps the rest for later. True: the client that reads is
     * dropped, and says no more. */
    bool (*waiting)(void *ctx);
    void *ctx;
};

#endif
