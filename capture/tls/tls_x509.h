#ifndef TLS_TLS_X509_H
#define TLS_TLS_X509_H

#include <openssl/crypto.h>

#include "tls/tls_certificate.h"

/* Inside of tls: a Certificate message through libcrypto.  Keys are not decoded: that takes ten times as long
 * as all the rest, and `library` needs no provider that could.  False leaves `out` untouched. */
bool tls_x509_read(OSSL_LIB_CTX *library, struct bytes message, struct bytes sni,
                   struct tls_seen_certificate *out) NODISCARD;

#endif
