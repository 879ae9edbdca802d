/* Memory that ends all at once: with a script, or with a case. */
#ifndef CHATSPEC_SCRIPT_ARENA_H
#define CHATSPEC_SCRIPT_ARENA_H

#include <stdarg.h>

#include "wire/bytes.h"

struct cs_arena_block;

/* A zeroed struct is empty. It holds at most 256 MiB. */
struct cs_arena {
    struct cs_arena_block *blocks;
    size_t used;
};

/* Zeroed bytes, aligned for anything; NULL when out of memory. */
void *cs_arena_alloc(struct cs_arena *arena, size_t size);
/* A copy with a NUL behind it; NULL when out of memory. */
char *cs_arena_string(struct cs_arena *arena, struct cs_view text);
/* printf of at most `max` bytes; NULL when it is longer, or out of memory. */
char *cs_arena_vtext(struct cs_arena *arena, size_t max, const char *fmt, va_list args)
    CS_PRINTF(3, 0);
/* Frees all of it; it is empty again. */
void cs_arena_free(struct cs_arena *arena);

#endif
