#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/bytes.h"

enum { DIGEST_SHA256_LEN = 32, DIGEST_SHA1_LEN = 20 };

struct digest; /* a SHA-256 being computed, through libcrypto */

/* NULL without memory.  Reusable: digest_start begins anew. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_start(struct digest *digest);
void digest_update(struct digest *digest, struct bytes bytes);
void digest_finish(struct digest *digest, uint8_t out[DIGEST_SHA256_LEN]);

/* Idle digests, for who needs many after one another: making one costs as much as a small message. */
struct digest_pool;
struct digest_pool *digest_pool_new(void); /* NULL without memory */
void digest_pool_free(struct digest_pool *pool);
/* An idle one, or a new one; NULL without memory.  A NULL pool never has one. */
struct digest *digest_pool_take(struct digest_pool *pool);
/* Takes the digest, NULL too. */
void digest_pool_give(struct digest_pool *pool, struct digest *digest);

void digest_sha256(struct bytes bytes, uint8_t out[DIGEST_SHA256_LEN]);
void digest_sha1(struct bytes bytes, uint8_t out[DIGEST_SHA1_LEN]);

#endif
