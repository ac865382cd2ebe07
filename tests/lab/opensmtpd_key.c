/* Debian 12's OpenSMTPD (6.8.0p2) keeps the private key in a process of its own and signs through an engine,
 * which OpenSSL 3 does not ask any more: every handshake ends with "missing private key" (OpenSMTPD issue
 * 1171).  Loaded in front of it, this gives each process the key at LAB_PRIVATE_KEY, read while it still may.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

static EVP_PKEY *key;

__attribute__((constructor)) static void read_key(void)
{
    const char *path = getenv("LAB_PRIVATE_KEY");
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!file)
        return;
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
}

int SSL_CTX_use_PrivateKey(SSL_CTX *ctx, EVP_PKEY *given)
{
    union {
        void *found;
        int (*call)(SSL_CTX *, EVP_PKEY *);
    } next = { .found = dlsym(RTLD_NEXT, "SSL_CTX_use_PrivateKey") };

    return next.found ? next.call(ctx, key ? key : given) : 0;
}
