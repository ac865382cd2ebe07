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

void digest_sha256(struct bytes bytes, uint8_t out[DIGEST_SHA256_LEN]);
void digest_sha1(struct bytes bytes, uint8_t out[DIGEST_SHA1_LEN]);

#endif
