#ifndef TLS_TLS_FINGERPRINT_H
#define TLS_TLS_FINGERPRINT_H

#include "base/bytes.h"

/* Short names for what a client offers, by which its software is known again: JA3 (Salesforce) and JA4
 * (FoxIO).
 */

enum { TLS_JA3_TEXT = 33, TLS_JA4_TEXT = 37 };

struct tls_fingerprints {
    char ja3[TLS_JA3_TEXT];
    char ja4[TLS_JA4_TEXT];
};

/* From the body of a ClientHello over TCP.  False if it is cut short; `out` is untouched then. */
bool tls_fingerprint(struct bytes hello, struct tls_fingerprints *out) NODISCARD;

#endif
