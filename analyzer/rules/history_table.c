/* Slots in an array, chained from their buckets and in the order of their last use. */
#include "rules/history_table.h"

#include <stdlib.h>
#include <string.h>

#define NO_SLOT UINT32_MAX

enum { SLOTS_FIRST = 64 };

struct history_slot {
    uint64_t hash;
    struct history_entry entry;
    uint32_t next; /* in its bucket */
    uint32_t older;
    uint32_t newer;
};

void history_table_init(struct history_table *table, struct budget *budget, uint32_t ceiling)
{
    uint32_t power = SLOTS_FIRST;

    while (power <= ceiling / 2)
        power *= 2;
    *table =
        (struct history_table){ .budget = budget, .ceiling = power, .oldest = NO_SLOT, .newest = NO_SLOT };
}

size_t history_table_entry_bytes(void)
{
    return sizeof(struct history_slot) + sizeof(uint32_t);
}

void history_table_release(struct history_table *table)
{
    budget_give(table->budget, table->cap * history_table_entry_bytes());
    free(table->slots);
    free(table->buckets);
    *table = (struct history_table){ .oldest = NO_SLOT, .newest = NO_SLOT };
}

static uint32_t *bucket_of(const struct history_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->cap - 1)];
}

static void leave_line(struct history_table *table, uint32_t index)
{
    const struct history_slot *slot = &table->slots[index];

    *(slot->older == NO_SLOT ? &table->oldest : &table->slots[slot->older].newer) = slot->newer;
    *(slot->newer == NO_SLOT ? &table->newest : &table->slots[slot->newer].older) = slot->older;
}

static void join_line(struct history_table *table, uint32_t index)
{
    struct history_slot *slot = &table->slots[index];

    slot->newer = NO_SLOT;
    slot->older = table->newest;
    *(table->newest == NO_SLOT ? &table->oldest : &table->slots[table->newest].newer) = index;
    table->newest = index;
}

struct history_entry *history_table_find(struct history_table *table, uint64_t hash)
{
    uint32_t index = table->cap ? *bucket_of(table, hash) : NO_SLOT;

    while (index != NO_SLOT && table->slots[index].hash != hash)
        index = table->slots[index].next;
    if (index == NO_SLOT)
        return NULL;
    if (index != table->newest) {
        leave_line(table, index);
        join_line(table, index);
    }
    return &table->slots[index].entry;
}

static void chain(struct history_table *table, uint32_t index)
{
    uint32_t *bucket = bucket_of(table, table->slots[index].hash);

    table->slots[index].next = *bucket;
    *bucket = index;
}

static bool grow(struct history_table *table)
{
    uint32_t cap = table->cap ? table->cap * 2 : SLOTS_FIRST;
    size_t more = (cap - table->cap) * history_table_entry_bytes();

    if (cap > table->ceiling || !budget_take(table->budget, more))
        return false;
    uint32_t *buckets = malloc(cap * sizeof *buckets);
    struct history_slot *slots = buckets ? realloc(table->slots, cap * sizeof *slots) : NULL;
    if (!slots) {
        free(buckets);
        budget_give(table->budget, more);
        return false;
    }
    free(table->buckets);
    table->slots = slots;
    table->buckets = buckets;
    table->cap = cap;
    memset(buckets, 0xff, cap * sizeof *buckets); /* NO_SLOT */
    for (uint32_t i = 0; i < table->count; i++)
        chain(table, i);
    return true;
}

/* The slot of what was not used for longest. */
static uint32_t forget_oldest(struct history_table *table)
{
    uint32_t index = table->oldest;
    uint32_t *link = bucket_of(table, table->slots[index].hash);

    while (*link != index)
        link = &table->slots[*link].next;
    *link = table->slots[index].next;
    leave_line(table, index);
    table->forgotten++;
    return index;
}

struct history_entry *history_table_keep(struct history_table *table, uint64_t hash, bool *is_new)
{
    struct history_entry *entry = history_table_find(table, hash);
    uint32_t index;

    *is_new = !entry;
    if (entry)
        return entry;
    if (table->count < table->cap || grow(table))
        index = table->count++;
    else if (table->count > 0)
        index = forget_oldest(table);
    else
        return NULL;
    table->slots[index] = (struct history_slot){ .hash = hash };
    chain(table, index);
    join_line(table, index);
    return &table->slots[index].entry;
}
