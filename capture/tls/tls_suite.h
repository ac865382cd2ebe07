#ifndef TLS_TLS_SUITE_H
#define TLS_TLS_SUITE_H

#include "base/bytes.h"

/* What a cipher suite means for records and for the derivation of keys (RFC 5246 6.3, RFC 8446 B.4). */

enum tls_mode {
    TLS_MODE_NONE = 0,
    TLS_MODE_CBC,   /* RFC 5246 6.2.3.2, with HMAC */
    TLS_MODE_GCM,   /* RFC 5288 */
    TLS_MODE_CCM,   /* RFC 6655 */
    TLS_MODE_CHACHA /* RFC 7905 */
};

enum { TLS_KEY_MOST = 32, TLS_IV_MOST = 16, TLS_MAC_MOST = 48, TLS_NONCE_BYTES = 12 };

struct tls_protection {
    const char *cipher; /* as libcrypto calls it */
    const char *mac;    /* digest of the HMAC; NULL: an AEAD */
    enum tls_mode mode;
    uint8_t key_bytes;
    uint8_t iv_bytes;  /* from the key block of TLS 1.2; of CBC, that of a block */
    uint8_t tag_bytes; /* of the tag, or the MAC */
};

struct tls_suite {
    uint16_t number;
    const struct tls_protection *protection;
    const char *hash; /* of the PRF of TLS 1.2, or of HKDF */
    uint8_t hash_bytes;
};

/* NULL: not known, or not to be opened with libcrypto. */
const struct tls_suite *tls_suite_find(uint16_t number);

#endif
