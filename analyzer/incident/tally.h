#ifndef INCIDENT_TALLY_H
#define INCIDENT_TALLY_H

#include "base/arena.h"

/* The different texts that were counted: the first few with their counts, how many different ones there were,
 * and no more memory than LIMIT_TALLY asks for. */

enum { TALLY_KEPT = 8, TALLY_TEXT = 200 };

struct tally_entry {
    struct bytes text; /* cut to TALLY_TEXT octets; in the arena of its owner */
    uint64_t hash;     /* of the whole text */
    uint64_t count;
};

struct tally {
    struct tally_entry kept[TALLY_KEPT]; /* in order of appearance */
    uint32_t kept_count;
    uint64_t *seen; /* an open table of hashes, on the heap */
    uint32_t seen_count;
    uint32_t seen_cap;
    bool is_full; /* there are more different ones than seen_count */
    uint64_t total;
};

void tally_release(struct tally *tally);
void tally_add(struct tally *tally, struct arena *arena, struct bytes text);
/* Adds all that `from` holds; its texts are copied. */
void tally_merge(struct tally *tally, struct arena *arena, const struct tally *from);
/* How many different texts; at least so many where is_full. */
uint32_t tally_distinct(const struct tally *tally);

/* A hash that is the same in every run: what compares captures may not depend on a key. */
uint64_t tally_hash(struct bytes text);

#endif
