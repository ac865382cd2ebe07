#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct arena_pool;

/* The memory that the process may spend on what it was sent (`--memory`).  Everything that grows with the
 * input draws on the one budget: flows, segments out of order, fragments, transcripts.  Single-threaded. */
struct budget {
    size_t limit_bytes;
    size_t used_bytes;
    size_t peak_bytes;
    struct arena_pool *pool; /* chunks of arenas on this budget; NULL: they come from the heap */
};

void budget_init(struct budget *budget, size_t limit_bytes);
/* False, and nothing is taken, if that would exceed the limit.  A NULL budget gives without end. */
bool budget_take(struct budget *budget, size_t bytes);
void budget_give(struct budget *budget, size_t bytes);
/* Takes even beyond the limit: for what must go on, such as the last line of a session. */
void budget_force(struct budget *budget, size_t bytes);

#endif
