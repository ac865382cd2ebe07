#ifndef TLS_TLS_HELLO_H
#define TLS_TLS_HELLO_H

#include "tls/tls_observer.h"

/* Inside of tls: the bodies of the two hellos (RFC 8446 4.1.2, 4.1.3).  What is cut short tells nothing. */

enum { TLS_HELLO_RANDOM = 32 };

/* Stands for the id or the ticket of a session: its SHA-256. */
struct tls_session_name {
    uint8_t digest[TLS_SESSION_NAME_BYTES];
    bool is_set;
};

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
    bool names_sessions;             /* those below are wanted */
    struct tls_session_name id;      /* of the server's hello */
    struct tls_session_name ticket;  /* that the client sent (RFC 5077) */
    struct tls_session_name granted; /* that the server sent */
};

void tls_client_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos);
void tls_server_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos);
/* NewSessionTicket up to TLS 1.2 (RFC 5077 3.3). */
void tls_ticket_read(struct bytes body, struct tls_hellos *hellos);
/* EncryptedExtensions (RFC 8446 4.3.1): the protocol that the server chose. */
void tls_encrypted_extensions_read(struct bytes body, struct tls_seen *seen);

#endif
