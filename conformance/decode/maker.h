/* Inside the generator: what its parts have in common. */
#ifndef CHATSPEC_DECODE_MAKER_H
#define CHATSPEC_DECODE_MAKER_H

#include "suite/random.h"
#include "wire/bytes.h"

struct cs_maker {
    uint64_t *random;
    unsigned oddness; /* see generate.h */
    struct cs_buf *out;
    struct cs_buf json; /* data of the event at hand; its LFs become new data lines */
    uint64_t seq_num;
    int line_end; /* of the whole stream: 0 LF, 1 CR LF, 2 CR, 3 any */
};

static inline uint64_t cs_make_below(struct cs_maker *maker, uint64_t limit)
{
    return cs_random_next(maker->random) % limit;
}

/* True once in `n` times. */
static inline bool cs_make_once_in(struct cs_maker *maker, uint64_t n)
{
    return cs_make_below(maker, n) == 0;
}

/* Whether to leave the protocol here. */
static inline bool cs_make_odd(struct cs_maker *maker)
{
    return maker->oddness > 0 && cs_make_once_in(maker, maker->oddness);
}

#define CS_N_OF(array)       (sizeof(array) / sizeof(array)[0])
#define CS_PICK(maker, list) ((list)[cs_make_below((maker), CS_N_OF(list))])

/* JSON (generate_json.c). */
/* A sign such as ',' with white space at both sides. */
void cs_make_sign(struct cs_maker *maker, char c);
void cs_make_string(struct cs_maker *maker);
/* A string whose text is given, spelt with escapes now and then. */
void cs_make_spelt(struct cs_maker *maker, const char *text);
void cs_make_any_value(struct cs_maker *maker, unsigned depth);
/* What is wrong wherever a number, a string or an object has to be. */
void cs_make_odd_value(struct cs_maker *maker);
void cs_make_seq_num(struct cs_maker *maker);
void cs_make_timestamp(struct cs_maker *maker);

/* Data of events (generate_records.c). */
void cs_make_batch(struct cs_maker *maker);
void cs_make_ping(struct cs_maker *maker);

#endif
