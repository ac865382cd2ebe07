#ifndef TLS_TLS_OBSERVER_H
#define TLS_TLS_OBSERVER_H

#include "base/buf.h"
#include "base/budget.h"
#include "base/limits.h"
#include "tcp/flow_table.h"
#include "tls/tls_certificate.h"
#include "tls/tls_fingerprint.h"
#include "tls/tls_keylog.h"

/* What a TLS connection shows (RFC 8446, RFC 5246).  Without keys records are read until the handshake is
 * over.  With keys it goes on to the end, and what was sealed comes out as a stream of plaintext.
 *
 * Plaintext keeps the offsets of the connection: that of a record ends where the record ends, so that what
 * the other side has acknowledged can be compared with it. */

enum tls_side { TLS_CLIENT = 0, TLS_SERVER = 1 };

enum tls_progress {
    TLS_PROGRESS_NONE = 0, /* no hello yet */
    TLS_PROGRESS_BEGUN,
    TLS_PROGRESS_DONE,
    TLS_PROGRESS_LOST /* bytes are missing, or it is no TLS */
};

/* How far what is sealed could be read. */
enum tls_read {
    TLS_READ_NONE = 0, /* no keys */
    TLS_READ_WHOLE,
    TLS_READ_PART, /* from some point on it could not */
    TLS_READ_WRONG /* there were keys, and they do not fit */
};

struct tls_seen_alert {
    enum tls_side from;
    uint8_t level;
    uint8_t description;
    uint64_t time_ns; /* of the packet in which it was */
    uint32_t input;
    uint64_t number;
};

enum { TLS_SNI_MOST = 256, TLS_ALPN_MOST = 32 };

struct tls_seen {
    enum tls_progress progress;
    uint64_t done_ns;         /* when the handshake was over; 0: it is not */
    uint16_t offered_version; /* the highest; 0x0303 is TLS 1.2, 0x0304 is 1.3 */
    uint16_t version;         /* chosen; 0 none */
    uint16_t cipher;
    enum tls_read read;
    bool has_server_hello;
    bool is_resumed;
    /* Before it is over, in TLS 1.3: a record whose length only an alert has was sent by this side. */
    bool has_sealed_alert;
    enum tls_side sealed_alert;
    uint8_t sni[TLS_SNI_MOST];
    size_t sni_len;
    uint8_t alpn[TLS_ALPN_MOST];
    size_t alpn_len;
    struct tls_fingerprints client; /* of the first hello; empty: not seen */
    struct tls_seen_alert alerts[LIMIT_TLS_ALERTS];
    unsigned alert_count;
    struct tls_seen_certificate *certificate; /* of the server, or NULL */
};

/* Where plaintext goes. */
struct tls_sink {
    void *ctx;
    void (*data)(void *ctx, enum tls_side from, const struct stream_chunk *plain);
    void (*hole)(void *ctx, enum tls_side from, const struct stream_hole *hole);
};

struct tls_options {
    struct tls_certificates *certificates; /* borrowed; NULL: they are not read */
    struct tls_keylog *keylog;             /* borrowed; NULL: nothing is decrypted */
    struct budget *budget;                 /* borrowed */
    bool skips_fingerprints;               /* JA3 and JA4, which are digests */
};

struct tls_observer;

/* `sink` is copied; NULL: nothing is decrypted.  NULL without memory. */
struct tls_observer *tls_observer_new(const struct tls_options *options, const struct tls_sink *sink);
void tls_observer_free(struct tls_observer *observer);
/* Bytes of one side, in order.  False when there is nothing more to be seen.  Plaintext goes to the sink,
 * which must not free the observer. */
bool tls_observer_feed(struct tls_observer *observer, enum tls_side from, const struct stream_chunk *chunk);
/* Bytes of one side are missing.  False when there is nothing more to be seen. */
bool tls_observer_hole(struct tls_observer *observer, enum tls_side from, const struct stream_hole *hole);
/* The connection has ended: missing bytes that are not told yet are told now, at the moment of `end`. */
void tls_observer_finish(struct tls_observer *observer, const struct stream_chunk *end);
/* Borrowed until the observer is fed or freed. */
const struct tls_seen *tls_observer_seen(const struct tls_observer *observer);

#endif
