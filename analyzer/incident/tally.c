/* Counting texts, of which an attacker may send as many different ones as he likes. */
#include "incident/tally.h"

#include "base/limits.h"
#include "base/siphash.h"

#include <stdlib.h>

enum { FIRST_CAP = 16 };

uint64_t tally_hash(struct bytes text)
{
    static const uint64_t key[2] = { UINT64_C(0x6d7470732d746c79), UINT64_C(0x696e636964656e74) };
    struct siphash hash;

    siphash_start(&hash, key);
    siphash_add(&hash, text);
    uint64_t value = siphash_value(&hash);
    return value ? value : 1; /* 0 is an empty place */
}

void tally_release(struct tally *tally)
{
    free(tally->seen);
    *tally = (struct tally){ 0 };
}

static void place(uint64_t *table, uint32_t cap, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (cap - 1);

    while (table[at] && table[at] != hash)
        at = (at + 1) & (cap - 1);
    table[at] = hash;
}

static bool holds(const struct tally *tally, uint64_t hash)
{
    if (!tally->seen_cap)
        return false;
    uint32_t at = (uint32_t)hash & (tally->seen_cap - 1);
    while (tally->seen[at] && tally->seen[at] != hash)
        at = (at + 1) & (tally->seen_cap - 1);
    return tally->seen[at] == hash;
}

/* Kept half empty.  False at the ceiling or without memory. */
static bool make_room(struct tally *tally)
{
    uint32_t cap = tally->seen_cap ? tally->seen_cap * 2 : FIRST_CAP;

    if (tally->seen_count * 2 < tally->seen_cap)
        return true;
    if (tally->seen_count >= LIMIT_TALLY)
        return false;
    uint64_t *table = calloc(cap, sizeof *table);
    if (!table)
        return false;
    for (uint32_t i = 0; i < tally->seen_cap; i++)
        if (tally->seen[i])
            place(table, cap, tally->seen[i]);
    free(tally->seen);
    tally->seen = table;
    tally->seen_cap = cap;
    return true;
}

static void note(struct tally *tally, uint64_t hash)
{
    if (tally->is_full || holds(tally, hash))
        return;
    if (!make_room(tally)) {
        tally->is_full = true;
        return;
    }
    place(tally->seen, tally->seen_cap, hash);
    tally->seen_count++;
}

static void add(struct tally *tally, struct arena *arena, const struct tally_entry *entry)
{
    tally->total += entry->count;
    for (uint32_t i = 0; i < tally->kept_count; i++)
        if (tally->kept[i].hash == entry->hash) {
            tally->kept[i].count += entry->count;
            return;
        }
    note(tally, entry->hash);
    if (tally->kept_count == TALLY_KEPT)
        return;
    tally->kept[tally->kept_count++] =
        (struct tally_entry){ arena_copy(arena, bytes_slice(entry->text, 0, TALLY_TEXT)), entry->hash,
                              entry->count };
}

void tally_add(struct tally *tally, struct arena *arena, struct bytes text)
{
    struct tally_entry entry = { text, 0, 1 };

    if (text.len == 0)
        return;
    entry.hash = tally_hash(text);
    add(tally, arena, &entry);
}

void tally_merge(struct tally *tally, struct arena *arena, const struct tally *from)
{
    uint64_t total = tally->total + from->total;

    for (uint32_t i = 0; i < from->kept_count; i++)
        add(tally, arena, &from->kept[i]);
    for (uint32_t i = 0; i < from->seen_cap; i++)
        if (from->seen[i])
            note(tally, from->seen[i]);
    tally->is_full = tally->is_full || from->is_full;
    tally->total = total;
}

uint32_t tally_distinct(const struct tally *tally)
{
    return tally->seen_count > tally->kept_count ? tally->seen_count : tally->kept_count;
}
