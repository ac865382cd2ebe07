/* Chunks of memory with one owner.  The first chunk is small, because most sessions are. */
#include "base/arena.h"

#include "base/limits.h"
#include "base/prefetch.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    CHUNK_FIRST = 4096,
    CHUNKS_FIRST = 3, /* of that size: then what there is doubles */
    CHUNK_MOST = 65536,
    LARGE_PAGE = 2 * 1024 * 1024,
    ARRAY_FIRST = 512 /* octets of an array that has begun to grow: most stay small */
};

struct arena_chunk {
    struct arena_chunk *next; /* older */
    size_t size;              /* of `memory` */
    bool is_pooled;
    alignas(max_align_t) uint8_t memory[];
};

void arena_init(struct arena *arena, struct budget *budget, size_t max_bytes)
{
    *arena = (struct arena){ .budget = budget, .max_bytes = max_bytes };
}

struct arena_pool {
    struct arena_chunk *idle;
    uint8_t *pieces[LIMIT_POOL_PIECES];
    size_t piece_count;
    size_t left; /* in the newest piece */
};

struct arena_pool *arena_pool_new(void)
{
    return calloc(1, sizeof(struct arena_pool));
}

void arena_pool_free(struct arena_pool *pool)
{
    for (size_t i = 0; pool && i < pool->piece_count; i++)
        free(pool->pieces[i]);
    free(pool);
}

/* A chunk that was never used; NULL when the pool is used up. */
static struct arena_chunk *carve(struct arena_pool *pool)
{
    const size_t size = sizeof(struct arena_chunk) + CHUNK_FIRST;

    if (pool->left < size) {
        uint8_t *piece = pool->piece_count < LIMIT_POOL_PIECES ? aligned_alloc(LARGE_PAGE, LARGE_PAGE) : NULL;
        if (!piece)
            return NULL;
        (void)madvise(piece, LARGE_PAGE, MADV_HUGEPAGE); /* or else, small ones */
        pool->pieces[pool->piece_count++] = piece;
        pool->left = LARGE_PAGE;
    }
    struct arena_chunk *chunk =
        (struct arena_chunk *)(void *)(pool->pieces[pool->piece_count - 1] + LARGE_PAGE - pool->left);
    pool->left -= size;
    chunk->is_pooled = true;
    return chunk;
}

/* The newest idle one first, which is the nearest to the processor. */
static struct arena_chunk *new_chunk(struct arena_pool *pool, size_t size)
{
    struct arena_chunk *chunk = NULL;

    if (pool && size == CHUNK_FIRST && pool->idle) {
        chunk = pool->idle;
        pool->idle = chunk->next;
    } else if (pool && size == CHUNK_FIRST) {
        chunk = carve(pool);
    }
    if (!chunk) {
        chunk = malloc(sizeof *chunk + size);
        if (chunk)
            chunk->is_pooled = false;
    }
    return chunk;
}

static void free_chunk(struct arena *arena, struct arena_chunk *chunk)
{
    budget_give(arena->budget, sizeof *chunk + chunk->size);
    arena->total_bytes -= chunk->size;
    if (chunk->is_pooled) {
        chunk->next = arena->budget->pool->idle;
        arena->budget->pool->idle = chunk;
    } else {
        free(chunk);
    }
}

void arena_release(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;
        free_chunk(arena, arena->chunks);
        arena->chunks = next;
    }
    arena_init(arena, arena->budget, arena->max_bytes);
}

void arena_clear(struct arena *arena)
{
    while (arena->chunks && arena->chunks->next) {
        struct arena_chunk *next = arena->chunks->next;
        free_chunk(arena, arena->chunks);
        arena->chunks = next;
    }
    if (arena->chunks) {
        arena->at = arena->chunks->memory;
        arena->left = arena->chunks->size;
    }
    arena->is_full = false;
}

void arena_prefetch(const struct arena *arena)
{
    const struct arena_chunk *newest = arena->chunks;

    if (!newest)
        return;
    prefetch(newest->memory, newest->size - arena->left);
    if (newest->next)
        prefetch(newest->next->memory, newest->next->size);
}

static bool add_chunk(struct arena *arena, size_t need)
{
    size_t size = arena->total_bytes < CHUNKS_FIRST * CHUNK_FIRST ? CHUNK_FIRST : arena->total_bytes;

    if (size > CHUNK_MOST)
        size = CHUNK_MOST;
    if (size < need)
        size = need;
    if (arena->total_bytes > arena->max_bytes || size > arena->max_bytes - arena->total_bytes)
        return false;
    if (!budget_take(arena->budget, sizeof(struct arena_chunk) + size))
        return false;
    struct arena_chunk *chunk = new_chunk(arena->budget ? arena->budget->pool : NULL, size);
    if (!chunk) {
        budget_give(arena->budget, sizeof *chunk + size);
        return false;
    }
    chunk->next = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->total_bytes += size;
    arena->at = chunk->memory;
    arena->left = size;
    return true;
}

uint8_t *arena_take_more(struct arena *arena, size_t size)
{
    if (!add_chunk(arena, size)) {
        arena->is_full = true;
        return NULL;
    }
    return arena_take(arena, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, count * size);
}

bool arena_grow(struct arena *arena, void **array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t first = ARRAY_FIRST / size;
    size_t more = *cap ? *cap * 2 : first > 8 ? 8 : first ? first : 1;
    uint8_t *grown = more <= SIZE_MAX / size ? arena_take_aligned(arena, more * size) : NULL;
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *array, count * size);
    memset(grown + count * size, 0, (more - count) * size);
    *array = grown;
    *cap = more;
    return true;
}
