#ifndef SUPPORT_TLS_TALK_H
#define SUPPORT_TLS_TALK_H

#include "base/buf.h"
#include "tls/tls_observer.h"

/* TLS connections of OpenSSL with itself: what each side sent, as octets on the wire, with the key log. */

struct tls_talk_options {
    int version;         /* TLS1_2_VERSION ...; 0: what both like best */
    const char *ciphers; /* up to TLS 1.2, or of TLS 1.3; NULL: as OpenSSL likes */
    uint64_t flags;      /* SSL_OP_* of both sides */
    const char
        *groups;    /* of the server; NULL: all.  Of another one the client sends no share: it has to retry */
    size_t padding; /* of records, TLS 1.3 */
    bool is_resumed;      /* the second connection of two */
    bool has_early_data;  /* with is_resumed: the first thing said comes before the handshake */
    bool renegotiates;    /* after the first thing said, TLS 1.2 */
    bool updates_keys;    /* after each thing said, TLS 1.3 */
    size_t bulk_bytes;    /* the client says so much at first */
    size_t message_bytes; /* of the longest thing said */
    unsigned messages;
};

enum { TLS_TALK_PIECES = 4096 };

struct tls_talk_piece {
    enum tls_side from;
    size_t at; /* in octets[from] */
    size_t len;
};

struct tls_talk {
    struct tls_talk_piece pieces[TLS_TALK_PIECES];
    size_t count;
    size_t handshake_pieces; /* of them: before anything was said */
    struct buf octets[2];    /* by enum tls_side */
    struct buf said[2];      /* plaintext */
    struct buf keylog;
    uint16_t cipher;
    uint16_t version;
};

/* False, and nothing to release, where OpenSSL does not make such a connection. */
bool tls_talk(const struct tls_talk_options *options, struct tls_talk *talk) NODISCARD;
void tls_talk_release(struct tls_talk *talk);

#endif
