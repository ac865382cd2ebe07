/* Two ends of OpenSSL in one process, with a wire of memory between them. */
#include "tls_talk.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

enum { TALK_BYTES = 64 * 1024 * 1024, PIECE = 16384 + 512 };

struct ends {
    const struct tls_talk_options *options;
    SSL_CTX *ctx[2];
    SSL *ssl[2];
    struct tls_talk *talk;
    bool is_recorded;
    bool is_early_over;
};

static void log_keys(const SSL *ssl, const char *line)
{
    struct ends *ends = SSL_get_app_data(ssl);

    if (!SSL_is_server(ssl) || !ends->is_recorded)
        return;
    buf_append_text(&ends->talk->keylog, line);
    buf_append_u8(&ends->talk->keylog, '\n');
}

/* A certificate that nobody checks. */
static bool use_key(SSL_CTX *ctx, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    bool ok = key && certificate && X509_set_version(certificate, 2)
              && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
              && X509_gmtime_adj(X509_getm_notBefore(certificate), 0)
              && X509_gmtime_adj(X509_getm_notAfter(certificate), 86400)
              && X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                            (const unsigned char *)"mx.example", -1, -1, 0)
              && X509_set_issuer_name(certificate, X509_get_subject_name(certificate))
              && X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256())
              && SSL_CTX_use_certificate(ctx, certificate) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;

    X509_free(certificate);
    return ok;
}

static unsigned psk_client(SSL *ssl, const char *hint, char *identity, unsigned most, unsigned char *psk,
                           unsigned psk_most)
{
    (void)ssl;
    (void)hint;
    (void)psk_most;
    memset(psk, 0x5a, 16);
    (void)snprintf(identity, most, "bob");
    return 16;
}

static unsigned psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned most)
{
    (void)ssl;
    (void)identity;
    (void)most;
    memset(psk, 0x5a, 16);
    return 16;
}

static bool has_psk(const struct tls_talk_options *options)
{
    return options->ciphers && strstr(options->ciphers, "PSK");
}

static bool set_up_both(struct ends *ends, SSL_CTX *ctx)
{
    const struct tls_talk_options *options = ends->options;
    bool is_13 = options->version == TLS1_3_VERSION;

    SSL_CTX_set_security_level(ctx, 0);
    (void)SSL_CTX_set_options(ctx, options->flags);
    SSL_CTX_set_keylog_callback(ctx, log_keys);
    if (options->padding)
        (void)SSL_CTX_set_block_padding(ctx, options->padding);
    (void)SSL_CTX_set_min_proto_version(ctx, options->version ? options->version : TLS1_VERSION);
    (void)SSL_CTX_set_max_proto_version(ctx, options->version);
    if (options->ciphers && is_13)
        return SSL_CTX_set_ciphersuites(ctx, options->ciphers) == 1;
    return SSL_CTX_set_cipher_list(ctx, options->ciphers ? options->ciphers : "ALL:@SECLEVEL=0") == 1;
}

static bool set_up_server(struct ends *ends, SSL_CTX *ctx)
{
    static EVP_PKEY *rsa, *curve; /* made once: they take long */

    rsa = rsa ? rsa : EVP_RSA_gen(2048);
    curve = curve ? curve : EVP_EC_gen("P-256");
    if (has_psk(ends->options))
        SSL_CTX_set_psk_server_callback(ctx, psk_server);
    (void)SSL_CTX_set_dh_auto(ctx, 1);
    (void)SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"talk", 4);
    if (ends->options->has_early_data)
        (void)SSL_CTX_set_max_early_data(ctx, 16384);
    return use_key(ctx, rsa) && use_key(ctx, curve)
           && (!ends->options->groups || SSL_CTX_set1_groups_list(ctx, ends->options->groups) == 1);
}

/* What an end has put on its wire goes to the other one, in pieces, and into the talk. */
static bool carry(struct ends *ends, enum tls_side from)
{
    struct tls_talk *talk = ends->talk;
    uint8_t piece[PIECE];
    bool any = false;

    for (;;) {
        int n = BIO_read(SSL_get_wbio(ends->ssl[from]), piece, sizeof piece);
        if (n <= 0)
            return any;
        any = true;
        (void)BIO_write(SSL_get_rbio(ends->ssl[!from]), piece, n);
        if (!ends->is_recorded || talk->count == TLS_TALK_PIECES)
            continue;
        talk->pieces[talk->count++] = (struct tls_talk_piece){ from, talk->octets[from].len, (size_t)n };
        buf_append(&talk->octets[from], (struct bytes){ piece, (size_t)n });
    }
}

static void drain(SSL *ssl)
{
    uint8_t text[PIECE];
    size_t n;

    while (SSL_read_ex(ssl, text, sizeof text, &n) == 1)
        ;
    ERR_clear_error();
}

/* Until nothing moves any more. */
static void exchange(struct ends *ends)
{
    for (bool moves = true; moves;) {
        moves = carry(ends, TLS_CLIENT);
        drain(ends->ssl[TLS_SERVER]);
        moves = carry(ends, TLS_SERVER) || moves;
        drain(ends->ssl[TLS_CLIENT]);
    }
}

/* A server that takes early data reads it to its end first. */
static int accept_hand(struct ends *ends)
{
    uint8_t text[64];
    size_t n;

    if (ends->options->has_early_data && ends->is_recorded && !ends->is_early_over) {
        ends->is_early_over =
            SSL_read_early_data(ends->ssl[TLS_SERVER], text, sizeof text, &n) == SSL_READ_EARLY_DATA_FINISH;
        if (!ends->is_early_over)
            return 0;
    }
    return SSL_do_handshake(ends->ssl[TLS_SERVER]);
}

static bool shake_hands(struct ends *ends)
{
    for (unsigned tries = 0; tries < 16; tries++) {
        int client = SSL_do_handshake(ends->ssl[TLS_CLIENT]);
        (void)carry(ends, TLS_CLIENT);
        int server = accept_hand(ends);
        (void)carry(ends, TLS_SERVER);
        if (client == 1 && server == 1)
            return true;
    }
    ERR_clear_error();
    return false;
}

static bool say(struct ends *ends, enum tls_side from, struct bytes text)
{
    size_t n;

    if (SSL_write_ex(ends->ssl[from], text.ptr, text.len, &n) != 1)
        return false;
    if (ends->is_recorded)
        buf_append(&ends->talk->said[from], text);
    return true;
}

static bool say_bulk(struct ends *ends)
{
    uint8_t *bulk = calloc(1, ends->options->bulk_bytes);
    bool ok = bulk && say(ends, TLS_CLIENT, (struct bytes){ bulk, ends->options->bulk_bytes });

    exchange(ends);
    free(bulk);
    return ok;
}

/* Sizes from one octet to the longest, both sides in turn. */
static bool talk_on(struct ends *ends)
{
    const struct tls_talk_options *options = ends->options;
    struct buf text;
    bool ok = true;

    buf_init(&text, TALK_BYTES);
    for (unsigned i = 0; ok && i < options->messages; i++) {
        enum tls_side from = i % 2 ? TLS_SERVER : TLS_CLIENT;
        size_t len = options->message_bytes ? (i + 1) * 7919 % options->message_bytes + 1 : 20;
        buf_clear(&text);
        while (text.len < len)
            buf_printf(&text, "%s %u of %zu octets\r\n", from == TLS_CLIENT ? "NOOP" : "250", i, len);
        ok = say(ends, from, buf_bytes(&text));
        if (options->updates_keys)
            (void)SSL_key_update(ends->ssl[from],
                                 i % 3 ? SSL_KEY_UPDATE_NOT_REQUESTED : SSL_KEY_UPDATE_REQUESTED);
        exchange(ends);
        if (options->renegotiates && i == 0) {
            ok = SSL_renegotiate(ends->ssl[TLS_CLIENT]) == 1;
            for (unsigned tries = 0; tries < 8; tries++) {
                (void)SSL_do_handshake(ends->ssl[TLS_CLIENT]);
                exchange(ends);
            }
        }
    }
    buf_release(&text);
    return ok;
}

static bool connect_ends(struct ends *ends, SSL_SESSION *session)
{
    for (int side = 0; side < 2; side++) {
        SSL *ssl = ends->ssl[side] = SSL_new(ends->ctx[side]);
        if (!ssl)
            return false;
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        (void)SSL_set_app_data(ssl, ends);
    }
    SSL_set_connect_state(ends->ssl[TLS_CLIENT]);
    SSL_set_accept_state(ends->ssl[TLS_SERVER]);
    (void)SSL_set_tlsext_host_name(ends->ssl[TLS_CLIENT], "mx.example");
    return !session || SSL_set_session(ends->ssl[TLS_CLIENT], session) == 1;
}

static bool say_early(struct ends *ends)
{
    static const char early[] = "EHLO early.example\r\n";
    uint8_t text[64];
    size_t n = 0;

    if (SSL_write_early_data(ends->ssl[TLS_CLIENT], early, sizeof early - 1, &n) != 1)
        return false;
    buf_append(&ends->talk->said[TLS_CLIENT], BYTES("EHLO early.example\r\n"));
    (void)carry(ends, TLS_CLIENT);
    return SSL_read_early_data(ends->ssl[TLS_SERVER], text, sizeof text, &n) == SSL_READ_EARLY_DATA_SUCCESS;
}

static void disconnect(struct ends *ends)
{
    for (int side = 0; side < 2; side++) {
        SSL_free(ends->ssl[side]);
        ends->ssl[side] = NULL;
    }
}

/* A first connection, whose session the one that counts takes up. */
static SSL_SESSION *earlier_session(struct ends *ends)
{
    SSL_SESSION *session = NULL;

    if (connect_ends(ends, NULL) && shake_hands(ends)) {
        exchange(ends);
        session = SSL_get1_session(ends->ssl[TLS_CLIENT]);
        (void)SSL_shutdown(ends->ssl[TLS_CLIENT]);
        exchange(ends);
        (void)SSL_shutdown(ends->ssl[TLS_SERVER]);
    }
    disconnect(ends);
    return session;
}

static bool run(struct ends *ends)
{
    struct tls_talk *talk = ends->talk;
    SSL_SESSION *session = ends->options->is_resumed ? earlier_session(ends) : NULL;

    ends->is_recorded = true;
    bool ok = connect_ends(ends, session) && (!ends->options->has_early_data || say_early(ends))
              && shake_hands(ends);
    SSL_SESSION_free(session);
    if (!ok)
        return false;
    talk->handshake_pieces = talk->count;
    if (ends->options->is_resumed && !SSL_session_reused(ends->ssl[TLS_CLIENT]))
        return false;
    talk->version = (uint16_t)SSL_version(ends->ssl[TLS_CLIENT]);
    talk->cipher = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ends->ssl[TLS_CLIENT]));
    exchange(ends);
    ok = (ends->options->bulk_bytes == 0 || say_bulk(ends)) && talk_on(ends);
    (void)SSL_shutdown(ends->ssl[TLS_CLIENT]);
    exchange(ends);
    return ok && talk->octets[0].ok && talk->octets[1].ok;
}

bool tls_talk(const struct tls_talk_options *options, struct tls_talk *talk)
{
    struct ends ends = { .options = options, .talk = talk };

    *talk = (struct tls_talk){ .count = 0 };
    for (int side = 0; side < 2; side++) {
        buf_init(&talk->octets[side], TALK_BYTES);
        buf_init(&talk->said[side], TALK_BYTES);
        ends.ctx[side] = SSL_CTX_new(side == TLS_CLIENT ? TLS_client_method() : TLS_server_method());
    }
    buf_init(&talk->keylog, TALK_BYTES);
    if (has_psk(options))
        SSL_CTX_set_psk_client_callback(ends.ctx[TLS_CLIENT], psk_client);
    bool ok = set_up_both(&ends, ends.ctx[TLS_CLIENT]) && set_up_both(&ends, ends.ctx[TLS_SERVER])
              && set_up_server(&ends, ends.ctx[TLS_SERVER]) && run(&ends);
    disconnect(&ends);
    SSL_CTX_free(ends.ctx[0]);
    SSL_CTX_free(ends.ctx[1]);
    ERR_clear_error();
    if (!ok)
        tls_talk_release(talk);
    return ok;
}

void tls_talk_release(struct tls_talk *talk)
{
    for (int side = 0; side < 2; side++) {
        buf_release(&talk->octets[side]);
        buf_release(&talk->said[side]);
    }
    buf_release(&talk->keylog);
}
