#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/bytes.h"

/* SipHash-1-3 (Aumasson, Bernstein 2012): a fast keyed hash in 64 bits.  Who does not know the key cannot
 * choose values that fall together. */
struct siphash {
    uint64_t v[4];
    uint64_t pending; /* the last 0 to 7 bytes */
    uint64_t length;
};

void siphash_start(struct siphash *hash, const uint64_t key[2]);
/* Gives the same however the bytes are cut. */
void siphash_add(struct siphash *hash, struct bytes bytes);
/* As its eight bytes, little-endian. */
void siphash_add_number(struct siphash *hash, uint64_t number);
/* The length, and the bytes with zeroes up to the next multiple of eight: parts that do not run together.
 * Fast, as siphash_add_number is, where only numbers and parts were added before. */
void siphash_add_part(struct siphash *hash, struct bytes part);
/* The hash of all that was added so far; more may be added. */
uint64_t siphash_value(const struct siphash *hash);

#endif
