/* Cipher suites by their number. */
#include "tls/tls_suite.h"

enum protection_id {
    AES_128_SHA1,
    AES_128_SHA256,
    AES_256_SHA1,
    AES_256_SHA256,
    AES_256_SHA384,
    CAMELLIA_128_SHA1,
    CAMELLIA_128_SHA256,
    CAMELLIA_256_SHA1,
    CAMELLIA_256_SHA256,
    CAMELLIA_256_SHA384,
    TRIPLE_DES_SHA1,
    AES_128_GCM,
    AES_256_GCM,
    ARIA_128_GCM,
    ARIA_256_GCM,
    AES_128_CCM,
    AES_256_CCM,
    AES_128_CCM_8,
    AES_256_CCM_8,
    CHACHA20,
};

static const struct tls_protection protections[] = {
    [AES_128_SHA1] = { "AES-128-CBC", "SHA1", TLS_MODE_CBC, 16, 16, 20 },
    [AES_128_SHA256] = { "AES-128-CBC", "SHA256", TLS_MODE_CBC, 16, 16, 32 },
    [AES_256_SHA1] = { "AES-256-CBC", "SHA1", TLS_MODE_CBC, 32, 16, 20 },
    [AES_256_SHA256] = { "AES-256-CBC", "SHA256", TLS_MODE_CBC, 32, 16, 32 },
    [AES_256_SHA384] = { "AES-256-CBC", "SHA384", TLS_MODE_CBC, 32, 16, 48 },
    [CAMELLIA_128_SHA1] = { "CAMELLIA-128-CBC", "SHA1", TLS_MODE_CBC, 16, 16, 20 },
    [CAMELLIA_128_SHA256] = { "CAMELLIA-128-CBC", "SHA256", TLS_MODE_CBC, 16, 16, 32 },
    [CAMELLIA_256_SHA1] = { "CAMELLIA-256-CBC", "SHA1", TLS_MODE_CBC, 32, 16, 20 },
    [CAMELLIA_256_SHA256] = { "CAMELLIA-256-CBC", "SHA256", TLS_MODE_CBC, 32, 16, 32 },
    [CAMELLIA_256_SHA384] = { "CAMELLIA-256-CBC", "SHA384", TLS_MODE_CBC, 32, 16, 48 },
    [TRIPLE_DES_SHA1] = { "DES-EDE3-CBC", "SHA1", TLS_MODE_CBC, 24, 8, 20 },
    [AES_128_GCM] = { "AES-128-GCM", NULL, TLS_MODE_GCM, 16, 4, 16 },
    [AES_256_GCM] = { "AES-256-GCM", NULL, TLS_MODE_GCM, 32, 4, 16 },
    [ARIA_128_GCM] = { "ARIA-128-GCM", NULL, TLS_MODE_GCM, 16, 4, 16 },
    [ARIA_256_GCM] = { "ARIA-256-GCM", NULL, TLS_MODE_GCM, 32, 4, 16 },
    [AES_128_CCM] = { "AES-128-CCM", NULL, TLS_MODE_CCM, 16, 4, 16 },
    [AES_256_CCM] = { "AES-256-CCM", NULL, TLS_MODE_CCM, 32, 4, 16 },
    [AES_128_CCM_8] = { "AES-128-CCM", NULL, TLS_MODE_CCM, 16, 4, 8 },
    [AES_256_CCM_8] = { "AES-256-CCM", NULL, TLS_MODE_CCM, 32, 4, 8 },
    [CHACHA20] = { "ChaCha20-Poly1305", NULL, TLS_MODE_CHACHA, 32, 12, 16 },
};

enum { SHA256_BYTES = 32, SHA384_BYTES = 48 };

/* In order of their numbers. */
static const struct tls_suite suites[] = {
#define SUITE(number, protection, hash) { number, &protections[protection], #hash, hash##_BYTES },
#include "tls/tls_suites.def"
#undef SUITE
};

const struct tls_suite *tls_suite_find(uint16_t number)
{
    size_t low = 0, high = sizeof suites / sizeof suites[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (suites[middle].number == number)
            return &suites[middle];
        if (suites[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
