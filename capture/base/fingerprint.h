#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include "base/bytes.h"

/* A fast hash of what came in any pieces, to find the same again among what nobody forges: without a key,
 * values that fall together can be made.  (siphash.h is for all else.) */
struct fingerprint {
    uint64_t state;
    uint64_t pending; /* the last 0 to 7 bytes */
    uint64_t length;
};

static inline uint64_t fingerprint_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd); /* of MurmurHash3's finalizer */
    return hash ^ hash >> 32;
}

void fingerprint_start(struct fingerprint *print);
void fingerprint_add(struct fingerprint *print, struct bytes bytes);
uint64_t fingerprint_value(const struct fingerprint *print);

#endif
