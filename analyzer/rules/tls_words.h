#ifndef RULES_TLS_WORDS_H
#define RULES_TLS_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Numbers of TLS in words. */

enum { TLS_WORD_TEXT = 24 };

/* "TLS 1.2"; what is not known as "0x7f12", in `out`. */
const char *tls_version_name(uint16_t version, char out[TLS_WORD_TEXT]);
/* As IANA names cipher suites; what is not known as "0x7f12", in `out`. */
const char *tls_cipher_name(uint16_t cipher, char out[TLS_WORD_TEXT]);

enum tls_blame { TLS_BLAME_NONE = 0, TLS_BLAME_SENDER, TLS_BLAME_RECEIVER };

/* RFC 8446 6. */
struct tls_alert_words {
    uint8_t description;
    uint8_t blame; /* enum tls_blame: whose doing it usually is */
    const char *name;
    const char *meaning; /* a sentence without its point */
};

/* NULL for a number that is not known. */
const struct tls_alert_words *tls_alert_words(uint8_t description);

#endif
