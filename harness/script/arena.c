#include "script/arena.h"

#include <stddef.h>
#include <stdlib.h>

#define MAX_ARENA ((size_t)256 * 1024 * 1024)

struct cs_arena_block {
    struct cs_arena_block *next;
    _Alignas(max_align_t) char bytes[];
};

void *cs_arena_alloc(struct cs_arena *arena, size_t size)
{
    if (size > MAX_ARENA - arena->used) {
        return NULL;
    }
    struct cs_arena_block *block = calloc(1, sizeof *block + size);
    if (!block) {
        return NULL;
    }
    arena->used += size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block->bytes;
}

char *cs_arena_string(struct cs_arena *arena, struct cs_view text)
{
    if (text.len >= MAX_ARENA) {
        return NULL;
    }
    char *copy = cs_arena_alloc(arena, text.len + 1);
    if (copy && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

void cs_arena_free(struct cs_arena *arena)
{
    while (arena->blocks) {
        struct cs_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

char *cs_arena_vtext(struct cs_arena *arena, size_t max, const char *fmt, va_list args)
{
    struct cs_buf text = CS_BUF(max);
    cs_buf_vprintf(&text, fmt, args);
    char *kept = cs_buf_error(&text) == CS_OK ? cs_arena_string(arena, cs_buf_view(&text)) : NULL;
    cs_buf_free(&text);
    return kept;
}
