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

void attempts_clear(struct attempts *attempts)
{
    for (size_t i = 0; i < attempts->count; i++) {
        size_t room = 1;
        while (room < attempts->rows[i].client_count)
            room *= 2;
        budget_give(attempts->budget, attempts->rows[i].clients ? room * sizeof(struct address) : 0);
        free(attempts->rows[i].clients);
    }
    attempts->count = 0;
    attempts->beyond = 0;
}

void attempts_free(struct attempts *attempts)
{
    if (!attempts)
        return;
    attempts_clear(attempts);
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

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool has_room_for_client(struct attempts *attempts, struct attempts_row *row)
{
    uint32_t count = row->client_count;
    size_t more = (count ? count : 1) * sizeof *row->clients;

    if (count & (count - 1)) /* room grows to the next power of two */
        return true;
    if (count == LIMIT_ATTEMPT_CLIENTS || !budget_take(attempts->budget, more))
        return false;
    struct address *clients = realloc(row->clients, count * sizeof *clients + more);
    if (!clients) {
        budget_give(attempts->budget, more);
        return false;
    }
    row->clients = clients;
    return true;
}

static void add_client(struct attempts *attempts, struct attempts_row *row, const struct address *client)
{
    for (uint32_t i = 0; i < row->client_count; i++)
        if (address_equal(&row->clients[i], client))
            return;
    if (has_room_for_client(attempts, row))
        row->clients[row->client_count++] = *client;
    else
        row->has_more_clients = true;
}

void attempts_add(struct attempts *attempts, const struct attempts_row *more)
{
    struct attempts_row *row = row_of(attempts, &more->server);

    for (unsigned kind = ATTEMPT_NONE + 1; kind < ATTEMPT_KIND_COUNT; kind++) {
        if (!row) {
            attempts->beyond += more->count[kind];
            continue;
        }
        row->count[kind] += more->count[kind];
        row->longest_ns[kind] = larger(row->longest_ns[kind], more->longest_ns[kind]);
    }
    if (!row)
        return;
    row->retried += more->retried;
    row->left_early += more->left_early;
    row->closed_by_server += more->closed_by_server;
    for (uint32_t i = 0; i < more->client_count; i++)
        add_client(attempts, row, &more->clients[i]);
    row->has_more_clients = row->has_more_clients || more->has_more_clients;
    row->first_ns = more->first_ns < row->first_ns ? more->first_ns : row->first_ns;
    row->last_ns = larger(row->last_ns, more->last_ns);
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
