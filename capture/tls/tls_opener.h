#ifndef TLS_TLS_OPENER_H
#define TLS_TLS_OPENER_H

#include "base/budget.h"
#include "tls/tls_suite.h"

/* Opens the records of one direction under one key, through libcrypto. */

enum { TLS_VERSION_10 = 0x0301, TLS_VERSION_11 = 0x0302, TLS_VERSION_12 = 0x0303, TLS_VERSION_13 = 0x0304 };
enum { TLS_HEADER_BYTES = 5, TLS_RECORD_MOST = (1 << 14) + 2048 /* RFC 5246 6.2.3 */ };

struct tls_opener_keys {
    const struct tls_suite *suite;
    uint16_t version;
    bool is_encrypted_first; /* encrypt-then-MAC (RFC 7366) */
    uint8_t key[TLS_KEY_MOST];
    uint8_t iv[TLS_IV_MOST]; /* or the fixed part of the nonce */
    uint8_t mac[TLS_MAC_MOST];
};

/* A sealed record, as on the wire. */
struct tls_record {
    uint8_t header[TLS_HEADER_BYTES]; /* type, version, length */
    struct bytes body;
    const uint8_t *block_before; /* TLS 1.0, CBC: the last block of the record before; NULL: the first one */
};

/* What was inside. */
struct tls_opened {
    uint8_t type;
    struct bytes data; /* views the room given to tls_opener_open */
};

struct tls_opener;

/* `keys` are copied as far as they are needed.  NULL without memory, or for what libcrypto does not know. */
struct tls_opener *tls_opener_new(const struct tls_opener_keys *keys, struct budget *budget);
/* Wipes its keys. */
void tls_opener_free(struct tls_opener *opener);
/* `room` holds TLS_RECORD_MOST octets.  False, with nothing said of why, if the record is not what this key
 * has sealed as its record number `sequence`. */
bool tls_opener_open(struct tls_opener *opener, uint64_t sequence, const struct tls_record *record,
                     uint8_t *room, struct tls_opened *out) NODISCARD;

#endif
