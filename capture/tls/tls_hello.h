#ifndef TLS_TLS_HELLO_H
#define TLS_TLS_HELLO_H

#include "tls/tls_observer.h"

/* Inside of tls: the bodies of the two hellos (RFC 8446 4.1.2, 4.1.3).  What is cut short tells nothing. */

/* The session id of the client, to be compared with the server's. */
struct tls_session_id {
    uint8_t id[32];
    size_t len;
};

void tls_client_hello_read(struct bytes body, struct tls_seen *seen, struct tls_session_id *id);
void tls_server_hello_read(struct bytes body, struct tls_seen *seen, const struct tls_session_id *id);

#endif
