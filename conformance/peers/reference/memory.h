/* How many bytes the program holds on to. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_MEMORY_H
#define CHATSPEC_CONFORMANCE_PEERS_MEMORY_H

/* Negative where there is no way to know. */
double held_bytes(void);

#endif
