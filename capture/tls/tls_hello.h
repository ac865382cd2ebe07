#ifndef TLS_TLS_HELLO_H
#define TLS_TLS_HELLO_H

#include "tls/tls_observer.h"

/* Inside of tls: the bodies of the two hellos (RFC 8446 4.1.2, 4.1.3).  What is cut short tells nothing. */

enum { TLS_HELLO_RANDOM = 32 };

/* What is needed of them beside what is told. */
struct tls_hellos {
    uint8_t session_id[32]; /* of the client, to be compared with the server's */
    size_t session_id_len;
    uint8_t client_random[TLS_HELLO_RANDOM];
    uint8_t server_random[TLS_HELLO_RANDOM];
    bool has_client_random;
    bool has_early_data;     /* the client announced some (RFC 8446 4.2.10) */
    bool is_encrypted_first; /* encrypt-then-MAC was agreed on (RFC 7366) */
    bool is_extended_master; /* extended master secret (RFC 7627) */
    bool is_compressed;
};

void tls_client_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos);
void tls_server_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos);
/* EncryptedExtensions (RFC 8446 4.3.1): the protocol that the server chose. */
void tls_encrypted_extensions_read(struct bytes body, struct tls_seen *seen);

#endif
