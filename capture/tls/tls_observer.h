#ifndef TLS_TLS_OBSERVER_H
#define TLS_TLS_OBSERVER_H

#include "base/buf.h"
#include "base/budget.h"
#include "base/limits.h"
#include "tls/tls_certificate.h"

/* What a TLS handshake shows without keys (RFC 8446, RFC 5246): records are read until the handshake is over,
 * and what is sealed is only counted. */

enum tls_side { TLS_CLIENT = 0, TLS_SERVER = 1 };

enum tls_progress {
    TLS_PROGRESS_NONE = 0, /* no hello yet */
    TLS_PROGRESS_BEGUN,
    TLS_PROGRESS_DONE,
    TLS_PROGRESS_LOST /* bytes are missing, or it is no TLS */
};

struct tls_seen_alert {
    enum tls_side from;
    uint8_t level;
    uint8_t description;
};

enum { TLS_SNI_MOST = 256, TLS_ALPN_MOST = 32 };

struct tls_seen {
    enum tls_progress progress;
    uint16_t offered_version; /* the highest; 0x0303 is TLS 1.2, 0x0304 is 1.3 */
    uint16_t version;         /* chosen; 0 none */
    uint16_t cipher;
    bool has_server_hello;
    bool is_resumed;
    /* Before it is over, in TLS 1.3: a record whose length only an alert has was sent by this side. */
    bool has_sealed_alert;
    enum tls_side sealed_alert;
    uint8_t sni[TLS_SNI_MOST];
    size_t sni_len;
    uint8_t alpn[TLS_ALPN_MOST];
    size_t alpn_len;
    struct tls_seen_alert alerts[LIMIT_TLS_ALERTS];
    unsigned alert_count;
    struct tls_seen_certificate *certificate; /* of the server, or NULL */
};

struct tls_observer;

/* `certificates` is borrowed; NULL: they are not read.  NULL without memory. */
struct tls_observer *tls_observer_new(struct tls_certificates *certificates, struct budget *budget);
void tls_observer_free(struct tls_observer *observer);
/* Bytes of one side, in order.  False when there is nothing more to be seen. */
bool tls_observer_feed(struct tls_observer *observer, enum tls_side from, struct bytes data);
/* Bytes of one side are missing. */
void tls_observer_hole(struct tls_observer *observer);
/* Borrowed until the observer is fed or freed. */
const struct tls_seen *tls_observer_seen(const struct tls_observer *observer);

#endif
