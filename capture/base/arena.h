#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/budget.h"
#include "base/bytes.h"

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

/* Aligned for any object, zeroed.  NULL at the ceiling or out of memory; `is_full` then stays set. */
void *arena_alloc(struct arena *arena, size_t size) NODISCARD;
/* A copy that lives as long as the arena; the empty view on failure. */
struct bytes arena_copy(struct arena *arena, struct bytes bytes);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))
/* As arena_alloc, for `count` objects; NULL when the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) NODISCARD;

/* Room for one more element in an array of `*cap` elements of `size` bytes that grows by doubling (the old
 * block stays in the arena until it is released).  False leaves everything as it was. */
bool arena_grow(struct arena *arena, void **array, size_t count, size_t *cap, size_t size) NODISCARD;

#endif
