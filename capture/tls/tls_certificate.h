#ifndef TLS_TLS_CERTIFICATE_H
#define TLS_TLS_CERTIFICATE_H

#include "base/bytes.h"
#include "base/limits.h"

/* Certificates as TLS 1.2 and older send them in clear (RFC 5246 7.4.2). */

struct tls_text {
    uint8_t text[LIMIT_TLS_NAME];
    size_t len;
};

struct tls_seen_certificate {
    struct tls_text subject;
    struct tls_text issuer;
    struct tls_text names[LIMIT_TLS_NAMES];
    unsigned name_count;
    uint64_t not_before_s; /* since the epoch; 0 for what lies before it */
    uint64_t not_after_s;
    struct tls_text key_type;
    unsigned key_bits;
    unsigned chain_length;
    bool is_self_signed;
    bool is_chain_broken; /* one was not issued by the one behind it */
    bool is_other_name;   /* not for `sni`; false if that is empty */
};

/* Reads the body of a Certificate message.  False if its first certificate cannot be read; `out` is untouched
 * then. */
bool tls_certificate_read(struct bytes message, struct bytes sni, struct tls_seen_certificate *out) NODISCARD;

#endif
