#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/budget.h"
#include "base/bytes.h"

#include <stdalign.h>
#include <stddef.h>

struct arena_chunk;

/* Memory of one owner that is released all at once: a session with its lines, an analysis with its
 * findings.  Chunks are charged to the budget. */
struct arena {
    struct arena_chunk *chunks;
    uint8_t *at;
    size_t left;
    size_t total_bytes;
    size_t max_bytes;
    struct budget *budget;
    bool is_full; /* an allocation was refused since the last clear */
};

/* `budget` may be NULL. */
void arena_init(struct arena *arena, struct budget *budget, size_t max_bytes);
void arena_release(struct arena *arena);
/* Empty, with the first chunk kept for reuse. */
void arena_clear(struct arena *arena);

/* First chunks for the arenas on a budget, used again and again, in a few large pieces of memory: what
 * hundreds of sessions touch in turn is on a handful of pages, if the system has large ones.  When it is used
 * up, chunks come from the heap.  To be freed behind all those arenas. */
struct arena_pool *arena_pool_new(void);
void arena_pool_free(struct arena_pool *pool);

/* Asks for what is in the two newest chunks, before all of it is read. */
void arena_prefetch(const struct arena *arena);

/* Where the newest chunk has no room for `size` octets: from a new one, and not zeroed. */
uint8_t *arena_take_more(struct arena *arena, size_t size) NODISCARD;

/* `size` octets, at least one, neither aligned nor zeroed. */
static inline NODISCARD uint8_t *arena_take(struct arena *arena, size_t size)
{
    if (size > arena->left)
        return arena_take_more(arena, size);
    uint8_t *memory = arena->at;
    arena->at += size;
    arena->left -= size;
    return memory;
}

/* As arena_take, aligned for any object. */
static inline NODISCARD uint8_t *arena_take_aligned(struct arena *arena, size_t size)
{
    size_t pad = (size_t)(-(uintptr_t)arena->at & (alignof(max_align_t) - 1));

    if (pad > arena->left || size > arena->left - pad)
        return arena_take_more(arena, size); /* a chunk begins aligned */
    uint8_t *memory = arena->at + pad;
    arena->at = memory + size;
    arena->left -= pad + size;
    return memory;
}

/* Aligned for any object, zeroed.  NULL at the ceiling or out of memory; `is_full` then stays set.  Inline,
 * so that the size of an object is known to the compiler. */
static inline NODISCARD void *arena_alloc(struct arena *arena, size_t size)
{
    uint8_t *memory = arena_take_aligned(arena, size ? size : 1);

    return memory ? memset(memory, 0, size) : NULL;
}

/* A copy that lives as long as the arena; the empty view on failure. */
static inline struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
    uint8_t *memory = bytes.len ? arena_take(arena, bytes.len) : NULL;

    if (!memory)
        return (struct bytes){ NULL, 0 };
    memcpy(memory, bytes.ptr, bytes.len);
    return (struct bytes){ memory, bytes.len };
}

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))
/* As arena_alloc, for `count` objects; NULL when the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) NODISCARD;

/* Room for one more element in an array of `*cap` elements of `size` bytes that grows by doubling (the old
 * block stays in the arena until it is released).  False leaves everything as it was. */
bool arena_grow(struct arena *arena, void **array, size_t count, size_t *cap, size_t size) NODISCARD;

#endif
