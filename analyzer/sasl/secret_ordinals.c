/* Which secrets are equal, without keeping any: digests under a key that is made anew for every run. */
#include "sasl/sasl_rows.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SECRETS_KEPT = 4096, PLACES = 2 * SECRETS_KEPT };

struct secret_ordinals {
    struct budget *budget;
    struct digest *digest;
    uint8_t key[32];
    uint32_t count;
    uint64_t digests[SECRETS_KEPT];
    uint16_t places[PLACES]; /* ordinals, at the place of their digest or the next free one behind */
};

struct secret_ordinals *secret_ordinals_new(struct budget *budget)
{
    struct secret_ordinals *ordinals = calloc(1, sizeof *ordinals);

    if (!ordinals)
        return NULL;
    ordinals->budget = budget;
    budget_force(budget, sizeof *ordinals);
    ordinals->digest = digest_new();
    if (!ordinals->digest
        || getrandom(ordinals->key, sizeof ordinals->key, 0) != (ssize_t)sizeof ordinals->key) {
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
    digest_free(ordinals->digest);
    explicit_bzero(ordinals->key, sizeof ordinals->key);
    free(ordinals);
}

uint32_t secret_ordinal(struct secret_ordinals *ordinals, struct bytes secret)
{
    uint8_t digest[DIGEST_SHA256_LEN];
    uint64_t mark;

    if (!ordinals)
        return 0;
    /* An HMAC would cost eight times as much, and guard against what cannot happen here: the key has one
     * length, and no digest leaves the process. */
    digest_start(ordinals->digest);
    digest_update(ordinals->digest, (struct bytes){ ordinals->key, sizeof ordinals->key });
    digest_update(ordinals->digest, secret);
    digest_finish(ordinals->digest, digest);
    memcpy(&mark, digest, sizeof mark);
    size_t place = mark % PLACES;
    for (; ordinals->places[place]; place = (place + 1) % PLACES)
        if (ordinals->digests[ordinals->places[place] - 1] == mark)
            return ordinals->places[place];
    if (ordinals->count == SECRETS_KEPT)
        return 0;
    ordinals->digests[ordinals->count++] = mark;
    return ordinals->places[place] = (uint16_t)ordinals->count;
}
