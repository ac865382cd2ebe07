/* libcrypto, as far as verifying a password needs it. */
#include "sasl/sasl_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>
#include <stdlib.h>

#include "base/escape.h"

struct sasl_crypto {
    OSSL_LIB_CTX *library; /* of its own, so that old digests are nowhere else in the program */
    OSSL_PROVIDER *legacy, *standard;
    EVP_MD *md4;
    EVP_CIPHER *des;
};

void sasl_secret_clear(struct sasl_secret *secret)
{
    OPENSSL_cleanse(secret, sizeof *secret);
}

void sasl_secret_add(struct sasl_secret *secret, struct bytes bytes)
{
    if (bytes.len > sizeof secret->octets - secret->len) {
        secret->is_full = true;
        return;
    }
    if (bytes.len)
        memcpy(secret->octets + secret->len, bytes.ptr, bytes.len);
    secret->len += bytes.len;
}

void sasl_secret_add_text(struct sasl_secret *secret, const char *text)
{
    sasl_secret_add(secret, bytes_of(text));
}

void sasl_secret_add_hex(struct sasl_secret *secret, struct bytes bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t two[2] = { (uint8_t)digits[bytes.ptr[i] >> 4], (uint8_t)digits[bytes.ptr[i] & 15] };
        sasl_secret_add(secret, (struct bytes){ two, 2 });
    }
}

/* The next character of valid UTF-8. */
static uint32_t take_character(struct bytes text, size_t *at)
{
    uint8_t first = text.ptr[(*at)++];
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t character = more ? first & (0x3fu >> more) : first;

    for (; more > 0 && *at < text.len; more--)
        character = character << 6 | (text.ptr[(*at)++] & 0x3fu);
    return character;
}

/* ASCII, and the letters of ISO-8859-1 but for the two without a capital in it. */
static uint32_t upper_of(uint32_t character)
{
    bool is_latin = character >= 0xe0 && character <= 0xfe && character != 0xf7;

    return (character >= 'a' && character <= 'z') || is_latin ? character - 0x20 : character;
}

static void add_unit(struct sasl_secret *secret, uint32_t unit)
{
    const uint8_t two[2] = { (uint8_t)unit, (uint8_t)(unit >> 8) };

    sasl_secret_add(secret, (struct bytes){ two, 2 });
}

void sasl_secret_add_utf16(struct sasl_secret *secret, struct bytes text, bool in_upper_case)
{
    bool is_utf8 = escape_is_utf8(text);

    for (size_t at = 0; at < text.len;) {
        uint32_t character = is_utf8 ? take_character(text, &at) : text.ptr[at++];
        if (in_upper_case)
            character = upper_of(character);
        if (character < 0x10000) {
            add_unit(secret, character);
        } else {
            add_unit(secret, 0xd800 | ((character - 0x10000) >> 10));
            add_unit(secret, 0xdc00 | ((character - 0x10000) & 0x3ff));
        }
    }
}

static const EVP_MD *md_of(enum sasl_hash hash)
{
    switch (hash) {
    case SASL_HASH_MD5:
        return EVP_md5();
    case SASL_HASH_SHA1:
        return EVP_sha1();
    case SASL_HASH_SHA512:
        return EVP_sha512();
    case SASL_HASH_SHA256:
    case SASL_HASH_COUNT:
        break;
    }
    return EVP_sha256();
}

static const void *or_empty(struct bytes bytes)
{
    return bytes.len ? (const void *)bytes.ptr : "";
}

struct sasl_digest sasl_hash(enum sasl_hash hash, struct bytes bytes)
{
    struct sasl_digest digest = { .len = 0 };
    unsigned len = 0;

    if (EVP_Digest(or_empty(bytes), bytes.len, digest.octets, &len, md_of(hash), NULL))
        digest.len = len;
    return digest;
}

struct sasl_digest sasl_hmac(enum sasl_hash hash, struct bytes key, struct bytes bytes)
{
    struct sasl_digest digest = { .len = 0 };
    unsigned len = 0;

    if (HMAC(md_of(hash), or_empty(key), (int)key.len, or_empty(bytes), bytes.len, digest.octets, &len))
        digest.len = len;
    return digest;
}

struct sasl_digest sasl_pbkdf2(enum sasl_hash hash, struct bytes password, struct bytes salt, int iterations)
{
    struct sasl_digest digest = { .len = 0 };
    int len = EVP_MD_get_size(md_of(hash));

    if (PKCS5_PBKDF2_HMAC(or_empty(password), (int)password.len, or_empty(salt), (int)salt.len, iterations,
                          md_of(hash), len, digest.octets))
        digest.len = (size_t)len;
    return digest;
}

struct sasl_crypto *sasl_crypto_new(void)
{
    struct sasl_crypto *crypto = calloc(1, sizeof *crypto);

    if (!crypto)
        return NULL;
    crypto->library = OSSL_LIB_CTX_new();
    if (!crypto->library)
        return crypto;
    crypto->standard = OSSL_PROVIDER_load(crypto->library, "default");
    crypto->legacy = OSSL_PROVIDER_load(crypto->library, "legacy");
    crypto->md4 = EVP_MD_fetch(crypto->library, "MD4", NULL);
    crypto->des = EVP_CIPHER_fetch(crypto->library, "DES-ECB", NULL);
    return crypto;
}

void sasl_crypto_free(struct sasl_crypto *crypto)
{
    if (!crypto)
        return;
    EVP_MD_free(crypto->md4);
    EVP_CIPHER_free(crypto->des);
    if (crypto->legacy)
        (void)OSSL_PROVIDER_unload(crypto->legacy);
    if (crypto->standard)
        (void)OSSL_PROVIDER_unload(crypto->standard);
    OSSL_LIB_CTX_free(crypto->library);
    free(crypto);
}

bool sasl_md4(const struct sasl_crypto *crypto, struct bytes bytes, struct sasl_digest *out)
{
    unsigned len = 0;

    if (!crypto->md4 || !EVP_Digest(or_empty(bytes), bytes.len, out->octets, &len, crypto->md4, NULL))
        return false;
    out->len = len;
    return true;
}

/* Seven octets spread over eight, whose lowest bits are parity and not looked at. */
static void spread(const uint8_t key[7], uint8_t out[SASL_DES_LEN])
{
    out[0] = key[0];
    for (unsigned i = 1; i < 7; i++)
        out[i] = (uint8_t)(key[i - 1] << (8 - i) | key[i] >> i);
    out[7] = (uint8_t)(key[6] << 1);
}

bool sasl_des(const struct sasl_crypto *crypto, const uint8_t key[7], struct bytes block,
              uint8_t out[SASL_DES_LEN])
{
    uint8_t spread_key[SASL_DES_LEN], result[2 * SASL_DES_LEN];
    EVP_CIPHER_CTX *context = crypto->des && block.len == SASL_DES_LEN ? EVP_CIPHER_CTX_new() : NULL;
    int len = 0;

    if (!context)
        return false;
    spread(key, spread_key);
    bool ok = EVP_EncryptInit_ex2(context, crypto->des, spread_key, NULL, NULL)
              && EVP_CIPHER_CTX_set_padding(context, 0)
              && EVP_EncryptUpdate(context, result, &len, block.ptr, SASL_DES_LEN) && len == SASL_DES_LEN;
    if (ok)
        memcpy(out, result, SASL_DES_LEN);
    EVP_CIPHER_CTX_free(context);
    OPENSSL_cleanse(spread_key, sizeof spread_key);
    return ok;
}
