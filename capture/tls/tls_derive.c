/* Key derivation: the two functions that TLS makes all its secrets with. */
#include "tls/tls_derive.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum { PARAMS_MOST = 6, INFO_MOST = 64 };

/* libcrypto takes parameters that it only reads through pointers without const. */
static OSSL_PARAM param_of(const char *key, struct bytes value)
{
    union {
        const uint8_t *given;
        uint8_t *taken;
    } octets = { .given = value.ptr };

    return OSSL_PARAM_construct_octet_string(key, octets.taken, value.len);
}

static OSSL_PARAM param_of_name(const char *key, const char *name)
{
    union {
        const char *given;
        char *taken;
    } text = { .given = name };

    return OSSL_PARAM_construct_utf8_string(key, text.taken, 0);
}

static bool derive(const char *function, const OSSL_PARAM *params, uint8_t *out, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, function, NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool ok = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok;
}

bool tls_prf(const struct tls_prf *prf, uint8_t *out, size_t len)
{
    const OSSL_PARAM params[PARAMS_MOST] = {
        param_of_name(OSSL_KDF_PARAM_DIGEST, prf->hash),     param_of(OSSL_KDF_PARAM_SECRET, prf->secret),
        param_of(OSSL_KDF_PARAM_SEED, bytes_of(prf->label)), param_of(OSSL_KDF_PARAM_SEED, prf->seed[0]),
        param_of(OSSL_KDF_PARAM_SEED, prf->seed[1]),         OSSL_PARAM_construct_end(),
    };

    return derive("TLS1-PRF", params, out, len);
}

/* HkdfLabel: length (2), label behind "tls13 " (1 + n), context (1 + 0). */
static size_t write_info(const char *label, size_t len, uint8_t info[INFO_MOST])
{
    static const char prefix[] = "tls13 ";
    size_t label_len = strlen(label), prefix_len = sizeof prefix - 1;

    info[0] = (uint8_t)(len >> 8);
    info[1] = (uint8_t)len;
    info[2] = (uint8_t)(prefix_len + label_len);
    memcpy(info + 3, prefix, prefix_len);
    memcpy(info + 3 + prefix_len, label, label_len);
    info[3 + prefix_len + label_len] = 0;
    return 3 + prefix_len + label_len + 1;
}

bool tls_expand(const char *hash, struct bytes secret, const char *label, uint8_t *out, size_t len)
{
    uint8_t info[INFO_MOST];
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    const OSSL_PARAM params[PARAMS_MOST] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        param_of_name(OSSL_KDF_PARAM_DIGEST, hash),
        param_of(OSSL_KDF_PARAM_KEY, secret),
        param_of(OSSL_KDF_PARAM_INFO, (struct bytes){ info, write_info(label, len, info) }),
        OSSL_PARAM_construct_end(),
    };

    return derive("HKDF", params, out, len);
}
