#ifndef TLS_TLS_CERTIFICATE_H
#define TLS_TLS_CERTIFICATE_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Certificates as TLS 1.2 and older send them in clear (RFC 5246 7.4.2).  To read one costs more than the
 * rest of the connection, and a server sends the same ones every time: those read last are remembered. */

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
    unsigned key_bits; /* 0: not known for this type */
    unsigned chain_length;
    bool is_self_signed;  /* it names itself as its issuer */
    bool is_chain_broken; /* one was not issued by the one behind it */
    bool is_other_name;   /* not for `sni`; false if that is empty */
};

struct tls_certificates;

struct tls_certificates *tls_certificates_new(struct budget *budget, struct err *err);
void tls_certificates_free(struct tls_certificates *certificates);
/* Reads the body of a Certificate message.  NULL if its first certificate cannot be read.  Borrowed until the
 * next call. */
const struct tls_seen_certificate *tls_certificates_read(struct tls_certificates *certificates,
                                                         struct bytes message, struct bytes sni);

#endif
