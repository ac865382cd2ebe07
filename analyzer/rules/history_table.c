/* Slots in an array, chained from their buckets; a hand goes round and takes what was not used since it came
 * by last.  Tables are larger than the near caches, so that each look at a slot is a wait: a tag beside its
 * index tells nearly all that are another's. */
#include "rules/history_table.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/prefetch.h"

enum { SLOTS_FIRST = 64, BUCKETS_A_SLOT = 2, INDEX_BITS = 20, INDEX = (1 << INDEX_BITS) - 1 };
enum { AHEAD = 8 }; /* slots before the hand comes by: then its bucket is asked for */

/* A link is the index of a slot, and above it the highest bits of its hash. */
#define NO_LINK UINT32_MAX

struct history_slot {
    alignas(CACHE_LINE) uint64_t hash;
    struct history_entry entry;
};

static_assert(sizeof(struct history_slot) == CACHE_LINE, "one wait a slot");

void history_table_init(struct history_table *table, struct budget *budget, uint32_t ceiling)
{
    uint32_t power = SLOTS_FIRST;

    while (power <= ceiling / 2 && power < INDEX / 2)
        power *= 2;
    *table = (struct history_table){ .budget = budget, .ceiling = power };
}

size_t history_table_entry_bytes(void)
{
    return sizeof(struct history_slot) + (BUCKETS_A_SLOT + 1) * sizeof(uint32_t) + sizeof(bool);
}

void history_table_release(struct history_table *table)
{
    budget_give(table->budget, table->cap * history_table_entry_bytes());
    free(table->slots);
    free(table->links);
    free(table->was_used);
    *table = (struct history_table){ 0 };
}

/* Behind the link of each slot stand the buckets. */
static uint32_t *bucket_of(const struct history_table *table, uint64_t hash)
{
    return &table->links[table->cap + (hash & (BUCKETS_A_SLOT * table->cap - 1))];
}

static uint32_t link_to(uint32_t index, uint64_t hash)
{
    return (uint32_t)(hash >> (32 + INDEX_BITS)) << INDEX_BITS | index;
}

void history_table_expect(const struct history_table *table, uint64_t hash)
{
    if (table->cap)
        prefetch(bucket_of(table, hash), sizeof *table->links);
}

struct history_entry *history_table_find(struct history_table *table, uint64_t hash)
{
    uint32_t link = table->cap ? *bucket_of(table, hash) : NO_LINK;

    for (; link != NO_LINK; link = table->links[link & INDEX]) {
        struct history_slot *slot = &table->slots[link & INDEX];
        if (link != link_to(link & INDEX, hash) || slot->hash != hash)
            continue;
        table->was_used[link & INDEX] = true;
        return &slot->entry;
    }
    return NULL;
}

static void chain(struct history_table *table, uint32_t index)
{
    uint64_t hash = table->slots[index].hash;
    uint32_t *bucket = bucket_of(table, hash);

    table->links[index] = *bucket;
    *bucket = link_to(index, hash);
}

static bool grow(struct history_table *table)
{
    uint32_t cap = table->cap ? table->cap * 2 : SLOTS_FIRST;
    size_t more = (cap - table->cap) * history_table_entry_bytes();

    if (cap > table->ceiling || !budget_take(table->budget, more))
        return false;
    struct history_table grown = *table;
    grown.cap = cap;
    grown.slots = aligned_alloc(alignof(struct history_slot), cap * sizeof *grown.slots);
    grown.links = malloc((BUCKETS_A_SLOT + 1) * cap * sizeof *grown.links);
    grown.was_used = calloc(cap, sizeof *grown.was_used);
    if (!grown.slots || !grown.links || !grown.was_used) {
        free(grown.slots);
        free(grown.links);
        free(grown.was_used);
        budget_give(table->budget, more);
        return false;
    }
    memset(grown.links, 0xff, (BUCKETS_A_SLOT + 1) * cap * sizeof *grown.links); /* NO_LINK */
    for (uint32_t i = 0; i < table->count; i++) {
        grown.slots[i] = table->slots[i];
        grown.was_used[i] = table->was_used[i];
        chain(&grown, i);
    }
    free(table->slots);
    free(table->links);
    free(table->was_used);
    *table = grown;
    return true;
}

/* The slot where the hand stops. */
static uint32_t forget_one(struct history_table *table)
{
    for (; table->was_used[table->hand]; table->hand = (table->hand + 1) % table->count)
        table->was_used[table->hand] = false;
    uint32_t index = table->hand;
    uint32_t *link = bucket_of(table, table->slots[index].hash);

    while ((*link & INDEX) != index)
        link = &table->links[*link & INDEX];
    *link = table->links[index];
    table->hand = (index + 1) % table->count;
    history_table_expect(table, table->slots[(index + AHEAD) % table->count].hash);
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
        index = forget_one(table);
    else
        return NULL;
    table->slots[index] = (struct history_slot){ .hash = hash };
    chain(table, index);
    return &table->slots[index].entry;
}
