/* Tables of the IANA registries of TLS, as far as mail servers speak it. */
#include "rules/tls_words.h"

#include <stdio.h>

struct number_name {
    uint16_t number;
    const char *name;
};

static const struct number_name versions[] = {
    { 0x0300, "SSL 3.0" }, { 0x0301, "TLS 1.0" }, { 0x0302, "TLS 1.1" },
    { 0x0303, "TLS 1.2" }, { 0x0304, "TLS 1.3" },
};

static const struct number_name ciphers[] = {
    { 0x0004, "TLS_RSA_WITH_RC4_128_MD5" },
    { 0x0005, "TLS_RSA_WITH_RC4_128_SHA" },
    { 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA" },
    { 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA" },
    { 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA" },
    { 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA" },
    { 0x0044, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA" },
    { 0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA" },
    { 0x0046, "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA" },
    { 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA" },
    { 0x0087, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA" },
    { 0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA" },
    { 0x0089, "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA" },
    { 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256" },
    { 0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384" },
    { 0x00ba, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0x00bd, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0x00be, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0x00bf, "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0x00c0, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256" },
    { 0x00c3, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256" },
    { 0x00c4, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256" },
    { 0x00c5, "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256" },
    { 0x1301, "TLS_AES_128_GCM_SHA256" },
    { 0x1302, "TLS_AES_256_GCM_SHA384" },
    { 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
    { 0x1304, "TLS_AES_128_CCM_SHA256" },
    { 0x1305, "TLS_AES_128_CCM_8_SHA256" },
    { 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA" },
    { 0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA" },
    { 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xc072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0xc073, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384" },
    { 0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256" },
    { 0xc077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384" },
    { 0xc09c, "TLS_RSA_WITH_AES_128_CCM" },
    { 0xc09d, "TLS_RSA_WITH_AES_256_CCM" },
    { 0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM" },
    { 0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM" },
    { 0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8" },
    { 0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8" },
    { 0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8" },
    { 0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8" },
    { 0xc0a4, "TLS_PSK_WITH_AES_128_CCM" },
    { 0xc0a5, "TLS_PSK_WITH_AES_256_CCM" },
    { 0xc0a6, "TLS_DHE_PSK_WITH_AES_128_CCM" },
    { 0xc0a7, "TLS_DHE_PSK_WITH_AES_256_CCM" },
    { 0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8" },
    { 0xc0a9, "TLS_PSK_WITH_AES_256_CCM_8" },
    { 0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8" },
    { 0xc0ab, "TLS_PSK_DHE_WITH_AES_256_CCM_8" },
    { 0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM" },
    { 0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM" },
    { 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8" },
    { 0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8" },
    { 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
};

static const struct tls_alert_words alerts[] = {
    { 0, TLS_BLAME_SENDER, "close_notify", "it closed" },
    { 10, TLS_BLAME_RECEIVER, "unexpected_message", "a message came out of its turn" },
    { 20, TLS_BLAME_NONE, "bad_record_mac", "a record was damaged, or the keys differ" },
    { 22, TLS_BLAME_RECEIVER, "record_overflow", "a record was too long, or was no TLS at all" },
    { 40, TLS_BLAME_NONE, "handshake_failure", "no cipher, group or signature is in common" },
    { 42, TLS_BLAME_RECEIVER, "bad_certificate", "the certificate is damaged or its signature wrong" },
    { 43, TLS_BLAME_RECEIVER, "unsupported_certificate", "the certificate is of a type that it cannot use" },
    { 44, TLS_BLAME_RECEIVER, "certificate_revoked", "the certificate was revoked" },
    { 45, TLS_BLAME_RECEIVER, "certificate_expired", "the certificate has expired or is not valid yet" },
    { 46, TLS_BLAME_NONE, "certificate_unknown",
      "the certificate was not accepted, for the name or another reason" },
    { 47, TLS_BLAME_RECEIVER, "illegal_parameter", "a field of the handshake holds what it must not" },
    { 48, TLS_BLAME_NONE, "unknown_ca", "it does not know or trust the issuer of the certificate" },
    { 49, TLS_BLAME_NONE, "access_denied", "the certificate is valid, and access was denied" },
    { 50, TLS_BLAME_RECEIVER, "decode_error", "a message could not be read" },
    { 51, TLS_BLAME_NONE, "decrypt_error", "a signature or a Finished could not be verified" },
    { 70, TLS_BLAME_NONE, "protocol_version", "no version of TLS is in common" },
    { 71, TLS_BLAME_RECEIVER, "insufficient_security", "it asks for stronger ciphers than were offered" },
    { 80, TLS_BLAME_SENDER, "internal_error", "it failed by itself" },
    { 86, TLS_BLAME_RECEIVER, "inappropriate_fallback",
      "an older version was tried although a newer one is there" },
    { 90, TLS_BLAME_SENDER, "user_canceled", "it gave up the handshake" },
    { 109, TLS_BLAME_RECEIVER, "missing_extension", "an extension is missing that it needs" },
    { 110, TLS_BLAME_RECEIVER, "unsupported_extension", "an extension was sent that it had not offered" },
    { 112, TLS_BLAME_NONE, "unrecognized_name", "it does not know the server name that was asked for" },
    { 113, TLS_BLAME_NONE, "bad_certificate_status_response",
      "the stapled status of the certificate is wrong" },
    { 115, TLS_BLAME_NONE, "unknown_psk_identity", "it does not know the key that was named" },
    { 116, TLS_BLAME_RECEIVER, "certificate_required", "it asks for a certificate of the client" },
    { 120, TLS_BLAME_NONE, "no_application_protocol", "no application protocol is in common" },
};

static const char *name_of(const struct number_name *table, size_t count, uint16_t number,
                           char out[TLS_WORD_TEXT])
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return table[i].name;
    (void)snprintf(out, TLS_WORD_TEXT, "0x%04x", (unsigned)number);
    return out;
}

const char *tls_version_name(uint16_t version, char out[TLS_WORD_TEXT])
{
    return name_of(versions, sizeof versions / sizeof versions[0], version, out);
}

const char *tls_cipher_name(uint16_t cipher, char out[TLS_WORD_TEXT])
{
    return name_of(ciphers, sizeof ciphers / sizeof ciphers[0], cipher, out);
}

const struct tls_alert_words *tls_alert_words(uint8_t description)
{
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (alerts[i].description == description)
            return &alerts[i];
    return NULL;
}
