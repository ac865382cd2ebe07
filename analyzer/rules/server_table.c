/* A hash table of servers with open addressing; it is never more than half full. */
#include "rules/server_table.h"

#include "base/limits.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

struct server_table {
    struct budget *budget;
    struct server_facts *slots; /* sessions 0: free */
    size_t slot_count;          /* a power of two */
    size_t count;
    bool is_full;
};

struct server_table *server_table_new(struct budget *budget)
{
    struct server_table *table = calloc(1, sizeof *table);

    if (table)
        table->budget = budget;
    return table;
}

void server_table_free(struct server_table *table)
{
    if (!table)
        return;
    budget_give(table->budget, table->slot_count * sizeof *table->slots);
    free(table->slots);
    free(table);
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static struct server_facts *slot_of(struct server_facts *slots, size_t slot_count, const struct endpoint *end)
{
    uint64_t hash = end->port;

    for (size_t i = 0; i < sizeof end->address.bytes; i++)
        hash = (hash ^ end->address.bytes[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
    for (size_t at = hash & (slot_count - 1);; at = (at + 1) & (slot_count - 1))
        if (!slots[at].sessions || is_same(&slots[at].end, end))
            return &slots[at];
}

static bool grow(struct server_table *table)
{
    size_t many = table->slot_count ? table->slot_count * 2 : SLOTS_FIRST;

    if (many > 2 * LIMIT_SERVERS || !budget_take(table->budget, many * sizeof *table->slots))
        return false;
    struct server_facts *slots = calloc(many, sizeof *slots);
    if (!slots) {
        budget_give(table->budget, many * sizeof *slots);
        return false;
    }
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].sessions)
            *slot_of(slots, many, &table->slots[i].end) = table->slots[i];
    budget_give(table->budget, table->slot_count * sizeof *slots);
    free(table->slots);
    table->slots = slots;
    table->slot_count = many;
    return true;
}

void server_table_note(struct server_table *table, const struct session *session)
{
    struct server_facts *slot =
        table->slot_count ? slot_of(table->slots, table->slot_count, &session->server) : NULL;

    if (!slot || !slot->sessions) {
        if (table->count * 2 >= table->slot_count && !grow(table)) {
            table->is_full = true;
            return;
        }
        slot = slot_of(table->slots, table->slot_count, &session->server);
        *slot = (struct server_facts){ .end = session->server, .first_ns = session->start_ns };
        table->count++;
    }
    slot->sessions++;
    if (session->start_ns < slot->first_ns)
        slot->first_ns = session->start_ns;
    if (session->end_ns > slot->last_ns)
        slot->last_ns = session->end_ns;
    slot->is_one_sided = slot->is_one_sided || session->one_sided == SIDE_CLIENT;
}

const struct server_facts *server_table_find(const struct server_table *table, const struct endpoint *end)
{
    const struct server_facts *slot =
        table->slot_count ? slot_of(table->slots, table->slot_count, end) : NULL;

    return slot && slot->sessions ? slot : NULL;
}

bool server_table_is_full(const struct server_table *table)
{
    return table->is_full;
}
