/* X.509 (RFC 5280) through libcrypto: what it reads of hostile bytes is bounded by the length of the message.
 */
#include "tls/tls_x509.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static void set_text(struct tls_text *to, struct bytes from)
{
    to->len = from.len < sizeof to->text ? from.len : sizeof to->text;
    if (to->len)
        memcpy(to->text, from.ptr, to->len);
}

/* As RFC 4514 writes names, UTF-8 left as it is. */
static void read_name(struct tls_text *to, X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio
        && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(bio, &text);
        set_text(to, (struct bytes){ (const uint8_t *)text, len > 0 ? (size_t)len : 0 });
    }
    BIO_free(bio);
}

static uint64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;

    if (!time || !ASN1_TIME_to_tm(time, &parts))
        return 0;
    time_t seconds = timegm(&parts);
    return seconds > 0 ? (uint64_t)seconds : 0;
}

static void read_alternative_names(struct tls_seen_certificate *out, X509 *leaf)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && out->name_count < LIMIT_TLS_NAMES; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        const ASN1_STRING *text = name->d.dNSName;
        int len = ASN1_STRING_length(text);
        set_text(&out->names[out->name_count++],
                 (struct bytes){ ASN1_STRING_get0_data(text), len > 0 ? (size_t)len : 0 });
    }
    GENERAL_NAMES_free(names);
}

/* A length of DER (X.690 8.1.3), of two octets at most. */
static size_t read_der_length(struct reader *r)
{
    size_t first = read_u8(r);

    return first < 0x80 ? first : first == 0x81 ? read_u8(r) : first == 0x82 ? read_be16(r) : 0;
}

/* RSAPublicKey begins with its modulus (RFC 8017 A.1.1). */
static unsigned bits_of_rsa(struct bytes key)
{
    struct reader r = reader_over(key);

    (void)read_u8(&r); /* SEQUENCE */
    (void)read_der_length(&r);
    (void)read_u8(&r); /* INTEGER */
    size_t len = read_der_length(&r);
    struct bytes modulus = read_bytes(&r, len);
    while (modulus.len > 0 && modulus.ptr[0] == 0)
        modulus = bytes_from(modulus, 1);
    if (!r.ok || modulus.len == 0)
        return 0;
    unsigned bits = (unsigned)modulus.len * 8;
    for (uint8_t bit = 0x80; !(modulus.ptr[0] & bit); bit >>= 1)
        bits--;
    return bits;
}

static unsigned bits_of_curve(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *curve = NULL;
    const void *value = NULL;
    int type;

    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type == V_ASN1_OBJECT)
        curve = value;
    switch (curve ? OBJ_obj2nid(curve) : NID_undef) {
    case NID_X9_62_prime256v1:
        return 256;
    case NID_secp384r1:
        return 384;
    case NID_secp521r1:
        return 521;
    default:
        return 0;
    }
}

static void read_key(struct tls_seen_certificate *out, X509 *leaf)
{
    const unsigned char *key = NULL;
    int len = 0;
    X509_ALGOR *algorithm = NULL;
    ASN1_OBJECT *type = NULL;

    if (!X509_PUBKEY_get0_param(&type, &key, &len, &algorithm, X509_get_X509_PUBKEY(leaf)))
        return;
    int nid = OBJ_obj2nid(type);
    const char *name = OBJ_nid2sn(nid);
    if (nid == NID_rsaEncryption) {
        name = "RSA";
        out->key_bits = bits_of_rsa((struct bytes){ key, len > 0 ? (size_t)len : 0 });
    } else if (nid == NID_X9_62_id_ecPublicKey) {
        name = "EC";
        out->key_bits = bits_of_curve(algorithm);
    }
    set_text(&out->key_type, bytes_of(name));
}

static bool is_issued_by(const X509 *certificate, const X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0;
}

static bool is_for(X509 *leaf, struct bytes name)
{
    return X509_check_host(leaf, (const char *)name.ptr, name.len, 0, NULL) == 1;
}

static void describe(struct tls_seen_certificate *out, X509 *leaf, struct bytes sni)
{
    *out = (struct tls_seen_certificate){ .chain_length = 1 };
    read_name(&out->subject, X509_get_subject_name(leaf));
    read_name(&out->issuer, X509_get_issuer_name(leaf));
    read_alternative_names(out, leaf);
    out->not_before_s = seconds_of(X509_get0_notBefore(leaf));
    out->not_after_s = seconds_of(X509_get0_notAfter(leaf));
    read_key(out, leaf);
    out->is_self_signed = is_issued_by(leaf, leaf);
    out->is_other_name = sni.len > 0 && bytes_find(sni, 0) == SIZE_MAX && !is_for(leaf, sni);
}

/* certificate_list: three octets of length, and the certificate, each. */
static X509 *next_certificate(OSSL_LIB_CTX *library, struct reader *r)
{
    size_t high = read_u8(r), len = high << 16 | read_be16(r);
    struct bytes der = read_bytes(r, len);
    const unsigned char *at = der.ptr;

    if (!r->ok || der.len == 0)
        return NULL;
    X509 *certificate = X509_new_ex(library, NULL);
    return certificate ? d2i_X509(&certificate, &at, (long)der.len) : NULL; /* which frees it if it fails */
}

static void read_chain(OSSL_LIB_CTX *library, struct tls_seen_certificate *out, X509 *leaf, struct reader *r)
{
    X509 *child = leaf;

    while (out->chain_length < LIMIT_TLS_CERTIFICATES) {
        X509 *issuer = next_certificate(library, r);
        if (!issuer)
            break;
        out->chain_length++;
        out->is_chain_broken = out->is_chain_broken || !is_issued_by(child, issuer);
        if (child != leaf)
            X509_free(child);
        child = issuer;
    }
    if (child != leaf)
        X509_free(child);
}

bool tls_x509_read(OSSL_LIB_CTX *library, struct bytes message, struct bytes sni,
                   struct tls_seen_certificate *out)
{
    struct reader r = reader_over(message);

    (void)read_bytes(&r, 3); /* length of the list: the message ends with it */
    X509 *leaf = next_certificate(library, &r);
    if (leaf) {
        describe(out, leaf, sni);
        read_chain(library, out, leaf, &r);
        X509_free(leaf);
    }
    ERR_clear_error();
    return leaf != NULL;
}
