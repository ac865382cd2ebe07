/* Record protection: nonce, additional data, tag; or block, padding, MAC.
 *
 *     TLS 1.3       sealed (data, type, zeros), tag
 *     TLS 1.2 AEAD  explicit nonce (8, not with ChaCha20), sealed data, tag
 *     CBC           IV (from 1.1 on), sealed (data, MAC, padding); or IV, sealed (data, padding), MAC */
#include "tls/tls_opener.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

enum { PSEUDO_HEADER = 13, EXPLICIT_NONCE = 8, SEQUENCE_BYTES = 8 };

struct tls_opener {
    struct budget *budget;
    struct tls_opener_keys keys;
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac; /* CBC alone */
};

static bool set_up_mac(struct tls_opener *opener)
{
    union {
        const char *given;
        char *taken;
    } digest = { .given = opener->keys.suite->protection->mac };
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.taken, 0),
                                  OSSL_PARAM_construct_end() };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    opener->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    return opener->mac && EVP_MAC_CTX_set_params(opener->mac, params) == 1;
}

static bool set_up_cipher(struct tls_opener *opener)
{
    const struct tls_protection *protection = opener->keys.suite->protection;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, protection->cipher, NULL);
    EVP_CIPHER_CTX *ctx = opener->cipher = EVP_CIPHER_CTX_new();
    bool ok = cipher && ctx && EVP_DecryptInit_ex2(ctx, cipher, NULL, NULL, NULL) == 1;

    EVP_CIPHER_free(cipher);
    if (!ok)
        return false;
    if (protection->mode == TLS_MODE_CBC)
        (void)EVP_CIPHER_CTX_set_padding(ctx, 0);
    else if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, TLS_NONCE_BYTES, NULL) != 1)
        return false;
    if (protection->mode == TLS_MODE_CCM
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, protection->tag_bytes, NULL) != 1)
        return false; /* its length; the tag comes with each record */
    return EVP_DecryptInit_ex2(ctx, NULL, opener->keys.key, NULL, NULL) == 1;
}

struct tls_opener *tls_opener_new(const struct tls_opener_keys *keys, struct budget *budget)
{
    struct tls_opener *opener = calloc(1, sizeof *opener);

    if (!opener)
        return NULL;
    budget_force(budget, sizeof *opener);
    opener->budget = budget;
    opener->keys = *keys;
    if (set_up_cipher(opener) && (!keys->suite->protection->mac || set_up_mac(opener)))
        return opener;
    ERR_clear_error();
    tls_opener_free(opener);
    return NULL;
}

void tls_opener_free(struct tls_opener *opener)
{
    if (!opener)
        return;
    EVP_CIPHER_CTX_free(opener->cipher);
    EVP_MAC_CTX_free(opener->mac);
    budget_give(opener->budget, sizeof *opener);
    OPENSSL_cleanse(opener, sizeof *opener);
    free(opener);
}

static void put_sequence(uint64_t sequence, uint8_t out[SEQUENCE_BYTES])
{
    for (unsigned i = 0; i < SEQUENCE_BYTES; i++)
        out[i] = (uint8_t)(sequence >> (56 - 8 * i));
}

/* What is authenticated beside the data: number, type, version, length (RFC 5246 6.2.3.1). */
static void put_pseudo_header(uint64_t sequence, const struct tls_record *record, size_t len,
                              uint8_t out[PSEUDO_HEADER])
{
    put_sequence(sequence, out);
    memcpy(out + SEQUENCE_BYTES, record->header, 3);
    out[PSEUDO_HEADER - 2] = (uint8_t)(len >> 8);
    out[PSEUDO_HEADER - 1] = (uint8_t)len;
}

/* The number is laid over the IV (RFC 8446 5.3, RFC 7905 2), or an explicit part stands in the record. */
static void put_nonce(const struct tls_opener *opener, uint64_t sequence, struct bytes explicit_part,
                      uint8_t nonce[TLS_NONCE_BYTES])
{
    uint8_t number[SEQUENCE_BYTES];

    memcpy(nonce, opener->keys.iv, TLS_NONCE_BYTES);
    if (explicit_part.len > 0) {
        memcpy(nonce + TLS_NONCE_BYTES - EXPLICIT_NONCE, explicit_part.ptr, EXPLICIT_NONCE);
        return;
    }
    put_sequence(sequence, number);
    for (unsigned i = 0; i < SEQUENCE_BYTES; i++)
        nonce[TLS_NONCE_BYTES - SEQUENCE_BYTES + i] ^= number[i];
}

struct aead_input {
    uint8_t nonce[TLS_NONCE_BYTES];
    uint8_t additional[PSEUDO_HEADER];
    int additional_len;
    struct bytes sealed;
    struct bytes tag;
};

static bool open_aead(struct tls_opener *opener, const struct aead_input *in, uint8_t *room)
{
    EVP_CIPHER_CTX *ctx = opener->cipher;
    bool is_ccm = opener->keys.suite->protection->mode == TLS_MODE_CCM;
    uint8_t tag[16];
    int n = 0, len = (int)in->sealed.len;

    memcpy(tag, in->tag.ptr, in->tag.len);
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)in->tag.len, tag) != 1
        || EVP_DecryptInit_ex2(ctx, NULL, is_ccm ? opener->keys.key : NULL, in->nonce, NULL) != 1
        || (is_ccm && EVP_DecryptUpdate(ctx, NULL, &n, NULL, len) != 1)
        || EVP_DecryptUpdate(ctx, NULL, &n, in->additional, in->additional_len) != 1)
        return false;
    if ((len > 0 || is_ccm) && EVP_DecryptUpdate(ctx, room, &n, in->sealed.ptr, len) != 1)
        return false;
    return is_ccm || EVP_DecryptFinal_ex(ctx, room + len, &n) == 1;
}

/* Behind the data stand its type and zeros (RFC 8446 5.4). */
static bool unwrap(struct bytes inner, struct tls_opened *out)
{
    size_t len = inner.len;

    while (len > 0 && inner.ptr[len - 1] == 0)
        len--;
    if (len == 0)
        return false;
    *out = (struct tls_opened){ .type = inner.ptr[len - 1], .data = bytes_slice(inner, 0, len - 1) };
    return true;
}

static bool open_with_aead(struct tls_opener *opener, uint64_t sequence, const struct tls_record *record,
                           uint8_t *room, struct tls_opened *out)
{
    const struct tls_protection *protection = opener->keys.suite->protection;
    bool is_13 = opener->keys.version >= TLS_VERSION_13;
    size_t explicit_len = is_13 || protection->mode == TLS_MODE_CHACHA ? 0 : EXPLICIT_NONCE;
    struct aead_input in;

    if (record->body.len < explicit_len + protection->tag_bytes + is_13)
        return false;
    size_t len = record->body.len - explicit_len - protection->tag_bytes;
    in.sealed = bytes_slice(record->body, explicit_len, len);
    in.tag = bytes_from(record->body, explicit_len + len);
    put_nonce(opener, sequence, bytes_slice(record->body, 0, explicit_len), in.nonce);
    in.additional_len = is_13 ? TLS_HEADER_BYTES : PSEUDO_HEADER;
    if (is_13)
        memcpy(in.additional, record->header, TLS_HEADER_BYTES);
    else
        put_pseudo_header(sequence, record, len, in.additional);
    if (!open_aead(opener, &in, room))
        return false;
    struct bytes inner = { room, len };
    if (is_13)
        return unwrap(inner, out);
    *out = (struct tls_opened){ .type = record->header[0], .data = inner };
    return true;
}

/* The HMAC over number, type, version, length and `data`. */
static bool is_mac(struct tls_opener *opener, uint64_t sequence, const struct tls_record *record,
                   struct bytes data, struct bytes mac)
{
    uint8_t head[PSEUDO_HEADER], computed[EVP_MAX_MD_SIZE];
    size_t len = 0;

    put_pseudo_header(sequence, record, data.len, head);
    return EVP_MAC_init(opener->mac, opener->keys.mac, opener->keys.suite->protection->tag_bytes, NULL) == 1
           && EVP_MAC_update(opener->mac, head, sizeof head) == 1
           && (data.len == 0 || EVP_MAC_update(opener->mac, data.ptr, data.len) == 1)
           && EVP_MAC_final(opener->mac, computed, &len, sizeof computed) == 1
           && bytes_equal((struct bytes){ computed, len }, mac);
}

/* Decrypts whole blocks, and takes the padding away (RFC 5246 6.2.3.2). */
static bool decrypt_blocks(struct tls_opener *opener, const uint8_t *iv, struct bytes sealed, uint8_t *room,
                           struct bytes *out)
{
    int n = 0, block = opener->keys.suite->protection->iv_bytes;

    if (sealed.len == 0 || sealed.len % (size_t)block
        || EVP_DecryptInit_ex2(opener->cipher, NULL, NULL, iv, NULL) != 1
        || EVP_DecryptUpdate(opener->cipher, room, &n, sealed.ptr, (int)sealed.len) != 1)
        return false;
    size_t padding = room[sealed.len - 1];
    if (padding + 1 > sealed.len)
        return false;
    for (size_t i = sealed.len - 1 - padding; i < sealed.len; i++)
        if (room[i] != padding)
            return false;
    *out = (struct bytes){ room, sealed.len - 1 - padding };
    return true;
}

static bool open_with_cbc(struct tls_opener *opener, uint64_t sequence, const struct tls_record *record,
                          uint8_t *room, struct tls_opened *out)
{
    const struct tls_protection *protection = opener->keys.suite->protection;
    size_t mac_len = protection->tag_bytes;
    struct bytes sealed = record->body, mac = { NULL, 0 }, data;
    const uint8_t *iv = record->block_before ? record->block_before : opener->keys.iv;

    if (opener->keys.is_encrypted_first) {
        if (sealed.len < mac_len)
            return false;
        mac = bytes_from(sealed, sealed.len - mac_len);
        sealed.len -= mac_len;
        if (!is_mac(opener, sequence, record, sealed, mac))
            return false;
    }
    if (opener->keys.version >= TLS_VERSION_11) {
        if (sealed.len < protection->iv_bytes)
            return false;
        iv = sealed.ptr;
        sealed = bytes_from(sealed, protection->iv_bytes);
    }
    if (!decrypt_blocks(opener, iv, sealed, room, &data))
        return false;
    if (!opener->keys.is_encrypted_first) {
        if (data.len < mac_len)
            return false;
        mac = bytes_from(data, data.len - mac_len);
        data.len -= mac_len;
        if (!is_mac(opener, sequence, record, data, mac))
            return false;
    }
    *out = (struct tls_opened){ .type = record->header[0], .data = data };
    return true;
}

bool tls_opener_open(struct tls_opener *opener, uint64_t sequence, const struct tls_record *record,
                     uint8_t *room, struct tls_opened *out)
{
    bool ok = record->body.len <= TLS_RECORD_MOST
              && (opener->keys.suite->protection->mode == TLS_MODE_CBC
                      ? open_with_cbc(opener, sequence, record, room, out)
                      : open_with_aead(opener, sequence, record, room, out));

    if (!ok)
        ERR_clear_error();
    return ok;
}
