/* Digests through libcrypto. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct digest {
    EVP_MD_CTX *context;
    EVP_MD *sha256; /* fetched once: looking it up by name costs more than a small message */
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
