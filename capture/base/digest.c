/* Digests through libcrypto. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/limits.h"

struct digest {
    EVP_MD_CTX *context;
    EVP_MD *sha256; /* fetched once: looking it up by name costs more than a small message */
};

struct digest_pool {
    struct digest *idle[LIMIT_POOL_DIGESTS];
    size_t count;
};

struct digest *digest_new(void)
{
    struct digest *digest = calloc(1, sizeof *digest);

    if (!digest)
        return NULL;
    digest->context = EVP_MD_CTX_new();
    digest->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!digest->context || !digest->sha256) {
        digest_free(digest);
        return NULL;
    }
    return digest;
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->sha256);
    free(digest);
}

struct digest_pool *digest_pool_new(void)
{
    return calloc(1, sizeof(struct digest_pool));
}

void digest_pool_free(struct digest_pool *pool)
{
    for (size_t i = 0; pool && i < pool->count; i++)
        digest_free(pool->idle[i]);
    free(pool);
}

struct digest *digest_pool_take(struct digest_pool *pool)
{
    return pool && pool->count > 0 ? pool->idle[--pool->count] : digest_new();
}

void digest_pool_give(struct digest_pool *pool, struct digest *digest)
{
    if (digest && pool && pool->count < LIMIT_POOL_DIGESTS)
        pool->idle[pool->count++] = digest;
    else
        digest_free(digest);
}

void digest_start(struct digest *digest)
{
    (void)EVP_DigestInit_ex2(digest->context, digest->sha256, NULL);
}

void digest_update(struct digest *digest, struct bytes bytes)
{
    if (bytes.len)
        (void)EVP_DigestUpdate(digest->context, bytes.ptr, bytes.len);
}

void digest_finish(struct digest *digest, uint8_t out[DIGEST_SHA256_LEN])
{
    (void)EVP_DigestFinal_ex(digest->context, out, NULL);
}

static const void *or_empty(struct bytes bytes)
{
    return bytes.len ? (const void *)bytes.ptr : "";
}

void digest_sha256(struct bytes bytes, uint8_t out[DIGEST_SHA256_LEN])
{
    (void)EVP_Digest(or_empty(bytes), bytes.len, out, NULL, EVP_sha256(), NULL);
}

void digest_sha1(struct bytes bytes, uint8_t out[DIGEST_SHA1_LEN])
{
    (void)EVP_Digest(or_empty(bytes), bytes.len, out, NULL, EVP_sha1(), NULL);
}
