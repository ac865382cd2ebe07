#ifndef TLS_TLS_DERIVE_H
#define TLS_TLS_DERIVE_H

#include "base/bytes.h"

/* From secrets to secrets, through libcrypto.  False if it does not know the hash, or has no memory. */

/* The PRF of TLS 1.0 to 1.2 (RFC 5246 5, RFC 2246 5). */
struct tls_prf {
    const char *hash; /* "MD5-SHA1" before TLS 1.2 */
    struct bytes secret;
    const char *label;
    struct bytes seed[2]; /* one behind the other */
};
bool tls_prf(const struct tls_prf *prf, uint8_t *out, size_t len) NODISCARD;
/* HKDF-Expand-Label without context (RFC 8446 7.1). */
bool tls_expand(const char *hash, struct bytes secret, const char *label, uint8_t *out, size_t len) NODISCARD;

#endif
