#ifndef SASL_SASL_CRYPTO_H
#define SASL_SASL_CRYPTO_H

#include "base/bytes.h"

/* Digests of old and new mechanisms through libcrypto, and memory for secrets. */

enum { SASL_DIGEST_MOST = 64, SASL_SECRET_MOST = 4096, SASL_MD5_LEN = 16, SASL_DES_LEN = 8 };

/* Octets that must not stay behind.  On the stack of their user. */
struct sasl_secret {
    uint8_t octets[SASL_SECRET_MOST];
    size_t len;
    bool is_full; /* something did not fit */
};
void sasl_secret_clear(struct sasl_secret *secret); /* wipes */
void sasl_secret_add(struct sasl_secret *secret, struct bytes bytes);
void sasl_secret_add_text(struct sasl_secret *secret, const char *text);
void sasl_secret_add_hex(struct sasl_secret *secret, struct bytes bytes);
/* Its bytes of UTF-8, or of ISO-8859-1 where they are none, as UTF-16 in little endian; in upper case if
 * asked for. */
void sasl_secret_add_utf16(struct sasl_secret *secret, struct bytes text, bool in_upper_case);
static inline struct bytes sasl_secret_bytes(const struct sasl_secret *secret)
{
    return (struct bytes){ secret->octets, secret->len };
}

enum sasl_hash { SASL_HASH_MD5 = 0, SASL_HASH_SHA1, SASL_HASH_SHA256, SASL_HASH_SHA512, SASL_HASH_COUNT };

struct sasl_digest {
    uint8_t octets[SASL_DIGEST_MOST];
    size_t len;
};
static inline struct bytes sasl_digest_bytes(const struct sasl_digest *digest)
{
    return (struct bytes){ digest->octets, digest->len };
}

struct sasl_digest sasl_hash(enum sasl_hash hash, struct bytes bytes);
struct sasl_digest sasl_hmac(enum sasl_hash hash, struct bytes key, struct bytes bytes);
struct sasl_digest sasl_pbkdf2(enum sasl_hash hash, struct bytes password, struct bytes salt, int iterations);

/* MD4 and DES are in a provider of its own, which need not be installed. */
struct sasl_crypto;
struct sasl_crypto *sasl_crypto_new(void);
void sasl_crypto_free(struct sasl_crypto *crypto);
/* False: not to be had here. */
bool sasl_md4(const struct sasl_crypto *crypto, struct bytes bytes, struct sasl_digest *out);
/* DES of one block under seven octets of key. */
bool sasl_des(const struct sasl_crypto *crypto, const uint8_t key[7], struct bytes block,
              uint8_t out[SASL_DES_LEN]);

#endif
