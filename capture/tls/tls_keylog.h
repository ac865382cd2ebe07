#ifndef TLS_TLS_KEYLOG_H
#define TLS_TLS_KEYLOG_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Secrets of TLS connections as their programs write them down (SSLKEYLOGFILE, the format of NSS; RFC 9850):
 *
 *     LABEL SP client random SP secret        both in hexadecimal; "#" begins a comment
 *
 * They are kept in memory alone, wiped when they go, and nothing prints them. */

enum tls_label {
    TLS_LABEL_NONE = 0,
    TLS_LABEL_MASTER,       /* CLIENT_RANDOM: the master secret, TLS 1.2 and older */
    TLS_LABEL_CLIENT_EARLY, /* traffic secrets of TLS 1.3 (RFC 8446 7.1) */
    TLS_LABEL_CLIENT_HANDSHAKE,
    TLS_LABEL_SERVER_HANDSHAKE,
    TLS_LABEL_CLIENT_TRAFFIC,
    TLS_LABEL_SERVER_TRAFFIC,
    TLS_LABEL_SESSION, /* in no log: a session that can be resumed, see tls_keylog_note_session */
    TLS_LABEL_COUNT
};

enum { TLS_RANDOM_BYTES = 32, TLS_SECRET_MOST = 48, TLS_SESSION_NAME_BYTES = 32 };

struct tls_secret {
    uint8_t bytes[TLS_SECRET_MOST];
    size_t len; /* 0: none */
};

struct tls_keylog_facts {
    uint64_t secrets;   /* kept at one time or another */
    uint64_t odd_lines; /* neither a secret nor a comment */
    uint64_t forgotten; /* the oldest ones, at the ceiling of number or memory */
};

/* One text of lines, as it comes. */
struct tls_key_text {
    uint8_t line[LIMIT_TLS_KEY_LINE];
    size_t len;
    bool is_too_long; /* the rest of the line is skipped */
};

struct tls_keylog;

/* `budget` is borrowed.  NULL without memory. */
struct tls_keylog *tls_keylog_new(struct budget *budget, struct err *err);
/* Wipes all secrets. */
void tls_keylog_free(struct tls_keylog *keylog);
/* The next octets of a text (zeroed at first), cut anywhere. */
void tls_keylog_feed(struct tls_keylog *keylog, struct tls_key_text *text, struct bytes octets);
/* The text has ended: its last line may lack its end.  Wipes it. */
void tls_keylog_finish(struct tls_keylog *keylog, struct tls_key_text *text);
/* Who to ask when a secret is missing; true if there was more to read.  Programs write a secret down before
 * they use it, so a second look helps while the file still grows. */
void tls_keylog_ask(struct tls_keylog *keylog, bool (*read_on)(void *ctx), void *ctx);
/* Secrets may still come. */
bool tls_keylog_may_grow(const struct tls_keylog *keylog);
/* The caller wipes `out`. */
bool tls_keylog_find(struct tls_keylog *keylog, enum tls_label label, struct bytes random,
                     struct tls_secret *out) NODISCARD;
/* Whether there is a secret of any label for this client random. */
bool tls_keylog_knows(struct tls_keylog *keylog, struct bytes random);
/* Up to TLS 1.2 a session that is resumed has the master secret of the first connection, and some programs
 * (GnuTLS) write it down only once: `name` stands for the id or the ticket of a session, `random` is of its
 * first connection. */
void tls_keylog_note_session(struct tls_keylog *keylog, const uint8_t name[TLS_SESSION_NAME_BYTES],
                             const uint8_t random[TLS_RANDOM_BYTES]);
bool tls_keylog_session(const struct tls_keylog *keylog, const uint8_t name[TLS_SESSION_NAME_BYTES],
                        uint8_t random[TLS_RANDOM_BYTES]) NODISCARD;
/* The client random of the n-th newest secret of this label; false behind the oldest one. */
bool tls_keylog_newest(const struct tls_keylog *keylog, enum tls_label label, size_t *at,
                       uint8_t random[TLS_RANDOM_BYTES]);
struct tls_keylog_facts tls_keylog_facts(const struct tls_keylog *keylog);

#endif
