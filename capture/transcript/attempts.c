/* Connections without a session, counted per server in a bounded table. */
#include "transcript/attempts.h"

#include "base/limits.h"

#include <stdlib.h>

struct attempts {
    struct budget *budget;
    struct attempts_row *rows; /* sorted by server */
    size_t count;
    size_t cap;
    uint64_t beyond;
};

struct attempts *attempts_new(struct budget *budget)
{
    struct attempts *attempts = calloc(1, sizeof *attempts);

    if (attempts)
        attempts->budget = budget;
    return attempts;
}

void attempts_free(struct attempts *attempts)
{
    if (!attempts)
        return;
    budget_give(attempts->budget, attempts->cap * sizeof *attempts->rows);
    free(attempts->rows);
    free(attempts);
}

static int compare(const struct endpoint *a, const struct endpoint *b)
{
    if (a->address.family != b->address.family)
        return a->address.family < b->address.family ? -1 : 1;
    int order = memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
    return order ? order : (int)a->port - (int)b->port;
}

/* Where the server stands, or belongs. */
static size_t position(const struct attempts *attempts, const struct endpoint *server)
{
    size_t low = 0, high = attempts->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&attempts->rows[middle].server, server) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool grow(struct attempts *attempts)
{
    if (attempts->count < attempts->cap)
        return true;
    size_t cap = attempts->cap ? attempts->cap * 2 : 16;
    size_t more = (cap - attempts->cap) * sizeof *attempts->rows;
    if (cap > LIMIT_ATTEMPT_SERVERS || !budget_take(attempts->budget, more))
        return false;
    struct attempts_row *rows = realloc(attempts->rows, cap * sizeof *rows);
    if (!rows) {
        budget_give(attempts->budget, more);
        return false;
    }
    attempts->rows = rows;
    attempts->cap = cap;
    return true;
}

static struct attempts_row *row_of(struct attempts *attempts, const struct endpoint *server)
{
    size_t at = position(attempts, server);

    if (at < attempts->count && compare(&attempts->rows[at].server, server) == 0)
        return &attempts->rows[at];
    if (!grow(attempts))
        return NULL;
    memmove(attempts->rows + at + 1, attempts->rows + at, (attempts->count - at) * sizeof *attempts->rows);
    attempts->count++;
    attempts->rows[at] = (struct attempts_row){ .server = *server, .first_ns = UINT64_MAX };
    return &attempts->rows[at];
}

void attempts_add(struct attempts *attempts, const struct endpoint *server, enum attempt_kind kind,
                  uint64_t time_ns, uint64_t count)
{
    struct attempts_row *row = row_of(attempts, server);

    if (!row) {
        attempts->beyond += count;
        return;
    }
    row->count[kind] += count;
    row->first_ns = time_ns < row->first_ns ? time_ns : row->first_ns;
    row->last_ns = time_ns > row->last_ns ? time_ns : row->last_ns;
}

const struct attempts_row *attempts_rows(struct attempts *attempts, size_t *count)
{
    *count = attempts->count;
    return attempts->rows;
}

uint64_t attempts_beyond(const struct attempts *attempts)
{
    return attempts->beyond;
}
