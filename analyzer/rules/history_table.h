#ifndef RULES_HISTORY_TABLE_H
#define RULES_HISTORY_TABLE_H

#include "base/budget.h"

#include <stdbool.h>
#include <stdint.h>

/* What is remembered of one thing: a client, a server, a credential.  Which field says what is the matter of
 * those who keep it. */
enum { HISTORY_COUNTS = 6 };

struct history_entry {
    uint64_t first_ns;
    uint64_t last_ns;
    uint64_t bits;
    uint32_t count[HISTORY_COUNTS];
    uint32_t session; /* serial of the session that left it, its low half */
    uint32_t told;    /* what had been counted when a finding told of it last; 0 never */
};

/* A bounded map from hashes to entries: at its ceiling, or without memory, one goes that was not used for
 * long (the clock algorithm: Corbato 1968).  The hashes must be keyed: they are taken as they are. */
struct history_slot;
struct history_table {
    struct budget *budget;
    struct history_slot *slots;
    uint32_t *links; /* from each slot to the next in its bucket, and from the buckets */
    bool *was_used;  /* since the hand came by */
    uint32_t count;
    uint32_t cap; /* of slots: a power of two */
    uint32_t ceiling;
    uint32_t hand; /* the next slot to go, unless it was used */
    uint64_t forgotten;
};

/* `ceiling` is taken down to a power of two. */
void history_table_init(struct history_table *table, struct budget *budget, uint32_t ceiling);
void history_table_release(struct history_table *table);
/* Asks for what the two below will read first. */
void history_table_expect(const struct history_table *table, uint64_t hash);
/* NULL if it is not there.  An entry that was looked for is in use.  Void at the next history_table_keep. */
struct history_entry *history_table_find(struct history_table *table, uint64_t hash);
/* The entry, zeroed if it is new; NULL without any memory. */
struct history_entry *history_table_keep(struct history_table *table, uint64_t hash, bool *is_new);
/* What an entry costs, with all that belongs to it. */
size_t history_table_entry_bytes(void);

#endif
