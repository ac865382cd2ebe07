/* Which secrets are equal, without keeping any: hashes under a key that is made anew for every run, and that
 * no hash leaves the process to be tried out on. */
#include "base/siphash.h"
#include "sasl/sasl_rows.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SECRETS_KEPT = 4096, PLACES = 2 * SECRETS_KEPT };

struct secret_ordinals {
    struct budget *budget;
    uint64_t key[2];
    uint32_t count;
    uint64_t marks[SECRETS_KEPT];
    uint16_t places[PLACES]; /* ordinals, at the place of their mark or the next free one behind */
};

struct secret_ordinals *secret_ordinals_new(struct budget *budget)
{
    struct secret_ordinals *ordinals = calloc(1, sizeof *ordinals);

    if (!ordinals)
        return NULL;
    ordinals->budget = budget;
    budget_force(budget, sizeof *ordinals);
    if (getrandom(ordinals->key, sizeof ordinals->key, 0) != (ssize_t)sizeof ordinals->key) {
        secret_ordinals_free(ordinals);
        return NULL;
    }
    return ordinals;
}

void secret_ordinals_free(struct secret_ordinals *ordinals)
{
    if (!ordinals)
        return;
    budget_give(ordinals->budget, sizeof *ordinals);
    explicit_bzero(ordinals->key, sizeof ordinals->key);
    free(ordinals);
}

uint32_t secret_ordinal(struct secret_ordinals *ordinals, struct bytes secret)
{
    struct siphash hash;

    if (!ordinals)
        return 0;
    siphash_start(&hash, ordinals->key);
    siphash_add(&hash, secret);
    uint64_t mark = siphash_value(&hash);
    size_t place = mark % PLACES;
    for (; ordinals->places[place]; place = (place + 1) % PLACES)
        if (ordinals->marks[ordinals->places[place] - 1] == mark)
            return ordinals->places[place];
    if (ordinals->count == SECRETS_KEPT)
        return 0;
    ordinals->marks[ordinals->count++] = mark;
    return ordinals->places[place] = (uint16_t)ordinals->count;
}
